//! Where time and chance enter: everything else is given them as values.

use handfast_events::{AppendId, CommandId, RunId, Salt, Timestamp};
use uuid::Uuid;

/// The time by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the host's clock, the one place that reads it")]
pub fn now() -> Timestamp {
    Timestamp::now()
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
