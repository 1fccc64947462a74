//! Stopping: a person lets a run rest, or ends it at once.

use handfast_events::{PauseReason, RunKilled, RunPaused, StillOpen};

use super::Draft;
use crate::Refusal;
use crate::state::{Call, CallState, Phase, StepRun};

impl Draft {
    /// Why a run can't be paused; none where it can.
    pub(super) fn objection_to_resting(&self) -> Option<String> {
        match &self.run.phase {
            Phase::Running => None,
            Phase::Paused(reason) => Some(format!("the run is paused already, {}", told(reason))),
            phase => Some(format!("the run is {}: nothing new begins any more", phase.name())),
        }
    }

    /// Nothing new leaves until somebody resumes it. What is under way comes back.
    pub(super) fn rest(&mut self, who: String, why: String) -> Result<(), Refusal> {
        self.tell(RunPaused { reason: PauseReason::Person { who, why } })
    }

    /// Ends the run where it stands. Nothing is settled, nothing is taken back: what was open is listed.
    pub(super) fn kill(&mut self, who: String, why: String) -> Result<(), Refusal> {
        let open = self.run.steps.iter().flat_map(|step| still_open(step)).collect();
        self.drop_asks(None)?;
        self.tell(RunKilled { who, why, open })
    }
}

/// Why a run is paused, in words.
fn told(reason: &PauseReason) -> String {
    match reason {
        PauseReason::Limit { limit, .. } => format!("by its limit on {}", limit.name()),
        PauseReason::Operator { why } => format!("until the operator has mended this: {why}"),
        PauseReason::Person { who, .. } => format!("by {who}"),
        PauseReason::Halt { scope, who, .. } => format!("since {who} halted {scope}"),
    }
}

/// What of a step would be heard of, or was still to be done.
fn still_open(step: &StepRun) -> Vec<StillOpen> {
    let asked = step.asked().map(|asked| StillOpen {
        step: step.id.clone(),
        call: None,
        what: format!("`{}` was asked, and its answer is not waited for", asked.model),
    });
    let question = step.question().map(|question| StillOpen {
        step: step.id.clone(),
        call: None,
        what: format!("people were asked: {}", question.asked.question),
    });
    let calls = step.calls().iter().filter_map(|call| {
        let (step, what) = (step.id.clone(), call_open(call)?);
        Some(StillOpen { step, call: Some(call.id.clone()), what })
    });
    asked.into_iter().chain(question).chain(calls).collect()
}

fn call_open(call: &Call) -> Option<String> {
    let tool = &call.tool;
    Some(match &call.state {
        CallState::Due(due) if due.doubt.is_some() => {
            format!("`{tool}` is in doubt: it may have taken effect")
        }
        CallState::Due(_) => format!("`{tool}` was not sent"),
        CallState::Asking(_) | CallState::Denied => format!("`{tool}` was not sent: people were asked"),
        CallState::Intended(_) => format!("`{tool}` may have left: it may take effect yet"),
        CallState::Working(working) => {
            format!("`{tool}` is worked on by its server ({}): it may take effect yet", working.handle)
        }
        CallState::Doubted(_) => format!("`{tool}` is in doubt: it may have taken effect"),
        CallState::Applied(_) => format!("`{tool}` took effect"),
        CallState::Closed(_) => return None,
    })
}
