//! What can move now, moves: steps start, models are asked, calls leave, and the run ends.

use std::sync::Arc;

use handfast_contract::{Schema, StepWork};
use handfast_events::{
    CallGiven, Failure, FailureClass, Kept, Output, Party, RunFailed, RunFailing, RunSucceeded, StepId,
    StepKind, StepSkipped, StepStarted, StepSucceeded,
};
use serde_json::{Map, Value};

use crate::decide::Draft;
use crate::limits::LANES_MAX;
use crate::state::{Call, CallState, Closed, Frame, Phase, StepRun, StepState, Turn};
use crate::{Refusal, problems_told};

impl Draft {
    /// Moves whatever can move, until nothing can.
    pub(crate) fn advance(&mut self) -> Result<(), Refusal> {
        self.move_all()?;
        if matches!(self.run.phase, Phase::Ended(_)) { Ok(()) } else { self.free_actions() }
    }

    fn move_all(&mut self) -> Result<(), Refusal> {
        if matches!(self.run.phase, Phase::Ended(_)) {
            return Ok(());
        }
        loop {
            let before = self.events.len();
            for index in 0..self.run.steps.len() {
                if self.run.phase != Phase::Running {
                    break;
                }
                self.move_step(index)?;
            }
            if matches!(self.run.phase, Phase::Ending(_)) {
                self.withdraw_all("the run is ending")?;
                return self.wind_down();
            }
            self.unwind()?;
            if matches!(self.run.phase, Phase::Paused(_)) {
                return self.withdraw_all("the run is paused; it is asked anew when the run goes on");
            }
            if self.events.len() == before {
                return if self.run.phase == Phase::Running { self.finish() } else { Ok(()) };
            }
        }
    }

    fn move_step(&mut self, index: usize) -> Result<(), Refusal> {
        // Frames that closed since leave fewer steps.
        let Some(step) = self.run.steps.get(index).cloned() else { return Ok(()) };
        if self.run.is_failing(&step.id) {
            return Ok(());
        }
        match &step.state {
            StepState::Pending => self.start_step(&step),
            StepState::Agent(agent) => match &agent.turn {
                Turn::Due(_) => self.ask(&step.id),
                Turn::Calling { calls, .. } if calls.iter().all(Call::is_closed) => self.ask(&step.id),
                Turn::Calling { calls, .. } => self.tend_each(&step.id, calls),
                Turn::Listening(_) if !agent.heard.is_empty() => self.ask(&step.id),
                Turn::Listening(listening) => self.listen(&step.id, listening),
                Turn::Left => self.give(&step.id, None),
                Turn::Asked(_) | Turn::Answered(..) => Ok(()),
            },
            StepState::Calling(call) => match &call.state {
                CallState::Closed(Closed::Refused(refused)) => self.fail_refused(&step, &call.tool, refused),
                CallState::Closed(closed) => self.finish_tool_step(&step.id, &call.tool, closed),
                _ => self.tend_each(&step.id, std::slice::from_ref(&**call)),
            },
            StepState::Open(open) => self.move_open(&step, open),
            StepState::Waiting(waiting) => self.move_wait(&step, waiting),
            StepState::Deciding(deciding) => self.move_deciding(&step, deciding),
            StepState::Otherwise(failed) => self.move_otherwise(&step, failed),
            StepState::Tool | StepState::Succeeded(_) | StepState::Skipped | StepState::Failed(_) => Ok(()),
        }
    }

    fn tend_each(&mut self, step: &StepId, calls: &[Call]) -> Result<(), Refusal> {
        for call in calls {
            let goes_later = matches!(call.state, CallState::Due(_)) && self.goes_later(call, calls);
            if self.run.phase == Phase::Running && !self.run.is_failing(step) && !goes_later {
                self.tend(&call.id)?;
            }
        }
        Ok(())
    }

    /// A step starts as soon as all that it comes after is finished.
    fn start_step(&mut self, step: &StepRun) -> Result<(), Refusal> {
        let is_finished =
            |name: &Arc<str>| self.run.step(&step.frame.id_of(name)).is_some_and(|other| other.is_finished());
        if !step.step.after.iter().all(is_finished) || self.is_held_back(step) {
            return Ok(());
        }
        let wanted = match &step.step.when {
            None => Ok(true),
            Some(when) => when.holds(&self.run.sight(&step.frame, [when]).scope()),
        };
        match wanted {
            Ok(true) => self.begin_step(step),
            Ok(false) => {
                let when = step.step.when.as_ref().map_or("", |when| when.source());
                self.tell_step(&step.id, StepSkipped { why: format!("`{when}` does not hold") })
            }
            Err(fault) => self.cannot_evaluate(step, "when", "`when` can't be evaluated", &fault.to_string()),
        }
    }

    /// A clause of the step itself that its author must mend.
    pub(crate) fn cannot_evaluate(
        &mut self,
        step: &StepRun,
        part: &str,
        what: &str,
        fault: &str,
    ) -> Result<(), Refusal> {
        let failure = Failure::new(FailureClass::Author, format!("{what}: {fault}"));
        self.fail(&step.id, failure, Some(format!("{}.{part}", step.address())), Party::Author)
    }

