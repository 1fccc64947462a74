//! From events to a trace, one event at a time, so that a live view goes on from where it is.
//!
//! A trace is drawn of damaged and unfinished journals too: an event that fits nowhere is passed over, never a panic.
//! Whether a journal is in order is the engine's question.

use std::collections::BTreeMap;

use handfast_events::{
    Body, CallId, CallIntended, CallNotSent, CallPolled, Digest, DoubtStayed, Event, Kept, MailOutcome,
    Money, Next, Output, RunId, Seq, Settled, Stayed, StepId, StepKind, Timestamp,
};
use serde_json::Value;

use super::asking::is_about_an_answer;
use super::question;
use super::{AttemptState, Call, CallAttempt, CallState, End, Hold, Note, Step, StepState, Trace, Working};

impl Trace {
    /// The trace of these events.
    pub fn fold(run: RunId, events: &[Event]) -> Self {
        let mut trace = Self::new(run);
        for event in events {
            trace.follow(event);
        }
        trace
    }

    /// A run that nothing has happened to yet.
    pub fn new(run: RunId) -> Self {
        Self {
            run,
            contract: String::new(),
            version: String::new(),
            digest: Digest::default(),
            workflow: String::new(),
            input: Value::Null,
            model: None,
            prices: None,
            began: None,
            newest: None,
            seq: Seq(0),
            steps: Vec::new(),
            notes: Vec::new(),
            paused: None,
            is_ending: false,
            talk: Vec::new(),
            end: None,
            failing: Vec::new(),
            signals: Vec::new(),
        }
    }

    /// Takes the next event in.
    pub fn follow(&mut self, event: &Event) {
        (self.seq, self.newest) = (event.seq, Some(event.time));
        match &event.step {
            _ if self.follow_late(event) || self.follow_compensation(event) => {}
            Some(step) => {
                let elsewhere = self.given_elsewhere(step, &event.body);
                self.step(step, event.time).follow(event, elsewhere);
                self.follow_scopes(step, event);
                self.follow_talk(event);
            }
            None => self.follow_run(event),
        }
    }

    fn step(&mut self, id: &StepId, began: Timestamp) -> &mut Step {
        let index = self.steps.iter().rposition(|step| step.id == *id).unwrap_or(self.steps.len());
        if index == self.steps.len() {
            self.steps.push(Step::new(id.clone(), began));
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "the index was found, or is that of what was just pushed"
        )]
        &mut self.steps[index]
    }

    fn follow_run(&mut self, event: &Event) {
        let note = match &event.body {
            Body::RunStarted(started) => {
                self.contract.clone_from(&started.contract);
                self.version.clone_from(&started.version);
                self.digest = started.digest;
                self.workflow.clone_from(&started.workflow);
                self.input.clone_from(&started.input);
                self.model.clone_from(&started.model);
                self.began = Some(event.time);
                return;
            }
            Body::EpochBegan(began) => {
                self.prices.clone_from(&began.prices);
                Note::Taken { worker: began.worker.clone(), epoch: began.epoch.0 }
            }
            Body::MailTaken(taken) => match &taken.outcome {
                // What was done says so itself, in the events behind this one.
                MailOutcome::Done => return self.follow_mail(event.time, taken),
                MailOutcome::Refused { why } => Note::Turned { who: taken.who.clone(), why: why.clone() },
            },
            Body::LimitRaised(raised) => {
                Note::Raised { clause: raised.clause.clone(), to: raised.to.to_string() }
            }
            Body::FactSet(set) => {
                Note::Learned { fact: set.fact.clone(), value: set.value.clone(), by: set.by.clone() }
            }
            Body::RunPaused(paused) => {
                self.paused = Some(paused.reason.clone());
                Note::Paused(paused.reason.clone())
            }
            Body::RunResumed(resumed) => {
                self.paused = None;
                Note::Resumed { who: resumed.who.clone() }
            }
            Body::RunFailing(_) => return self.is_ending = true,
            Body::RunCancelRequested(request) => {
                (self.paused, self.is_ending) = (None, true);
                Note::CancelRequested { who: request.who.clone(), why: request.why.clone() }
            }
            Body::RunSucceeded(done) => {
                return self.end = Some(End::Succeeded { output: done.output.clone() });
            }
            Body::RunFailed(failed) => {
                self.paused = None;
                for step in failed.step.iter() {
                    self.stop(event.time, step, |holder| step.is_within(&holder.id));
                }
                self.end = Some(End::Failed {
                    step: failed.step.clone(),
                    failure: failed.failure.clone(),
                    clause: failed.clause.clone(),
                    party: failed.party,
                });
                return;
            }
            Body::RunCancelled(_) => return self.end = Some(End::Cancelled),
            Body::RunKilled(killed) => {
                self.paused = None;
                let (who, why) = (killed.who.clone(), killed.why.clone());
                return self.end = Some(End::Killed { who, why, open: killed.open.clone() });
            }
            _ => return,
        };
        self.notes.push((event.time, note));
    }
}

