//! The client against a server that nobody here wrote: llama.cpp's, with a tiny model of random weights. On demand.
//!
//! Everything is put under the folder for what is built. What can't be installed here is said, and nothing is tried.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::shell::{self, cargo, has, run};

/// The models that the checks ask: one that ends or calls a tool, one that calls more often, one that goes on and on.
const WEIGHTS: [&str; 3] = ["ready", "eager", "endless"];
/// The window that they are made for; a server may be given less.
const WINDOW: &str = "65536";

pub(crate) fn llama() -> anyhow::Result<()> {
    let home = shell::built()?.with_file_name("llama");
    std::fs::create_dir_all(&home).with_context(|| format!("{} could not be made", home.display()))?;
    let scripts = shell::root().join("xtask/llama");
    if let Err(why) = install(&home, &scripts) {
        println!("skipped: llama.cpp's server can't be put in place here: {why:#}");
        if shell::is_ci() {
            bail!("with CI=true nothing may be skipped: install what the line above names");
        }
        return Ok(());
    }
    for kind in WEIGHTS {
        let file = home.join(format!("{kind}.gguf"));
        run(Command::new(python(&home)).arg(scripts.join("weights.py")).arg(file).args([WINDOW, kind]))?;
    }
    let test = ["test", "--quiet", "--package", "handfast-cli", "--test", "it", "--"];
    // One after the other: each has a server of its own, and two cores are soon taken.
    let only = ["llama::", "--ignored", "--nocapture", "--test-threads", "1"];
    run(cargo(test).args(only).env("HANDFAST_TEST_LLAMA", &home).env("HANDFAST_TEST_LLAMA_SCRIPTS", &scripts))
}

/// An environment for Python with what `requirements.txt` pins, if it isn't there yet.
fn install(home: &Path, scripts: &Path) -> anyhow::Result<()> {
    let asked = std::fs::read_to_string(scripts.join("requirements.txt"))?;
    let installed = home.join("venv/installed");
    if std::fs::read_to_string(&installed).is_ok_and(|there| there == asked) {
        return Ok(());
    }
    if !has(Command::new("python3").args(["-m", "venv", "--help"])) {
        bail!("it needs Python 3.11 or newer, with venv");
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home.join("venv")))?;
    run(Command::new(home.join("venv/bin/pip"))
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "--requirement",
        ])
        .arg(scripts.join("requirements.txt")))?;
    std::fs::write(installed, asked).context("the environment for Python can't be written")
}

fn python(home: &Path) -> PathBuf {
    home.join("venv/bin/python")
}
