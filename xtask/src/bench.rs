//! Figures and faults: thin, because what is measured and what is broken belongs to `handfast bench` and to `sim`.

use crate::shell::{cargo, run};

pub(crate) fn bench(args: &[String]) -> anyhow::Result<()> {
    match args {
        [only] if only == "conditions" => return conditions(),
        [only] if only == "stream" => return stream(),
        _ => {}
    }
    let mut command =
        cargo(["run", "--release", "--package", "handfast-cli", "--bin", "handfast", "--", "bench"]);
    run(command.args(args))
}

/// What one condition costs, by the crate that evaluates it: no run, no store, no command stands between.
fn conditions() -> anyhow::Result<()> {
    let test = ["test", "--release", "--package", "handfast-contract", "--test", "it", "--"];
    run(cargo(test).args(["--ignored", "--nocapture", "speed"]))
}

/// What the client adds to a model's stream, by the crate that reads it, against a provider on loopback.
fn stream() -> anyhow::Result<()> {
    let test = ["test", "--release", "--package", "handfast-model", "--lib", "--"];
    run(cargo(test).args(["--ignored", "--nocapture", "speed"]))
}

/// The simulator over its built-in contracts, as an optimised build: its example reads the arguments.
pub(crate) fn sim(args: &[String]) -> anyhow::Result<()> {
    let mut command = cargo(["run", "--release", "--package", "handfast-sim", "--example", "worlds", "--"]);
    run(command.args(args))
}

/// A storm in virtual time, told second by second.
pub(crate) fn storm(args: &[String]) -> anyhow::Result<()> {
    let mut command = cargo(["run", "--release", "--package", "handfast-sim", "--example", "storm", "--"]);
    run(command.args(args))
}
