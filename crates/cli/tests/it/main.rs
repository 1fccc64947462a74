//! The command as people and scripts use it: the real program, on real projects, each in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed"
)]

mod import;
mod kit;

mod diff;
mod examples;
mod format;
mod holds;
mod llama;
mod people;
mod refusals;
mod scale;
mod servers;
mod simulating;
mod starting;
mod steering;
mod talking;
mod testing;
mod transcript;
mod trouble;
