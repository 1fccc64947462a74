//! Events of one tool call. The envelope names the step and the call.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, Failure, Money, Retry, Timestamp, Verdict};

/// Somebody asks for the call: the model, or a tool step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallProposed {
    /// The tool, by its name in the contract.
    pub tool: String,
    /// The arguments, with the schema's defaults; as the model wrote them where they are no JSON.
    pub args: Value,
}

/// A clause refuses the call; it is never sent. The asker is told why and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRefused {
    /// The clause's address.
    pub clause: String,
    /// The clause in its author's words.
    pub sentence: String,
    /// What was found.
    pub reason: String,
    /// What would be taken.
    pub mend: String,
}

/// It took effect (or only read), and what it gave is kept from whoever asked: a clause doesn't let it be shown, or it
/// would set a fact anew that is set once. Behind [`CallJudged`] or [`crate::CallGiven`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallWithheld {
    /// The clause's address.
    pub clause: String,
    /// The clause in its author's words.
    pub sentence: String,
    /// Why, in words that give nothing of the result away.
    pub reason: String,
    /// What else can be done.
    pub mend: String,
}

/// The call passed its checks; another call of the run is in its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallQueued {
    /// The resource that both touch.
    pub resource: String,
    /// The call that goes first.
    pub behind: crate::CallId,
}

/// From here on the call may have left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallIntended {
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// What the server gets; the same on every attempt.
    pub sends: Value,
    /// Whether it may be repeated, and how; as the tool's contract says.
    pub idempotency: Idempotency,
    /// The resources it touches, as the contract names them with its arguments filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Those it may change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
    /// When the attempt is given up, in milliseconds after it is sent.
    pub timeout_ms: u64,
    /// Until when the server keeps the key, where the contract says so: from then on it must not be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// What the attempt costs, whatever comes of it. Since version 2.
    #[serde(default, skip_serializing_if = "is_free")]
    pub costs: Money,
}

impl CallIntended {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        if is_free(&self.costs) { 1 } else { 2 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what `skip_serializing_if` calls takes a reference")]
const fn is_free(costs: &Money) -> bool {
    costs.nano_usd() == 0
}

/// A call does not leave yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallHeld {
    /// Not before this time; without one until somebody who is under way has come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether it has a slot under a rate then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_slot: bool,
    /// Why: what stands in its way.
    pub why: String,
}

/// Whether a call may be repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idempotency {
    /// It only reads.
    Reads,
    /// The same arguments twice are the same as once.
    Natural,
    /// The same key twice is the same as once.
    Key(String),
    /// It must not be repeated while nobody knows whether it took effect.
    None,
}

impl Idempotency {
    /// Whether the call may be sent again while its outcome is unknown.
    pub const fn is_repeatable(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// It is known that nothing left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallNotSent {
    /// The attempt.
    pub attempt: u32,
    /// What stopped it.
    pub failure: Failure,
    /// What comes next.
    pub next: Next,
}

/// Its server took the call on, and finishes it later: it is asked now and then how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallWorking {
    /// The attempt.
    pub attempt: u32,
    /// The server, by its name in the contract.
    pub server: String,
    /// By what it is asked.
    pub handle: Handle,
    /// What the server says of how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// When it is asked.
    pub ask_at: Timestamp,
    /// How long the request took, in milliseconds.
    pub latency_ms: u64,
}

/// By what a server is asked how a call stands that it has taken on. It suffices for any worker, and holds no secret: the
/// names of secrets stand in their places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handle {
    /// A path on the server, for a `GET`.
    Path(String),
    /// The id of an MCP task.
    Task(String),
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Task(id) => write!(f, "task {id}"),
        }
    }
}

/// Its server was asked how the call stands, and it is not at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPolled {
    /// The attempt of the call.
    pub attempt: u32,
    /// Which time it was, counted from 1 within the attempt.
    pub poll: u32,
    /// By what the server is asked from now on, where that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// What the server says of how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Why the server could not be asked, where it couldn't: that says nothing of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// When it is asked again.
    pub ask_at: Timestamp,
}

/// It took effect (or only read), and this came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallApplied {
    /// The attempt.
    pub attempt: u32,
    /// What came back.
    pub result: Kept,
    /// From the first byte sent to the last received, in milliseconds.
    pub latency_ms: u64,
}

/// A result, whole or cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// All of it.
    Whole(Value),
    /// Larger than a result may be: its head, and the digest of all of it.
    Cut {
        /// The first part, as text.
        head: String,
        /// The digest of its canonical bytes.
        digest: Digest,
        /// How many they are.
        bytes: u64,
    },
}

/// The attempt is known not to have taken effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallNotApplied {
    /// The attempt.
    pub attempt: u32,
    /// Why.
    pub failure: Failure,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// What comes next.
    pub next: Next,
}

/// Nobody can know whether the attempt took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDoubted {
    /// The attempt.
    pub attempt: u32,
    /// Why.
    pub failure: Failure,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// What comes next.
    pub next: Next,
}

/// What follows an attempt without a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// It is tried again.
    Retry(Retry),
    /// It is in doubt until a look settles it, where its contract says how, or a person: `handfast settle`.
    Settlement,
    /// Nothing: the call has failed, and whoever asked is told. Closes the call.
    GiveUp,
}

/// A person ended the doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallSettled {
    /// Which way.
    pub settled: Settled,
    /// Who said so.
    pub who: String,
    /// On what evidence.
    pub evidence: String,
}

/// Which way a doubt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It took effect, and gave this.
    Applied(Value),
    /// It did not.
    NotApplied,
}

/// What came of an attempt was heard once the doubt about it had been ended by a look or a person. It is kept as evidence, and
/// changes nothing by itself; where it contradicts, a person is to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultCameLate {
    /// The attempt.
    pub attempt: u32,
    /// What it came to.
    pub came: Came,
    /// What was said before, and by whom, where that was something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradicts: Option<SaidBefore>,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// It took effect, and gave this.
    Applied(Kept),
    /// It did not.
    NotApplied(Failure),
}

/// What was said of a call in doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaidBefore {
    /// Which way.
    pub settled: Settled,
    /// By whom: a person, or the call that looked.
    pub by: String,
}

/// What came back was held against the tool's contract. Closes the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallJudged {
    /// Every clause that was looked at: the output's type, then each `ensures`.
    pub verdicts: Vec<Verdict>,
}
