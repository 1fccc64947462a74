//! `handfast trace`: a run as a tree, or every prompt that its models were sent.

use handfast_events::{Event, RunId};
use handfast_report::{Style, Trace, prompts, render, render_explanation, visible};
use handfast_store::{Journal, RunRow, SqliteStore, Store as _, driver_alive};
use serde_json::json;

use crate::exit::{Exit, stop};
use crate::{args, out, outcome, store_open};

/// Shows a run.
///
/// # Errors
/// There is no such run, or its journal is damaged.
pub(crate) async fn run(args: &args::Trace) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let run = store_open::find_run(&store, &args.run).await?;
    let Journal { row, mut events, .. } = store.load(run).await?;
    if let Some(at) = args.at {
        let newest = events.last().map_or(0, |event| event.seq.0);
        if at == 0 || at > newest {
            let message = format!("run {run} has events 1 to {newest}: `--at {at}` is none of them");
            return Err(stop(Exit::Usage, message));
        }
        events.retain(|event| event.seq.0 <= at);
    }
    if args.prompts {
        show_prompts(run, &events, args.json)?;
    } else if args.json {
        out::json(&Trace::fold(run, &events).document()?)?;
    } else {
        out::data(&render(&Trace::fold(run, &events), out::columns(), Style::Colour))?;
        stands(&store, &row)?;
    }
    Ok(Exit::Done)
}

/// What the journal alone doesn't say: that nothing moves the run though it could.
fn stands(store: &SqliteStore, row: &RunRow) -> anyhow::Result<()> {
    if row.aside {
        let why = outcome::aside(store, row.run);
        out::note(render_explanation(&why, out::columns(), Style::Colour).trim_end());
    } else if !row.status.rests() && driver_alive(store.path())?.is_none() {
        out::note(format!("nobody drives it: `handfast go {}` goes on", row.run));
    }
    Ok(())
}

/// One after the other: all of them together would take as much as a run's length squared.
fn show_prompts(run: RunId, events: &[Event], json: bool) -> anyhow::Result<()> {
    let mut is_any = false;
    for asked in prompts(events) {
        let asked = asked?;
        is_any = true;
        let text = asked.prompt.text();
        if json {
            out::data(&serde_json::to_string(&json!({
                "run": run,
                "seq": asked.seq,
                "step": asked.step,
                "turn": asked.turn,
                "attempt": asked.attempt,
                "model": asked.model,
                "summarises": asked.summarises,
                "request": text,
            }))?)?;
            continue;
        }
        let sums_up = asked.summarises.map(|oldest| format!(" · sums up the oldest {oldest}"));
        let place = format!("{} turn {} attempt {}", asked.step, asked.turn, asked.attempt);
        let place = format!("{place}{}", sums_up.unwrap_or_default());
        out::data(&format!("--- {place} · {} · seq {} ---", asked.model, asked.seq))?;
        out::data(&readable(&text))?;
    }
    if !is_any && !json {
        out::note("no model was asked");
    }
    Ok(())
}

/// A request as people read it: its JSON with line breaks, where it is some.
fn readable(request: &str) -> String {
    let pretty = serde_json::from_str::<serde_json::Value>(request)
        .and_then(|json| serde_json::to_string_pretty(&json));
    match pretty {
        Ok(pretty) => pretty.lines().map(|line| visible(line).into_owned()).collect::<Vec<_>>().join("\n"),
        Err(_) => visible(request).into_owned(),
    }
}
