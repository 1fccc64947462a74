//! The names of things in a journal. Ids enter as values: nothing here draws one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Hasher;
use crate::key::base_32;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Names it by this UUID (version 7, so that ids sort by birth).
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The 16 bytes that a store keeps.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads the 16 bytes that a store kept.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.parse()?))
            }
        }
    };
}

uuid_id! {
    /// One run of one workflow.
    RunId
}
uuid_id! {
    /// One append: found again by it when nobody knows whether it landed.
    AppendId
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Names it by this text.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A step by its path in the workflow: `order`, `study[rust]/found`, `write#2/draft`.
    StepId
}
text_id! {
    /// A tool call by its path: `step@turn.ordinal`; a tool step's own call is `step@0.0`.
    ///
    /// ```
    /// use handfast_events::{CallId, StepId};
    /// let call = CallId::of(&StepId::new("resolve"), 2, 1);
    /// assert_eq!(call.as_str(), "resolve@2.1");
    /// assert_eq!(call.step(), StepId::new("resolve"));
    /// ```
    CallId
}
text_id! {
    /// One question to people, short enough to be typed: the end of its run's id, and what tells it apart in the run.
    ///
    /// ```
    /// use handfast_events::{ApprovalId, RunId};
    /// let id = ApprovalId::of(RunId::from_bytes([0x1c; 16]), "pay@0.0", 1);
    /// assert_eq!(id.run_end(), Some("1c1c1c1c"));
    /// assert_ne!(id, ApprovalId::of(RunId::from_bytes([0x1c; 16]), "pay@0.0", 2));
    /// ```
    ApprovalId
}
text_id! {
    /// What somebody put to a run, once: the same id twice is one row of the mailbox.
    CommandId
}

impl StepId {
    /// Whether this is that step or lane, or lies below it.
    ///
    /// ```
    /// use handfast_events::StepId;
    /// let found = StepId::new("study[1]/found");
    /// assert!(found.is_within(&StepId::new("study[1]")) && found.is_within(&StepId::new("study")));
    /// assert!(!StepId::new("study[10]/found").is_within(&StepId::new("study[1]")));
    /// ```
    pub fn is_within(&self, scope: &Self) -> bool {
        let rest = self.0.strip_prefix(&*scope.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[', '#', '~']))
    }

    /// The id of the step in this one's place, if it fails.
    #[must_use]
    pub fn otherwise(&self) -> Self {
        Self::new(format!("{self}~otherwise"))
    }
}
/// What stands behind a call's id in that of the call that takes it back.
const COMPENSATION: &str = "~compensate";

impl CallId {
    /// The call that `turn` of `step` asked for as its `ordinal`-th, counted from 0.
    pub fn of(step: &StepId, turn: u32, ordinal: u32) -> Self {
        Self::new(format!("{step}@{turn}.{ordinal}"))
    }

    /// The call that takes this one back: `refund@1.0~compensate`.
    #[must_use]
    pub fn compensation(&self) -> Self {
        Self::new(format!("{self}{COMPENSATION}"))
    }

    /// The call that this one takes back, itself or as a side call of the one that does; none where it is no such call.
    ///
    /// ```
    /// use handfast_events::CallId;
    /// let call = CallId::new("refund@1.0");
    /// assert_eq!(call.takes_back(), None);
    /// assert_eq!(call.compensation().takes_back(), Some(call.clone()));
    /// assert_eq!(CallId::new("refund@1.0~compensate~reconcile#1").takes_back(), Some(call));
    /// ```
    pub fn takes_back(&self) -> Option<Self> {
        // A step's path may hold `~`, but no `@`: what stands behind that is of the call alone.
        let from = self.0.rfind('@')?;
        let place = self.0.get(from..)?.find(COMPENSATION)?;
        self.0.get(..from + place).map(Self::new)
    }

    /// The step whose call this is.
    pub fn step(&self) -> StepId {
        StepId::new(self.0.rsplit_once('@').map_or(&*self.0, |(step, _)| step))
    }
}

impl ApprovalId {
    /// The question that is asked of this call or step as its `ordinal`-th, counted from 1.
    pub fn of(run: RunId, place: &str, ordinal: u32) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(b"handfast/approval/v1\0");
        hasher.update(run.as_bytes());
        hasher.update(&ordinal.to_be_bytes());
        hasher.update(place.as_bytes());
        let run = run.to_string();
        let end = run.get(run.len().saturating_sub(Self::RUN_DIGITS)..).unwrap_or(&run);
        // 35 bits: two of a thousand questions of one run are the same once in sixty thousand runs.
        Self::new(format!("{end}-{}", base_32(&hasher.finish(), 7)))
    }

    /// The digits of the run's id in it.
    const RUN_DIGITS: usize = 8;

    /// The end of its run's id; none where it isn't of the form that ids have.
    pub fn run_end(&self) -> Option<&str> {
        let (end, code) = self.0.split_once('-')?;
        (end.len() == Self::RUN_DIGITS && !code.is_empty()).then_some(end)
    }
}

/// Where a run stands in its journal: the number of its newest event; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a worker's right to write to a run; each taking is one higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
