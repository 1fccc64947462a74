//! One run that a worker holds: what it thinks next, what it waits to have remembered, what it performs.
//!
//! Nothing here awaits. The worker carries wakes in, and appends and debts out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use handfast_engine::{
    Around, Command, Debt, DebtKey, Decision, Illegal, Noted, PollCall, Refusal, Run, Seen,
};
use handfast_events::{Body, CommandId, Event, Halt, Head, Mail, Salt, Status, Timestamp};
use handfast_store::{Append, Claim, Hold, Lease, MailRow};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::{Kit, new_append_id};

/// One run that a worker holds.
pub(crate) struct Live {
    pub(crate) lease: Lease,
    pub(crate) kit: Arc<Kit>,
    run: Run,
    head: Head,
    salt: Salt,
    /// Commands that wait for their turn; a row of the mailbox comes with its id.
    commands: VecDeque<Command>,
    /// Rows of the mailbox that wait among them.
    mail: BTreeSet<CommandId>,
    /// What the run becomes once the append under way is confirmed.
    pending: Option<Pending>,
    /// What appends of the decision under way found of what other runs hold.
    seen: Seen,
    performing: BTreeMap<DebtKey, Option<AbortHandle>>,
    /// When the newest append that is confirmed was asked for.
    asked: Instant,
    /// The latest time of which it was told that it has passed.
    waited: Option<Timestamp>,
}

struct Pending {
    next: Run,
    asked: Instant,
    taken: Option<CommandId>,
    hold: Hold,
    /// The command that it follows from, where another run may be first to what it claims.
    again: Option<Command>,
    /// What was heard of an attempt, for whoever has the run if this worker has lost it.
    late: Option<Mail>,
    /// What it takes, and others would take too.
    taken_now: Vec<Noted>,
    /// What else it says of those who were asked.
    noted: Vec<Noted>,
}

/// A run that can't go on here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// Its journal does not fold, or a decision did not.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// A decision panicked.
    #[error("a decision on the run panicked: a defect of Handfast; keep the journal for us")]
    Panicked,
}

/// Whether others may be first to something that these change.
fn claims(events: &[Event]) -> bool {
    let is_claim = |event: &Event| matches!(event.body, Body::ClaimChanged(_) | Body::ClaimSeen(_));
    events.iter().any(is_claim)
}

/// What to do with debts after a commit.
pub(crate) struct Offered {
    /// Those to be performed from now on.
    pub(crate) new: Vec<Debt>,
    /// The time that the run waits for.
    pub(crate) wait: Option<Timestamp>,
}

impl Live {
    pub(crate) fn new(lease: Lease, kit: Arc<Kit>, run: Run, head: Head, salt: Salt) -> Self {
        Self {
            lease,
            kit,
            run,
            head,
            salt,
            commands: VecDeque::new(),
            mail: BTreeSet::new(),
            pending: None,
            seen: Seen::new(),
            performing: BTreeMap::new(),
            asked: Instant::now(),
            waited: None,
        }
    }

    pub(crate) const fn run(&self) -> &Run {
        &self.run
    }

    /// When what it owes now was asked to be remembered.
    pub(crate) const fn asked(&self) -> Instant {
        self.asked
    }

    /// Whether nothing is left to be done for it: it rests, and nothing waits to be thought or remembered.
    pub(crate) fn is_over(&self) -> bool {
        self.pending.is_none() && self.commands.is_empty() && self.run.status().rests()
    }

    /// Puts a command behind those that wait.
    pub(crate) fn tell(&mut self, command: Command) {
        self.commands.push_back(command);
    }

    /// A row of the mailbox, once.
    pub(crate) fn tell_mail(&mut self, row: MailRow) {
        if self.mail.insert(row.id.clone()) {
            let MailRow { id, who, at, mail, .. } = row;
            self.commands.push_back(Command::Mail { id, who, at, mail });
        }
    }

    /// Looks at what is halted now.
    pub(crate) fn heed(&mut self, halts: &Arc<[Halt]>) {
        self.run.heed(halts.clone());
        if let Some(pending) = &mut self.pending {
            pending.next.heed(halts.clone());
        }
    }

    /// Whether something that was decided before is still to be remembered, and may leave then.
    pub(crate) const fn is_remembering(&self) -> bool {
        self.pending.is_some()
    }

    /// A debt was performed. It stays known until what came of it is remembered: while another append is under way the run
    /// owes it still, and a call without a key must not leave twice.
    pub(crate) fn paid(&mut self, key: &DebtKey) {
        if let Some(task) = self.performing.get_mut(key) {
            *task = None;
        }
    }

    /// The time that it waited for has come.
    pub(crate) fn time_passed(&mut self, until: Timestamp) {
        self.waited = self.waited.max(Some(until));
        self.commands.push_back(Command::TimePassed);
    }

