//! A tool returned: what came back is told apart into applied, not applied and in doubt.

use std::sync::Arc;

use handfast_contract::{FailureRule, Scope, Then, Tool};
use handfast_events::{
    CallApplied, CallDoubted, CallId, CallNotApplied, CallNotSent, Digest, Failure, FailureClass, Kept, Next,
    canonical,
};
use serde_json::{Value, json};

use super::Draft;
use crate::breaker::Heard;
use crate::limits::{RESULT_BYTES_MAX, RESULT_HEAD_BYTES};
use crate::remedy::{Remedy, remedy};
use crate::state::{Call, CallState, Phase, Sent};
use crate::{Refusal, TakenOn, ToolError, ToolOutcome, ToolReply, is_too_deep};

/// What an attempt came to, before what follows is decided.
pub(super) enum Came {
    Applied(Value),
    NotApplied {
        failure: Failure,
        settles_call: bool,
    },
    NotSent(Failure),
    Doubt(Failure),
    /// Its server finishes it later.
    TakenOn(TakenOn),
}

impl Draft {
    pub(super) fn tool_returned(
        &mut self,
        id: &CallId,
        attempt: u32,
        reply: ToolReply,
    ) -> Result<(), Refusal> {
        let call = self.run.call(id).cloned();
        match call.as_ref().map(|call| (call, &call.state)) {
            Some((call, CallState::Intended(sent))) if sent.intent.attempt == attempt => {
                self.came(call, sent, reply.outcome, reply.latency_ms)
            }
            _ => self.came_late(id, attempt, reply.outcome, reply.latency_ms),
        }
    }

    /// What an attempt came to, and what follows.
    pub(super) fn came(
        &mut self,
        call: &Call,
        sent: &Sent,
        outcome: ToolOutcome,
        latency_ms: u64,
    ) -> Result<(), Refusal> {
        let (id, attempt) = (&call.id, sent.intent.attempt);
        let came = self.tell_apart(call, sent, outcome);
        let heard = match &came {
            Came::Applied(_) | Came::TakenOn(_) => Some(Heard::Up),
            Came::NotApplied { failure, .. } | Came::NotSent(failure) | Came::Doubt(failure) => {
                Heard::of(failure)
            }
        };
        self.tried(self.run.plan.server_of(&call.tool), heard)?;
        match came {
            Came::TakenOn(taken) => self.works_on(call, sent, taken, latency_ms),
            Came::Applied(value) => {
                self.tell_call(id, CallApplied { attempt, result: keep(value), latency_ms })?;
                self.judge(id)
            }
            Came::NotApplied { failure, settles_call } => {
                let pause = remedy(&failure) == Remedy::Pause && id.takes_back().is_none();
                let detail = failure.detail.clone();
                let next = self.next(call, sent, &failure, settles_call);
                let worn_out = self.worn_out(call, sent, &failure, &next);
                self.tell_call(id, CallNotApplied { attempt, failure, latency_ms, next })?;
                self.then(call, pause.then_some(detail), worn_out)
            }
            Came::NotSent(failure) => {
                let pause = remedy(&failure) == Remedy::Pause && id.takes_back().is_none();
                let detail = failure.detail.clone();
                let next = self.next(call, sent, &failure, false);
                let worn_out = self.worn_out(call, sent, &failure, &next);
                self.tell_call(id, CallNotSent { attempt, failure, next })?;
                self.then(call, pause.then_some(detail), worn_out)
            }
            Came::Doubt(failure) => {
                let sent = Sent { doubt: true, ..sent.clone() };
                let next = self.next(call, &sent, &failure, false);
                self.tell_call(id, CallDoubted { attempt, failure, latency_ms, next })
            }
        }
    }

    /// Why a call's tool is taken out of its agent's reach, where it is.
    fn worn_out(&self, call: &Call, sent: &Sent, failure: &Failure, next: &Next) -> Option<String> {
        let is_worn_out = *next == Next::GiveUp && self.is_worn_out(call, sent.tries, failure);
        let code = failure.code.as_deref().unwrap_or(failure.class.name());
        is_worn_out.then(|| format!("it failed {} times ({code})", sent.tries))
    }

    /// What an attempt that did not take effect means for its run and its agent.
    fn then(&mut self, call: &Call, pause: Option<String>, worn_out: Option<String>) -> Result<(), Refusal> {
        let step = call.id.step();
        if self.run.is_failing(&step) {
            return Ok(());
        }
        match (pause, worn_out) {
            (Some(why), _) => self.pause_for_operator(&why),
            (None, Some(why)) => self.take_away(&step, &call.tool, None, why),
            (None, None) => Ok(()),
        }
    }

    /// What follows an attempt without a result.
    fn next(&self, call: &Call, sent: &Sent, failure: &Failure, settles_call: bool) -> Next {
        let in_doubt = sent.doubt && !settles_call;
        if in_doubt && self.is_looked_for(call) {
            return Next::Settlement;
        }
        let may_repeat = !in_doubt || sent.is_repeatable();
        // What only the operator can mend holds a run; where something is taken back it is stuck instead, and says so.
        let holds = remedy(failure) == Remedy::Pause && call.id.takes_back().is_none();
        let worth_it = in_doubt || remedy(failure) == Remedy::Retry || holds;
        let is_ending = matches!(self.run.phase, Phase::Ending(_)) || self.run.is_failing(&call.id.step());
        let is_ending = is_ending && !call.is_aftermath();
        let limit = self.run.plan.tool(&call.tool).and_then(|tool| tool.limits.attempts);
        if failure.class != FailureClass::WorkerGone && call.is_used_up(limit, sent.tries) {
            return if in_doubt { Next::Settlement } else { Next::GiveUp };
        }
        if !in_doubt && self.is_worn_out(call, sent.tries, failure) {
            return Next::GiveUp;
        }
        if worth_it && may_repeat && !is_ending {
            return Next::Retry(self.backoff(call.id.as_str(), sent.intent.attempt, sent.tries, failure));
        }
        if in_doubt { Next::Settlement } else { Next::GiveUp }
    }

