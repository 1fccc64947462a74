//! `handfast journal`: a run's events, as far as they verify.

use handfast_events::{RunId, Seq, StoredEvent};
use handfast_report::{Style, journal_line};
use handfast_store::{Damage, LoadError, SqliteStore, Store as _};
use serde_json::value::RawValue;

use crate::exit::Exit;
use crate::limits::EVENTS_PAGE;
use crate::{args, out, store_open};

/// Shows the events of a run. Where the journal is damaged, those before the damage, then the error.
///
/// # Errors
/// There is no such run, or its journal is damaged.
pub(crate) async fn run(args: &args::Journal) -> anyhow::Result<Exit> {
    let store = store_open::existing(&args.store)?;
    let run = store_open::find_run(&store, &args.run).await?;
    let report = store.verify(run).await?;
    show(&store, run, report.head.seq, args.json).await?;
    match report.damaged {
        None => Ok(Exit::Done),
        Some((seq, cause)) => Err(LoadError::Damaged { run, seq, cause }.into()),
    }
}

async fn show(store: &SqliteStore, run: RunId, until: Seq, json: bool) -> anyhow::Result<()> {
    let mut after = Seq::default();
    while after < until {
        let page = store.read(run, after, EVENTS_PAGE).await?;
        if page.is_empty() {
            break;
        }
        let mut text = Vec::with_capacity(page.len());
        for stored in &page {
            let event = stored.decode().map_err(|cause| LoadError::Damaged {
                run,
                seq: after.next(),
                cause: Damage::Decode(cause),
            })?;
            if event.seq > until {
                break;
            }
            after = event.seq;
            text.push(if json { raw(stored)? } else { journal_line(&event, out::columns(), Style::Colour) });
        }
        out::data(&text.join("\n"))?;
    }
    Ok(())
}

/// An event as it is stored, to the byte: its envelope and its payload.
fn raw(stored: &StoredEvent) -> anyhow::Result<String> {
    let part = |bytes: &[u8]| -> anyhow::Result<Box<RawValue>> { Ok(serde_json::from_slice(bytes)?) };
    let event = std::collections::BTreeMap::from([
        ("body", part(&stored.payload)?),
        ("envelope", part(&stored.envelope)?),
    ]);
    Ok(serde_json::to_string(&event)?)
}
