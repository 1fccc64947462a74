//! What runs share: named rows, each change of which is an event of the run that made it.
//!
//! The change and its condition hold in the commit of the event, or the event never happened. So the rows can be
//! computed again from the journals.

use serde::{Deserialize, Serialize};

use crate::{CallId, Digest, Kept, RunId, Timestamp};

/// The run changed a row that runs share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimChanged {
    /// The row's name: `action/…`.
    pub name: String,
    /// How it was before, or the event would not have happened.
    pub before: ClaimBefore,
    /// Its value from here on, held by this run; none frees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// How a row was before it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimBefore {
    /// Nobody held it.
    Absent,
    /// This run held it.
    Own,
    /// Whoever held it, its value was this.
    Is(String),
    /// Whoever held it, its value had this digest. Since version 2.
    Digest(Digest),
}

impl ClaimChanged {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        match self.before {
            ClaimBefore::Absent | ClaimBefore::Own | ClaimBefore::Is(_) => 1,
            ClaimBefore::Digest(_) => 2,
        }
    }
}

/// A row that runs share was so, or the event would not have happened; it stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSeen {
    /// The row's name.
    pub name: String,
    /// The digest of its value; none where nobody held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// The value of the row of an action that is done once (`once_per`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The call that does it.
    pub call: CallId,
    /// The digest of its arguments, as canonical JSON.
    pub args: Digest,
    /// How far it is.
    pub done: Done,
}

/// The value of the row of somebody who is down: a model's host, or a server (`breaker/…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Nobody asks before this time; then one does, for all.
    pub until: Timestamp,
    /// How often in a row they were found to be down.
    pub trips: u32,
    /// Whether the run that holds the row is trying it now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
}

/// The value of the row of a rate (`pace/…`): how many began, or have their slot, in each part of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// How long a part is, in milliseconds.
    pub part_ms: i64,
    /// The number of the first part, counted from the beginning of 1970.
    pub from: i64,
    /// How many of each part from there on.
    pub begun: Vec<u64>,
}

/// How far an action is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// It may have left, and nobody knows yet what came of it.
    Open,
    /// It took effect, and gave this.
    Gave(Kept),
    /// It took effect, and broke what its tool promises: nothing is passed on.
    Broke,
}

/// Another run is about the same action: what came of it is looked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallWaits {
    /// The action's row.
    pub claim: String,
    /// The run that holds it.
    pub by: RunId,
    /// When it is looked for again.
    pub until: Timestamp,
}

/// The same action was done before: the call is not sent, and gets what that one gave. Closes the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallGiven {
    /// The run that did it.
    pub run: RunId,
    /// Its call.
    pub call: CallId,
    /// What that one gave.
    pub result: Kept,
}
