//! `handfast inbox`: everything that waits for a person, each item with its verb.

use handfast_events::Status;
use handfast_report::{Item, Style, Trace, inbox, render_item, visible};
use handfast_store::{RunFilter, RunRow, SqliteStore, StatusFilter, Store as _};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::outcome::aside;
use crate::{args, out, store_open};

/// The statuses of runs that a person may have to look at, those first that nobody else can move. A run that waits for a time
/// or a signal waits for nothing else: however many do, they hide nothing.
const LOOKED_AT: [&str; 13] = [
    "waiting (settlement)",
    "waiting (approval)",
    "paused",
    "stuck",
    "quarantined",
    "done (standing)",
    "failed (standing)",
    "cancelled (standing)",
    "running",
    "compensating",
    "waiting (claim)",
    "waiting (call)",
    "waiting (retry)",
];

/// One run with what waits in it.
struct Waiting {
    row: RunRow,
    items: Vec<Item>,
}

/// Lists it.
///
/// # Errors
/// There is no store, or it can't be read.
pub(crate) async fn run(args: &args::Inbox) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let (rows, has_more) = match &args.run {
        Some(name) => {
            let run = store_open::find_run(&store, name).await?;
            (store.run(run).await?.into_iter().collect(), false)
        }
        None => rows(&store, args.limit).await?,
    };
    let mut waiting = Vec::new();
    for row in rows {
        let items = items(&store, &row).await?;
        if !items.is_empty() {
            waiting.push(Waiting { row, items });
        }
    }
    if args.json {
        let items: Vec<Value> = waiting.iter().flat_map(documents).collect();
        out::json(&json!({ "items": items, "more": has_more }))?;
        return Ok(Exit::Done);
    }
    if waiting.is_empty() {
        out::note("nothing waits for anybody");
    }
    let text: Vec<String> = waiting.iter().map(told).collect();
    if !text.is_empty() {
        out::data(text.join("\n").trim_end())?;
    }
    if has_more {
        out::note(format!("the {} youngest runs that wait; `--limit` shows more", args.limit));
    }
    Ok(Exit::Done)
}

/// Runs that something may wait in, and whether there are more than were asked for.
async fn rows(store: &SqliteStore, limit: usize) -> anyhow::Result<(Vec<RunRow>, bool)> {
    let mut rows: Vec<RunRow> = Vec::new();
    for status in LOOKED_AT {
        let room = limit.saturating_sub(rows.len()) + 1;
        let status = Some(StatusFilter::new(status));
        let found = store.runs(RunFilter { status, limit: room, ..RunFilter::default() }).await?;
        rows.extend(found);
    }
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, has_more))
}

async fn items(store: &SqliteStore, row: &RunRow) -> anyhow::Result<Vec<Item>> {
    if row.aside || row.status == Status::Quarantined {
        let explanation = aside(store, row.run);
        let since = Some(row.updated);
        return Ok(vec![Item {
            id: None,
            kind: "quarantined",
            run: row.run,
            place: None,
            since,
            explanation,
        }]);
    }
    let journal = store.load(row.run).await?;
    Ok(inbox(&Trace::fold(row.run, &journal.events)))
}

/// The items of one run, as people read them.
fn told(waiting: &Waiting) -> String {
    let row = &waiting.row;
    let mut text = String::new();
    for item in &waiting.items {
        let name = item.id.as_ref().map_or_else(|| row.run.to_string(), ToString::to_string);
        let place = item.place.as_deref().map(|place| format!(" · {place}")).unwrap_or_default();
        let since = item.since.map(|at| format!(" · since {}", at.strftime("%Y-%m-%d %H:%M:%S")));
        let head = format!(
            "{name} · {} · {}/{}{place}{}",
            item.kind,
            row.contract,
            row.workflow,
            since.unwrap_or_default()
        );
        text.push_str(&visible(&head));
        text.push('\n');
        for line in render_item(item, out::columns().saturating_sub(2), Style::Colour).lines() {
            text.push_str(&format!("  {line}\n"));
        }
        text.push('\n');
    }
    text
}

fn documents(waiting: &Waiting) -> Vec<Value> {
    let row = &waiting.row;
    let one = |item: &Item| {
        let mut document = serde_json::to_value(item).unwrap_or_default();
        if let Some(fields) = document.as_object_mut() {
            fields.insert("contract".into(), row.contract.clone().into());
            fields.insert("workflow".into(), row.workflow.clone().into());
            fields.insert("status".into(), row.status.name().into());
        }
        document
    };
    waiting.items.iter().map(one).collect()
}
