//! What follows each way in which a call can fail, by what repeating it would do and how far it was.
//!
//! Not written down but found out: every cell is one small run that is driven to its place and told of the failure. What
//! each cell must say is written by hand in the tests; `docs/reference/failures.md` is printed from here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use handfast_events::{Body, CallId, CommandId, Epoch, Event, FailureClass, Mail, Next, RunId, Timestamp};
use serde_json::{Value, json};

use crate::{Command, Plan, Refusal, Run, Start, ToolError, ToolOutcome, ToolReply};

/// A tool of each class, and failures of each kind.
const CONTRACT: &str = r#"handfast: 1
name: table
version: "1"
servers:
  any:
    rust: {}
    failures:
      passing:  { when: error.code == 'passing', then: transient }
      lasting:  { when: error.code == 'lasting' }
      unclear:  { when: error.code == 'unclear', then: doubtful }
      settling: { when: error.code == 'settling', settles: call }
tools:
  reads:   { via: any.reads, description: Reads one thing., input: { id: string }, output: { fields: { ok: boolean } }, effects: [ reads: thing/one ] }
  natural: { via: any.natural, description: Sets one thing., input: { id: string }, output: { fields: { ok: boolean } }, effects: [ writes: thing/one ], idempotency: natural }
  keyed:   { via: any.keyed, description: Makes one thing., input: { id: string }, output: { fields: { ok: boolean } }, effects: [ creates: thing/one ], idempotency: { key: { arg: key } } }
  expired: { via: any.expired, description: Makes one thing., input: { id: string }, output: { fields: { ok: boolean } }, effects: [ creates: thing/one ], idempotency: { key: { arg: key }, valid: 1s } }
  none:    { via: any.none, description: Sends one thing., input: { id: string }, output: { fields: { ok: boolean } }, effects: [ notifies: somebody ], idempotency: none }
workflows:
  reads:   { steps: { act: { tool: reads, with: { id: "'a'" } } } }
  natural: { steps: { act: { tool: natural, with: { id: "'a'" } } } }
  keyed:   { steps: { act: { tool: keyed, with: { id: "'a'" } } } }
  expired: { steps: { act: { tool: expired, with: { id: "'a'" } } } }
  none:    { steps: { act: { tool: none, with: { id: "'a'" } } } }
"#;

/// The effect classes: the tool of each, and what it is.
pub const CLASSES: [(&str, &str); 5] = [
    ("reads", "only reads"),
    ("natural", "natural"),
    ("keyed", "a key"),
    ("expired", "a key that the server may have forgotten"),
    ("none", "none"),
];

/// How far the call was when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallPhase {
    /// Its first attempt is under way.
    First,
    /// Its second is, and nobody knows what came of the first.
    Again,
    /// Its first is, and the run is ending.
    Ending,
}

impl CallPhase {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::First, Self::Again, Self::Ending];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "the first attempt",
            Self::Again => "the second attempt, after a lost answer",
            Self::Ending => "the first attempt, of a run that is ending",
        }
    }
}

/// A way in which an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallTrouble {
    /// No connection was made.
    NotSent,
    /// The protocol turned it away.
    TurnedAway,
    /// A failure that its contract names, and that may pass.
    Transient,
    /// A failure that its contract names, and that won't pass.
    Permanent,
    /// The same, and it speaks for the attempts before it too.
    Settling,
    /// A failure that its contract names as saying nothing.
    Doubtful,
    /// A failure that its contract doesn't name.
    Unnamed,
    /// No answer in time.
    Timeout,
    /// The stream broke, or the process died.
    Broken,
    /// The worker died.
    WorkerGone,
    /// An answer of another type than was promised.
    Breach,
}

