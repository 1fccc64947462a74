//! What can have happened, as one closed list, and its form in a journal.
//!
//! A kind's stored form is frozen, and read by [`Body::decode`] for ever. What a later form can say that an earlier one
//! can't (a new variant, a new field) bears the next version, and only what says it: the rest keeps its version and its
//! bytes. So one struct reads every form of its kind, and an older release calls what it can't read *too new*.

use crate::*;

/// The newest version of a kind.
macro_rules! newest {
    () => {
        1
    };
    ($newest:literal) => {
        $newest
    };
}

/// The version that a payload bears: where its kind has several forms, the payload says which it needs.
macro_rules! form {
    ($payload:ident) => {{
        let _ = $payload;
        1
    }};
    ($payload:ident, $newest:literal) => {
        $payload.version()
    };
}

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
    ($($(#[$doc:meta])* $kind:ident = 1 $(..= $newest:literal)? since $format:literal,)+) => {
        /// What happened. Each variant's payload has a struct of its own, documented there.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the struct of its name")]
        pub enum Body {
            $($(#[$doc])* $kind($kind),)+
        }

        impl Body {
            /// Every kind that this release knows, with its newest version; it reads all of them.
            pub const KINDS: &'static [(&'static str, u32)] =
                &[$((stringify!($kind), newest!($($newest)?))),+];

            /// The name of the kind.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)+
                }
            }

            /// The version of the kind's stored form: the lowest that can say it.
            pub fn version(&self) -> u32 {
                match self {
                    $(Self::$kind(payload) => form!(payload $(, $newest)?),)+
                }
            }

            /// The format of the journal that can hold it.
            pub fn format(&self) -> Format {
                let first = match self {
                    $(Self::$kind(_) => Format($format),)+
                };
                if self.version() == 1 { first } else { first.max(Format(2)) }
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
                    $((stringify!($kind), 1..) if version <= newest!($($newest)?) => serde_json::from_slice(payload)
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
    RunStarted = 1 since 1,
    EpochBegan = 1..=2 since 1,
    MailTaken = 1..=2 since 1,
    LimitRaised = 1..=2 since 1,
    RunPaused = 1..=2 since 1,
    RunResumed = 1 since 1,
    RunCancelRequested = 1 since 1,
    RunSucceeded = 1 since 1,
    RunFailed = 1..=2 since 1,
    RunCancelled = 1..=2 since 1,
    StepStarted = 1..=2 since 1,
    StepSkipped = 1 since 1,
    StepSucceeded = 1 ..= 2 since 1,
    StepFailed = 1 ..= 2 since 1,
    BranchChosen = 1 since 2,
    RoundStarted = 1 since 2,
    LaneStarted = 1 since 2,
    LaneFinished = 1 since 2,
    LaneFailed = 1 since 2,
    OtherwiseTaken = 1 since 2,
    WaitBegan = 1 since 2,
    SignalReceived = 1 since 2,
    ModelIntended = 1..=2 since 1,
    ModelAnswered = 1..=2 since 1,
    ModelFailed = 1 since 1,
    ContextAdjusted = 1..=2 since 1,
    CallProposed = 1 since 1,
    CallRefused = 1 since 1,
    CallQueued = 1 since 1,
    CallIntended = 1..=2 since 1,
    CallNotSent = 1 since 1,
    CallApplied = 1 since 1,
    CallNotApplied = 1 since 1,
    CallDoubted = 1 since 1,
    CallSettled = 1 since 1,
    CallJudged = 1 since 1,
    SideCallProposed = 1 since 2,
    CallFound = 1 since 2,
    DoubtStayed = 1 since 2,
    ApprovalAsked = 1 since 2,
    ApprovalAnswered = 1 since 2,
    ApprovalLapsed = 1 since 2,
    ApprovalWithdrawn = 1 since 2,
    RunKilled = 1 since 2,
    ClaimChanged = 1..=2 since 2,
    CallWaits = 1 since 2,
    CallGiven = 1 since 2,
    RunFailing = 1 since 2,
    CompensationBegan = 1 since 2,
    CallCompensated = 1 since 2,
    CompensationStuck = 1 since 2,
    CompensationRetried = 1 since 2,
    CallLeftStanding = 1 since 2,
    StandingAccepted = 1 since 2,
    FactSet = 1 since 2,
    CallWithheld = 1 since 2,
    CallWorking = 1 since 2,
    CallPolled = 1 since 2,
    ClaimSeen = 1 since 2,
    MemoryRead = 1 since 2,
    MemoryWritten = 1 since 2,
    MessageAwaited = 1 since 2,
    MessageHeard = 1 since 2,
    Said = 1 since 2,
    TalkEnded = 1 since 2,
    ResultCameLate = 1 since 2,
    ModelSwitched = 1 since 2,
    ModelHeld = 1 since 2,
    ToolTakenAway = 1 since 2,
    CallHeld = 1 since 2,
}
