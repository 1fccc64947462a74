//! Tools: MCP, processes, Rust functions.