    /// Thinks, until there is something to remember. Nothing while an append is under way.
    pub(crate) fn think(
        &mut self,
        now: Timestamp,
        around: &mut Arc<Around>,
    ) -> Result<Option<Append>, Broken> {
        // A clock that was set back must not make a time come twice: what was waited for has passed.
        let now = self.waited.map_or(now, |waited| now.max(waited));
        while self.pending.is_none() {
            let Some(command) = self.commands.pop_front() else { return Ok(None) };
            let mail = match &command {
                Command::Mail { id, .. } => Some(id.clone()),
                _ => None,
            };
            let late = command.is_of_tools().then(|| command.clone().late()).flatten();
            let again = command.clone();
            let (seen, known) = (self.seen.clone(), around.clone());
            let decided = std::panic::catch_unwind(AssertUnwindSafe(|| {
                self.run.think_again(command, now, seen, known)
            }));
            let Decision { events, next } = match decided.map_err(|_| Broken::Panicked)? {
                Ok(decision) => decision,
                Err(Refusal::Bug(illegal)) => return Err(illegal.into()),
                // Stale replies are dropped: what they are about is closed. Mail of a run that ended stays where it is.
                Err(_) => continue,
            };
            if events.is_empty() {
                continue;
            }
            let status = next.status();
            // What passed while nobody drove has passed: it is told before the run is let go of, and behind all mail.
            let overdue = next.wakes_at().filter(|at| status.rests() && *at <= now);
            if let Some(at) = overdue.filter(|at| self.commands.is_empty() && self.waited < Some(*at)) {
                self.time_passed(at);
            }
            let hold = if status.rests() && self.commands.is_empty() { Hold::Release } else { Hold::Keep };
            let wake_at = if status == Status::Running { None } else { next.wakes_at() };
            let asked = Instant::now();
            // What it takes nobody else may take meanwhile, though it isn't remembered yet: a commit that fails says who was first.
            let (taken_now, noted): (Vec<Noted>, _) =
                self.run.noted(&events).into_iter().partition(Noted::is_taken);
            Arc::make_mut(around).note(taken_now.clone());
            let again = claims(&events).then_some(again);
            self.pending =
                Some(Pending { next, asked, taken: mail.clone(), hold, again, late, taken_now, noted });
            return Ok(Some(Append {
                id: new_append_id(),
                run: self.lease.run,
                follows: self.head,
                epoch: self.lease.epoch,
                salt: self.salt,
                events,
                status,
                wake_at,
                hold,
                taken: mail.into_iter().collect(),
                claims: Vec::new(),
                start: None,
            }));
        }
        Ok(None)
    }

    /// Another run was first: nothing of the append happened, and the same is decided anew, knowing what stands there. Tells
    /// what it had taken.
    pub(crate) fn was_second(&mut self, name: String, claim: Option<Claim>) -> Vec<Noted> {
        let Some(Pending { again: Some(command), taken_now, .. }) = self.pending.take() else {
            return Vec::new();
        };
        self.commands.push_front(command);
        match claim {
            Some(claim) => _ = self.seen.insert(name, (claim.run, claim.value)),
            None => _ = self.seen.remove(&name),
        }
        taken_now
    }

    /// The append is confirmed: the run becomes what it says. Tells whether it was let go of, and what it says of others.
    pub(crate) fn remembered(&mut self, head: Head) -> (Hold, Vec<Noted>) {
        let Some(Pending { next, asked, taken, hold, noted, .. }) = self.pending.take() else {
            return (Hold::Keep, Vec::new());
        };
        if let Some(id) = taken {
            self.mail.remove(&id);
        }
        // What was met was about that decision alone.
        self.seen.clear();
        self.run = next;
        self.asked = asked;
        self.head = head;
        (hold, noted)
    }

    /// What is owed and not performed yet. What is performed and not owed any more is stopped; what is owed later, waits.
    pub(crate) fn offer(&mut self) -> Offered {
        let mut wait = None;
        let mut owed = BTreeMap::new();
        let is_ahead = |at: Timestamp| self.waited < Some(at);
        for debt in self.run.owed() {
            match debt {
                Debt::Wait { until: at } | Debt::PollCall(PollCall { at, .. }) if is_ahead(at) => {
                    wait = Some(wait.map_or(at, |wait: Timestamp| wait.min(at)));
                }
                Debt::Wait { .. } => {}
                debt => {
                    owed.insert(debt.key(), debt);
                }
            }
        }
        self.performing.retain(|key, task| {
            let is_owed = owed.contains_key(key);
            // What is heard of a call that somebody has settled is evidence.
            if let (false, DebtKey::Ask(..), Some(task)) = (is_owed, key, task) {
                task.abort();
            }
            is_owed
        });
        let new = owed.into_iter().filter(|(key, _)| !self.performing.contains_key(key));
        let new: Vec<Debt> = new.map(|(_, debt)| debt).collect();
        self.performing.extend(new.iter().map(|debt| (debt.key(), None)));
        Offered { new, wait }
    }

    /// The task that performs a debt, so that it can be stopped.
    pub(crate) fn performs(&mut self, key: &DebtKey, task: AbortHandle) {
        if let Some(slot) = self.performing.get_mut(key) {
            *slot = Some(task);
        }
    }

    /// What was heard of its calls and isn't remembered: whoever has the run now may need it.
    pub(crate) fn heard(&mut self) -> Vec<Mail> {
        let pending = self.pending.take().and_then(|pending| pending.late);
        pending.into_iter().chain(self.commands.drain(..).filter_map(Command::late)).collect()
    }

    /// Whether tools are at work that would be in doubt without their answer.
    pub(crate) fn has_calls(&self) -> bool {
        self.pending.is_some() || self.performing.keys().any(|key| matches!(key, DebtKey::Call(..)))
    }

    /// Stops what is asked of models. What tools and servers say of calls is heard, whoever has the run by then.
    pub(crate) fn stop(&mut self) {
        for (key, task) in std::mem::take(&mut self.performing) {
            if let (DebtKey::Ask(..), Some(task)) = (key, task) {
                task.abort();
            }
        }
    }
}
