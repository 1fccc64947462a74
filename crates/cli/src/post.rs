//! `handfast settle`, `raise`, `signal`, `cancel`, `retry`, `accept`: rows of a run's mailbox, and what became of them.

use handfast_events::{
    Body, CallId, Ceiling, CommandId, LimitKind, Mail, MailOutcome, RunId, Seq, Settlement, Status,
};
use handfast_store::{LoadError, MailRow, Store as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::follow::{Ended, Followed, follow};
use crate::limits::{EVENTS_PAGE, LOOK, SETTLED_BYTES_MAX, TAKEN_WAIT};
use crate::outcome::Outcome;
use crate::{args, environment, out, run, store_open};

/// Settles a doubt.
///
/// # Errors
/// It was refused, or nobody could take it in.
pub(crate) async fn settle(args: &args::Settle) -> anyhow::Result<Exit> {
    let settlement = match &args.applied {
        Some(result) => Settlement::Applied(settled(run::value(result)?)?),
        None => Settlement::NotApplied,
    };
    let call = CallId::new(args.call.as_str());
    let mail = Mail::Settle { call, settlement, evidence: args.evidence.clone() };
    put(&args.run, &args.mail, legible(mail)?).await
}

/// Mail with a value that somebody gave. Whoever takes it in reads it from its text, one level deeper than it was given:
/// what can't be read stops the run.
fn legible(mail: Mail) -> anyhow::Result<Mail> {
    match serde_json::from_str::<Mail>(&serde_json::to_string(&mail)?) {
        Ok(_) => Ok(mail),
        Err(cause) => Err(stop(Exit::Usage, format!("the value is nested too deeply to be kept: {cause}"))),
    }
}

/// A result as somebody says it, if a call can have had it.
fn settled(result: Value) -> anyhow::Result<Value> {
    within(result, "the result", "a call's result", "say in `--evidence` where the rest is")
}

/// A value that somebody gives, if it isn't larger than what a call may give.
fn within(value: Value, what: &str, as_what: &str, rest: &str) -> anyhow::Result<Value> {
    let bytes = value.to_string().len();
    if bytes > SETTLED_BYTES_MAX {
        let message = format!(
            "{what} has {bytes} bytes, more than the {SETTLED_BYTES_MAX} that {as_what} may have: give its important \
             part, and {rest}"
        );
        return Err(stop(Exit::Usage, message));
    }
    Ok(value)
}

/// Tells a run that something happened.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn signal(args: &args::Signal) -> anyhow::Result<Exit> {
    let value = run::value(&args.value)?;
    let value = within(value, "what the signal carries", "a signal", "let it say where the rest is")?;
    let mail = Mail::Signal { name: args.name.clone(), key: args.step.clone(), value };
    put(&args.run, &args.mail, legible(mail)?).await
}

/// Raises a limit.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn raise(args: &args::Raise) -> anyhow::Result<Exit> {
    let counts = [
        (LimitKind::Tokens, args.tokens),
        (LimitKind::Turns, args.turns),
        (LimitKind::Attempts, args.attempts),
        (LimitKind::Calls, args.calls),
    ];
    let count = counts.into_iter().find_map(|(limit, count)| Some((limit, Ceiling::Count(count?))));
    let money = args.cost.map(|cost| (LimitKind::Cost, Ceiling::Money(cost)));
    let time = args.time.map(|ms| (LimitKind::Time, Ceiling::Ms(ms)));
    let (limit, to) = count.or(money).or(time).ok_or_else(|| stop(Exit::Usage, "say which limit"))?;
    put(&args.run, &args.mail, Mail::Raise { limit, to, reason: args.reason.clone() }).await
}

/// Ends a run.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn cancel(args: &args::Steer) -> anyhow::Result<Exit> {
    put(&args.run, &args.mail, Mail::Cancel { reason: args.reason.clone() }).await
}

