//! What a run still owes. Computed from state, so a restart needs no path of its own.

use std::fmt;
use std::sync::Arc;

use handfast_contract::{Name, Tool};
use handfast_events::{CallId, Handle, Idempotency, Prompt, RunId, StepId, Timestamp};
use serde_json::Value;

use crate::limits::SEND_WITHIN;
use crate::state::{CallState, Run, StepState};

/// One thing that a run owes. Performed at least once, known by its key.
#[derive(Clone, Debug)]
pub enum Debt {
    /// A model is to be asked.
    AskModel(Box<AskModel>),
    /// A tool is to be called.
    CallTool(CallTool),
    /// A server is to be asked how a call stands that it has taken on.
    PollCall(PollCall),
    /// A time is to be waited for.
    Wait {
        /// Until when.
        until: Timestamp,
    },
}

/// A model is to be asked.
#[derive(Clone, Debug)]
pub struct AskModel {
    /// The run.
    pub run: RunId,
    /// The step whose agent asks.
    pub step: StepId,
    /// Its turn.
    pub turn: u32,
    /// The attempt.
    pub attempt: u32,
    /// The model, by its name in the contract.
    pub model: Name,
    /// The request.
    pub prompt: Prompt,
    /// When the attempt is given up, in milliseconds after it is sent.
    pub timeout_ms: u64,
}

/// A tool is to be called.
#[derive(Clone, Debug)]
pub struct CallTool {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// The attempt.
    pub attempt: u32,
    /// The tool.
    pub tool: Arc<Tool>,
    /// The arguments, as the contract checked them.
    pub args: Arc<Value>,
    /// What the server gets, but for the key.
    pub sends: Value,
    /// The key, where the contract has one.
    pub key: Option<String>,
    /// How long after its intent was asked to be remembered it may begin to leave, in milliseconds.
    pub send_within_ms: u64,
    /// When the attempt is given up, in milliseconds after it is sent.
    pub timeout_ms: u64,
}

/// A server is to be asked how a call stands that it has taken on. Asking changes nothing, so it may be done more than once.
#[derive(Clone, Debug)]
pub struct PollCall {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// The attempt that the server has taken on.
    pub attempt: u32,
    /// Which time it is asked, counted from 1.
    pub poll: u32,
    /// Not before this time.
    pub at: Timestamp,
    /// The tool.
    pub tool: Arc<Tool>,
    /// By what the server is asked.
    pub handle: Handle,
    /// When the poll is given up, in milliseconds after it is sent.
    pub timeout_ms: u64,
}

/// Which debt it is, within its run: the same debt has the same key on every worker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DebtKey {
    /// Step, turn and attempt.
    Ask(StepId, u32, u32),
    /// Call and attempt.
    Call(CallId, u32),
    /// Call, attempt and poll.
    Poll(CallId, u32, u32),
    /// The time.
    Wait(Timestamp),
}

impl fmt::Display for DebtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(step, turn, attempt) => write!(f, "ask {step}@{turn} #{attempt}"),
            Self::Call(call, attempt) => write!(f, "call {call} #{attempt}"),
            Self::Poll(call, attempt, poll) => write!(f, "poll {call} #{attempt}.{poll}"),
            Self::Wait(until) => write!(f, "wait until {until}"),
        }
    }
}

impl Debt {
    /// Which debt it is.
    pub fn key(&self) -> DebtKey {
        match self {
            Self::AskModel(ask) => DebtKey::Ask(ask.step.clone(), ask.turn, ask.attempt),
            Self::CallTool(call) => DebtKey::Call(call.call.clone(), call.attempt),
            Self::PollCall(poll) => DebtKey::Poll(poll.call.clone(), poll.attempt, poll.poll),
            Self::Wait { until } => DebtKey::Wait(*until),
        }
    }
}

impl Run {
    /// What this run still owes.
    pub fn owed(&self) -> impl Iterator<Item = Debt> + '_ {
        let is_live = self.is_live();
        let wait = self.next_time().map(|until| Debt::Wait { until });
        let debts = self.asks().chain(self.sent_calls()).chain(self.polls()).chain(wait);
        debts.filter(move |_| is_live)
    }

    fn asks(&self) -> impl Iterator<Item = Debt> + '_ {
        self.steps.iter().filter_map(|step| {
            let StepState::Agent(agent) = &step.state else { return None };
            let asked = step.asked()?;
            Some(Debt::AskModel(Box::new(AskModel {
                run: self.id,
                step: step.id.clone(),
                turn: asked.due.turn,
                attempt: asked.due.attempt,
                model: asked.model.clone(),
                prompt: agent.prompt.clone(),
                timeout_ms: asked.timeout_ms,
            })))
        })
    }

    fn sent_calls(&self) -> impl Iterator<Item = Debt> + '_ {
        self.calls().filter_map(|call| {
            let CallState::Intended(sent) = &call.state else { return None };
            Some(Debt::CallTool(CallTool {
                run: self.id,
                call: call.id.clone(),
                attempt: sent.intent.attempt,
                tool: self.plan.tool(&call.tool)?.clone(),
                args: call.args.clone(),
                sends: sent.intent.sends.clone(),
                key: match &sent.intent.idempotency {
                    Idempotency::Key(key) => Some(key.clone()),
                    _ => None,
                },
                send_within_ms: u64::try_from(SEND_WITHIN.as_millis()).unwrap_or(u64::MAX),
                timeout_ms: sent.intent.timeout_ms,
            }))
        })
    }

    fn polls(&self) -> impl Iterator<Item = Debt> + '_ {
        self.calls().filter_map(|call| {
            let CallState::Working(working) = &call.state else { return None };
            Some(Debt::PollCall(PollCall {
                run: self.id,
                call: call.id.clone(),
                attempt: working.sent.intent.attempt,
                poll: working.polls + 1,
                at: working.ask_at,
                tool: self.plan.tool(&call.tool)?.clone(),
                handle: working.handle.clone(),
                timeout_ms: working.sent.intent.timeout_ms,
            }))
        })
    }
}
