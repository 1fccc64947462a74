//! The table of one step.

use std::sync::Arc;

use handfast_events::{Body, CallId, Output, Prompt, StepId, StepKind, Timestamp};
use serde_json::Value;

use super::{Asked, Call, Illegal, Spend, Turn};

/// One step of the workflow.
#[derive(Clone, Debug)]
pub(crate) struct StepRun {
    pub(crate) id: StepId,
    pub(crate) state: StepState,
}

#[derive(Clone, Debug)]
pub(crate) enum StepState {
    /// What it reads is not all there yet.
    Pending,
    /// An agent is at work.
    Agent(Box<AgentStep>),
    /// A tool step, before its call is proposed.
    Tool,
    /// A tool is at work.
    Calling(Box<Call>),
    /// It gave this.
    Succeeded(Arc<Value>),
    /// It wasn't needed.
    Skipped,
    /// It failed; of its calls, those of which somebody may still hear.
    Failed(Vec<Call>),
}

/// An agent at work on one step.
#[derive(Clone, Debug)]
pub(crate) struct AgentStep {
    pub(crate) agent: Arc<str>,
    pub(crate) input: Arc<Value>,
    pub(crate) since: Timestamp,
    pub(crate) turn: Turn,
    /// The newest request.
    pub(crate) prompt: Prompt,
    /// How many tokens the newest request comes to.
    pub(crate) counted: Option<Counted>,
    pub(crate) spend: Spend,
}

/// The tokens of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) tokens: u64,
    /// Whether the provider counted them; else they are what was reserved, the allowance for the close included.
    pub(crate) is_measured: bool,
    /// The length of the request's head that it is for.
    pub(crate) head_len: usize,
}

impl StepRun {
    pub(crate) const fn is_finished(&self) -> bool {
        matches!(self.state, StepState::Succeeded(_) | StepState::Skipped | StepState::Failed(_))
    }

    /// The model that its agent waits for.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        match &self.state {
            StepState::Agent(agent) => match &agent.turn {
                Turn::Asked(asked) => Some(asked),
                _ => None,
            },
            _ => None,
        }
    }

    /// The id of the call that may be proposed next; none where none may.
    pub(crate) fn next_call(&self) -> Option<CallId> {
        match &self.state {
            StepState::Tool => Some(CallId::of(&self.id, 0, 0)),
            StepState::Agent(agent) => agent.turn.next_call(&self.id),
            _ => None,
        }
    }

    /// The calls that it has open or had in this turn.
    pub(crate) fn calls(&self) -> &[Call] {
        self.state.calls()
    }

    /// Becomes what the event says.
    pub(crate) fn evolve(self, time: Timestamp, call: Option<&CallId>, body: &Body) -> Result<Self, Illegal> {
        if matches!(body, Body::CallProposed(_)) && call != self.next_call().as_ref() {
            let place = format!("step `{}`", self.id);
            return Err(Illegal { place, state: "about to make another call", event: body.name() });
        }
        let Self { id, state } = self;
        let state = match (state, body) {
            (StepState::Pending, Body::StepStarted(started)) => match &started.kind {
                StepKind::Agent(agent) => StepState::Agent(Box::new(AgentStep {
                    agent: agent.as_str().into(),
                    input: Arc::new(started.input.clone()),
                    since: time,
                    turn: Turn::first(),
                    prompt: Prompt::default(),
                    counted: None,
                    spend: Spend::default(),
                })),
                StepKind::Tool(_) => StepState::Tool,
            },
            (StepState::Pending, Body::StepSkipped(_)) => StepState::Skipped,
            (StepState::Pending, Body::StepFailed(_)) => StepState::Failed(Vec::new()),
            (StepState::Tool, Body::CallProposed(proposed)) => {
                let call = Call::new(CallId::of(&id, 0, 0), &proposed.tool, proposed.args.clone());
                StepState::Calling(Box::new(call))
            }
            (StepState::Agent(agent), Body::StepSucceeded(done)) if agent.turn.is_answered() => {
                StepState::Succeeded(Arc::new(value(&done.output, agent.turn.said())))
            }
            (StepState::Calling(own), Body::StepSucceeded(done)) if own.is_judged() => {
                StepState::Succeeded(Arc::new(value(&done.output, own.gave())))
            }
            (state @ (StepState::Agent(_) | StepState::Calling(_)), Body::StepFailed(_)) => {
                StepState::Failed(state.calls().iter().filter(|call| call.is_open()).cloned().collect())
            }
            (StepState::Failed(mut calls), body) if call.is_some() => {
                evolve_one(&mut calls, call, time, body)?;
                StepState::Failed(calls)
            }
            (StepState::Calling(mut own), body) if call.is_some_and(|id| id.is_of(&own.id)) => {
                evolve_one(std::slice::from_mut(&mut *own), call, time, body)?;
                StepState::Calling(own)
            }
            (StepState::Agent(agent), body) => {
                StepState::Agent(Box::new(agent.evolve(&id, call, time, body)?))
            }
            (state, body) => {
                return Err(Illegal {
                    place: format!("step `{id}`"),
                    state: state.name(),
                    event: body.name(),
                });
            }
        };
        Ok(Self { id, state })
    }
}

