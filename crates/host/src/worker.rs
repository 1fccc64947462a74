//! A worker: takes runs, carries wakes to them, appends and debts from them.
//!
//! `select!` only builds a [`Wake`]; what follows from it is plain code.

mod around;
mod heeding;
mod late;
mod letting_go;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use handfast_engine::{Around, Command, DebtKey, Run};
use handfast_events::{Body, Head, Mail, RunId, Status, Timestamp};
use handfast_store::{
    AppendError, Hold, Journal, Lease, LoadError, MailRow, ReadError, Store, TakeError, WriteError,
};
use tokio::task::{JoinError, JoinSet};

use crate::clock::Clock;
use crate::halts::Halts;
use crate::limits::{POLL, RUNS_MAX, SLEEP_MAX, STOP_GRACE};
use crate::live::Live;
use crate::{Kits, perform};

/// How long a worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until every run has ended or rests.
    Idle,
    /// Until it is stopped.
    Stopped,
}

/// Why a worker stopped before its time. What was acknowledged is there; start it again once the cause is mended.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The store can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Runs can't be taken.
    #[error(transparent)]
    Take(#[from] TakeError),
}

/// What a worker did.
#[derive(Debug, Default)]
pub struct Driven {
    /// Runs that it had and let go of, with how they stood.
    pub runs: BTreeMap<RunId, Status>,
    /// Runs that can't be driven here, with the reason; they were set aside, `handfast go RUN` takes them up again.
    pub troubled: Vec<(RunId, String)>,
}

/// Drives runs of one store. The process must hold the store's right to drive.
pub struct Worker<S: Store> {
    store: S,
    name: handfast_store::Worker,
    kits: Kits,
    lives: HashMap<RunId, Live>,
    /// All that is under way: appends, runs being read, debts. Tasks, not futures polled here: each goes on while this loop
    /// itself waits for the store, which could else wait for one of them for ever.
    tasks: JoinSet<Wake>,
    /// Appends under way, and runs being read.
    appending: usize,
    loading: usize,
    /// Whether more runs can move than there was room for.
    has_more: bool,
    waits: BTreeSet<(Timestamp, RunId)>,
    driven: Driven,
    runs_max: usize,
    clock: Clock,
    halts: Halts,
    /// What it knows of those whom its runs ask.
    around: Arc<Around>,
}

/// Why the worker wakes.
enum Wake {
    /// An append ended.
    Appended { run: RunId, result: Result<Head, AppendError> },
    /// A run that was taken is read.
    Loaded { lease: Lease, result: Result<(Journal, Vec<MailRow>), LoadError> },
    /// A debt was performed.
    Paid { run: RunId, key: DebtKey, command: Command },
    /// The earliest time that a run waits for may have come.
    Time,
    /// Somebody put something into the store, or it is time to look.
    Look,
    /// Whoever started the worker wants it to stop.
    Stop,
    /// A task was stopped; nothing follows.
    Nothing,
}

impl<S: Store> Worker<S> {
    /// A worker by this name, different for every process that ever drove.
    pub fn new(store: S, name: handfast_store::Worker, kits: Kits) -> Self {
        Self {
            store,
            name,
            kits,
            lives: HashMap::new(),
            tasks: JoinSet::new(),
            appending: 0,
            loading: 0,
            has_more: false,
            waits: BTreeSet::new(),
            driven: Driven::default(),
            runs_max: RUNS_MAX,
            clock: Clock::default(),
            halts: Halts::new(),
            around: Arc::default(),
        }
    }

    /// Takes these runs by name, whatever they rest on.
    ///
    /// # Errors
    /// One of them is not there or is held; the others before it were taken.
    pub async fn take(&mut self, runs: &[RunId]) -> Result<(), DriveError> {
        for run in runs {
            match self.store.take_run(&self.name, *run).await {
                Ok(lease) => self.load(lease),
                Err(error @ (TakeError::NotDriving | TakeError::Write(_))) => return Err(error.into()),
                Err(error) => self.driven.troubled.push((*run, error.to_string())),
            }
        }
        Ok(())
    }

