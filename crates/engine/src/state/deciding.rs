//! The table of a step that people decide.

use std::sync::Arc;

use handfast_events::{ApprovalAnswered, Body, Decision, StepId};

use super::{Illegal, Moved, Question};

/// A step that people decide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deciding {
    /// How often they were asked.
    pub(crate) asked: u32,
    pub(crate) state: DecidingState,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum DecidingState {
    /// Nobody is asked: not yet, or not any more.
    #[default]
    Due,
    /// Somebody is.
    Asked(Question),
    /// It is decided; by those who answered, or by silence.
    Decided { decision: Decision, answered: Vec<Arc<ApprovalAnswered>> },
    /// Nobody answered in time, and silence decides nothing.
    Lapsed,
}

impl Deciding {
    /// Becomes what the event says.
    pub(crate) fn evolve(self, step: &StepId, body: &Body) -> Result<Self, Illegal> {
        let (asked, state) = match (self.state, body) {
            (DecidingState::Due, Body::ApprovalAsked(asked)) => {
                (self.asked + 1, DecidingState::Asked(Question::new(asked)))
            }
            (DecidingState::Asked(question), body) if question.hears(body) => {
                let mut answered = question.answered.clone();
                match body {
                    Body::ApprovalAnswered(answer) => answered.push(Arc::new(answer.clone())),
                    _ => answered.clear(),
                }
                let state = match question.evolve(body) {
                    Moved::Open(question) => DecidingState::Asked(question),
                    Moved::Decided(decision) => DecidingState::Decided { decision, answered },
                    Moved::Lapsed => DecidingState::Lapsed,
                    Moved::Withdrawn => DecidingState::Due,
                };
                (self.asked, state)
            }
            (state, body) => {
                let place = format!("step `{step}`");
                return Err(Illegal { place, state: state.name(), event: body.name() });
            }
        };
        Ok(Self { asked, state })
    }

    /// What people are asked.
    pub(crate) const fn question(&self) -> Option<&Question> {
        match &self.state {
            DecidingState::Asked(question) => Some(question),
            _ => None,
        }
    }

    /// Whether it can give a value: it is decided, or nobody needs to be asked.
    pub(crate) const fn may_give(&self) -> bool {
        matches!(self.state, DecidingState::Due | DecidingState::Decided { .. })
    }
}

impl DecidingState {
    const fn name(&self) -> &'static str {
        match self {
            Self::Due => "about to ask",
            Self::Asked(_) => "asking",
            Self::Decided { .. } => "decided",
            Self::Lapsed => "unanswered",
        }
    }
}
