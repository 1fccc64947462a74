//! Follows runs by reading their journals, until each has ended or only somebody else can move it.
//!
//! Nothing hangs on a follower: it may end at any moment, and the runs go on.

use handfast_events::{Epoch, RunId, Seq, Status, StoredEvent};
use handfast_report::Trace;
use handfast_store::{Damage, LoadError, RunRow, SqliteStore, Store as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::limits::{CTRL_C_AGAIN, EVENTS_PAGE, LOOK, LOOK_FOR_LIFE};
use crate::out;
use crate::watch::View;

/// Why a follower ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every run has ended, or rests.
    Rested,
    /// The person left; the runs go on.
    Detached,
    /// The person stopped the worker.
    Interrupted,
}

/// One run that is followed.
pub(crate) struct Followed {
    run: RunId,
    after: Seq,
    trace: Trace,
    row: Option<RunRow>,
    /// Somebody put something to it that it hasn't taken in: it will move once it is driven.
    has_mail: bool,
    /// It is to be taken by name: until its epoch has passed this one, its rest is an old one.
    passes: Option<Epoch>,
}

impl Followed {
    /// Follows a run from its first event.
    pub(crate) fn new(run: RunId) -> Self {
        Self { run, after: Seq::default(), trace: Trace::new(run), row: None, has_mail: false, passes: None }
    }

    /// Follows a run that rests and is about to be taken by name.
    pub(crate) fn once_taken(row: &RunRow) -> Self {
        Self { passes: Some(row.epoch), ..Self::new(row.run) }
    }

    /// Follows it on, after something was put to it.
    pub(crate) fn again(&mut self) {
        self.row = None;
    }

    /// What is known of it.
    pub(crate) const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Which run.
    pub(crate) const fn run(&self) -> RunId {
        self.run
    }

    /// Reads what is new.
    async fn look(&mut self, store: &SqliteStore, view: &mut View) -> anyhow::Result<()> {
        let row = store.run(self.run).await?.ok_or(LoadError::NotFound { run: self.run })?;
        loop {
            let page = store.read(self.run, self.after, EVENTS_PAGE).await?;
            let is_last = page.len() < EVENTS_PAGE;
            for stored in page {
                self.take(&stored, view)?;
            }
            if is_last {
                break;
            }
        }
        // A mailbox that can't be read moves nothing; whoever drives sets the run aside and says why.
        let waits = store.mail(self.run).await.is_ok_and(|mail| !mail.is_empty());
        self.has_mail = row.status.rests() && waits;
        self.row = Some(row);
        Ok(())
    }

    fn take(&mut self, stored: &StoredEvent, view: &mut View) -> anyhow::Result<()> {
        let event = stored.decode().map_err(|cause| {
            let seq = self.after.next();
            LoadError::Damaged { run: self.run, seq, cause: Damage::Decode(cause) }
        })?;
        self.trace.follow(&event);
        view.event(&self.trace, &event);
        self.after = event.seq;
        Ok(())
    }

    fn rests(&self) -> bool {
        let Some(row) = &self.row else { return false };
        let is_old = self.passes.is_some_and(|epoch| row.epoch <= epoch);
        // A run that was set aside and is taken again is called quarantined until its next event.
        let rests = row.status.rests() && row.status != Status::Quarantined && !self.has_mail;
        // Its time has come, and whoever drives is about to see that.
        let is_overdue = row.wake_at.is_some_and(|at| at <= handfast_host::now());
        let rests = rests && !is_overdue;
        (rests || row.aside) && !is_old
    }

    fn is_held(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.worker.is_some())
    }
}

/// Follows these runs. Nothing is printed but progress; what became of them is the caller's to say.
///
/// # Errors
/// The store can't be read, a journal is damaged, or nobody drives and nobody can.
pub(crate) async fn follow(driving: &mut Driving, runs: &mut [Followed]) -> anyhow::Result<Ended> {
    let mut view = View::new(runs.len());
    let ended = watch(driving, runs, &mut view).await;
    view.clear();
    ended
}

