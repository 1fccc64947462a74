//! Tools as a run sees them: one attempt, and what is known of it.

mod examples;
mod function;
mod http;
mod kit;
mod mcp;
mod process;
