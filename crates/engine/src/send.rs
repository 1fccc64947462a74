//! A call leaves: after its turn among the calls that touch the same things, and within its limits.

use std::time::Duration;

use handfast_contract::{Effect, EffectKind, IdempotencyRule, Tool, overlap};
use handfast_events::{
    CallDoubted, CallHeld, CallId, CallIntended, CallQueued, Failure, FailureClass, Idempotency, Money, Next,
    Party, Timestamp, call_key,
};
use serde_json::{Map, Value};

use crate::Refusal;
use crate::breaker::Way;
use crate::check::unevaluable;
use crate::decide::Draft;
use crate::ground::reads_a_probe;
use crate::limits::TOOL_TIMEOUT;
use crate::pace::Pace;
use crate::request::{Unmade, request};
use crate::state::{Call, CallState, Due, Run};

/// What a call touches, as the contract names it with the call's arguments filled in.
#[derive(Default)]
struct Touched {
    reads: Vec<String>,
    writes: Vec<String>,
}

/// A call that nothing of its own run is in the way of.
struct Ready<'a> {
    due: &'a Due,
    sends: Value,
    touched: Touched,
    way: Way,
}

impl Draft {
    /// Intends the call, if nothing is in its way.
    pub(crate) fn send(&mut self, id: &CallId) -> Result<(), Refusal> {
        let Some(call) = self.run.call(id).cloned() else { return Ok(()) };
        let CallState::Due(due) = &call.state else { return Ok(()) };
        let Some(tool) = self.run.plan.tool(&call.tool).cloned() else { return Ok(()) };
        if due.not_before.is_some_and(|at| at > self.now) {
            return Ok(());
        }
        if let Some(until) = self.told_again_at(&call, &tool).filter(|until| *until > self.now) {
            let why = format!("what `{}` tells changes by itself: it is not asked sooner", tool.name);
            return self.tell_call(id, CallHeld { until: Some(until), has_slot: false, why });
        }
        let way = self.run.plan.server_of(&call.tool).map_or(Way::Free, |server| self.way(&server));
        if let Some(until) = self.down_until(&way)? {
            return self.hold_call(&call, due, &tool, until);
        }
        // Where nothing needs to be seen to know what it touches, its turn comes first: what it sees is then fresh.
        let has_probes = !tool.probes.is_empty();
        let is_known = has_probes && !tool.effects.iter().any(|effect| reads_a_probe_in(&tool, effect));
        if is_known && self.touches(&call, &tool, due.behind.is_some())?.is_none() {
            return Ok(());
        }
        if has_probes && !self.is_probed(id, &tool)? {
            return Ok(());
        }
        let Some(call) = self.run.call(id).cloned() else { return Ok(()) };
        if due.attempt == 1 && !self.has_yes(&call, &tool)? {
            return Ok(());
        }
        let Some(touched) = self.touches(&call, &tool, due.behind.is_some())? else { return Ok(()) };
        let sends = match self.sends(&call, &tool) {
            Ok(sends) => sends,
            Err((part, fault)) => return self.cannot_be_made(&call, &tool, part, fault),
        };
        if self.is_call_halted(&call, &tool)? || !self.yes_counts(&call, &tool)? {
            return Ok(());
        }
        self.leave(&call, &tool, Ready { due, sends, touched, way })
    }

