//! How frames open and close as steps begin and end: which steps are in the run's list.

use std::sync::Arc;

use handfast_contract::{Otherwise, Step, StepWork};
use handfast_events::{Body, Event, StepId, StepKind};
use serde_json::{Map, Value};

use super::{Frame, FrameOf, Illegal, Lane, Open, Run, StepRun, StepState, Unwinding, block};

impl Run {
    /// The frame that this event of a step opens, if it opens one.
    pub(super) fn opened(&self, at: &StepRun, body: &Body) -> Option<Arc<Frame>> {
        let held_by = || (at.id.clone(), at.frame.clone());
        let (of, branch, name) = match (body, &at.state) {
            (Body::StepStarted(started), _) => {
                let StepKind::Workflow(name) = &started.kind else { return None };
                let workflow = self.plan.workflow(name)?;
                return Some(Arc::new(Frame::of_workflow(
                    held_by(),
                    workflow,
                    Arc::new(started.input.clone()),
                )));
            }
            (Body::BranchChosen(chosen), _) => (FrameOf::Branch, chosen.branch.as_str(), None),
            (Body::RoundStarted(next), StepState::Open(Open::Repeat(round))) => {
                let last = round.as_ref().map_or_else(Value::default, |(_, frame)| self.values(frame));
                let last = if round.is_some() { last } else { Value::Object(Map::new()) };
                (FrameOf::Round(next.round), "", Some(("last".into(), Arc::new(last))))
            }
            (Body::LaneStarted(next), StepState::Open(Open::Each(lanes))) => {
                let StepWork::Each { item, .. } = &at.step.work else { return None };
                let value = lanes.items.get(usize::try_from(next.lane).ok()?)?.clone();
                (FrameOf::Lane(next.lane), "", Some((item.clone(), Arc::new(value))))
            }
            _ => return None,
        };
        let (_, part) = block(&at.step, branch)?;
        Some(Arc::new(Frame::of_block(held_by(), format!("{}.{part}", at.address()), of, name)))
    }

    /// What the steps of a frame gave, by name; those that gave nothing are left out.
    fn values(&self, frame: &Arc<Frame>) -> Value {
        let value = |step: &Arc<StepRun>| match &step.state {
            StepState::Succeeded(Some(value)) if is_named(step) => {
                Some((step.step.name.to_string(), (**value).clone()))
            }
            _ => None,
        };
        let own = self.steps.iter().filter(|step| Arc::ptr_eq(&step.frame, frame));
        Value::Object(own.filter_map(value).collect())
    }

    /// What the step gave that stands in this one's place.
    pub(super) fn given_instead(&self, id: &StepId) -> Option<Arc<Value>> {
        match &self.step(&id.otherwise())?.state {
            StepState::Succeeded(value) => value.clone(),
            _ => None,
        }
    }

    /// Puts the steps into the list that an event opened, and takes those out that it closed. `at` is what its step was
    /// before.
    pub(super) fn follow_frames(
        &mut self,
        at: &Arc<StepRun>,
        opened: Option<Arc<Frame>>,
        event: &Event,
    ) -> Result<(), Illegal> {
        let closed = match (&event.body, &at.state) {
            (Body::StepSucceeded(_) | Body::StepSkipped(_) | Body::OtherwiseTaken(_), _) => {
                Some(at.id.clone())
            }
            (Body::RoundStarted(_), StepState::Open(Open::Repeat(Some((_, frame))))) => {
                Some(frame.path.clone())
            }
            (Body::LaneFinished(handfast_events::LaneFinished { lane, .. }), StepState::Open(open))
            | (Body::LaneFailed(handfast_events::LaneFailed { lane, .. }), StepState::Open(open)) => {
                lane_of(open, *lane).map(|frame| frame.path.clone())
            }
            _ => None,
        };
        if let Some(scope) = closed {
            self.close(&at.id, &scope, event)?;
        }
        if let Some(frame) = opened {
            let steps: Vec<Arc<Step>> = match frame.of {
                FrameOf::Workflow => frame.workflow.steps.clone(),
                _ => {
                    let branch =
                        if let Body::BranchChosen(chosen) = &event.body { &*chosen.branch } else { "" };
                    block(&at.step, branch).map(|(block, _)| block.steps.clone()).unwrap_or_default()
                }
            };
            self.open(&frame, &steps);
        }
        if let (Body::OtherwiseTaken(_), Some(Otherwise::Step(other))) = (&event.body, &at.step.otherwise) {
            let instead = StepRun::pending(at.id.otherwise(), other.clone(), at.frame.clone());
            self.steps.push(Arc::new(instead));
        }
        Ok(())
    }

    pub(super) fn open(&mut self, frame: &Arc<Frame>, steps: &[Arc<Step>]) {
        let pending = |step: &Arc<Step>| {
            Arc::new(StepRun::pending(frame.id_of(&step.name), step.clone(), frame.clone()))
        };
        self.steps.extend(steps.iter().map(pending));
    }

    /// Takes all steps of a scope out of the list but the one that holds them. Nobody may still hear of them.
    fn close(&mut self, holder: &StepId, scope: &StepId, event: &Event) -> Result<(), Illegal> {
        let is_gone = |step: &Arc<StepRun>| step.id != *holder && step.id.is_within(scope);
        let waits = self
            .steps
            .iter()
            .filter(|step| is_gone(step))
            .any(|step| step.asked().is_some() || step.calls().iter().any(super::Call::is_open));
        if waits {
            let place = format!("`{scope}`");
            return Err(Illegal { place, state: "still at work", event: event.name() });
        }
        self.steps.retain(|step| !is_gone(step));
        self.unwinding.retain(|unwinding| !unwinding.scope.is_within(scope));
        Ok(())
    }

    /// A failure that is caught: its scope begins to fail. One around it takes it in.
    pub(super) fn catch(&mut self, failed: Option<&StepId>, scope: Option<&StepId>) -> Option<()> {
        let (failed, scope) = (failed?, scope?);
        if !failed.is_within(scope) {
            return None;
        }
        if self.is_failing(failed) {
            return Some(());
        }
        self.unwinding.retain(|inner| !inner.scope.is_within(scope));
        self.unwinding.push(Unwinding { scope: scope.clone(), failed: failed.clone() });
        Some(())
    }

    /// Whether every step of a frame is finished.
    pub(crate) fn is_through(&self, frame: &Arc<Frame>) -> bool {
        self.steps.iter().filter(|step| Arc::ptr_eq(&step.frame, frame)).all(|step| step.is_finished())
    }

    /// Whether this step stands in a scope that fails: nothing new begins there.
    pub(crate) fn is_failing(&self, step: &StepId) -> bool {
        self.unwinding.iter().any(|around| around.takes_in(step))
    }
}

/// The frame of a lane that is under way.
fn lane_of(open: &Open, lane: u32) -> Option<&Arc<Frame>> {
    match open {
        Open::Each(lanes) => match lanes.begun.get(usize::try_from(lane).ok()?)? {
            Lane::Open(frame) => Some(frame),
            Lane::Finished(_) | Lane::Failed => None,
        },
        _ => None,
    }
}

/// Whether a step stands for itself, and not in another's place.
fn is_named(step: &StepRun) -> bool {
    !step.id.as_str().ends_with("~otherwise")
}
