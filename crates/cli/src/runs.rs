//! `handfast runs`: what is going on in a store.

use comfy_table::{ContentArrangement, Table, presets};
use handfast_events::{EndedAs, Envelope, Event, Seq, Status, StoredEvent, Waits};
use handfast_report::{Held, held_among, visible};
use handfast_store::{RunFilter, RunRow, SqliteStore, StatusFilter, Store as _, driver_alive};
use serde_json::{Value, json};

use crate::exit::{Exit, stop};
use crate::limits::{HELD_CHARS, HELD_EVENTS, HELD_RUNS};
use crate::{args, out, store_open};

/// A run as it is listed.
struct Listed {
    row: RunRow,
    /// What it is held by, where it waits for that.
    held: Option<Held>,
}

/// Lists runs.
///
/// # Errors
/// There is no store, or no such status.
pub(crate) async fn run(args: &args::Runs) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let filter = RunFilter {
        status: args.status.as_deref().map(status).transpose()?,
        workflow: args.workflow.clone(),
        since: args.since,
        limit: args.limit,
        ..RunFilter::default()
    };
    let rows = listed(&store, store.runs(filter).await?).await;
    if args.json {
        out::json(&json!({ "runs": rows.iter().map(document).collect::<Vec<_>>() }))?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        out::note("no such run");
        return Ok(Exit::Done);
    }
    out::data(&table(&rows))?;
    let can_move = |run: &Listed| !run.row.status.rests() && !run.row.aside;
    if rows.iter().any(can_move) && driver_alive(store.path())?.is_none() {
        out::note("nobody drives these runs: `handfast go` goes on with what can move");
    }
    if rows.len() == args.limit {
        out::note(format!("the {} youngest; `--limit` shows more", rows.len()));
    }
    Ok(Exit::Done)
}

/// The rows, each with what holds it: the end of a journal says it, and is read only where a run waits for its next attempt.
async fn listed(store: &SqliteStore, rows: Vec<RunRow>) -> Vec<Listed> {
    let (mut all, mut left) = (Vec::with_capacity(rows.len()), HELD_RUNS);
    for row in rows {
        let waits = matches!(row.status, Status::Waiting(Waits::Retry { .. })) && !row.aside;
        let is_read = waits && left > 0;
        left -= usize::from(is_read);
        let held = if is_read { held(store, &row).await } else { None };
        all.push(Listed { row, held });
    }
    all
}

/// What a run is held by. A journal that can't be read holds up no list: whoever looks at the run itself is told.
async fn held(store: &SqliteStore, row: &RunRow) -> Option<Held> {
    let Status::Waiting(Waits::Retry { until }) = row.status else { return None };
    let after = Seq(row.head.seq.0.saturating_sub(HELD_EVENTS as u64));
    let newest = store.read(row.run, after, HELD_EVENTS).await.ok()?;
    held_among(&newest.iter().filter_map(hold).collect::<Vec<_>>(), until)
}

/// The event, if it is a hold: the others may be large, and aren't decoded.
fn hold(stored: &StoredEvent) -> Option<Event> {
    let envelope: Envelope = serde_json::from_slice(&stored.envelope).ok()?;
    matches!(&*envelope.kind, "ModelHeld" | "CallHeld").then(|| stored.decode().ok()).flatten()
}

fn table(rows: &[Listed]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec!["RUN", "STATUS", "WORKFLOW", "BEGAN (UTC)", "NEWEST EVENT"];
    let is_any_held = rows.iter().any(|run| run.held.is_some());
    header.extend(is_any_held.then_some("WAITS"));
    table.set_header(header);
    let now = handfast_host::now();
    for Listed { row, held } in rows {
        let time = |at: handfast_events::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let mut cells = vec![
            row.run.to_string(),
            stands(row).to_owned(),
            format!("{}/{}", row.contract, row.workflow),
            time(row.started),
            time(row.updated),
        ];
        cells.extend(is_any_held.then(|| held.as_ref().map(|held| told(held, now)).unwrap_or_default()));
        table.add_row(cells);
    }
    table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

/// What a run is held by, on what is left of its line.
fn told(held: &Held, now: handfast_events::Timestamp) -> String {
    let told = held.told(now);
    let told = visible(&told);
    match told.char_indices().nth(HELD_CHARS) {
        Some((end, _)) => format!("{}…", told.get(..end).unwrap_or_default()),
        None => told.into_owned(),
    }
}

/// A run's status in words; one that is set aside is quarantined, whatever it did before.
fn stands(row: &RunRow) -> &'static str {
    if row.aside { Status::Quarantined.name() } else { row.status.name() }
}

fn document(Listed { row, held }: &Listed) -> Value {
    json!({
        "run": row.run,
        "status": stands(row),
        "contract": row.contract,
        "workflow": row.workflow,
        "started": row.started,
        "updated": row.updated,
        "wake_at": row.wake_at,
        "held": held,
        "seq": row.head.seq,
        "epoch": row.epoch,
        "worker": row.worker.as_ref().map(ToString::to_string),
        "set_aside": row.aside,
    })
}

/// A status as people name it.
fn status(text: &str) -> anyhow::Result<StatusFilter> {
    let filter = StatusFilter::new(text);
    let until = handfast_events::Timestamp::UNIX_EPOCH;
    let all = [
        Status::Running,
        Status::Waiting(Waits::Settlement),
        Status::Waiting(Waits::Retry { until }),
        Status::Waiting(Waits::Approval),
        Status::Waiting(Waits::Claim { by: handfast_events::RunId::from_bytes([0; 16]), until }),
        Status::Waiting(Waits::Call { until }),
        Status::Waiting(Waits::Time { until }),
        Status::Waiting(Waits::Signal { name: String::new() }),
        Status::Waiting(Waits::Message { until: None }),
        Status::PausedByLimit,
        Status::PausedForOperator,
        Status::PausedByPerson,
        Status::PausedByHalt { scope: String::new() },
        Status::Compensating,
        Status::Stuck,
        Status::Quarantined,
        Status::Done,
        Status::Failed,
        Status::Cancelled,
        Status::Killed,
        Status::Standing(EndedAs::Done),
        Status::Standing(EndedAs::Failed),
        Status::Standing(EndedAs::Cancelled),
    ];
    if all.iter().any(|status| filter.accepts(status)) {
        return Ok(filter);
    }
    let names: Vec<&str> = all.iter().map(Status::name).collect();
    Err(stop(Exit::Usage, format!("`{text}` is no status: they are {}", names.join(", "))))
}
