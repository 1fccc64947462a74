//! What nothing takes back is held back: a step with it until nothing else could still fail, a call of a turn until the
//! others of its turn are closed.

use std::collections::BTreeSet;

use handfast_contract::{Compensate, Step, StepWork, Tool};

use crate::decide::Draft;
use crate::state::{Call, StepRun, StepState};

impl Draft {
    /// Whether the step does what nothing takes back, and another beside it that could be finished without it isn't.
    ///
    /// Those that come after it can't be finished without it; neither can those behind another such step. Of several
    /// such steps the first in the contract's order goes first, alone, with all that comes of it.
    pub(crate) fn is_held_back(&self, step: &StepRun) -> bool {
        if !is_irreversible_step(&step.step) {
            return false;
        }
        let mut behind: BTreeSet<&str> = BTreeSet::new();
        let mut first = None;
        let beside = self.run.steps.iter().filter(|other| other.frame.path == step.frame.path);
        for other in beside.filter(|other| !other.is_finished()) {
            let is_behind = other.step.after.iter().any(|name| behind.contains(&**name));
            let is_held = is_irreversible_step(&other.step) && matches!(other.state, StepState::Pending);
            if !is_behind && !is_held {
                return true;
            }
            if !is_behind {
                first = first.or(Some(&other.id));
            }
            behind.insert(&other.step.name);
        }
        first.is_some_and(|first| *first != step.id)
    }

    /// Whether the call does what nothing takes back, and another of its turn is still open that doesn't, or that goes
    /// before it.
    pub(crate) fn goes_later(&self, call: &Call, turn: &[Call]) -> bool {
        let is_irreversible =
            |call: &Call| self.run.plan.tool(&call.tool).is_some_and(|tool| is_irreversible(tool));
        if !is_irreversible(call) {
            return false;
        }
        let mut is_before = true;
        turn.iter().any(|other| {
            is_before &= other.id != call.id;
            other.id != call.id && !other.is_closed() && (is_before || !is_irreversible(other))
        })
    }
}

fn is_irreversible(tool: &Tool) -> bool {
    matches!(tool.compensate, Some(Compensate::Impossible))
}

fn is_irreversible_step(step: &Step) -> bool {
    matches!(&step.work, StepWork::Tool(tool) if is_irreversible(tool))
}
