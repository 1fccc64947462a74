//! The world is looked at for a call's clauses: before the call is sent, and where a clause needs it, after.

use std::collections::BTreeSet;

use handfast_contract::{Compensate, Expr, Name, Probe, Tool};
use handfast_events::{CallGiven, CallId, CallRefused, Kept, Purpose};
use serde_json::{Map, Value};

use crate::check::unevaluable;
use crate::decide::Draft;
use crate::ground::reads_a_probe;
use crate::limits::{PROBE_FRESH, PROBE_TIMES};
use crate::state::{Call, CallState, Closed};
use crate::{Refusal, evidence};

/// How a probe stands.
enum Seen {
    /// Its value is there, and fresh.
    Fresh,
    /// Its value is there, and may not be true any more.
    Stale,
    /// It was not asked yet.
    Unasked,
    /// It is under way.
    Open,
}

/// A call to be made behind another one: what for, of which tool, with what.
type Wanted = (Purpose, Name, Value);

impl Draft {
    /// Whether all that the call's clauses need to know of the world is known, and what they require of it holds. Asks
    /// what isn't known, and refuses the call where it can't be known or doesn't hold.
    ///
    /// A call that is repeated while nobody knows what came of it is held against nothing again: the world may be as its
    /// own first attempt left it.
    pub(crate) fn is_probed(&mut self, id: &CallId, tool: &Tool) -> Result<bool, Refusal> {
        let Some(call) = self.run.call(id).cloned() else { return Ok(false) };
        let CallState::Due(due) = &call.state else { return Ok(false) };
        if tool.probes.is_empty() || due.doubt.is_some() {
            return Ok(true);
        }
        match self.wanted_before(&call, tool) {
            Err(refused) => return self.tell_call(id, refused).map(|()| false),
            Ok(None) => return Ok(false),
            Ok(Some(wanted)) if !wanted.is_empty() => {
                for (purpose, tool, args) in wanted {
                    self.propose_aside(id, purpose, &tool, args, None)?;
                }
                return Ok(false);
            }
            Ok(Some(_)) => {}
        }
        let ground = self.ground(&call);
        let scope = self.scope_of(&call, &ground);
        let on_probes = tool.requires.iter().filter(|clause| reads_a_probe(tool, &clause.condition));
        let refused = on_probes.filter_map(|clause| self.objection_to_clause(clause, &scope, &call)).next();
        match refused {
            None => Ok(true),
            Some(refused) => self.tell_call(id, refused).map(|()| false),
        }
    }

    /// The probes to be asked now; none where some are under way.
    fn wanted_before(&self, call: &Call, tool: &Tool) -> Result<Option<Vec<Wanted>>, CallRefused> {
        let (mut unasked, mut stale, mut is_open) = (Vec::new(), Vec::new(), false);
        for probe in &tool.probes {
            match self.seen(call, tool, probe)? {
                Seen::Fresh => {}
                Seen::Stale => stale.push(probe),
                Seen::Unasked => unasked.push(probe),
                Seen::Open => is_open = true,
            }
        }
        // What is stale is asked again once the rest has answered: it would be stale again.
        let wanted = match (unasked.is_empty(), is_open) {
            (false, _) => unasked,
            (true, true) => return Ok(None),
            (true, false) => stale,
        };
        let asked = |probe: &Probe| {
            let args = self.probe_args(call, tool, probe)?;
            Ok((Purpose::Before(probe.name.to_string()), probe.tool.clone(), args))
        };
        wanted.into_iter().map(asked).collect::<Result<_, _>>().map(Some)
    }

    fn seen(&self, call: &Call, tool: &Tool, probe: &Probe) -> Result<Seen, CallRefused> {
        let purpose = Purpose::Before(probe.name.to_string());
        let mut asked = call.probes().filter(|side| side.purpose.as_ref() == Some(&purpose));
        let Some(newest) = asked.next_back() else { return Ok(Seen::Unasked) };
        let CallState::Closed(closed) = &newest.state else { return Ok(Seen::Open) };
        let refused = |reason: String, mend: &str| CallRefused {
            clause: tool.address(&format!("probes.{}", probe.name)),
            sentence: format!("what it needs to know of the world (`{}`) can be seen first", probe.name),
            reason,
            mend: mend.into(),
        };
        if let Some(why) = why_unseen(closed) {
            let reason = format!("`{}` could not say: {why}", probe.tool);
            return Err(refused(reason, "Try again later, or do without."));
        }
        if self.now.duration_since(newest.told_at).unsigned_abs() <= PROBE_FRESH {
            return Ok(Seen::Fresh);
        }
        if asked.count() + 1 < PROBE_TIMES {
            return Ok(Seen::Stale);
        }
        let reason = format!(
            "it was asked {PROBE_TIMES} times, and was older than {} s each time when all was known",
            PROBE_FRESH.as_secs()
        );
        Err(refused(reason, "Try again later, or do without."))
    }

