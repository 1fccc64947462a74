//! Calls that hang behind another one: they look at the world for it, or take back what it did.
//!
//! Each is a call like every other. What differs: the contract asks for it and not a model, so it needs no grant; it is
//! never in the way of the call that it serves; and where its attempts are used up it fails, so that whoever made it can
//! decide what that means.

use handfast_events::{CallId, Purpose, SideCallProposed, StepId, Timestamp};
use serde_json::Value;

use crate::Refusal;
use crate::decide::Draft;
use crate::limits::ATTEMPTS;
use crate::state::{Call, CallState};

impl Draft {
    /// Records a call behind this one, and holds it against its own contract.
    pub(crate) fn propose_aside(
        &mut self,
        behind: &CallId,
        purpose: Purpose,
        tool: &str,
        mut args: Value,
        not_before: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        if let Some(tool) = self.run.plan.tool(tool) {
            tool.input.fill_defaults(&mut args);
        }
        let Some(id) = self.run.call(behind).map(|call| call.next_aside(&purpose)) else { return Ok(()) };
        self.tell_call(&id, SideCallProposed { purpose, tool: tool.into(), args, not_before })?;
        self.check(&id)
    }

    /// Moves a call, and those behind it, as far as they can move.
    pub(crate) fn tend(&mut self, id: &CallId) -> Result<(), Refusal> {
        let Some(call) = self.run.call(id) else { return Ok(()) };
        let behind: Vec<CallId> =
            call.side.iter().filter(|side| !side.is_closed()).map(|side| side.id.clone()).collect();
        for side in &behind {
            self.tend(side)?;
        }
        match self.run.call(id).map(|call| &call.state) {
            Some(CallState::Due(_)) if self.run.call(id).is_some_and(|call| self.is_ask(call)) => {
                self.put_question(id)
            }
            Some(CallState::Due(_)) => self.send(id),
            Some(CallState::Doubted(_)) => self.look(id),
            Some(CallState::Applied(_)) => self.judge(id),
            _ => Ok(()),
        }
    }

    /// Moves what has left already, in a scope that makes no new calls any more; none is the whole run.
    pub(crate) fn tend_what_left(&mut self, scope: Option<&StepId>) -> Result<(), Refusal> {
        loop {
            let before = self.events.len();
            let calls = self.run.steps_of(scope).flat_map(|step| step.calls());
            let left = calls.filter(|call| !matches!(call.state, CallState::Due(_)));
            for id in left.map(|call| call.id.clone()).collect::<Vec<_>>() {
                self.tend(&id)?;
            }
            if self.events.len() == before {
                return Ok(());
            }
        }
    }
}

impl Call {
    /// Whether it goes on though its run is held or ending: it settles what has left, or takes it back.
    pub(crate) const fn is_aftermath(&self) -> bool {
        matches!(self.purpose, Some(Purpose::After(_) | Purpose::Look | Purpose::Compensate))
    }

    /// Whether a call behind another one has no attempt left. A call of its own rests on its limit, which can be raised.
    pub(crate) fn is_used_up(&self, limit: Option<u64>, tries: u64) -> bool {
        match &self.purpose {
            None => false,
            // One look is one try; the next look is a call of its own.
            Some(Purpose::Look) => true,
            Some(_) => tries >= limit.unwrap_or(ATTEMPTS),
        }
    }
}
