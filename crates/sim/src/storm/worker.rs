//! A worker of a storm, and the runs that it holds: the host's loop in small, written again so that the judge doesn't share
//! the faults of the judged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use handfast_engine::{Around, Command, Debt, DebtKey, Noted, Refusal, Run, SHARED, Seen};
use handfast_events::{Body, Event, RunId};
use jiff::Timestamp;

use super::rows::Rows;

/// A worker, with what it knows of those whom its runs ask.
#[derive(Default)]
pub(super) struct Worker {
    around: Arc<Around>,
    lives: BTreeMap<RunId, Live>,
}

/// One run that it holds.
struct Live {
    run: Run,
    commands: VecDeque<Command>,
    pending: Option<Pending>,
    seen: Seen,
    performing: BTreeSet<DebtKey>,
    waited: Option<Timestamp>,
}

/// What waits to be remembered.
struct Pending {
    next: Run,
    again: Command,
    taken: Vec<Noted>,
    noted: Vec<Noted>,
}

/// What a worker does once something is remembered.
#[derive(Default)]
pub(super) struct Offered {
    pub(super) debts: Vec<Debt>,
    pub(super) wait: Option<Timestamp>,
    /// Others that may go on, since somebody has come back.
    pub(super) next_up: BTreeSet<RunId>,
}

impl Worker {
    pub(super) fn take(&mut self, run: Run, begin: Command) {
        let live = Live {
            run,
            commands: VecDeque::from([begin]),
            pending: None,
            seen: Seen::new(),
            performing: BTreeSet::new(),
            waited: None,
        };
        self.lives.insert(live.run.id(), live);
    }

    /// Looks at what other workers found.
    pub(super) fn look(&mut self, rows: &Rows) {
        let all = SHARED.iter().flat_map(|prefix| rows.all(prefix));
        Arc::make_mut(&mut self.around).found_all(all);
    }

    pub(super) fn tell(&mut self, run: RunId, command: Command) {
        if let Some(live) = self.lives.get_mut(&run) {
            live.commands.push_back(command);
        }
    }

    pub(super) fn time_passed(&mut self, run: RunId, until: Timestamp) {
        if let Some(live) = self.lives.get_mut(&run) {
            live.waited = live.waited.max(Some(until));
            live.commands.push_back(Command::TimePassed);
        }
    }

    /// Lets a run think, until there is something to remember.
    pub(super) fn think(&mut self, run: RunId, now: Timestamp) -> Result<Option<Arc<Vec<Event>>>, String> {
        let Some(live) = self.lives.get_mut(&run) else { return Ok(None) };
        let now = live.waited.map_or(now, |waited| now.max(waited));
        while live.pending.is_none() {
            let Some(command) = live.commands.pop_front() else { return Ok(None) };
            let (seen, around) = (live.seen.clone(), self.around.clone());
            let decision = match live.run.think_again(command.clone(), now, seen, around) {
                Ok(decision) if decision.events.is_empty() => continue,
                Ok(decision) => decision,
                Err(Refusal::Bug(illegal)) => return Err(format!("run {run}: {illegal}")),
                Err(_) => continue,
            };
            // What is taken is nobody else's from now on, though it isn't remembered yet.
            let (taken, noted): (Vec<Noted>, _) =
                live.run.noted(&decision.events).into_iter().partition(Noted::is_taken);
            Arc::make_mut(&mut self.around).note(taken.clone());
            live.pending = Some(Pending { next: decision.next, again: command, taken, noted });
            return Ok(Some(Arc::new(decision.events)));
        }
        Ok(None)
    }

    /// Another run was first: the same is decided anew, knowing what stands there.
    pub(super) fn was_second(&mut self, run: RunId, name: String, rows: &Rows) {
        let row = rows.row(&name).cloned();
        let Some(live) = self.lives.get_mut(&run) else { return };
        let Some(pending) = live.pending.take() else { return };
        let around = Arc::make_mut(&mut self.around);
        around.take_back(&pending.taken);
        let shared = Some(name.as_str()).filter(|name| SHARED.iter().any(|prefix| name.starts_with(prefix)));
        for name in pending.taken.iter().filter_map(Noted::row).chain(shared) {
            around.found(name, rows.row(name).cloned());
        }
        live.commands.push_front(pending.again);
        match row {
            Some(row) => _ = live.seen.insert(name, row),
            None => _ = live.seen.remove(&name),
        }
    }

    /// What was decided is remembered: the run becomes it, and what it owes is performed. One that has ended is let go of.
    pub(super) fn remembered(&mut self, run: RunId) -> Offered {
        let Some(live) = self.lives.get_mut(&run) else { return Offered::default() };
        let Some(pending) = live.pending.take() else { return Offered::default() };
        live.seen.clear();
        live.run = pending.next;
        let around = Arc::make_mut(&mut self.around);
        let has_left = around.waits(&live.run);
        let mut offered = Offered::default();
        if has_left || !pending.noted.is_empty() {
            around.note(pending.noted);
            offered.next_up = around.next_up();
        }
        (offered.debts, offered.wait) = live.offer();
        if live.run.status().rests() {
            around.forget(run);
            self.lives.remove(&run);
        }
        offered
    }

    /// The next time that a run waits for, after one has passed of which nothing followed.
    pub(super) fn waits_on(&mut self, run: RunId) -> Option<Timestamp> {
        let live = self.lives.get_mut(&run).filter(|live| live.pending.is_none())?;
        live.offer().1
    }
}

impl Live {
    fn offer(&mut self) -> (Vec<Debt>, Option<Timestamp>) {
        let (mut debts, mut wait) = (Vec::new(), None);
        let owed: Vec<Debt> = self.run.owed().collect();
        self.performing.retain(|key| owed.iter().any(|debt| debt.key() == *key));
        for debt in owed {
            match debt {
                Debt::Wait { until } if self.waited < Some(until) => wait = Some(until),
                Debt::Wait { .. } => {}
                debt => {
                    if self.performing.insert(debt.key()) {
                        debts.push(debt);
                    }
                }
            }
        }
        (debts, wait)
    }
}

/// How a run that has ended ended; none where it hasn't.
pub(super) fn end(journal: &[Event]) -> Option<&'static str> {
    match &journal.last()?.body {
        Body::RunSucceeded(_) => Some("done"),
        Body::RunFailed(_) => Some("failed"),
        Body::RunPaused(_) => Some("paused"),
        _ => None,
    }
}
