//! What happened to a run as a whole, and how it ended.

use handfast_events::{CallId, Failure, Party, PauseReason, StepId, StillOpen};
use serde::Serialize;
use serde_json::Value;

/// Something that happened to a run as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A worker took it.
    Taken {
        /// The worker's name.
        worker: String,
        /// Its right to write.
        epoch: u64,
    },
    /// Somebody put something to it, and it was not done.
    Turned {
        /// Who.
        who: String,
        /// Why not.
        why: String,
    },
    /// It was paused.
    Paused(PauseReason),
    /// It was resumed.
    Resumed {
        /// By whom.
        who: String,
    },
    /// A ceiling was raised.
    Raised {
        /// The clause whose ceiling it is.
        clause: String,
        /// The new one, as people write it.
        to: String,
    },
    /// A tool's result set a fact.
    Learned {
        /// The fact.
        fact: String,
        /// Its value.
        value: Value,
        /// The call whose result it comes from.
        by: CallId,
    },
    /// Somebody wants it to end.
    CancelRequested {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// As promised.
    Succeeded {
        /// The workflow's output.
        output: Value,
    },
    /// Otherwise.
    Failed {
        /// The step that failed; none where the run's own output did.
        step: Option<StepId>,
        /// Why.
        failure: Failure,
        /// The clause that broke, where one did.
        clause: Option<String>,
        /// Who was at fault.
        party: Party,
    },
    /// By request.
    Cancelled,
    /// At once, by request.
    Killed {
        /// Who.
        who: String,
        /// Why.
        why: String,
        /// What was open.
        open: Vec<StillOpen>,
    },
}
