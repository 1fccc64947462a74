//! A model is asked: from its events to the turns of its step.

use handfast_events::{
    Body, ContextAdjusted, Event, FailureClass, ModelAnswered, ModelFailed, ModelIntended, Timestamp,
};

use super::{Attempt, AttemptState, Change, Changed, Step, Turn};

impl Step {
    pub(super) fn follow_model(&mut self, event: &Event) {
        let what = match &event.body {
            Body::ModelIntended(intent) => return self.intended(event.time, intent),
            Body::ModelAnswered(said) => return self.heard(answered(said)),
            Body::ModelFailed(failed) => return self.heard(gave_nothing(failed)),
            Body::ContextAdjusted(adjusted) => {
                if is_about_the_answer(adjusted) {
                    self.reject_answer(Some(adjusted.turn), &adjusted.why);
                }
                Changed::Adjusted(adjusted.clone())
            }
            Body::ModelSwitched(switched) => {
                self.reject_answer(Some(switched.turn), &switched.why);
                Changed::Switched(switched.clone())
            }
            Body::ModelHeld(held) => Changed::Held(held.clone()),
            Body::ToolTakenAway(away) => Changed::TakenAway(away.clone()),
            _ => return,
        };
        self.change(Change { at: event.time, what });
    }

    /// What comes before the first try of a turn opens it.
    fn open_turn(&mut self, number: u32) {
        if self.turns.last().is_none_or(|turn| turn.turn != number) {
            self.turns.push(Turn::new(number));
        }
    }

    fn intended(&mut self, at: Timestamp, intent: &ModelIntended) {
        self.open_turn(intent.turn);
        let attempt = Attempt {
            attempt: intent.attempt,
            model: intent.model.clone(),
            at,
            reserved: intent.reserved,
            output_tokens_max: intent.output_tokens_max,
            prompt_bytes: u64::try_from(intent.prompt.delta.len()).unwrap_or(u64::MAX),
            is_anew: intent.prompt.anew,
            summarises: intent.summarises,
            state: AttemptState::Asked,
            then: Vec::new(),
        };
        if let Some(turn) = self.turns.last_mut() {
            turn.attempts.push(attempt);
        }
    }

    fn heard(&mut self, state: AttemptState) {
        if let Some(attempt) = self.turns.last_mut().and_then(|turn| turn.attempts.last_mut()) {
            attempt.state = state;
        }
    }

    fn change(&mut self, change: Change) {
        match &change.what {
            Changed::Adjusted(adjusted) => self.open_turn(adjusted.turn),
            Changed::Switched(switched) => self.open_turn(switched.turn),
            Changed::Held(held) => self.open_turn(held.turn),
            // It belongs to the turn whose call went wrong.
            Changed::TakenAway(_) => {}
        }
        if let Some(turn) = self.turns.last_mut() {
            turn.attempts.last_mut().map_or(&mut turn.before, |attempt| &mut attempt.then).push(change);
        }
    }

    /// The newest answer could not be used, and this is why; of which turn, where that is said.
    pub(super) fn reject_answer(&mut self, of: Option<u32>, why: &str) {
        let is_it = |turn: &&mut Turn| of.is_none_or(|of| turn.turn == of) && turn.calls.is_empty();
        let attempt = self.turns.last_mut().filter(is_it).and_then(|turn| turn.attempts.last_mut());
        let newest = attempt.filter(|attempt| attempt.then.is_empty() && attempt.summarises.is_none());
        if let Some(Attempt { state: AttemptState::Answered { unusable, .. }, .. }) = newest {
            *unusable = Some(why.into());
        }
    }
}

fn answered(said: &ModelAnswered) -> AttemptState {
    AttemptState::Answered {
        text: said.answer.refusal.clone().unwrap_or_else(|| said.answer.text.clone()),
        asks: said.answer.calls.iter().map(|ask| ask.tool.clone()).collect(),
        usage: said.usage,
        cost: said.cost,
        latency_ms: said.latency_ms,
        is_verbatim: said.answer.verbatim.is_some(),
        unusable: None,
    }
}

fn gave_nothing(failed: &ModelFailed) -> AttemptState {
    AttemptState::Failed {
        failure: failed.failure.clone(),
        forfeited: failed.forfeited,
        latency_ms: failed.latency_ms,
        retry: failed.retry.clone(),
    }
}

/// Whether what changed says that the answer before it counts for nothing: what makes a request shorter doesn't.
const fn is_about_the_answer(adjusted: &ContextAdjusted) -> bool {
    adjusted.replaces.is_none() && adjusted.output_tokens_max.is_none()
}

/// Whether a failure of this class says that a model's answer could not be used.
pub(super) const fn is_about_an_answer(class: FailureClass) -> bool {
    matches!(class, FailureClass::Malformed | FailureClass::Refused | FailureClass::ContentFiltered)
}
