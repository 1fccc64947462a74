//! The table of one tool call.

use std::sync::Arc;

use handfast_events::{
    Body, CallId, CallIntended, CallRefused, Failure, FailureClass, Idempotency, Kept, Next, Settled,
    Timestamp,
};
use serde_json::Value;

use super::Illegal;

/// One tool call of a turn, or of a tool step.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) tool: Arc<str>,
    pub(crate) args: Arc<Value>,
    pub(crate) state: CallState,
    /// When the newest attempt is given up at the latest: until then it may be at work, whoever made it.
    pub(crate) over_by: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) enum CallState {
    /// It may be sent as soon as nothing is in its way.
    Due(Due),
    /// It may have left.
    Intended(Sent),
    /// Nobody can know whether it took effect: a person settles it.
    Doubted(Sent),
    /// It took effect; what came back is not judged yet.
    Applied(Kept),
    /// Nothing more happens to it.
    Closed(Closed),
}

/// A call that may be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    /// The number of the next attempt.
    pub(crate) attempt: u32,
    /// Attempts that count against the limit.
    pub(crate) tries: u64,
    /// Not before this time.
    pub(crate) not_before: Option<Timestamp>,
    /// The call that goes first, once that was said.
    pub(crate) behind: Option<CallId>,
    /// The last attempt, where one may have left and nobody knows what came of it.
    pub(crate) doubt: Option<Arc<CallIntended>>,
}

/// A call that may have left.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) intent: Arc<CallIntended>,
    pub(crate) tries: u64,
    /// Whether an earlier attempt is in doubt: a failure speaks for its own attempt only.
    pub(crate) doubt: bool,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) enum Closed {
    Refused(CallRefused),
    Failed(Failure),
    Judged(Kept),
}

impl Call {
    pub(crate) fn new(id: CallId, tool: &str, args: Value) -> Self {
        let due = Due { attempt: 1, ..Due::default() };
        Self {
            id,
            tool: tool.into(),
            args: Arc::new(args),
            state: CallState::Due(due),
            over_by: Timestamp::UNIX_EPOCH,
        }
    }

    /// Becomes what the event says.
    pub(crate) fn evolve(mut self, time: Timestamp, body: &Body) -> Result<Self, Illegal> {
        if let Body::CallIntended(intent) = body {
            let timeout = std::time::Duration::from_millis(intent.timeout_ms);
            self.over_by = time.checked_add(timeout).unwrap_or(Timestamp::MAX);
        }
        use CallState::{Applied, Doubted, Due as DueState, Intended};
        self.state = match (self.state, body) {
            (DueState(_), Body::CallRefused(refused)) => CallState::Closed(Closed::Refused(refused.clone())),
            (DueState(due), Body::CallQueued(queued)) => {
                DueState(Due { behind: Some(queued.behind.clone()), ..due })
            }
            (DueState(due), Body::CallIntended(intent)) if intent.attempt == due.attempt => Intended(Sent {
                intent: Arc::new(intent.clone()),
                tries: due.tries + 1,
                doubt: due.doubt.is_some(),
            }),
            (Intended(sent), Body::CallApplied(applied)) if applied.attempt == sent.intent.attempt => {
                Applied(applied.result.clone())
            }
            (Intended(sent), Body::CallNotSent(not)) if not.attempt == sent.intent.attempt => {
                after(sent, &not.next, &not.failure)
            }
            (Intended(sent), Body::CallNotApplied(not)) if not.attempt == sent.intent.attempt => {
                after(sent, &not.next, &not.failure)
            }
            (Intended(sent), Body::CallDoubted(doubted)) if doubted.attempt == sent.intent.attempt => {
                after(Sent { doubt: true, ..sent }, &doubted.next, &doubted.failure)
            }
            // The run is ending, and what is in doubt is not repeated any more.
            (DueState(Due { doubt: Some(intent), tries, .. }), Body::CallDoubted(doubted))
                if doubted.next == Next::Settlement =>
            {
                Doubted(Sent { intent, tries, doubt: true })
            }
            (Doubted(sent), Body::CallSettled(settled)) => {
                settle(sent.intent.attempt, sent.tries, &settled.settled)
            }
            // A person may know before the next attempt does.
            (DueState(Due { doubt: Some(intent), tries, .. }), Body::CallSettled(settled)) => {
                settle(intent.attempt, tries, &settled.settled)
            }
            (Applied(result), Body::CallJudged(_)) => CallState::Closed(Closed::Judged(result)),
            (state, body) => {
                return Err(Illegal {
                    place: format!("call `{}`", self.id),
                    state: state.name(),
                    event: body.name(),
                });
            }
        };
        Ok(self)
    }

    /// Whether somebody may still hear of it: it is under way, or in doubt.
    pub(crate) const fn may_have_left(&self) -> bool {
        match &self.state {
            CallState::Due(due) => due.doubt.is_some(),
            CallState::Intended(_) | CallState::Doubted(_) | CallState::Applied(_) => true,
            CallState::Closed(_) => false,
        }
    }

    /// Whether a person may say what came of it.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        match &self.state {
            CallState::Doubted(_) => true,
            CallState::Due(due) => due.doubt.is_some(),
            _ => false,
        }
    }

    /// Whether it took effect, and what came back was held against its contract.
    pub(crate) const fn is_judged(&self) -> bool {
        matches!(self.state, CallState::Closed(Closed::Judged { .. }))
    }

    /// What it gave, if that was kept whole.
    pub(crate) fn gave(&self) -> Option<Value> {
        match &self.state {
            CallState::Closed(Closed::Judged(Kept::Whole(value))) => Some(value.clone()),
            _ => None,
        }
    }

    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.state, CallState::Closed(_))
    }
}

/// What a person's word leaves behind.
fn settle(attempt: u32, tries: u64, settled: &Settled) -> CallState {
    match settled {
        Settled::Applied(result) => CallState::Applied(Kept::Whole(result.clone())),
        Settled::NotApplied => CallState::Due(Due { attempt: attempt + 1, tries, ..Due::default() }),
    }
}

/// What an attempt without a result leaves behind.
fn after(sent: Sent, next: &Next, failure: &Failure) -> CallState {
    // An attempt that died with its worker, or that the operator must mend, says nothing about the tool: it doesn't count.
    let counts = !matches!(
        failure.class,
        FailureClass::WorkerGone | FailureClass::Authentication | FailureClass::Billing
    );
    let tries = if counts { sent.tries } else { sent.tries.saturating_sub(1) };
    match next {
        Next::Retry(retry) => CallState::Due(Due {
            attempt: sent.intent.attempt + 1,
            tries,
            not_before: Some(retry.at),
            behind: None,
            doubt: sent.doubt.then_some(sent.intent),
        }),
        Next::Settlement => CallState::Doubted(Sent { tries, ..sent }),
        Next::GiveUp => CallState::Closed(Closed::Failed(failure.clone())),
    }
}

impl CallState {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Due(_) => "due",
            Self::Intended(_) => "intended",
            Self::Doubted(_) => "in doubt",
            Self::Applied(_) => "applied",
            Self::Closed(_) => "closed",
        }
    }
}

impl Sent {
    /// Whether it may be sent again while nobody knows what came of it.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.intent.idempotency.is_repeatable()
    }

    /// Whether it can't have changed anything.
    pub(crate) fn only_reads(&self) -> bool {
        self.intent.idempotency == Idempotency::Reads
    }
}
