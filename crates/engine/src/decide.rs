//! What follows from a command: events, never deeds.
//!
//! A decision is drafted on a copy of the run, event by event, so that each part of it sees what the parts before it
//! changed. The copy is thrown away; what was recorded is what counts.

mod begin;
mod late;
mod mail;
mod model;
mod poll;
mod stop;
mod tool;

use std::sync::Arc;

use handfast_events::{Body, CallId, Event, Failure, Party, RunStarted, StepFailed, StepId, Timestamp};
use serde_json::Value;

use crate::state::{Phase, Run, takes_in};
use crate::{Around, Command, Refusal, Seen, is_too_deep, problems_told};

/// How a run is to begin.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Which workflow.
    pub workflow: String,
    /// Its input.
    pub input: Value,
    /// The key that makes a second start the same run.
    pub key: Option<String>,
    /// The contract's folder.
    pub folder: String,
    /// What stands in for the contract's models: `script:/path`.
    pub model: Option<String>,
}

impl Run {
    /// The first events of a run that nothing has happened to. Whoever takes it next goes on.
    ///
    /// # Errors
    /// The workflow, its input or its models are not as they must be; the refusal says what to mend.
    pub fn start(&self, start: Start, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let workflow = self.plan.ready(&start.workflow)?;
        let mut input = start.input;
        workflow.input.fill_defaults(&mut input);
        if is_too_deep(&input) {
            let problems = "it is nested deeper than anything here may be".to_owned();
            return Err(Refusal::Input { workflow: start.workflow, problems });
        }
        let problems = workflow.input.check(&input);
        if !problems.is_empty() {
            return Err(Refusal::Input { workflow: start.workflow, problems: problems_told(&problems) });
        }
        let contract = self.plan.contract();
        let settings = contract.settings.as_object().cloned().unwrap_or_default().into_iter().collect();
        let mut draft = Draft::new(self, now);
        draft.tell(RunStarted {
            contract: contract.name.clone(),
            version: contract.version.clone(),
            digest: contract.digest,
            workflow: start.workflow,
            input,
            key: start.key,
            folder: start.folder,
            model: start.model,
            settings,
        })?;
        Ok(draft.events)
    }

    /// What follows from this command? Reads no clock, performs nothing.
    ///
    /// # Errors
    /// The command changes nothing: drop it if it is [`Refusal::Stale`], else tell whoever gave it.
    pub fn decide(&self, command: Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.think(command, now).map(|decision| decision.events)
    }

    /// What [`Run::decide`] says, with what the run becomes by it, so that the same events need not be folded twice.
    ///
    /// # Errors
    /// As for [`Run::decide`].
    pub fn think(&self, command: Command, now: Timestamp) -> Result<Decision, Refusal> {
        self.think_again(command, now, Seen::new(), Arc::default())
    }

    /// What [`Run::think`] says, knowing what an append of the same decision found of rows that other runs hold, and what
    /// whoever drives knows of those whom its runs ask.
    ///
    /// # Errors
    /// As for [`Run::decide`].
    pub fn think_again(
        &self,
        command: Command,
        now: Timestamp,
        seen: Seen,
        around: Arc<Around>,
    ) -> Result<Decision, Refusal> {
        let is_taken_in = match (&self.phase, &command) {
            (Phase::Ended(status), Command::Mail { mail, .. }) => takes_in(status, mail),
            _ => self.is_live(),
        };
        if !is_taken_in {
            return Err(Refusal::NotLive { state: self.phase.name() });
        }
        let mut draft = Draft { seen, around, ..Draft::new(self, now) };
        match command {
            Command::Begin { epoch, worker } => draft.begin(epoch, worker)?,
            Command::ModelReturned { step, turn, attempt, reply } => {
                draft.model_returned(&step, turn, attempt, reply)?;
            }
            Command::ToolReturned { call, attempt, reply } => draft.tool_returned(&call, attempt, reply)?,
            Command::CallPolled { call, attempt, poll, outcome } => {
                draft.call_polled(&call, attempt, poll, outcome)?;
            }
            Command::TimePassed => {
                draft.lapse()?;
                draft.fall_silent()?;
            }
            Command::Mail { id, who, at, mail } => draft.mail(id, who, at, mail)?,
        }
        draft.advance()?;
        Ok(Decision { events: draft.events, next: draft.run })
    }
}

/// What follows from a command.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is to be remembered; nothing where nothing follows.
    pub events: Vec<Event>,
    /// What the run is once it is remembered, and not before.
    pub next: Run,
}

/// A decision in the making.
pub(crate) struct Draft {
    pub(crate) run: Run,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<Event>,
    /// What other runs hold of what is shared, as far as it was met.
    pub(crate) seen: Seen,
    /// What whoever drives knows of those whom its runs ask.
    pub(crate) around: Arc<Around>,
    /// Those of whom so many may be asked at once, and of whom this decision asks something.
    pub(crate) begun: Vec<Arc<str>>,
}

impl Draft {
    fn new(run: &Run, now: Timestamp) -> Self {
        // A worker's clock may stand behind that of the worker before it: a run's time never goes backwards.
        Self {
            run: run.clone(),
            now: now.max(run.time),
            events: Vec::new(),
            seen: Seen::new(),
            around: Arc::default(),
            begun: Vec::new(),
        }
    }

    /// Records something of the whole run.
    pub(crate) fn tell(&mut self, body: impl Into<Body>) -> Result<(), Refusal> {
        self.record(None, None, body.into())
    }

    /// Records something of a step.
    pub(crate) fn tell_step(&mut self, step: &StepId, body: impl Into<Body>) -> Result<(), Refusal> {
        self.record(Some(step.clone()), None, body.into())
    }

    /// Records something of a call.
    pub(crate) fn tell_call(&mut self, call: &CallId, body: impl Into<Body>) -> Result<(), Refusal> {
        self.record(Some(call.step()), Some(call.clone()), body.into())
    }

    fn record(&mut self, step: Option<StepId>, call: Option<CallId>, body: Body) -> Result<(), Refusal> {
        let event = Event { seq: self.run.seq.next(), time: self.now, step, call, body };
        self.run.apply(&event)?;
        self.events.push(event);
        Ok(())
    }

    /// Records that a step did not give what it promised.
    pub(crate) fn fail(
        &mut self,
        step: &StepId,
        failure: Failure,
        clause: Option<String>,
        party: Party,
    ) -> Result<(), Refusal> {
        self.fail_by(step, failure, clause, party, Vec::new())
    }

    /// The same, where it is known which steps gave the values that broke it.
    pub(crate) fn fail_by(
        &mut self,
        step: &StepId,
        failure: Failure,
        clause: Option<String>,
        party: Party,
        from: Vec<StepId>,
    ) -> Result<(), Refusal> {
        self.withdraw(|of| of == step, "its step failed")?;
        let caught_by = self.catcher(step);
        self.tell_step(step, StepFailed { failure, clause, party, from, caught_by })
    }
}
