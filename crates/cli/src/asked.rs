//! A contract's servers, asked what they offer.

use std::collections::BTreeSet;
use std::path::Path;

use handfast_contract::{Contract, Listing};
use handfast_tool::{Functions, Tools};

use crate::environment;

/// What came of asking.
#[derive(Default)]
pub(crate) struct Asked {
    /// What the servers say, by their names in the contract.
    pub(crate) listings: Vec<(String, Listing)>,
    /// Those that couldn't be asked, and why.
    pub(crate) away: Vec<(String, String)>,
    /// Those that have no way to say it: processes.
    pub(crate) silent: Vec<String>,
}

/// Asks each server that a tool is reached through; only this one, where one is named.
pub(crate) async fn ask(contract: &Contract, folder: &Path, only: Option<&str>) -> Asked {
    let variable = |name: &str| environment::variable(name);
    let tools = Tools::new(contract, folder, &variable, Functions::default());
    let mut asked = Asked::default();
    for server in used(contract).iter().filter(|server| only.is_none_or(|only| only == server.as_str())) {
        match tools.list(server).await {
            Ok(Some(listing)) => asked.listings.push((server.clone(), listing)),
            Ok(None) => asked.silent.push(server.clone()),
            Err(error) => asked.away.push((server.clone(), error.text)),
        }
    }
    tools.shutdown().await;
    asked
}

/// The servers that tools are reached through.
pub(crate) fn used(contract: &Contract) -> BTreeSet<String> {
    named(contract).into_iter().map(|(server, _)| server).collect()
}

/// The tools of servers that the contract names, with their servers.
pub(crate) fn named(contract: &Contract) -> BTreeSet<(String, String)> {
    let of = |via: &handfast_contract::Via| (via.server.to_string(), via.tool.clone());
    let fallbacks =
        contract.tools.values().filter_map(|tool| tool.fallback.as_ref()).map(|other| of(&other.via));
    contract.tools.values().map(|tool| of(&tool.via)).chain(fallbacks).collect()
}
