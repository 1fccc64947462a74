//! The table of one run, and what it knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_contract::Workflow;
use handfast_events::{
    Action, ApprovalAnswered, Body, CallDoubted, CallId, CallNotApplied, CallNotSent, Ceiling, EndedAs,
    Epoch, Event, FailureClass, Halt, Mail, MailOutcome, MailTaken, Money, Next, PauseReason, Reserved,
    RunFailed, RunId, RunStarted, Seq, Status, StepId, Timestamp,
};
use serde_json::Value;

use super::{
    Applied, Call, Compensation, Family, Frame, Happened, Illegal, Known, Message, Over, Question, Signal,
    Spend, StepRun, StepState, Unwinding, Waiting, Word,
};
use crate::Plan;

/// One run: what its journal says, and nothing else. A copy costs a few pointers.
///
/// `decide` says what follows from a command, `evolve` becomes what history says, `owed` says what is to be done.
#[derive(Clone, Debug)]
pub struct Run {
    pub(crate) plan: Arc<Plan>,
    pub(crate) id: RunId,
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    pub(crate) epoch: Epoch,
    pub(crate) phase: Phase,
    pub(crate) workflow: Option<Arc<Workflow>>,
    pub(crate) input: Arc<Value>,
    pub(crate) since: Timestamp,
    /// The steps of all frames that are open.
    pub(crate) steps: Vec<Arc<StepRun>>,
    /// What fails, and is caught.
    pub(crate) unwinding: Vec<Unwinding>,
    /// Signals that no step has received yet.
    pub(crate) signals: Vec<Arc<Signal>>,
    /// What was said in its conversation, and nobody heard yet.
    pub(crate) messages: Vec<Arc<Message>>,
    pub(crate) spend: Spend,
    pub(crate) retries: u64,
    pub(crate) raised: BTreeMap<String, Ceiling>,
    pub(crate) known: Known,
    /// The newest questions that are over.
    pub(crate) over: Over,
    /// What operators halted, as far as whoever drives knows. No event says it: it is looked at as the plan is.
    pub(crate) halts: Arc<[Halt]>,
    /// The actions that it holds, by their rows.
    pub(crate) actions: BTreeMap<String, Action>,
    /// The trials that it holds, of those who were found to be down so often in a row; by their rows.
    pub(crate) trials: BTreeMap<String, u32>,
    /// What took effect, and may have to be taken back.
    pub(crate) applied: Applied,
    /// What is being taken back, in the order in which it is.
    pub(crate) compensations: Vec<Compensation>,
    /// Calls that were taken back, and those left standing.
    pub(crate) compensated: Vec<CallId>,
    pub(crate) standing: Vec<CallId>,
    /// Those of them that a person has yet to accept.
    pub(crate) unaccepted: Vec<CallId>,
    /// What was said of calls in doubt.
    pub(crate) words: BTreeMap<CallId, Word>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Nothing happened yet.
    Unborn,
    /// Steps may start, calls may leave.
    Running,
    /// No new call leaves.
    Paused(PauseReason),
    /// Nothing new begins; what has left is settled first.
    Ending(Ending),
    /// Nothing ever happens again.
    Ended(Status),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Failed(RunFailed),
    Cancelled,
}

impl Run {
    /// A run that nothing has happened to yet.
    pub fn new(plan: Arc<Plan>, id: RunId) -> Self {
        let known = Known::given(plan.facts());
        Self {
            plan,
            id,
            seq: Seq(0),
            time: Timestamp::UNIX_EPOCH,
            epoch: Epoch(0),
            phase: Phase::Unborn,
            workflow: None,
            input: Arc::new(Value::Null),
            since: Timestamp::UNIX_EPOCH,
            steps: Vec::new(),
            unwinding: Vec::new(),
            signals: Vec::new(),
            messages: Vec::new(),
            spend: Spend::default(),
            retries: 0,
            raised: BTreeMap::new(),
            known,
            over: Over::default(),
            halts: Arc::new([]),
            actions: BTreeMap::new(),
            trials: BTreeMap::new(),
            applied: Applied::default(),
            compensations: Vec::new(),
            compensated: Vec::new(),
            standing: Vec::new(),
            unaccepted: Vec::new(),
            words: BTreeMap::new(),
        }
    }

    /// Its id.
    pub const fn id(&self) -> RunId {
        self.id
    }

    /// Where it stands in its journal.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// The name of the contract that it runs from.
    pub fn contract_name(&self) -> &str {
        &self.plan.contract().name
    }

    /// What it has used up.
    pub const fn spend(&self) -> Spend {
        self.spend
    }

