//! The boundaries: where a worker commits, sends, and hears, and what can break there.

use handfast_engine::{
    AskModel, CallTool, Command, Debt, ModelReply, ModelTrouble, PollCall, PollOutcome, ToolError,
    ToolOutcome, ToolReply,
};
use handfast_events::{Body, Event, Failure, FailureClass, StepId};
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::{Boundary, Fault};
use crate::happening::{Answered, Happening, Leaving, Who};
use crate::limits::{CONNECT_MAX, LEASE, MODEL_MAX, NETWORK_MAX, SEND_BY, TOOL_OVERRUN};
use crate::model::Asked;
use crate::person::cancel;
use crate::random::Random;
use crate::rules::Class;
use crate::store::{Append, Refused};
use crate::tool::{could_break, heard, not_sent, takes_effect, timed_out};
use crate::worker::Live;
use crate::world::World;
use crate::{Law, Mutant, model};

impl World {
    fn live(&mut self, who: Who) -> Option<&mut Live> {
        self.workers.get_mut(who.worker)?.live.as_mut()
    }

    fn forget(&mut self, who: Who) {
        if let Some(worker) = self.workers.get_mut(who.worker) {
            worker.live = None;
        }
    }

    pub(crate) fn tell(&mut self, who: Who, command: Command) {
        let forgets = self.mutant == Some(Mutant::PerformsTwice);
        let Some(live) = self.live(who) else {
            // The run is another's by now, or nobody's: what was heard of it is put to its mailbox.
            command.late().into_iter().for_each(|mail| self.post(mail, false));
            return;
        };
        if forgets {
            live.forget(&command);
        }
        live.tell(command);
        self.think(who);
    }

    pub(crate) fn wake(&mut self, who: Who, until: Timestamp) {
        if self.clock(who.worker) < until {
            return self.wait(who, until);
        }
        if let Some(live) = self.live(who) {
            live.time_passed(until);
        }
        self.think(who);
        // A poll is due without any event that says so; it is a read, and a worker that lost the run may make it.
        let Some(live) = self.live(who).filter(|live| live.pending.is_none()) else { return };
        let (debts, wait) = live.offer();
        self.offer(who, debts, self.now);
        if let Some(until) = wait {
            self.wait(who, until);
        }
    }

    fn wait(&mut self, who: Who, until: Timestamp) {
        let left = until.duration_since(self.clock(who.worker)).as_millis();
        let left = u64::try_from(left).unwrap_or(0);
        self.queue.at(self.now + left + 1, Happening::Wakes(who, until));
    }

    pub(crate) fn think(&mut self, who: Who) {
        let (id, clock, mutant) = (self.next_append(), self.clock(who.worker), self.mutant);
        let asked = self.now;
        let Some(live) = self.live(who) else { return };
        match live.think((id, asked), clock, mutant) {
            Ok(None) => {}
            Ok(Some(append)) => {
                if mutant == Some(Mutant::ActsFirst) {
                    let debts = live.owed_too_early();
                    self.offer(who, debts, asked);
                }
                self.commit(who, append);
            }
            Err(illegal) => {
                self.watch.broke(Law::SameAgain, self.now, format!("a decision does not fit: {illegal}"));
                self.forget(who);
            }
        }
    }

