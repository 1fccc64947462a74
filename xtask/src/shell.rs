//! Running other programs: each command is shown before it runs, and its failure says which one it was.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds in the dev profile, asked of cargo: a person may have moved it.
pub(crate) fn built() -> anyhow::Result<PathBuf> {
    let output = cargo(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .context("`cargo metadata` could not be started")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("`cargo metadata` said no JSON")?;
    let target = metadata.get("target_directory").and_then(|target| target.as_str());
    Ok(PathBuf::from(target.context("`cargo metadata` names no target folder")?).join("debug"))
}

/// This toolchain's cargo, in the workspace's root.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(environment("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "a chore is configured by its environment, as cargo itself is")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether nothing may be skipped.
pub(crate) fn is_ci() -> bool {
    environment("CI").is_some_and(|value| value == "true" || value == "1")
}

/// Whether a program is there and answers to `--version`.
pub(crate) fn has(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Shows a command and runs it.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = show(command);
    println!("\n$ {line}");
    let status = command.status().with_context(|| format!("`{line}` could not be started"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}): see its own words above");
    }
    Ok(())
}

/// The command as a person would type it in the workspace's root.
pub(crate) fn show(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={}", name.to_string_lossy(), shorten(&value.to_string_lossy())))
    });
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let args = command.get_args().map(|arg| shorten(&arg.to_string_lossy()));
    variables.chain([program.to_string_lossy().into_owned()]).chain(args).collect::<Vec<_>>().join(" ")
}

/// Leaves the way to the workspace's root out, and quotes what a shell would cut.
fn shorten(text: &str) -> String {
    let short = text.replace(&format!("{}/", root().display()), "");
    if short.chars().any(|c| c.is_whitespace() || "'\"$*|&;<>(){}".contains(c)) {
        format!("'{}'", short.replace('\'', r"'\''"))
    } else {
        short
    }
}
