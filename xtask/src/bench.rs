//! Figures and faults: thin, because what is measured and what is broken belongs to `handfast bench` and to `sim`.

use anyhow::{Context as _, bail};

use crate::shell::{cargo, run};

pub(crate) fn bench(args: &[String]) -> anyhow::Result<()> {
    if args == ["conditions"] {
        return conditions();
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

/// The simulator's laws, over as many worlds as asked. A failure prints its seed; `--seed` runs that world again.
pub(crate) fn sim(args: &[String]) -> anyhow::Result<()> {
    let mut command = cargo(["test", "--package", "handfast-sim", "--", "--nocapture"]);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let variable = match arg.as_str() {
            "--seed" => "HANDFAST_SIM_SEED",
            "--count" => "HANDFAST_SIM_COUNT",
            _ => bail!("`{arg}` is none of --seed N and --count N"),
        };
        let number = args.next().with_context(|| format!("`{arg}` needs a number behind it"))?;
        let number: u64 = number.parse().with_context(|| format!("`{arg} {number}`: that is no number"))?;
        command.env(variable, number.to_string());
    }
    run(&mut command)
}
