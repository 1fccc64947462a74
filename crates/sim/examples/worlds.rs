//! The simulator over the built-in contracts: `cargo xtask sim --worlds N [--seed S] [--contract NAME] [--mutants]`.
//!
//! A world that breaks a law is shrunk, told as a story, and fails the command; its seed runs it again.

#![expect(clippy::disallowed_methods, reason = "it tells how fast it was")]

use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use handfast_sim::{Campaign, Mutant, Progress, Subject, Tally, campaign, shrink, story};

/// What was asked for.
struct Asked {
    worlds: u64,
    seed: u64,
    contract: Option<String>,
    is_mutants: bool,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| if asked.is_mutants { mutants(&asked) } else { worlds(&asked) }) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked { worlds: 10_000, seed: 1, contract: None, is_mutants: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || {
            let text = args.next().ok_or_else(|| format!("`{arg}` needs a number behind it"))?;
            text.parse::<u64>().map_err(|_| format!("`{arg} {text}`: that is no number"))
        };
        match arg.as_str() {
            "--worlds" => asked.worlds = number()?,
            "--seed" => asked.seed = number()?,
            "--contract" => asked.contract = Some(args.next().ok_or("`--contract` needs a name behind it")?),
            "--mutants" => asked.is_mutants = true,
            _ => return Err(format!("`{arg}` is none of --worlds N, --seed S, --contract NAME, --mutants")),
        }
    }
    Ok(asked)
}

fn subjects(asked: &Asked) -> Result<Vec<Arc<Subject>>, String> {
    let (subjects, skipped) = Subject::built_in();
    for skipped in skipped {
        println!("skipped: {}: {}", skipped.name, skipped.why);
    }
    let is_wanted = |subject: &Subject| {
        asked.contract.as_ref().is_none_or(|name| subject.name.split('.').any(|part| part == name))
    };
    let subjects: Vec<Arc<Subject>> = subjects.into_iter().filter(is_wanted).map(Arc::new).collect();
    if subjects.is_empty() { Err("no built-in contract has that name".into()) } else { Ok(subjects) }
}

fn worlds(asked: &Asked) -> Result<ExitCode, String> {
    let subjects = subjects(asked)?;
    let threads = available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = Campaign { worlds: asked.worlds, seed: asked.seed, mutant: None, sweeps: true, threads };
    let started = Instant::now();
    let progress = |Progress { done, of }| {
        if done > 0 && done.is_multiple_of(64_000) {
            eprintln!("{done} of {of} worlds");
        }
    };
    let tallies = campaign(&subjects, &wanted, &progress)?;
    let mut is_broken = false;
    let mut all = 0;
    for (subject, tally) in subjects.iter().zip(&tallies) {
        all += tally.worlds + tally.swept;
        report(tally);
        let Some(first) = &tally.first else { continue };
        is_broken = true;
        println!("  {} worlds broke a law; the first, seed {}:", tally.broken, first.spec.seed);
        let shrunk = shrink(subject, first.spec.clone(), first.law)?;
        println!("  shrunk to {} faults, in {} tries:", shrunk.outcome.happened.len(), shrunk.tried);
        println!("{}", story(&shrunk.outcome));
    }
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "worlds are counted in millions")]
    let speed = all as f64 / seconds.max(0.001);
    println!("{all} worlds in {seconds:.1} s, {speed:.0} a second on {threads} threads");
    Ok(if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(tally: &Tally) {
    println!("{}: {} worlds that chance ruled, {} swept boundaries", tally.name, tally.worlds, tally.swept);
    let boundaries: Vec<String> =
        tally.boundaries.iter().map(|(boundary, pairs)| format!("{pairs} {boundary:?}")).collect();
    println!("  boundaries: {}", boundaries.join(", "));
    println!("  ends: {:?}", tally.ends);
    println!("  {} events, {} faults", tally.counts.events, tally.counts.broke());
    for ((telling, whom), worlds) in &tally.told.worlds {
        println!("  {telling:?} {whom}: {worlds}");
    }
}

/// Each mutant gets worlds until one of them breaks its law.
fn mutants(asked: &Asked) -> Result<ExitCode, String> {
    let subjects = subjects(asked)?;
    let mut lives = 0;
    for mutant in Mutant::ALL {
        match handfast_sim::hunt(&subjects, *mutant, asked.seed, asked.worlds)? {
            Some(caught) => println!(
                "{mutant:?} is caught by {:?} in world {} of {}: {}",
                mutant.breaks(),
                caught.tried,
                caught.subject,
                caught.told
            ),
            None => {
                lives += 1;
                println!(
                    "{mutant:?} LIVES: {:?} caught it in none of {} worlds",
                    mutant.breaks(),
                    asked.worlds
                );
            }
        }
    }
    Ok(if lives > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
