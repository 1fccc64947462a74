//! A contract on this disk: found, read, checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use handfast_contract::{ANY_PART, Contract, Loaded, Paint, Severity, lock_path};
use handfast_events::Sources;
use serde_json::Value;

use crate::args::Settings;
use crate::environment::pairs;
use crate::exit::{Exit, stop};
use crate::limits::CONTRACT_BYTES_MAX;
use crate::out;

/// The file of a contract in a folder.
const FILE: &str = "handfast.yaml";

/// A contract and where it is.
pub(crate) struct Project {
    /// As the command line has it, for messages.
    pub(crate) file: PathBuf,
    /// Its folder, absolute.
    pub(crate) folder: PathBuf,
    /// What came of reading it.
    pub(crate) loaded: Loaded,
    /// The values that were given for its settings.
    pub(crate) settings: BTreeMap<String, Value>,
}

/// One of the ways to load a contract.
type Load =
    fn(&str, &str, &BTreeMap<String, Value>, &mut dyn FnMut(&str) -> Result<String, String>) -> Loaded;

/// A contract that can be used.
pub(crate) struct Checked {
    pub(crate) contract: Arc<Contract>,
    pub(crate) sources: Sources,
    pub(crate) folder: PathBuf,
}

impl Project {
    /// Reads the contract at PATH: a file, or a folder with a `handfast.yaml`.
    ///
    /// # Errors
    /// There is none, or it or its environment can't be read.
    pub(crate) fn read(path: &Path, settings: &Settings) -> anyhow::Result<Self> {
        Self::read_with(path, settings.env.as_deref(), pairs(&settings.set))
    }

    /// Reads it with these settings over those of the environment that is named.
    ///
    /// # Errors
    /// As for [`Project::read`].
    pub(crate) fn read_with(
        path: &Path,
        env: Option<&str>,
        given: BTreeMap<String, Value>,
    ) -> anyhow::Result<Self> {
        Self::read_by(path, env, given, handfast_contract::load)
    }

    /// Reads it and looks for lints too: what its author wants to know before it is run.
    ///
    /// # Errors
    /// As for [`Project::read`].
    pub(crate) fn read_and_check(path: &Path, settings: &Settings) -> anyhow::Result<Self> {
        Self::read_by(path, settings.env.as_deref(), pairs(&settings.set), handfast_contract::check)
    }

    /// Reads it to write its lock: without the lock that is there, and with what is still to be decided.
    ///
    /// # Errors
    /// As for [`Project::read`].
    pub(crate) fn read_to_lock(path: &Path, settings: &Settings) -> anyhow::Result<Self> {
        Self::read_by(path, settings.env.as_deref(), pairs(&settings.set), handfast_contract::load_to_lock)
    }

    fn read_by(
        path: &Path,
        env: Option<&str>,
        given: BTreeMap<String, Value>,
        load: Load,
    ) -> anyhow::Result<Self> {
        let file = locate(path)?;
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().with_context(|| format!("can't open `{}`", folder.display()))?;
        let mut values = match env {
            Some(name) => environment(&folder, name)?,
            None => Default::default(),
        };
        values.extend(given);
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let root = folder.to_str().ok_or_else(|| {
            stop(Exit::Usage, format!("the path `{}` is no text: move the contract", folder.display()))
        })?;
        let lock = lock_path(&name);
        let mut unread = None;
        let mut read = |path: &str| {
            let text = read_for(&name, &folder, path);
            // A lock that isn't there is none; one that can't be read is an error, not none.
            if let (true, Err(why)) = (path == lock && folder.join(path).symlink_metadata().is_ok(), &text) {
                unread = Some(why.clone());
            }
            text
        };
        let loaded = load(&name, root, &values, &mut read);
        if let Some(why) = unread {
            let message = format!("`{lock}` can't be read: {why}; write it anew with `handfast lock`");
            return Err(stop(Exit::Contract, message));
        }
        Ok(Self { file, folder, loaded, settings: values })
    }

