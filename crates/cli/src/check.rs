//! `handfast check`: the whole static check, and with `--live` the servers.

mod levels;
mod sarif;

use handfast_contract::{Contract, Diagnostic, Listing, Loaded, Lock, Paint, Severity};
use serde_json::json;

use crate::args::CheckFormat;
use crate::asked::{Asked, ask};
use crate::exit::{Exit, stop};
use crate::project::Project;
use crate::{args, out};

/// Checks.
///
/// # Errors
/// There is no contract, or it is invalid, or its servers differ from it.
pub(crate) async fn run(args: &args::Check) -> anyhow::Result<Exit> {
    let project = Project::read_and_check(&args.path, &args.settings)?;
    let file = project.file.display().to_string();
    let asked = match project.loaded.checked() {
        Some(contract) if args.live => Some(ask(contract, &project.folder, None).await),
        _ => None,
    };
    let held = asked.as_ref().map(|asked| {
        let mut live = Lock::default();
        asked.listings.iter().for_each(|(server, listing)| live.put(server, listing, |_| true));
        handfast_contract::load_live(&project.loaded.sources, &project.settings, live)
    });
    let loaded = held.as_ref().unwrap_or(&project.loaded);
    tell(args, &file, &project, loaded, asked.as_ref())?;
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let Some(contract) = project.loaded.checked() else {
        let message = format!("`{file}` is invalid ({}): mend it, then check again", number(errors, "error"));
        return Err(stop(Exit::Contract, message));
    };
    if asked.is_some_and(|asked| !asked.away.is_empty()) {
        return Err(stop(Exit::Unavailable, "not every server could be asked: see above"));
    }
    if errors > 0 {
        let message = format!("the servers differ from `{file}` in {}", number(errors, "place"));
        return Err(stop(Exit::Contract, message));
    }
    if args.told_as() == CheckFormat::Text {
        if args.levels {
            out::data(&levels::table(contract))?;
        }
        out::data(&summary(&file, contract, args.live))?;
        out::data(&format!("{file}: {}", levels::sum(contract)))?;
        if project.loaded.contract.is_none() {
            let of = |found: &&Diagnostic| found.severity == Severity::NotRun;
            let notes = loaded.diagnostics.iter().filter(of).count();
            out::note(format!("`run` would refuse it: see the {} above", number(notes, "note")));
        }
    }
    Ok(Exit::Done)
}

/// Says what was found.
fn tell(
    args: &args::Check,
    file: &str,
    project: &Project,
    loaded: &Loaded,
    asked: Option<&Asked>,
) -> anyhow::Result<()> {
    let away = || asked.into_iter().flat_map(|asked| &asked.away);
    if args.told_as() == CheckFormat::Sarif {
        return out::json(&sarif::document(loaded, &project.way()));
    }
    if args.told_as() == CheckFormat::Json {
        let mut drift: Vec<_> = away()
            .map(|(server, why)| json!({ "place": format!("servers.{server}"), "problem": why }))
            .collect();
        if let (Some(asked), Some(contract)) = (asked, project.loaded.checked()) {
            for (server, listing) in &asked.listings {
                let differ = contract.drift(server, listing).into_iter();
                drift.extend(differ.map(|one| json!({ "place": one.place, "problem": one.problem })));
            }
        }
        let ok = loaded.checked().is_some() && drift.is_empty();
        let clauses = loaded.checked().map(Contract::levels);
        return out::json(&json!({
            "file": file, "ok": ok, "runs": loaded.contract.is_some(), "diagnostics": loaded.diagnostics,
            "allowed": loaded.allowed, "clauses": clauses, "drift": drift,
        }));
    }
    if !loaded.diagnostics.is_empty() {
        out::note(loaded.report_from(&project.way(), Paint::Coloured).trim_end());
    }
    for (server, why) in away() {
        out::note(format!("servers.{server}: {why}"));
    }
    for server in asked.into_iter().flat_map(|asked| &asked.silent) {
        out::note(format!("servers.{server}: it can't be asked what it takes; not compared"));
    }
    if let (Some(asked), Some(contract)) = (asked, project.loaded.checked()) {
        for (server, listing) in &asked.listings {
            other_words(contract, server, listing);
        }
    }
    Ok(())
}

/// What a server says of itself in other words than when it was locked: worth a look, and no error, since no model sees it.
fn other_words(contract: &Contract, server: &str, listing: &Listing) {
    let Some(locked) = contract.lock.server(server) else { return };
    let mut now = Lock::default();
    now.put(server, listing, |tool| locked.tools.contains_key(tool));
    for change in
        contract.lock.changes(&now).into_iter().filter(|change| change.server == server && !change.counts)
    {
        out::note(format!("{change}: changed since it was locked; `handfast lock` keeps it"));
    }
}

fn summary(file: &str, contract: &Contract, live: bool) -> String {
    format!(
        "{file}: {} {} is in order{}: {}, {}, {}",
        contract.name,
        contract.version,
        if live { ", and so are its servers" } else { "" },
        number(contract.agents.len(), "agent"),
        number(contract.tools.len(), "tool"),
        number(contract.workflows.len(), "workflow"),
    )
}

pub(crate) fn number(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
