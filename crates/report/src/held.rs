//! What a run is held by: a model or a call that may not leave before a time, and why.

use handfast_events::{Body, CallId, Event, Status, StepId, Timestamp, Waits};
use serde::Serialize;

use crate::text::moment;
use crate::trace::{Step, StepState, Trace};

/// What a run is held by, where it waits for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The step that waits.
    pub step: StepId,
    /// Its call, where it is one; else its model.
    pub call: Option<CallId>,
    /// Not before this time; without one until somebody who is under way has come back.
    pub until: Option<Timestamp>,
    /// What stands in the way.
    pub why: String,
}

impl Held {
    /// In a phrase, as seen at this time: `held until 12:01:05: openai is down`.
    pub fn told(&self, now: Timestamp) -> String {
        match self.until {
            Some(until) => format!("held until {}: {}", moment(until, now), self.why),
            None => format!("held: {}", self.why),
        }
    }

    /// What may not leave: the call, or its step's model.
    pub(crate) fn place(&self) -> String {
        match &self.call {
            Some(call) => format!("call {call}"),
            None => format!("the model of step {}", self.step),
        }
    }

    /// What an event says that holds a model or a call up; none where it is another kind of event.
    pub fn of(event: &Event) -> Option<Self> {
        let (until, why) = match &event.body {
            Body::ModelHeld(held) => (held.until, &held.why),
            Body::CallHeld(held) => (held.until, &held.why),
            _ => return None,
        };
        Some(Self { step: event.step.clone()?, call: event.call.clone(), until, why: why.clone() })
    }
}

/// What holds a run up until this time, as far as the end of its journal says: for a list, which reads no whole journals.
pub fn held_among(newest: &[Event], until: Timestamp) -> Option<Held> {
    newest.iter().rev().filter_map(Held::of).find(|held| held.until == Some(until))
}

impl Trace {
    /// What the run is held by, if it is that which it waits for.
    pub fn held(&self) -> Option<Held> {
        let Status::Waiting(Waits::Retry { until }) = self.status() else { return None };
        let live = self.steps.iter().filter(|step| step.state == StepState::Running);
        let models = live.filter_map(Step::held_model);
        let calls = self.calls().filter_map(|call| {
            let (held, call) = (&call.hold()?.held, call.id.clone());
            Some(Held { step: call.step(), call: Some(call), until: held.until, why: held.why.clone() })
        });
        models.chain(calls).find(|held| held.until == Some(until))
    }
}

impl Step {
    fn held_model(&self) -> Option<Held> {
        let (_, held) = self.held()?;
        Some(Held { step: self.id.clone(), call: None, until: held.until, why: held.why.clone() })
    }
}