    /// Drives at most this many runs at once; the others wait in the store.
    #[must_use]
    pub const fn with_runs_max(mut self, runs_max: usize) -> Self {
        self.runs_max = runs_max;
        self
    }

    /// Waits for no time to come: where nothing is under way, the clock leaps to the next time that a run waits for. For
    /// rehearsals, whose answers come at once.
    #[must_use]
    pub const fn with_leaps(mut self) -> Self {
        self.clock = Clock::leaping();
        self
    }

    /// The same, with a clock that has leapt to this time already.
    #[must_use]
    pub fn with_leaps_from(mut self, at: Timestamp) -> Self {
        self.clock = Clock::leaping();
        self.clock.leap(at);
        self
    }

    /// Drives. `knocked` waits until somebody put something into the store; `stop` ends it.
    ///
    /// # Errors
    /// The store can't be used any more. Nothing that was acknowledged is lost.
    pub async fn drive(
        mut self,
        until: Until,
        mut knocked: impl AsyncFnMut(),
        stop: impl Future<Output = ()>,
    ) -> Result<Driven, DriveError> {
        tokio::pin!(stop);
        let mut poll = tokio::time::interval(POLL);
        let mut grace: Option<std::pin::Pin<Box<tokio::time::Sleep>>> = None;
        self.look().await?;
        loop {
            let is_empty = self.lives.is_empty() && self.appending + self.loading == 0;
            let is_over = grace.is_some() || (until == Until::Idle && is_empty && !self.look().await?);
            if is_empty && is_over {
                break;
            }
            let sleep = self.sleep();
            let leaps = self.leap();
            let wake = tokio::select! {
                biased;
                () = std::future::ready(()), if leaps => Wake::Time,
                () = &mut stop, if grace.is_none() => Wake::Stop,
                () = lapse(&mut grace) => break,
                _ = poll.tick(), if grace.is_none() => Wake::Look,
                () = knocked(), if grace.is_none() => Wake::Look,
                Some(wake) = self.tasks.join_next(), if !self.tasks.is_empty() => carried(wake),
                () = sleep => Wake::Time,
            };
            match wake {
                Wake::Stop => grace = Some(Box::pin(sleep_for(STOP_GRACE))),
                wake => self.handle(wake).await?,
            }
            if grace.is_some() {
                self.let_go().await?;
            }
        }
        self.tasks.shutdown().await;
        self.kits.shut_down().await;
        Ok(self.driven)
    }

    async fn handle(&mut self, wake: Wake) -> Result<(), DriveError> {
        match wake {
            Wake::Appended { run, result } => self.appended(run, result).await,
            Wake::Loaded { lease, result } => self.adopt(lease, result).await,
            Wake::Paid { run, key, command } => {
                let Some(live) = self.lives.get_mut(&run) else {
                    return self.tell_late(run, command.late().into_iter().collect()).await;
                };
                live.paid(&key);
                live.tell(command);
                self.think(run).await
            }
            Wake::Time => self.time_passed().await,
            Wake::Look => self.look().await.map(|_| ()),
            Wake::Stop | Wake::Nothing => Ok(()),
        }
    }

    /// Lets a run think; what it wants remembered is appended.
    async fn think(&mut self, run: RunId) -> Result<(), DriveError> {
        let Some(live) = self.lives.get_mut(&run) else { return Ok(()) };
        match live.think(self.clock.now(), &mut self.around) {
            Ok(None) if live.is_over() => self.let_go_of(run).await,
            Ok(None) => Ok(()),
            Ok(Some(append)) => {
                let store = self.store.clone();
                self.appending += 1;
                self.tasks.spawn(async move {
                    let result = store.append(&append).await;
                    Wake::Appended { run, result }
                });
                Ok(())
            }
            Err(broken) => self.set_aside(run, broken.to_string()).await,
        }
    }

