//! Models as a host uses them: against an HTTP double on loopback, a script, and a recording.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that is surprised must stop, in its helpers, too"
)]

mod agent;
mod dialect;
mod errors;
mod failing;
mod http;
mod long;
mod recording;
mod script;
mod setup;
mod wires;
