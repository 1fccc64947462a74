//! A call in doubt is looked for: whether it took effect is asked of the world, through its settling time, before it is
//! repeated and before a person is asked.
//!
//! What a look finds has three values. That it took effect is believed at once. That it did not is believed only of a look
//! that was asked once nothing of the call can be at work any more: its attempt's time is over, and what the contract gives
//! the world to settle. Neither, both and an error leave the doubt.

use handfast_contract::{Expr, Reconcile, Tool};
use handfast_events::{CallFound, CallId, DoubtStayed, Kept, Purpose, Retry, Settled, Stayed, Timestamp};
use serde_json::{Map, Value};

use crate::decide::Draft;
use crate::limits::{LOOK_WAIT, LOOKS_EARLY, LOOKS_LATE, SEND_WITHIN};
use crate::probe::why_unseen;
use crate::state::{Call, CallState, Closed, Phase, Sent, Settles};
use crate::{Refusal, evidence};

/// What a look came to.
enum Found {
    Applied(Value),
    NotApplied,
    /// Neither, both, or an error: why.
    Nothing(String),
}

impl Draft {
    /// Whether a doubt about the call is settled by looking, before anything else.
    pub(crate) fn is_looked_for(&self, call: &Call) -> bool {
        let tool = self.run.plan.tool(&call.tool);
        tool.is_some_and(|tool| matches!(tool.reconcile, Some(Reconcile::Look { .. })))
    }

    /// Takes the next step towards settling a call in doubt.
    pub(crate) fn look(&mut self, id: &CallId) -> Result<(), Refusal> {
        let Some(call) = self.run.call(id).cloned() else { return Ok(()) };
        let CallState::Doubted(Sent { settles: Settles::Looks, .. }) = &call.state else { return Ok(()) };
        let Some(tool) = self.run.plan.tool(&call.tool).cloned() else { return Ok(()) };
        match &tool.reconcile {
            None => Ok(()),
            Some(Reconcile::Ask { role }) => {
                let why = format!("the contract leaves it to `{role}`");
                let next = Stayed::Person { role: Some(role.clone()) };
                self.tell_call(id, DoubtStayed { look: None, why, next })
            }
            Some(Reconcile::Look { tool: looks, with, settle, .. }) => {
                let newest = call.looks().next_back();
                match newest.map(|look| &look.state) {
                    None => self.look_at(&call, looks, with, None),
                    Some(CallState::Closed(closed)) => {
                        let over = call.is_over_at();
                        let ripe = settle.and_then(|settle| over.checked_add(settle).ok());
                        self.looked(&call, &tool, closed, ripe.unwrap_or(over))
                    }
                    Some(_) => Ok(()),
                }
            }
        }
    }

