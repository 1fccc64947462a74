//! Models as a host uses them: against an HTTP double on loopback, a script, and a recording.

#![expect(clippy::unwrap_used, reason = "a test that can't go on must fail, in its helpers, too")]

mod dialect;
mod double;
mod errors;
mod http;
mod recording;
mod script;
mod setup;
mod wires;