/// Lets a run rest.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn pause(args: &args::Steer) -> anyhow::Result<Exit> {
    put(&args.run, &args.mail, Mail::Pause { reason: args.reason.clone() }).await
}

/// Lets a run go on that was paused.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn resume(args: &args::Steer) -> anyhow::Result<Exit> {
    put(&args.run, &args.mail, Mail::Resume { reason: args.reason.clone() }).await
}

/// Ends a run at once.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn kill(args: &args::Kill) -> anyhow::Result<Exit> {
    put(&args.run, &args.mail, Mail::Kill { reason: args.reason.clone() }).await
}

/// Has what is stuck tried again.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn retry(args: &args::Retry) -> anyhow::Result<Exit> {
    let (call, reason) = (CallId::new(args.call.as_str()), args.reason.clone());
    put(&args.run, &args.mail, Mail::Retry { call, reason }).await
}

/// Lets stand what a call did.
///
/// # Errors
/// As for [`settle`].
pub(crate) async fn accept(args: &args::Accept) -> anyhow::Result<Exit> {
    let (call, reason) = (CallId::new(args.call.as_str()), args.reason.clone());
    put(&args.run, &args.mail, Mail::Accept { call, reason }).await
}

/// Puts mail to a run, waits until it is taken in, and says what became of it.
pub(crate) async fn put(run: &str, args: &args::Mail, mail: Mail) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let run = store_open::find_run(&store, run).await?;
    let mut driving = Driving::new(store.clone());
    let posted = post(&mut driving, run, mail).await?;
    let outcome = taken(&mut driving, run, &posted).await?;
    tell(&mut driving, run, &posted, outcome, args, json!({})).await
}

/// Says what became of mail, and follows the run where that is wanted. `more` stands in the document too.
///
/// # Errors
/// It was refused, or the run can't be followed.
pub(crate) async fn tell(
    driving: &mut Driving,
    run: RunId,
    posted: &Posted,
    outcome: MailOutcome,
    args: &args::Mail,
    more: Value,
) -> anyhow::Result<Exit> {
    let store = driving.store().clone();
    let stands = if args.follow && outcome == MailOutcome::Done {
        match follow(driving, &mut [Followed::new(run)]).await? {
            Ended::Rested => Some(Outcome::of(&store, run).await?),
            Ended::Detached => return Ok(Exit::Done),
            Ended::Interrupted => return Ok(Exit::Interrupted),
        }
    } else {
        None
    };
    let status = store.run(run).await?.map_or("gone", |row| row.status.name());
    if args.json {
        let (word, why) = match &outcome {
            MailOutcome::Done => ("done", None),
            MailOutcome::Refused { why } => ("refused", Some(why)),
        };
        let mut document =
            json!({ "run": run, "command": posted.id, "outcome": word, "why": why, "status": status });
        if let (Some(document), Some(more)) = (document.as_object_mut(), more.as_object()) {
            document.extend(more.clone());
        }
        out::json(&document)?;
    }
    match outcome {
        MailOutcome::Refused { why } => Err(stop(Exit::Failed, format!("refused: {why}"))),
        MailOutcome::Done => {
            if let Some(stands) = stands {
                if args.json {
                    stands.explain()
                } else {
                    stands.tell(false)?
                }
                return Ok(stands.code());
            }
            out::note(format!("done; run {run} is {status}"));
            Ok(Exit::Done)
        }
    }
}

/// Mail on its way.
pub(crate) struct Posted {
    pub(crate) id: CommandId,
    /// Where the run stood before: it is taken in behind this.
    pub(crate) after: Seq,
}

