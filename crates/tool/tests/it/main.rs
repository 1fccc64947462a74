//! Tools as a run sees them: one attempt, and what is known of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test's helper fails by a panic, and a test reads its own environment and starts its own processes"
)]

mod api;
mod examples;
mod function;
mod http;
mod kit;
mod mcp;
mod process;
mod send_by;
mod stand_in;
mod working;