    /// The contract's own failures first, then what is built in.
    pub(super) fn tell_apart(&self, call: &Call, sent: &Sent, outcome: ToolOutcome) -> Came {
        let Some(tool) = self.run.plan.tool(&call.tool) else {
            return Came::Doubt(Failure::new(FailureClass::Author, "the contract has no such tool any more"));
        };
        let mut turned_away = false;
        let (error, returned) = match outcome {
            ToolOutcome::Returned(value) => (ToolError::default(), Some(value)),
            ToolOutcome::TakenOn(taken) => return Came::TakenOn(taken),
            ToolOutcome::Failed(error) => (error, None),
            ToolOutcome::TurnedAway(error) => {
                turned_away = true;
                (error, None)
            }
            ToolOutcome::NotSent(error) => {
                return Came::NotSent(named(
                    error.class.unwrap_or(FailureClass::Unavailable),
                    "unreachable",
                    error,
                ));
            }
            ToolOutcome::Lost(error) => {
                let failure = named(error.class.unwrap_or(FailureClass::ConnectionLost), "lost", error);
                return lost(sent, failure);
            }
        };
        let facts = json!({ "text": error.text, "code": error.code.as_deref().unwrap_or(""), "status": error.status.unwrap_or(0) });
        let result = returned.clone().unwrap_or(Value::Null);
        let scope = Scope::default()
            .with("args", &call.args)
            .with("error", &facts)
            .with("result", &result)
            .with("settings", self.run.plan.settings());
        // A rule that doesn't look at the result speaks of failures only.
        let applies = |rule: &&Arc<FailureRule>| returned.is_none() || rule.when.roots().contains("result");
        for rule in tool.failures.iter().filter(applies) {
            match rule.when.holds(&scope) {
                Ok(false) => {}
                Ok(true) => return recognised(rule, &scope, sent, error),
                // There is no result to look at: the rule is not about this failure.
                Err(_) if returned.is_none() && rule.when.roots().contains("result") => {}
                Err(fault) => {
                    let failure =
                        Failure::new(FailureClass::Author, format!("failure `{}`: {fault}", rule.name));
                    return unnamed(tool, sent, failure);
                }
            }
        }
        match returned {
            Some(value) => Came::Applied(value),
            None if turned_away => {
                let class = error.class.unwrap_or(FailureClass::ToolPermanent);
                Came::NotApplied { failure: named(class, "turned_away", error), settles_call: false }
            }
            None => {
                unnamed(tool, sent, named(error.class.unwrap_or(FailureClass::ToolBreach), "unnamed", error))
            }
        }
    }
}

/// A failure that the contract names: naming it promises what it means.
fn recognised(rule: &FailureRule, scope: &Scope<'_>, sent: &Sent, error: ToolError) -> Came {
    if let Some(gives) = &rule.gives {
        return match gives.eval(scope) {
            Ok(value) => Came::Applied(value.unwrap_or(Value::Null)),
            Err(fault) => {
                lost(sent, Failure::new(FailureClass::Author, format!("failure `{}`: {fault}", rule.name)))
            }
        };
    }
    let name = &*rule.name;
    let settles_call = rule.settles_call;
    match rule.then {
        Then::Permanent => {
            Came::NotApplied { failure: named(FailureClass::ToolPermanent, name, error), settles_call }
        }
        Then::Transient => {
            Came::NotApplied { failure: named(FailureClass::ToolTransient, name, error), settles_call }
        }
        Then::Doubtful => lost(sent, named(FailureClass::ToolTransient, name, error)),
    }
}

/// A failure that the contract doesn't name: the tool's breach, and in doubt if the tool writes.
fn unnamed(tool: &Tool, sent: &Sent, failure: Failure) -> Came {
    let detail =
        format!("tool `{}` failed in a way that its contract doesn't name: {}", tool.name, failure.detail);
    let failure = Failure { detail, ..failure };
    if sent.only_reads() { Came::NotApplied { failure, settles_call: false } } else { Came::Doubt(failure) }
}

/// No answer: what only reads has changed nothing, for the rest nobody can know.
fn lost(sent: &Sent, failure: Failure) -> Came {
    if sent.only_reads() { Came::NotApplied { failure, settles_call: false } } else { Came::Doubt(failure) }
}

pub(super) fn named(class: FailureClass, name: &str, error: ToolError) -> Failure {
    let code = Some(error.code.map_or_else(|| name.to_owned(), |code| format!("{name} ({code})")));
    Failure { class, detail: error.text, status: error.status, code, retry_after_ms: error.retry_after_ms }
}

/// A result, cut where it is larger or nested deeper than a result may be.
pub(super) fn keep(value: Value) -> Kept {
    let bytes = canonical(&value);
    if bytes.len() <= RESULT_BYTES_MAX && !is_too_deep(&value) {
        return Kept::Whole(value);
    }
    let text = String::from_utf8_lossy(&bytes);
    let head = text.get(..text.floor_char_boundary(RESULT_HEAD_BYTES)).unwrap_or_default().to_owned();
    Kept::Cut { head, digest: Digest::of(&bytes), bytes: bytes.len() as u64 }
}