    /// Asks the store for a commit. What becomes of that is not the worker's to know.
    fn commit(&mut self, who: Who, append: Append) {
        let what = append.follows.to_string();
        let (fault, mut random) = self.fate(Boundary::Commit, &what, || AT_COMMIT.to_vec());
        let soon = self.now + random.between(1, 20);
        let later = soon + random.between(50, 3_000);
        let asleep = self.now + random.between(LEASE + LEASE / 2, LEASE * 3);
        let answered = match fault {
            Some(Fault::DiesBeforeCommit) => return self.die(who.worker),
            Some(Fault::DiesAfterCommit) => {
                self.land(&append);
                return self.die(who.worker);
            }
            Some(Fault::UnconfirmedLanded) => {
                self.land(&append);
                Answered::Unconfirmed
            }
            Some(Fault::UnconfirmedNotLanded) => Answered::Unconfirmed,
            Some(Fault::UnconfirmedLate) => {
                self.disturb(later);
                self.queue.at(later, Happening::LandsLate(append.clone()));
                Answered::Unconfirmed
            }
            Some(Fault::SleepsBeforeCommit) => {
                self.stall(who.worker, asleep);
                return self.queue.at(asleep, Happening::Commits(who, append));
            }
            Some(Fault::SleepsAfterCommit) => {
                self.stall(who.worker, asleep);
                self.land(&append)
            }
            _ if self.mutant == Some(Mutant::ForgetfulStore) && random.chance(5) => Answered::Confirmed,
            _ => self.land(&append),
        };
        match fault {
            Some(Fault::Cancelled) => self.post(cancel(), false),
            Some(Fault::ClockForward) => self.jump(who.worker, 1, &mut random),
            Some(Fault::ClockBack) => self.jump(who.worker, -1, &mut random),
            _ => {}
        }
        self.queue.at(soon, Happening::Answers(who, append, answered));
    }

    /// The store hears of a commit only now: whoever asked for it may have lost the run.
    pub(crate) fn commit_late(&mut self, who: Who, append: Append) {
        let answered = self.land(&append);
        self.queue.at(self.now + 1, Happening::Answers(who, append, answered));
    }

    /// The store's answer: become and act, look again, or let go.
    pub(crate) fn answered(&mut self, who: Who, append: Append, answered: Answered) {
        match answered {
            Answered::Confirmed => self.remembered(who, &append),
            // Perform nothing; look for it, and ask for it again at the same place if it is not there.
            Answered::Unconfirmed | Answered::Refused(Refused::Conflict) if self.store.has(append.id) => {
                self.remembered(who, &append);
            }
            Answered::Unconfirmed => self.commit(who, append),
            Answered::Refused(_) => {
                let heard = self.live(who).map(Live::heard).unwrap_or_default();
                self.forget(who);
                heard.into_iter().for_each(|mail| self.post(mail, false));
            }
        }
    }

    fn remembered(&mut self, who: Who, append: &Append) {
        self.watch.acknowledged(&append.events);
        let Some(live) = self.live(who) else { return };
        let is_released = live.remembered();
        let run = live.run.clone();
        let (debts, wait) = live.offer();
        self.watch.saw(self.now, &run);
        self.offer(who, debts, append.asked);
        if let Some(until) = wait {
            self.wait(who, until);
        }
        if is_released {
            return self.forget(who);
        }
        self.think(who);
    }

    /// What a worker may send hangs on when it last knew that the run was its own, not on when it heard of it.
    fn offer(&mut self, who: Who, debts: Vec<Debt>, held: u64) {
        for debt in debts {
            let what = debt.key().to_string();
            let could = || {
                vec![
                    Fault::NotConnected,
                    Fault::DiesBeforeSend,
                    Fault::SleepsPastSendBy,
                    Fault::SleepsPastLease,
                ]
            };
            let (fault, mut random) = self.fate(Boundary::BeforeFirstByte, &what, could);
            let is_slow = self.fates.is_rough(self.now) && random.chance(20);
            let connected = self.now + random.between(1, if is_slow { CONNECT_MAX } else { 50 });
            let long = random.between(0, LEASE);
            match fault {
                Some(Fault::DiesBeforeSend) => self.queue.at(connected, Happening::Dies(who)),
                Some(Fault::SleepsPastSendBy) => self.stall(who.worker, self.now + SEND_BY + 1 + long / 2),
                Some(Fault::SleepsPastLease) => self.stall(who.worker, self.now + LEASE * 3 / 2 + long * 3),
                _ => {}
            }
            let leaving = Leaving { send_by: held + SEND_BY, is_refused: fault == Some(Fault::NotConnected) };
            self.queue.at(connected, Happening::Leaves(who, debt, leaving));
        }
    }

