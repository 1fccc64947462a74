//! What a clause came to.

use serde::{Deserialize, Serialize};

use crate::Party;

/// One clause, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The clause's address in its contract: `tools.refund.ensures.the-amount-is-the-one-asked-for`.
    pub clause: String,
    /// Whether it held.
    pub held: Held,
    /// What was seen, for people; empty where it held.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// Who is at fault where it did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
}

/// Whether a clause held; what can't be known is never turned into either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// It was seen to hold.
    Held,
    /// It was seen not to hold.
    Violated,
    /// It could not be judged.
    Unverified,
}
