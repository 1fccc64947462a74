//! Turns of an agent: each request to its model, what came of it, and what changed before the next.

use handfast_events::{
    ContextAdjusted, Failure, ModelHeld, ModelSwitched, Money, Reserved, Retry, Timestamp, ToolTakenAway,
    Usage,
};
use serde::Serialize;

use super::{Call, Step, StepState};

/// One turn of an agent: the model is asked until it answers, then the calls that it asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    /// Counted from 1.
    pub turn: u32,
    /// What changed before its first try.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Change>,
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
    /// The most that its answer may hold, in tokens.
    pub output_tokens_max: u64,
    /// What it added to the request before it, in bytes; all of it where it goes on from nothing.
    pub prompt_bytes: u64,
    /// Whether it goes on from nothing: what stood before was summed up, or is written anew for another model.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_anew: bool,
    /// How many of the oldest passages it is to sum up; none where it asks for the agent's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summarises: Option<u32>,
    /// What came of it.
    pub state: AttemptState,
    /// What changed behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Change>,
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
        /// Whether it is given back to the same model in its provider's own form, which says more than its text.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_verbatim: bool,
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

/// Something that is otherwise from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When it became so.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Changed,
}

/// What is otherwise before a model is asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// What it sees, or how much it may answer.
    Adjusted(ContextAdjusted),
    /// Which one is asked.
    Switched(ModelSwitched),
    /// When it is asked.
    Held(ModelHeld),
    /// What it may use.
    TakenAway(ToolTakenAway),
}

impl Turn {
    pub(super) const fn new(turn: u32) -> Self {
        Self { turn, before: Vec::new(), attempts: Vec::new(), calls: Vec::new() }
    }

    /// Everything that changed in it, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.before.iter().chain(self.attempts.iter().flat_map(|attempt| &attempt.then))
    }

    /// What came last between its newest try and the next, but for tools: these say nothing of when that is.
    fn newest_change(&self) -> Option<&Change> {
        let since = self.attempts.last().map_or(&self.before, |attempt| &attempt.then);
        since.iter().rev().find(|change| !matches!(change.what, Changed::TakenAway(_)))
    }
}

impl Step {
    fn newest_turn(&self) -> Option<&Turn> {
        self.turns.last().filter(|_| self.state == StepState::Running)
    }

    /// The newest try of its model, while the step is at work.
    pub(super) fn newest_attempt(&self) -> Option<&Attempt> {
        self.newest_turn().and_then(|turn| turn.attempts.last())
    }

    /// What its model is held by, and since when, while the step is at work.
    pub(crate) fn held(&self) -> Option<(Timestamp, &ModelHeld)> {
        let newest = self.newest_turn()?.newest_change()?;
        match &newest.what {
            Changed::Held(held) => Some((newest.at, held)),
            _ => None,
        }
    }

    /// When its model is asked again, where it waits for that.
    pub(super) fn asked_again_at(&self) -> Option<Timestamp> {
        match self.newest_turn()?.newest_change().map(|change| &change.what) {
            Some(Changed::Held(held)) => held.until,
            // What changed is asked about at once.
            Some(_) => None,
            None => match &self.newest_attempt()?.state {
                AttemptState::Failed { retry, .. } => retry.as_ref().map(|retry| retry.at),
                _ => None,
            },
        }
    }
}
