//! `handfast go`: drives whatever can go on, after a crash, a stop, or once what was missing is there.

use std::time::Duration;

use handfast_events::{Mail, MailOutcome, RunId, Status};
use handfast_store::{DriverInfo, RunFilter, RunRow, SqliteStore, Store as _};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::follow::{Ended, Followed, follow};
use crate::limits::{LOOK, RESUME_WAIT, RUNS_MAX, TAKEN_WAIT};
use crate::outcome::Outcome;
use crate::{args, out, post, store_open};

/// Goes on.
///
/// # Errors
/// A run can't be found, or nobody can drive.
pub(crate) async fn run(args: &args::Go) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let rows = if args.runs.is_empty() { unended(&store).await? } else { named(&store, &args.runs).await? };
    let is_named = !args.runs.is_empty();
    let mut driving = Driving::new(store.clone());
    let is_driven = driving.driver()?.is_some();
    let is_aside = |row: &RunRow| {
        // Taken by somebody who died before it moved, it is set aside again once somebody drives.
        row.aside || (row.status == Status::Quarantined && !is_driven)
    };
    let aside: Vec<&RunRow> = rows.iter().filter(|row| is_aside(row) && is_named).collect();
    let is_paused = |row: &RunRow| row.status == Status::PausedForOperator && !row.aside;
    if aside.is_empty() {
        if rows.iter().any(is_paused) {
            a_new_worker_drives(&driving).await?;
        }
        driving.ensure(&[])?;
    } else {
        nobody_drives(&driving).await?;
        driving.ensure(&aside.iter().map(|row| row.run).collect::<Vec<_>>())?;
    }
    let mut runs: Vec<Followed> = aside.into_iter().map(Followed::once_taken).collect();
    for row in rows.iter().filter(|row| !is_aside(row)) {
        if row.status == Status::PausedForOperator {
            resume(&mut driving, row.run).await?;
        }
        if is_named || row.status == Status::PausedForOperator || !row.status.rests() {
            runs.push(Followed::new(row.run));
        }
    }
    match follow(&mut driving, &mut runs).await? {
        Ended::Rested => {}
        Ended::Detached => return Ok(Exit::Done),
        Ended::Interrupted => return Ok(Exit::Interrupted),
    }
    let followed: Vec<RunId> = runs.iter().map(Followed::run).collect();
    let exit = tell(&store, &followed, args.json).await?;
    if !is_named {
        rest(&rows, &followed);
    }
    Ok(exit)
}

/// Takes up a run again that was set aside.
///
/// # Errors
/// It isn't set aside, or as for [`run`].
pub(crate) async fn release(args: &args::Release) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let id = store_open::find_run(&store, &args.run).await?;
    let row = store.run(id).await?.ok_or(handfast_store::LoadError::NotFound { run: id })?;
    if !row.aside && row.status != Status::Quarantined {
        let message = format!("refused: run {id} is {}, and not set aside", row.status.name());
        return Err(stop(Exit::Failed, message));
    }
    let go = args::Go { runs: vec![id.to_string()], store: args.store.clone(), json: args.json };
    run(&go).await
}

/// Tells what became of the runs, and how the worst of them stands.
async fn tell(store: &SqliteStore, runs: &[RunId], json: bool) -> anyhow::Result<Exit> {
    let mut outcomes = Vec::with_capacity(runs.len());
    for run in runs {
        outcomes.push(Outcome::of(store, *run).await?);
    }
    match outcomes.as_slice() {
        [] if !json => out::note("nothing can go on"),
        [one] if !json => one.tell(false)?,
        several => {
            several.iter().for_each(Outcome::explain);
            if json {
                out::json(&json!({ "runs": several }))?;
            } else {
                let line = |one: &Outcome| format!("{} {}", one.run(), one.status());
                out::data(&several.iter().map(line).collect::<Vec<_>>().join("\n"))?;
            }
        }
    }
    Ok(outcomes.iter().map(Outcome::code).fold(Exit::Done, Exit::worse))
}

/// Mentions the runs that wait for somebody.
fn rest(rows: &[RunRow], followed: &[RunId]) {
    let left = rows.iter().filter(|row| !followed.contains(&row.run));
    let (aside, waiting): (Vec<&RunRow>, Vec<&RunRow>) = left.partition(|row| row.aside);
    if !waiting.is_empty() {
        out::note(format!("{} wait for somebody: `handfast runs`", waiting.len()));
    }
    for row in aside {
        out::note(format!("run {} is set aside; `handfast go {0}` takes it up again", row.run));
    }
}

/// The runs that have not ended.
async fn unended(store: &SqliteStore) -> anyhow::Result<Vec<RunRow>> {
    let rows = store.runs(RunFilter { limit: RUNS_MAX, ..RunFilter::default() }).await?;
    Ok(rows.into_iter().filter(|row| !row.status.is_ended()).collect())
}

async fn named(store: &SqliteStore, names: &[String]) -> anyhow::Result<Vec<RunRow>> {
    let mut rows: Vec<RunRow> = Vec::with_capacity(names.len());
    for name in names {
        let run = store_open::find_run(store, name).await?;
        let row = store.run(run).await?.ok_or(handfast_store::LoadError::NotFound { run })?;
        if rows.iter().all(|known| known.run != run) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Lets a run try again that was paused until somebody helped.
async fn resume(driving: &mut Driving, run: RunId) -> anyhow::Result<()> {
    let mail = Mail::Resume { reason: "handfast go".to_owned() };
    let posted = post::post(driving, run, mail).await?;
    if let MailOutcome::Refused { why } = post::taken(driving, run, &posted).await? {
        out::warn(format!("run {run} was not resumed: {why}"));
    }
    Ok(())
}

/// Only a worker that starts takes runs by name, so one that drives must have ended before.
async fn nobody_drives(driving: &Driving) -> anyhow::Result<()> {
    let Some(driver) = still_drives(driving, TAKEN_WAIT).await? else { return Ok(()) };
    let message = format!(
        "process {} drives other runs of this store, and only a worker that starts takes up a run that was set aside: \
         try again when `handfast runs --status running` is empty",
        driver.pid
    );
    Err(stop(Exit::Unavailable, message))
}

/// Only a worker that starts sees what has been exported since, so one without work may end before. One with work is
/// not waited for: it may work for days, and not every pause is about the environment.
async fn a_new_worker_drives(driving: &Driving) -> anyhow::Result<()> {
    if let Some(driver) = still_drives(driving, RESUME_WAIT).await? {
        out::warn(format!(
            "process {} drives other runs of this store, with the environment that it was started in: if a key was \
             missing, go on once `handfast runs --status running` is empty",
            driver.pid
        ));
    }
    Ok(())
}

/// Who still drives after this long, if anybody does.
async fn still_drives(driving: &Driving, wait: Duration) -> anyhow::Result<Option<DriverInfo>> {
    let begun = Instant::now();
    while let Some(driver) = driving.driver()? {
        if begun.elapsed() > wait {
            return Ok(Some(driver));
        }
        sleep(LOOK).await;
    }
    Ok(None)
}
