//! One event.

use crate::{Body, CallId, Seq, StepId, Timestamp};

/// Something that happened in a run. The envelope of what is stored comes from all but `body`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the run's journal, counted from 1.
    pub seq: Seq,
    /// When it was decided, by the worker's clock; never before the event before it.
    pub time: Timestamp,
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// The call it belongs to.
    pub call: Option<CallId>,
    /// What happened.
    pub body: Body,
}

impl Event {
    /// The name of its kind: `CallIntended`.
    pub const fn name(&self) -> &'static str {
        self.body.name()
    }
}
