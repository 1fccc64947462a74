//! What agents share: read and written by calls of the step that the envelope names.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CallId, Digest, RunId, Timestamp};

/// A step read a memory, or was shown what others wrote meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryRead {
    /// The memory, by its name in the contract.
    pub memory: String,
    /// The version that was seen; 0 where nobody wrote yet.
    pub version: u64,
    /// The digest of the row that runs share, where they do and it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Digest>,
    /// The call that read it.
    pub by: CallId,
}

/// A step wrote a memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryWritten {
    /// The memory, by its name in the contract.
    pub memory: String,
    /// Its version from here on.
    pub version: u64,
    /// The digest of the row that runs share, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Digest>,
    /// What was written, where the memory lives as long as the run; else the row says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<Written>,
    /// The call that wrote it.
    pub by: CallId,
}

/// What was written into a memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Its value from here on.
    Value(Value),
    /// One more entry.
    Entry(Value),
}

/// What one memory holds. Where runs share it, this is its row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryCell {
    /// How often it was written.
    pub version: u64,
    /// Its value, or nothing where it is a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<MemoryEntry>,
    /// The entries of a log, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<MemoryEntry>,
}

/// Something that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryEntry {
    /// What.
    pub what: Value,
    /// When.
    pub at: Timestamp,
    /// The run whose call it was.
    pub run: RunId,
    /// The call.
    pub by: CallId,
}

impl MemoryCell {
    /// Once more is written.
    pub fn write(&mut self, what: &Written, at: Timestamp, run: RunId, by: &CallId) {
        self.version += 1;
        let entry = |what: &Value| MemoryEntry { what: what.clone(), at, run, by: by.clone() };
        match what {
            Written::Value(value) => self.value = Some(entry(value)),
            Written::Entry(value) => self.entries.push(entry(value)),
        }
    }

    /// When it was written last.
    pub fn written(&self) -> Option<Timestamp> {
        self.newest().map(|entry| entry.at)
    }

    /// What was written last.
    pub fn newest(&self) -> Option<&MemoryEntry> {
        self.value.as_ref().or(self.entries.last())
    }
}
