//! A worker's loop in miniature: think, remember, become, act.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use handfast_engine::{Command, Debt, DebtKey, Illegal, PollCall, Refusal, Run};
use handfast_events::{
    Body, CallNotApplied, CommandId, Decision, Event, Failure, FailureClass, Mail, Money, Next, Reserved,
    Retry, Usage,
};
use jiff::Timestamp;

use crate::Mutant;
use crate::store::{Append, MailRow};

/// A worker, alive or dead.
#[derive(Default)]
pub(crate) struct Worker {
    /// Counted up with each death: what is addressed to an earlier life reaches nobody.
    pub(crate) life: u32,
    pub(crate) is_dead: bool,
    /// Until when it doesn't move, though it lives.
    pub(crate) stalled_until: u64,
    /// How far its clock is off, in milliseconds.
    pub(crate) skew: i64,
    /// When it looks next: an earlier look that was asked for by nobody else is none.
    pub(crate) looks_until: u64,
    pub(crate) live: Option<Live>,
}

/// The run that a worker holds, or believes that it holds.
pub(crate) struct Live {
    pub(crate) epoch: u64,
    pub(crate) run: Run,
    commands: VecDeque<Command>,
    mail: BTreeSet<CommandId>,
    pub(crate) pending: Option<Append>,
    /// What was heard of an attempt and is pending with it.
    late: Option<Mail>,
    /// What the run is once that has landed.
    next: Option<Run>,
    performing: BTreeSet<DebtKey>,
    waited: Option<Timestamp>,
}

impl Live {
    pub(crate) fn new(epoch: u64, run: Run) -> Self {
        Self {
            epoch,
            run,
            commands: VecDeque::new(),
            mail: BTreeSet::new(),
            pending: None,
            late: None,
            next: None,
            performing: BTreeSet::new(),
            waited: None,
        }
    }

    /// What came of a debt stays known as performed until it is remembered: till then the run owes it still.
    pub(crate) fn tell(&mut self, command: Command) {
        self.commands.push_back(command);
    }

    /// Only a mutant forgets that early.
    pub(crate) fn forget(&mut self, command: &Command) {
        let key = match command {
            Command::ModelReturned { step, turn, attempt, .. } => DebtKey::Ask(step.clone(), *turn, *attempt),
            Command::ToolReturned { call, attempt, .. } => DebtKey::Call(call.clone(), *attempt),
            Command::CallPolled { call, attempt, poll, .. } => DebtKey::Poll(call.clone(), *attempt, *poll),
            _ => return,
        };
        self.performing.remove(&key);
    }

    pub(crate) fn tell_mail(&mut self, row: &MailRow) {
        if self.mail.insert(row.id.clone()) {
            let MailRow { id, at, mail } = row.clone();
            self.commands.push_back(Command::Mail { id, who: "ada".into(), at, mail });
        }
    }

    /// The time that the run waited for has come before it was taken: its mail goes first.
    pub(crate) fn tell_time(&mut self, now: Timestamp) {
        if self.run.wakes_at().is_some_and(|at| at <= now) {
            self.commands.push_back(Command::TimePassed);
        }
    }

    pub(crate) fn time_passed(&mut self, until: Timestamp) {
        self.waited = self.waited.max(Some(until));
        self.commands.push_back(Command::TimePassed);
    }

    /// Thinks, until there is something to remember: an append of this id, asked for at this time.
    pub(crate) fn think(
        &mut self,
        (id, asked): (u64, u64),
        now: Timestamp,
        mutant: Option<Mutant>,
    ) -> Result<Option<Append>, Illegal> {
        // As in the real one: a clock that was set back does not make a time come twice.
        let now = self.waited.map_or(now, |waited| now.max(waited));
        while self.pending.is_none() {
            let Some(command) = self.commands.pop_front() else { return Ok(None) };
            let taken = match &command {
                Command::Mail { id, .. } => Some(id.clone()),
                _ => None,
            };
            let command = match command {
                Command::Mail { id, who, at, mail: Mail::Answer { id: question, role, note, .. } }
                    if mutant == Some(Mutant::HearsYes) =>
                {
                    let mail = Mail::Answer { id: question, answer: "approved".into(), role, note };
                    Command::Mail { id, who, at, mail }
                }
                Command::Mail { id, who, at, mail: Mail::Say { to: Some(to), .. } }
                    if mutant == Some(Mutant::HearsYes) =>
                {
                    Command::Mail { id, who, at, mail: Mail::Say { text: "yes".into(), to: Some(to) } }
                }
                command => command,
            };
            let late = command.is_of_tools().then(|| command.clone().late()).flatten();
            let decision = match self.run.think(command, now) {
                Ok(decision) if decision.events.is_empty() => continue,
                Ok(decision) => decision,
                Err(Refusal::Bug(illegal)) => return Err(illegal),
                Err(_) => continue,
            };
            let (mut events, mut next) = (decision.events, decision.next);
            if let Some(mutant) = mutant
                && twist(mutant, &mut events, now)
            {
                next = events.iter().try_fold(self.run.clone(), Run::evolve)?;
                // What follows from what was decided otherwise is decided next.
                self.commands.push_back(Command::TimePassed);
            }
            let status = next.status();
            self.next = Some(next);
            let is_release = status.rests() && self.commands.is_empty();
            let (follows, epoch) = (self.run.seq().0, self.epoch);
            let append =
                Append { id, asked, follows, epoch, events: Arc::new(events), status, is_release, taken };
            self.pending = Some(append.clone());
            self.late = late;
            return Ok(Some(append));
        }
        Ok(None)
    }

