//! An action is done once, in this run or any other: `once_per`.
//!
//! The action's row is claimed in the commit of the intent. Whoever finds it claimed looks at what stands there: the same
//! arguments get what was given, or wait for it; other arguments are refused, naming the first. Nothing is read
//! beforehand: the commit itself tells that somebody was first, and what is then found ([`Seen`]) is decided on anew.

use std::collections::BTreeMap;

use handfast_contract::{Expr, Tool};
use handfast_events::{
    Action, CallGiven, CallId, CallQueued, CallRefused, CallWaits, ClaimBefore, ClaimChanged, Digest, Done,
    Failure, FailureClass, Kept, Party, RunId, canonical,
};

use crate::decide::Draft;
use crate::limits::{CLAIM_LOOK_FIRST, CLAIM_LOOK_MAX};
use crate::state::{Call, Due, Phase, Run};
use crate::{Refusal, evidence};

/// What an append found of rows that other runs hold: who, and the value. Knowledge of a moment, used for the decision
/// that the append was about, and dropped.
pub type Seen = BTreeMap<String, (RunId, String)>;

/// The rows of actions, by name.
const ACTION: &str = "action/";

impl Draft {
    /// Claims the call's action, where its tool has one. Tells whether the call may leave now; if not, what becomes of it
    /// is told.
    pub(crate) fn is_first(&mut self, call: &Call, due: &Due, tool: &Tool) -> Result<bool, Refusal> {
        let Some(rule) = &tool.once_per else { return Ok(true) };
        // An attempt before this one claimed it: what the action is does not change between them.
        if self.run.actions.values().any(|own| own.call == call.id) {
            return Ok(true);
        }
        let name = match self.action_name(call, tool, rule) {
            Ok(name) => name,
            Err(fault) => {
                let failure = Failure::new(
                    FailureClass::Author,
                    format!("`once_per` of tool `{}`: {fault}", tool.name),
                );
                let clause = Some(tool.address("once_per"));
                return self.fail(&call.id.step(), failure, clause, Party::Author).map(|()| false);
            }
        };
        let args = Digest::of(&canonical(&call.args));
        let (by, first) = match (self.run.actions.get(&name), self.seen.get(&name)) {
            (Some(own), _) => (self.run.id, Some(own.clone())),
            (None, Some((by, value))) => (*by, serde_json::from_str::<Action>(value).ok()),
            (None, None) => {
                let action = Action { call: call.id.clone(), args, done: Done::Open };
                return self.claim_action(name, ClaimBefore::Absent, Some(&action)).map(|()| true);
            }
        };
        match first {
            Some(Action { call: first, args: same, done: Done::Gave(result) }) if same == args => {
                self.tell_call(&call.id, CallGiven { run: by, call: first, result })?;
                self.learn_from(&call.id)
            }
            Some(Action { call: first, args: same, done: Done::Open }) if same == args => {
                self.wait_for_action(call, due, &name, (by, first))
            }
            first => self.tell_call(&call.id, self.refused_action(tool, rule, by, first.as_ref())),
        }
        .map(|()| false)
    }

    /// `action/CONTRACT/TOOL/…` and the digest of the value that the action is done once for.
    fn action_name(&self, call: &Call, tool: &Tool, rule: &Expr) -> Result<String, String> {
        let ground = self.ground(call);
        let value = rule.eval(&self.scope_of(call, &ground)).map_err(|fault| fault.to_string())?;
        let value = value.ok_or("it has no value for this call")?;
        let digest = Digest::of(&canonical(&value)).hex();
        Ok(format!("{ACTION}{}/{}/{digest}", self.run.contract_name(), tool.name))
    }