/// Puts mail to a run that can still take it in.
///
/// # Errors
/// The run has ended or is set aside, or the store can't be written.
pub(crate) async fn post(driving: &mut Driving, run: RunId, mail: Mail) -> anyhow::Result<Posted> {
    let store = driving.store().clone();
    let row = store.run(run).await?.ok_or(LoadError::NotFound { run })?;
    // Of an ended run only what was left standing can still be accepted.
    let accepts = matches!((&mail, &row.status), (Mail::Accept { .. }, Status::Standing(_)));
    if row.status.is_ended() && !accepts {
        let message =
            format!("refused: run {run} has ended ({}): nothing can be changed any more", row.status.name());
        return Err(stop(Exit::Failed, message));
    }
    if row.aside {
        let message = format!("run {run} is set aside, so nobody takes this in: first `handfast go {run}`");
        return Err(stop(Exit::Doubt, message));
    }
    let id = handfast_host::new_command_id();
    let row_of_mail =
        MailRow { id: id.clone(), run, who: environment::who(), at: handfast_host::now(), mail };
    store.put_mail(row_of_mail).await?;
    driving.ensure(&[])?;
    Ok(Posted { id, after: row.head.seq })
}

/// Waits until mail was taken in, and tells what became of it.
///
/// # Errors
/// Nobody took it in; it waits in the mailbox.
pub(crate) async fn taken(driving: &mut Driving, run: RunId, posted: &Posted) -> anyhow::Result<MailOutcome> {
    let store = driving.store().clone();
    let begun = Instant::now();
    let mut after = posted.after;
    loop {
        // The row first: where it says that the run has ended, all its events are there to be read.
        let row = store.run(run).await?.ok_or(LoadError::NotFound { run })?;
        let page = store.read(run, after, EVENTS_PAGE).await?;
        for stored in &page {
            let event = stored.decode().map_err(|cause| LoadError::Damaged {
                run,
                seq: after.next(),
                cause: handfast_store::Damage::Decode(cause),
            })?;
            after = event.seq;
            if let Body::MailTaken(taken) = event.body
                && taken.id == posted.id
            {
                return Ok(taken.outcome);
            }
        }
        if page.len() == EVENTS_PAGE {
            continue;
        }
        if row.status.is_ended() && !matches!(row.status, Status::Standing(_)) {
            let why = format!("the run ended ({}) before this was taken in", row.status.name());
            return Ok(MailOutcome::Refused { why });
        }
        if row.aside {
            let why =
                crate::log::why_aside(store.path(), run).unwrap_or_else(|| "see the worker's log".to_owned());
            let message = format!(
                "run {run} can't be driven here and was set aside: {why}\n  what you said waits in its mailbox; mend \
                 that, then `handfast go {run}`"
            );
            return Err(stop(Exit::Doubt, message));
        }
        waits_on(driving, begun, run, "it waits in the mailbox, and the next worker takes it in").await?;
    }
}

/// Waits until a run that began was taken by a worker, so that whoever started it can leave.
///
/// # Errors
/// Nobody takes it.
pub(crate) async fn until_taken(driving: &mut Driving, run: RunId) -> anyhow::Result<()> {
    let store = driving.store().clone();
    let begun = Instant::now();
    let mut is_seen_to = false;
    loop {
        let row = store.run(run).await?.ok_or(LoadError::NotFound { run })?;
        let is_free = row.worker.is_none() && !row.status.rests();
        if row.epoch.0 > 0 && (is_seen_to || !is_free) {
            return Ok(());
        }
        if !is_seen_to {
            driving.ensure(&[])?;
            is_seen_to = true;
        }
        waits_on(driving, begun, run, "it has begun, and the next worker takes it").await?;
    }
}

/// Waits a moment, with somebody who drives; gives up when it took too long.
async fn waits_on(driving: &mut Driving, begun: Instant, run: RunId, stands: &str) -> anyhow::Result<()> {
    let is_driven = driving.is_alive()? || driving.again()?;
    if !is_driven || begun.elapsed() > TAKEN_WAIT {
        let words = driving.last_words().or_else(|| driving.full_disk());
        let why = words.unwrap_or_else(|| format!("see {}", driving.log_path().display()));
        let message = format!("no worker takes run {run} on ({why}): {stands}; then `handfast go {run}`");
        return Err(stop(Exit::Unavailable, message));
    }
    sleep(LOOK).await;
    Ok(())
}