impl Step {
    fn new(id: StepId, began: Timestamp) -> Self {
        let (state, ended) = (StepState::Running, None);
        Self {
            id,
            kind: None,
            input: Value::Null,
            state,
            began,
            ended,
            turns: Vec::new(),
            calls: Vec::new(),
            questions: Vec::new(),
            branch: None,
            wait: None,
            listening: None,
            lanes: BTreeMap::new(),
            otherwise: None,
            received: None,
        }
    }

    /// What its own call or its lanes gave, or what its agent's last answer said.
    fn given(&self) -> Option<Value> {
        if self.kind == Some(StepKind::Each) {
            return Some(Value::Array(self.lanes.values().flatten().cloned().collect()));
        }
        if let Some(CallState::Applied { result: Kept::Whole(value), .. }) =
            self.calls.last().map(|call| &call.state)
        {
            return Some(value.clone());
        }
        match &self.turns.last()?.attempts.last()?.state {
            AttemptState::Answered { text, .. } => Some(Value::String(text.clone())),
            _ => None,
        }
    }

    /// `elsewhere` is what another part of the run gives it.
    fn follow(&mut self, event: &Event, elsewhere: Option<Value>) {
        self.follow_listening(&event.body);
        match &event.body {
            Body::StepStarted(started) => {
                self.kind = Some(started.kind.clone());
                self.input.clone_from(&started.input);
                self.began = event.time;
            }
            Body::StepSkipped(skipped) => {
                self.ended = Some(event.time);
                self.state = StepState::Skipped { why: skipped.why.clone() };
            }
            Body::StepSucceeded(done) => {
                self.ended = Some(event.time);
                let output = match &done.output {
                    Output::Value(value) => value.clone(),
                    Output::AsGiven if self.otherwise.is_some() => elsewhere.unwrap_or_default(),
                    Output::AsGiven => self.received.take().or_else(|| self.given()).unwrap_or_default(),
                    Output::Absent => Value::Null,
                };
                self.state = StepState::Succeeded { output };
            }
            Body::StepFailed(failed) => {
                self.ended = Some(event.time);
                if is_about_an_answer(failed.failure.class) {
                    self.reject_answer(None, &failed.failure.detail);
                }
                self.state = StepState::Failed {
                    failure: failed.failure.clone(),
                    clause: failed.clause.clone(),
                    party: failed.party,
                    from: failed.from.clone(),
                };
            }
            Body::BranchChosen(_)
            | Body::LaneFinished(_)
            | Body::LaneFailed(_)
            | Body::OtherwiseTaken(_)
            | Body::WaitBegan(_)
            | Body::SignalReceived(_) => self.follow_flow(&event.body, elsewhere),
            Body::ModelIntended(_)
            | Body::ModelAnswered(_)
            | Body::ModelFailed(_)
            | Body::ContextAdjusted(_)
            | Body::ModelSwitched(_)
            | Body::ModelHeld(_)
            | Body::ToolTakenAway(_) => self.follow_model(event),
            Body::CallProposed(proposed) => {
                let (turn, calls) = match self.turns.last_mut() {
                    Some(turn) => (turn.turn, &mut turn.calls),
                    None => (0, &mut self.calls),
                };
                let ordinal = u32::try_from(calls.len()).unwrap_or(u32::MAX);
                let id = event.call.clone().unwrap_or_else(|| CallId::of(&self.id, turn, ordinal));
                calls.push(Call::new(id, proposed.tool.clone(), proposed.args.clone()));
            }
            body if event.call.is_none() && question::follow(&mut self.questions, event.time, body) => {}
            body => {
                let Some(id) = &event.call else { return };
                let of_turns = self.turns.iter_mut().rev().flat_map(|turn| &mut turn.calls);
                if let Some(call) = of_turns.chain(&mut self.calls).find(|call| id.is_of(&call.id)) {
                    call.follow_any(id, event.time, body);
                }
            }
        }
    }
}

