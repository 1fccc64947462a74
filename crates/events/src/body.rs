//! What can have happened, as one closed list, and its form in a journal.
//!
//! A kind's stored form is frozen: a change is a new version with an upcast, read by [`Body::decode`] for ever.

use crate::*;

/// Stored bytes do not say what a kind of this version says.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The kind or its version came with a newer release: read the run with that one.
    #[error("`{kind}` version {version} comes from a newer release of Handfast")]
    TooNew {
        /// The kind's name.
        kind: String,
        /// Its version.
        version: u32,
    },
    /// The bytes are not what was written.
    #[error("the payload of `{kind}` does not decode")]
    Damaged {
        /// The kind's name.
        kind: String,
        /// Where and why.
        #[source]
        cause: serde_json::Error,
    },
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $kind:ident = $version:literal,)+) => {
        /// What happened. Each variant's payload has a struct of its own, documented there.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the struct of its name")]
        pub enum Body {
            $($(#[$doc])* $kind($kind),)+
        }

        impl Body {
            /// Every kind that this release knows, with the version that it writes.
            pub const KINDS: &'static [(&'static str, u32)] = &[$((stringify!($kind), $version)),+];

            /// The name of the kind.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)+
                }
            }

            /// The version of the kind's stored form.
            pub const fn version(&self) -> u32 {
                match self {
                    $(Self::$kind(_) => $version,)+
                }
            }

            /// Writes the payload, as JSON on one line.
            ///
            /// # Errors
            /// Never for values that came from JSON; a map with keys that aren't text would fail.
            pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
                match self {
                    $(Self::$kind(payload) => serde_json::to_vec(payload),)+
                }
            }

            /// Reads a payload of this kind and version.
            ///
            /// # Errors
            /// [`DecodeError::TooNew`]: use the release that wrote it. [`DecodeError::Damaged`]: quarantine the run.
            pub fn decode(kind: &str, version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
                match (kind, version) {
                    $((stringify!($kind), $version) => serde_json::from_slice(payload)
                        .map(Self::$kind)
                        .map_err(|cause| DecodeError::Damaged { kind: kind.into(), cause }),)+
                    _ => Err(DecodeError::TooNew { kind: kind.into(), version }),
                }
            }
        }

        $(impl From<$kind> for Body {
            fn from(payload: $kind) -> Self {
                Self::$kind(payload)
            }
        })+
    };
}

bodies! {
    RunStarted = 1,
    EpochBegan = 1,
    MailTaken = 1,
    LimitRaised = 1,
    RunPaused = 1,
    RunResumed = 1,
    RunCancelRequested = 1,
    RunSucceeded = 1,
    RunFailed = 1,
    RunCancelled = 1,
    StepStarted = 1,
    StepSkipped = 1,
    StepSucceeded = 1,
    StepFailed = 1,
    ModelIntended = 1,
    ModelAnswered = 1,
    ModelFailed = 1,
    ContextAdjusted = 1,
    CallProposed = 1,
    CallRefused = 1,
    CallQueued = 1,
    CallIntended = 1,
    CallNotSent = 1,
    CallApplied = 1,
    CallNotApplied = 1,
    CallDoubted = 1,
    CallSettled = 1,
    CallJudged = 1,
}
