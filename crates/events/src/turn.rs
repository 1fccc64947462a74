//! Events of one turn: the model is asked, and answers. The envelope names the step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Answer, Failure, Money, PromptDelta, Timestamp, Usage};

/// The model may be asked: from here on the request may have left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIntended {
    /// The turn, counted from 1.
    pub turn: u32,
    /// The attempt within the turn, counted from 1.
    pub attempt: u32,
    /// The model, by its name in the contract.
    pub model: String,
    /// The request.
    pub prompt: PromptDelta,
    /// The most that the answer may hold, in tokens.
    pub output_tokens_max: u64,
    /// What was reserved for it.
    pub reserved: Reserved,
    /// When the attempt is given up, in milliseconds after it is sent.
    pub timeout_ms: u64,
    /// How many of the oldest passages of its conversation it is to sum up; none where it asks for the agent's answer.
    /// Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summarises: Option<u32>,
}

impl ModelIntended {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        if self.summarises.is_some() || self.prompt.anew { 2 } else { 1 }
    }
}

/// What a call could take at worst; held until it is known what it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// Tokens in and out.
    pub tokens: u64,
    /// Money at the dearest rate that can apply.
    pub cost: Money,
}

/// The model answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelAnswered {
    /// The turn.
    pub turn: u32,
    /// The attempt.
    pub attempt: u32,
    /// What it said.
    pub answer: Answer,
    /// What the provider counted.
    pub usage: Usage,
    /// What that costs.
    pub cost: Money,
    /// From the first byte sent to the last received, in milliseconds.
    pub latency_ms: u64,
    /// The provider's body, where it says more than `answer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Arc<str>>,
    /// The provider's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ModelAnswered {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        if self.answer.verbatim.is_some() || self.usage.input_written > 0 { 2 } else { 1 }
    }
}

/// The attempt gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFailed {
    /// The turn.
    pub turn: u32,
    /// The attempt.
    pub attempt: u32,
    /// Why.
    pub failure: Failure,
    /// Spend that is assumed because nobody can know it; nothing where it is known that nothing was used.
    pub forfeited: Reserved,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// The provider's body, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Arc<str>>,
    /// When it is tried again; none where it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
}

impl ModelFailed {
    /// Whether it may pass by itself, and it is known that nothing was used: no connection was made, or the request was turned
    /// away at the door.
    pub fn cost_nothing(&self) -> bool {
        self.failure.class.is_transient() && self.forfeited == Reserved::default()
    }
}

/// The decision to try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Not before this time.
    pub at: Timestamp,
    /// Why then: `backoff 0.8 s`, `the provider asks for 3 s`.
    pub why: String,
}

/// A remedy changed what the model sees next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextAdjusted {
    /// The turn.
    pub turn: u32,
    /// Why: the failure that it mends.
    pub why: String,
    /// What was added, to the letter; empty where nothing was.
    pub what: String,
    /// How many of the oldest passages of the conversation it stands for. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
    /// The most that an answer may hold from here on in this turn, in tokens. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens_max: Option<u64>,
}

impl ContextAdjusted {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        if self.replaces.is_some() || self.output_tokens_max.is_some() { 2 } else { 1 }
    }
}

/// Another model goes on where one could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSwitched {
    /// The turn.
    pub turn: u32,
    /// The model so far, by its name in the contract.
    pub from: String,
    /// The model from here on.
    pub to: String,
    /// Why.
    pub why: String,
}

/// A model is not asked yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelHeld {
    /// The turn.
    pub turn: u32,
    /// Not before this time; without one until somebody who is under way has come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether it has a slot under a rate then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_slot: bool,
    /// Why: what stands in its way.
    pub why: String,
}

/// A tool is out of its agent's reach for now: it is told so, and what else it may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolTakenAway {
    /// The tool, by its name in the contract.
    pub tool: String,
    /// Until this time; none for the rest of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub why: String,
    /// What the model is told, to the letter.
    pub what: String,
}
