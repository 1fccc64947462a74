//! `handfast check`: the whole static check, and with `--live` the servers.

use handfast_contract::{Contract, Paint, Severity};
use handfast_tool::{Functions, ListedTool, Tools};
use serde_json::json;

use crate::exit::{Exit, stop};
use crate::project::Project;
use crate::{args, environment, out};

/// A difference between a contract and a server.
pub(crate) struct Drift {
    /// The address in the contract.
    pub(crate) place: String,
    pub(crate) problem: String,
    /// Whether the server could not be asked at all.
    is_away: bool,
}

/// Checks.
///
/// # Errors
/// There is no contract, or it is invalid, or its servers differ from it.
pub(crate) async fn run(args: &args::Check) -> anyhow::Result<Exit> {
    let project = Project::read(&args.path, &args.settings)?;
    let file = project.file.display().to_string();
    let found = &project.loaded.diagnostics;
    let drift = match project.loaded.checked() {
        Some(contract) if args.live => live(contract, &project).await,
        _ => Vec::new(),
    };
    let is_valid = project.loaded.checked().is_some();
    if args.json {
        let drift: Vec<_> =
            drift.iter().map(|one| json!({ "place": one.place, "problem": one.problem })).collect();
        out::json(
            &json!({ "file": file, "ok": is_valid && drift.is_empty(), "diagnostics": found, "drift": drift }),
        )?;
    } else {
        if !found.is_empty() {
            out::note(project.loaded.report(Paint::Coloured).trim_end());
        }
        for Drift { place, problem, .. } in &drift {
            out::note(format!("{place}: {problem}"));
        }
    }
    let Some(contract) = project.loaded.checked() else {
        let errors = found.iter().filter(|found| found.severity == Severity::Error).count();
        let message = format!("`{file}` is invalid ({}): mend it, then check again", number(errors, "error"));
        return Err(stop(Exit::Contract, message));
    };
    if drift.iter().any(|one| one.is_away) {
        return Err(stop(Exit::Unavailable, "not every server could be asked: see above"));
    }
    if !drift.is_empty() {
        let message = format!("the servers differ from `{file}` in {}", number(drift.len(), "place"));
        return Err(stop(Exit::Contract, message));
    }
    if !args.json {
        out::data(&summary(&file, contract, args.live))?;
        if project.loaded.contract.is_none() {
            let notes = found.iter().filter(|found| found.severity == Severity::NotRun).count();
            out::note(format!("`run` would refuse it: see the {} above", number(notes, "note")));
        }
    }
    Ok(Exit::Done)
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

fn number(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Asks each server that a tool is reached through, and compares.
async fn live(contract: &Contract, project: &Project) -> Vec<Drift> {
    let variable = |name: &str| environment::variable(name);
    let tools = Tools::new(contract, &project.folder, &variable, Functions::default());
    let mut drift = Vec::new();
    for server in contract.servers.keys() {
        if !contract.tools.values().any(|tool| tool.via.server == *server) {
            continue;
        }
        match tools.list(server).await {
            Ok(Some(listed)) => drift.extend(compare(contract, server, &listed)),
            Ok(None) => {
                out::note(format!("servers.{server}: a process can't be asked what it takes; not compared"))
            }
            Err(error) => {
                drift.push(Drift { place: format!("servers.{server}"), problem: error.text, is_away: true });
            }
        }
    }
    tools.shutdown().await;
    drift
}

/// The differences between what a server lists and what the contract says of its tools.
pub(crate) fn compare(contract: &Contract, server: &str, listed: &[ListedTool]) -> Vec<Drift> {
    let mut drift = Vec::new();
    for tool in contract.tools.values().filter(|tool| &*tool.via.server == server) {
        let place = tool.address("via");
        let Some(live) = listed.iter().find(|live| live.name == tool.via.tool) else {
            let names: Vec<&str> = listed.iter().map(|live| live.name.as_str()).collect();
            let problem = format!("the server has no tool `{}`; it has {}", tool.via.tool, names.join(", "));
            drift.push(Drift { place, problem, is_away: false });
            continue;
        };
        for problem in contract.tool_schema_drift(tool, &live.input_schema) {
            drift.push(Drift { place: tool.address("input"), problem: problem.message, is_away: false });
        }
        for problem in live.output_schema.iter().flat_map(|given| contract.tool_output_drift(tool, given)) {
            drift.push(Drift { place: tool.address("output"), problem: problem.message, is_away: false });
        }
    }
    drift
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_server_without_the_tool_and_one_with_another_schema_are_told_apart() {
        let text = "handfast: 1\nname: c\nversion: \"1\"\nservers: { shop: { mcp: { command: [shop] } } }\ntools:\n\
            \x20 find:\n    via: shop.find_order\n    description: Finds an order.\n    input: { id: string }\n\
            \x20   output: json\n    effects: [reads: orders]\n";
        let loaded = handfast_contract::load("c.yaml", ".", &BTreeMap::new(), &mut |_| Ok(text.to_owned()));
        let told = loaded.report(Paint::Plain);
        let contract = loaded.contract.expect(&told);
        let listed = |name: &str, id: &str| ListedTool {
            name: name.to_owned(),
            description: None,
            input_schema: json!({ "type": "object", "properties": { "id": { "type": id } }, "required": ["id"] }),
            output_schema: None,
        };
        let places = |listed: &[ListedTool]| -> Vec<String> {
            compare(&contract, "shop", listed)
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