    /// The contract, if it checks and every setting has its value, whether or not this release runs all of it. What is wrong
    /// with it is told.
    ///
    /// # Errors
    /// It is invalid.
    pub(crate) fn checkable(mut self) -> anyhow::Result<Checked> {
        let is_whole = |part: &String| part != ANY_PART && !part.starts_with("settings.");
        if self.loaded.checked().is_some_and(|contract| contract.unrun.iter().all(is_whole)) {
            self.loaded.diagnostics.retain(|found| found.severity != Severity::NotRun);
            self.loaded.contract = self.loaded.contract.or(self.loaded.unrun.take());
        }
        self.checked()
    }

    /// The way from where the command runs to the contract's folder: empty, or ending in `/`.
    pub(crate) fn way(&self) -> String {
        let folder = self.file.parent().unwrap_or(Path::new("")).display().to_string();
        if folder.is_empty() || folder.ends_with('/') { folder } else { format!("{folder}/") }
    }

    /// The contract, if it has no error. What was found is told either way.
    ///
    /// # Errors
    /// It is invalid.
    pub(crate) fn checked(mut self) -> anyhow::Result<Checked> {
        // Remarks are for `check`: who starts a run wants to know what stands in its way.
        self.loaded.diagnostics.retain(|found| found.severity != Severity::Remark);
        if !self.loaded.diagnostics.is_empty() {
            out::note(self.loaded.report_from(&self.way(), Paint::Coloured).trim_end());
        }
        let Loaded { contract, unrun, sources, .. } = self.loaded;
        let contract = contract.ok_or_else(|| {
            let why = if unrun.is_some() { "can't be run as it is" } else { "is invalid" };
            stop(Exit::Contract, format!("`{}` {why}: nothing was started", self.file.display()))
        })?;
        Ok(Checked { contract: Arc::new(contract), sources, folder: self.folder })
    }
}

/// The contract's file for PATH.
///
/// # Errors
/// There is none.
pub(crate) fn locate(path: &Path) -> anyhow::Result<PathBuf> {
    let is_here = path == Path::new(".");
    let file = match path.is_dir() {
        true if is_here => PathBuf::from(FILE),
        true => path.join(FILE),
        false => path.to_owned(),
    };
    if file.is_file() {
        return Ok(file);
    }
    let message = if path.is_dir() {
        format!(
            "`{}` has no `{FILE}`: name a contract's file, or make one with `handfast init DIR`",
            path.display()
        )
    } else {
        format!("there is no `{}`: name a contract's file, or a folder with a `{FILE}`", path.display())
    };
    Err(stop(Exit::NotFound, message))
}

/// The values of an environment, from `handfast.NAME.yaml` beside the contract.
fn environment(folder: &Path, name: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(stop(
            Exit::Usage,
            format!("`{name}` is no environment's name: letters, digits, `-` and `_`"),
        ));
    }
    let file = format!("handfast.{name}.yaml");
    let text = read_file(&folder.join(&file)).map_err(|reason| {
        let place = folder.join(&file);
        stop(
            Exit::NotFound,
            format!("`{}` can't be read: {reason}; write `settings:` into it", place.display()),
        )
    })?;
    handfast_contract::load_environment(&file, &text).map_err(|found| {
        out::note(found.report(Paint::Coloured).trim_end());
        stop(Exit::Contract, format!("the environment `{file}` is invalid"))
    })
}

/// The text of a file that the contract in the file `main` of this folder is made of. Whoever names a contract may name a
/// link to it; from what the contract itself names, no link leads out of its folder.
pub(crate) fn read_for(main: &str, folder: &Path, path: &str) -> Result<String, String> {
    let file = folder.join(path);
    let real = file.canonicalize().map_err(|cause| cause.to_string())?;
    if path != main && !real.starts_with(folder) {
        return Err("a link leads from there out of the contract's folder".to_owned());
    }
    read_file(&real)
}

/// A file's text, if it is one that a contract may have.
///
/// # Errors
/// It isn't there, is no file, or too large.
pub(crate) fn read_file(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|cause| cause.to_string())?;
    if !about.is_file() {
        return Err("it is no file".to_owned());
    }
    if about.len() > CONTRACT_BYTES_MAX {
        return Err(format!("it has {} bytes; at most {CONTRACT_BYTES_MAX} are read", about.len()));
    }
    std::fs::read_to_string(path).map_err(|cause| cause.to_string())
}