    /// What was decided is remembered: become it, and act.
    async fn appended(&mut self, run: RunId, result: Result<Head, AppendError>) -> Result<(), DriveError> {
        self.appending -= 1;
        self.halts.heard(run);
        let head = match result {
            Ok(head) => head,
            Err(AppendError::Write(error)) => return Err(error.into()),
            // Somebody else has the run, or advanced it: what is done here is over.
            Err(
                AppendError::Conflict { .. } | AppendError::Fenced { .. } | AppendError::NotDriving { .. },
            ) => {
                let heard = self.lives.get_mut(&run).map(Live::heard).unwrap_or_default();
                self.forget(run);
                return self.tell_late(run, heard).await;
            }
            Err(AppendError::ClaimHeld { name, .. }) => {
                self.was_second(run, name).await?;
                return self.think(run).await;
            }
            Err(error) => return self.set_aside(run, error.to_string()).await,
        };
        let Some(live) = self.lives.get_mut(&run) else { return Ok(()) };
        let (hold, noted) = live.remembered(head);
        let status = live.run().status();
        let next_up = self.note(run, noted);
        self.offer(run);
        self.say_in_force().await?;
        if hold == Hold::Release {
            self.driven.runs.insert(run, status);
            self.forget(run);
            // An eighth at a time: a taking is a commit of its own.
            let is_worth_it = self.lives.len() + self.loading <= self.runs_max - self.runs_max.div_ceil(8);
            if self.has_more && is_worth_it {
                self.take_more().await?;
            }
            return self.go_on(next_up).await;
        }
        self.think(run).await?;
        self.go_on(next_up).await
    }

    /// Performs what a run owes, and waits for what it owes later.
    fn offer(&mut self, run: RunId) {
        let Some(live) = self.lives.get_mut(&run) else { return };
        let offered = live.offer();
        if let Some(until) = offered.wait {
            self.waits.insert((until, run));
        }
        for debt in offered.new {
            let (key, kit) = (debt.key(), live.kit.clone());
            let paid = key.clone();
            let Some(performed) = perform::perform(kit, debt, live.asked()) else { continue };
            let task =
                self.tasks.spawn(async move { Wake::Paid { run, key: paid, command: performed.await } });
            live.performs(&key, task);
        }
    }

    async fn time_passed(&mut self) -> Result<(), DriveError> {
        let at = self.clock.now();
        while let Some((until, run)) = self.waits.first().copied().filter(|(until, _)| *until <= at) {
            self.waits.remove(&(until, run));
            self.hear_first(run).await?;
            if let Some(live) = self.lives.get_mut(&run) {
                live.time_passed(until);
            }
            self.think(run).await?;
            // A poll is due without any event that says so.
            if self.lives.get(&run).is_some_and(|live| !live.is_remembering()) {
                self.offer(run);
            }
        }
        Ok(())
    }

    /// Takes what can move, and takes in mail. Tells whether there was anything to take.
    async fn look(&mut self) -> Result<bool, DriveError> {
        self.look_at_halts().await?;
        self.look_around().await?;
        let found = self.take_more().await?;
        let mut mail = Vec::new();
        for run in self.store.mailed(RUNS_MAX).await? {
            if self.lives.contains_key(&run) {
                mail.push((run, self.store.mail(run).await));
            }
        }
        // Who lifts a halt says so to its runs afterwards: what is known of halts is never older than their mail.
        if !mail.is_empty() {
            self.look_at_halts().await?;
        }
        for (run, rows) in mail {
            let Some(live) = self.lives.get_mut(&run) else { continue };
            match rows {
                Ok(rows) => rows.into_iter().for_each(|row| live.tell_mail(row)),
                Err(LoadError::Read(error)) => return Err(error.into()),
                Err(error) => {
                    self.set_aside(run, with_causes(&error)).await?;
                    continue;
                }
            }
            self.think(run).await?;
        }
        Ok(found)
    }

