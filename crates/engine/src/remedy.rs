//! Each failure has one remedy: this table. What changes what a model sees is an event of its own, with its reason.

use std::time::Duration;

use handfast_events::{Digest, Failure, FailureClass, Retry};

use crate::decide::Draft;
use crate::limits::{BACKOFF_FIRST, BACKOFF_MAX, RETRY_AFTER_MAX};

/// What is done about a failure of a model's call, or of a tool's attempt that is known not to have taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The same again, after a wait that survives a crash; then, of a model, the next one.
    Retry,
    /// Of a model: the same once more, then the next one. Of a tool: as what won't pass.
    TryOnceMore,
    /// The request is made shorter.
    Shorten,
    /// Nothing leaves until the operator has mended it.
    Pause,
    /// It won't pass: whoever asked is told, or the step ends.
    Fail,
}

/// The remedy for this failure.
pub(crate) const fn remedy(failure: &Failure) -> Remedy {
    of_class(failure.class)
}

const fn of_class(class: FailureClass) -> Remedy {
    match class {
        FailureClass::RateLimited
        | FailureClass::Overloaded
        | FailureClass::Timeout
        | FailureClass::ConnectionLost
        | FailureClass::Unavailable
        | FailureClass::ToolTransient
        | FailureClass::WorkerGone => Remedy::Retry,
        FailureClass::Unknown => Remedy::TryOnceMore,
        // A model that answers, and not in the form of its own wire, may do better the next time.
        FailureClass::Malformed => Remedy::TryOnceMore,
        FailureClass::ContextOverflow => Remedy::Shorten,
        FailureClass::Billing | FailureClass::Authentication => Remedy::Pause,
        FailureClass::Refused
        | FailureClass::ContentFiltered
        | FailureClass::BadRequest
        | FailureClass::ToolPermanent
        | FailureClass::ToolBreach
        | FailureClass::RefusedByClause
        | FailureClass::HandOff
        | FailureClass::Author
        | FailureClass::NotReached
        | FailureClass::Stalled
        | FailureClass::Cancelled => Remedy::Fail,
    }
}

/// The classes that a failure of a model's call can have, in the order in which people are told them.
pub const MODEL_FAILURES: [FailureClass; 13] = [
    FailureClass::RateLimited,
    FailureClass::Overloaded,
    FailureClass::Timeout,
    FailureClass::ConnectionLost,
    FailureClass::Unavailable,
    FailureClass::ContextOverflow,
    FailureClass::Malformed,
    FailureClass::Refused,
    FailureClass::ContentFiltered,
    FailureClass::Billing,
    FailureClass::Authentication,
    FailureClass::BadRequest,
    FailureClass::Unknown,
];

/// What is done about a model's call that failed in this class, in a sentence for people.
pub const fn model_remedy(class: FailureClass) -> &'static str {
    match of_class(class) {
        Remedy::Retry => {
            "It is asked again after a wait: as long as the provider asks for, else longer each time. Then the next model \
             goes on; where there is none, the run pauses at its `attempts`."
        }
        Remedy::TryOnceMore => {
            "It is asked once more. Then the next model goes on; where there is none, the step fails."
        }
        Remedy::Shorten => {
            "The oldest part of the conversation is summed up, and the newest stays as it is; where there is nothing to sum \
             up, the answer is to be shorter. Then the next model goes on; where there is none, the step fails."
        }
        Remedy::Pause => {
            "It isn't asked again: the run pauses for the operator, and `handfast go RUN` goes on once that is mended."
        }
        Remedy::Fail => "It isn't asked again: the step fails.",
    }
}

impl Draft {
    /// When to try again: as long as the other side asks for, else exponential backoff with full jitter.
    ///
    /// The jitter is drawn from the run and the attempt, so that it is the same whoever decides.
    pub(crate) fn backoff(&self, place: &str, attempt: u32, tries: u64, failure: &Failure) -> Retry {
        let asked = failure.retry_after_ms.map(|ms| Duration::from_millis(ms).min(RETRY_AFTER_MAX));
        let (wait, why) = match asked {
            Some(wait) => (wait, format!("the other side asks for {:.1} s", wait.as_secs_f64())),
            None => {
                let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
                let ceiling = BACKOFF_FIRST.saturating_mul(1 << doublings).min(BACKOFF_MAX);
                let wait = ceiling.mul_f64(jitter(&format!("{}/{place}/{attempt}", self.run.id)));
                (wait, format!("backoff {:.1} s", wait.as_secs_f64()))
            }
        };
        let at = self.now.checked_add(wait).unwrap_or(self.now);
        Retry { at, why }
    }
}

/// A number from 0 to 1 that depends on nothing but its seed.
pub(crate) fn jitter(seed: &str) -> f64 {
    let digest = Digest::of(seed.as_bytes());
    let [a, b, c, d, ..] = *digest.as_bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
}
