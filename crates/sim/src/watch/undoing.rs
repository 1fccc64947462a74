//! What was done, what takes it back and in which order, as the watch sees it: nothing here is the engine's word for it.

use std::collections::BTreeSet;

use handfast_events::{Body, CallId, Event, Settled};

use super::Watch;
use crate::Law;

/// What the journal says of taking back.
#[derive(Debug, Default)]
pub(super) struct Undoing {
    /// Calls that took effect and that something takes back, in the order in which that was recorded.
    done: Vec<CallId>,
    /// Those that are to be taken back, each time that a scope failed.
    scopes: Vec<BTreeSet<CallId>>,
    /// Those that were, and those that were left standing.
    closed: BTreeSet<CallId>,
}

impl Watch {
    pub(super) fn undoing(&mut self, at: u64, event: &Event) {
        if let Body::CompensationBegan(began) = &event.body {
            return self.undoing.scopes.push(began.calls.iter().cloned().collect());
        }
        let Some(call) = &event.call else { return };
        match &event.body {
            Body::CallApplied(_) => self.done(call),
            Body::CallSettled(settled) if matches!(settled.settled, Settled::Applied(_)) => self.done(call),
            Body::CallFound(found) if matches!(found.settled, Settled::Applied(_)) => self.done(call),
            Body::CallIntended(_) => self.in_turn(at, call),
            Body::CallCompensated(_) | Body::CallLeftStanding(_) => {
                self.undoing.closed.insert(call.clone());
            }
            _ => {}
        }
    }

    fn done(&mut self, call: &CallId) {
        let Some(story) = self.calls.get(call).filter(|_| call.behind().is_none()) else { return };
        if self.subject.rules.undoes(&story.tool) && !self.undoing.done.contains(call) {
            self.undoing.done.push(call.clone());
        }
    }

    /// What takes a call back leaves only once all that was done after it, and is to be taken back with it, is gone.
    fn in_turn(&mut self, at: u64, id: &CallId) {
        let Some(of) = id.takes_back() else { return };
        let Undoing { done, scopes, closed, .. } = &self.undoing;
        let scope = scopes.iter().rev().find(|scope| scope.contains(&of));
        let Some(scope) = scope else {
            return self.broke(Law::NeverUnasked, at, format!("{id} takes back what is not to be"));
        };
        let later = done.iter().skip_while(|call| **call != of).skip(1);
        let first = later.filter(|call| scope.contains(*call)).find(|call| !closed.contains(*call));
        if let Some(first) = first {
            let told = format!("{id} was intended before {first}, which was done later, is taken back");
            self.broke(Law::NeverUnasked, at, told);
        }
    }

    /// A run that failed or was cancelled says of each thing that it did whether that was taken back.
    pub(super) fn undone(&mut self, at: u64, journal: &[Event]) {
        let is_undone = |event: &Event| matches!(event.body, Body::RunFailed(_) | Body::RunCancelled(_));
        if !journal.iter().any(is_undone) {
            return;
        }
        let left: Vec<CallId> =
            self.undoing.done.iter().filter(|call| !self.undoing.closed.contains(*call)).cloned().collect();
        for call in left {
            self.broke(Law::NeverUnsaid, at, format!("nothing says whether {call} was taken back"));
        }
    }
}
