//! Events of a whole run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CallId, Digest, Epoch, Failure, Money, Party, RunId, StepId, Timestamp};

/// The level of the journal's format: a worker takes only runs whose format it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Format(pub u32);

impl Format {
    /// What this release reads. It writes what a run needs: a run whose events are all of an earlier format bears that
    /// one, and an earlier release goes on with it.
    pub const CURRENT: Self = Self(2);
}

/// The run came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The contract's name.
    pub contract: String,
    /// The contract's version, as its author wrote it.
    pub version: String,
    /// The digest of every byte that was read for it; the run stays with it.
    pub digest: Digest,
    /// Which workflow.
    pub workflow: String,
    /// The workflow's input, checked against its type.
    pub input: Value,
    /// The key that makes a second start the same run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The contract's folder: where its servers' commands start, and its scripts are.
    pub folder: String,
    /// What stands in for the contract's models, if something does: `script:/path`, `replay:/path`, or a model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the settings came to; secrets enter by name only and are never among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Value>,
}

/// A worker took the run over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochBegan {
    /// Its right to write.
    pub epoch: Epoch,
    /// Its name: host and process.
    pub worker: String,
    /// The table of prices that it counts costs by, with its version; none where the contract gives every price itself.
    /// Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<String>,
}

impl EpochBegan {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        if self.prices.is_some() { 2 } else { 1 }
    }
}

/// No new call leaves until something is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPaused {
    /// Why.
    pub reason: PauseReason,
}

/// Why a run is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// The next call could pass a ceiling: `handfast raise` goes on.
    Limit {
        /// The clause's address: `agents.clerk.limits.cost`.
        clause: String,
        /// Which kind.
        limit: LimitKind,
        /// The ceiling.
        ceiling: Ceiling,
        /// What was used up.
        used: Ceiling,
        /// What the next call could take at worst.
        needs: Ceiling,
        /// The step whose call it is.
        step: StepId,
    },
    /// Only the operator can help: a key is missing, an account is empty. `handfast go` tries again.
    Operator {
        /// What to do.
        why: String,
    },
    /// A person wants it to rest: `handfast resume` goes on.
    Person {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// An operator halted what its next call needs: `handfast unhalt` lets it go on.
    Halt {
        /// What is halted: `tool:refund`, `everything`.
        scope: String,
        /// Who halted it.
        who: String,
        /// Why.
        why: String,
    },
}

impl RunPaused {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        match self.reason {
            PauseReason::Limit { limit, .. } => limit.version(),
            PauseReason::Operator { .. } => 1,
            PauseReason::Person { .. } | PauseReason::Halt { .. } => 2,
        }
    }
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Answers of a model within one step.
    Turns,
    /// Tries of one call.
    Attempts,
    /// Tokens in and out.
    Tokens,
    /// Money.
    Cost,
    /// Time since the step or the run began.
    Time,
    /// Calls of one tool in a run. Since version 2.
    Calls,
}

impl LimitKind {
    /// The word in contracts and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::Attempts => "attempts",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Time => "time",
            Self::Calls => "calls",
        }
    }

    /// The version of what names it.
    pub(crate) const fn version(self) -> u32 {
        match self {
            Self::Turns | Self::Attempts | Self::Tokens | Self::Cost | Self::Time => 1,
            Self::Calls => 2,
        }
    }
}

/// An amount of what a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ceiling {
    /// Turns, attempts, calls or tokens.
    Count(u64),
    /// Money.
    Money(Money),
    /// Milliseconds.
    Ms(u64),
}

impl std::fmt::Display for Ceiling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Money(money) => write!(f, "{money}"),
            Self::Ms(ms) => write!(f, "{}.{:03} s", ms / 1000, ms % 1000),
        }
    }
}

/// Somebody raised a ceiling for this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRaised {
    /// The clause whose ceiling it is.
    pub clause: String,
    /// Which kind.
    pub limit: LimitKind,
    /// The new ceiling.
    pub to: Ceiling,
}

impl LimitRaised {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        self.limit.version()
    }
}

/// What held the run no longer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResumed {
    /// Who said so.
    pub who: String,
}

/// The run ended as promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSucceeded {
    /// The workflow's output, checked against its type.
    pub output: Value,
}

/// The run ended; what it promised did not come about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailed {
    /// The step that failed; none where the run's own output did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// Why.
    pub failure: Failure,
    /// The clause that broke, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Who was at fault.
    pub party: Party,
    /// Calls that were taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compensated: Vec<CallId>,
    /// Calls whose effects stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<CallId>,
}

impl RunFailed {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        let is_plain = self.compensated.is_empty() && self.standing.is_empty();
        if is_plain { self.failure.class.version() } else { 2 }
    }
}

/// What the run promised can't come about any more, though no step failed: what it did is taken back first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailing {
    /// Why.
    pub failure: Failure,
    /// The clause that broke, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Who was at fault.
    pub party: Party,
}

