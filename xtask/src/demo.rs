//! The README's first command: the support example from contract to trace, with a scripted model and a shop of its
//! own, in a fresh store.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::shell::{self, run};

const TICKET: &str = "late-parcel";

pub(crate) fn demo() -> anyhow::Result<()> {
    build()?;
    let (root, built) = (shell::root(), shell::built()?);
    let home = fresh(&built)?;
    let example = root.join("examples/support");
    let shop_db = home.join("shop.db");
    let store = format!("sqlite:{}", home.join("journal.db").display());
    let handfast = |args: &[&str]| {
        let mut command = Command::new(built.join("handfast"));
        command.args(args).env("HANDFAST_STORE", &store).current_dir(&root);
        command
    };

    println!(
        "\nA customer asks where her parcel is. The model's part is read from a script; all else is real:"
    );
    println!("the contract, the journal, and a shop behind MCP with a database of its own.");
    let input = format!("@{}", example.join(format!("tickets/{TICKET}.json")).display());
    let model = format!("script:{}", example.join(format!("scripts/{TICKET}.json")).display());
    let shop = format!("shop={}", built.join("shop").display());
    let db = format!("db={}", shop_db.display());
    let contract = example.display().to_string();
    run(&mut handfast(&[
        "run", &contract, "ticket", "--input", &input, "--model", &model, "--set", &shop, "--set", &db,
    ]))?;

    println!("\nWhat happened, told from the journal:");
    run(&mut handfast(&["trace", "last"]))?;

    println!("\nWhat the shop itself says was done to it:");
    run(Command::new(built.join("shop")).arg("--db").arg(&shop_db).arg("--ledger").current_dir(&root))?;

    println!("\nNext: read examples/support/handfast.yaml, the contract that all of this was derived from.");
    Ok(())
}

/// Builds both programs. On a terminal cargo shows how far it is; elsewhere it would only flood.
fn build() -> anyhow::Result<()> {
    let mut build = shell::cargo(["build", "--package", "handfast-cli", "--package", "example-shop"]);
    if !std::io::stderr().is_terminal() {
        println!("building; the first time this takes some minutes");
        build.arg("--quiet");
    }
    run(&mut build)
}

/// An empty folder for the journal and the shop's database.
fn fresh(built: &Path) -> anyhow::Result<std::path::PathBuf> {
    let home = built.with_file_name("demo");
    if home.exists() {
        std::fs::remove_dir_all(&home).with_context(|| format!("{} could not be emptied", home.display()))?;
    }
    std::fs::create_dir_all(&home).with_context(|| format!("{} could not be made", home.display()))?;
    Ok(home)
}