    /// Becomes what history says.
    ///
    /// # Errors
    /// The event may not happen here. In replay the journal is damaged: quarantine the run. Live, it is our bug.
    pub fn evolve(mut self, event: &Event) -> Result<Self, Illegal> {
        self.apply(event)?;
        Ok(self)
    }

    /// [`Run::evolve`] in place. After an error the run is of no use.
    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), Illegal> {
        let illegal = |state| Illegal { place: "the run".into(), state, event: event.name() };
        if event.seq != self.seq.next() {
            return Err(illegal("at another place of its journal"));
        }
        self.note_word(event);
        self.book_call(event);
        match (&event.step, &event.body) {
            (_, Body::ResultCameLate(late)) => self.evolve_late(event, late)?,
            _ if self.evolve_compensation(event)? => {}
            (Some(step), _) => self.evolve_step(step, event)?,
            (None, _) => {}
        }
        self.over.follow(&event.body, event.time);
        self.learn(event);
        self.phase = match (std::mem::replace(&mut self.phase, Phase::Unborn), &event.body) {
            (Phase::Unborn, Body::RunStarted(started)) => {
                self.begin(started, event.time).ok_or_else(|| illegal("of another contract"))?;
                Phase::Running
            }
            (phase @ (Phase::Running | Phase::Paused(_) | Phase::Ending(_)), Body::EpochBegan(began)) => {
                self.epoch = began.epoch;
                phase
            }
            (phase @ (Phase::Running | Phase::Paused(_) | Phase::Ending(_)), Body::MailTaken(taken)) => {
                self.keep_signal(taken);
                self.keep_message(taken);
                phase
            }
            (phase @ (Phase::Running | Phase::Paused(_)), Body::LimitRaised(raised)) => {
                self.raised.insert(raised.clause.clone(), raised.to);
                phase
            }
            (phase @ (Phase::Running | Phase::Paused(_) | Phase::Ending(_)), Body::ClaimChanged(changed)) => {
                self.evolve_claim(changed);
                self.evolve_breaker(changed);
                phase
            }
            (Phase::Running, Body::RunPaused(paused)) => Phase::Paused(paused.reason.clone()),
            (Phase::Paused(_), Body::RunResumed(_)) => {
                self.listen_anew(event.time);
                Phase::Running
            }
            (Phase::Running | Phase::Paused(_) | Phase::Ending(_), Body::RunKilled(_)) => {
                Phase::Ended(Status::Killed)
            }
            (Phase::Running | Phase::Paused(_), Body::RunCancelRequested(_)) => {
                Phase::Ending(Ending::Cancelled)
            }
            (phase @ (Phase::Running | Phase::Paused(_)), Body::StepFailed(failed))
                if failed.caught_by.is_some() =>
            {
                self.catch(event.step.as_ref(), failed.caught_by.as_ref())
                    .ok_or_else(|| illegal("without that step in that scope"))?;
                phase
            }
            (Phase::Running | Phase::Paused(_), Body::StepFailed(failed)) => {
                Phase::Ending(Ending::Failed(RunFailed {
                    step: event.step.clone(),
                    failure: failed.failure.clone(),
                    clause: failed.clause.clone(),
                    party: failed.party,
                    compensated: Vec::new(),
                    standing: Vec::new(),
                }))
            }
            (Phase::Running, Body::RunFailing(failing)) if self.is_finished() => {
                Phase::Ending(Ending::Failed(RunFailed {
                    step: None,
                    failure: failing.failure.clone(),
                    clause: failing.clause.clone(),
                    party: failing.party,
                    compensated: Vec::new(),
                    standing: Vec::new(),
                }))
            }
            (Phase::Running, Body::RunSucceeded(_)) if self.is_finished() => self.ended(EndedAs::Done),
            (Phase::Running, Body::RunFailed(_)) if self.is_finished() => self.ended(EndedAs::Failed),
            (Phase::Ending(Ending::Failed(_)), Body::RunFailed(_)) if !self.may_hear() => {
                self.ended(EndedAs::Failed)
            }
            (Phase::Ending(Ending::Cancelled), Body::RunCancelled(_)) if !self.may_hear() => {
                self.ended(EndedAs::Cancelled)
            }
            (Phase::Ended(status), Body::MailTaken(taken)) if takes_in(&status, &taken.mail) => {
                Phase::Ended(status)
            }
            (Phase::Ended(status), Body::ResultCameLate(_)) => self.ended_otherwise(&status),
            (Phase::Ended(Status::Standing(ended)), Body::StandingAccepted(_)) => self.ended(ended),
            (
                phase @ (Phase::Running | Phase::Paused(_) | Phase::Ending(_)),
                Body::CompensationBegan(_) | Body::FactSet(_) | Body::ClaimSeen(_),
            ) => phase,
            (phase @ (Phase::Running | Phase::Paused(_) | Phase::Ending(_)), _) if event.step.is_some() => {
                phase
            }
            (phase, _) => return Err(illegal(phase.name())),
        };
        self.seq = event.seq;
        self.time = event.time;
        Ok(())
    }

    /// The steps of its workflow are there.
    fn begin(&mut self, started: &RunStarted, time: Timestamp) -> Option<()> {
        let workflow = self.plan.workflow(&started.workflow)?;
        self.input = Arc::new(started.input.clone());
        let frame = Arc::new(Frame::of_run(workflow.clone(), self.input.clone()));
        self.open(&frame, &Plan::first_steps(&workflow));
        self.workflow = Some(workflow);
        self.since = time;
        Some(())
    }

    fn evolve_step(&mut self, id: &StepId, event: &Event) -> Result<(), Illegal> {
        let unknown = || Illegal { place: format!("step `{id}`"), state: "unknown", event: event.name() };
        let index = self.steps.iter().position(|step| step.id == *id).ok_or_else(unknown)?;
        let at = self.steps.get(index).ok_or_else(unknown)?;
        // What it was is of interest only where frames open or close: else no copy of it is made.
        let before = at.touches_frames(&event.body).then(|| at.clone());
        let opened = before.as_ref().and_then(|at| self.opened(at, &event.body));
        let given = match &event.body {
            Body::SignalReceived(received) => self.take_signal(&received.id),
            Body::MessageHeard(heard) => self.take_message(&heard.id),
            Body::ApprovalAnswered(ApprovalAnswered { message: Some(id), .. }) => self.take_message(id),
            Body::StepSucceeded(_) if before.is_some() => self.given_instead(id),
            _ => None,
        };
        self.book(index, &event.body);
        let step = Arc::make_mut(self.steps.get_mut(index).ok_or_else(unknown)?);
        let of = |step: &StepRun| {
            let id = event.call.as_ref()?;
            step.calls().iter().position(|call| call.id == *id && call.has_changed_something())
        };
        let was_there = of(step).is_some();
        let blank = StepRun::pending(id.clone(), step.step.clone(), step.frame.clone());
        let own = std::mem::replace(step, blank);
        let (call, body) = (event.call.as_ref(), &event.body);
        *step = own.evolve(Happened { time: event.time, call, body, opened: opened.clone(), given })?;
        if let Some(call) = of(step).and_then(|index| step.calls().get(index)) {
            self.applied.note(call, !was_there);
        }
        if matches!(event.body, Body::Said(_)) {
            // What they were told stands; an end names it.
            let mut told: Vec<CallId> = self.applied.iter().map(|call| call.id.clone()).collect();
            told.reverse();
            self.standing.append(&mut told);
            self.applied = Applied::default();
        }
        match before {
            Some(before) => self.follow_frames(&before, opened, event),
            None => Ok(()),
        }
    }

    /// Counts what a model's call held and used: its own step, those around it that have a limit of their own, the run.
    fn book(&mut self, index: usize, body: &Body) {
        match body {
            Body::ModelFailed(failed) => {
                // What cost nothing is bounded by a turn's own patience, and by the breaker.
                let counts = failed.failure.class.is_transient() && !failed.cost_nothing();
                self.retries += u64::from(failed.retry.is_some() && counts);
            }
            Body::CallNotSent(CallNotSent { failure, next, .. })
            | Body::CallNotApplied(CallNotApplied { failure, next, .. })
            | Body::CallDoubted(CallDoubted { failure, next, .. }) => {
                let again = matches!(next, Next::Retry(_));
                self.retries += u64::from(again && failure.class != FailureClass::WorkerGone);
                return;
            }
            Body::ModelIntended(_) | Body::ModelAnswered(_) => {}
            _ => return,
        }
        let asked = self.steps.get(index).and_then(|step| step.asked());
        let held = asked.map_or_else(Reserved::default, |asked| asked.reserved);
        self.count(index, held, body);
    }

    /// Counts what a call costs that has left, is back or is lost.
    fn book_call(&mut self, event: &Event) {
        let Some(id) = &event.call else { return };
        let costs = match &event.body {
            Body::CallIntended(intent) => intent.costs,
            _ if self.spend.reserved.cost == Money::ZERO => return,
            _ => {
                let call = self.call(id).filter(|call| call.is_away());
                call.and_then(|call| call.newest.as_ref()).map_or(Money::ZERO, |newest| newest.costs)
            }
        };
        if costs == Money::ZERO {
            return;
        }
        let (step, held) = (id.step(), Reserved { tokens: 0, cost: costs });
        match self.steps.iter().position(|other| other.id == step) {
            Some(index) => self.count(index, held, &event.body),
            None => self.count_behind(&step, held, &event.body),
        }
    }

    /// Counts what takes back a call whose step has gone with its frame: against what is still there around it, and the run.
    fn count_behind(&mut self, gone: &StepId, held: Reserved, body: &Body) {
        self.spend.follow(held, body);
        let counts = |step: &&mut Arc<StepRun>| gone.is_within(&step.id) && step.limits().next().is_some();
        self.steps.iter_mut().filter(counts).for_each(|step| Arc::make_mut(step).spend.follow(held, body));
    }

    /// Counts a call against its own step, those around it that have a limit of their own, and the run.
    fn count(&mut self, index: usize, held: Reserved, body: &Body) {
        let Some(slot) = self.steps.get_mut(index) else { return };
        let frame = slot.frame.clone();
        Arc::make_mut(slot).spend.follow(held, body);
        self.spend.follow(held, body);
        for holder in frame.holders() {
            let counts = |step: &&mut Arc<StepRun>| step.id == *holder && step.limits().next().is_some();
            if let Some(step) = self.steps.iter_mut().find(counts) {
                Arc::make_mut(step).spend.follow(held, body);
            }
        }
    }

    /// A signal that was taken in is kept until a step receives it.
    fn keep_signal(&mut self, taken: &MailTaken) {
        if let (Mail::Signal { name, key, value }, MailOutcome::Done) = (&taken.mail, &taken.outcome) {
            let (name, key) = (name.as_str().into(), key.as_deref().map(Into::into));
            let signal = Signal { id: taken.id.clone(), name, key, value: Arc::new(value.clone()) };
            self.signals.push(Arc::new(signal));
        }
    }

    fn take_signal(&mut self, id: &handfast_events::CommandId) -> Option<Arc<Value>> {
        let index = self.signals.iter().position(|signal| signal.id == *id)?;
        Some(self.signals.remove(index).value.clone())
    }

    /// Whether something may still happen to it by itself or by anybody.
    pub(crate) const fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Unborn | Phase::Ended(_))
    }

    /// Whether every step is finished.
    pub(crate) fn is_finished(&self) -> bool {
        self.steps.iter().all(|step| step.is_finished())
    }

    /// Whether there is a call of which somebody may still hear: until it is settled nothing ends.
    pub(crate) fn may_hear(&self) -> bool {
        let taking_back = self.compensations.iter().filter_map(Compensation::calling);
        self.steps.iter().flat_map(|step| step.calls()).chain(taking_back).any(Call::is_open)
    }

    /// The steps of one scope.
    pub(crate) fn steps_of(&self, scope: Option<&StepId>) -> impl Iterator<Item = &Arc<StepRun>> {
        self.steps.iter().filter(move |step| scope.is_none_or(|scope| step.id.is_within(scope)))
    }

    /// Whether people are asked something, or a message is waited for.
    pub fn is_asking(&self) -> bool {
        self.questions().next().is_some() || self.listening().is_some()
    }

    /// What people are asked.
    pub(crate) fn questions(&self) -> impl Iterator<Item = &Question> {
        let of_steps = self.steps.iter().filter_map(|step| step.question());
        self.calls().filter_map(Call::question).chain(of_steps)
    }

    /// The steps that wait for a signal or a time.
    pub(crate) fn waits(&self) -> impl Iterator<Item = (&StepId, &Waiting)> {
        self.steps.iter().filter_map(|step| match &step.state {
            StepState::Waiting(waiting) if !self.is_failing(&step.id) => Some((&step.id, waiting)),
            _ => None,
        })
    }

    /// Every call that is open, or closed in a turn that still waits for others, with those behind it; what takes others
    /// back comes last.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        let of_steps = self.steps.iter().flat_map(|step| Family::of(step.calls()));
        of_steps.chain(self.compensations.iter().filter_map(Compensation::calling).flat_map(Call::family))
    }

    /// Whether something in the scope was not settled yet, beside what takes it back: until then nothing is taken back.
    pub(crate) fn may_hear_of(&self, scope: Option<&StepId>) -> bool {
        self.steps_of(scope).any(|step| step.calls().iter().any(Call::is_open))
    }

    pub(crate) fn call(&self, id: &CallId) -> Option<&Call> {
        self.calls().find(|call| call.id == *id)
    }

    pub(crate) fn step(&self, id: &StepId) -> Option<&Arc<StepRun>> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// Whether a run that has ended so takes such mail in.
pub(crate) const fn takes_in(status: &Status, mail: &Mail) -> bool {
    matches!((status, mail), (Status::Standing(_), _) | (_, Mail::Late { .. }))
}

impl Phase {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Unborn => "not begun",
            Self::Running => "running",
            Self::Paused(_) => "paused",
            Self::Ending(_) => "ending",
            Self::Ended(_) => "ended",
        }
    }
}