/// Follows one conversation: its words are the caller's to show, and its steps are nobody's.
///
/// # Errors
/// As for [`follow`].
pub(crate) async fn follow_talk(driving: &mut Driving, run: &mut Followed) -> anyhow::Result<Ended> {
    let mut view = View::of_talk();
    let ended = watch(driving, std::slice::from_mut(run), &mut view).await;
    view.clear();
    ended
}

async fn watch(driving: &mut Driving, runs: &mut [Followed], view: &mut View) -> anyhow::Result<Ended> {
    let store = driving.store().clone();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let (mut look, mut life) = (interval(LOOK), interval(LOOK_FOR_LIFE));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    life.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        let is_slow = tokio::select! {
            biased;
            _ = interrupts.recv() => {
                view.clear();
                return interrupted(driving, runs, &mut interrupts).await;
            }
            _ = life.tick() => true,
            _ = look.tick() => false,
        };
        // The place first: what comes in between is found at the next look.
        let newest = store.position().await?;
        // A run that is set aside has no event of it, so rows are looked at now and then whatever happened.
        if is_slow || seen != Some(newest) {
            look_at_all(&store, runs, view).await?;
            seen = Some(newest);
        }
        let all = runs.len();
        let open: Vec<&Trace> = runs.iter().filter(|run| !run.rests()).map(|run| &run.trace).collect();
        if open.is_empty() {
            return Ok(Ended::Rested);
        }
        view.show(&open, all, handfast_host::now());
        if is_slow && !driving.is_alive()? {
            look_at_all(&store, runs, view).await?;
            revive(driving, runs)?;
        }
    }
}

async fn look_at_all(store: &SqliteStore, runs: &mut [Followed], view: &mut View) -> anyhow::Result<()> {
    for run in runs.iter_mut().filter(|run| !run.rests()) {
        run.look(store, view).await?;
    }
    Ok(())
}

/// Nobody drives: starts somebody, where that is safe and of use.
fn revive(driving: &mut Driving, runs: &mut [Followed]) -> anyhow::Result<()> {
    // Whoever was to take it by name is gone without having done so: its rest is what there is.
    runs.iter_mut().for_each(|run| run.passes = None);
    let Some(open) = runs.iter().find(|run| !run.rests()) else { return Ok(()) };
    let is_held = runs.iter().any(|run| !run.rests() && run.is_held());
    if !is_held && driving.again()? {
        return Ok(());
    }
    let log = driving.log_path();
    let words = driving.last_words().map(|words| format!("the worker ended: {words}"));
    let why = words.or_else(|| driving.full_disk()).unwrap_or_else(|| {
        format!("the worker that drove run {} is gone; its log is `{}`", open.run, log.display())
    });
    let remedy = format!("nothing that was acknowledged is lost; go on with `handfast go {}`", open.run);
    Err(stop(Exit::Unavailable, format!("{why}\n  {remedy}")))
}

/// Ctrl-C: the first leaves, a second one soon after stops the worker.
async fn interrupted(
    driving: &mut Driving,
    runs: &[Followed],
    interrupts: &mut Signal,
) -> anyhow::Result<Ended> {
    let open: Vec<String> = runs.iter().filter(|run| !run.rests()).map(|run| run.run.to_string()).collect();
    let open = open.join(" ");
    out::note(format!(
        "detached: the run goes on; look at it with `handfast trace {open}`, follow it with `handfast go {open}`\n\
         Ctrl-C again within 2 s stops the worker"
    ));
    if timeout(CTRL_C_AGAIN, interrupts.recv()).await.is_err() {
        return Ok(Ended::Detached);
    }
    driving.stop().await?;
    out::note(format!("stopped: go on with `handfast go {open}`"));
    Ok(Ended::Interrupted)
}