    /// What is pending has landed. Tells whether the run was let go of.
    pub(crate) fn remembered(&mut self) -> bool {
        let (Some(append), Some(next)) = (self.pending.take(), self.next.take()) else { return false };
        self.run = next;
        self.late = None;
        if let Some(taken) = append.taken {
            self.mail.remove(&taken);
        }
        append.is_release
    }

    /// What was heard of its calls and isn't remembered.
    pub(crate) fn heard(&mut self) -> Vec<Mail> {
        let queued = self.commands.drain(..).filter_map(Command::late);
        self.late.take().into_iter().chain(queued).collect()
    }

    /// What a run that is not remembered yet would owe: only a mutant asks.
    pub(crate) fn owed_too_early(&mut self) -> Vec<Debt> {
        let Some(next) = &self.next else { return Vec::new() };
        let (debts, _) = offered(next, &mut self.performing, self.waited);
        debts
    }

    /// What is owed and not performed yet, and the time that the run waits for.
    pub(crate) fn offer(&mut self) -> (Vec<Debt>, Option<Timestamp>) {
        offered(&self.run, &mut self.performing, self.waited)
    }
}

/// What a mutant's worker records instead of what was decided. Tells whether it is anything else.
fn twist(mutant: Mutant, events: &mut Vec<Event>, now: Timestamp) -> bool {
    let mut is_other = mutant == Mutant::UndoesForwards && undo_forwards(events);
    for event in events {
        match (mutant, &mut event.body) {
            (Mutant::NothingForfeited, Body::ModelFailed(failed)) => failed.forfeited = Reserved::default(),
            (Mutant::FreeAnswers, Body::ModelAnswered(said)) => {
                (said.usage, said.cost) = (Usage::default(), Money::default());
            }
            (Mutant::OwnClock, _) => event.time = now,
            (Mutant::ForgetsHandles, Body::CallWorking(taken)) => {
                let retry = Retry { at: event.time, why: "the server took it on".into() };
                let not = CallNotApplied {
                    attempt: taken.attempt,
                    failure: Failure::new(FailureClass::ToolTransient, "no result yet"),
                    latency_ms: taken.latency_ms,
                    next: Next::Retry(retry),
                };
                event.body = not.into();
            }
            (Mutant::ReusesYes, Body::ApprovalAnswered(answered)) if answered.decides.is_none() => {
                let answer = answered.answer.clone();
                answered.decides = Some(Decision { answer, valid_until: None });
            }
            _ => continue,
        }
        is_other = true;
    }
    is_other
}

/// What followed from the right order is left out, and follows from the wrong one instead.
fn undo_forwards(events: &mut Vec<Event>) -> bool {
    let began =
        |event: &Event| matches!(&event.body, Body::CompensationBegan(began) if began.calls.len() > 1);
    let Some(at) = events.iter().position(began) else { return false };
    events.truncate(at + 1);
    if let Some(Event { body: Body::CompensationBegan(began), .. }) = events.last_mut() {
        began.calls.reverse();
    }
    true
}

fn offered(
    run: &Run,
    performing: &mut BTreeSet<DebtKey>,
    waited: Option<Timestamp>,
) -> (Vec<Debt>, Option<Timestamp>) {
    let (mut debts, mut wait) = (Vec::new(), None);
    let owed: Vec<Debt> = run.owed().collect();
    performing.retain(|key| owed.iter().any(|debt| debt.key() == *key));
    let is_ahead = |at: Timestamp| waited < Some(at);
    for debt in owed {
        match debt {
            Debt::Wait { until: at } | Debt::PollCall(PollCall { at, .. }) if is_ahead(at) => {
                wait = Some(wait.map_or(at, |wait: Timestamp| wait.min(at)));
            }
            Debt::Wait { .. } => {}
            debt => {
                if performing.insert(debt.key()) {
                    debts.push(debt);
                }
            }
        }
    }
    (debts, wait)
}
