//! Steps that wait: for a time, or for a signal. A wait is durable, and never outlasts a limit on time around it unsaid.

use std::sync::Arc;

use handfast_contract::{StepWork, Wait};
use handfast_events::{
    Failure, FailureClass, Output, Party, SignalReceived, StepSucceeded, Timestamp, WaitBegan,
};
use serde_json::Value;

use crate::decide::Draft;
use crate::state::{Signal, StepRun, Waiting};
use crate::{Refusal, evidence};

impl Draft {
    pub(crate) fn move_wait(&mut self, step: &Arc<StepRun>, waiting: &Waiting) -> Result<(), Refusal> {
        let StepWork::Wait(wait) = &step.step.work else { return Ok(()) };
        if !waiting.has_begun {
            return self.begin_wait(step, wait);
        }
        if waiting.received.is_some() {
            let carries = matches!(wait, Wait::Signal { gives: Some(_), .. });
            let output = if carries { Output::AsGiven } else { Output::Absent };
            return self.tell_step(&step.id, StepSucceeded { output });
        }
        if let Some(signal) = self.signal_for(step, wait) {
            return self.tell_step(&step.id, SignalReceived { id: signal.id.clone() });
        }
        if waiting.until.is_some_and(|until| until <= self.now) {
            return match wait {
                Wait::Signal { name, .. } => {
                    let detail = format!("the signal `{name}` did not come in time");
                    let clause = Some(format!("{}.wait.within", step.address()));
                    let failure = Failure::new(FailureClass::NotReached, detail);
                    self.fail(&step.id, failure, clause, Party::Environment)
                }
                Wait::For(_) | Wait::Until(_) => self.give(&step.id, None),
            };
        }
        if waiting.limit_at.is_some_and(|limit| limit <= self.now) && !self.pause_by_time(&step.id)? {
            // Somebody raised it: the wait goes on, up to the new one.
            let began = WaitBegan {
                signal: waiting.signal.as_deref().map(str::to_owned),
                until: waiting.until,
                limit_at: self.time_ends(&step.id),
            };
            return self.tell_step(&step.id, began);
        }
        Ok(())
    }

    fn begin_wait(&mut self, step: &StepRun, wait: &Wait) -> Result<(), Refusal> {
        let after = |wait: std::time::Duration| self.now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let (signal, until) = match wait {
            Wait::For(time) => (None, Some(after(*time))),
            Wait::Signal { name, within, .. } => (Some(name.to_string()), within.map(after)),
            Wait::Until(until) => {
                let time = until.eval(&self.run.sight(&step.frame, [until]).scope());
                match time {
                    Ok(Some(Value::String(text))) => match text.parse::<Timestamp>() {
                        Ok(time) => (None, Some(time)),
                        Err(fault) => {
                            let detail = format!(
                                "`{}` is no time with its zone, like `2026-11-21T06:00:00Z`: it is {}: {fault}",
                                until.source(),
                                evidence(&text)
                            );
                            let clause = Some(format!("{}.wait.until", step.address()));
                            let failure = Failure::new(FailureClass::HandOff, detail);
                            return self.fail(&step.id, failure, clause, Party::Step);
                        }
                    },
                    Ok(_) => {
                        return self.cannot_evaluate(
                            step,
                            "wait.until",
                            "`until` is no time",
                            "it is absent",
                        );
                    }
                    Err(fault) => {
                        let what = "`until` can't be evaluated";
                        return self.cannot_evaluate(step, "wait.until", what, &fault.to_string());
                    }
                }
            }
        };
        self.tell_step(&step.id, WaitBegan { signal, until, limit_at: self.time_ends(&step.id) })
    }

    /// The oldest signal that this step takes. One that came before the step waited was kept for it.
    fn signal_for(&self, step: &StepRun, wait: &Wait) -> Option<Arc<Signal>> {
        let Wait::Signal { name, gives, .. } = wait else { return None };
        let fits = |signal: &&Arc<Signal>| {
            signal.name == *name
                && signal.key.as_deref().is_none_or(|key| key == step.id.as_str())
                && gives.as_ref().is_none_or(|gives| gives.check(&signal.value).is_empty())
        };
        self.run.signals.iter().find(fits).cloned()
    }
}
