//! `handfast chat`, `say`, `leave`: a conversation, line by line. It is driven as every run is: here it is only looked at, and
//! what somebody says is put into its mailbox.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use handfast_events::{ApprovalId, Mail, MailOutcome, RunId, Status, Waits};
use handfast_report::{Line, Speaker, Trace, visible};
use handfast_store::{SqliteStore, Store as _};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::detach::Driving;
use crate::exit::{Exit, stop};
use crate::files::text_of;
use crate::follow::{Ended, Followed, follow_talk};
use crate::limits::INPUT_BYTES_MAX;
use crate::outcome::Outcome;
use crate::run::{Begun, Wanted, begin};
use crate::{args, out, post, store_open};

/// Whose turn it is.
enum Turn {
    /// Somebody may say something: to this question, where one is open.
    Ours(Option<ApprovalId>),
    /// Only somebody else can move it, or it is over.
    NotOurs,
}

/// Talks until either leaves.
///
/// # Errors
/// Nothing was started, or nobody could take in what was said.
pub(crate) async fn chat(args: &args::Chat) -> anyhow::Result<Exit> {
    let (run, mut driving) = match &args.run {
        Some(name) => {
            let store = store_open::existing(&args.start.store)?;
            let run = store_open::find_run(&store, name).await?;
            (run, Driving::new(store))
        }
        None => {
            let Begun { run, what, driving, .. } = begin(&args.start, Wanted::Conversation).await?;
            out::note(format!("run {run}: {what}"));
            (run, driving)
        }
    };
    let mut followed = Followed::new(run);
    let mut shown = 0;
    // Of a conversation that went on before, what they said is shown too.
    let mut is_new_here = true;
    let mut is_heard_whole = true;
    loop {
        match follow_talk(&mut driving, &mut followed).await? {
            Ended::Rested => {}
            Ended::Detached => return Ok(Exit::Done),
            Ended::Interrupted => return Ok(Exit::Interrupted),
        }
        let trace = followed.trace();
        must_be_a_talk(trace)?;
        show(trace.talk.get(shown..).unwrap_or_default(), is_new_here)?;
        (shown, is_new_here) = (trace.talk.len(), false);
        let Turn::Ours(question) = turn(trace) else { break };
        let mail = match hear(question.is_some(), run).await? {
            Heard::Line(text) if text.trim().is_empty() => continue,
            Heard::Line(text) => Mail::Say { text, to: question },
            Heard::End if args.stay => break,
            Heard::End => Mail::Leave,
            Heard::Interrupt => {
                out::note(format!("the conversation stays open: go on with `handfast chat --run {run}`"));
                return Ok(Exit::Done);
            }
        };
        let posted = post::post(&mut driving, run, mail).await?;
        if let MailOutcome::Refused { why } = post::taken(&mut driving, run, &posted).await? {
            out::note(format!("refused: {why}"));
            is_heard_whole = false;
        }
        followed.again();
    }
    let outcome = Outcome::of(driving.store(), run).await?;
    outcome.explain();
    // Whoever talks by a script must see that something of it was not taken in.
    Ok(if is_heard_whole { outcome.code() } else { outcome.code().worse(Exit::Failed) })
}

/// Says one thing, to the question that is open if one is.
///
/// # Errors
/// It was refused, or nobody could take it in.
pub(crate) async fn say(args: &args::Say) -> anyhow::Result<Exit> {
    let text = match args.text.as_str() {
        "-" => text_of(&mut std::io::stdin(), "standard input")?,
        text => text.to_owned(),
    };
    let store = store_open::existing(&args.store)?;
    let run = store_open::find_run(&store, &args.run).await?;
    let before = load(&store, run).await?;
    must_be_a_talk(&before)?;
    let to = before.asked_in_talk().cloned();
    if let Some(asked) = to.as_ref().and_then(|id| before.question(id)) {
        out::note(format!("to: {}", visible(&asked.question.asked.question)));
    }
    let mut driving = Driving::new(store.clone());
    let posted = post::post(&mut driving, run, Mail::Say { text, to }).await?;
    let outcome = post::taken(&mut driving, run, &posted).await?;
    let mut said: Vec<Line> = Vec::new();
    if args.wait && outcome == MailOutcome::Done {
        let mut followed = Followed::new(run);
        match follow_talk(&mut driving, &mut followed).await? {
            Ended::Rested => {}
            Ended::Detached => return Ok(Exit::Done),
            Ended::Interrupted => return Ok(Exit::Interrupted),
        }
        let new = followed.trace().talk.get(before.talk.len()..).unwrap_or_default();
        said = new.iter().filter(|line| !matches!(line.by, Speaker::Person { .. })).cloned().collect();
    }
    let status = store.run(run).await?.map_or("gone", |row| row.status.name());
    let why = match &outcome {
        MailOutcome::Done => None,
        MailOutcome::Refused { why } => Some(why.clone()),
    };
    if args.json {
        let word = if why.is_none() { "done" } else { "refused" };
        out::json(&json!({
            "run": run, "command": posted.id, "outcome": word, "why": why, "status": status, "said": said,
        }))?;
    } else {
        show(&said, false)?;
    }
    match why {
        Some(why) => Err(stop(Exit::Failed, format!("refused: {why}"))),
        None => {
            out::note(format!("done; run {run} is {status}"));
            Ok(Exit::Done)
        }
    }
}