impl Call {
    pub(super) const fn new(id: CallId, tool: String, args: Value) -> Self {
        Self {
            id,
            tool,
            args,
            sends: None,
            idempotency: None,
            queued: Vec::new(),
            held: None,
            holds: Vec::new(),
            attempts: Vec::new(),
            questions: Vec::new(),
            settled: None,
            stayed: Vec::new(),
            role: None,
            state: CallState::Proposed,
            withheld: None,
            compensation: None,
            not_before: None,
            purpose: None,
            late: Vec::new(),
            side: Vec::new(),
        }
    }

    /// What happened to it, or to one behind it.
    pub(super) fn follow_any(&mut self, id: &CallId, time: Timestamp, body: &Body) {
        if self.id == *id {
            return self.follow(time, body);
        }
        match self.side.iter_mut().find(|side| id.is_of(&side.id)) {
            Some(side) => side.follow_any(id, time, body),
            None => {
                if let Body::SideCallProposed(proposed) = body {
                    let side = Self::new(id.clone(), proposed.tool.clone(), proposed.args.clone());
                    let due = proposed.not_before;
                    self.side.push(Self { purpose: Some(proposed.purpose.clone()), not_before: due, ..side });
                }
            }
        }
    }

    pub(super) fn follow(&mut self, time: Timestamp, body: &Body) {
        if question::follow(&mut self.questions, time, body) {
            self.state = self.asked();
            return;
        }
        match body {
            Body::CallRefused(refused) => self.state = CallState::Refused(refused.clone()),
            Body::CallQueued(queued) => {
                // It rests on that other call now, whatever it waited for before.
                self.not_before = None;
                self.queued.push((queued.behind.clone(), queued.resource.clone()));
            }
            Body::CallWaits(waits) => (self.not_before, self.held) = (None, Some(waits.clone())),
            Body::CallHeld(held) => {
                self.not_before = held.until;
                let attempt = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
                self.holds.push(Hold { at: time, attempt, held: held.clone() });
            }
            Body::CallGiven(given) => (self.held, self.state) = (None, CallState::Given(given.clone())),
            Body::CallWithheld(withheld) => self.withheld = Some(withheld.clone()),
            Body::CallIntended(intent) => self.intended(time, intent),
            Body::CallWorking(taken) => {
                self.state = CallState::Working(Working {
                    server: taken.server.clone(),
                    handle: taken.handle.clone(),
                    since: time,
                    polls: 0,
                    says: taken.says.clone(),
                    ask_at: taken.ask_at,
                    trouble: None,
                });
            }
            Body::CallPolled(polled) => self.polled(polled),
            Body::CallNotSent(not) => self.not_sent(not),
            Body::CallNotApplied(not) => self.missed(Some(not.latency_ms), &not.failure, &not.next),
            Body::CallDoubted(doubted) => {
                self.missed(Some(doubted.latency_ms), &doubted.failure, &doubted.next);
                if let Some(attempt) = self.attempts.last_mut() {
                    attempt.is_doubtful = true;
                }
            }
            Body::CallApplied(applied) => {
                let of = |attempt: &&mut CallAttempt| attempt.attempt == applied.attempt;
                if let Some(attempt) = self.attempts.iter_mut().rev().find(of) {
                    attempt.latency_ms = Some(applied.latency_ms);
                }
                self.state = CallState::Applied { result: applied.result.clone(), verdicts: Vec::new() };
            }
            Body::CallSettled(settled) => {
                self.settle(&settled.settled, settled.who.clone(), settled.evidence.clone());
            }
            Body::CallFound(found) => {
                self.settle(&found.settled, found.look.to_string(), found.evidence.clone());
            }
            Body::DoubtStayed(stayed) => self.stay(stayed),
            Body::CallJudged(judged) => {
                if let CallState::Applied { verdicts, .. } = &mut self.state {
                    verdicts.clone_from(&judged.verdicts);
                }
            }
            _ => {}
        }
    }

