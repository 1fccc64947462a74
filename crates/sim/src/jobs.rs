//! What the simulated tools have taken on, and finish later.

use std::collections::BTreeMap;

use handfast_engine::{CallTool, PollCall, PollOutcome, TakenOn, ToolError, ToolOutcome};
use handfast_events::{CallId, Handle};
use serde_json::Value;

use crate::Mutant;
use crate::faults::{Boundary, Fault};
use crate::happening::{Happening, Who};
use crate::limits::{JOB_MAX, NETWORK_MAX};
use crate::perform::polled;
use crate::random::Random;
use crate::world::World;

/// The calls that tools have taken on, by what they are asked by.
#[derive(Default)]
pub(crate) struct Jobs(BTreeMap<Handle, Job>);

/// One of them.
#[derive(Clone, Debug)]
enum Job {
    /// It is at work.
    AtWork { ends_well: bool },
    /// It has come to this.
    Finished(ToolOutcome),
    /// Nobody knows of it any more.
    Forgotten,
}

fn handle(call: &CallId, attempt: u32) -> Handle {
    Handle::Task(format!("{call}#{attempt}"))
}

impl World {
    /// The tool takes the call on: it is finished some time later, whoever asks.
    pub(crate) fn take_on(&mut self, call: &CallTool, ends_well: bool, random: &mut Random) -> ToolOutcome {
        let handle = handle(&call.call, call.attempt);
        self.jobs.0.insert(handle.clone(), Job::AtWork { ends_well });
        let done = self.now + random.between(50, JOB_MAX);
        self.disturb(done + NETWORK_MAX);
        self.queue.at(done, Happening::Finishes(Box::new(call.clone())));
        if self.mutant == Some(Mutant::AcceptedIsDone) {
            return ToolOutcome::Returned(Value::Null);
        }
        let ask_after_ms = Some(random.between(0, 3_000)).filter(|wait| wait % 2 == 0);
        ToolOutcome::TakenOn(TakenOn { handle, says: Some("queued".into()), ask_after_ms })
    }

    /// It is done, though its answer may be asked for in vain.
    pub(crate) fn finish(&mut self, call: &CallTool) {
        let handle = handle(&call.call, call.attempt);
        let Some(Job::AtWork { ends_well }) = self.jobs.0.get(&handle).cloned() else { return };
        let outcome = if ends_well {
            ToolOutcome::Returned(self.take_effect(call))
        } else {
            ToolOutcome::Failed(ToolError { text: "it fell over".into(), ..ToolError::default() })
        };
        self.jobs.0.insert(handle, Job::Finished(outcome));
    }

    /// How a call stands, as its tool says it.
    pub(crate) fn poll_arrives(&mut self, who: Who, poll: &PollCall) {
        let what = format!("poll {} #{}", poll.call, poll.attempt);
        let is_finished = matches!(self.jobs.0.get(&poll.handle), Some(Job::Finished(_)));
        // What is forgotten while it is at work takes effect all the same; the laws know that nobody could say so.
        let could =
            || if is_finished { vec![Fault::PollLost, Fault::Forgets] } else { vec![Fault::PollLost] };
        let (fault, mut random) = self.fate(Boundary::AtTool, &what, could);
        if fault == Some(Fault::Forgets) {
            self.jobs.0.insert(poll.handle.clone(), Job::Forgotten);
        }
        let error = |text: &str| ToolError { text: text.into(), ..ToolError::default() };
        let outcome = match self.jobs.0.get(&poll.handle) {
            _ if fault == Some(Fault::PollLost) => PollOutcome::Unasked(error("the line is dead")),
            Some(Job::AtWork { .. }) => {
                let handle = poll.handle.clone();
                PollOutcome::Working(TakenOn { handle, says: Some("running".into()), ask_after_ms: None })
            }
            Some(Job::Finished(outcome)) => PollOutcome::Finished(outcome.clone()),
            Some(Job::Forgotten) | None => PollOutcome::Forgotten(error("no such task")),
        };
        let back = self.now + random.between(5, 100);
        self.comes_back(who, back, &what, polled(poll, outcome));
    }
}
