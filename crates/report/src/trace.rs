//! One run as a tree: steps, turns, attempts, calls, with what each took and what came of it.
//!
//! The types; `fold` makes them from events. A trace is for looking at: the engine never reads one.

mod asking;
mod compensation;
mod flow;
mod fold;
mod late;
mod question;
mod status;
mod talk;
mod totals;
mod turn;
mod whole;

use std::collections::BTreeMap;

use handfast_events::{
    CallGiven, CallHeld, CallId, CallRefused, CallWaits, CallWithheld, CommandId, Digest, Failure,
    Idempotency, Kept, LimitKind, Money, Next, Party, PauseReason, Purpose, RunId, Seq, Settled, Status,
    StepId, StepKind, Timestamp, Verdict,
};
use serde::Serialize;
use serde_json::Value;

pub use compensation::{Compensation, CompensationState};
pub use late::{Late, Working};
pub use question::{Question, QuestionEnd};
pub use talk::{Line, Listening, Speaker};
pub use totals::Totals;
pub use turn::{Attempt, AttemptState, Change, Changed, Turn};
pub use whole::{End, Note};

/// The story of one run.
///
/// ```
/// use handfast_events::{RunId, Status};
/// let trace = handfast_report::Trace::fold(RunId::from_bytes([7; 16]), &[]);
/// assert_eq!(trace.status(), Status::Running);
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// Which run.
    pub run: RunId,
    /// Its contract's name.
    pub contract: String,
    /// The contract's version, as its author wrote it.
    pub version: String,
    /// The digest of every byte that was read for the contract.
    pub digest: Digest,
    /// Which workflow.
    pub workflow: String,
    /// What it was given.
    pub input: Value,
    /// What stands in for the contract's models, if something does.
    pub model: Option<String>,
    /// The table that its newest worker counts costs by, where the contract doesn't give every price itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<String>,
    /// When it began.
    pub began: Option<Timestamp>,
    /// When its newest event was decided.
    pub newest: Option<Timestamp>,
    /// The newest event's place.
    pub seq: Seq,
    /// The steps that anything happened to, in that order.
    pub steps: Vec<Step>,
    /// What happened to the run as a whole.
    pub notes: Vec<(Timestamp, Note)>,
    /// Why no new call leaves, where none does.
    pub paused: Option<PauseReason>,
    /// Whether it ends, and what it did is taken back first.
    pub is_ending: bool,
    /// What was said, where it is a conversation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub talk: Vec<Line>,
    /// How it ended, if it did.
    pub end: Option<End>,
    /// The scopes that fail, and are caught.
    #[serde(skip)]
    failing: Vec<StepId>,
    /// What signals carried that no step has received yet.
    #[serde(skip)]
    signals: Vec<(CommandId, Value)>,
}

/// One step of the workflow.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Which.
    pub id: StepId,
    /// What does its work; none where it never began.
    pub kind: Option<StepKind>,
    /// What it was given.
    pub input: Value,
    /// What came of it.
    pub state: StepState,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The turns of its agent.
    pub turns: Vec<Turn>,
    /// The call of a tool step.
    pub calls: Vec<Call>,
    /// What people were asked by it, and answered.
    pub questions: Vec<Question>,
    /// The branch that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What it waits for, or did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// That its agent listens, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listening: Option<Listening>,
    /// The lanes that ended: what each gave; nothing where it failed or has no value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lanes: BTreeMap<u32, Option<Value>>,
    /// The step that failed, where its contract says what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<StepId>,
    /// What its signal carried, until that is its value.
    #[serde(skip)]
    received: Option<Value>,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// The signal; none where it is a time.
    pub signal: Option<String>,
    /// The time; of a signal, when it comes too late.
    pub until: Option<Timestamp>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It is at work.
    Running,
    /// It gave what it promised.
    Succeeded {
        /// Its value; null where it has none.
        output: Value,
    },
    /// It was at work when a step within or around it failed.
    Stopped {
        /// The step that failed.
        failed: StepId,
    },
    /// It wasn't needed.
    Skipped {
        /// Why.
        why: String,
    },
    /// It didn't give what it promised.
    Failed {
        /// Why.
        failure: Failure,
        /// The clause that broke, where one did.
        clause: Option<String>,
        /// Who was at fault.
        party: Party,
        /// The steps that gave the values which broke the clause.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        from: Vec<StepId>,
    },
}

/// One tool call.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Which.
    pub id: CallId,
    /// The tool, as it was asked for.
    pub tool: String,
    /// The arguments, as they were asked for.
    pub args: Value,
    /// What the server got; none where nothing was sent.
    pub sends: Option<Value>,
    /// Whether it may be repeated, and with which key; none where nothing was sent.
    pub idempotency: Option<Idempotency>,
    /// The calls that went first, with the resource that both touch.
    pub queued: Vec<(CallId, String)>,
    /// The run that is about the same action, and when that is looked for again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<CallWaits>,
    /// What kept it from leaving, each time, and until when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Every try of it.
    pub attempts: Vec<CallAttempt>,
    /// What people were asked about it, and answered.
    pub questions: Vec<Question>,
    /// How a doubt ended: which way, who or which look said so, on what evidence.
    pub settled: Option<(Settled, String, String)>,
    /// Why it stayed in doubt, each time that this was to be ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stayed: Vec<String>,
    /// Whose word settles it, where the contract says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What came of it.
    pub state: CallState,
    /// Why what it gave was kept from whoever asked, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<CallWithheld>,
    /// Not before this time, where it waits for one.
    #[serde(skip)]
    pub(crate) not_before: Option<Timestamp>,
    /// What it is for, where it hangs behind another call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The calls that hang behind it: looks at the world, and what takes it back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub side: Vec<Call>,
    /// What was heard of it late.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Late>,
    /// What became of what it did, once its scope failed or was cancelled.
    pub compensation: Option<Compensation>,
}