    /// The last look before the first byte: a worker that may have lost its lease sends nothing.
    pub(crate) fn leave(&mut self, who: Who, debt: Debt, leaving: Leaving) {
        let is_late = self.now > leaving.send_by && self.mutant != Some(Mutant::SendsLate);
        if is_late || leaving.is_refused {
            self.counts.not_sent += u64::from(is_late);
            let told = if is_late { "it was too late to send" } else { "no connection" };
            let command = match debt {
                Debt::CallTool(call) => tool_returned(&call, not_sent(told)),
                Debt::AskModel(ask) => {
                    let failure = Failure::new(FailureClass::Unavailable, told);
                    model_returned(&ask, Err(ModelTrouble { failure, may_have_cost: false }))
                }
                Debt::PollCall(poll) => {
                    let error = ToolError { text: told.into(), ..ToolError::default() };
                    polled(&poll, PollOutcome::Unasked(error))
                }
                Debt::Wait { .. } => return,
            };
            return self.tell(who, command);
        }
        // A stall between that look and the write is covered by a key; without one it is the one stated assumption.
        let is_bare = match &debt {
            Debt::CallTool(call) => {
                matches!(self.subject.rules.class(&call.tool.name), Class::None | Class::Natural)
            }
            _ => false,
        };
        let what = debt.key().to_string();
        let could =
            || if is_bare { vec![Fault::DiesInSend] } else { vec![Fault::DiesInSend, Fault::SleepsInSend] };
        let (fault, mut random) = self.fate(Boundary::AfterFirstByte, &what, could);
        match fault {
            Some(Fault::SleepsInSend) => {
                self.stall(who.worker, self.now + random.between(100, LEASE * 2));
                self.queue.at(self.now, Happening::Writes(who, debt));
            }
            Some(_) => {
                self.write(who, debt);
                self.die(who.worker);
            }
            None => self.write(who, debt),
        }
    }

    pub(crate) fn stall(&mut self, at: usize, until: u64) {
        let Some(worker) = self.workers.get_mut(at) else { return };
        worker.stalled_until = worker.stalled_until.max(until);
        self.disturb(until);
    }

    pub(crate) fn write(&mut self, who: Who, debt: Debt) {
        let mut random = Random::at(self.seed, &debt.key().to_string());
        let is_late = self.fates.is_rough(self.now) && random.chance(10);
        let way = random.between(1, if is_late { NETWORK_MAX } else { 60 });
        let gives_up = self.mutant != Some(Mutant::NoTimeouts);
        match debt {
            Debt::AskModel(ask) => {
                self.watch.asked(self.now, &ask);
                let timeout = ModelTrouble {
                    failure: Failure::new(FailureClass::Timeout, "no answer in time"),
                    may_have_cost: true,
                };
                let late = self.now + ask.timeout_ms.min(MODEL_MAX);
                if gives_up {
                    self.queue
                        .at(late, Happening::Returns(who, Box::new(model_returned(&ask, Err(timeout)))));
                }
                self.queue.at(self.now + way, Happening::AskArrives(who, ask));
            }
            Debt::CallTool(mut call) => {
                match (self.mutant, &mut call) {
                    (Some(Mutant::FreshKeys), CallTool { key: Some(key), attempt, .. }) => {
                        *key = format!("{key}-{attempt}");
                    }
                    (Some(Mutant::OtherArguments), CallTool { sends: Value::Object(sends), .. }) => {
                        sends.insert("whatever".into(), Value::Null);
                    }
                    _ => {}
                }
                self.watch.sent(self.now, &call);
                let late = self.now + call.timeout_ms;
                if gives_up {
                    let lost = tool_returned(&call, self.mutated(timed_out()));
                    self.queue.at(late, Happening::Returns(who, Box::new(lost)));
                }
                self.queue.at(self.now + way, Happening::CallArrives(who, Box::new(call)));
            }
            Debt::PollCall(poll) => {
                let late = self.now + poll.timeout_ms;
                let silent = ToolError { text: "no answer in time".into(), ..ToolError::default() };
                let silent = polled(&poll, PollOutcome::Unasked(silent));
                self.queue.at(late, Happening::Returns(who, Box::new(silent)));
                self.queue.at(self.now + way, Happening::PollArrives(who, Box::new(poll)));
            }
            Debt::Wait { .. } => {}
        }
    }

