//! `handfast diff`: what changes between two versions of a contract. What weighs how much is the contract room's to say.

use std::path::Path;

use handfast_contract::diff::{Change, Weight, diff, heaviest, report};
use handfast_contract::{Contract, Paint};
use serde_json::json;

use crate::args::Settings;
use crate::exit::{Exit, stop};
use crate::project::Project;
use crate::{args, out};

/// Compares.
///
/// # Errors
/// One of the contracts isn't there, or doesn't check.
pub(crate) fn run(args: &args::Diff) -> anyhow::Result<Exit> {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let changes = diff(&old, &new);
    let weight = heaviest(&changes);
    if args.json {
        let changes: Vec<_> = changes.iter().map(one).collect();
        out::json(&json!({ "weight": weight, "version": weight.map(Weight::step), "changes": changes }))?;
    } else {
        out::data(&report(&changes))?;
    }
    let fails = args.fail_on.map(Weight::from).is_some_and(|least| weight >= Some(least));
    Ok(if fails { Exit::Failed } else { Exit::Done })
}

/// A contract that checks, whether or not this release runs it. Lints are no matter of what differs.
fn read(path: &Path) -> anyhow::Result<Contract> {
    let project = Project::read(path, &Settings::default())?;
    let loaded = project.loaded;
    if let Some(contract) = loaded.checked() {
        return Ok(contract.clone());
    }
    out::note(loaded.report(Paint::Coloured).trim_end());
    let message = format!("`{}` is invalid: mend it, then compare again", project.file.display());
    Err(stop(Exit::Contract, message))
}

fn one(change: &Change) -> serde_json::Value {
    json!({
        "address": change.address,
        "what": change.what,
        "weight": change.weight(),
        "breaks": change.rule.breaks,
        "rule": change.rule.name,
        "why": change.rule.why,
        "remedy": change.rule.remedy,
    })
}

impl From<args::FailOn> for Weight {
    fn from(least: args::FailOn) -> Self {
        match least {
            args::FailOn::Breaking => Self::Breaking,
            args::FailOn::Reapprove => Self::Reapprove,
            args::FailOn::Reevaluate => Self::Reevaluate,
        }
    }
}
