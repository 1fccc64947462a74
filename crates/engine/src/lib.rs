//! The life of one run: decide, evolve, owed.
//!
//! Pure: it can't tell the time, starts nothing, opens nothing. Read in this order: [`Run`] and its four tables
//! (`state`), what follows from a command (`decide`), what moves by itself (`advance`), what is to be done (`owed`).

mod command;
mod dialect;
mod limits;
mod plan;
mod refusal;
mod state;

mod decide;

mod advance;
mod around;
mod ask;
mod blame;
mod block;
mod breaker;
mod ceilings;
mod check;
mod choice;
mod compose;
mod decision;
mod facts;
mod ground;
mod halt;
mod hold;
mod judge;
mod look;
mod loops;
mod memory;
mod once;
mod origin;
mod people;
mod probe;
mod reach;
mod remedy;
mod request;
mod send;
mod shorten;
mod side;
mod sight;
mod talk;
mod undo;
mod unwind;
mod wait;

mod doubts;
mod owed;
mod pace;
mod table;
mod words;

pub use around::{Around, BREAKERS, Noted, SHARED};
pub use check::UNEVALUABLE;
pub use command::{
    Command, ModelReply, ModelSaid, ModelTrouble, PollOutcome, TakenOn, ToolError, ToolOutcome, ToolReply,
};
pub use decide::{Decision, Start};
pub use dialect::{Dialect, Message, ModelSheet, Opening, Rates, ToolResult};
pub use doubts::Doubt;
pub use once::Seen;
pub use owed::{AskModel, CallTool, Debt, DebtKey, PollCall};
pub use plan::Plan;
pub use refusal::Refusal;
pub use remedy::{MODEL_FAILURES, model_remedy};
pub use state::{Illegal, Run, Spend};
pub use table::{CLASSES, CallPhase, CallTrouble, Follows, failures_page, follows};

use words::{evidence, first_of, is_too_deep, problems_told};
