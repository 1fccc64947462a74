//! What a step holds while others do its work, or while it waits.

use std::sync::Arc;

use handfast_contract::Name;
use handfast_events::{Body, StepId, Timestamp};
use serde_json::Value;

use super::step::value;
use super::{Frame, Illegal};

/// Steps within a step.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    /// Those of the branch that was chosen, once one was.
    Choose(Option<(Name, Arc<Frame>)>),
    /// Those of the round that is under way, once one is.
    Repeat(Option<(u32, Arc<Frame>)>),
    /// Those of every lane that is under way.
    Each(Lanes),
    /// Those of a workflow.
    Workflow(Arc<Frame>),
}

/// The lanes of an `each`.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    /// The list of their items.
    pub(crate) items: Arc<Value>,
    /// Those that began, in the order of the items.
    pub(crate) begun: Vec<Lane>,
}

/// One lane.
#[derive(Clone, Debug)]
pub(crate) enum Lane {
    /// Its steps are at work.
    Open(Arc<Frame>),
    /// It gave this.
    Finished(Option<Arc<Value>>),
    /// It failed, and its `each` goes on.
    Failed,
}

/// What a step waits for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    /// Whether it is known yet what it waits for.
    pub(crate) has_begun: bool,
    pub(crate) signal: Option<Arc<str>>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) limit_at: Option<Timestamp>,
    /// What the signal carried, once it is there.
    pub(crate) received: Option<Arc<Value>>,
}

/// A signal that no step has received yet.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) id: handfast_events::CommandId,
    pub(crate) name: Arc<str>,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) value: Arc<Value>,
}

/// A scope that a failure is caught by: nothing new begins in it, and what has left of it is settled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unwinding {
    /// The step or lane that goes on behind it.
    pub(crate) scope: StepId,
    /// The step that failed.
    pub(crate) failed: StepId,
}

impl Open {
    /// Becomes what the event says.
    pub(crate) fn evolve(
        mut self,
        step: &StepId,
        body: &Body,
        opened: Option<Arc<Frame>>,
    ) -> Result<Self, Illegal> {
        match (&mut self, body, opened) {
            (Self::Choose(chosen @ None), Body::BranchChosen(branch), Some(frame)) => {
                *chosen = Some((branch.branch.as_str().into(), frame));
            }
            (Self::Repeat(round), Body::RoundStarted(next), Some(frame))
                if next.round == round.as_ref().map_or(0, |(round, _)| *round) + 1 =>
            {
                *round = Some((next.round, frame));
            }
            (Self::Each(lanes), Body::LaneStarted(next), Some(frame))
                if usize::try_from(next.lane) == Ok(lanes.begun.len()) && lanes.begun.len() < lanes.len() =>
            {
                lanes.begun.push(Lane::Open(frame));
            }
            (Self::Each(lanes), Body::LaneFinished(done), None) if lanes.is_open(done.lane) => {
                lanes.end(done.lane, Lane::Finished(value(&done.output, None)));
            }
            (Self::Each(lanes), Body::LaneFailed(failed), None) if lanes.is_open(failed.lane) => {
                lanes.end(failed.lane, Lane::Failed);
            }
            _ => {
                let place = format!("step `{step}`");
                return Err(Illegal { place, state: "at work by others", event: body.name() });
            }
        }
        Ok(self)
    }
}

impl Lanes {
    fn is_open(&self, lane: u32) -> bool {
        let lane = usize::try_from(lane).ok().and_then(|lane| self.begun.get(lane));
        matches!(lane, Some(Lane::Open(_)))
    }

    fn end(&mut self, lane: u32, with: Lane) {
        if let Some(slot) = usize::try_from(lane).ok().and_then(|lane| self.begun.get_mut(lane)) {
            *slot = with;
        }
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.as_array().map_or(0, Vec::len)
    }

    /// How many lanes are under way.
    pub(crate) fn open(&self) -> usize {
        self.begun.iter().filter(|lane| matches!(lane, Lane::Open(_))).count()
    }

    /// How many lanes gave what they promised.
    pub(crate) fn finished(&self) -> usize {
        self.begun.iter().filter(|lane| matches!(lane, Lane::Finished(_))).count()
    }

    /// What they gave, in the order of the items; one that failed, or gave nothing, has no place in it.
    pub(crate) fn gave(&self) -> Value {
        let gave = self.begun.iter().filter_map(|lane| match lane {
            Lane::Finished(value) => value.as_deref().cloned(),
            Lane::Open(_) | Lane::Failed => None,
        });
        Value::Array(gave.collect())
    }
}

impl Waiting {
    /// Becomes what the event says.
    pub(crate) fn evolve(
        mut self,
        step: &StepId,
        body: &Body,
        given: Option<Arc<Value>>,
    ) -> Result<Self, Illegal> {
        match body {
            Body::WaitBegan(began)
                if !self.has_begun || (began.until == self.until && self.received.is_none()) =>
            {
                let signal = began.signal.as_deref().map(Into::into);
                Ok(Self {
                    has_begun: true,
                    signal,
                    until: began.until,
                    limit_at: began.limit_at,
                    received: None,
                })
            }
            Body::SignalReceived(_)
                if self.signal.is_some() && self.received.is_none() && given.is_some() =>
            {
                self.received = given;
                Ok(self)
            }
            body => {
                let place = format!("step `{step}`");
                Err(Illegal { place, state: "waiting", event: body.name() })
            }
        }
    }

    /// When it is looked at again: its time, or that of a limit around it.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.until.into_iter().chain(self.limit_at).min()
    }
}

impl Unwinding {
    /// Whether this step stands in what fails.
    pub(crate) fn takes_in(&self, step: &StepId) -> bool {
        step.is_within(&self.scope)
    }
}
