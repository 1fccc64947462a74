//! `handfast runs`: what is going on in a store.

use comfy_table::{ContentArrangement, Table, presets};
use handfast_events::{EndedAs, Status, Waits};
use handfast_store::{RunFilter, RunRow, StatusFilter, Store as _, driver_alive};
use serde_json::{Value, json};

use crate::exit::{Exit, stop};
use crate::{args, out, store_open};

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
    let rows = store.runs(filter).await?;
    if args.json {
        out::json(&json!({ "runs": rows.iter().map(row).collect::<Vec<_>>() }))?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        out::note("no such run");
        return Ok(Exit::Done);
    }
    out::data(&table(&rows))?;
    let can_move = |row: &RunRow| !row.status.rests() && !row.aside;
    if rows.iter().any(can_move) && driver_alive(store.path())?.is_none() {
        out::note("nobody drives these runs: `handfast go` goes on with what can move");
    }
    if rows.len() == args.limit {
        out::note(format!("the {} youngest; `--limit` shows more", rows.len()));
    }
    Ok(Exit::Done)
}

fn table(rows: &[RunRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["RUN", "STATUS", "WORKFLOW", "BEGAN (UTC)", "NEWEST EVENT"]);
    for row in rows {
        let time = |at: handfast_events::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        table.add_row([
            row.run.to_string(),
            stands(row).to_owned(),
            format!("{}/{}", row.contract, row.workflow),
            time(row.started),
            time(row.updated),
        ]);
    }
    table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A run's status in words; one that is set aside is quarantined, whatever it did before.
fn stands(row: &RunRow) -> &'static str {
    if row.aside { Status::Quarantined.name() } else { row.status.name() }
}

fn row(row: &RunRow) -> Value {
    json!({
        "run": row.run,
        "status": stands(row),
        "contract": row.contract,
        "workflow": row.workflow,
        "started": row.started,
        "updated": row.updated,
        "wake_at": row.wake_at,
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
