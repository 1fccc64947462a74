//! `handfast check`: the whole static check, and with `--live` the servers.

mod levels;
mod sarif;

use handfast_contract::{Contract, Diagnostic, Listing, Loaded, Lock, LockedTool, Paint, Severity};
use serde_json::json;

use crate::args::CheckFormat;
use crate::asked::{Asked, ask};
use crate::exit::{Exit, stop};
use crate::project::Project;
use crate::{args, out};

/// A difference between a contract and a server.
pub(crate) struct Drift {
    /// The address in the contract.
    pub(crate) place: String,
    pub(crate) problem: String,
}

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
                let differ = compare(contract, server, listing).into_iter();
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

/// The differences between what a server lists, what the contract says of its tools and, where it is pinned, the lock.
pub(crate) fn compare(contract: &Contract, server: &str, listing: &Listing) -> Vec<Drift> {
    let mut drift = Vec::new();
    let pinned = contract.servers.get(server).is_some_and(|server| server.pinned);
    for tool in contract.tools.values().filter(|tool| &*tool.via.server == server) {
        let place = tool.address("via");
        let Some(live) = listing.tools.iter().find(|live| live.name == tool.via.tool) else {
            let names: Vec<&str> = listing.tools.iter().map(|live| live.name.as_str()).collect();
            let problem = format!("the server has no tool `{}`; it has {}", tool.via.tool, names.join(", "));
            drift.push(Drift { place, problem });
            continue;
        };
        for problem in contract.tool_schema_drift(tool, &live.input_schema) {
            drift.push(Drift { place: tool.address("input"), problem: problem.message });
        }
        let locked = contract.lock.tool(server, &tool.via.tool).filter(|_| pinned);
        if let Some(locked) = locked {
            let now = LockedTool::from(live);
            for (what, _) in locked.differences(&now).filter(|(_, counts)| *counts) {
                let problem = format!("the server is pinned, and changed {what} since it was locked");
                drift.push(Drift { place: place.clone(), problem });
            }
        }
        for problem in live.output_schema.iter().flat_map(|given| contract.tool_output_drift(tool, given)) {
            drift.push(Drift { place: tool.address("output"), problem: problem.message });
        }
    }
    drift
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use handfast_contract::ListedTool;

    use super::*;

    #[test]
    fn a_server_without_the_tool_and_one_with_another_schema_are_told_apart() {
        let text = "handfast: 1\nname: c\nversion: \"1\"\nservers: { shop: { mcp: { command: [shop] } } }\ntools:\n\
            \x20 find:\n    via: shop.find_order\n    description: Finds an order.\n    input: { id: string }\n\
            \x20   output: json\n    effects: [reads: orders]\n";
        let loaded = handfast_contract::load(
            "c.yaml",
            ".",
            &BTreeMap::new(),
            &mut handfast_contract::alone("c.yaml", text),
        );
        let told = loaded.report(Paint::Plain);
        let contract = loaded.contract.expect(&told);
        let listed = |name: &str, id: &str| ListedTool {
            name: name.to_owned(),
            input_schema: json!({ "type": "object", "properties": { "id": { "type": id } }, "required": ["id"] }),
            ..ListedTool::default()
        };
        let places = |listed: &[ListedTool]| -> Vec<String> {
            let listing = Listing { tools: listed.to_vec(), ..Listing::default() };
            compare(&contract, "shop", &listing)
                .iter()
                .map(|one| format!("{}: {}", one.place, one.problem))
                .collect()
        };
        assert_eq!(places(&[listed("find_order", "string")]), Vec::<String>::new());
        let absent = places(&[listed("search", "string")]);
        assert_eq!(absent, ["tools.find.via: the server has no tool `find_order`; it has search"]);
        let other = places(&[listed("find_order", "integer")]);
        assert!(other.len() == 1 && other[0].starts_with("tools.find.input: "), "{other:?}");
    }
}
