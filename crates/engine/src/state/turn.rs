//! The table of one turn: the model is asked, answers, and waits for what it asked for.

use std::sync::Arc;

use handfast_events::{
    Answer, Body, CallId, ContextAdjusted, FailureClass, ModelFailed, Reserved, StepId, Timestamp,
};
use serde_json::Value;

use super::{Call, Illegal};

#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// The model may be asked as soon as limits allow.
    Due(Due),
    /// It may have been asked.
    Asked(Asked),
    /// It answered; what follows is not decided yet.
    Answered(Asked, Arc<Answer>),
    /// It waits for its calls.
    Calling { turn: u32, answer: Arc<Answer>, calls: Vec<Call> },
    /// It waits for what is said to it.
    Listening(Listening),
    /// Nobody says anything to it any more.
    Left,
}

/// An agent of a conversation that has nothing to answer.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    /// The turn that comes next.
    pub(crate) turn: u32,
    /// Since when the next message is waited for, once that was said.
    pub(crate) awaited: Option<Awaited>,
}

/// A message is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awaited {
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

/// A model that may be asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    pub(crate) turn: u32,
    /// The number of the next attempt.
    pub(crate) attempt: u32,
    /// Attempts that count against the limit.
    pub(crate) tries: u64,
    /// When its slot under a rate is, or was, that it waited for.
    pub(crate) slot_at: Option<Timestamp>,
    /// Whether it waits until somebody who is under way has come back.
    pub(crate) waits_for_place: bool,
    /// Whether the last try cost nothing, or was asked to leave the other side alone.
    pub(crate) is_patient: bool,
    /// Answers of this turn that missed the form.
    pub(crate) malformed: u32,
    /// Not before this time.
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) length: Length,
    /// The most that an answer may hold in this turn, where less than usual.
    pub(crate) cap: Option<u64>,
}

/// What is known of a turn's request beside its model's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Length {
    /// Whether it was too long, and nothing was done about it since.
    pub(crate) is_too_long: bool,
    /// How often something was done about it.
    pub(crate) mended: u32,
    /// How often summing up failed.
    pub(crate) not_summed_up: u32,
}

/// A model that may have been asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) due: Due,
    pub(crate) model: Arc<str>,
    pub(crate) reserved: Reserved,
    pub(crate) timeout_ms: u64,
    /// How many passages it is to sum up; none where it is asked for its agent's answer.
    pub(crate) summarises: Option<u32>,
}

impl Due {
    /// The first attempt of this turn.
    pub(crate) fn of(turn: u32) -> Self {
        Self { turn, attempt: 1, ..Self::default() }
    }

    /// The same turn's next attempt, as one that nothing was tried of.
    fn anew(self) -> Self {
        Self { tries: 0, not_before: None, ..self }
    }

    /// Something was done about what the model sees.
    fn adjusted(self, adjusted: &ContextAdjusted) -> Self {
        let length = Length { is_too_long: false, mended: self.length.mended + 1, not_summed_up: 0 };
        let is_shorter = adjusted.replaces.is_some() || adjusted.output_tokens_max.is_some();
        let is_too_long = self.length.is_too_long || adjusted.what.is_empty();
        let length = if is_shorter { length } else { Length { is_too_long, ..self.length } };
        Self { length, cap: adjusted.output_tokens_max.or(self.cap), ..self.anew() }
    }

    /// An attempt failed.
    fn failed(self, summarises: bool, failed: &ModelFailed) -> Self {
        let class = failed.failure.class;
        let counts = class.is_transient() || matches!(class, FailureClass::Unknown | FailureClass::Malformed);
        let mut length = self.length;
        if summarises && !class.is_transient() && class != FailureClass::WorkerGone {
            length.not_summed_up += 1;
        }
        // What could not be summed up is too long still.
        length.is_too_long |= class == FailureClass::ContextOverflow;
        Self {
            attempt: self.attempt + 1,
            tries: if counts { self.tries } else { self.tries.saturating_sub(1) },
            is_patient: failed.cost_nothing()
                || matches!(class, FailureClass::RateLimited | FailureClass::Overloaded),
            not_before: failed.retry.as_ref().map(|retry| retry.at),
            length,
            ..self
        }
    }
}

impl Turn {
    /// Before the first question.
    pub(crate) fn first() -> Self {
        Self::Due(Due::of(1))
    }

    /// Before the first message.
    pub(crate) const fn listening() -> Self {
        Self::Listening(Listening { turn: 1, awaited: None })
    }