    /// Intends a call that nothing of its run is in the way of, within its limits.
    fn leave(&mut self, call: &Call, tool: &Tool, ready: Ready<'_>) -> Result<(), Refusal> {
        let Ready { due, sends, touched, way } = ready;
        let id = &call.id;
        if due.attempt == 1 && call.purpose.is_none() && self.pause_by_count(&id.step(), tool)? {
            return Ok(());
        }
        if !call.is_aftermath() && self.pause_call(&id.step(), &call.tool, tool.limits.attempts, due.tries)? {
            return Ok(());
        }
        let costs = tool.costs.unwrap_or(Money::ZERO);
        // What takes back what was done has a limit of its own, and is not left undone for want of money.
        if !call.is_aftermath() && !self.affords(&id.step(), costs)? {
            return Ok(());
        }
        let timeout = tool.limits.timeout.unwrap_or(TOOL_TIMEOUT);
        let valid_until = match &due.doubt {
            Some(doubt) => doubt.valid_until,
            None => key_valid(tool).and_then(|valid| self.now.checked_add(valid).ok()),
        };
        if let Some(doubt) = due.doubt.as_ref().filter(|_| self.is_forgotten(valid_until, timeout)) {
            let told = "the server may have forgotten the key of the attempt in doubt, so it is not repeated";
            let failure = Failure::new(FailureClass::Timeout, told);
            let (attempt, latency_ms, next) = (doubt.attempt, 0, Next::Settlement);
            return self.tell_call(id, CallDoubted { attempt, failure, latency_ms, next });
        }
        // Its slot comes first: nothing is claimed for a call that waits for one.
        if !self.call_keeps_pace(id, due, tool)? || !self.is_first(call, due, tool)? {
            return Ok(());
        }
        if !self.is_up_to_date(call, tool)? {
            return Ok(());
        }
        let intent = CallIntended {
            attempt: due.attempt,
            sends,
            idempotency: idempotency(&self.run, tool, id),
            reads: touched.reads,
            writes: touched.writes,
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            valid_until,
            costs,
        };
        match self.memory_of(tool) {
            Some(memory) => self.remember(call, tool, &memory, intent),
            None => {
                self.take_trial(way, timeout)?;
                self.tell_call(id, intent)
            }
        }
    }

    /// Whether the call may begin now for all the pace that is kept with its tool and server; if not, until when it waits is
    /// told.
    fn call_keeps_pace(&mut self, id: &CallId, due: &Due, tool: &Tool) -> Result<bool, Refusal> {
        let paces = self.run.plan.paces_of_tool(tool);
        match self.pace(id.as_str(), &paces, due.slot_at)? {
            Pace::Now => Ok(true),
            Pace::Held { until: None, .. } if due.waits_for_place => Ok(false),
            Pace::Held { until, why } => {
                self.tell_call(id, CallHeld { until, has_slot: until.is_some(), why }).map(|()| false)
            }
        }
    }

    /// The call's server is down: its agent is told, and may do something else; what nobody can decide otherwise waits.
    fn hold_call(&mut self, call: &Call, due: &Due, tool: &Tool, until: Timestamp) -> Result<(), Refusal> {
        let why = format!("server `{}` is down: nobody asks before {until}", tool.via.server);
        if due.doubt.is_some() || !self.is_agents(&call.id) {
            let until = Some(self.looks_again(until, call.id.as_str()));
            return self.tell_call(&call.id, CallHeld { until, has_slot: false, why });
        }
        self.take_away(&call.id.step(), &call.tool, Some(until), why)?;
        match self.objection_to_reach(call, tool) {
            Some(refused) => self.tell_call(&call.id, refused),
            None => Ok(()),
        }
    }

    /// When an agent may be told again what changes by itself.
    fn told_again_at(&self, call: &Call, tool: &Tool) -> Option<Timestamp> {
        let agent = self.agent_step(&call.id.step()).filter(|_| call.purpose.is_none())?;
        agent.told_last(call)?.checked_add(tool.volatile?).ok()
    }

    /// What the call touches; none where it can't leave yet, or never will.
    fn touches(&mut self, call: &Call, tool: &Tool, is_queued: bool) -> Result<Option<Touched>, Refusal> {
        let touched = match self.touched(call, tool) {
            Ok(touched) => touched,
            Err((part, fault)) => return self.cannot_be_made(call, tool, part, fault).map(|()| None),
        };
        let Some((behind, resource)) = self.in_the_way(call, &touched) else { return Ok(Some(touched)) };
        // It is said once: whom else it waits for behind that one is no news.
        if !is_queued {
            self.tell_call(&call.id, CallQueued { resource, behind })?;
        }
        Ok(None)
    }

    /// A part of the tool's contract can't be evaluated for this call.
    fn cannot_be_made(&mut self, call: &Call, tool: &Tool, part: &str, fault: String) -> Result<(), Refusal> {
        let (clause, told) = (tool.address(part), format!("`{part}` of tool `{}`: {fault}", tool.name));
        if call.purpose.is_some() {
            return self.tell_call(&call.id, unevaluable(clause, part, told));
        }
        self.fail(&call.id.step(), Failure::new(FailureClass::Author, told), Some(clause), Party::Author)
    }

    /// Whether a key that is kept until then may be forgotten before an attempt made now is over.
    fn is_forgotten(&self, valid_until: Option<Timestamp>, timeout: Duration) -> bool {
        valid_until.is_some_and(|until| self.now.checked_add(timeout).map_or(true, |end| end > until))
    }