    fn look_at(
        &mut self,
        call: &Call,
        looks: &str,
        with: &std::collections::BTreeMap<String, Expr>,
        at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground);
        let mut args = Map::new();
        for (name, expr) in with {
            match expr.eval(&scope) {
                Ok(value) => args.extend(value.map(|value| (name.clone(), value))),
                Err(fault) => {
                    let why = format!("`with` of `reconcile` can't be evaluated: {fault}");
                    let stayed = DoubtStayed { look: None, why, next: Stayed::Person { role: None } };
                    return self.tell_call(&call.id, stayed);
                }
            }
        }
        self.propose_aside(&call.id, Purpose::Look, looks, Value::Object(args), at)
    }

    /// A look has ended.
    fn looked(&mut self, call: &Call, tool: &Tool, closed: &Closed, ripe: Timestamp) -> Result<(), Refusal> {
        let Some(look) = call.looks().next_back() else { return Ok(()) };
        let seen = match closed {
            Closed::Judged(Kept::Whole(value)) => evidence(&value.to_string()),
            _ => "nothing".into(),
        };
        let found =
            |settled| CallFound { look: look.id.clone(), settled, evidence: format!("it gave {seen}") };
        let why = match self.found(call, tool, closed) {
            Found::Applied(value) => {
                self.tell_call(&call.id, found(Settled::Applied(value)))?;
                return self.judge(&call.id);
            }
            Found::NotApplied if look.asked_at >= ripe => {
                return self.tell_call(&call.id, found(Settled::NotApplied));
            }
            Found::NotApplied => format!("it is not there yet, and may come until {ripe}"),
            Found::Nothing(why) => why,
        };
        // One that was refused, and never sent, can't say more however often it is made.
        let is_late = |look: &&Call| look.newest.is_none() || look.asked_at >= ripe;
        let (asked, late) = (call.looks().count(), call.looks().filter(is_late).count());
        let next = if late < LOOKS_LATE { Stayed::Look } else { self.after_looks(call) };
        let goes_on = next == Stayed::Look;
        self.tell_call(&call.id, DoubtStayed { look: Some(look.id.clone()), why, next })?;
        match &tool.reconcile {
            Some(Reconcile::Look { tool: looks, with, .. }) if goes_on => {
                let at = self.next_look(asked, late, ripe);
                self.look_at(call, looks, with, Some(at))
            }
            _ => Ok(()),
        }
    }

    /// Twice as long after each look; the last of the early ones is followed by the first that may say *not applied*.
    fn next_look(&self, asked: usize, late: usize, ripe: Timestamp) -> Timestamp {
        let doublings =
            u32::try_from(if late > 0 { late } else { asked.saturating_sub(1) }).unwrap_or(u32::MAX);
        let wait = LOOK_WAIT.saturating_mul(1 << doublings.min(16));
        let at = self.now.checked_add(wait).unwrap_or(Timestamp::MAX);
        match () {
            () if self.now >= ripe => at,
            () if asked >= LOOKS_EARLY => ripe,
            () => at.min(ripe),
        }
    }

    /// Looking has settled nothing: it is repeated where that is safe, else a person says.
    fn after_looks(&self, call: &Call) -> Stayed {
        let CallState::Doubted(sent) = &call.state else { return Stayed::Person { role: None } };
        if sent.is_repeatable() && !matches!(self.run.phase, Phase::Ending(_)) {
            return Stayed::Repeat(Retry { at: self.now, why: "looking has settled nothing".into() });
        }
        Stayed::Person { role: None }
    }

    fn found(&self, call: &Call, tool: &Tool, closed: &Closed) -> Found {
        let Some(Reconcile::Look { tool: looks, applied, not_applied, gives, .. }) = &tool.reconcile else {
            return Found::Nothing("the contract says no more how to look".into());
        };
        let value = match (closed, why_unseen(closed)) {
            (Closed::Judged(Kept::Whole(value)), None) => value,
            (_, why) => {
                return Found::Nothing(format!("`{looks}` could not say: {}", why.unwrap_or_default()));
            }
        };
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground).with("result", value);
        let holds = |part: &str, expr: &Expr| {
            expr.holds(&scope).map_err(|fault| format!("`{part}` can't be evaluated: {fault}"))
        };
        let is_applied = holds("applied", applied);
        let is_not = not_applied.as_ref().map_or(Ok(false), |expr| holds("not_applied", expr));
        match (is_applied, is_not) {
            (Err(why), _) | (_, Err(why)) => Found::Nothing(why),
            (Ok(true), Ok(true)) => Found::Nothing("it says both".into()),
            (Ok(false), Ok(false)) => Found::Nothing("it says neither".into()),
            (Ok(false), Ok(true)) => Found::NotApplied,
            (Ok(true), Ok(false)) => match gives.as_ref().map(|gives| gives.eval(&scope)).transpose() {
                Ok(value) => Found::Applied(value.flatten().unwrap_or(Value::Null)),
                Err(fault) => Found::Nothing(format!("`gives` can't be evaluated: {fault}")),
            },
        }
    }
}

impl Call {
    /// From when on nothing of its newest attempt can be at work: it may have left as late as it may, and taken its time.
    pub(crate) fn is_over_at(&self) -> Timestamp {
        self.over_by.checked_add(SEND_WITHIN).unwrap_or(Timestamp::MAX)
    }

    /// The looks for what came of its newest attempt.
    fn looks(&self) -> impl DoubleEndedIterator<Item = &Self> {
        self.probes().filter(|side| side.purpose == Some(Purpose::Look))
    }
}