/// Leaves.
///
/// # Errors
/// As for [`say`].
pub(crate) async fn leave(args: &args::Leave) -> anyhow::Result<Exit> {
    post::put(&args.run, &args.mail, Mail::Leave).await
}

async fn load(store: &SqliteStore, run: RunId) -> anyhow::Result<Trace> {
    let journal = store.load(run).await?;
    Ok(Trace::fold(run, &journal.events))
}

fn must_be_a_talk(trace: &Trace) -> anyhow::Result<()> {
    if trace.is_talk() {
        return Ok(());
    }
    let message = format!("run {} is no conversation: `handfast go {0}` follows it", trace.run);
    Err(stop(Exit::Usage, message))
}

fn turn(trace: &Trace) -> Turn {
    let question = trace.asked_in_talk().cloned();
    match trace.status() {
        Status::Waiting(Waits::Message { .. }) => Turn::Ours(None),
        Status::Waiting(Waits::Approval) if question.is_some() => Turn::Ours(question),
        _ => Turn::NotOurs,
    }
}

/// Shows what was said: on standard output, so that whoever reads from a pipe has the words alone.
fn show(lines: &[Line], with_theirs: bool) -> anyhow::Result<()> {
    for line in lines {
        let before = match &line.by {
            Speaker::Person { .. } if with_theirs => "> ",
            Speaker::Person { .. } => continue,
            Speaker::Agent | Speaker::Question { .. } => "",
        };
        let behind = match &line.by {
            Speaker::Question { is_yes_or_no: true, .. } => " (yes or no)",
            _ => "",
        };
        let text: Vec<String> = line.text.lines().map(|one| format!("{before}{}", visible(one))).collect();
        out::data(&format!("{}{behind}", text.join("\n")))?;
    }
    Ok(())
}

/// What came from standard input.
enum Heard {
    Line(String),
    End,
    Interrupt,
}

/// Reads one line. What was typed before a question was shown is no answer to it, so a terminal forgets that.
async fn hear(is_asked: bool, run: RunId) -> anyhow::Result<Heard> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        if is_asked {
            rustix::termios::tcflush(&stdin, rustix::termios::QueueSelector::IFlush)?;
        }
        out::prompt("> ");
    }
    let mut interrupts = signal(SignalKind::interrupt())?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let mut input = std::io::stdin().lock().take(INPUT_BYTES_MAX);
        let bytes = input.read_line(&mut line)?;
        if input.limit() == 0 {
            let message = format!("a line has more than {INPUT_BYTES_MAX} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, message));
        }
        Ok((bytes > 0).then_some(line))
    });
    tokio::select! {
        _ = interrupts.recv() => Ok(Heard::Interrupt),
        read = read => Ok(match read?.map_err(|cause| unread(&cause, run))? {
            Some(line) => Heard::Line(line.trim_end_matches(['\n', '\r']).to_owned()),
            None => Heard::End,
        }),
    }
}

/// What can't be read is said to nobody; the conversation stays.
fn unread(cause: &std::io::Error, run: RunId) -> anyhow::Error {
    let message = format!(
        "what comes from standard input can't be read: {cause}; the conversation stays open: `handfast chat --run {run}`"
    );
    stop(Exit::Usage, message)
}