    /// Becomes what the event says. A call's own events go to the call.
    pub(crate) fn evolve(self, step: &StepId, time: Timestamp, body: &Body) -> Result<Self, Illegal> {
        Ok(match (self, body) {
            (Self::Listening(listening), Body::MessageAwaited(awaited)) => {
                let awaited = Some(Awaited { since: time, until: awaited.until });
                Self::Listening(Listening { awaited, ..listening })
            }
            (Self::Listening(listening), Body::MessageHeard(_)) => {
                Self::Listening(Listening { awaited: None, ..listening })
            }
            (Self::Listening(_), Body::TalkEnded(_)) => Self::Left,
            // What people said instead of an answer: the next request holds it behind what came of the calls.
            (turn @ Self::Calling { .. }, Body::MessageHeard(_)) => turn,
            (Self::Answered(asked, _), Body::Said(_)) if asked.summarises.is_none() => {
                Self::Listening(Listening { turn: asked.due.turn + 1, awaited: None })
            }
            (Self::Due(due), Body::ModelIntended(intent))
                if (intent.turn, intent.attempt) == (due.turn, due.attempt) =>
            {
                Self::Asked(Asked {
                    due: Due { tries: due.tries + 1, slot_at: None, waits_for_place: false, ..due },
                    model: intent.model.as_str().into(),
                    reserved: intent.reserved,
                    timeout_ms: intent.timeout_ms,
                    summarises: intent.summarises,
                })
            }
            (Self::Due(due), Body::ModelHeld(held)) if held.turn == due.turn => {
                let (not_before, waits_for_place) = (held.until, held.until.is_none());
                let slot_at = if held.has_slot { held.until } else { due.slot_at };
                Self::Due(Due { not_before, waits_for_place, slot_at, ..due })
            }
            (Self::Due(due), Body::ModelSwitched(switched)) if switched.turn == due.turn => {
                // A slot is one with whoever was to be asked.
                let due = Due { slot_at: None, ..due.anew() };
                Self::Due(Due { malformed: 0, length: Length::default(), cap: None, ..due })
            }
            (Self::Due(due), Body::ContextAdjusted(adjusted)) if adjusted.turn == due.turn => {
                Self::Due(due.adjusted(adjusted))
            }
            (Self::Due(due), Body::ToolTakenAway(_)) => Self::Due(due),
            (Self::Asked(asked), Body::ModelAnswered(said)) if asked.hears(said.turn, said.attempt) => {
                Self::Answered(asked, Arc::new(said.answer.clone()))
            }
            (Self::Asked(asked), Body::ModelFailed(failed)) if asked.hears(failed.turn, failed.attempt) => {
                Self::Due(asked.due.failed(asked.summarises.is_some(), failed))
            }
            (Self::Answered(asked, _), Body::ContextAdjusted(adjusted)) => {
                let missed = u32::from(asked.summarises.is_none() && !adjusted.what.is_empty());
                let due = asked.due.adjusted(adjusted);
                Self::Due(Due { attempt: due.attempt + 1, malformed: due.malformed + missed, ..due })
            }
            (Self::Answered(asked, _), Body::ModelSwitched(_)) => {
                let attempt = asked.due.attempt + 1;
                Self::Due(Due {
                    attempt,
                    malformed: 0,
                    length: Length::default(),
                    cap: None,
                    ..asked.due.anew()
                })
            }
            (Self::Answered(asked, answer), Body::CallProposed(_)) if asked.summarises.is_none() => {
                let turn = asked.due.turn;
                return Self::Calling { turn, answer, calls: Vec::new() }.evolve(step, time, body);
            }
            (Self::Calling { turn, answer, mut calls }, Body::CallProposed(proposed)) => {
                let id = call_id(step, turn, calls.len());
                calls.push(Call::new(id, &proposed.tool, proposed.args.clone()));
                Self::Calling { turn, answer, calls }
            }
            (turn, body) => {
                return Err(Illegal {
                    place: format!("the turn of step `{step}`"),
                    state: turn.name(),
                    event: body.name(),
                });
            }
        })
    }

    /// The turn that can be asked about once its calls are closed, or something was heard: a turn of its own.
    pub(crate) fn next_due(&self) -> Option<Due> {
        match self {
            Self::Due(due) => Some(due.clone()),
            Self::Calling { turn, calls, .. } if calls.iter().all(Call::is_closed) => Some(Due::of(turn + 1)),
            Self::Listening(listening) => Some(Due::of(listening.turn)),
            _ => None,
        }
    }

    /// The number of the turn that is asked about or answered, or comes next; none where nobody listens any more.
    pub(crate) fn number(&self) -> Option<u32> {
        match self {
            Self::Asked(asked) | Self::Answered(asked, _) => Some(asked.due.turn),
            Self::Calling { turn, .. } => Some(turn + 1),
            Self::Due(due) => Some(due.turn),
            Self::Listening(listening) => Some(listening.turn),
            Self::Left => None,
        }
    }

    /// Whether the model has answered, and what follows is not decided yet.
    pub(crate) const fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(..))
    }

    /// What the last answer said.
    pub(crate) fn said(&self) -> Option<Value> {
        match self {
            Self::Answered(_, answer) => Some(Value::String(answer.text.clone())),
            _ => None,
        }
    }

    /// The id of the call that the answer asks for next.
    pub(crate) fn next_call(&self, step: &StepId) -> Option<CallId> {
        match self {
            Self::Answered(asked, _) => Some(call_id(step, asked.due.turn, 0)),
            Self::Calling { turn, calls, .. } => Some(call_id(step, *turn, calls.len())),
            Self::Due(_) | Self::Asked(_) | Self::Listening(_) | Self::Left => None,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Due(_) => "due",
            Self::Asked(_) => "asked",
            Self::Answered(..) => "answered",
            Self::Calling { .. } => "waiting for calls",
            Self::Listening(_) => "listening",
            Self::Left => "left",
        }
    }
}

impl Asked {
    fn hears(&self, turn: u32, attempt: u32) -> bool {
        (self.due.turn, self.due.attempt) == (turn, attempt)
    }
}

fn call_id(step: &StepId, turn: u32, ordinal: usize) -> CallId {
    CallId::of(step, turn, u32::try_from(ordinal).unwrap_or(u32::MAX))
}
