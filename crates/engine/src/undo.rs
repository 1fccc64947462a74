//! What a scope did is taken back: in reverse order of application, one call at a time, each under the word of the
//! contract that it was made under.
//!
//! A compensation is a call like others, with its key, its doubts and its retries; it needs no grant and no yes, since
//! both were given with the call that it takes back. Reverse order is a promise: what a call built on is there until
//! that call is taken back. So where one can't be, all that came before it waits until a person has said what is to
//! become of it.

use handfast_contract::{Compensate, EffectKind, Scope, Tool};
use handfast_events::{
    CallCompensated, CallId, CallLeftStanding, CompensationBegan, CompensationRetried, CompensationStuck,
    Failure, FailureClass, Kept, Party, Purpose, SideCallProposed, Standing, StandingAccepted, StepId,
};
use serde_json::{Map, Value};

use crate::Refusal;
use crate::decide::Draft;
use crate::state::{Call, CallState, Closed, Compensation, CompensationState, Phase, is_within};

/// Why a compensation can't go on: what happened, the clause, who is at fault.
struct Obstacle {
    failure: Failure,
    clause: Option<String>,
    party: Party,
}

impl Draft {
    /// Takes back what the scope's calls did; the whole run's where no step is named. Tells whether all of it is. Nothing
    /// of the scope may still be under way or in doubt.
    pub(crate) fn take_back(&mut self, scope: Option<&StepId>) -> Result<bool, Refusal> {
        while !matches!(self.run.phase, Phase::Paused(_)) {
            let before = self.events.len();
            let next = self.run.compensations.iter().find(|one| is_within(scope, &one.of.id)).cloned();
            match next {
                Some(next) => self.go_on_taking_back(&next)?,
                None if self.begin_taking_back(scope)? => {}
                None => return Ok(true),
            }
            if self.events.len() == before {
                break;
            }
        }
        Ok(false)
    }

    /// Says what stays as it is and what is taken back. Tells whether there was any of it.
    fn begin_taking_back(&mut self, scope: Option<&StepId>) -> Result<bool, Refusal> {
        let applied: Vec<_> =
            self.run.applied.iter().filter(|call| is_within(scope, &call.id)).cloned().collect();
        let mut calls = Vec::new();
        for call in &applied {
            let tool = self.run.plan.tool(&call.tool).cloned();
            match tool.as_ref().and_then(|tool| tool.compensate.as_ref()) {
                Some(Compensate::By { undo: Some(_), .. }) => calls.push(call.id.clone()),
                other => {
                    let why = match other {
                        Some(Compensate::By { .. }) => Standing::Leaves,
                        Some(Compensate::Impossible) => Standing::Impossible,
                        None => Standing::Unsaid,
                    };
                    let what = tool.as_deref().map(|tool| self.what_stays(call, tool)).unwrap_or_default();
                    self.tell_call(&call.id, CallLeftStanding { what, why })?;
                }
            }
        }
        if !calls.is_empty() {
            let began = CompensationBegan { contract: self.run.plan.contract().digest, calls };
            match scope {
                Some(step) => self.tell_step(step, began)?,
                None => self.tell(began)?,
            }
        }
        Ok(!applied.is_empty())
    }

