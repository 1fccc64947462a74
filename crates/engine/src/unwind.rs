//! A failure goes up to what catches it, and what it leaves behind comes to rest before anything goes on.
//!
//! What fails is a scope: a step with all below it, a lane, or the whole run. Nothing new begins in it, answers of models
//! are not waited for, what has left comes back or is settled, and what it did is taken back.

use handfast_contract::{Otherwise, StepWork};
use handfast_events::{
    CallDoubted, CallId, CallNotApplied, Failure, FailureClass, LaneFailed, Next, OtherwiseTaken, Output,
    Party, RunCancelled, RunFailed, StepId, StepSkipped, StepSucceeded,
};

use crate::Refusal;
use crate::decide::Draft;
use crate::state::{
    Call, CallState, Ending, Family, FrameOf, Lane, Open, Phase, StepRun, StepState, Unwinding,
};

impl Draft {
    /// The innermost step around this one, itself included, that goes on though it fails, or its lane; none where the run
    /// ends.
    pub(crate) fn catcher(&self, failed: &StepId) -> Option<StepId> {
        if matches!(self.run.phase, Phase::Ending(_)) {
            return None;
        }
        let failing = self.run.unwinding.iter().find(|around| around.takes_in(failed));
        if let Some(failing) = failing {
            return Some(failing.scope.clone());
        }
        let mut at = self.run.step(failed)?;
        loop {
            // What follows a failure catches none: it is what was to catch it.
            let is_spent = matches!(at.state, StepState::Otherwise(_));
            if !is_spent
                && at.step.otherwise.as_ref().is_some_and(|other| !matches!(other, Otherwise::Collect))
            {
                return Some(at.id.clone());
            }
            let (holder, _) = at.frame.held_by.as_ref()?;
            let holder = self.run.step(holder)?;
            if matches!(at.frame.of, FrameOf::Lane(_)) && spares_lanes(holder) {
                return Some(at.frame.path.clone());
            }
            at = holder;
        }
    }

    /// Lets every scope that fails come to rest, and goes on behind those that did.
    pub(crate) fn unwind(&mut self) -> Result<(), Refusal> {
        for Unwinding { scope, failed } in self.run.unwinding.clone() {
            if self.rests(Some(&scope))? && self.run.phase == Phase::Running {
                self.go_on_without(&scope, failed)?;
            }
        }
        Ok(())
    }

    /// Nothing new begins. What has left comes back or is settled, what was done is taken back; then the run ends.
    pub(crate) fn wind_down(&mut self) -> Result<(), Refusal> {
        let Phase::Ending(ending) = self.run.phase.clone() else { return Ok(()) };
        if !self.rests(None)? {
            return Ok(());
        }
        self.free_actions()?;
        let (compensated, standing) = (self.run.compensated.clone(), self.run.standing.clone());
        match ending {
            Ending::Failed(failed) => self.tell(RunFailed { compensated, standing, ..failed }),
            Ending::Cancelled => self.tell(RunCancelled { compensated, standing }),
        }
    }

    /// Whether a scope that fails has come to rest: nobody may hear of it any more, and what it did is taken back.
    fn rests(&mut self, scope: Option<&StepId>) -> Result<bool, Refusal> {
        self.drop_asks(scope)?;
        if let Some(scope) = scope {
            self.withdraw(|of| of.is_within(scope), "a step around it failed")?;
        }
        for (id, attempt) in self.doubts_not_repeated(scope) {
            let told = match scope {
                None => "the run is ending: what is in doubt is not sent again",
                Some(_) => "a step around it failed: what is in doubt is not sent again",
            };
            let failure = Failure::new(FailureClass::Cancelled, told);
            let next = Next::Settlement;
            self.tell_call(&id, CallDoubted { attempt, failure, latency_ms: 0, next })?;
        }
        for (id, attempt) in self.reads_not_awaited(scope) {
            let told = "nobody needs any more what its server is still to find";
            let failure = Failure::new(FailureClass::Cancelled, told);
            let next = Next::GiveUp;
            self.tell_call(&id, CallNotApplied { attempt, failure, latency_ms: 0, next })?;
        }
        // A run that is held looks at nothing.
        if !matches!(self.run.phase, Phase::Paused(_)) {
            self.tend_what_left(scope)?;
        }
        if self.run.may_hear_of(scope) {
            return Ok(false);
        }
        self.take_back(scope)
    }