impl AgentStep {
    fn evolve(
        mut self,
        step: &StepId,
        call: Option<&CallId>,
        time: Timestamp,
        body: &Body,
    ) -> Result<Self, Illegal> {
        let illegal = |state| Illegal { place: format!("step `{step}`"), state, event: body.name() };
        match (body, &mut self.turn) {
            (Body::CallProposed(_), _) => {}
            (_, Turn::Calling { calls, .. }) if call.is_some() => {
                evolve_one(calls, call, time, body)?;
                return Ok(self);
            }
            (Body::ModelIntended(intent), _) => {
                self.prompt = self.prompt.follow(&intent.prompt).map_err(|_| illegal("at another prompt"))?;
                self.spend.reserve(intent.reserved);
                let tokens = intent.reserved.tokens.saturating_sub(intent.output_tokens_max);
                self.counted = Some(Counted { tokens, is_measured: false, head_len: self.prompt.head_len() });
            }
            (Body::ModelAnswered(said), Turn::Asked(asked)) => {
                self.spend.book(asked.reserved, said.usage, said.cost);
                self.counted = Some(Counted {
                    tokens: said.usage.input,
                    is_measured: true,
                    head_len: self.prompt.head_len(),
                });
            }
            (Body::ModelFailed(failed), Turn::Asked(asked)) => {
                self.spend.forfeit(asked.reserved, failed.forfeited)
            }
            _ => {}
        }
        self.turn = self.turn.evolve(step, body)?;
        Ok(self)
    }
}

/// A step's value, from what it says or from what was given before.
fn value(output: &Output, given: Option<Value>) -> Value {
    match output {
        Output::Value(value) => value.clone(),
        Output::AsGiven => given.unwrap_or_default(),
    }
}

/// One of these calls becomes what the event says.
fn evolve_one(calls: &mut [Call], id: Option<&CallId>, time: Timestamp, body: &Body) -> Result<(), Illegal> {
    let unknown = || Illegal { place: "a step".into(), state: "without that call", event: body.name() };
    let id = id.ok_or_else(unknown)?;
    let own = calls.iter_mut().find(|own| id.is_of(&own.id)).ok_or_else(unknown)?;
    own.follow(id, time, body)
}

impl StepState {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Agent(_) => "at work",
            Self::Tool => "about to call",
            Self::Calling(_) => "calling",
            Self::Succeeded(_) => "done",
            Self::Skipped => "skipped",
            Self::Failed(_) => "failed",
        }
    }

    fn calls(&self) -> &[Call] {
        match self {
            Self::Agent(agent) => match &agent.turn {
                Turn::Calling { calls, .. } => calls,
                _ => &[],
            },
            Self::Calling(call) => std::slice::from_ref(&**call),
            Self::Failed(calls) => calls,
            _ => &[],
        }
    }
}
