//! The four nested tables: run, step, turn, call; beside them what took effect, and what is taken back. Each says which event may follow in which state, and what it becomes.
//!
//! Nothing here evaluates: no condition, schema, price or default. What was decided is in the event.

mod agent;
mod applied;
mod becoming;
mod call;
mod compensation;
mod deciding;
mod family;
mod frame;
mod frames;
mod known;
mod memory;
mod messages;
mod open;
mod past;
mod question;
mod resting;
mod run;
mod spend;
mod step;
mod taking_back;
mod turn;
mod word;
mod working;

pub(crate) use agent::{AgentStep, Written};
pub(crate) use applied::{Applied, is_within};
pub(crate) use call::{Call, CallState, Closed, Due, Sent, Settles};
pub(crate) use compensation::{Compensation, CompensationState};
pub(crate) use deciding::{Deciding, DecidingState};
pub(crate) use family::Family;
pub(crate) use frame::{Frame, FrameOf, block};
pub(crate) use known::Known;
pub(crate) use memory::{ROWS, Read, Reads, Shared};
pub(crate) use messages::Message;
pub(crate) use open::{Lane, Lanes, Open, Signal, Unwinding, Waiting};
pub(crate) use past::{Passage, Past};
pub(crate) use question::{Moved, Over, Question, Yes};
pub use run::Run;
pub(crate) use run::{Ending, Phase, takes_in};
pub use spend::Spend;
pub(crate) use step::{Happened, StepRun, StepState};
pub(crate) use turn::{Asked, Due as TurnDue, Listening, Turn};
pub(crate) use word::Word;
pub(crate) use working::Working;

/// The event may not happen in this state: in replay the journal is damaged; live, it is our bug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` can't happen while {place} is {state}")]
pub struct Illegal {
    /// The run, step, turn or call.
    pub place: String,
    /// What state that is in.
    pub state: &'static str,
    /// The event's name.
    pub event: &'static str,
}
