//! The boundaries: where a worker commits, sends, and hears, and what can break there.

use handfast_engine::{AskModel, CallTool, Command, Debt, ModelReply, ModelTrouble, ToolOutcome, ToolReply};
use handfast_events::{Body, Event, Failure, FailureClass, StepId};
use jiff::Timestamp;

use crate::happening::{Answered, Happening, Who};
use crate::limits::{CONNECT_MAX, LEASE, NETWORK_MAX, SEND_BY, TOOL_MAX};
use crate::store::{Append, Refused};
use crate::tool::{Fate, heard, not_sent, timed_out};
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
        if let Some(live) = self.live(who) {
            if forgets {
                live.forget(&command);
            }
            live.tell(command);
        }
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
    }

    fn wait(&mut self, who: Who, until: Timestamp) {
        let left = until.duration_since(self.clock(who.worker)).as_millis();
        let left = u64::try_from(left).unwrap_or(0);
        self.queue.at(self.now + left + 1, Happening::Wakes(who, until));
    }

    pub(crate) fn think(&mut self, who: Who) {
        let (id, clock, mutant) = (self.next_append(), self.clock(who.worker), self.mutant);
        let Some(live) = self.live(who) else { return };
        match live.think(id, clock, mutant) {
            Ok(None) => {}
            Ok(Some(append)) => {
                if mutant == Some(Mutant::ActsFirst) {
                    let debts = live.owed_too_early();
                    self.offer(who, debts);
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
        let soon = self.now + self.random.between(1, 20);
        let later = soon + self.random.between(50, 3_000);
        let kind = if self.is_troubled() { self.random.between(0, 100) } else { 100 };
        let answered = match kind {
            0..3 => {
                self.counts.deaths_before_commit += 1;
                return self.die(who.worker);
            }
            3..6 => {
                self.land(&append);
                self.counts.deaths_after_commit += 1;
                return self.die(who.worker);
            }
            6..9 => {
                self.land(&append);
                self.counts.unconfirmed_landed += 1;
                Answered::Unconfirmed
            }
            9..12 => {
                self.counts.unconfirmed_not_landed += 1;
                Answered::Unconfirmed
            }
            12..15 => {
                self.queue.at(later, Happening::LandsLate(append.clone()));
                self.counts.unconfirmed_late += 1;
                Answered::Unconfirmed
            }
            15..20 if self.mutant == Some(Mutant::ForgetfulStore) => Answered::Confirmed,
            _ => self.land(&append),
        };
        if answered == Answered::Unconfirmed {
            self.disturb(later);
        }
        self.queue.at(soon, Happening::Answers(who, append, answered));
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
            Answered::Refused(_) => self.forget(who),
        }
    }

    fn remembered(&mut self, who: Who, append: &Append) {
        self.watch.acknowledged(&append.events);
        let Some(live) = self.live(who) else { return };
        let is_released = match live.remembered() {
            Ok(is_released) => is_released,
            Err(illegal) => {
                self.watch.broke(Law::SameAgain, self.now, format!("a decision does not fold: {illegal}"));
                return self.forget(who);
            }
        };
        let run = live.run.clone();
        let (debts, wait) = live.offer();
        self.watch.saw(self.now, &run);
        self.offer(who, debts);
        if let Some(until) = wait {
            self.wait(who, until);
        }
        if is_released {
            return self.forget(who);
        }
        self.think(who);
    }

    fn offer(&mut self, who: Who, debts: Vec<Debt>) {
        for debt in debts {
            let is_slow = self.is_troubled() && self.random.chance(20);
            self.stall_now_and_then(who, SEND_BY);
            let connected = self.now + self.random.between(1, if is_slow { CONNECT_MAX } else { 50 });
            self.queue.at(connected, Happening::Leaves(who, debt, self.now + SEND_BY));
        }
    }

    /// The last look before the first byte: a worker that may have lost its lease sends nothing.
    pub(crate) fn leave(&mut self, who: Who, debt: Debt, send_by: u64) {
        let is_refused = self.is_troubled() && self.random.chance(4);
        if self.now > send_by || is_refused {
            self.counts.not_sent += u64::from(self.now > send_by);
            let told = if is_refused { "no connection" } else { "it was too late to send" };
            let command = match debt {
                Debt::CallTool(call) => tool_returned(&call, not_sent(told)),
                Debt::AskModel(ask) => {
                    let failure = Failure::new(FailureClass::Unavailable, told);
                    model_returned(&ask, Err(ModelTrouble { failure, may_have_cost: false }))
                }
                Debt::Wait { .. } => return,
            };
            return self.tell(who, command);
        }
        // A stall between that look and the write is covered by a key; without one it is the one stated assumption.
        let is_bare = matches!(&debt, Debt::CallTool(call) if call.key.is_none());
        if is_bare {
            return self.write(who, debt);
        }
        self.stall_now_and_then(who, 100);
        let soon = self.now + self.random.between(0, 3);
        self.queue.at(soon, Happening::Writes(who, debt));
    }

    /// The worst moment to fall asleep is just before a send, and between the last look and the write.
    fn stall_now_and_then(&mut self, who: Who, at_least: u64) {
        if self.is_troubled() && self.random.chance(3) {
            self.counts.stalled_sends += 1;
            let until = self.now + self.random.between(at_least, LEASE * 2);
            self.stall(who.worker, until);
        }
    }

    fn stall(&mut self, at: usize, until: u64) {
        let Some(worker) = self.workers.get_mut(at) else { return };
        worker.stalled_until = worker.stalled_until.max(until);
        self.counts.zombies += u64::from(worker.live.is_some() && until > self.now + LEASE);
        self.disturb(until);
    }

    pub(crate) fn write(&mut self, who: Who, debt: Debt) {
        let is_late = self.is_troubled() && self.random.chance(10);
        let way = self.random.between(1, if is_late { NETWORK_MAX } else { 60 });
        match debt {
            Debt::AskModel(ask) => {
                self.watch.asked(self.now, &ask);
                let timeout = ModelTrouble {
                    failure: Failure::new(FailureClass::Timeout, "no answer in time"),
                    may_have_cost: true,
                };
                let late = self.now + ask.timeout_ms.min(TOOL_MAX);
                self.queue.at(late, Happening::Returns(who, Box::new(model_returned(&ask, Err(timeout)))));
                self.queue.at(self.now + way, Happening::AskArrives(who, ask));
            }
            Debt::CallTool(mut call) => {
                self.watch.sent(self.now, &call);
                if self.mutant == Some(Mutant::FreshKeys) {
                    call.key = call.key.map(|key| format!("{key}-{}", call.attempt));
                }
                let late = self.now + call.timeout_ms;
                let lost = tool_returned(&call, self.mutated(timed_out()));
                self.queue.at(late, Happening::Returns(who, Box::new(lost)));
                self.queue.at(self.now + way, Happening::CallArrives(who, Box::new(call)));
            }
            Debt::Wait { .. } => {}
        }
    }

    pub(crate) fn call_arrives(&mut self, who: Who, call: CallTool) {
        let is_troubled = self.is_troubled();
        let fate = Fate::draw(&mut self.random, is_troubled);
        if fate != Fate::Works {
            self.counts.tool_troubles += 1;
            self.disturb(self.now + TOOL_MAX);
        }
        let gave = match fate {
            Fate::Works | Fate::AnswerLost | Fate::EffectThenFails | Fate::Breach => self.take_effect(&call),
            Fate::Slow => {
                let slow = self.now + self.random.between(10, TOOL_MAX);
                self.queue.at(slow, Happening::TakesEffect(Box::new(call)));
                return;
            }
            _ => serde_json::Value::Null,
        };
        let Some(outcome) = heard(fate, gave) else { return };
        let outcome = self.mutated(outcome);
        let back = self.now + self.random.between(5, 100);
        self.queue.at(back, Happening::Returns(who, Box::new(tool_returned(&call, outcome))));
    }

    pub(crate) fn take_effect(&mut self, call: &CallTool) -> serde_json::Value {
        let gave = self.ledger.take_effect(call);
        self.watch.took_effect(self.now, call, &self.ledger);
        gave
    }

    fn mutated(&self, outcome: ToolOutcome) -> ToolOutcome {
        match outcome {
            ToolOutcome::Lost(error) if self.mutant == Some(Mutant::LossIsFailure) => {
                ToolOutcome::TurnedAway(handfast_engine::ToolError { class: None, ..error })
            }
            outcome => outcome,
        }
    }

    pub(crate) fn ask_arrives(&mut self, who: Who, ask: &AskModel) {
        let is_troubled = self.is_troubled();
        let reply = model::reply(self.seed, ask, &mut self.random, is_troubled);
        self.watch.billed(self.now, &ask.step, reply.bill);
        if !matches!(reply.outcome, Some(Ok(_))) {
            self.counts.model_troubles += 1;
            self.disturb(self.now + TOOL_MAX);
        }
        let Some(outcome) = reply.outcome else { return };
        let back = self.now + self.random.between(50, 600);
        self.queue.at(back, Happening::Returns(who, Box::new(model_returned(ask, outcome))));
    }

    /// A worker dies, sleeps through its lease, or its clock jumps.
    pub(crate) fn break_something(&mut self) {
        if !self.is_troubled() {
            return;
        }
        let next = self.now + self.random.between(300, 6_000);
        self.queue.at(next, Happening::Breaks);
        // Whoever holds the run is the one to be hit.
        let holders = |held: bool| {
            self.workers
                .iter()
                .enumerate()
                .filter(move |(_, worker)| worker.live.is_some() == held)
                .map(|(at, _)| at)
        };
        let Some(at) = holders(true).chain(holders(false)).next() else { return };
        match self.random.between(0, 10) {
            0..4 => self.die(at),
            4..8 => {
                let until = self.now + self.random.between(100, LEASE * 2);
                self.stall(at, until);
            }
            _ => {
                let jump = i64::try_from(self.random.between(0, 6_000)).unwrap_or(0) - 3_000;
                let Some(worker) = self.workers.get_mut(at) else { return };
                worker.skew = jump;
                self.counts.jumps += 1;
                self.disturb(self.now);
            }
        }
    }

    pub(crate) fn die(&mut self, at: usize) {
        let back = self.now + self.random.between(200, 5_000);
        let is_noticed = self.random.chance(50);
        let Some(worker) = self.workers.get_mut(at) else { return };
        worker.life += 1;
        worker.is_dead = true;
        worker.stalled_until = 0;
        worker.live = None;
        self.counts.deaths += 1;
        if is_noticed {
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
