//! What a run establishes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::CallId;

/// A tool's result set a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactSet {
    /// The fact, by its name in the contract.
    pub fact: String,
    /// Its value from here on.
    pub value: Value,
    /// The call whose result it comes from.
    pub by: CallId,
}