impl CallTrouble {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::NotSent,
        Self::TurnedAway,
        Self::Transient,
        Self::Permanent,
        Self::Settling,
        Self::Doubtful,
        Self::Unnamed,
        Self::Timeout,
        Self::Broken,
        Self::WorkerGone,
        Self::Breach,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "no connection, or too late to send",
            Self::TurnedAway => "turned away by the protocol",
            Self::Transient => "named, transient",
            Self::Permanent => "named, permanent",
            Self::Settling => "named, `settles: call`",
            Self::Doubtful => "named, doubtful",
            Self::Unnamed => "a failure that nobody named",
            Self::Timeout => "no answer in time",
            Self::Broken => "a broken stream, a dead process",
            Self::WorkerGone => "the worker died",
            Self::Breach => "an answer of another type",
        }
    }

    /// What the sender tells; nothing where nobody is left to tell it.
    fn outcome(self) -> Option<ToolOutcome> {
        let coded = |code: &str| ToolError {
            text: "it failed".into(),
            code: Some(code.into()),
            ..ToolError::default()
        };
        let classed =
            |class| ToolError { text: "it failed".into(), class: Some(class), ..ToolError::default() };
        Some(match self {
            Self::NotSent => ToolOutcome::NotSent(classed(FailureClass::Unavailable)),
            Self::TurnedAway => ToolOutcome::TurnedAway(ToolError::default()),
            Self::Transient => ToolOutcome::Failed(coded("passing")),
            Self::Permanent => ToolOutcome::Failed(coded("lasting")),
            Self::Settling => ToolOutcome::Failed(coded("settling")),
            Self::Doubtful => ToolOutcome::Failed(coded("unclear")),
            Self::Unnamed => ToolOutcome::Failed(coded("whatever")),
            Self::Timeout => ToolOutcome::Lost(classed(FailureClass::Timeout)),
            Self::Broken => ToolOutcome::Lost(classed(FailureClass::ConnectionLost)),
            Self::WorkerGone => return None,
            Self::Breach => ToolOutcome::Returned(json!({ "ok": "perhaps" })),
        })
    }
}

/// What follows, in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// It did not take effect, and is tried again.
    Retried,
    /// It did not take effect, and whoever asked is told.
    Told,
    /// Nobody knows, and it is tried again, since that does no harm.
    Repeated,
    /// Nobody knows, and a person settles it.
    Settled,
    /// It took effect, and its tool broke a promise: nothing is passed on.
    Broken,
    /// The call never comes this far.
    Never,
}

impl fmt::Display for Follows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retried => "not applied, retried",
            Self::Told => "not applied, told",
            Self::Repeated => "in doubt, repeated",
            Self::Settled => "in doubt, settled",
            Self::Broken => "applied, broken",
            Self::Never => "–",
        })
    }
}

/// What follows this trouble, of the tool of this class, at this phase.
///
/// # Errors
/// The small run can't be driven there: the table's own contract is wrong.
pub fn follows(class: &str, trouble: CallTrouble, phase: CallPhase) -> Result<Follows, String> {
    let mut small = Small::begin(class)?;
    match phase {
        CallPhase::First => {}
        CallPhase::Again => {
            small.returned(1, CallTrouble::Timeout)?;
            if !small.tries_again()? {
                return Ok(Follows::Never);
            }
        }
        CallPhase::Ending => {
            let mail = Mail::Cancel { reason: "enough".into() };
            let at = small.now;
            small.told(Command::Mail { id: CommandId::new("1"), who: "ada".into(), at, mail })?;
        }
    }
    let attempt = if phase == CallPhase::Again { 2 } else { 1 };
    small.returned(attempt, trouble)?;
    let follows = small.what_follows();
    // What was decided is looked at again when its time has come, and when the run ends nothing is tried any more.
    match follows {
        Follows::Repeated if phase == CallPhase::First && !small.tries_again()? => Ok(small.what_follows()),
        Follows::Retried if small.run.status().is_ended() => Ok(Follows::Told),
        follows => Ok(follows),
    }
}

/// One run of one call.
struct Small {
    run: Run,
    now: Timestamp,
    events: Vec<Event>,
}

impl Small {
    fn begin(class: &str) -> Result<Self, String> {
        let mut read = handfast_contract::alone("table.yaml", CONTRACT);
        let loaded = handfast_contract::load("table.yaml", "/", &BTreeMap::new(), &mut read);
        let told = loaded.report(handfast_contract::Paint::Plain);
        let contract = loaded.contract.ok_or(told)?;
        let plan = Arc::new(Plan::new(Arc::new(contract), &BTreeMap::new(), None));
        let fresh = Run::new(plan, RunId::from_bytes([7; 16]));
        let start =
            Start { workflow: class.into(), input: Value::Object(Default::default()), ..Start::default() };
        let now = Timestamp::UNIX_EPOCH;
        let events = fresh.start(start, now).map_err(|refused| refused.to_string())?;
        let run = events.iter().try_fold(fresh, Run::evolve).map_err(|illegal| illegal.to_string())?;
        let mut small = Self { run, now, events: Vec::new() };
        small.told(Command::Begin { epoch: Epoch(1), worker: "one".into() })?;
        Ok(small)
    }

