//! The table of one step.

use std::sync::Arc;

use handfast_contract::{Limits, Step};
use handfast_events::{Body, CallId, Output, StepId, StepKind, Timestamp};
use serde_json::Value;

use super::{
    AgentStep, Asked, Call, Deciding, Frame, Illegal, Lanes, Listening, Open, Question, Spend, Turn, TurnDue,
    Waiting,
};

/// One step that is open, or finished in a frame that is open.
#[derive(Clone, Debug)]
pub(crate) struct StepRun {
    pub(crate) id: StepId,
    /// What the contract says of it.
    pub(crate) step: Arc<Step>,
    /// Where it stands.
    pub(crate) frame: Arc<Frame>,
    /// When it began.
    pub(crate) since: Timestamp,
    /// What its agent used up, or the steps within it where a limit of its own counts that.
    pub(crate) spend: Spend,
    pub(crate) state: StepState,
}

/// One event of a step, with what other steps have to do with it.
pub(crate) struct Happened<'a> {
    pub(crate) time: Timestamp,
    pub(crate) call: Option<&'a CallId>,
    pub(crate) body: &'a Body,
    /// The frame that it opens.
    pub(crate) opened: Option<Arc<Frame>>,
    /// What the signal carried, or the step in this one's place gave.
    pub(crate) given: Option<Arc<Value>>,
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
    /// Steps within it are at work.
    Open(Open),
    /// It waits.
    Waiting(Waiting),
    /// People decide.
    Deciding(Deciding),
    /// This step failed, it or one within it; what its contract says of that is under way.
    Otherwise(StepId),
    /// It gave this; nothing where its value is absent.
    Succeeded(Option<Arc<Value>>),
    /// It wasn't needed.
    Skipped,
    /// It failed; of its calls, those of which somebody may still hear.
    Failed(Vec<Call>),
}

impl StepRun {
    /// A step that waits for what it reads.
    pub(crate) fn pending(id: StepId, step: Arc<Step>, frame: Arc<Frame>) -> Self {
        let (since, spend) = (Timestamp::UNIX_EPOCH, Spend::default());
        Self { id, step, frame, since, spend, state: StepState::Pending }
    }

    /// Where it stands in the contract: `workflows.article.steps.write.steps.draft`.
    pub(crate) fn address(&self) -> String {
        let name = match self.frame.path.as_str() {
            "" => self.id.as_str(),
            path => self.id.as_str().get(path.len() + 1..).unwrap_or_default(),
        };
        format!("{}.{}", self.frame.address, name.replace('~', "."))
    }

    /// Whether it is at its end, with or without a value.
    pub(crate) const fn is_finished(&self) -> bool {
        matches!(self.state, StepState::Succeeded(_) | StepState::Skipped)
    }

    /// Whether nothing more can come of it.
    pub(crate) const fn is_over(&self) -> bool {
        self.state.is_over()
    }

    /// The ceilings around it that it is itself the holder of, each with the clause of whose parts it speaks.
    pub(crate) fn limits(&self) -> impl Iterator<Item = (String, &Limits)> {
        let within = match &self.state {
            StepState::Open(Open::Workflow(frame)) => Some(&frame.workflow),
            _ => None,
        };
        let own = std::iter::once_with(|| (format!("{}.limits", self.address()), &self.step.limits));
        let within = within.map(|workflow| (format!("workflows.{}.limits", workflow.name), &workflow.limits));
        within.into_iter().chain(own).filter(|(_, limits)| **limits != Limits::default())
    }

