//! A model is asked: from its events to the turns of its step.

use handfast_events::{Body, Event, FailureClass};

use super::{Adjusted, Attempt, AttemptState, Step, Turn};

impl Step {
    pub(super) fn follow_model(&mut self, event: &Event) {
        if let Body::ModelIntended(intent) = &event.body {
            if self.turns.last().is_none_or(|turn| turn.turn != intent.turn) {
                self.turns.push(Turn { turn: intent.turn, attempts: Vec::new(), calls: Vec::new() });
            }
            let attempt = Attempt {
                attempt: intent.attempt,
                model: intent.model.clone(),
                at: event.time,
                reserved: intent.reserved,
                prompt_bytes: u64::try_from(intent.prompt.delta.len()).unwrap_or(u64::MAX),
                state: AttemptState::Asked,
                adjusted: None,
            };
            if let Some(turn) = self.turns.last_mut() {
                turn.attempts.push(attempt);
            }
            return;
        }
        let Some(attempt) = self.turns.last_mut().and_then(|turn| turn.attempts.last_mut()) else { return };
        match &event.body {
            Body::ModelAnswered(said) => {
                attempt.state = AttemptState::Answered {
                    text: said.answer.refusal.clone().unwrap_or_else(|| said.answer.text.clone()),
                    asks: said.answer.calls.iter().map(|ask| ask.tool.clone()).collect(),
                    usage: said.usage,
                    cost: said.cost,
                    latency_ms: said.latency_ms,
                    unusable: None,
                };
            }
            Body::ModelFailed(failed) => {
                attempt.state = AttemptState::Failed {
                    failure: failed.failure.clone(),
                    forfeited: failed.forfeited,
                    latency_ms: failed.latency_ms,
                    retry: failed.retry.clone(),
                };
            }
            Body::ContextAdjusted(adjusted) => {
                attempt.adjusted = Some(Adjusted { why: adjusted.why.clone(), what: adjusted.what.clone() });
                self.blame_answer(&adjusted.why);
            }
            _ => {}
        }
    }

    /// The newest answer could not be used, and this is why.
    pub(super) fn blame_answer(&mut self, why: &str) {
        let attempt = self.turns.last_mut().and_then(|turn| turn.attempts.last_mut());
        if let Some(Attempt { state: AttemptState::Answered { unusable, .. }, .. }) = attempt {
            *unusable = Some(why.into());
        }
    }
}

/// Whether a failure of this class says that a model's answer could not be used.
pub(super) const fn is_about_an_answer(class: FailureClass) -> bool {
    matches!(class, FailureClass::Malformed | FailureClass::Refused | FailureClass::ContentFiltered)
}
