//! `handfast lock`: asks a contract's servers what they offer, and keeps the answer beside it.

use handfast_contract::{Contract, Lock, Paint, lock_path};
use serde_json::json;

use crate::asked::{Asked, ask, named, used};
use crate::check::number;
use crate::exit::{Exit, stop};
use crate::limits::CONTRACT_BYTES_MAX;
use crate::project::Project;
use crate::{args, files, out};

/// Asks and writes.
///
/// # Errors
/// The contract can't be read, a server can't be asked or lacks a tool: then nothing is written.
pub(crate) async fn run(args: &args::Lock) -> anyhow::Result<Exit> {
    let project = Project::read_to_lock(&args.path, &args.settings)?;
    let Some(contract) = project.loaded.checked() else {
        out::note(project.loaded.report(Paint::Coloured).trim_end());
        let message = format!("`{}` is invalid: mend it, then lock it", project.file.display());
        return Err(stop(Exit::Contract, message));
    };
    let file = project.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = project.file.with_file_name(lock_path(&file));
    let (before, text) = read(&path)?;
    if let Some(server) = args.server.as_deref().filter(|server| !used(contract).contains(*server)) {
        let message = format!(
            "no tool of the contract is reached through a server `{server}`; it has {}",
            used(contract).into_iter().collect::<Vec<_>>().join(", ")
        );
        return Err(stop(Exit::NotFound, message));
    }
    let asked = ask(contract, &project.folder, args.server.as_deref()).await;
    for (server, why) in &asked.away {
        out::note(format!("servers.{server}: {why}"));
    }
    if !asked.away.is_empty() {
        return Err(stop(Exit::Unavailable, "not every server could be asked: nothing was written"));
    }
    missing(contract, &asked)?;
    for server in &asked.silent {
        out::note(format!("servers.{server}: it can't be asked what it takes; not locked"));
    }
    let after = locked(contract, &before, &asked);
    let changes = before.changes(&after);
    let rendered = after.render();
    let changed = text.as_deref() != Some(&rendered);
    if u64::try_from(rendered.len()).is_ok_and(|bytes| bytes > CONTRACT_BYTES_MAX) {
        let message = format!(
            "the lock would have {} bytes, and at most {CONTRACT_BYTES_MAX} are read: split the contract",
            rendered.len()
        );
        return Err(stop(Exit::Contract, message));
    }
    if changed {
        files::replace(&path, &rendered)?;
    }
    let place = path.display().to_string();
    if args.json {
        let changes: Vec<_> = changes
            .iter()
            .map(|one| json!({ "server": one.server, "tool": one.tool, "what": one.what, "counts": one.counts }))
            .collect();
        out::json(&json!({ "file": place, "changed": changed, "changes": changes }))?;
        return Ok(Exit::Done);
    }
    for change in &changes {
        out::note(change.to_string());
    }
    let tools: usize = after.servers().map(|(_, server)| server.tools.len()).sum();
    let sum = format!("{}, {}", number(after.servers().count(), "server"), number(tools, "tool"));
    out::data(&if changed {
        format!("wrote {place}: {sum}")
    } else {
        format!("{place} is as it was: {sum}")
    })?;
    Ok(Exit::Done)
}

/// The lock that is there, and its text. One that can't be used is told, and written anew.
fn read(path: &std::path::Path) -> anyhow::Result<(Lock, Option<String>)> {
    let Some(text) = files::read_if_there(path)? else { return Ok((Lock::default(), None)) };
    let lock = Lock::parse(&text).unwrap_or_else(|error| {
        out::warn(format!("`{}` can't be used and is written anew: {error}", path.display()));
        Lock::default()
    });
    Ok((lock, Some(text)))
}

/// Whether every server has the tools that the contract names.
fn missing(contract: &Contract, asked: &Asked) -> anyhow::Result<()> {
    let mut all = 0;
    for (server, tool) in named(contract) {
        let listing = asked.listings.iter().find(|(name, _)| *name == server).map(|(_, listing)| listing);
        let Some(listing) = listing else { continue };
        if listing.tools.iter().any(|listed| listed.name == tool) {
            continue;
        }
        all += 1;
        let meant =
            handfast_contract::suggest(&tool, listing.tools.iter().map(|listed| listed.name.as_str()));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        out::note(format!("servers.{server}: the server has no tool `{tool}`{meant}"));
    }
    if all == 0 {
        return Ok(());
    }
    let message = format!("the servers lack {} of the contract: nothing was written", number(all, "tool"));
    Err(stop(Exit::Contract, message))
}

/// The new lock: what was asked in place of what was known, and nothing that the contract doesn't name.
fn locked(contract: &Contract, before: &Lock, asked: &Asked) -> Lock {
    let mut lock = before.clone();
    let (named, used) = (named(contract), used(contract));
    lock.retain(|server| used.contains(server) && !asked.silent.iter().any(|silent| silent == server));
    for (server, listing) in &asked.listings {
        lock.put(server, listing, |tool| named.contains(&(server.clone(), tool.to_owned())));
    }
    lock
}
