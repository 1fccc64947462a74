//! What can happen next in a world, and the queue that says when.

use std::collections::BTreeMap;

use handfast_engine::{AskModel, CallTool, Command, Debt, PollCall};
use handfast_events::Mail;
use jiff::Timestamp;

use crate::store::Append;

/// A worker in one of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) worker: usize,
    pub(crate) life: u32,
}

/// How a commit's answer comes to its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It is kept.
    Confirmed,
    /// It is not, for this reason.
    Refused(crate::store::Refused),
    /// No answer came.
    Unconfirmed,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// A worker looks for the run and its mail, and tells that it lives.
    Looks(usize),
    /// A commit reaches the store, long after it was asked for.
    Commits(Who, Append),
    /// The store's answer reaches the worker.
    Answers(Who, Append, Answered),
    /// A commit lands of which its worker has not heard.
    LandsLate(Append),
    /// The connection is open, or refused; the sender looks at its deadline one last time.
    Leaves(Who, Debt, Leaving),
    /// The bytes go out.
    Writes(Who, Debt),
    /// A request reaches the tool.
    CallArrives(Who, Box<CallTool>),
    /// A slow tool takes effect.
    TakesEffect(Box<CallTool>),
    /// A tool has finished a call that it took on.
    Finishes(Box<CallTool>),
    /// A tool is asked how a call stands that it took on.
    PollArrives(Who, Box<PollCall>),
    /// A request reaches the model.
    AskArrives(Who, Box<AskModel>),
    /// What came of a debt reaches the worker.
    Returns(Who, Box<Command>),
    /// A time that the run waits for.
    Wakes(Who, Timestamp),
    /// The person looks at the run.
    PersonLooks,
    /// What the person said arrives.
    PersonSays(Mail),
    /// Something may break.
    Moment(u64),
    /// A worker dies.
    Dies(Who),
    /// A worker falls asleep until then.
    Sleeps(Who, u64),
    /// A worker that died starts again.
    Restarts(usize),
}

/// How a debt leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving {
    /// After this nothing is sent.
    pub(crate) send_by: u64,
    pub(crate) is_refused: bool,
}

impl Happening {
    /// The worker that it happens to, in the life in which it can.
    pub(crate) const fn whose(&self) -> Option<Who> {
        match self {
            Self::Answers(who, ..)
            | Self::Leaves(who, ..)
            | Self::Writes(who, ..)
            | Self::Returns(who, ..)
            | Self::Wakes(who, ..)
            | Self::Dies(who)
            | Self::Sleeps(who, ..) => Some(*who),
            _ => None,
        }
    }
}

/// What happens next, in order of time and then of asking.
#[derive(Default)]
pub(crate) struct Queue {
    happenings: BTreeMap<(u64, u64), Happening>,
    asked: u64,
}

impl Queue {
    pub(crate) fn at(&mut self, time: u64, happening: Happening) {
        self.asked += 1;
        self.happenings.insert((time, self.asked), happening);
    }

    /// Whether something like this is to happen.
    pub(crate) fn has(&self, is_it: impl Fn(&Happening) -> bool) -> bool {
        self.happenings.values().any(is_it)
    }

    pub(crate) fn next(&mut self) -> Option<(u64, Happening)> {
        self.happenings.pop_first().map(|((time, _), happening)| (time, happening))
    }
}
