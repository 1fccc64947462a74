//! `handfast halt`, `unhalt`: an operator's stop by scope, in force once whoever drives heeds it.

use handfast_events::{Halt, HaltScope, Mail, RunId, Status, Timestamp};
use handfast_report::visible;
use handfast_store::{MailRow, RunFilter, SqliteStore, StatusFilter, Store as _, driver_alive};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::limits::{LOOK, RUNS_PAGE, TAKEN_WAIT};
use crate::{args, environment, out, store_open};

/// Halts, or lists what is halted.
///
/// # Errors
/// The scope is none, or whoever drives doesn't heed it.
pub(crate) async fn halt(args: &args::Halt) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let Some(scope) = &args.scope else { return list(&store, args.json).await };
    let scope = scope_of(scope)?;
    if args.reason.trim().is_empty() {
        return Err(stop(
            Exit::Usage,
            "say why with `--reason`: whoever looks at a run that it holds is told",
        ));
    }
    let (who, at) = (environment::who(), handfast_host::now());
    let asked = Halt { scope: scope.clone(), who, why: args.reason.clone(), at, heeded: None };
    let kept = store.halt(&asked).await?;
    let is_new = kept.at == at;
    let kept = in_force(&store, kept).await?;
    if args.json {
        out::json(&document(&kept))?;
        return Ok(Exit::Done);
    }
    if !is_new {
        out::note(format!("{scope} is halted already, by {} at {}", visible(&kept.who), kept.at));
    }
    tell(&kept);
    Ok(Exit::Done)
}

/// Waits until whoever drives heeds it; in force at once where nobody does, since the next one looks first.
async fn in_force(store: &SqliteStore, mut halt: Halt) -> anyhow::Result<Halt> {
    let begun = Instant::now();
    while halt.heeded.is_none() && driver_alive(store.path())?.is_some() {
        if begun.elapsed() > TAKEN_WAIT {
            let message = format!(
                "{} is halted, and not in force yet: the worker that drives does not say that it heeds it; stop that \
                 process (`handfast doctor` names it), and the next one will",
                halt.scope
            );
            return Err(stop(Exit::Unavailable, message));
        }
        sleep(LOOK).await;
        let halts = store.halts().await?;
        let Some(found) = halts.into_iter().find(|found| found.scope == halt.scope) else {
            return Err(stop(Exit::Failed, format!("{} was unhalted meanwhile", halt.scope)));
        };
        halt = found;
    }
    Ok(halt)
}

fn tell(halt: &Halt) {
    let scope = &halt.scope;
    match &halt.heeded {
        None => out::note(format!("{scope} is halted: nobody drives now, and whoever does will heed it")),
        Some(heeded) => {
            out::note(format!("{scope} is halted, in force since {}", heeded.at));
            if heeded.left.is_empty() {
                out::note("nothing of it had left and was not back");
            } else {
                out::note("what had left already, and was not back:");
                heeded.left.iter().for_each(|left| out::note(format!("  {}", visible(left))));
            }
            if heeded.more > 0 {
                out::note(format!("  and {} more", heeded.more));
            }
        }
    }
    out::note(format!("`handfast unhalt {scope}` lets it go on"));
}

async fn list(store: &SqliteStore, is_json: bool) -> anyhow::Result<Exit> {
    let halts = store.halts().await?;
    if is_json {
        out::json(&json!({ "halts": halts.iter().map(document).collect::<Vec<_>>() }))?;
        return Ok(Exit::Done);
    }
    if halts.is_empty() {
        out::note("nothing is halted");
        return Ok(Exit::Done);
    }
    let line = |halt: &Halt| format!("{} by {} at {}: {}", halt.scope, halt.who, halt.at, halt.why);
    let lines: Vec<String> = halts.iter().map(|halt| visible(&line(halt)).into_owned()).collect();
    out::data(&lines.join("\n"))?;
    Ok(Exit::Done)
}

fn document(halt: &Halt) -> Value {
    json!({ "scope": halt.scope, "who": halt.who, "why": halt.why, "at": halt.at, "heeded": halt.heeded })
}

/// Lifts a halt, and lets the runs go on that rest because of it. Said again, it goes on where it was interrupted.
///
/// # Errors
/// The scope is none, or the store can't be written.
pub(crate) async fn unhalt(args: &args::Unhalt) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let scope = scope_of(&args.scope)?;
    let lifted = store.unhalt(&scope).await?;
    let runs = resume_all(&store, &scope, &args.reason).await?;
    if args.json {
        out::json(&json!({ "scope": scope, "was_halted": lifted.is_some(), "resumed": runs }))?;
        return Ok(Exit::Done);
    }
    if lifted.is_none() {
        out::note(format!("{scope} was not halted"));
    } else {
        out::note(format!("{scope} is not halted any more"));
    }
    match runs.len() {
        0 => out::note("no run rests because of it"),
        several => out::note(format!("{several} runs go on that rested because of it")),
    }
    Ok(Exit::Done)
}

/// Says to every run that this halt holds that it is lifted.
async fn resume_all(store: &SqliteStore, scope: &HaltScope, why: &str) -> anyhow::Result<Vec<RunId>> {
    let held = Status::PausedByHalt { scope: scope.to_string() };
    let (mut resumed, mut before) = (Vec::new(), None);
    loop {
        let status = Some(StatusFilter::new(held.name()));
        let page = store.runs(RunFilter { status, before, limit: RUNS_PAGE, ..RunFilter::default() }).await?;
        for row in page.iter().filter(|row| row.status == held && !row.aside) {
            store.put_mail(resume(row.run, scope, why)).await?;
            resumed.push(row.run);
        }
        match page.last() {
            Some(last) if page.len() == RUNS_PAGE => before = Some(last.run),
            _ => break,
        }
    }
    if !resumed.is_empty() {
        Driving::new(store.clone()).ensure(&[])?;
    }
    Ok(resumed)
}

fn resume(run: RunId, scope: &HaltScope, why: &str) -> MailRow {
    let reason = if why.is_empty() { format!("unhalt {scope}") } else { format!("unhalt {scope}: {why}") };
    let at: Timestamp = handfast_host::now();
    let id = handfast_host::new_command_id();
    MailRow { id, run, who: environment::who(), at, mail: Mail::Resume { reason } }
}

fn scope_of(text: &str) -> anyhow::Result<HaltScope> {
    text.parse().map_err(|why: handfast_events::NoScope| stop(Exit::Usage, why.to_string()))
}
