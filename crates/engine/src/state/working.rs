//! A call that its server has taken on.

use handfast_events::{CallPolled, CallWorking, Handle, Timestamp};

use super::{Call, CallState, Run, Sent};

/// What is known of a call that its server works on.
#[derive(Clone, Debug)]
pub(crate) struct Working {
    pub(crate) sent: Sent,
    /// By what the server is asked.
    pub(crate) handle: Handle,
    /// When it took the call on.
    pub(crate) since: Timestamp,
    /// When it is asked next.
    pub(crate) ask_at: Timestamp,
    /// When the server was heard of last.
    pub(crate) heard_at: Timestamp,
    /// How often it was asked.
    pub(crate) polls: u32,
}

impl Working {
    pub(crate) fn new(sent: Sent, taken: &CallWorking, since: Timestamp) -> Self {
        let (handle, ask_at) = (taken.handle.clone(), taken.ask_at);
        Self { sent, handle, since, ask_at, heard_at: since, polls: 0 }
    }

    /// Whether this is what comes next.
    pub(crate) fn hears(&self, polled: &CallPolled) -> bool {
        polled.attempt == self.sent.intent.attempt && polled.poll == self.polls + 1
    }

    /// Becomes what the event says.
    pub(crate) fn evolve(self, polled: &CallPolled, time: Timestamp) -> Self {
        let handle = polled.handle.clone().unwrap_or(self.handle);
        let heard_at = if polled.failure.is_none() { time } else { self.heard_at };
        Self { handle, ask_at: polled.ask_at, heard_at, polls: polled.poll, ..self }
    }
}

impl Call {
    /// What was sent of it and may be at work: until its answer comes, or its server says how it ended.
    pub(crate) const fn under_way(&self) -> Option<&Sent> {
        match &self.state {
            CallState::Intended(sent) | CallState::Working(Working { sent, .. }) => Some(sent),
            _ => None,
        }
    }
}

impl Run {
    /// When the first server of a call that it works on is asked how that stands.
    pub(crate) fn next_poll(&self) -> Option<Timestamp> {
        let ask_at = self.calls().filter_map(|call| match &call.state {
            CallState::Working(working) => Some(working.ask_at),
            _ => None,
        });
        ask_at.min()
    }
}
