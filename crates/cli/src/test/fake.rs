//! Fake tools: they answer as a test says, and keep their own record of what they did.
//!
//! A call that no answer is left for is turned away and remembered: the test fails by its name. Nothing is invented.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use handfast_contract::{FakeAnswer, FakeKind, IdempotencyRule, Name, Scope};
use handfast_engine::{ToolError, ToolOutcome};
use handfast_events::{CallId, FailureClass};
use handfast_tool::{StandIn, ToolCall};
use serde_json::Value;

/// The fake tools of one test.
pub(super) struct Fakes {
    answers: BTreeMap<Name, Vec<FakeAnswer>>,
    settings: Value,
    log: Mutex<Log>,
}

/// What fake tools did.
#[derive(Clone, Default)]
pub(super) struct Log {
    /// How often each answer was given, by tool and place in its list.
    given: BTreeMap<(Name, usize), u64>,
    /// The calls of each tool that took effect, each with how often.
    effects: BTreeMap<Name, BTreeMap<CallId, u64>>,
    /// What failed, by call and attempt.
    failed: BTreeMap<(CallId, u32), ToolError>,
    /// What nobody could answer, in sentences.
    pub(super) unanswered: BTreeSet<String>,
}

impl Fakes {
    pub(super) fn new(answers: BTreeMap<Name, Vec<FakeAnswer>>, settings: Value) -> Self {
        Self { answers, settings, log: Mutex::default() }
    }

    /// What they did by now.
    pub(super) fn log(&self) -> Log {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first answer that is left and fits.
    fn choose(&self, call: &ToolCall, log: &mut Log) -> Result<&FakeAnswer, String> {
        let tool = &call.tool.name;
        let shown = format!("`{tool}` with {}", call.args);
        let answers = self.answers.get(tool).map(Vec::as_slice).unwrap_or_default();
        if answers.is_empty() {
            return Err(format!("no fake answers {shown}: add `{tool}` under `given.tools`"));
        }
        let scope = self.scope(call);
        for (place, answer) in answers.iter().enumerate() {
            let given = log.given.entry((tool.clone(), place)).or_default();
            if answer.times.is_some_and(|times| *given >= times) {
                continue;
            }
            let fits = answer.when.as_ref().map_or(Ok(true), |when| when.holds(&scope));
            if fits.map_err(|fault| format!("the `when` of an answer of the fake `{tool}`: {fault}"))? {
                *given += 1;
                return Ok(answer);
            }
        }
        Err(format!(
            "no answer is left that fits {shown}: add one to `given.tools.{tool}`, or say `times: any`"
        ))
    }

    fn scope<'a>(&'a self, call: &'a ToolCall) -> Scope<'a> {
        Scope::default().with("args", &call.args).with("settings", &self.settings)
    }

    fn act(&self, call: &ToolCall, log: &mut Log) -> Result<ToolOutcome, String> {
        let tool = &call.tool.name;
        let outcome = match &self.choose(call, log)?.kind {
            FakeKind::Returns(value) => {
                log.take_effect(call);
                ToolOutcome::Returned(value.clone())
            }
            FakeKind::Gives(expr) => {
                let value = expr.eval(&self.scope(call));
                let value = value.map_err(|fault| format!("what the fake `{tool}` gives: {fault}"))?;
                log.take_effect(call);
                ToolOutcome::Returned(value.unwrap_or(Value::Null))
            }
            FakeKind::Fails { text, code, status } => {
                let error = ToolError {
                    text: text.clone(),
                    code: code.clone(),
                    status: *status,
                    ..ToolError::default()
                };
                log.failed.insert((call.call.clone(), call.attempt), error.clone());
                ToolOutcome::Failed(error)
            }
            FakeKind::TimesOut { is_applied } => {
                if *is_applied {
                    log.take_effect(call);
                }
                ToolOutcome::Lost(ToolError {
                    text: "no answer in time".into(),
                    class: Some(FailureClass::Timeout),
                    ..ToolError::default()
                })
            }
        };
        Ok(outcome)
    }
}

impl StandIn for Fakes {
    fn answer(&self, call: &ToolCall) -> ToolOutcome {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.act(call, &mut log).unwrap_or_else(|why| {
            log.unanswered.insert(why.clone());
            ToolOutcome::TurnedAway(ToolError { text: why, ..ToolError::default() })
        })
    }
}

impl Log {
    /// The call takes effect. Its attempts are one effect where the contract says that it may be repeated: a fake keeps
    /// that promise.
    fn take_effect(&mut self, call: &ToolCall) {
        let calls = self.effects.entry(call.tool.name.clone()).or_default();
        let count = calls.entry(call.call.clone()).or_default();
        let is_repeatable = call.tool.only_reads() || call.tool.idempotency != IdempotencyRule::None;
        *count = if is_repeatable { 1 } else { *count + 1 };
    }

    /// How often a tool took effect.
    pub(super) fn effects(&self, tool: &str) -> u64 {
        self.effects.get(tool).into_iter().flat_map(BTreeMap::values).sum()
    }

    /// What an attempt failed with.
    pub(super) fn failure(&self, call: &CallId, attempt: u32) -> Option<&ToolError> {
        self.failed.get(&(call.clone(), attempt))
    }
}
