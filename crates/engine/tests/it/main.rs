//! The life of a run, told as stories: what was given, what happened, what follows, what is owed.
//!
//! [`check`] alone touches the engine's API (through [`world::World`]), so a change of the API is a change of one file,
//! and every story reads as a fact. Start with `calls.rs`; `story.rs` says what a story may say, `act.rs` what can happen
//! in one. After each command of every story the laws of `world.rs` are checked too, and `laws.rs` throws arbitrary
//! commands at a run.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that is surprised must stop"
)]

mod account;
mod act;
mod breakers;
mod calls;
mod circles;
mod compensation;
mod contracts;
mod deciding;
mod doubt;
mod facts;
mod failures;
mod faults;
mod flow;
mod journal;
mod late;
mod laws;
mod limits;
mod looks;
mod memory;
mod money;
mod once;
mod paces;
mod pacing;
mod people;
mod probes;
mod remedies;
mod requests;
mod steps;
mod stopping;
mod story;
mod table;
mod takeover;
mod taking_back;
mod talk;
mod throng;
mod turns;
mod unwinding;
mod waiting;
mod working;
mod world;

use story::check;
