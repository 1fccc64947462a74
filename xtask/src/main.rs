//! The project's own chores: `cargo xtask demo | test | tidy | bench | sim | storm | llama`.
//!
//! Start with `tidy` for what the tree promises about itself, with `demo` and `test` for what the README's commands do.

mod bench;
mod demo;
mod llama;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::bail;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo                         builds Handfast and runs the support example, with no key and no server to install
  test                         puts in place what is missing, then runs every check and test
  tidy                         holds the tree against its own rules
  bench [ARGS…]                builds a release and runs `handfast bench ARGS…`
  bench conditions             prints what the evaluation of one condition takes
  bench stream                 prints what the client adds to a model's stream
  sim [--worlds N] [--seed S] [--contract NAME]
                               lets worlds happen, and breaks every boundary of a good run once
  sim --mutants                looks whether each law catches the worlds that break it on purpose
  storm [--seed S] [--runs N]  lets many runs ask a provider that turns half of all calls away for a minute
  llama                        tries the client on llama.cpp's own server, with a model of random weights";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match chore(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chore(args: &[String]) -> anyhow::Result<()> {
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => bail!("no command given\n{USAGE}"),
    };
    match (command, rest) {
        ("demo", []) => demo::demo(),
        ("test", []) => test::test(),
        ("tidy", []) => tidy::report(),
        ("bench", rest) => bench::bench(rest),
        ("sim", rest) => bench::sim(rest),
        ("storm", rest) => bench::storm(rest),
        ("llama", []) => llama::llama(),
        ("help" | "--help" | "-h", _) => {
            println!("{USAGE}");
            Ok(())
        }
        ("demo" | "test" | "tidy" | "llama", _) => {
            bail!("`cargo xtask {command}` takes no arguments\n{USAGE}")
        }
        _ => bail!("there is no chore `{command}`\n{USAGE}"),
    }
}