/// What kept a call from leaving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Since when.
    pub at: Timestamp,
    /// The attempt that didn't leave.
    pub attempt: u32,
    /// Until when, and why.
    #[serde(flatten)]
    pub held: CallHeld,
}

/// One try of a tool.
#[derive(Clone, Debug, Serialize)]
pub struct CallAttempt {
    /// Counted from 1.
    pub attempt: u32,
    /// When it was intended.
    pub at: Timestamp,
    /// What it costs, whatever comes of it; nothing where nothing left.
    pub costs: Money,
    /// How long it took, once known.
    pub latency_ms: Option<u64>,
    /// Why it gave no result, where it gave none.
    pub failure: Option<Failure>,
    /// Whether nobody can know if it took effect.
    pub is_doubtful: bool,
    /// What followed, where there was no result.
    pub next: Option<Next>,
}

/// What came of a tool call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It may be sent, now or later.
    Proposed,
    /// People are asked whether it may be sent.
    Asking,
    /// It may have left.
    Intended,
    /// Its server has taken it on, and is asked now and then how it stands.
    Working(Working),
    /// A clause refused it; it was never sent.
    Refused(CallRefused),
    /// Nobody can know whether it took effect, and a person must say.
    InDoubt,
    /// It failed without effect, and whoever asked is told.
    Failed,
    /// People answered what it asked.
    Answered {
        /// In their words.
        text: String,
    },
    /// The same action was done before, and not again.
    Given(CallGiven),
    /// It took effect.
    Applied {
        /// What came back.
        result: Kept,
        /// What its contract says to that; empty until it is judged.
        verdicts: Vec<Verdict>,
    },
}

impl Trace {
    /// What the run is doing, or what it rests on, as far as its events say.
    pub fn status(&self) -> Status {
        self.derive_status()
    }

    /// The trace as one JSON document: the tree, with the status, what holds it, the totals and what to do next
    /// beside it.
    ///
    /// # Errors
    /// Never for traces folded from events: all their keys are text.
    pub fn document(&self) -> Result<Value, serde_json::Error> {
        let mut document = serde_json::to_value(self)?;
        if let Some(fields) = document.as_object_mut() {
            fields.insert("status".into(), serde_json::to_value(self.status())?);
            fields.insert("held".into(), serde_json::to_value(self.held())?);
            fields.insert("totals".into(), serde_json::to_value(self.totals())?);
            fields.insert("why".into(), serde_json::to_value(crate::explain(self))?);
        }
        Ok(document)
    }

    /// Every call of the run, in the order of its steps.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps.iter().flat_map(Step::all_calls)
    }

    /// Whether only a person can say what came of this call now: it is in doubt, or it was to be made again for that and
    /// may not, because its attempts ran out.
    pub(crate) fn is_for_a_person(&self, call: &Call) -> bool {
        let is_held = match &self.paused {
            Some(PauseReason::Limit { limit: LimitKind::Attempts, step, .. }) => *step == call.id.step(),
            _ => false,
        };
        let is_unsure = call.settled.is_none() && call.attempts.iter().any(|attempt| attempt.is_doubtful);
        call.state == CallState::InDoubt || is_held && is_unsure && call.state == CallState::Proposed
    }

    /// How long it has been going, or went, in milliseconds.
    pub fn elapsed_ms(&self) -> u64 {
        between(self.began, self.newest)
    }
}

impl Step {
    /// Its calls: its own, and those of its turns, each with those behind it.
    pub fn all_calls(&self) -> impl Iterator<Item = &Call> {
        let asked_for = self.calls.iter().chain(self.turns.iter().flat_map(|turn| &turn.calls));
        asked_for.flat_map(Call::family)
    }

    /// How long it took, in milliseconds; none while it is at work.
    pub fn elapsed_ms(&self) -> Option<u64> {
        self.ended.map(|ended| between(Some(self.began), Some(ended)))
    }
}

impl Call {
    /// It, and all that hang behind it.
    pub fn family(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.side.iter().flat_map(Self::family));
        all
    }

    /// The key that makes it safe to repeat, where it has one.
    pub fn key(&self) -> Option<&str> {
        match &self.idempotency {
            Some(Idempotency::Key(key)) => Some(key),
            _ => None,
        }
    }
}

/// Milliseconds between two times; none before the first.
pub(crate) fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> u64 {
    let (Some(from), Some(to)) = (from, to) else { return 0 };
    u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
}
