//! Where the kills fell.

use std::collections::BTreeMap;
use std::fmt;

use handfast_events::{Body, Event};

/// What a run was about when its worker was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Before anything was intended.
    Early,
    /// A model was asked, and no answer is there.
    Asking,
    /// A call may have left, and no result is there: between intent and result.
    InFlight,
    /// Neither: the last thing was decided.
    Between,
    /// The run had ended.
    Over,
}

/// How many kills fell into each phase, and how many doubts were settled.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    phases: BTreeMap<Phase, usize>,
    pub(crate) doubts: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, phase: Phase) {
        *self.phases.entry(phase).or_default() += 1;
    }

    pub(crate) fn of(&self, phase: Phase) -> usize {
        self.phases.get(&phase).copied().unwrap_or_default()
    }

    /// Kills of a run that had not ended.
    pub(crate) fn kills(&self) -> usize {
        self.phases.iter().filter(|(phase, _)| **phase != Phase::Over).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kills:", self.kills())?;
        for (phase, count) in &self.phases {
            let words = match phase {
                Phase::Early => "before any intent",
                Phase::Asking => "while a model is asked",
                Phase::InFlight => "between a call's intent and its result",
                Phase::Between => "between commits",
                Phase::Over => "after the end (not counted)",
            };
            write!(f, "\n  {count:>4} {words}")?;
        }
        write!(f, "\n  {:>4} doubts settled", self.doubts)
    }
}

impl Phase {
    /// What a journal that ends like this was about.
    pub(crate) fn of(events: &[Event]) -> Self {
        let (mut calls, mut asks, mut intents) = (0_i32, 0_i32, 0);
        for event in events {
            match &event.body {
                Body::CallIntended(_) => (calls, intents) = (calls + 1, intents + 1),
                Body::CallApplied(_)
                | Body::CallNotApplied(_)
                | Body::CallDoubted(_)
                | Body::CallNotSent(_) => calls -= 1,
                Body::ModelIntended(_) => (asks, intents) = (asks + 1, intents + 1),
                Body::ModelAnswered(_) | Body::ModelFailed(_) => asks -= 1,
                Body::RunSucceeded(_) | Body::RunFailed(_) | Body::RunCancelled(_) => return Self::Over,
                _ => {}
            }
        }
        match (calls, asks, intents) {
            (1.., _, _) => Self::InFlight,
            (_, 1.., _) => Self::Asking,
            (_, _, 0) => Self::Early,
            _ => Self::Between,
        }
    }
}
