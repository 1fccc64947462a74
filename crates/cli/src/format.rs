//! `handfast fmt`: writes contracts, environments and tests in their one canonical form.
//!
//! A file is replaced as a whole or not at all; one that can't be read as YAML stays as it is.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use handfast_contract::{Diagnostic, Paint, format};
use serde::Serialize;
use serde_json::json;

use crate::exit::{Exit, stop};
use crate::limits::CONTRACT_BYTES_MAX;
use crate::project::{locate, read_file};
use crate::{args, out};

/// What became of one file.
#[derive(Serialize)]
struct Formatted {
    file: String,
    /// Whether it is, or with `--check` would be, another text than before.
    changed: bool,
    diagnostics: Vec<Diagnostic>,
}

/// Formats the files, or says which differ from their form.
///
/// # Errors
/// A file isn't there, or can't be read or written.
pub(crate) fn run(args: &args::Fmt) -> anyhow::Result<Exit> {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return standard_input(args);
    }
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(files_of(path)?);
    }
    files.dedup();
    if args.stdout && files.len() != 1 {
        let message = format!("--stdout shows one file, and these are {}: name one of them", files.len());
        return Err(stop(Exit::Usage, message));
    }
    let mut all = Vec::new();
    for file in files {
        all.push(one(&file, args)?);
    }
    let differs = all.iter().any(|file| file.changed);
    let is_wrong = all.iter().any(|file| !file.diagnostics.is_empty());
    if args.json {
        out::json(&json!({ "files": all }))?;
    } else if !args.stdout && !args.check && !differs && !is_wrong {
        out::note("nothing to change");
    }
    Ok(match (is_wrong, args.check && differs) {
        (true, _) => Exit::Contract,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    })
}

/// The files that PATH means: one file, or a folder's contract with its environments and tests.
fn files_of(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let contract = locate(path)?;
    if !path.is_dir() {
        return Ok(vec![contract]);
    }
    let folder = contract.parent().filter(|parent| !parent.as_os_str().is_empty());
    let listed = fs::read_dir(folder.unwrap_or(Path::new(".")));
    let listed = listed.with_context(|| format!("can't list `{}`", path.display()))?;
    let mut beside = Vec::new();
    for entry in listed {
        let name = entry.with_context(|| format!("can't list `{}`", path.display()))?.file_name();
        let Some(text) = name.to_str() else { continue };
        let environment = text.starts_with("handfast.") && text.ends_with(".yaml") && text != "handfast.yaml";
        if environment || text.ends_with(".test.yaml") {
            beside.push(folder.map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name)));
        }
    }
    beside.sort();
    Ok([vec![contract], beside].concat())
}

/// Formats one file.
fn one(path: &Path, args: &args::Fmt) -> anyhow::Result<Formatted> {
    let file = path.display().to_string();
    let text = read_file(path)
        .map_err(|reason| stop(Exit::NotFound, format!("`{file}` can't be read: {reason}")))?;
    let written = match format(&file, &text) {
        Ok(written) => written,
        Err(found) => {
            if !args.json {
                out::note(found.report(Paint::Coloured).trim_end());
            }
            return Ok(Formatted { file, changed: false, diagnostics: found.diagnostics });
        }
    };
    let changed = written != text;
    if args.stdout {
        out::data(&written)?;
    } else if changed && args.check {
        if !args.json {
            out::data(&file)?;
        }
    } else if changed {
        replace(path, &written).with_context(|| format!("can't write `{file}`: it is as it was"))?;
        if !args.json {
            out::note(format!("formatted {file}"));
        }
    }
    Ok(Formatted { file, changed, diagnostics: Vec::new() })
}

/// Formats standard input to standard output, for editors.
fn standard_input(args: &args::Fmt) -> anyhow::Result<Exit> {
    if args.paths.len() > 1 || args.json {
        return Err(stop(Exit::Usage, "`-` reads standard input: it stands alone, and without --json"));
    }
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(CONTRACT_BYTES_MAX + 1);
    input.read_to_string(&mut text).context("can't read standard input as text")?;
    match format("standard input", &text) {
        Ok(written) if args.check => Ok(if written == text { Exit::Done } else { Exit::Failed }),
        Ok(written) => out::data(&written).map(|()| Exit::Done),
        Err(found) => {
            out::note(found.report(Paint::Coloured).trim_end());
            Ok(Exit::Contract)
        }
    }
}

/// Puts another text in a file's place, at once, with the same permissions.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one: what it names is replaced.
    let path = path.canonicalize()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let write = || {
        let mut file = File::create_new(&beside)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        // On the disk before it has the name: after a power cut there is the old text or the new one.
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    let written = write();
    if written.is_err() {
        // Perhaps it was never made.
        drop(fs::remove_file(&beside));
    }
    written
}
