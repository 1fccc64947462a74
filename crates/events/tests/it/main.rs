//! What is stored stays readable: golden bytes of every kind, and the pages that say what they are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod golden;
mod reference;
mod samples;