    /// An open call that goes first: one that has left, or one before it in its turn, that touches what this one touches
    /// and of which at least one writes.
    fn in_the_way(&self, call: &Call, touched: &Touched) -> Option<(CallId, String)> {
        // What hangs behind a call has that call's place, and is in the way of nothing of it.
        let root = call.id.root();
        // One that may have left goes before all that haven't: they wait for it, wherever they stand in the turn.
        let mut is_before = !call.is_aftermath() && !call.may_have_left();
        for other in self.run.calls() {
            if other.id.is_of(&root) {
                is_before = false;
                continue;
            }
            let has_left = other.may_have_left();
            let is_due = matches!(other.state, CallState::Due(_)) && other.purpose.is_none();
            let may_leave = is_before && is_due && other.id.step() == call.id.step();
            if !has_left && !may_leave {
                continue;
            }
            let Some(tool) = self.run.plan.tool(&other.tool) else { continue };
            // What can't be evaluated ends its step when its turn comes; until then it touches nothing that is known.
            let theirs = self.touched(other, tool).unwrap_or_default();
            if let Some(resource) = touched.conflict(&theirs) {
                return Some((other.id.clone(), resource));
            }
        }
        None
    }

    fn touched(&self, call: &Call, tool: &Tool) -> Result<Touched, (&'static str, String)> {
        if let Some(newest) = &call.newest {
            return Ok(Touched { reads: newest.reads.clone(), writes: newest.writes.clone() });
        }
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground);
        let mut touched = Touched::default();
        for effect in &tool.effects {
            let happens = effect.when.as_ref().map_or(Ok(true), |when| when.holds(&scope));
            if !happens.map_err(|fault| ("effects", fault.to_string()))? {
                continue;
            }
            let resource =
                || effect.target.fill_resource(&scope).map_err(|fault| ("effects", fault.to_string()));
            match effect.kind {
                EffectKind::Reads => touched.reads.push(resource()?),
                EffectKind::Writes | EffectKind::Creates | EffectKind::Deletes => {
                    touched.writes.push(resource()?)
                }
                EffectKind::Notifies | EffectKind::Enqueues => {}
            }
        }
        Ok(touched)
    }

    /// What the server gets: the arguments, unless the contract says otherwise; on every attempt the same.
    pub(crate) fn sends(&self, call: &Call, tool: &Tool) -> Result<Value, (&'static str, String)> {
        if let Some(newest) = &call.newest {
            return Ok(newest.sends.clone());
        }
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground);
        if let Some(http) = &tool.via.request {
            return request(http, &scope).map_err(|unmade| match unmade {
                Unmade::Fault(why) | Unmade::Unfit(why) => ("via", why),
            });
        }
        let Some(sends) = &tool.sends else { return Ok((*call.args).clone()) };
        let mut fields = Map::new();
        for (name, expr) in sends {
            if let Some(value) = expr.eval(&scope).map_err(|fault| ("sends", fault.to_string()))? {
                fields.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(fields))
    }
}

impl Touched {
    /// Something that both touch and one of them changes.
    fn conflict(&self, other: &Self) -> Option<String> {
        let mine = self.writes.iter().find(|mine| other.all().any(|theirs| overlap(mine, theirs)));
        let theirs =
            || other.writes.iter().find(|theirs| self.reads.iter().any(|mine| overlap(mine, theirs)));
        mine.or_else(theirs).cloned()
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.reads.iter().chain(&self.writes)
    }
}

/// Whether what an effect touches depends on what a probe saw.
fn reads_a_probe_in(tool: &Tool, effect: &Effect) -> bool {
    effect.target.exprs().chain(&effect.when).any(|expr| reads_a_probe(tool, expr))
}

/// How long the tool's server keeps a key, where its contract says so.
fn key_valid(tool: &Tool) -> Option<Duration> {
    match &tool.idempotency {
        IdempotencyRule::Key { valid, .. } => *valid,
        IdempotencyRule::Natural | IdempotencyRule::None => None,
    }
}

fn idempotency(run: &Run, tool: &Tool, id: &CallId) -> Idempotency {
    match &tool.idempotency {
        _ if tool.only_reads() => Idempotency::Reads,
        IdempotencyRule::Natural => Idempotency::Natural,
        IdempotencyRule::Key { .. } => Idempotency::Key(call_key(run.id, id)),
        IdempotencyRule::None => Idempotency::None,
    }
}