    /// Calls that were to be repeated while nobody knows whether they took effect.
    fn doubts_not_repeated(&self, scope: Option<&StepId>) -> Vec<(CallId, u32)> {
        let doubt = |call: &Call| match &call.state {
            CallState::Due(due) => due.doubt.as_ref().map(|intent| (call.id.clone(), intent.attempt)),
            _ => None,
        };
        self.run.steps_of(scope).flat_map(|step| Family::of(step.calls())).filter_map(doubt).collect()
    }

    /// Calls that only read, and that their servers have taken on: they may take days, and change nothing.
    fn reads_not_awaited(&self, scope: Option<&StepId>) -> Vec<(CallId, u32)> {
        let calls = self.run.steps_of(scope).flat_map(|step| Family::of(step.calls()));
        let read = calls.filter(|call| !call.is_aftermath()).filter_map(|call| match &call.state {
            CallState::Working(working) if working.sent.only_reads() => {
                Some((call.id.clone(), working.sent.intent.attempt))
            }
            _ => None,
        });
        read.collect()
    }

    /// A scope has come to rest: its lane is left out, or what stands for its step begins.
    fn go_on_without(&mut self, scope: &StepId, failed: StepId) -> Result<(), Refusal> {
        let lane = self.run.steps.iter().find_map(|step| Some((step.id.clone(), lane_at(step, scope)?)));
        match lane {
            Some((step, lane)) => self.tell_step(&step, LaneFailed { lane, failed }),
            None => self.tell_step(scope, OtherwiseTaken { failed }),
        }
    }

    /// What its contract says of a step's failure.
    pub(crate) fn move_otherwise(&mut self, step: &StepRun, failed: &StepId) -> Result<(), Refusal> {
        match &step.step.otherwise {
            Some(Otherwise::Value(value)) => {
                let sight = self.run.sight(&step.frame, [value]);
                match value.eval(&sight.scope()) {
                    Ok(value) => self.give(&step.id, value),
                    Err(fault) => {
                        let told = format!("`otherwise` can't be evaluated: {fault}");
                        let clause = format!("{}.otherwise", step.address());
                        let failure = Failure::new(FailureClass::Author, told);
                        self.fail(&step.id, failure, Some(clause), Party::Author)
                    }
                }
            }
            Some(Otherwise::Step(_)) => {
                let instead = step.id.otherwise();
                match self.run.step(&instead).map(|instead| &instead.state) {
                    Some(StepState::Succeeded(Some(_))) => {
                        self.tell_step(&step.id, StepSucceeded { output: Output::AsGiven })
                    }
                    Some(StepState::Succeeded(None)) => self.give(&step.id, None),
                    Some(StepState::Skipped) => {
                        let why = format!("`{failed}` failed, and `{instead}` was skipped");
                        self.tell_step(&step.id, StepSkipped { why })
                    }
                    _ => Ok(()),
                }
            }
            Some(Otherwise::Skip | Otherwise::Collect) | None => {
                let why = format!("`{failed}` failed, and `otherwise` is `skip`");
                self.tell_step(&step.id, StepSkipped { why })
            }
        }
    }
}

/// Whether an `each` goes on though lanes fail.
fn spares_lanes(step: &StepRun) -> bool {
    let is_enough = matches!(step.step.work, StepWork::Each { enough: Some(_), .. });
    is_enough || matches!(step.step.otherwise, Some(Otherwise::Collect))
}

/// Which of its lanes that scope is.
fn lane_at(step: &StepRun, scope: &StepId) -> Option<u32> {
    let StepState::Open(Open::Each(lanes)) = &step.state else { return None };
    lanes.begun.iter().find_map(|lane| match lane {
        Lane::Open(frame) if frame.path == *scope => match frame.of {
            FrameOf::Lane(lane) => Some(lane),
            _ => None,
        },
        _ => None,
    })
}
