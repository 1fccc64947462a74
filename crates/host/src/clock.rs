//! Where time and chance enter: everything else is given them as values.

use handfast_events::{AppendId, CommandId, RunId, Salt, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

/// The time by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the host's clock, the one place that reads it")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The clock of one worker: this machine's, or one that is ahead of it by what was leapt over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    leaps: bool,
    ahead: SignedDuration,
}

impl Clock {
    pub(crate) const fn leaping() -> Self {
        Self { leaps: true, ahead: SignedDuration::ZERO }
    }

    pub(crate) fn now(&self) -> Timestamp {
        // No time lies past the end of time: what can't be added waits for ever.
        now().checked_add(self.ahead).unwrap_or(Timestamp::MAX)
    }

    /// Leaps to this time, where it may and the time is to come.
    pub(crate) fn leap(&mut self, until: Timestamp) -> bool {
        let wait = until.duration_since(self.now());
        if !self.leaps || !wait.is_positive() {
            return false;
        }
        self.ahead += wait;
        true
    }
}

/// An id for a new run.
pub fn new_run_id() -> RunId {
    RunId::new(Uuid::now_v7())
}

/// An id for a new append.
pub fn new_append_id() -> AppendId {
    AppendId::new(Uuid::now_v7())
}

/// An id for something that is put to a run.
pub fn new_command_id() -> CommandId {
    CommandId::new(Uuid::now_v7().to_string())
}

/// A salt for a new run.
pub fn new_salt() -> Salt {
    Salt(*Uuid::new_v4().as_bytes())
}
