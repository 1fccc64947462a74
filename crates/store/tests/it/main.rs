//! The store's promises, held by the store in one file.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed"
)]

mod crash;
mod kit;
mod sqlite;
mod tale;
mod tampering;
