//! The README's second command, and all that `.ci/run` runs: puts in place what is missing, then checks and tests.
//!
//! A test that can't run here prints `skipped: …` and why. Skips are counted and shown; with CI=true one is a failure.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::shell::{self, cargo, has, run};
use crate::tidy;

pub(crate) fn test() -> anyhow::Result<()> {
    println!("In turn: what is missing, format, lints, tidy, licences, every test.");
    let mut skips = prepare()?;
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    run(&mut cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    println!("\n$ cargo xtask tidy");
    tidy::report()?;
    licences()?;
    // Tests drive `handfast` and `shop` as a person would: as programs.
    run(&mut cargo(["build", "--quiet", "--workspace", "--bins"]))?;
    let tally = tests()?;
    let failed = tally.failed;
    skips.extend(tally.skips.iter().cloned());

    println!(
        "\n{} tests passed, {failed} failed, {} ignored, {} skipped",
        tally.passed,
        tally.ignored,
        skips.len()
    );
    for skip in &skips {
        println!("  skipped: {skip}");
    }
    if failed > 0 || !tally.is_complete {
        bail!("tests failed: their words stand above");
    }
    if shell::is_ci() && !skips.is_empty() {
        bail!("with CI=true nothing may be skipped: install what the lines above name");
    }
    println!("all green");
    Ok(())
}

/// Installs what the tests need and can be installed; says what can't.
fn prepare() -> anyhow::Result<Vec<String>> {
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !has(&mut cargo([probe, "--version"])) {
            run(Command::new("rustup").args(["component", "add", component]).current_dir(shell::root()))
                .with_context(|| format!("`{component}` is missing; without rustup, install it by hand"))?;
        }
    }
    let mut skips = Vec::new();
    let has_npm = has(Command::new("node").arg("--version")) && has(Command::new("npm").arg("--version"));
    for example in ["examples/files", "examples/servers"] {
        let folder = shell::root().join(example);
        if !has_npm {
            println!("Node.js isn't here: {example} can't be tried, all else is.");
            skips.push(format!("{example} needs Node.js 20 or newer, with npm"));
        } else if !is_installed(&folder) {
            run(Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(&folder))?;
        }
    }
    if !python(&shell::root().join("examples/servers"))? {
        println!("Python isn't here: two servers of examples/servers can't be tried, all else is.");
        skips.push("examples/servers needs Python 3.10 or newer, with venv".into());
    }
    Ok(skips)
}

/// Installs the servers that come from PyPI, in the versions that are pinned; whether it could.
fn python(folder: &std::path::Path) -> anyhow::Result<bool> {
    let changed =
        |name: &str| std::fs::metadata(folder.join(name)).and_then(|metadata| metadata.modified()).ok();
    let (asked, there) = (changed("requirements.txt"), changed(".venv/installed"));
    if matches!((asked, there), (Some(asked), Some(there)) if there >= asked) {
        return Ok(true);
    }
    if !has(Command::new("python3").args(["-m", "venv", "--help"])) {
        return Ok(false);
    }
    run(Command::new("python3").args(["-m", "venv", ".venv"]).current_dir(folder))?;
    run(Command::new(folder.join(".venv/bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"])
        .current_dir(folder))?;
    std::fs::write(folder.join(".venv/installed"), "")
        .context("the environment for Python can't be written")?;
    Ok(true)
}

/// Whether npm put in place what the lock names: it then writes a lock of its own, newer than ours.
fn is_installed(files: &std::path::Path) -> bool {
    let changed =
        |name: &str| std::fs::metadata(files.join(name)).and_then(|metadata| metadata.modified()).ok();
    let (asked, there) = (changed("package-lock.json"), changed("node_modules/.package-lock.json"));
    matches!((asked, there), (Some(asked), Some(there)) if there >= asked)
}

/// Licences, bans and sources, where cargo-deny is there: building it would take longer than everything else here.
fn licences() -> anyhow::Result<()> {
    if has(&mut cargo(["deny", "--version"])) {
        run(&mut cargo(["deny", "check", "licenses", "bans", "sources"]))?;
    } else {
        println!(
            "\ncargo-deny isn't here, so licences, bans and sources (deny.toml) aren't checked. No test needs it."
        );
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    skips: Vec<String>,
    /// Whether cargo itself said that all went well.
    is_complete: bool,
}

/// Runs every test, doc tests included, and counts. Of what passing tests print only the skips are shown.
fn tests() -> anyhow::Result<Tally> {
    let mut command = cargo(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    println!("\n$ {}", shell::show(&command));
    let mut child = command.stdout(Stdio::piped()).spawn().context("`cargo test` could not be started")?;
    let stdout = child.stdout.take().context("`cargo test` has no output")?;
    let mut tally = Tally::default();
    let mut is_failure = false;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("the output of `cargo test` broke off")?;
        let line = String::from_utf8_lossy(&line);
        is_failure = (is_failure || line == "failures:") && !line.starts_with("test result:");
        if tally.read(&line) || is_failure {
            println!("{line}");
        }
    }
    tally.is_complete = child.wait().context("`cargo test` was lost")?.success();
    Ok(tally)
}

impl Tally {
    /// Takes a line of the test harness in; whether it is worth showing.
    fn read(&mut self, line: &str) -> bool {
        if let Some(counts) = line.strip_prefix("test result:") {
            self.passed += count(counts, " passed");
            self.failed += count(counts, " failed");
            self.ignored += count(counts, " ignored");
            return count(counts, " passed") + count(counts, " failed") > 0;
        }
        if let Some(skip) = line.strip_prefix("skipped: ") {
            self.skips.push(skip.into());
            return true;
        }
        line.starts_with("test ") && line.ends_with("FAILED")
    }
}

/// The number before this word.
fn count(counts: &str, word: &str) -> u64 {
    let before = counts.split(word).next().filter(|before| before.len() < counts.len());
    let number = before.and_then(|before| before.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn the_harness_is_counted_and_a_skip_is_seen() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test runs_offline ... ok",
            "skipped: no Node.js",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.ignored), (15, 2, 1));
        assert_eq!(tally.skips, ["no Node.js"]);
    }
}