    /// Takes as many runs as there is room for.
    async fn take_more(&mut self) -> Result<bool, DriveError> {
        let room = self.runs_max.saturating_sub(self.lives.len() + self.loading);
        if room == 0 {
            return Ok(false);
        }
        let leases = self.store.take(&self.name, room, self.clock.now()).await?;
        self.has_more = leases.len() == room;
        let found = !leases.is_empty();
        for lease in leases {
            self.load(lease);
        }
        Ok(found)
    }

    /// Reads a run that was taken, beside whatever else goes on.
    fn load(&mut self, lease: Lease) {
        let store = self.store.clone();
        self.loading += 1;
        self.tasks.spawn(async move {
            let read = async {
                let journal = store.load(lease.run).await?;
                Ok((journal, store.mail(lease.run).await?))
            };
            Wake::Loaded { lease, result: read.await }
        });
    }

    /// A run that was taken begins.
    async fn adopt(
        &mut self,
        lease: Lease,
        result: Result<(Journal, Vec<MailRow>), LoadError>,
    ) -> Result<(), DriveError> {
        let run = lease.run;
        self.loading -= 1;
        let (Journal { row, salt, events }, mail) = match result {
            Ok(read) => read,
            Err(LoadError::Read(error)) => return Err(error.into()),
            Err(error) => return self.refuse(lease, with_causes(&error)).await,
        };
        let Some(Body::RunStarted(began)) = events.first().map(|event| &event.body) else {
            return self.refuse(lease, "its journal does not begin with its start".into()).await;
        };
        let kit = match self.kits.get(&self.store, began, self.clock.now()).await {
            Ok(kit) => kit,
            Err(error) => return self.refuse(lease, with_causes(&error)).await,
        };
        let replayed = events.iter().try_fold(Run::new(kit.plan.clone(), run), Run::evolve);
        let mut live = match replayed {
            Ok(replayed) => Live::new(lease, kit, replayed, row.head, salt),
            Err(illegal) => return self.refuse(lease, format!("its journal does not fold: {illegal}")).await,
        };
        if mail.iter().any(|row| matches!(row.mail, Mail::Resume { .. })) {
            self.look_at_halts().await?;
        }
        live.heed(self.halts.known());
        live.tell(Command::Begin { epoch: lease.epoch, worker: self.name.as_str().to_owned() });
        for row in mail {
            live.tell_mail(row);
        }
        self.lives.insert(run, live);
        self.think(run).await
    }

    /// Whether the clock leapt to the next time that a run waits for. Never while something is under way: what it brings
    /// comes first.
    fn leap(&mut self) -> bool {
        match self.waits.first() {
            Some((until, _)) if self.tasks.is_empty() => self.clock.leap(*until),
            _ => false,
        }
    }

    /// Sleeps until the earliest time that a run waits for, looking at the clock now and then.
    fn sleep(&self) -> impl Future<Output = ()> + Send + use<S> {
        let until = self.waits.first().map(|(until, _)| *until);
        let wait = until.map_or(SLEEP_MAX, |until| {
            let left = until.duration_since(self.clock.now());
            Duration::try_from(left).unwrap_or(Duration::ZERO).min(SLEEP_MAX)
        });
        sleep_for(wait)
    }
}

/// Nothing durable hangs on it: what a run waits for is in its journal.
fn sleep_for(wait: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(wait)
}

/// What a task came to. One that was stopped comes to nothing; a panic outside of models and tools, which are caught, is
/// this worker's end: the next one goes on from the journal.
fn carried(wake: Result<Wake, JoinError>) -> Wake {
    match wake.map_err(JoinError::try_into_panic) {
        Ok(wake) => wake,
        Err(Err(_)) => Wake::Nothing,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
    }
}

/// Ends when the time to stop is over; never where nobody wants to stop.
async fn lapse(grace: &mut Option<std::pin::Pin<Box<tokio::time::Sleep>>>) {
    match grace {
        Some(left) => left.await,
        None => std::future::pending().await,
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        told = format!("{told}: {next}");
        cause = next.source();
    }
    told
}