    /// It may have left.
    fn intended(&mut self, time: Timestamp, intent: &CallIntended) {
        (self.not_before, self.held) = (None, None);
        self.sends = Some(intent.sends.clone());
        self.idempotency = Some(intent.idempotency.clone());
        self.attempts.push(CallAttempt::new(intent.attempt, time, intent.costs));
        self.state = CallState::Intended;
    }

    /// Nothing left, which costs nothing.
    fn not_sent(&mut self, not: &CallNotSent) {
        self.missed(None, &not.failure, &not.next);
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.costs = Money::ZERO;
        }
    }

    /// What was to end its doubt did not.
    fn stay(&mut self, stayed: &DoubtStayed) {
        self.stayed.push(stayed.why.clone());
        match &stayed.next {
            Stayed::Look => {}
            Stayed::Repeat(retry) => (self.state, self.not_before) = (CallState::Proposed, Some(retry.at)),
            Stayed::Person { role } => self.role.clone_from(role),
        }
    }

    /// What it becomes by what people were asked, or answered.
    fn asked(&self) -> CallState {
        match self.questions.last() {
            Some(question) if question.is_open() => CallState::Asking,
            Some(question) => match question.words() {
                Some(text) => CallState::Answered { text },
                None => CallState::Proposed,
            },
            None => CallState::Proposed,
        }
    }

    /// Its server was asked how it stands.
    fn polled(&mut self, polled: &CallPolled) {
        let CallState::Working(working) = &mut self.state else { return };
        working.polls = polled.poll;
        working.ask_at = polled.ask_at;
        working.trouble = polled.failure.as_ref().map(|failure| failure.detail.clone());
        working.handle = polled.handle.clone().unwrap_or_else(|| working.handle.clone());
        working.says = polled.says.clone().or_else(|| working.says.take());
    }

    /// Its doubt ended.
    fn settle(&mut self, settled: &Settled, who: String, evidence: String) {
        self.settled = Some((settled.clone(), who, evidence));
        self.state = match settled {
            Settled::Applied(result) => {
                CallState::Applied { result: Kept::Whole(result.clone()), verdicts: Vec::new() }
            }
            Settled::NotApplied => CallState::Proposed,
        };
    }

    /// The newest attempt gave no result.
    fn missed(&mut self, latency_ms: Option<u64>, failure: &handfast_events::Failure, next: &Next) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.latency_ms = latency_ms;
            attempt.failure = Some(failure.clone());
            attempt.next = Some(next.clone());
        }
        self.not_before = match next {
            Next::Retry(retry) => Some(retry.at),
            Next::Settlement | Next::GiveUp => None,
        };
        self.state = match next {
            Next::Retry(_) => CallState::Proposed,
            Next::Settlement => CallState::InDoubt,
            Next::GiveUp => CallState::Failed,
        };
    }

    /// When it is tried, where it waits for that.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.not_before.filter(|_| self.state == CallState::Proposed)
    }

    /// What it is held by, where it waits for that.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        let newest = self.holds.last().filter(|_| self.state == CallState::Proposed)?;
        let is_next = usize::try_from(newest.attempt).is_ok_and(|attempt| attempt > self.attempts.len());
        Some(newest).filter(|hold| is_next && hold.held.until == self.not_before)
    }
}

impl CallAttempt {
    const fn new(attempt: u32, at: Timestamp, costs: Money) -> Self {
        Self { attempt, at, costs, latency_ms: None, failure: None, is_doubtful: false, next: None }
    }
}