/// Somebody wants the run to end; what has left is settled first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCancelRequested {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
}

/// The run ended because somebody wanted it to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCancelled {
    /// Calls that were taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compensated: Vec<CallId>,
    /// Calls whose effects stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<CallId>,
}

impl RunCancelled {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        if self.compensated.is_empty() && self.standing.is_empty() { 1 } else { 2 }
    }
}

/// The run ended at once, because somebody wanted it to. Nothing was settled, and nothing was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunKilled {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// What was open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<StillOpen>,
}

/// Something that was open when a run was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillOpen {
    /// Of which step.
    pub step: StepId,
    /// The call, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// How it stood, in words.
    pub what: String,
}

/// What a run is doing, or what it rests on. Derived; kept beside the journal so that runs can be found by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something can move.
    Running,
    /// It rests until something happens.
    Waiting(Waits),
    /// It rests until a limit is raised.
    PausedByLimit,
    /// It rests until the operator helps.
    PausedForOperator,
    /// It rests until a person resumes it.
    PausedByPerson,
    /// It rests until a halt is lifted.
    PausedByHalt {
        /// What is halted.
        scope: String,
    },
    /// What it did is being taken back.
    Compensating,
    /// What it did can't be taken back: a person tries again, or leaves it standing.
    Stuck,
    /// Its journal doesn't fold; nothing is done with it.
    Quarantined,
    /// Ended as promised.
    Done,
    /// Ended otherwise.
    Failed,
    /// Ended by request.
    Cancelled,
    /// Ended at once, by request.
    Killed,
    /// Ended so, and of what it did something stands that nobody took back: until a person has accepted that.
    Standing(EndedAs),
}

/// How a run ended of which something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedAs {
    /// As promised; a part of it failed on the way.
    Done,
    /// Otherwise.
    Failed,
    /// By request.
    Cancelled,
}

/// What a waiting run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// A call in doubt, to be settled by a person.
    Settlement,
    /// A time: the next attempt is not due yet.
    Retry {
        /// When it is.
        until: Timestamp,
    },
    /// An answer of a person.
    Approval,
    /// Another run that is about the same action.
    Claim {
        /// That run.
        by: RunId,
        /// When it is looked for again.
        until: Timestamp,
    },
    /// A time that the contract names.
    Time {
        /// The earliest of them.
        until: Timestamp,
    },
    /// A call that its server has taken on and finishes later.
    Call {
        /// When it is asked next how it stands.
        until: Timestamp,
    },
    /// A signal: `handfast signal`.
    Signal {
        /// Its name.
        name: String,
    },
    /// The next message of a conversation: `handfast say`.
    Message {
        /// When it is over if none comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
}

impl Status {
    /// How it ended, with what stands beside it or not; none for a run that is live.
    pub const fn ended(&self) -> Option<EndedAs> {
        match self {
            Self::Done => Some(EndedAs::Done),
            Self::Failed => Some(EndedAs::Failed),
            Self::Cancelled => Some(EndedAs::Cancelled),
            Self::Standing(ended) => Some(*ended),
            _ => None,
        }
    }

    /// Whether nothing can ever happen any more.
    pub const fn is_ended(&self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Killed | Self::Standing(_))
    }

    /// Whether only somebody outside can move it.
    pub const fn rests(&self) -> bool {
        !matches!(
            self,
            Self::Running
                | Self::Compensating
                | Self::Waiting(Waits::Retry { .. } | Waits::Claim { .. } | Waits::Call { .. })
        )
    }

    /// In words, as people read it: `waiting (settlement)`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting(Waits::Settlement) => "waiting (settlement)",
            Self::Waiting(Waits::Retry { .. }) => "waiting (retry)",
            Self::Waiting(Waits::Approval) => "waiting (approval)",
            Self::Waiting(Waits::Claim { .. }) => "waiting (claim)",
            Self::Waiting(Waits::Call { .. }) => "waiting (call)",
            Self::Waiting(Waits::Time { .. }) => "waiting (time)",
            Self::Waiting(Waits::Signal { .. }) => "waiting (signal)",
            Self::Waiting(Waits::Message { .. }) => "waiting (message)",
            Self::PausedByLimit => "paused (limit)",
            Self::PausedForOperator => "paused (operator)",
            Self::PausedByPerson => "paused (person)",
            Self::PausedByHalt { .. } => "paused (halt)",
            Self::Compensating => "compensating",
            Self::Stuck => "stuck",
            Self::Quarantined => "quarantined",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Killed => "killed",
            Self::Standing(EndedAs::Done) => "done (standing)",
            Self::Standing(EndedAs::Failed) => "failed (standing)",
            Self::Standing(EndedAs::Cancelled) => "cancelled (standing)",
        }
    }
}
