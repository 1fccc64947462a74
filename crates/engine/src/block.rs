//! Steps that hold steps move: a branch is chosen, a round or a lane begins, and what they gave becomes the step's value.

use std::sync::Arc;

use handfast_contract::{Block, Branch, Expr, StepWork};
use handfast_events::{
    BranchChosen, Failure, FailureClass, LaneFinished, LaneStarted, Output, Party, RoundStarted,
    StepSucceeded,
};
use serde_json::Value;

use crate::Refusal;
use crate::decide::Draft;
use crate::limits::LANES_AT_ONCE;
use crate::state::{Frame, Lane, Lanes, Open, Phase, StepRun, block};

impl Draft {
    pub(crate) fn move_open(&mut self, step: &Arc<StepRun>, open: &Open) -> Result<(), Refusal> {
        match (open, &step.step.work) {
            (Open::Choose(None), StepWork::Choose(branches)) => self.choose(step, branches),
            (Open::Choose(Some((branch, frame))), _) if self.run.is_through(frame) => {
                match block(&step.step, branch) {
                    Some((block, part)) => self.finish_block(step, frame, block, &part),
                    None => Ok(()),
                }
            }
            (Open::Repeat(None), _) => self.tell_step(&step.id, RoundStarted { round: 1 }),
            (Open::Repeat(Some((round, frame))), StepWork::Repeat { times, until, block })
                if self.run.is_through(frame) =>
            {
                self.finish_round(step, (*round, *times), frame, until, block)
            }
            (Open::Each(lanes), _) => self.move_lanes(step, lanes),
            (Open::Workflow(frame), _) if self.run.is_through(frame) => self.finish_workflow(step, frame),
            _ => Ok(()),
        }
    }

    /// The first branch whose condition holds; none: the value is absent.
    fn choose(&mut self, step: &StepRun, branches: &[Branch]) -> Result<(), Refusal> {
        for branch in branches {
            let holds = match &branch.when {
                None => Ok(true),
                Some(when) => when.holds(&self.run.sight(&step.frame, [when]).scope()),
            };
            match holds {
                Ok(false) => {}
                Ok(true) => {
                    return self.tell_step(&step.id, BranchChosen { branch: branch.name.to_string() });
                }
                Err(fault) => {
                    let part = format!("choose.{}.when", branch.name);
                    let what = format!("`when` of the branch `{}` can't be evaluated", branch.name);
                    return self.cannot_evaluate(step, &part, &what, &fault.to_string());
                }
            }
        }
        self.give(&step.id, None)
    }

    /// All steps of a block are finished: what it gives is the step's value.
    fn finish_block(
        &mut self,
        step: &StepRun,
        frame: &Arc<Frame>,
        block: &Block,
        part: &str,
    ) -> Result<(), Refusal> {
        match self.block_output(frame, block) {
            Ok(output) => self.give(&step.id, output),
            Err(fault) => {
                let part = format!("{}output", part.strip_suffix("steps").unwrap_or_default());
                self.cannot_evaluate(step, &part, "its output can't be made", &fault)
            }
        }
    }

    fn block_output(&self, frame: &Arc<Frame>, block: &Block) -> Result<Option<Value>, String> {
        let Some(output) = &block.output else { return Ok(None) };
        let sight = self.run.sight(frame, output.exprs());
        output.eval(&sight.scope()).map_err(|fault| fault.to_string())
    }

    fn finish_round(
        &mut self,
        step: &StepRun,
        (round, times): (u32, u64),
        frame: &Arc<Frame>,
        until: &Expr,
        block: &Block,
    ) -> Result<(), Refusal> {
        match until.holds(&self.run.sight(frame, [until]).scope()) {
            Ok(true) => self.finish_block(step, frame, block, "steps"),
            Ok(false) if u64::from(round) < times => {
                self.tell_step(&step.id, RoundStarted { round: round + 1 })
            }
            Ok(false) => {
                let detail = format!("`{}` did not hold after {round} rounds", until.source());
                let clause = Some(format!("{}.until", step.address()));
                self.fail(&step.id, Failure::new(FailureClass::NotReached, detail), clause, Party::Step)
            }
            Err(fault) => {
                self.cannot_evaluate(step, "until", "`until` can't be evaluated", &fault.to_string())
            }
        }
    }

    fn finish_workflow(&mut self, step: &StepRun, frame: &Arc<Frame>) -> Result<(), Refusal> {
        let workflow = &frame.workflow;
        let Some(output) = &workflow.output else { return self.give(&step.id, None) };
        let sight = self.run.sight(frame, output.exprs());
        match output.eval(&sight.scope()) {
            Ok(output) => self.give(&step.id, output),
            Err(fault) => {
                let failure =
                    Failure::new(FailureClass::Author, format!("the output can't be made: {fault}"));
                let clause = Some(format!("workflows.{}.output", workflow.name));
                self.fail(&step.id, failure, clause, Party::Author)
            }
        }
    }

    /// Lanes whose steps are through end, the next ones begin, and behind the last one the step has its value.
    fn move_lanes(&mut self, step: &Arc<StepRun>, lanes: &Lanes) -> Result<(), Refusal> {
        let StepWork::Each { at_once, enough, block, .. } = &step.step.work else { return Ok(()) };
        let mut open = lanes.open();
        for (lane, frame) in self.lanes_through(lanes) {
            match self.block_output(&frame, block) {
                Ok(output) => {
                    let output = output.map_or(Output::Absent, Output::Value);
                    self.tell_step(&step.id, LaneFinished { lane, output })?;
                    open -= 1;
                }
                Err(fault) => {
                    return self.cannot_evaluate(step, "output", "a lane's output can't be made", &fault);
                }
            }
        }
        let at_once = usize::try_from(at_once.unwrap_or(LANES_AT_ONCE)).unwrap_or(usize::MAX);
        let room = at_once.saturating_sub(open).min(lanes.len() - lanes.begun.len());
        if room > 0 && self.run.phase == Phase::Running {
            for lane in lanes.begun.len()..lanes.begun.len() + room {
                let lane = u32::try_from(lane).unwrap_or(u32::MAX);
                self.tell_step(&step.id, LaneStarted { lane })?;
            }
            return Ok(());
        }
        if open > 0 || lanes.open() > 0 {
            // Those that have just ended are looked at when the step is moved again.
            return Ok(());
        }
        let (finished, enough) = (lanes.finished() as u64, enough.unwrap_or(0));
        if finished < enough {
            let detail = format!("{finished} of {} lanes succeeded, and {enough} are enough", lanes.len());
            let clause = Some(format!("{}.enough", step.address()));
            return self.fail(&step.id, Failure::new(FailureClass::NotReached, detail), clause, Party::Step);
        }
        let output = if block.output.is_some() { Output::AsGiven } else { Output::Absent };
        self.tell_step(&step.id, StepSucceeded { output })
    }

    /// Lanes under way all of whose steps are finished. Every lane is looked at once, however many there are.
    fn lanes_through(&self, lanes: &Lanes) -> Vec<(u32, Arc<Frame>)> {
        let open = lanes.begun.iter().enumerate().filter_map(|(index, lane)| match lane {
            Lane::Open(frame) if self.run.is_through(frame) => {
                Some((u32::try_from(index).unwrap_or(u32::MAX), frame.clone()))
            }
            _ => None,
        });
        open.collect()
    }
}
