//! Turns of an agent: each request to its model, what came of it, and what changed before the next.

use handfast_events::{Failure, Money, Reserved, Retry, Timestamp, Usage};
use serde::Serialize;

use super::Call;

/// One turn of an agent: the model is asked until it answers, then the calls that it asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    /// Counted from 1.
    pub turn: u32,
    /// Every try of it.
    pub attempts: Vec<Attempt>,
    /// The calls that its answer asked for.
    pub calls: Vec<Call>,
}

/// One try of a model.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// Counted from 1 within the turn.
    pub attempt: u32,
    /// The model, by its name in the contract.
    pub model: String,
    /// When it was intended.
    pub at: Timestamp,
    /// What was reserved for it.
    pub reserved: Reserved,
    /// What it added to the request before it, in bytes.
    pub prompt_bytes: u64,
    /// What came of it.
    pub state: AttemptState,
    /// What the model was told before it was asked again.
    pub adjusted: Option<Adjusted>,
}

/// What came of one try of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// No answer yet.
    Asked,
    /// It answered.
    Answered {
        /// What it wrote.
        text: String,
        /// The tools that it asked for.
        asks: Vec<String>,
        /// What the provider counted.
        usage: Usage,
        /// What that costs.
        cost: Money,
        /// How long it took.
        latency_ms: u64,
        /// Why the answer could not be used, where it couldn't.
        unusable: Option<String>,
    },
    /// It gave no answer that can be used.
    Failed {
        /// Why.
        failure: Failure,
        /// Spend that is assumed.
        forfeited: Reserved,
        /// How long it took.
        latency_ms: u64,
        /// When it is tried again.
        retry: Option<Retry>,
    },
}

/// What was changed in the context, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adjusted {
    /// The failure that it mends.
    pub why: String,
    /// What was added, to the letter.
    pub what: String,
}