    fn probe_args(&self, call: &Call, tool: &Tool, probe: &Probe) -> Result<Value, CallRefused> {
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground);
        let mut args = Map::new();
        for (name, expr) in &probe.with {
            let value = expr.eval(&scope).map_err(|fault| {
                let clause = tool.address(&format!("probes.{}", probe.name));
                unevaluable(clause, "with", fault.to_string())
            })?;
            args.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(Value::Object(args))
    }

    /// Whether all that judges a call which took effect is known. Asks anew what a clause reads of the world as it is now;
    /// what can't be had leaves its clauses unverified.
    pub(crate) fn is_looked_after(&mut self, id: &CallId) -> Result<bool, Refusal> {
        let Some(call) = self.run.call(id).cloned() else { return Ok(true) };
        let Some(tool) = self.run.plan.tool(&call.tool).cloned() else { return Ok(true) };
        let CallState::Applied(Kept::Whole(value)) = &call.state else { return Ok(true) };
        let fits = tool.output.as_ref().is_none_or(|output| output.check(value).is_empty());
        if tool.probes.is_empty() || !fits {
            return Ok(true);
        }
        let wanted = wanted_after(&tool);
        let mut is_known = true;
        for probe in tool.probes.iter().filter(|probe| wanted.contains(&*probe.name)) {
            let purpose = Purpose::After(probe.name.to_string());
            match call.side.iter().find(|side| side.purpose.as_ref() == Some(&purpose)) {
                Some(side) => is_known &= side.is_closed(),
                None => {
                    if let Ok(args) = self.probe_args(&call, &tool, probe) {
                        is_known = false;
                        self.propose_aside(id, purpose, &probe.tool, args, None)?;
                    }
                }
            }
        }
        Ok(is_known)
    }

    /// Why a clause on what is there after the call can't be judged; none where it can.
    pub(crate) fn unseen_after(&self, call: &Call, tool: &Tool, clause: &Expr) -> Option<String> {
        if tool.probes.is_empty() {
            return None;
        }
        let roots = clause.roots();
        let unseen = tool.probes.iter().filter(|probe| roots.contains(&*probe.name)).find_map(|probe| {
            let purpose = Purpose::After(probe.name.to_string());
            if call.seen(&purpose).is_some() {
                return None;
            }
            let side = call.side.iter().find(|side| side.purpose.as_ref() == Some(&purpose));
            let why = match side.map(|side| &side.state) {
                Some(CallState::Closed(closed)) => why_unseen(closed),
                _ => None,
            };
            let why = why.unwrap_or_else(|| "it could not be asked".into());
            Some(format!("what `{}` is after the call can't be seen: {why}", probe.name))
        });
        unseen.map(|told| evidence(&told))
    }
}

/// The probes that are asked anew once the call took effect: those whose name is read where `old` means the value before.
fn wanted_after(tool: &Tool) -> BTreeSet<String> {
    let clauses = tool.ensures.iter().chain(&tool.shows).map(|clause| &clause.condition);
    let undo = match &tool.compensate {
        Some(Compensate::By { undo: Some((_, with)), .. }) => Some(with.values()),
        _ => None,
    };
    let values = tool.establishes.values().chain(undo.into_iter().flatten());
    clauses.chain(values).flat_map(Expr::roots).collect()
}

/// Why a call that is closed shows nothing; none where it does.
pub(crate) fn why_unseen(closed: &Closed) -> Option<String> {
    match closed {
        Closed::Judged(Kept::Whole(_)) | Closed::Given(CallGiven { result: Kept::Whole(_), .. }) => None,
        Closed::Judged(Kept::Cut { bytes, .. })
        | Closed::Given(CallGiven { result: Kept::Cut { bytes, .. }, .. }) => {
            Some(format!("its result has {bytes} bytes, more than is kept"))
        }
        Closed::Refused(refused) | Closed::Denied(refused) => {
            Some(format!("{}: {}", refused.sentence, refused.reason))
        }
        Closed::Withheld(withheld, _) => Some(format!("{}: {}", withheld.sentence, withheld.reason)),
        Closed::Failed(failure) => Some(failure.detail.clone()),
        Closed::Broken(verdict) => Some(format!("`{}` is broken: {}", verdict.clause, verdict.evidence)),
        Closed::Answered { .. } => Some("it asks people, and looks at nothing".to_owned()),
    }
}