    pub(crate) fn call_arrives(&mut self, who: Who, call: CallTool) {
        let subject = self.subject.clone();
        let what = format!("call {} #{}", call.call, call.attempt);
        let (fault, mut random) = self.fate(Boundary::AtTool, &what, || could_break(&subject, &call.tool));
        if fault.is_some() {
            self.disturb(self.now + call.timeout_ms + TOOL_OVERRUN);
        }
        if let Some(Fault::TakenOn | Fault::TakenOnAndFails) = fault {
            let taken = self.take_on(&call, fault == Some(Fault::TakenOn), &mut random);
            let back = self.now + random.between(5, 100);
            return self.comes_back(who, back, &what, tool_returned(&call, taken));
        }
        if fault == Some(Fault::Slow) {
            let least = if random.chance(50) { call.timeout_ms } else { 10 };
            let slow = self.now + random.between(least, call.timeout_ms + TOOL_OVERRUN);
            return self.queue.at(slow, Happening::TakesEffect(Box::new(call)));
        }
        let gave = if takes_effect(&subject, &call.tool.name, fault) {
            self.take_effect(&call)
        } else {
            Value::Null
        };
        let Some(outcome) = heard(&subject, &call.tool.name, fault, gave) else { return };
        let outcome = self.mutated(outcome);
        let back = self.now + random.between(5, 100);
        self.comes_back(who, back, &what, tool_returned(&call, outcome));
    }

    /// What came of a debt is on its way to its worker, who may not live to record it.
    pub(crate) fn comes_back(&mut self, who: Who, back: u64, what: &str, command: Command) {
        let could = || vec![Fault::DiesWithResult, Fault::SleepsWithResult];
        let (fault, mut random) = self.fate(Boundary::BeforeResult, what, could);
        match fault {
            Some(Fault::DiesWithResult) => self.queue.at(back, Happening::Dies(who)),
            Some(_) => {
                let until = back + random.between(LEASE * 3 / 2, LEASE * 3);
                self.queue.at(back, Happening::Sleeps(who, until));
            }
            None => {}
        }
        self.queue.at(back, Happening::Returns(who, Box::new(command)));
    }

    pub(crate) fn take_effect(&mut self, call: &CallTool) -> Value {
        let gave = self.ledger.take_effect(&self.subject, self.seed, self.now, call);
        self.watch.took_effect(self.now, call, &self.ledger);
        gave
    }

    fn mutated(&self, outcome: ToolOutcome) -> ToolOutcome {
        match (self.mutant, outcome) {
            (Some(Mutant::LossIsFailure), ToolOutcome::Lost(error)) => {
                ToolOutcome::TurnedAway(ToolError { class: None, ..error })
            }
            (Some(Mutant::FailureIsAnswer), ToolOutcome::Failed(_)) => ToolOutcome::Returned(Value::Null),
            (_, outcome) => outcome,
        }
    }

    pub(crate) fn ask_arrives(&mut self, who: Who, ask: &AskModel) {
        let what = format!("ask {}@{} #{}", ask.step, ask.turn, ask.attempt);
        let (fault, mut random) = self.fate(Boundary::AtModel, &what, || model::COULD_BREAK.to_vec());
        if fault.is_some() {
            self.disturb(self.now + MODEL_MAX);
        }
        let subject = self.subject.clone();
        let story = self.watch.steps.get(&ask.step);
        let agent = story.and_then(|story| subject.contract.agents.get(story.agent.as_deref()?));
        let (Some(story), Some(agent)) = (story, agent) else { return };
        let asked = Asked {
            subject: &subject,
            seed: self.seed,
            agent,
            ask,
            input: &story.input,
            is_good: self.is_good,
        };
        let reply = model::reply(&asked, fault, &mut random);
        self.watch.billed(self.now, &ask.step, reply.bill);
        let Some(outcome) = reply.outcome else { return };
        let back = self.now + random.between(50, 600);
        self.comes_back(who, back, &what, model_returned(ask, outcome));
    }

