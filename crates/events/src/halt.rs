//! Halts: an operator's stop by scope. They belong to no run: a store keeps them, and every worker looks at them before
//! it sends anything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What an operator stopped, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// What is halted.
    pub scope: HaltScope,
    /// Who halted it.
    pub who: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// Who heeds it; none until a worker that drives says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heeded: Option<Heeded>,
}

/// A worker heeds a halt: from then on nothing of its scope leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heeded {
    /// The worker.
    pub worker: String,
    /// Since when.
    pub at: Timestamp,
    /// What had left already and was not back, each in words; the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// How many more there were.
    #[serde(default)]
    pub more: u64,
}

/// What is halted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum HaltScope {
    /// All that agents of this name ask for and do.
    Agent(String),
    /// All calls of tools of this name.
    Tool(String),
    /// All calls that go to servers of this name.
    Server(String),
    /// Everything that runs of this contract send.
    Contract(String),
    /// Everything.
    Everything,
}

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no scope: say agent:NAME, tool:NAME, server:NAME, contract:NAME or everything")]
pub struct NoScope(String);

impl fmt::Display for HaltScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(name) => write!(f, "agent:{name}"),
            Self::Tool(name) => write!(f, "tool:{name}"),
            Self::Server(name) => write!(f, "server:{name}"),
            Self::Contract(name) => write!(f, "contract:{name}"),
            Self::Everything => f.write_str("everything"),
        }
    }
}

impl FromStr for HaltScope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        if text == "everything" {
            return Ok(Self::Everything);
        }
        let (kind, name) =
            text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(|| NoScope(text.into()))?;
        match kind {
            "agent" => Ok(Self::Agent(name.into())),
            "tool" => Ok(Self::Tool(name.into())),
            "server" => Ok(Self::Server(name.into())),
            "contract" => Ok(Self::Contract(name.into())),
            _ => Err(NoScope(text.into())),
        }
    }
}

impl From<HaltScope> for String {
    fn from(scope: HaltScope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for HaltScope {
    type Error = NoScope;

    fn try_from(text: String) -> Result<Self, NoScope> {
        text.parse()
    }
}
