//! What may be put to a run's engine, and what comes back from models and tools: recorded values, never live ones.

use std::sync::Arc;

use handfast_events::{
    Answer, CallId, CommandId, Epoch, Failure, Fault, Handle, Heard, Mail, StepId, Timestamp, Usage,
    canonical,
};
use serde_json::Value;

use crate::is_too_deep;
use crate::limits::RESULT_BYTES_MAX;

/// What a run is told. Each is decided on at once; what follows is events.
#[derive(Clone, Debug)]
pub enum Command {
    /// A worker took the run: what an earlier worker had under way is lost or in doubt.
    Begin {
        /// The new right to write.
        epoch: Epoch,
        /// The worker's name.
        worker: String,
    },
    /// An attempt to ask a model ended.
    ModelReturned {
        /// The step whose agent asked.
        step: StepId,
        /// Its turn.
        turn: u32,
        /// The attempt.
        attempt: u32,
        /// What came of it.
        reply: ModelReply,
    },
    /// An attempt to call a tool ended.
    ToolReturned {
        /// The call.
        call: CallId,
        /// The attempt.
        attempt: u32,
        /// What came of it.
        reply: ToolReply,
    },
    /// A server was asked how a call stands that it has taken on.
    CallPolled {
        /// The call.
        call: CallId,
        /// The attempt that the server has taken on.
        attempt: u32,
        /// Which time it was asked.
        poll: u32,
        /// What came of it.
        outcome: PollOutcome,
    },
    /// A time that the run waits for has come.
    TimePassed,
    /// A row of the mailbox.
    Mail {
        /// The row's id.
        id: CommandId,
        /// Who put it there.
        who: String,
        /// When, by the store's clock.
        at: Timestamp,
        /// What it says.
        mail: Mail,
    },
}

/// What came of asking a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelReply {
    /// An answer, or why there is none.
    pub outcome: Result<ModelSaid, ModelTrouble>,
    /// The provider's body as it came, cut at `limits::BODY_BYTES_MAX`; none where it says no more than the outcome.
    pub body: Option<Arc<str>>,
    /// From sending to the last byte, in milliseconds.
    pub latency_ms: u64,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// A model's answer with what it used.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSaid {
    /// The answer.
    pub answer: Answer,
    /// The tokens that the provider counted; none where it did not say (then the reservation is booked).
    pub usage: Option<Usage>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelTrouble {
    /// The failure.
    pub failure: Failure,
    /// Whether tokens may have been used: not where the request never left or was turned away at the door.
    pub may_have_cost: bool,
}

/// What came of calling a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolReply {
    /// What is known.
    pub outcome: ToolOutcome,
    /// From sending to the last byte, in milliseconds.
    pub latency_ms: u64,
}

/// What is known of an attempt to call a tool.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolOutcome {
    /// It answered with a value.
    Returned(Value),
    /// It answered that it failed. The contract says what that means (`failures`).
    Failed(ToolError),
    /// The protocol itself turned the call away before the tool saw it: unknown tool, arguments refused, HTTP 4xx but
    /// 408, 409 and 425. Not applied.
    TurnedAway(ToolError),
    /// Nothing left: no connection could be made, the program could not be started, a secret is missing. Not applied.
    NotSent(ToolError),
    /// It may have left, and no answer came: a timeout, a broken stream, a dead process.
    Lost(ToolError),
    /// The server took it on, and finishes it later.
    TakenOn(TakenOn),
}

/// A server has taken a call on, or is still at work on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOn {
    /// By what it is asked how the call stands.
    pub handle: Handle,
    /// What it says of that.
    pub says: Option<String>,
    /// How long it asks to be left alone, in milliseconds.
    pub ask_after_ms: Option<u64>,
}

/// What came of asking a server how a call stands that it has taken on.
#[derive(Clone, Debug, PartialEq)]
pub enum PollOutcome {
    /// It is at work still.
    Working(TakenOn),
    /// It has finished: as if the call itself had been answered so.
    Finished(ToolOutcome),
    /// It doesn't know the call any more, or won't say: nobody can know what comes of it.
    Forgotten(ToolError),
    /// It could not be asked. That says nothing of the call.
    Unasked(ToolError),
}

/// How a tool's failure presents itself: what `error` is in a contract's `failures`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolError {
    /// What it says.
    pub text: String,
    /// Its code, where it gives one (`structuredContent.code`, a field of an HTTP answer, a JSON-RPC code, a process's exit
    /// code).
    pub code: Option<String>,
    /// The HTTP status, where there is one.
    pub status: Option<u16>,
    /// Which of the built-in failures it is, where it is one (timeout, unreachable, …).
    pub class: Option<handfast_events::FailureClass>,
    /// How long the server asks to be left alone, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl From<Heard> for ToolOutcome {
    fn from(heard: Heard) -> Self {
        let error = |fault: Fault| ToolError {
            text: fault.text,
            code: fault.code,
            status: fault.status,
            class: fault.class,
            retry_after_ms: None,
        };
        match heard {
            Heard::Gave(value) => Self::Returned(value),
            Heard::Failed(fault) => Self::Failed(error(fault)),
            Heard::TurnedAway(fault) => Self::TurnedAway(error(fault)),
            Heard::NotSent(fault) => Self::NotSent(error(fault)),
        }
    }
}

impl ToolOutcome {
    /// What it says of its attempt to whoever holds the run now; nothing where it says nothing.
    pub fn heard(self) -> Option<Heard> {
        let fault = |error: ToolError| Fault {
            text: error.text,
            code: error.code,
            status: error.status,
            class: error.class,
        };
        Some(match self {
            // What is larger or deeper than a result may be isn't told: the doubt stays, as it would without it.
            Self::Returned(value) if is_too_large(&value) => return None,
            Self::Returned(value) => Heard::Gave(value),
            Self::Failed(error) => Heard::Failed(fault(error)),
            Self::TurnedAway(error) => Heard::TurnedAway(fault(error)),
            Self::NotSent(error) => Heard::NotSent(fault(error)),
            Self::Lost(_) | Self::TakenOn(_) => return None,
        })
    }
}

impl Command {
    /// Whether it tells of a tool's attempt.
    pub const fn is_of_tools(&self) -> bool {
        matches!(self, Self::ToolReturned { .. } | Self::CallPolled { .. })
    }

    /// What it tells of an attempt that whoever holds the run now may have to know.
    pub fn late(self) -> Option<Mail> {
        let (call, attempt, outcome) = match self {
            Self::ToolReturned { call, attempt, reply } => (call, attempt, reply.outcome),
            Self::CallPolled { call, attempt, outcome: PollOutcome::Finished(outcome), .. } => {
                (call, attempt, outcome)
            }
            _ => return None,
        };
        Some(Mail::Late { call, attempt, heard: outcome.heard()? })
    }
}

fn is_too_large(value: &Value) -> bool {
    is_too_deep(value) || canonical(value).len() > RESULT_BYTES_MAX
}
