//! Tools: MCP, HTTP APIs, processes, Rust functions.
//!
//! The only room that starts a tool's process or opens a connection to its server. It makes one attempt and says what
//! is known of it; it does not know whether the call may be made, nor whether it will be made again: both are
//! `engine`'s. Start with [`Tools`].

mod limits;

mod function;
mod group;
mod http;
mod key;
mod mcp;
mod process;
mod secrets;
mod tools;
mod trouble;

pub use function::{BoxFuture, CallContext, Function, Functions};
pub use tools::{StandIn, ToolCall, ToolPoll, Tools};
