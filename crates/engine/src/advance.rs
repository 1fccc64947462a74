//! What can move now, moves: steps start, models are asked, calls leave, and the run ends.

use std::sync::Arc;

use handfast_contract::{Scope, Step, StepWork};
use handfast_events::{
    CallDoubted, CallGiven, CallId, Failure, FailureClass, Kept, Next, Output, Party, RunCancelled,
    RunFailed, RunSucceeded, StepId, StepKind, StepSkipped, StepStarted, StepSucceeded,
};
use serde_json::{Map, Value};

use crate::decide::Draft;
use crate::state::{Call, CallState, Closed, Ending, Phase, StepState, Turn};
use crate::{Refusal, problems_told};

impl Draft {
    /// Moves whatever can move, until nothing can.
    pub(crate) fn advance(&mut self) -> Result<(), Refusal> {
        self.move_all()?;
        if matches!(self.run.phase, Phase::Ended(_)) { Ok(()) } else { self.free_actions() }
    }

    fn move_all(&mut self) -> Result<(), Refusal> {
        loop {
            let before = self.events.len();
            for index in 0..self.run.steps.len() {
                if self.run.phase != Phase::Running {
                    break;
                }
                self.move_step(index)?;
            }
            if let Phase::Ending(ending) = self.run.phase.clone() {
                self.withdraw_all("the run is ending")?;
                return self.wind_down(ending);
            }
            if matches!(self.run.phase, Phase::Paused(_)) {
                return self.withdraw_all("the run is paused; it is asked anew when the run goes on");
            }
            if self.events.len() == before {
                return if self.run.phase == Phase::Running { self.finish() } else { Ok(()) };
            }
        }
    }

    fn move_step(&mut self, index: usize) -> Result<(), Refusal> {
        let Some(step) = self.run.steps.get(index).cloned() else { return Ok(()) };
        match &step.state {
            StepState::Pending => self.start_step(index, &step.id),
            StepState::Agent(agent) => match &agent.turn {
                Turn::Due(_) => self.ask(&step.id),
                Turn::Calling { calls, .. } if calls.iter().all(Call::is_closed) => self.ask(&step.id),
                Turn::Calling { calls, .. } => self.tend_each(calls),
                Turn::Asked(_) | Turn::Answered { .. } => Ok(()),
            },
            StepState::Calling(call) => match &call.state {
                CallState::Closed(closed) => self.finish_tool_step(&step.id, &call.tool, closed),
                _ => self.tend_each(std::slice::from_ref(&**call)),
            },
            StepState::Tool | StepState::Succeeded(_) | StepState::Skipped | StepState::Failed(_) => Ok(()),
        }
    }

    fn tend_each(&mut self, calls: &[Call]) -> Result<(), Refusal> {
        for call in calls {
            if self.run.phase == Phase::Running {
                self.tend(&call.id)?;
            }
        }
        Ok(())
    }

    /// A step starts as soon as all that it comes after is finished.
    fn start_step(&mut self, index: usize, id: &StepId) -> Result<(), Refusal> {
        let Some(step) = self.run.workflow.as_ref().and_then(|workflow| workflow.steps.get(index)).cloned()
        else {
            return Ok(());
        };
        let is_finished = |name: &Arc<str>| {
            self.run
                .steps
                .iter()
                .find(|other| other.id.as_str() == &**name)
                .is_some_and(|other| other.is_finished())
        };
        if !step.after.iter().all(is_finished) {
            return Ok(());
        }
        let steps = self.outputs(&step.after);
        let wanted = match &step.when {
            None => Ok(true),
            Some(when) => when.holds(&self.scope(&steps)),
        };
        match wanted {
            Ok(true) => self.give_input(id, &step, &steps),
            Ok(false) => {
                let when = step.when.as_ref().map_or("", |when| when.source());
                self.tell_step(id, StepSkipped { why: format!("`{when}` does not hold") })
            }
            Err(fault) => {
                let failure =
                    Failure::new(FailureClass::Author, format!("`when` can't be evaluated: {fault}"));
                self.fail(id, failure, Some(self.step_clause(id, "when")), Party::Author)
            }
        }
    }

    /// Makes the step's input from what it reads, checks it, and starts the work.
    fn give_input(&mut self, id: &StepId, step: &Step, steps: &Value) -> Result<(), Refusal> {
        let (kind, schema) = match &step.work {
            StepWork::Agent(agent) => (StepKind::Agent(agent.name.to_string()), agent.input.clone()),
            StepWork::Tool(tool) => (StepKind::Tool(tool.name.to_string()), tool.input.clone()),
            work => return Err(Refusal::NotRun { step: step.name.to_string(), kind: work.kind() }),
        };
        let mut input = match step.with.eval(&self.scope(steps)) {
            Ok(input) => input.unwrap_or_else(|| Value::Object(Map::new())),
            Err(fault) => {
                let failure = Failure::new(FailureClass::Author, format!("its input can't be made: {fault}"));
                return self.fail(id, failure, Some(self.step_clause(id, "with")), Party::Author);
            }
        };
        schema.fill_defaults(&mut input);
        let problems = schema.check(&input);
        if !problems.is_empty() {
            let from = step.after.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let from = if from.is_empty() { "the workflow's input".into() } else { from };
            let detail = format!("what {from} gave does not fit what it takes: {}", problems_told(&problems));
            let failure = Failure::new(FailureClass::HandOff, detail);
            return self.fail(id, failure, Some(self.step_clause(id, "with")), Party::Step);
        }
        self.tell_step(id, StepStarted { kind, input: input.clone() })?;
        match &step.work {
            StepWork::Tool(tool) => self.propose(id, &tool.name, input),
            _ => Ok(()),
        }
    }

