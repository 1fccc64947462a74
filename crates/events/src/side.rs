//! A call that hangs behind another one: it looks at the world for it, or takes back what it did.
//!
//! It is a call like every other, with a life of its own. Its id is that of the call it serves, with what it is for
//! behind it: `refund@1.0~probe.order`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CallId, Retry, Settled, Timestamp};

/// The runtime makes a call for the sake of another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideCallProposed {
    /// What it is for.
    pub purpose: Purpose,
    /// The tool, by its name in the contract.
    pub tool: String,
    /// The arguments, with the schema's defaults.
    pub args: Value,
    /// It is not sent before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// What a call that hangs behind another one is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The probe of this name, before the call is sent.
    Before(String),
    /// The probe of this name, after the call took effect.
    After(String),
    /// Whether a call in doubt took effect.
    Look,
    /// To take back what the call did.
    Compensate,
}

impl CallId {
    /// The `ordinal`-th call for this purpose behind this one, counted from 1.
    ///
    /// ```
    /// use handfast_events::{CallId, Purpose};
    /// let call = CallId::new("refund@1.0");
    /// let probe = call.aside(&Purpose::Before("order".into()), 1);
    /// assert_eq!(probe.as_str(), "refund@1.0~probe.order");
    /// assert_eq!(call.aside(&Purpose::Look, 2).as_str(), "refund@1.0~reconcile#2");
    /// assert_eq!(probe.behind(), Some(call));
    /// ```
    #[must_use]
    pub fn aside(&self, purpose: &Purpose, ordinal: usize) -> Self {
        match ordinal {
            0 | 1 if *purpose != Purpose::Look => Self::new(format!("{self}~{purpose}")),
            ordinal => Self::new(format!("{self}~{purpose}#{ordinal}")),
        }
    }

    /// The call that this one hangs behind, if it does.
    #[must_use]
    pub fn behind(&self) -> Option<Self> {
        let at = self.as_str().rfind('@')?;
        let (_, tail) = self.as_str().split_at(at);
        let behind = at + tail.rfind('~')?;
        self.as_str().get(..behind).map(Self::new)
    }

    /// Whether it is this call, or hangs behind it or behind one that does.
    #[must_use]
    pub fn is_of(&self, call: &Self) -> bool {
        self.as_str().strip_prefix(call.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('~'))
    }

    /// The call that it hangs behind at last: one that a model or a step asked for; itself where that is it.
    #[must_use]
    pub fn root(&self) -> Self {
        let mut root = self.clone();
        while let Some(behind) = root.behind() {
            root = behind;
        }
        root
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(name) => write!(f, "probe.{name}"),
            Self::After(name) => write!(f, "after.{name}"),
            Self::Look => f.write_str("reconcile"),
            Self::Compensate => f.write_str("compensate"),
        }
    }
}

/// A look ended the doubt: the contract says what it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallFound {
    /// The look.
    pub look: CallId,
    /// Which way.
    pub settled: Settled,
    /// What was seen.
    pub evidence: String,
}

/// What was done to end a doubt did not end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtStayed {
    /// The look that told nothing; none where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<CallId>,
    /// Why it is in doubt still.
    pub why: String,
    /// What comes next.
    pub next: Stayed,
}

/// What follows a doubt that stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stayed {
    /// It is looked for again.
    Look,
    /// It is sent again: its contract says that this is safe.
    Repeat(Retry),
    /// A person says whether it took effect: `handfast settle`.
    Person {
        /// Who is to, where the contract says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    },
}
