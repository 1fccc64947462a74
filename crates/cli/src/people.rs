//! `handfast approve`, `deny`, `answer`: what somebody says to a question, once.

use handfast_events::{ApprovalId, Mail, MailOutcome, RunId};
use handfast_report::{Item, Style, Trace, inbox, render_item};
use handfast_store::{FoundRun, SqliteStore, Store as _};
use serde_json::json;

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::{args, out, post, store_open};

/// What is said to a question.
struct Said<'a> {
    id: &'a str,
    answer: &'a str,
    role: Option<&'a str>,
    note: &'a str,
}

/// Says yes.
///
/// # Errors
/// There is no such item, it was refused, or nobody could take it in.
pub(crate) async fn approve(args: &args::Approve) -> anyhow::Result<Exit> {
    let said = Said { id: &args.id, answer: "approved", role: args.role.as_deref(), note: &args.note };
    say(said, &args.mail).await
}

/// Says no.
///
/// # Errors
/// As for [`approve`].
pub(crate) async fn deny(args: &args::Deny) -> anyhow::Result<Exit> {
    if args.note.trim().is_empty() {
        return Err(stop(Exit::Usage, "say why not with `--note`: whoever asked is told"));
    }
    let said = Said { id: &args.id, answer: "denied", role: args.role.as_deref(), note: &args.note };
    say(said, &args.mail).await
}

/// Gives one of the answers that a step has asked for.
///
/// # Errors
/// As for [`approve`].
pub(crate) async fn answer(args: &args::Answer) -> anyhow::Result<Exit> {
    let said = Said { id: &args.id, answer: &args.answer, role: args.role.as_deref(), note: &args.note };
    say(said, &args.mail).await
}

async fn say(said: Said<'_>, args: &args::Mail) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let id = ApprovalId::new(said.id.trim());
    let (run, trace) = find(&store, &id).await?;
    if let Some(told) = became(&trace, &id) {
        return Err(stop(Exit::Failed, format!("refused: {told}")));
    }
    let item = inbox(&trace).into_iter().find(|item| item.id.as_ref() == Some(&id));
    if let Some(item) = &item {
        show(item);
    }
    let mail = Mail::Answer {
        id: id.clone(),
        answer: said.answer.to_owned(),
        role: said.role.map(str::to_owned),
        note: said.note.to_owned(),
    };
    let mut driving = Driving::new(store.clone());
    let posted = post::post(&mut driving, run, mail).await?;
    let outcome = match post::taken(&mut driving, run, &posted).await? {
        MailOutcome::Done => MailOutcome::Done,
        // Somebody else was first: what they said is worth more than that the run has ended.
        MailOutcome::Refused { why } => {
            let (_, trace) = find(&store, &id).await?;
            MailOutcome::Refused { why: became(&trace, &id).unwrap_or(why) }
        }
    };
    let more = json!({ "item": id, "answer": said.answer });
    post::tell(&mut driving, run, &posted, outcome, args, more).await
}

/// What is decided on, for whoever decides.
fn show(item: &Item) {
    out::note(render_item(item, out::columns(), Style::Colour).trim_end());
}

/// What became of a question that is not open any more.
fn became(trace: &Trace, id: &ApprovalId) -> Option<String> {
    let told = trace.question(id)?.told()?;
    Some(format!("{id} is over: {told}"))
}

/// The run that asks this, and its story. The id says which runs to look into; no other journal is read.
async fn find(store: &SqliteStore, id: &ApprovalId) -> anyhow::Result<(RunId, Trace)> {
    let not_found = || {
        let message = format!("no item has the id `{id}`: `handfast inbox` lists those that wait");
        stop(Exit::NotFound, message)
    };
    let end = id.run_end().ok_or_else(not_found)?;
    let runs = match store.find_run(end).await? {
        FoundRun::One(run) => vec![run],
        FoundRun::Many(runs) => runs,
        FoundRun::None => Vec::new(),
    };
    for run in runs {
        let journal = store.load(run).await?;
        let trace = Trace::fold(run, &journal.events);
        if trace.question(id).is_some() {
            return Ok((run, trace));
        }
    }
    Err(not_found())
}