    /// What a step's or a workflow's conditions and values read.
    fn scope<'s>(&'s self, steps: &'s Value) -> Scope<'s> {
        Scope::default()
            .with("input", &self.run.input)
            .with("steps", steps)
            .with("settings", self.run.plan.settings())
    }

    /// What these steps gave; those that were skipped gave nothing.
    fn outputs(&self, names: &[Arc<str>]) -> Value {
        let output = |name: &Arc<str>| {
            let step = self.run.steps.iter().find(|step| step.id.as_str() == &**name)?;
            match &step.state {
                StepState::Succeeded(value) => Some((name.to_string(), (**value).clone())),
                _ => None,
            }
        };
        Value::Object(names.iter().filter_map(output).collect())
    }

    fn step_clause(&self, id: &StepId, part: &str) -> String {
        let workflow = self.run.workflow.as_ref().map_or("", |workflow| &workflow.name);
        format!("workflows.{workflow}.steps.{id}.{part}")
    }

    fn finish_tool_step(&mut self, id: &StepId, tool: &str, closed: &Closed) -> Result<(), Refusal> {
        match closed {
            Closed::Judged(Kept::Whole(_)) | Closed::Given(CallGiven { result: Kept::Whole(_), .. }) => {
                self.tell_step(id, StepSucceeded { output: Output::AsGiven })
            }
            Closed::Judged(Kept::Cut { bytes, .. })
            | Closed::Given(CallGiven { result: Kept::Cut { bytes, .. }, .. }) => {
                let detail =
                    format!("the result of `{tool}` has {bytes} bytes, more than a step can pass on");
                let clause = Some(format!("tools.{tool}.output"));
                self.fail(id, Failure::new(FailureClass::HandOff, detail), clause, Party::Tool)
            }
            Closed::Refused(refused) => {
                let detail = format!("{}: {}", refused.sentence, refused.reason);
                let clause = Some(refused.clause.clone());
                self.fail(id, Failure::new(FailureClass::RefusedByClause, detail), clause, Party::Step)
            }
            // Its step failed with it.
            Closed::Broken(_) => Ok(()),
            Closed::Denied(refused) => {
                let clause = Some(refused.clause.clone());
                let failure = Failure::new(FailureClass::RefusedByClause, refused.reason.clone());
                self.fail(id, failure, clause, Party::Person)
            }
            Closed::Failed(failure) => {
                let party = if failure.class == FailureClass::Author { Party::Author } else { Party::Tool };
                self.fail(id, failure.clone(), None, party)
            }
        }
    }

    /// Every step is finished: the workflow gives its output.
    fn finish(&mut self) -> Result<(), Refusal> {
        if !self.run.is_finished() {
            return Ok(());
        }
        let Some(workflow) = self.run.workflow.clone() else { return Ok(()) };
        self.free_actions()?;
        let names: Vec<Arc<str>> = workflow.steps.iter().map(|step| step.name.clone()).collect();
        let steps = self.outputs(&names);
        let output = workflow.output.as_ref().map(|output| output.eval(&self.scope(&steps)));
        match output.transpose() {
            Ok(output) => self.tell(RunSucceeded { output: output.flatten().unwrap_or(Value::Null) }),
            Err(fault) => {
                let failure =
                    Failure::new(FailureClass::Author, format!("the output can't be made: {fault}"));
                let clause = Some(format!("workflows.{}.output", workflow.name));
                self.tell(RunFailed { step: None, failure, clause, party: Party::Author })
            }
        }
    }

    /// Nothing new begins. What has left comes back or is settled; then the run ends.
    fn wind_down(&mut self, ending: Ending) -> Result<(), Refusal> {
        self.drop_asks()?;
        for (id, attempt) in self.doubts_not_repeated() {
            let failure = Failure::new(
                FailureClass::Cancelled,
                "the run is ending: what is in doubt is not sent again",
            );
            let next = Next::Settlement;
            self.tell_call(&id, CallDoubted { attempt, failure, latency_ms: 0, next })?;
        }
        self.tend_what_left()?;
        if self.run.may_hear() {
            return Ok(());
        }
        self.free_actions()?;
        match ending {
            Ending::Failed(failed) => self.tell(failed),
            Ending::Cancelled => self.tell(RunCancelled {}),
        }
    }

    /// Calls that were to be repeated while nobody knows whether they took effect.
    fn doubts_not_repeated(&self) -> Vec<(CallId, u32)> {
        let doubt = |call: &Call| match &call.state {
            CallState::Due(due) => due.doubt.as_ref().map(|intent| (call.id.clone(), intent.attempt)),
            _ => None,
        };
        self.run.calls().filter_map(doubt).collect()
    }
}
