//! The life of one run: decide, evolve, owed.
//!
//! Pure: it can't tell the time, starts nothing, opens nothing. Start with [`Run`].

mod command;
mod dialect;

pub use command::{Command, ModelReply, ModelSaid, ModelTrouble, ToolError, ToolOutcome, ToolReply};
pub use dialect::{Dialect, Message, ModelSheet, Opening, Rates};
