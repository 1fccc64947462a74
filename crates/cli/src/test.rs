//! `handfast test`: the tests beside a contract, on the real engine with fake tools, and what they exercised.
//!
//! Each test has a store, a worker and fake tools of its own, gone when it is over. Nothing is asked over a network, no
//! server is started, and no variable of the environment is read. Start with `play`.

mod coverage;
mod fake;
mod judge;
mod people;
mod play;
mod told;
mod unrun;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use handfast_contract::{Case, Contract, Paint};
use serde_json::Value;
use tokio::task::{JoinSet, LocalSet};

use crate::args;
use crate::exit::{Exit, stop};
use crate::limits::TESTS_AT_ONCE;
use crate::project::{self, Checked, Project};
use crate::{environment, out};

use coverage::Coverage;
use judge::Miss;
use play::{Played, Stage};

/// How the file of a contract's tests ends.
const ENDING: &str = ".test.yaml";

/// One test, over.
pub(super) struct Tried {
    case: Case,
    played: Played,
    misses: Vec<Miss>,
}

/// Runs the tests, and tells what came of them.
///
/// # Errors
/// There are none, or they or their contract are invalid.
pub(crate) async fn run(args: &args::Test) -> anyhow::Result<Exit> {
    let (file, text) = tests_of(&args.path)?;
    let (checked, settings) = contract_of(&file, &text, args)?;
    let cases = cases(&file, &text, &checked.contract)?;
    let all = cases.len();
    let chosen: Vec<Case> = match &args.filter {
        Some(part) => cases.into_iter().filter(|case| case.name.contains(part.as_str())).collect(),
        None => cases,
    };
    if chosen.is_empty() && args.filter.is_some() {
        return Err(stop(Exit::NotFound, format!("none of the {all} tests has that in its sentence")));
    }
    let contract = checked.contract.clone();
    let stage = Arc::new(Stage::new(checked, settings)?);
    // Heard, so that what the tests keep on the disk goes with them.
    let tried = tokio::select! {
        tried = try_all(chosen, &stage) => tried,
        _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
    };
    let mut coverage = Coverage::new(&contract);
    // What a test with a hole in it came to says nothing of the contract.
    for one in tried.iter().filter(|one| one.misses.iter().all(|miss| miss.expected.is_some())) {
        coverage.add(&one.played);
    }
    told::tell(&file, &contract, &tried, &coverage, args.json)?;
    Ok(if tried.iter().all(|one| one.misses.is_empty()) { Exit::Done } else { Exit::Failed })
}

/// Tries them, several at once, and gives them back in their order.
async fn try_all(cases: Vec<Case>, stage: &Arc<Stage>) -> Vec<Tried> {
    let mut waiting = cases.into_iter().enumerate();
    let mut tried = BTreeMap::new();
    let together = LocalSet::new();
    let work = async {
        let mut at_work = JoinSet::new();
        loop {
            while at_work.len() < TESTS_AT_ONCE {
                let Some((index, case)) = waiting.next() else { break };
                let stage = stage.clone();
                at_work.spawn_local(async move {
                    let played = stage.play(&case).await;
                    let misses = judge::misses(&case, &played);
                    (index, Tried { case, played, misses })
                });
            }
            match at_work.join_next().await {
                Some(Ok((index, one))) => tried.insert(index, one),
                Some(Err(broken)) => std::panic::resume_unwind(broken.into_panic()),
                None => break,
            };
        }
    };
    together.run_until(work).await;
    tried.into_values().collect()
}

/// The file of tests that PATH means, and its text.
fn tests_of(path: &Path) -> anyhow::Result<(PathBuf, String)> {
    let file = if is_tests(path) && path.is_file() {
        path.to_owned()
    } else {
        let contract = project::locate(path)?;
        beside(&contract)
    };
    match project::read_file(&file) {
        Ok(text) => Ok((file, text)),
        Err(reason) => {
            let message = format!(
                "`{}` can't be read: {reason}; write a first test into it: see docs/reference/tests.md",
                file.display()
            );
            Err(stop(Exit::NotFound, message))
        }
    }
}

fn is_tests(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING))
}

/// `x.test.yaml` beside `x.yaml`.
fn beside(contract: &Path) -> PathBuf {
    let name = contract.file_stem().unwrap_or_default().to_string_lossy();
    contract.with_file_name(format!("{name}{ENDING}"))
}

/// The contract of a file of tests, with the settings that all its tests are given.
fn contract_of(
    file: &Path,
    text: &str,
    args: &args::Test,
) -> anyhow::Result<(Checked, BTreeMap<String, Value>)> {
    let head = handfast_contract::cases_head(text);
    let contract = match &head.contract {
        Some(name) => file.with_file_name(name),
        None => {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let stem = name.strip_suffix(ENDING).unwrap_or(&name);
            file.with_file_name(format!("{stem}.yaml"))
        }
    };
    let mut values = environment::pairs(&args.settings.set);
    values.extend(head.settings);
    let project = Project::read_with(&contract, args.settings.env.as_deref(), values.clone())?;
    if project.loaded.contract.is_none() && !values.is_empty() {
        let names: Vec<&str> = values.keys().map(String::as_str).collect();
        out::note(format!(
            "with {} as `{}` and the command line give them\n",
            names.join(", "),
            file.display()
        ));
    }
    Ok((project.checkable()?, values))
}

/// The tests, checked against their contract.
fn cases(file: &Path, text: &str, contract: &Contract) -> anyhow::Result<Vec<Case>> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut read = |path: &str| project::read_file(&folder.join(path));
    let loaded = handfast_contract::load_cases(&file.display().to_string(), text, contract, &mut read);
    if !loaded.found.diagnostics.is_empty() {
        out::note(loaded.found.report(Paint::Coloured).trim_end());
    }
    loaded.cases.ok_or_else(|| {
        stop(Exit::Contract, format!("the tests in `{}` are invalid: nothing was tried", file.display()))
    })
}