    /// The same action is under way: within the run behind its call, elsewhere until it is looked for again.
    fn wait_for_action(
        &mut self,
        call: &Call,
        due: &Due,
        name: &str,
        (by, first): (RunId, CallId),
    ) -> Result<(), Refusal> {
        if by == self.run.id {
            // It is said once.
            let queued = CallQueued { resource: name.to_owned(), behind: first };
            return if due.behind.is_some() { Ok(()) } else { self.tell_call(&call.id, queued) };
        }
        let looks = due.held.as_ref().map_or(0, |held| held.looks);
        let wait = CLAIM_LOOK_FIRST.saturating_mul(1 << looks.min(16)).min(CLAIM_LOOK_MAX);
        let until = self.now.checked_add(wait).unwrap_or(self.now);
        self.tell_call(&call.id, CallWaits { claim: name.to_owned(), by, until })
    }

    fn refused_action(&self, tool: &Tool, rule: &Expr, by: RunId, first: Option<&Action>) -> CallRefused {
        let by = if by == self.run.id { "of this run".to_owned() } else { format!("of run `{by}`") };
        let reason = match first {
            None => format!("what stands there can't be read: {by} holds it, written by another release"),
            Some(Action { call, done: Done::Broke, .. }) => {
                format!("call `{call}` {by} did it, and what came of it broke a promise of the tool")
            }
            Some(Action { call, done: Done::Open, .. }) => {
                format!("call `{call}` {by} is doing it with other arguments")
            }
            Some(Action { call, done: Done::Gave(_), .. }) if !tool.shows.is_empty() => {
                format!("call `{call}` {by} did it with other arguments")
            }
            Some(Action { call, done: Done::Gave(gave), .. }) => {
                let gave = match gave {
                    Kept::Whole(value) => evidence(&value.to_string()),
                    Kept::Cut { head, .. } => evidence(head),
                };
                format!("call `{call}` {by} did it with other arguments, and gave {gave}")
            }
        };
        CallRefused {
            clause: tool.address("once_per"),
            sentence: format!("`{}` is done once for each `{}`", tool.name, rule.source()),
            reason,
            mend: "It was not done again. Go on with what was done, or with something else.".into(),
        }
    }

    /// What the call did is known: who asks for the same action gets it.
    pub(crate) fn keep_action(&mut self, id: &CallId, done: Done) -> Result<(), Refusal> {
        let own = self.run.actions.iter().find(|(_, action)| action.call == *id);
        let Some((name, action)) = own.map(|(name, action)| (name.clone(), action.clone())) else {
            return Ok(());
        };
        self.claim_action(name, ClaimBefore::Own, Some(&Action { done, ..action }))
    }

    /// The call's action may be done anew: it did not take effect, or was taken back.
    pub(crate) fn free_action(&mut self, id: &CallId) -> Result<(), Refusal> {
        let own = self.run.actions.iter().find(|(_, action)| action.call == *id);
        match own.map(|(name, _)| name.clone()) {
            Some(name) => self.claim_action(name, ClaimBefore::Own, None),
            None => Ok(()),
        }
    }

    /// Frees what was claimed for calls that can't take effect any more.
    pub(crate) fn free_actions(&mut self) -> Result<(), Refusal> {
        let is_running = matches!(self.run.phase, Phase::Running | Phase::Paused(_));
        let is_idle = |action: &Action| match self.run.call(&action.call) {
            None => true,
            Some(call) if call.may_have_left() => false,
            Some(call) => call.is_closed() || !is_running,
        };
        let open = self.run.actions.values().filter(|action| action.done == Done::Open && is_idle(action));
        for call in open.map(|action| action.call.clone()).collect::<Vec<_>>() {
            self.free_action(&call)?;
        }
        Ok(())
    }

    fn claim_action(
        &mut self,
        name: String,
        before: ClaimBefore,
        action: Option<&Action>,
    ) -> Result<(), Refusal> {
        let value = action.and_then(|action| serde_json::to_string(action).ok());
        self.tell(ClaimChanged { name, before, value })
    }
}

impl Run {
    /// What the run holds of what runs share becomes what the event says.
    pub(crate) fn evolve_claim(&mut self, changed: &ClaimChanged) {
        if !changed.name.starts_with(ACTION) {
            return;
        }
        let action = changed.value.as_deref().and_then(|value| serde_json::from_str(value).ok());
        match action {
            Some(action) => self.actions.insert(changed.name.clone(), action),
            None => self.actions.remove(&changed.name),
        };
    }
}
