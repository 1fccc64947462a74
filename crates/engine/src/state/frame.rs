//! Frames: the steps of one workflow, branch, round or lane, open together. What a path means is said here.
//!
//! A frame is what its steps read beside each other: an input, the items around them, the round before. It holds no
//! state: that is the steps'.

use std::sync::Arc;

use handfast_contract::{Block, Name, Step, StepWork, Workflow};
use handfast_events::StepId;
use serde_json::Value;

/// Where a step stands, and what it reads beside `steps`.
#[derive(Debug)]
pub(crate) struct Frame {
    /// What all its steps' ids begin with, but for the `/`: `study[3]`. Empty for those of the run's own workflow.
    pub(crate) path: StepId,
    /// The step that holds it, and the frame of that one; none around the run's own workflow.
    pub(crate) held_by: Option<(StepId, Arc<Frame>)>,
    /// Where its steps stand in the contract: `workflows.article.steps.write.steps`.
    pub(crate) address: String,
    /// The workflow whose steps they are.
    pub(crate) workflow: Arc<Workflow>,
    /// What that workflow was given.
    pub(crate) input: Arc<Value>,
    /// The items of the lanes around, and `last` in a round.
    pub(crate) names: Vec<(Name, Arc<Value>)>,
    pub(crate) of: FrameOf,
}

/// What a frame's steps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameOf {
    /// All of a workflow: they read no steps around.
    Workflow,
    /// A branch of a `choose`.
    Branch,
    /// This round of a `repeat`.
    Round(u32),
    /// This lane of an `each`.
    Lane(u32),
}

impl Frame {
    /// Of the run's own workflow.
    pub(crate) fn of_run(workflow: Arc<Workflow>, input: Arc<Value>) -> Self {
        Self {
            path: StepId::new(""),
            held_by: None,
            address: format!("workflows.{}.steps", workflow.name),
            workflow,
            input,
            names: Vec::new(),
            of: FrameOf::Workflow,
        }
    }

    /// Of a workflow that a step does its work by.
    pub(crate) fn of_workflow(
        held_by: (StepId, Arc<Self>),
        workflow: Arc<Workflow>,
        input: Arc<Value>,
    ) -> Self {
        Self { path: held_by.0.clone(), held_by: Some(held_by), ..Self::of_run(workflow, input) }
    }

    /// Of a block within a step.
    pub(crate) fn of_block(
        (step, around): (StepId, Arc<Self>),
        address: String,
        of: FrameOf,
        names: Option<(Name, Arc<Value>)>,
    ) -> Self {
        let path = match of {
            FrameOf::Round(round) => StepId::new(format!("{step}#{round}")),
            FrameOf::Lane(lane) => StepId::new(format!("{step}[{lane}]")),
            FrameOf::Workflow | FrameOf::Branch => step.clone(),
        };
        let (workflow, input) = (around.workflow.clone(), around.input.clone());
        let names = around.names.iter().cloned().chain(names).collect();
        Self { path, held_by: Some((step, around)), address, workflow, input, names, of }
    }

    /// The id of its step of this name.
    pub(crate) fn id_of(&self, name: &str) -> StepId {
        match self.path.as_str() {
            "" => StepId::new(name),
            path => StepId::new(format!("{path}/{name}")),
        }
    }

    /// Those around it, this one first, as far as its steps see.
    pub(crate) fn in_sight(self: &Arc<Self>) -> impl Iterator<Item = &Arc<Self>> {
        std::iter::successors(Some(self), |frame| frame.seen_around())
    }

    fn seen_around(&self) -> Option<&Arc<Self>> {
        let (_, around) = self.held_by.as_ref().filter(|_| self.of != FrameOf::Workflow)?;
        Some(around)
    }

    /// The steps that hold it, the innermost first.
    pub(crate) fn holders(&self) -> impl Iterator<Item = &StepId> {
        let first = self.held_by.as_ref();
        std::iter::successors(first, |(_, frame)| frame.held_by.as_ref()).map(|(step, _)| step)
    }
}

/// The block of a step's work; of a `choose`, that of the branch of this name. With the part of its address.
pub(crate) fn block<'s>(step: &'s Step, branch: &str) -> Option<(&'s Block, String)> {
    match &step.work {
        StepWork::Choose(branches) => {
            let branch = branches.iter().find(|one| *one.name == *branch)?;
            Some((&branch.block, format!("choose.{}.steps", branch.name)))
        }
        StepWork::Repeat { block, .. } | StepWork::Each { block, .. } => Some((block, "steps".to_owned())),
        _ => None,
    }
}