    fn go_on_taking_back(&mut self, one: &Compensation) -> Result<(), Refusal> {
        let call = match &one.state {
            CompensationState::Due => return self.propose_compensation(&one.of),
            CompensationState::Stuck(_) => return Ok(()),
            CompensationState::Calling(call) => call,
        };
        match &call.state {
            // What takes another call back asks nobody: its yes was given with that one.
            CallState::Asking(_)
            | CallState::Denied
            | CallState::Due(_)
            | CallState::Intended(_)
            | CallState::Working(_)
            | CallState::Doubted(_)
            | CallState::Applied(_) => self.tend(&call.id),
            CallState::Closed(Closed::Broken(broken)) => {
                let party = broken.party.unwrap_or(Party::Unknown);
                let class =
                    if party == Party::Author { FailureClass::Author } else { FailureClass::ToolBreach };
                let detail =
                    format!("it took effect, and `{}` is broken: {}", broken.clause, broken.evidence);
                let (failure, clause) = (Failure::new(class, detail), Some(broken.clause.clone()));
                self.tell_call(&one.of.id, CompensationStuck { failure, clause, party })
            }
            // Nothing takes back by asking.
            CallState::Closed(Closed::Answered { .. }) => Ok(()),
            CallState::Closed(Closed::Judged(_) | Closed::Given(_) | Closed::Withheld(..)) => {
                let leaves = match self.run.plan.tool(&one.of.tool).and_then(|tool| tool.compensate.as_ref())
                {
                    Some(Compensate::By { leaves, .. }) => leaves.clone(),
                    _ => Vec::new(),
                };
                self.tell_call(&one.of.id, CallCompensated { leaves })?;
                self.free_action(&one.of.id)
            }
            CallState::Closed(Closed::Failed(failure)) => {
                let party = if failure.class == FailureClass::Author { Party::Author } else { Party::Tool };
                let failure = failure.clone();
                self.tell_call(&one.of.id, CompensationStuck { failure, clause: None, party })
            }
            CallState::Closed(Closed::Denied(_)) => {
                let failure =
                    Failure::new(FailureClass::RefusedByClause, "somebody said no to taking it back");
                let party = Party::Person;
                self.tell_call(&one.of.id, CompensationStuck { failure, clause: None, party })
            }
            CallState::Closed(Closed::Refused(refused)) => {
                let detail = format!("{}: {}", refused.sentence, refused.reason);
                let failure = Failure::new(FailureClass::RefusedByClause, detail);
                let clause = Some(refused.clause.clone());
                self.tell_call(&one.of.id, CompensationStuck { failure, clause, party: Party::Environment })
            }
        }
    }

    fn propose_compensation(&mut self, of: &Call) -> Result<(), Refusal> {
        match self.compensation_of(of) {
            Ok((tool, args)) => {
                let id = of.id.compensation();
                let purpose = Purpose::Compensate;
                self.tell_call(&id, SideCallProposed { purpose, tool, args, not_before: None })?;
                self.check(&id)
            }
            Err(Obstacle { failure, clause, party }) => {
                self.tell_call(&of.id, CompensationStuck { failure, clause, party })
            }
        }
    }

    /// The tool that takes a call back, and what it is given: from the call's own arguments and its real result.
    fn compensation_of(&self, of: &Call) -> Result<(String, Value), Obstacle> {
        let author = |clause: Option<String>, detail: String| Obstacle {
            failure: Failure::new(FailureClass::Author, detail),
            clause,
            party: Party::Author,
        };
        let tool = self.run.plan.tool(&of.tool);
        let compensate = tool.as_ref().and_then(|tool| tool.compensate.as_ref());
        let Some((tool, Compensate::By { undo: Some((by, with)), .. })) = tool.zip(compensate) else {
            return Err(author(
                None,
                format!("the contract has no `compensate` of tool `{}` any more", of.tool),
            ));
        };
        let clause = || Some(tool.address("compensate.with"));
        let result = match of.result() {
            Some(Kept::Whole(result)) => Some(result),
            _ => None,
        };
        let ground = self.ground(of);
        let scope = self.scope_of(of, &ground);
        let scope = match result {
            Some(result) => scope.with("result", result),
            None => scope,
        };
        let mut fields = Map::new();
        for (name, expr) in with {
            let told = |fault| {
                let is_cut = result.is_none() && expr.roots().contains("result");
                let why = if is_cut { "; the result was too large to be kept whole" } else { "" };
                author(clause(), format!("what `{by}` is given can't be made (`{name}`): {fault}{why}"))
            };
            if let Some(value) = expr.eval(&scope).map_err(told)? {
                fields.insert(name.clone(), value);
            }
        }
        let mut args = Value::Object(fields);
        if let Some(by) = self.run.plan.tool(by) {
            by.input.fill_defaults(&mut args);
        }
        Ok((by.to_string(), args))
    }

