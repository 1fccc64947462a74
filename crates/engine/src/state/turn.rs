//! The table of one turn: the model is asked, answers, and waits for what it asked for.

use std::sync::Arc;

use handfast_events::{Answer, Body, CallId, ContextAdjusted, Reserved, StepId, Timestamp};
use serde_json::Value;

use super::{Call, Illegal};

#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// The model may be asked as soon as limits allow.
    Due(Due),
    /// It may have been asked.
    Asked(Asked),
    /// It answered; what follows is not decided yet.
    Answered { turn: u32, attempt: u32, malformed: u32, answer: Arc<Answer> },
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
    /// What it said last, which no request holds yet.
    pub(crate) said: Option<Arc<Answer>>,
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
    /// Answers of this turn that missed the form.
    pub(crate) malformed: u32,
    /// Not before this time.
    pub(crate) not_before: Option<Timestamp>,
    /// What the next request adds, beyond the ones before.
    pub(crate) amend: Option<Amend>,
}

/// An answer that missed the form, and what is said to it.
#[derive(Clone, Debug)]
pub(crate) struct Amend {
    pub(crate) answer: Arc<Answer>,
    pub(crate) what: Arc<str>,
}

/// A model that may have been asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) turn: u32,
    pub(crate) attempt: u32,
    pub(crate) tries: u64,
    pub(crate) malformed: u32,
    pub(crate) model: Arc<str>,
    pub(crate) reserved: Reserved,
    pub(crate) timeout_ms: u64,
}

impl Turn {
    /// Before the first question.
    pub(crate) fn first() -> Self {
        Self::Due(Due { turn: 1, attempt: 1, ..Due::default() })
    }

    /// Before the first message.
    pub(crate) const fn listening() -> Self {
        Self::Listening(Listening { turn: 1, said: None, awaited: None })
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
            (Self::Listening(listening), Body::ModelIntended(intent))
                if (intent.turn, intent.attempt) == (listening.turn, 1) =>
            {
                let due = Self::Due(Due { turn: listening.turn, attempt: 1, ..Due::default() });
                return due.evolve(step, time, body);
            }
            // What people said instead of an answer: the next request holds it behind what came of the calls.
            (turn @ Self::Calling { .. }, Body::MessageHeard(_)) => turn,
            (Self::Answered { turn, answer, .. }, Body::Said(_)) => {
                Self::Listening(Listening { turn: turn + 1, said: Some(answer), awaited: None })
            }
            (Self::Due(due), Body::ModelIntended(intent))
                if (intent.turn, intent.attempt) == (due.turn, due.attempt) =>
            {
                Self::Asked(Asked {
                    turn: due.turn,
                    attempt: due.attempt,
                    tries: due.tries + 1,
                    malformed: due.malformed,
                    model: intent.model.as_str().into(),
                    reserved: intent.reserved,
                    timeout_ms: intent.timeout_ms,
                })
            }
            (Self::Calling { turn, calls, .. }, Body::ModelIntended(intent))
                if intent.turn == turn + 1 && intent.attempt == 1 && calls.iter().all(Call::is_closed) =>
            {
                let due = Self::Due(Due { turn: turn + 1, attempt: 1, ..Due::default() });
                return due.evolve(step, time, body);
            }
            (Self::Asked(asked), Body::ModelAnswered(said))
                if (said.turn, said.attempt) == (asked.turn, asked.attempt) =>
            {
                let answer = Arc::new(said.answer.clone());
                Self::Answered {
                    turn: asked.turn,
                    attempt: asked.attempt,
                    malformed: asked.malformed,
                    answer,
                }
            }
            (Self::Asked(asked), Body::ModelFailed(failed))
                if (failed.turn, failed.attempt) == (asked.turn, asked.attempt) =>
            {
                let counts = failed.failure.class.is_transient();
                Self::Due(Due {
                    turn: asked.turn,
                    attempt: asked.attempt + 1,
                    tries: if counts { asked.tries } else { asked.tries.saturating_sub(1) },
                    malformed: asked.malformed,
                    not_before: failed.retry.as_ref().map(|retry| retry.at),
                    amend: None,
                })
            }
            (
                Self::Answered { turn, attempt, malformed, answer },
                Body::ContextAdjusted(ContextAdjusted { what, .. }),
            ) => Self::Due(Due {
                turn,
                attempt: attempt + 1,
                tries: 0,
                malformed: malformed + 1,
                not_before: None,
                amend: Some(Amend { answer, what: what.as_str().into() }),
            }),
            (Self::Answered { turn, answer, .. }, Body::CallProposed(_)) => {
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

    /// Whether the model has answered, and what follows is not decided yet.
    pub(crate) const fn is_answered(&self) -> bool {
        matches!(self, Self::Answered { .. })
    }

    /// What the last answer said.
    pub(crate) fn said(&self) -> Option<Value> {
        match self {
            Self::Answered { answer, .. } => Some(Value::String(answer.text.clone())),
            _ => None,
        }
    }

    /// The id of the call that the answer asks for next.
    pub(crate) fn next_call(&self, step: &StepId) -> Option<CallId> {
        match self {
            Self::Answered { turn, .. } => Some(call_id(step, *turn, 0)),
            Self::Calling { turn, calls, .. } => Some(call_id(step, *turn, calls.len())),
            Self::Due(_) | Self::Asked(_) | Self::Listening(_) | Self::Left => None,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Due(_) => "due",
            Self::Asked { .. } => "asked",
            Self::Answered { .. } => "answered",
            Self::Calling { .. } => "waiting for calls",
            Self::Listening(_) => "listening",
            Self::Left => "left",
        }
    }
}

fn call_id(step: &StepId, turn: u32, ordinal: usize) -> CallId {
    CallId::of(step, turn, u32::try_from(ordinal).unwrap_or(u32::MAX))
}
