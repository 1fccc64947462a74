//! Models as a host uses them: against an HTTP double on loopback, a script, and a recording.

mod dialect;
mod double;
mod errors;
mod http;
mod recording;
mod script;
mod setup;
