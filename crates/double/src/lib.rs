//! A model provider that misbehaves on cue, over HTTP on loopback.
//!
//! It speaks three wires by their paths: OpenAI Chat (`…/chat/completions`), OpenAI Responses (`…/responses`) and
//! Anthropic Messages (`…/messages`), each streamed or whole, as the request asks. What it says is a [`Cue`]: an answer
//! ([`Said`]), perhaps with a documented failure in its place or within it ([`Fault`]), at a pace, broken off where you like.
//! It deliberately knows nothing of whoever asks: no engine, no contract, and no table of what a failure means to them.
//! What providers themselves say that a failure means stands beside each ([`Meaning`]), as a second opinion.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use handfast_double::{Cue, Double, Fault, Said};
//!
//! let double = Double::giving([
//!     Cue::fault(Fault::RateLimitedSeconds).header("retry-after", "1"),
//!     Cue::said("Hello there.").cut_at(120),
//!     Cue::said(Said::calls([("find_order", r#"{"id":"A-1"}"#)])),
//! ])
//! .await?;
//! let base = double.url(); // http://127.0.0.1:…/v1
//! # assert!(base.ends_with("/v1"));
//! # assert!(double.asked().is_empty());
//! # std::io::Result::Ok(()) })?;
//! # std::io::Result::Ok(())
//! ```
//!
//! Start with `double.rs` and `cue.rs`; the failures are tables in `fault/`, each row with where it is documented.

mod limits;
mod wire;

mod asked;
mod cue;
mod said;

mod chat;
mod messages;
mod pieces;
mod responses;

mod fault;
mod reply;

mod http;
mod serve;

mod behaviour;
mod double;
mod storm;
mod window;

pub use asked::Asked;
pub use behaviour::{Behaviour, Giving};
pub use cue::{Cue, Pieces};
pub use double::Double;
pub use fault::{Fault, Filed, Meaning, Speech, faults};
pub use said::{Call, Finish, Said, Tally, Thinking, Usage};
pub use storm::{Storm, Struck};
pub use window::{Beyond, Window};
pub use wire::{Headers, Wire};
