//! `handfast worker`: the process that drives a store: detached until nothing moves any more, or as a service that stays.
//!
//! It holds the driver's lock while it drives; where another process has it, there is nothing to do here, or only to wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use handfast_events::{RunId, Status};
use handfast_host::{Driven, Kits, Until, Worker};
use handfast_store::{Driver, DriverError, Knocks, SqliteStore, Store as _, knock};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::exit::Exit;
use crate::limits::{LINGER, NAP_MAX, STAYS_MAX, TAKE_AGAIN};
use crate::{args, environment, log, out, store_open};

/// Leaves the terminal for a session of its own: what happens to the terminal is nothing to a worker.
pub(crate) fn leave_terminal() {
    // Where it leads a process group already, somebody else has detached it.
    let _already_detached = rustix::process::setsid();
}

/// Drives.
///
/// # Errors
/// The store can't be used; the log says so, too.
pub(crate) async fn run(args: &args::Worker) -> anyhow::Result<Exit> {
    if args.stay {
        let store = store_open::find(&args.store)?;
        out::note(format!(
            "drives {} until it is stopped (Ctrl-C); its log is {}",
            store.display(),
            log::path(&store).display()
        ));
        log::take_standard_error(&store)
            .with_context(|| format!("can't write {}", log::path(&store).display()))?;
    }
    log::install();
    let driven = drive(args).await;
    if let Err(error) = &driven {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        tracing::error!(why = causes.join(": "), "the worker ends");
    }
    driven
}

async fn drive(args: &args::Worker) -> anyhow::Result<Exit> {
    let mut signals = Signals::new()?;
    let store = store_open::existing(&args.store)?;
    let mut take = args.take.clone();
    loop {
        let driver = match Driver::acquire(&store, handfast_host::now()).await {
            Ok(driver) => driver,
            Err(DriverError::Held { .. }) if args.stay => {
                // It ends once nothing moves, or when it is stopped: then this one takes over.
                if timeout(TAKE_AGAIN, signals.stop()).await.is_ok() {
                    return Ok(Exit::Done);
                }
                continue;
            }
            Err(DriverError::Held { .. }) => {
                knock(store.path());
                return Ok(Exit::Done);
            }
            Err(error) => return Err(error.into()),
        };
        let mut knocks = driver.knocks();
        let taken = std::mem::take(&mut take);
        let stopped = rounds(&store, &driver, &mut knocks, &mut signals, taken, args.stay).await?;
        // The door before the lock: a door that the next one opened must stay.
        drop(knocks);
        drop(driver);
        // Whoever came between the last look and the lock's end saw a worker that drives, and relied on it.
        let is_wanted = store.next_wake().await?.is_some_and(|at| at <= handfast_host::now());
        if stopped || !(is_wanted || args.stay) {
            return Ok(Exit::Done);
        }
    }
}

/// Drives, lingers, and drives again if somebody knocks. Tells whether it was stopped.
async fn rounds(
    store: &SqliteStore,
    driver: &Driver,
    knocks: &mut Knocks,
    signals: &mut Signals,
    mut take: Vec<RunId>,
    is_service: bool,
) -> anyhow::Result<bool> {
    loop {
        let mut worker =
            Worker::new(store.clone(), driver.worker().clone(), Kits::new(environment::around()));
        worker.take(&std::mem::take(&mut take)).await?;
        let stopped = AtomicBool::new(false);
        let stop = async {
            signals.stop().await;
            stopped.store(true, Ordering::Relaxed);
        };
        let driven = worker.drive(Until::Idle, async || knocks.next().await, stop).await?;
        told(&driven);
        if stopped.load(Ordering::Relaxed) {
            return Ok(true);
        }
        // Somebody is to give it what it lacks, a key perhaps, which only the next process sees.
        let lacks = driven.runs.values().any(|status| *status == Status::PausedForOperator);
        if lacks && !is_service {
            return Ok(false);
        }
        // A run that waits for a time wakes by itself as long as somebody is there for it.
        let until = store.next_wake().await?.map(|at| at.duration_since(handfast_host::now()));
        let until = until.map(|until| Duration::try_from(until).unwrap_or(Duration::ZERO));
        let stays = is_service || until.is_some_and(|until| until <= STAYS_MAX);
        let wait = match until {
            Some(until) if stays => until.min(NAP_MAX),
            None if is_service => NAP_MAX,
            _ => LINGER,
        };
        tokio::select! {
            () = signals.stop() => return Ok(true),
            late = timeout(wait, knocks.next()) => if late.is_err() && !stays { return Ok(false) },
        }
    }
}

fn told(driven: &Driven) {
    tracing::info!(runs = driven.runs.len() as u64, troubled = driven.troubled.len() as u64, "nothing moves");
}

/// What a worker listens to.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Heard and ignored: a worker has no terminal that could hang up.
    _hangup: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Somebody wants it to stop.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
