//! Several runs of several workers that share rows, in memory: each worker with what it knows of those whom its runs ask, as the
//! host has it. What is decided may be remembered at once or later, so that others decide in between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use handfast_engine::{Around, Command, Debt, Noted, Plan, Refusal, Run, SHARED, Seen, Start};
use handfast_events::{Body, ClaimBefore, ClaimChanged, Digest, Epoch, Event, RunId, Timestamp};
use serde_json::json;

use crate::world::World;

/// One run, and the worker that drives it.
pub(crate) struct Live {
    pub(crate) worker: usize,
    pub(crate) run: Run,
    pub(crate) journal: Vec<Event>,
    commands: VecDeque<Command>,
    pending: Option<Pending>,
    seen: Seen,
    epoch: u64,
}

struct Pending {
    events: Vec<Event>,
    next: Run,
    again: Command,
    taken: Vec<Noted>,
    noted: Vec<Noted>,
}

/// What became of a decision.
pub(crate) enum Became {
    /// It was made.
    Decided(Vec<Event>),
    /// It is remembered.
    Landed(Vec<Event>),
    /// Another run was first: it isn't.
    Refused,
    /// A worker took the run: what it had decided is forgotten.
    Taken,
}

pub(crate) struct Throng {
    pub(crate) now: Timestamp,
    pub(crate) lives: Vec<Live>,
    workers: Vec<Arc<Around>>,
    rows: BTreeMap<String, (RunId, String)>,
    /// What became of each decision, with the run that it is of, in order.
    pub(crate) log: Vec<(usize, Became)>,
}

impl Throng {
    /// So many runs of a contract's first workflow, dealt out to so many workers.
    pub(crate) fn new(contract: &str, runs: u8, workers: usize) -> Self {
        let world = World::new(contract);
        let mut throng = Self {
            now: world.now,
            lives: Vec::new(),
            workers: vec![Arc::default(); workers],
            rows: BTreeMap::new(),
            log: Vec::new(),
        };
        for number in 0..runs {
            let live = throng.born(world.plan(), &world.workflow(), number);
            throng.lives.push(live);
        }
        for number in 0..throng.lives.len() {
            throng.take(number);
        }
        throng
    }

    fn born(&self, plan: Arc<Plan>, workflow: &str, number: u8) -> Live {
        let run = Run::new(plan, RunId::from_bytes([number; 16]));
        let start = Start { workflow: workflow.into(), input: json!({}), ..Start::default() };
        let journal = run.start(start, self.now).expect("it can begin");
        let run = journal.iter().try_fold(run, Run::evolve).expect("its first events fold");
        let (commands, worker) = (VecDeque::new(), usize::from(number) % self.workers.len());
        Live { worker, run, journal, commands, pending: None, seen: Seen::new(), epoch: 0 }
    }

    /// A worker takes the run: whatever it had under way is lost.
    pub(crate) fn take(&mut self, number: usize) {
        let live = &mut self.lives[number];
        Arc::make_mut(&mut self.workers[live.worker]).forget(live.run.id());
        (live.pending, live.epoch) = (None, live.epoch + 1);
        live.commands.clear();
        self.log.push((number, Became::Taken));
        self.tell(number, Command::Begin { epoch: Epoch(self.lives[number].epoch), worker: "one".into() });
    }

    pub(crate) fn tell(&mut self, number: usize, command: Command) {
        self.lives[number].commands.push_back(command);
        self.think(number);
    }

    fn think(&mut self, number: usize) {
        let live = &mut self.lives[number];
        let around = &mut self.workers[live.worker];
        while live.pending.is_none() {
            let Some(command) = live.commands.pop_front() else { return };
            let (seen, known) = (live.seen.clone(), around.clone());
            let decision = match live.run.think_again(command.clone(), self.now, seen, known) {
                Err(Refusal::Bug(illegal)) => panic!("{illegal}"),
                Err(_) => continue,
                Ok(decision) if decision.events.is_empty() => continue,
                Ok(decision) => decision,
            };
            let (taken, noted): (Vec<Noted>, _) =
                live.run.noted(&decision.events).into_iter().partition(Noted::is_taken);
            Arc::make_mut(around).note(taken.clone());
            let (events, next) = (decision.events, decision.next);
            self.log.push((number, Became::Decided(events.clone())));
            live.pending = Some(Pending { events, next, again: command, taken, noted });
        }
    }