    fn told(&mut self, command: Command) -> Result<(), String> {
        match self.run.think(command, self.now) {
            Ok(decision) => {
                self.run = decision.next;
                self.events.extend(decision.events);
                Ok(())
            }
            Err(Refusal::Stale) => Ok(()),
            Err(refused) => Err(refused.to_string()),
        }
    }

    fn returned(&mut self, attempt: u32, trouble: CallTrouble) -> Result<(), String> {
        let Some(outcome) = trouble.outcome() else {
            return self.told(Command::Begin { epoch: Epoch(2), worker: "two".into() });
        };
        let reply = ToolReply { outcome, latency_ms: 1 };
        self.told(Command::ToolReturned { call: CallId::new("act@0.0"), attempt, reply })
    }

    /// Waits for the next attempt; whether there is one.
    fn tries_again(&mut self) -> Result<bool, String> {
        let Some(Next::Retry(retry)) = self.events.iter().rev().find_map(|event| next(&event.body)).cloned()
        else {
            return Ok(false);
        };
        self.now = retry.at;
        self.told(Command::TimePassed)?;
        Ok(self
            .events
            .iter()
            .any(|event| matches!(&event.body, Body::CallIntended(intent) if intent.attempt == 2)))
    }

    fn what_follows(&self) -> Follows {
        let last = self.events.iter().rev().find_map(|event| match &event.body {
            Body::CallApplied(_) => Some(Follows::Broken),
            Body::CallNotSent(_) | Body::CallNotApplied(_) | Body::CallDoubted(_) => {
                let is_doubt = matches!(event.body, Body::CallDoubted(_));
                Some(match (next(&event.body), is_doubt) {
                    (Some(Next::Retry(_)), false) => Follows::Retried,
                    (Some(Next::Retry(_)), true) => Follows::Repeated,
                    (Some(Next::GiveUp), _) => Follows::Told,
                    _ => Follows::Settled,
                })
            }
            _ => None,
        });
        last.unwrap_or(Follows::Never)
    }
}

fn next(body: &Body) -> Option<&Next> {
    match body {
        Body::CallNotSent(not) => Some(&not.next),
        Body::CallNotApplied(not) => Some(&not.next),
        Body::CallDoubted(doubted) => Some(&doubted.next),
        _ => None,
    }
}

/// The whole table, as a page.
///
/// # Errors
/// As for [`follows`].
pub fn failures_page() -> Result<String, String> {
    let mut page = String::from(PAGE_HEAD);
    for phase in CallPhase::ALL {
        page.push_str(&format!("\n## At {}\n\n| what came |", phase.name()));
        CLASSES.iter().for_each(|(_, words)| page.push_str(&format!(" {words} |")));
        page.push_str("\n|---|");
        CLASSES.iter().for_each(|_| page.push_str("---|"));
        page.push('\n');
        for trouble in CallTrouble::ALL {
            page.push_str(&format!("| {} |", trouble.name()));
            for (class, _) in CLASSES {
                page.push_str(&format!(" {} |", follows(class, trouble, phase)?));
            }
            page.push('\n');
        }
    }
    Ok(page)
}

const PAGE_HEAD: &str = "# What follows a failed call

Printed from the code, which finds each cell out by driving a small run there: a tool step, by the `idempotency` of its tool. An
agent's call goes the same way; where it says *told*, the model is.

- *not applied, retried*: this attempt is known not to have taken effect; the call is tried again, after a wait, within its limits.
- *not applied, told*: nothing took effect, and it isn't tried again: whoever asked for the call is told.
- *in doubt, repeated*: nobody can know, and doing it again does no harm: the same call with the same key goes out again.
- *in doubt, settled*: nobody can know, and doing it again may: the call rests until somebody finds out (`handfast settle`).
- *applied, broken*: it took effect, and what came back isn't what was promised: nothing is passed on.
- *–*: a call of this kind never comes here.

An attempt whose worker died says nothing about the tool, so it doesn't count against `attempts`. A failure speaks for its own
attempt only: where an earlier one is in doubt, the call stays in doubt, unless the failure says `settles: call`. A key that the
server may have forgotten is as good as none, so the call is never sent a second time.
";
