//! `at_least`: clauses that aren't as true as is demanded of them.

use super::Hits;
use crate::{Contract, Level};

pub(super) fn below_what_is_demanded(contract: &Contract, hits: &mut Hits) {
    for clause in contract.levels() {
        let Some((demanded, by)) = demanded(contract, &clause.address) else { continue };
        if clause.level < demanded {
            let message =
                format!("this is {} at best, and `{by}` demands {}", told(clause.level), told(demanded));
            let help = format!("{}; lower `{by}`, or say it in a way that can be checked", clause.why);
            hits.add(clause.address, message, help);
        }
    }
}

/// The highest level that is demanded of what stands at this address, and who demands it.
fn demanded(contract: &Contract, address: &str) -> Option<(Level, String)> {
    let within = |prefix: &str| address.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
    let whole = contract.at_least.map(|level| (level, "at_least".to_owned()));
    let parts = contract
        .tools
        .values()
        .map(|tool| (format!("tools.{}", tool.name), tool.at_least))
        .chain(contract.agents.values().map(|agent| (format!("agents.{}", agent.name), agent.at_least)))
        .chain(
            contract
                .workflows
                .values()
                .map(|workflow| (format!("workflows.{}", workflow.name), workflow.at_least)),
        );
    let parts = parts.filter(|(prefix, _)| within(prefix));
    // What an include demands of all its clauses holds for those that have its name before theirs.
    let name = address.split_once('.').map_or("", |(_, name)| name);
    let includes = contract.includes.iter().filter_map(|(include, included)| {
        let is_its = name.strip_prefix(&**include).is_some_and(|rest| rest.starts_with('.'));
        Some((included.at_least.filter(|_| is_its)?, format!("{include}.at_least")))
    });
    let parts = parts.filter_map(|(prefix, level)| level.map(|level| (level, format!("{prefix}.at_least"))));
    whole.into_iter().chain(parts).chain(includes).max_by_key(|(level, _)| *level)
}

const fn told(level: Level) -> &'static str {
    match level {
        Level::Declared => "declared",
        Level::Judged => "judged",
        Level::Probed => "probed",
        Level::Observed => "observed",
        Level::Enforced => "enforced",
    }
}
