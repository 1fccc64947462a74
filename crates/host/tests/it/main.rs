//! The whole shell on a real store: what a contract says happens, and goes on after a worker is gone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that is surprised must stop"
)]

mod clock;
mod drive;
mod growth;
mod late;
mod memory;
mod once;
mod people;
mod storm;
mod working;
mod world;
