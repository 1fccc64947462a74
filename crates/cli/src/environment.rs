//! The environment of the process: the one place where its variables are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use handfast_host::Around;

/// A variable's value, if it is there and is text.
#[expect(clippy::disallowed_methods, reason = "this is the module that the rule names")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What contracts lean on here: this process's variables, and no functions.
pub(crate) fn around() -> Around {
    Around { variable: Arc::new(variable), functions: Default::default() }
}

/// Who gives a command. The command line can only assert it: nobody signed in.
pub(crate) fn who() -> String {
    let user = variable("USER").or_else(|| variable("LOGNAME")).filter(|user| !user.is_empty());
    let user = user.unwrap_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("asserted:{user}@{host}")
}

/// Where a program is that a server in `folder` is started by; none where it is not to be found.
pub(crate) fn program(name: &str, folder: &Path) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if name.contains('/') {
        return Some(folder.join(name)).filter(is_program);
    }
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|place| place.join(name)).find(is_program)
}

/// What the paths of a command line are relative to.
///
/// # Errors
/// The working directory is gone.
pub(crate) fn working_directory() -> anyhow::Result<PathBuf> {
    use anyhow::Context as _;
    std::env::current_dir().context("the working directory is gone: change to another")
}

/// `K=V` pairs as a map.
pub(crate) fn pairs(pairs: &[(String, String)]) -> BTreeMap<String, serde_json::Value> {
    pairs.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

/// How many bytes may still be written to the disk that this folder is on.
///
/// # Errors
/// The system doesn't say.
pub(crate) fn room(folder: &Path) -> std::io::Result<u64> {
    let about = rustix::fs::statvfs(folder)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}
