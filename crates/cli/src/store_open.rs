//! Which store a command works on, and how it is opened.

use std::path::{Path, PathBuf};

use handfast_events::RunId;
use handfast_store::{FoundRun, Options, RunFilter, SqliteStore, Store as _};

use crate::args::StoreArgs;
use crate::environment::working_directory;
use crate::exit::{Exit, stop};
use crate::limits::FOLDERS_UP_MAX;

/// Where a store is unless somebody says otherwise: in the contract's folder.
pub(crate) const PLACE: &str = ".handfast/journal.db";

/// The store of a contract in this folder. Made where there is none.
///
/// # Errors
/// The URL is none of ours, or the store can't be opened.
pub(crate) fn for_contract(args: &StoreArgs, folder: &Path) -> anyhow::Result<SqliteStore> {
    let path = match &args.store {
        Some(url) => path_of(url)?,
        None => folder.join(PLACE),
    };
    Ok(SqliteStore::open(path, Options::default())?)
}

/// A store that is there: as said, else that of the working directory or the nearest folder above it.
///
/// # Errors
/// There is none, or it can't be opened.
pub(crate) fn existing(args: &StoreArgs) -> anyhow::Result<SqliteStore> {
    Ok(SqliteStore::open(find(args)?, Options::default())?)
}

/// Where the store is that [`existing`] opens.
///
/// # Errors
/// There is none.
pub(crate) fn find(args: &StoreArgs) -> anyhow::Result<PathBuf> {
    if let Some(url) = &args.store {
        let path = path_of(url)?;
        if path.exists() {
            return Ok(path);
        }
        let message =
            format!("there is no store `{}`: `handfast run PATH --store {url}` makes one", path.display());
        return Err(stop(Exit::NotFound, message));
    }
    let here = working_directory()?;
    let found =
        here.ancestors().take(FOLDERS_UP_MAX).map(|folder| folder.join(PLACE)).find(|path| path.exists());
    found.ok_or_else(|| {
        let message = format!(
            "there is no `{PLACE}` in `{}` or above it: go to the contract's folder, or name a store with \
             `--store sqlite:PATH`",
            here.display()
        );
        stop(Exit::NotFound, message)
    })
}

/// The file that a store's URL names.
fn path_of(url: &str) -> anyhow::Result<PathBuf> {
    if let Some(path) = url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
        return Ok(working_directory()?.join(path));
    }
    let message = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        "stores in PostgreSQL are not built yet: use `--store sqlite:PATH`".to_owned()
    } else {
        format!("`{url}` names no store: write `sqlite:PATH`")
    };
    Err(stop(Exit::Usage, message))
}

/// The run that people mean: `last`, a whole id, or its beginning or end.
///
/// # Errors
/// There is none, or there are several.
pub(crate) async fn find_run(store: &SqliteStore, text: &str) -> anyhow::Result<RunId> {
    if text == "last" {
        let newest = store.runs(RunFilter { limit: 1, ..RunFilter::default() }).await?;
        let newest = newest.first().map(|row| row.run);
        return newest.ok_or_else(|| {
            stop(Exit::NotFound, "no run is in the store yet: start one with `handfast run PATH`")
        });
    }
    match store.find_run(text).await? {
        FoundRun::One(run) => Ok(run),
        FoundRun::None => {
            let message = format!("there is no run `{text}`: `handfast runs` lists those there are");
            Err(stop(Exit::NotFound, message))
        }
        FoundRun::Many(runs) => {
            let known: Vec<String> = runs.iter().map(ToString::to_string).collect();
            let message = format!("`{text}` fits several runs; write more of one: {}", known.join(", "));
            Err(stop(Exit::Usage, message))
        }
    }
}