    /// What a call that nothing takes back leaves behind: in its contract's words, else by its effects.
    fn what_stays(&self, call: &Call, tool: &Tool) -> Vec<String> {
        if let Some(Compensate::By { leaves, .. }) = &tool.compensate {
            return leaves.clone();
        }
        self.effects_of(call, tool)
    }

    fn effects_of(&self, call: &Call, tool: &Tool) -> Vec<String> {
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground);
        let changes = tool.effects.iter().filter(|effect| effect.kind != EffectKind::Reads);
        changes.map(|effect| effect_in_words(effect.kind, &effect.target, &scope)).collect()
    }

    /// Why a person can't have it tried again; none where they can.
    pub(crate) fn objection_to_retrying(&self, id: &CallId) -> Option<String> {
        let Some(one) = self.stuck(id) else { return Some(self.not_stuck(id)) };
        let CompensationState::Stuck(Some(call)) = &one.state else { return None };
        let is_once = call.newest.as_ref().is_some_and(|intent| !intent.idempotency.is_repeatable());
        (one.has_broken_promise() && is_once).then(|| {
            format!(
                "call `{}` took effect, and nothing says that it may be made twice: look at what it did, then \
                 `handfast accept`",
                call.id
            )
        })
    }

    /// Why a person can't let it stand; none where they can.
    pub(crate) fn objection_to_accepting(&self, id: &CallId) -> Option<String> {
        let stands = self.run.unaccepted.contains(id) || self.stuck(id).is_some();
        (!stands).then(|| self.not_stuck(id))
    }

    fn not_stuck(&self, id: &CallId) -> String {
        let stuck = self.run.compensations.iter().filter(|one| one.is_stuck()).map(|one| &one.of.id);
        let known: Vec<&str> = stuck.chain(&self.run.unaccepted).map(CallId::as_str).collect();
        let known = if known.is_empty() { "no call is".to_owned() } else { known.join(", ") };
        format!("call `{id}` is neither stuck nor left standing; {known}")
    }

    /// The compensation that is stuck, named by the call that is to be taken back or by the one that should do it.
    fn stuck(&self, id: &CallId) -> Option<&Compensation> {
        let of = id.takes_back();
        let of = of.as_ref().unwrap_or(id);
        self.run.compensations.iter().find(|one| one.is_stuck() && one.of.id == *of)
    }

    pub(crate) fn retry_stuck(&mut self, id: &CallId, who: String, why: String) -> Result<(), Refusal> {
        let Some(of) = self.stuck(id).map(|one| one.of.id.clone()) else { return Ok(()) };
        self.tell_call(&of, CompensationRetried { who, why })?;
        // The world may have changed since it was refused, or since it was let through.
        let again = self.run.compensations.iter().find(|one| one.of.id == of).and_then(Compensation::calling);
        match again.map(|call| call.id.clone()) {
            Some(call) => self.check(&call),
            None => Ok(()),
        }
    }

    /// What is stuck stays as it is; what was left standing may.
    pub(crate) fn accept(&mut self, id: &CallId, who: String, why: String) -> Result<(), Refusal> {
        let Some(of) = self.stuck(id).map(|one| one.of.clone()) else {
            return self.tell_call(id, StandingAccepted { who, why });
        };
        let tool = self.run.plan.tool(&of.tool).cloned();
        let what = tool.map(|tool| self.effects_of(&of, &tool)).unwrap_or_default();
        self.tell_call(&of.id, CallLeftStanding { what, why: Standing::Accepted { who, why } })
    }
}

/// One effect, with the call's arguments filled in where that can be done: `writes order/1042`.
fn effect_in_words(kind: EffectKind, target: &handfast_contract::Template, scope: &Scope<'_>) -> String {
    let word = match kind {
        EffectKind::Reads => "reads",
        EffectKind::Writes => "writes",
        EffectKind::Creates => "creates",
        EffectKind::Deletes => "deletes",
        EffectKind::Notifies => "notifies",
        EffectKind::Enqueues => "enqueues",
    };
    let target = target.fill(scope).unwrap_or_else(|_| target.source().to_owned());
    format!("{word} {target}")
}
