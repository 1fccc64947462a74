//! The files of a contract, as a store keeps them, so that a run goes on with the contract that it began with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, canonical};

/// Every byte that was read for one contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The contract's own file, one of `files`.
    pub main: String,
    /// The files' texts, by their path relative to the contract's folder.
    pub files: BTreeMap<String, String>,
    /// The contract's folder, where its servers' commands start; not part of the digest.
    pub root: String,
}

impl Sources {
    /// The digest of the texts and their names.
    pub fn digest(&self) -> Digest {
        Digest::of(&canonical(&serde_json::json!({ "main": self.main, "files": self.files })))
    }
}
