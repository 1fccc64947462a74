//! What took effect and may still have to be taken back: a list that grows with a run and costs a pointer to copy.

use std::sync::Arc;

use handfast_events::{CallId, StepId};

use super::Call;

/// Calls that took effect, the newest first; none that only reads.
///
/// A decision is drafted on a copy of its run, so a list that is copied whole would make each turn dearer than the one
/// before. This one shares all but what changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied(Option<Arc<Node>>);

#[derive(Clone, Debug)]
struct Node {
    call: Arc<Call>,
    before: Applied,
}

impl Applied {
    /// The call took effect, or more is known of one that did.
    pub(crate) fn note(&mut self, call: &Call, is_new: bool) {
        if is_new {
            return self.push(Arc::new(call.clone()));
        }
        // What is judged took effect a moment ago: it stands near the head. A broken promise doesn't change what it gave.
        self.change(&call.id, |slot| {
            let state = slot.take().filter(|_| call.is_broken()).map(|before| before.state.clone());
            *slot =
                Some(Arc::new(Call { state: state.unwrap_or_else(|| call.state.clone()), ..call.clone() }));
        });
    }

    fn push(&mut self, call: Arc<Call>) {
        let before = std::mem::take(self);
        self.0 = Some(Arc::new(Node { call, before }));
    }

    /// Takes one call out, wherever it stands.
    pub(crate) fn take(&mut self, id: &CallId) -> Option<Arc<Call>> {
        let mut taken = None;
        self.change(id, |slot| taken = slot.take());
        taken
    }

    /// Changes one call; what is newer is kept in its order.
    fn change(&mut self, id: &CallId, how: impl FnOnce(&mut Option<Arc<Call>>)) {
        let newer: Vec<Arc<Call>> = self.iter().take_while(|call| call.id != *id).cloned().collect();
        let mut rest = self.clone();
        for _ in &newer {
            rest = rest.0.as_ref().map(|node| node.before.clone()).unwrap_or_default();
        }
        let Some(node) = rest.0.clone() else { return };
        let mut slot = Some(node.call.clone());
        how(&mut slot);
        let mut changed = node.before.clone();
        for call in slot.into_iter().chain(newer.into_iter().rev()) {
            changed.push(call);
        }
        *self = changed;
    }

    /// The calls, the newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Call>> {
        std::iter::successors(self.0.as_deref(), |node| node.before.0.as_deref()).map(|node| &node.call)
    }
}

impl Drop for Node {
    /// One after the other: a long list that dropped itself would go as deep as it is long.
    fn drop(&mut self) {
        let mut next = self.before.0.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.before.0.take();
        }
    }
}

/// Whether a call belongs to a scope: the whole run, or a step with all that is below it by its path.
pub(crate) fn is_within(scope: Option<&StepId>, call: &CallId) -> bool {
    scope.is_none_or(|scope| call.step().is_within(scope))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn call(id: &str) -> Call {
        Call::new(CallId::new(id), "tool", Value::Null)
    }

    fn ids(applied: &Applied) -> Vec<&str> {
        applied.iter().map(|call| call.id.as_str()).collect()
    }

    #[test]
    fn the_newest_comes_first_and_any_can_be_taken_out() {
        let mut applied = Applied::default();
        for id in ["a@1.0", "b@1.0", "c@1.0", "d@1.0"] {
            applied.note(&call(id), true);
        }
        let before = applied.clone();
        assert_eq!(
            applied.take(&CallId::new("b@1.0")).map(|call| call.id.clone()),
            Some(CallId::new("b@1.0"))
        );
        assert!(applied.take(&CallId::new("b@1.0")).is_none());
        applied.note(&Call { tool: "more".into(), ..call("c@1.0") }, false);
        assert_eq!(ids(&applied), ["d@1.0", "c@1.0", "a@1.0"]);
        assert_eq!(ids(&before), ["d@1.0", "c@1.0", "b@1.0", "a@1.0"]);
        let tools: Vec<&str> = applied.iter().map(|call| &*call.tool).collect();
        assert_eq!(tools, ["tool", "more", "tool"]);
    }

    #[test]
    fn a_long_list_is_dropped_one_after_the_other() {
        let mut applied = Applied::default();
        (0..200_000).for_each(|ordinal| applied.note(&call(&format!("a@1.{ordinal}")), true));
        drop(applied.clone());
        drop(applied);
    }

    #[test]
    fn a_scope_holds_its_step_and_what_is_below_it() {
        let within = |scope: &str, call: &str| is_within(Some(&StepId::new(scope)), &CallId::new(call));
        assert!(is_within(None, &CallId::new("a@1.0")));
        for call in ["study@1.0", "study[rust]/found@0.0", "study/a@0.0", "study#2/b@1.1~after.order"] {
            assert!(within("study", call), "{call}");
        }
        assert!(
            within("study[rust]", "study[rust]/found@0.0") && !within("study[rust]", "study[go]/found@0.0")
        );
        assert!(within("study", "study~otherwise@0.0") && !within("study", "studying@0.0"));
    }
}
