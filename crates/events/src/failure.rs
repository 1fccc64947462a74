//! The closed list of what can go wrong with a call, and who can be at fault.

use serde::{Deserialize, Serialize};

/// What went wrong, as recorded: the class decides the remedy, the rest is evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which of the closed list.
    pub class: FailureClass,
    /// What happened, in one sentence for people. Never holds a secret.
    pub detail: String,
    /// The HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The code that the server or provider gave, or the contract's name for the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How long the other side asks to be left alone, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// A failure of this class with nothing but its sentence.
    pub fn new(class: FailureClass, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into(), status: None, code: None, retry_after_ms: None }
    }

    /// The same failure with the name or code it goes by.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

/// The closed list. Each class has one remedy (`engine::remedy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Too many requests for now.
    RateLimited,
    /// The provider has no room for now.
    Overloaded,
    /// No answer in time.
    Timeout,
    /// The connection broke, or could not be made.
    ConnectionLost,
    /// The provider or server is down.
    Unavailable,
    /// The request is larger than the model's window.
    ContextOverflow,
    /// The model's answer is not of the form that was asked for.
    Malformed,
    /// The model declined.
    Refused,
    /// The provider's filter stopped the answer.
    ContentFiltered,
    /// No credit left, or a spending limit at the provider.
    Billing,
    /// The key is missing, wrong or not allowed.
    Authentication,
    /// The provider calls the request wrong.
    BadRequest,
    /// A tool failed in a way that the contract calls transient.
    ToolTransient,
    /// A tool failed in a way that the contract calls permanent.
    ToolPermanent,
    /// A tool broke what its contract promises.
    ToolBreach,
    /// A clause refused the call.
    RefusedByClause,
    /// A step gave what its readers can't take.
    HandOff,
    /// A condition, template or schema of the contract could not be evaluated.
    Author,
    /// What a step was to come to did not come in as many rounds, lanes or as much time as it had.
    NotReached,
    /// An agent did the same again and again, and nothing came of it.
    Stalled,
    /// Stopped on request before there was an answer.
    Cancelled,
    /// The worker that made the attempt is gone, and the answer with it.
    WorkerGone,
    /// None of these; the evidence is kept.
    Unknown,
}

impl FailureClass {
    /// Whether it may pass by itself, so that the same call made again may succeed.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Overloaded
                | Self::Timeout
                | Self::ConnectionLost
                | Self::Unavailable
                | Self::ToolTransient
        )
    }

    /// The version of the failures' kinds that can say it.
    pub(crate) const fn version(self) -> u32 {
        if matches!(self, Self::NotReached | Self::Stalled) { 2 } else { 1 }
    }

    /// The name in words, as people read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate limited",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::ConnectionLost => "connection lost",
            Self::Unavailable => "unavailable",
            Self::ContextOverflow => "context overflow",
            Self::Malformed => "malformed output",
            Self::Refused => "refused",
            Self::ContentFiltered => "content filtered",
            Self::Billing => "billing",
            Self::Authentication => "authentication",
            Self::BadRequest => "bad request",
            Self::ToolTransient => "transient tool failure",
            Self::ToolPermanent => "tool failure",
            Self::ToolBreach => "broken promise of a tool",
            Self::RefusedByClause => "refused by a clause",
            Self::HandOff => "broken hand-off",
            Self::Author => "clause that can't be evaluated",
            Self::NotReached => "not reached",
            Self::Stalled => "stalled",
            Self::Cancelled => "cancelled",
            Self::WorkerGone => "worker gone",
            Self::Unknown => "unknown failure",
        }
    }
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The model.
    Model,
    /// The step that a value came from.
    Step,
    /// The tool.
    Tool,
    /// The server behind the tool.
    Server,
    /// The state of the world.
    Environment,
    /// A person.
    Person,
    /// Whoever wrote the contract.
    Author,
    /// Handfast itself.
    Runtime,
    /// Nobody can say.
    Unknown,
}