    /// Any moment is one at which a worker can die, sleep through its lease, or have its clock set; or the person has
    /// enough.
    pub(crate) fn moment(&mut self, count: u64) {
        let could = || {
            let mut could = vec![Fault::Dies; 4];
            could.extend([Fault::Sleeps; 4]);
            could.extend([Fault::ClockForward, Fault::ClockBack]);
            if count == 2 {
                could.extend([Fault::Cancelled; 4]);
            }
            could
        };
        let (fault, mut random) = self.fate(Boundary::Moment, &count.to_string(), could);
        if self.now < crate::limits::FAULTS {
            self.queue.at(self.now + random.between(300, 6_000), Happening::Moment(count + 1));
        }
        let Some(fault) = fault else { return };
        // Whoever holds the run is the one to be hit.
        let at = self.workers.iter().position(|worker| worker.live.is_some()).unwrap_or(0);
        match fault {
            Fault::Dies => self.die(at),
            Fault::Sleeps => self.stall(at, self.now + random.between(100, LEASE * 2)),
            Fault::ClockForward => self.jump(at, 1, &mut random),
            Fault::ClockBack => self.jump(at, -1, &mut random),
            _ => self.post(cancel(), false),
        }
    }

    fn jump(&mut self, at: usize, way: i64, random: &mut Random) {
        let by = i64::try_from(random.between(500, 3_000)).unwrap_or(0);
        if let Some(worker) = self.workers.get_mut(at) {
            worker.skew = way * by;
        }
    }

    pub(crate) fn die(&mut self, at: usize) {
        let Some(worker) = self.workers.get_mut(at).filter(|worker| !worker.is_dead) else { return };
        worker.life += 1;
        let mut random = Random::at(self.seed, &format!("death {at} {}", worker.life));
        worker.is_dead = true;
        worker.stalled_until = 0;
        worker.live = None;
        let back = self.now + random.between(200, 5_000);
        if random.chance(50) {
            self.store.unlock(at);
        }
        self.queue.at(back, Happening::Restarts(at));
        self.disturb(back);
    }

    pub(crate) fn restart(&mut self, at: usize) {
        if let Some(worker) = self.workers.get_mut(at) {
            worker.is_dead = false;
        }
    }
}

/// What can break at a commit.
const AT_COMMIT: [Fault; 10] = [
    Fault::DiesBeforeCommit,
    Fault::DiesAfterCommit,
    Fault::UnconfirmedLanded,
    Fault::UnconfirmedNotLanded,
    Fault::UnconfirmedLate,
    Fault::SleepsBeforeCommit,
    Fault::SleepsAfterCommit,
    Fault::Cancelled,
    Fault::ClockForward,
    Fault::ClockBack,
];

pub(crate) fn polled(poll: &PollCall, outcome: PollOutcome) -> Command {
    Command::CallPolled { call: poll.call.clone(), attempt: poll.attempt, poll: poll.poll, outcome }
}

fn tool_returned(call: &CallTool, outcome: ToolOutcome) -> Command {
    let reply = ToolReply { outcome, latency_ms: 5 };
    Command::ToolReturned { call: call.call.clone(), attempt: call.attempt, reply }
}

fn model_returned(ask: &AskModel, outcome: Result<handfast_engine::ModelSaid, ModelTrouble>) -> Command {
    let reply = ModelReply { outcome, body: None, latency_ms: 50, request_id: None };
    Command::ModelReturned {
        step: StepId::new(ask.step.as_str()),
        turn: ask.turn,
        attempt: ask.attempt,
        reply,
    }
}

/// What a mutant's store keeps instead of what it was given.
pub(crate) fn spoil(events: &mut [Event]) {
    for event in events {
        if let Body::ModelAnswered(said) = &mut event.body {
            said.usage.output += 1;
        }
    }
}