    /// What a run has decided is remembered, unless another one was first to a row.
    pub(crate) fn land(&mut self, number: usize) {
        let live = &mut self.lives[number];
        let Some(pending) = live.pending.take() else { return };
        let id = live.run.id();
        let around = Arc::make_mut(&mut self.workers[live.worker]);
        let changes = || {
            pending.events.iter().filter_map(|event| match &event.body {
                Body::ClaimChanged(changed) => Some(changed),
                _ => None,
            })
        };
        let mut rows = self.rows.clone();
        for ClaimChanged { name, before, value } in changes() {
            let row = rows.get(name);
            let stands = match before {
                ClaimBefore::Absent => row.is_none(),
                ClaimBefore::Own => row.is_some_and(|(by, _)| *by == id),
                ClaimBefore::Is(value) => row.is_some_and(|(_, is)| is == value),
                ClaimBefore::Digest(digest) => {
                    row.is_some_and(|(_, is)| Digest::of(is.as_bytes()) == *digest)
                }
            };
            if !stands {
                let row = row.cloned();
                around.take_back(&pending.taken);
                for row in pending.taken.iter().filter_map(Noted::row) {
                    around.found(row, self.rows.get(row).cloned());
                }
                around.found(name, row.clone());
                row.map(|row| live.seen.insert(name.clone(), row));
                live.commands.push_front(pending.again);
                self.log.push((number, Became::Refused));
                return self.think(number);
            }
            match value {
                Some(value) => drop(rows.insert(name.clone(), (id, value.clone()))),
                None => drop(rows.remove(name)),
            }
        }
        self.rows = rows;
        live.seen.clear();
        live.run = pending.next;
        let has_left = around.waits(&live.run);
        let next_up = if pending.noted.is_empty() && !has_left {
            BTreeSet::new()
        } else {
            around.note(pending.noted);
            around.next_up()
        };
        self.log.push((number, Became::Landed(pending.events.clone())));
        live.journal.extend(pending.events);
        self.think(number);
        self.go_on(next_up);
    }

    /// Whether all that was decided is remembered.
    pub(crate) fn is_settled(&self) -> bool {
        self.lives.iter().all(|live| live.pending.is_none())
    }

    /// All that was decided is remembered.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let Some(number) = self.lives.iter().position(|live| live.pending.is_some()) else { return };
            self.land(number);
        }
        panic!("it never comes to rest");
    }

    /// A worker looks at the rows that others changed.
    pub(crate) fn look(&mut self, worker: usize) {
        let rows = self.rows.iter().filter(|(name, _)| SHARED.iter().any(|prefix| name.starts_with(prefix)));
        let rows: Vec<_> = rows.map(|(name, (run, value))| (name.clone(), *run, value.clone())).collect();
        let count = self.workers.len();
        let around = Arc::make_mut(&mut self.workers[worker % count]);
        around.found_all(rows);
        let next_up = around.next_up();
        self.go_on(next_up);
    }

    fn go_on(&mut self, runs: BTreeSet<RunId>) {
        for run in runs {
            let number =
                self.lives.iter().position(|live| live.run.id() == run).expect("a run of the throng");
            self.tell(number, Command::TimePassed);
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The next time that any run waits for.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.lives.iter().filter_map(|live| wait(&live.run)).min()
    }

    /// Time passes, and whoever waited for it is told.
    pub(crate) fn pass(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
        for number in 0..self.lives.len() {
            if wait(&self.lives[number].run).is_some_and(|at| at <= self.now) {
                self.tell(number, Command::TimePassed);
            }
        }
    }

    pub(crate) fn later(&self, time: Duration) -> Timestamp {
        self.now.checked_add(time).expect("a time within the calendar")
    }
}

fn wait(run: &Run) -> Option<Timestamp> {
    run.owed().find_map(|debt| if let Debt::Wait { until } = debt { Some(until) } else { None })
}