    /// Whether frames open or close by this event.
    pub(crate) fn touches_frames(&self, body: &Body) -> bool {
        match body {
            Body::StepStarted(started) => matches!(started.kind, StepKind::Workflow(_)),
            Body::StepSucceeded(_) | Body::StepSkipped(_) => {
                matches!(self.state, StepState::Open(_) | StepState::Otherwise(_))
            }
            Body::BranchChosen(_)
            | Body::RoundStarted(_)
            | Body::LaneStarted(_)
            | Body::LaneFinished(_)
            | Body::LaneFailed(_)
            | Body::OtherwiseTaken(_) => true,
            _ => false,
        }
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

    /// The agent whose model may be asked as soon as limits allow.
    pub(crate) fn due_agent(&self) -> Option<(&AgentStep, &TurnDue)> {
        match &self.state {
            StepState::Agent(agent) => match &agent.turn {
                Turn::Due(due) => Some((agent, due)),
                _ => None,
            },
            _ => None,
        }
    }

    /// What it waits for, where its agent listens.
    pub(crate) const fn listening(&self) -> Option<&Listening> {
        match &self.state {
            StepState::Agent(agent) => match &agent.turn {
                Turn::Listening(listening) => Some(listening),
                _ => None,
            },
            _ => None,
        }
    }

    /// What the step itself asks people.
    pub(crate) const fn question(&self) -> Option<&Question> {
        match &self.state {
            StepState::Deciding(deciding) => deciding.question(),
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
    pub(crate) fn evolve(self, happened: Happened<'_>) -> Result<Self, Illegal> {
        let (call, body) = (happened.call, happened.body);
        if matches!(body, Body::CallProposed(_)) && call != self.next_call().as_ref() {
            return Err(illegal(&self.id, "about to make another call", body));
        }
        let since = match body {
            Body::StepStarted(_) => happened.time,
            _ => self.since,
        };
        let id = &self.id;
        let state = match (self.state, body) {
            (StepState::Pending, Body::StepStarted(started)) => {
                begin(started, happened.opened).ok_or_else(|| illegal(id, "of another kind", body))?
            }
            (StepState::Pending | StepState::Otherwise(_), Body::StepSkipped(_)) => StepState::Skipped,
            (StepState::Tool, Body::CallProposed(proposed)) => {
                let call = Call::new(CallId::of(id, 0, 0), &proposed.tool, proposed.args.clone());
                StepState::Calling(Box::new(call))
            }
            (state, Body::StepSucceeded(done)) if state.may_succeed() => {
                let given = happened.given.or_else(|| state.gave());
                StepState::Succeeded(value(&done.output, given))
            }
            (state, Body::StepFailed(_)) if !state.is_over() => {
                StepState::Failed(state.calls().iter().filter(|call| call.is_open()).cloned().collect())
            }
            (state, Body::OtherwiseTaken(taken))
                if !matches!(
                    state,
                    StepState::Otherwise(_) | StepState::Succeeded(_) | StepState::Skipped
                ) && !state.calls().iter().any(Call::is_open) =>
            {
                StepState::Otherwise(taken.failed.clone())
            }
            (StepState::Failed(mut calls), body) if call.is_some() => {
                evolve_one(&mut calls, call, happened.time, body)?;
                StepState::Failed(calls)
            }
            (StepState::Calling(mut own), body) if call.is_some_and(|id| id.is_of(&own.id)) => {
                evolve_one(std::slice::from_mut(&mut *own), call, happened.time, body)?;
                StepState::Calling(own)
            }
            (StepState::Agent(agent), _) => StepState::Agent(Box::new(agent.evolve(id, &happened)?)),
            (StepState::Open(open), body) if call.is_none() => {
                StepState::Open(open.evolve(id, body, happened.opened)?)
            }
            (StepState::Waiting(waiting), body) if call.is_none() => {
                StepState::Waiting(waiting.evolve(id, body, happened.given)?)
            }
            (StepState::Deciding(deciding), body) if call.is_none() => {
                StepState::Deciding(deciding.evolve(id, body)?)
            }
            (state, body) => return Err(illegal(id, state.name(), body)),
        };
        Ok(Self { since, state, ..self })
    }
}

fn illegal(id: &StepId, state: &'static str, body: &Body) -> Illegal {
    Illegal { place: format!("step `{id}`"), state, event: body.name() }
}

/// What a step is once it has begun; nothing where its kind and what it opens don't fit.
fn begin(started: &handfast_events::StepStarted, opened: Option<Arc<Frame>>) -> Option<StepState> {
    Some(match &started.kind {
        StepKind::Agent(agent) => StepState::Agent(Box::new(AgentStep::new(agent, started, Turn::first()))),
        StepKind::Talk(agent) => {
            StepState::Agent(Box::new(AgentStep::new(agent, started, Turn::listening())))
        }
        StepKind::Tool(_) => StepState::Tool,
        StepKind::Workflow(_) => StepState::Open(Open::Workflow(opened?)),
        StepKind::Wait => StepState::Waiting(Waiting::default()),
        StepKind::Approval => StepState::Deciding(Deciding::default()),
        StepKind::Choose => StepState::Open(Open::Choose(None)),
        StepKind::Repeat => StepState::Open(Open::Repeat(None)),
        StepKind::Each => {
            StepState::Open(Open::Each(Lanes { items: Arc::new(started.input.clone()), begun: Vec::new() }))
        }
    })
}

/// A step's value, from what it says or from what was given before.
pub(super) fn value(output: &Output, given: Option<Arc<Value>>) -> Option<Arc<Value>> {
    match output {
        Output::Value(value) => Some(Arc::new(value.clone())),
        Output::AsGiven => Some(given.unwrap_or_default()),
        Output::Absent => None,
    }
}

/// One of these calls becomes what the event says.
pub(super) fn evolve_one(
    calls: &mut [Call],
    id: Option<&CallId>,
    time: Timestamp,
    body: &Body,
) -> Result<(), Illegal> {
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
            Self::Open(_) => "at work by others",
            Self::Waiting(_) => "waiting",
            Self::Deciding(_) => "asking people",
            Self::Otherwise(_) => "replaced",
            Self::Succeeded(_) => "done",
            Self::Skipped => "skipped",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether what it promised can be there.
    fn may_succeed(&self) -> bool {
        match self {
            Self::Agent(agent) => agent.turn.is_answered() || matches!(agent.turn, Turn::Left),
            Self::Calling(own) => own.is_judged(),
            Self::Open(_) | Self::Waiting(_) | Self::Otherwise(_) => true,
            Self::Deciding(deciding) => deciding.may_give(),
            _ => false,
        }
    }

    /// What its own work gave, for a value that the journal doesn't tell twice.
    fn gave(&self) -> Option<Arc<Value>> {
        match self {
            Self::Agent(agent) => agent.turn.said().map(Arc::new),
            Self::Calling(own) => own.gave().map(Arc::new),
            Self::Open(Open::Each(lanes)) => Some(Arc::new(lanes.gave())),
            Self::Waiting(waiting) => waiting.received.clone(),
            _ => None,
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded(_) | Self::Skipped | Self::Failed(_))
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