    fn begin_step(&mut self, step: &StepRun) -> Result<(), Refusal> {
        let kind = match &step.step.work {
            StepWork::Agent(agent) => {
                let name = agent.name.to_string();
                let is_talk = self.run.chat().is_some();
                let kind = if is_talk { StepKind::Talk(name) } else { StepKind::Agent(name) };
                return self.give_input(step, kind, &agent.input);
            }
            StepWork::Tool(tool) => {
                return self.give_input(step, StepKind::Tool(tool.name.to_string()), &tool.input);
            }
            StepWork::Workflow(name) => {
                let Some(workflow) = self.run.plan.workflow(name) else {
                    return Err(Refusal::NotRun { step: step.id.to_string(), kind: "workflow" });
                };
                return self.give_input(step, StepKind::Workflow(name.to_string()), &workflow.input);
            }
            StepWork::Each { over, .. } => return self.begin_lanes(step, over),
            StepWork::Wait(_) => StepKind::Wait,
            StepWork::Choose(_) => StepKind::Choose,
            StepWork::Repeat { .. } => StepKind::Repeat,
            StepWork::Approval(_) => StepKind::Approval,
        };
        self.tell_step(&step.id, StepStarted { kind, input: Value::Null })
    }

    /// Makes the step's input from what it reads, checks it, and starts the work.
    fn give_input(&mut self, step: &StepRun, kind: StepKind, takes: &Schema) -> Result<(), Refusal> {
        let sight = self.run.sight(&step.frame, step.step.with.exprs());
        let mut input = match step.step.with.eval(&sight.scope()) {
            Ok(input) => input.unwrap_or_else(|| Value::Object(Map::new())),
            Err(fault) => {
                return self.cannot_evaluate(step, "with", "its input can't be made", &fault.to_string());
            }
        };
        takes.fill_defaults(&mut input);
        let problems = takes.check(&input);
        if !problems.is_empty() {
            let from = step.step.after.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let from = if from.is_empty() { "the workflow's input".into() } else { from };
            let detail = format!("what {from} gave does not fit what it takes: {}", problems_told(&problems));
            let failure = Failure::new(FailureClass::HandOff, detail);
            let (clause, from) =
                (format!("{}.with", step.address()), self.givers(step, step.step.with.exprs()));
            return self.fail_by(&step.id, failure, Some(clause), Party::Step, from);
        }
        self.tell_step(&step.id, StepStarted { kind, input: input.clone() })?;
        match &step.step.work {
            StepWork::Tool(tool) => self.propose(&step.id, &tool.name, input),
            _ => Ok(()),
        }
    }

    /// The items of an `each` are its input.
    fn begin_lanes(&mut self, step: &StepRun, over: &handfast_contract::Expr) -> Result<(), Refusal> {
        let sight = self.run.sight(&step.frame, [over]);
        let items = match over.eval(&sight.scope()) {
            Ok(items) => items.unwrap_or_default(),
            Err(fault) => {
                return self.cannot_evaluate(step, "each", "its items can't be told", &fault.to_string());
            }
        };
        let source = over.source();
        let detail = match items.as_array().map(Vec::len) {
            Some(count) if count <= LANES_MAX => {
                return self.tell_step(&step.id, StepStarted { kind: StepKind::Each, input: items });
            }
            Some(count) => format!(
                "`{source}` has {count} items, and an `each` takes {LANES_MAX} at most: hand it a part of the list, \
                 and start a run for each part"
            ),
            None => format!("`{source}` is no list"),
        };
        let failure = Failure::new(FailureClass::HandOff, detail);
        let (clause, from) = (format!("{}.each", step.address()), self.givers(step, [over]));
        self.fail_by(&step.id, failure, Some(clause), Party::Step, from)
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
            Closed::Withheld(withheld, _) => {
                let detail = format!(
                    "`{tool}` took effect, and what it gave is withheld by “{}”: {}",
                    withheld.sentence, withheld.reason
                );
                let clause = Some(withheld.clause.clone());
                self.fail(id, Failure::new(FailureClass::RefusedByClause, detail), clause, Party::Step)
            }
            // Its step failed with it, or fails by the clause that refused it; and only agents ask.
            Closed::Broken(_) | Closed::Refused(_) | Closed::Answered { .. } => Ok(()),
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

    /// The step gave this; nothing, where its value is absent.
    pub(crate) fn give(&mut self, id: &StepId, value: Option<Value>) -> Result<(), Refusal> {
        self.tell_step(id, StepSucceeded { output: value.map_or(Output::Absent, Output::Value) })
    }

    /// Every step is finished: the workflow gives its output.
    fn finish(&mut self) -> Result<(), Refusal> {
        if !self.run.is_finished() {
            return Ok(());
        }
        let Some(workflow) = self.run.workflow.clone() else { return Ok(()) };
        self.free_actions()?;
        let output = match (&workflow.output, self.run.steps.first()) {
            (Some(output), Some(first)) => {
                let sight = self.run.sight(&first.frame, output.exprs());
                output.eval(&sight.scope())
            }
            (Some(output), None) => {
                let frame = Arc::new(Frame::of_run(workflow.clone(), self.run.input.clone()));
                output.eval(&self.run.sight(&frame, output.exprs()).scope())
            }
            (None, _) => Ok(None),
        };
        match output {
            Ok(output) => self.tell(RunSucceeded { output: output.unwrap_or(Value::Null) }),
            Err(fault) => {
                let failure =
                    Failure::new(FailureClass::Author, format!("the output can't be made: {fault}"));
                let clause = Some(format!("workflows.{}.output", workflow.name));
                let party = Party::Author;
                if self.run.applied.iter().next().is_none() {
                    let (compensated, standing) = (self.run.compensated.clone(), self.run.standing.clone());
                    return self.tell(RunFailed {
                        step: None,
                        failure,
                        clause,
                        party,
                        compensated,
                        standing,
                    });
                }
                self.tell(RunFailing { failure, clause, party })?;
                self.wind_down()
            }
        }
    }
}
