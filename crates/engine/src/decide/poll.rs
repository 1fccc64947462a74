//! A call that its server has taken on: it is asked how that stands, until it has finished or nobody can know any more.
//!
//! A poll is a read and changes nothing, so it may be lost, late or made twice. Each is recorded with the time of the next,
//! so that whoever drives the run goes on with it; the waits grow with the time that the call has been at work, so that
//! the journal grows with the logarithm of it.

use std::time::Duration;

use handfast_events::{CallId, CallPolled, CallWorking, Failure, FailureClass, Timestamp};

use super::Draft;
use super::tool::named;
use crate::limits::{POLL_FIRST, POLL_SHARE, RETRY_AFTER_MAX, SILENCE_MAX};
use crate::state::{Call, CallState, Sent, Working};
use crate::{PollOutcome, Refusal, TakenOn, ToolError, ToolOutcome, evidence};

impl Draft {
    /// The server took the call on, or is still at work on it.
    pub(super) fn works_on(
        &mut self,
        call: &Call,
        sent: &Sent,
        taken: TakenOn,
        latency_ms: u64,
    ) -> Result<(), Refusal> {
        let attempt = sent.intent.attempt;
        let TakenOn { handle, says, ask_after_ms } = taken;
        let says = says.map(|says| evidence(&says));
        let CallState::Working(working) = &call.state else {
            let ask_at = self.ask_at(self.now, ask_after_ms);
            let server = self.run.plan.tool(&call.tool).map(|tool| tool.via.server.to_string());
            let server = server.unwrap_or_default();
            let taken = CallWorking { attempt, server, handle, says, ask_at, latency_ms };
            return self.tell_call(&call.id, taken);
        };
        let ask_at = self.ask_at(working.since, ask_after_ms);
        let handle = Some(handle).filter(|handle| *handle != working.handle);
        let poll = working.polls + 1;
        self.tell_call(&call.id, CallPolled { attempt, poll, handle, says, failure: None, ask_at })
    }

    pub(super) fn call_polled(
        &mut self,
        id: &CallId,
        attempt: u32,
        poll: u32,
        outcome: PollOutcome,
    ) -> Result<(), Refusal> {
        let is_due = |working: &Working| working.sent.intent.attempt == attempt && working.polls + 1 == poll;
        let call = self.run.call(id).cloned();
        let Some((call, working)) = call.as_ref().and_then(|call| match &call.state {
            CallState::Working(working) if is_due(working) => Some((call, working)),
            _ => None,
        }) else {
            return match outcome {
                PollOutcome::Finished(outcome) => self.came_late(id, attempt, outcome, 0),
                _ => Err(Refusal::Stale),
            };
        };
        let took = self.now.duration_since(call.asked_at).as_millis();
        let took = u64::try_from(took).unwrap_or(0);
        match outcome {
            PollOutcome::Working(taken) => self.came(call, &working.sent, ToolOutcome::TakenOn(taken), took),
            PollOutcome::Finished(outcome) => self.came(call, &working.sent, outcome, took),
            PollOutcome::Forgotten(error) => {
                let detail =
                    format!("its server took it on, and doesn't say what came of it: {}", error.text);
                self.is_lost_sight_of(call, working, ToolError { text: detail, ..error }, took)
            }
            PollOutcome::Unasked(error) => self.could_not_ask(call, working, error, took),
        }
    }

    /// That nobody could be asked says nothing of the call; in the end it is silence.
    fn could_not_ask(
        &mut self,
        call: &Call,
        working: &Working,
        error: ToolError,
        took: u64,
    ) -> Result<(), Refusal> {
        let is_silent = working.heard_at.checked_add(SILENCE_MAX).is_ok_and(|until| until <= self.now);
        if is_silent {
            let hours = SILENCE_MAX.as_secs() / 3600;
            let detail =
                format!("its server took it on, and could not be asked for {hours} hours: {}", error.text);
            return self.is_lost_sight_of(call, working, ToolError { text: detail, ..error }, took);
        }
        let ask_at = self.ask_at(working.since, error.retry_after_ms);
        let class = error.class.unwrap_or(FailureClass::Unavailable);
        let (attempt, poll) = (working.sent.intent.attempt, working.polls + 1);
        let failure: Option<Failure> = Some(named(class, "not asked", error));
        self.tell_call(&call.id, CallPolled { attempt, poll, handle: None, says: None, failure, ask_at })
    }

    /// Nobody can know any more what comes of it: as if its answer had been lost.
    fn is_lost_sight_of(
        &mut self,
        call: &Call,
        working: &Working,
        error: ToolError,
        took: u64,
    ) -> Result<(), Refusal> {
        let error = ToolError { class: Some(FailureClass::ConnectionLost), retry_after_ms: None, ..error };
        self.came(call, &working.sent, ToolOutcome::Lost(error), took)
    }

    /// When the server of a call that has been at work since then is asked next: not before it wants to be.
    fn ask_at(&self, since: Timestamp, asked_ms: Option<u64>) -> Timestamp {
        let gone = Duration::try_from(self.now.duration_since(since)).unwrap_or_default();
        let asked = Duration::from_millis(asked_ms.unwrap_or(0)).min(RETRY_AFTER_MAX);
        let wait = POLL_FIRST.max(gone / POLL_SHARE).max(asked);
        self.now.checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}
