//! Events of taking back: what a scope did is compensated, or is left standing.
//!
//! A call that takes another one back is a call like others; its id says which: `refund@1.0~compensate`. The events here
//! are of the call that is taken back, but for the first.

use serde::{Deserialize, Serialize};

use crate::{CallId, Digest, Failure, Party};

/// What the scope's calls did is taken back, one after the other in this order: the last that was applied goes first.
/// The envelope names the scope's step; none where it is the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompensationBegan {
    /// The contract whose word on compensation holds: the one that the calls were made under.
    pub contract: Digest,
    /// Those that something takes back.
    pub calls: Vec<CallId>,
}

/// What the call did was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCompensated {
    /// What its contract says that stays all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<String>,
}

/// It can't be taken back by the machinery alone: a person tries again, or leaves it standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompensationStuck {
    /// Why.
    pub failure: Failure,
    /// The clause that broke, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Who is at fault.
    pub party: Party,
}

/// A person has it tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompensationRetried {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
}

/// What the call did stays done, though its scope failed or was cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLeftStanding {
    /// What stays, as the contract says it with the call's arguments filled in.
    pub what: Vec<String>,
    /// Why.
    pub why: Standing,
}

/// Why something is left standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its contract says that it may stay.
    Leaves,
    /// Its contract says that it can't be taken back: a person is to know.
    Impossible,
    /// Its contract doesn't say how it could be taken back: a person is to know.
    Unsaid,
    /// Taking it back did not succeed, and a person let it stand.
    Accepted {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
}

impl Standing {
    /// Whether somebody has yet to say that it may stand.
    pub const fn waits(&self) -> bool {
        matches!(self, Self::Impossible | Self::Unsaid)
    }
}

/// A person said that what was left standing may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingAccepted {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
}
