//! Steps that hold steps, and steps that wait: what they are given from elsewhere, and what ends with a failure.

use handfast_events::{Body, Event, Output, StepFailed, StepId, Timestamp};
use serde_json::Value;

use super::{Step, StepState, Trace, Wait};

impl Trace {
    /// What a step is given by another part of the run: a signal, or the step in its place.
    pub(super) fn given_elsewhere(&mut self, step: &StepId, body: &Body) -> Option<Value> {
        match body {
            Body::SignalReceived(received) => {
                let index = self.signals.iter().position(|(id, _)| *id == received.id)?;
                Some(self.signals.remove(index).1)
            }
            Body::StepSucceeded(_) => {
                let instead = step.otherwise();
                match &self.steps.iter().rfind(|step| step.id == instead)?.state {
                    StepState::Succeeded { output } => Some(output.clone()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Which scopes fail, and which steps end because one did.
    pub(super) fn follow_scopes(&mut self, step: &StepId, event: &Event) {
        match &event.body {
            Body::StepFailed(StepFailed { caught_by: Some(scope), .. }) if !self.is_failing(step) => {
                self.failing.retain(|inner| !inner.is_within(scope));
                self.failing.push(scope.clone());
            }
            Body::OtherwiseTaken(taken) => {
                self.end_scope(event.time, step, &taken.failed);
            }
            Body::LaneFailed(failed) => {
                let scope = StepId::new(format!("{step}[{}]", failed.lane));
                self.end_scope(event.time, &scope, &failed.failed);
            }
            _ => {}
        }
    }

    fn end_scope(&mut self, time: Timestamp, scope: &StepId, failed: &StepId) {
        self.failing.retain(|failing| failing != scope);
        self.stop(time, failed, |step| step.id != *scope && step.id.is_within(scope));
    }

    /// These steps, where they are at work, end because of that one.
    pub(super) fn stop(&mut self, time: Timestamp, failed: &StepId, which: impl Fn(&Step) -> bool) {
        let at_work = |step: &&mut Step| step.state == StepState::Running && which(step);
        for step in self.steps.iter_mut().filter(at_work) {
            (step.state, step.ended) = (StepState::Stopped { failed: failed.clone() }, Some(time));
        }
    }

    /// Whether this step stands in a scope that fails.
    pub(super) fn is_failing(&self, step: &StepId) -> bool {
        self.failing.iter().any(|scope| step.is_within(scope))
    }

    /// What the steps that wait wait for.
    pub(super) fn waits(&self) -> impl Iterator<Item = &Wait> {
        let at_work = |step: &&Step| step.state == StepState::Running && !self.is_failing(&step.id);
        self.steps.iter().filter(at_work).filter_map(|step| step.wait.as_ref())
    }
}

impl Step {
    /// Steps that hold steps, and those that wait.
    pub(super) fn follow_flow(&mut self, body: &Body, elsewhere: Option<Value>) {
        match body {
            Body::BranchChosen(chosen) => self.branch = Some(chosen.branch.clone()),
            Body::LaneFinished(done) => {
                let gave = match &done.output {
                    Output::Value(value) => Some(value.clone()),
                    Output::AsGiven | Output::Absent => None,
                };
                self.lanes.insert(done.lane, gave);
            }
            Body::LaneFailed(failed) => {
                self.lanes.insert(failed.lane, None);
            }
            Body::OtherwiseTaken(taken) => {
                self.otherwise = Some(taken.failed.clone());
                (self.state, self.ended) = (StepState::Running, None);
            }
            Body::WaitBegan(began) => {
                self.wait = Some(Wait { signal: began.signal.clone(), until: began.until });
            }
            Body::SignalReceived(_) => self.received = elsewhere,
            _ => {}
        }
    }
}
