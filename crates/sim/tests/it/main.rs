//! The laws hold in every world, and every law is broken by its mutant.
//!
//! `HANDFAST_SIM_SEED` is the first seed and `HANDFAST_SIM_COUNT` the number of worlds (`cargo xtask sim --seed N --count N`).

#![expect(clippy::panic, reason = "a test that is surprised must stop")]

use handfast_sim::{Counts, Mutant, Outcome, run};

/// So many worlds meet every boundary many times, and take seconds.
const WORLDS: u64 = 300;
/// So many worlds a mutant gets to be caught in; most are caught within the first twenty.
const MUTANT_WORLDS: u64 = 600;

fn happen(seed: u64, mutant: Option<Mutant>) -> Outcome {
    run(seed, mutant).unwrap_or_else(|error| panic!("the world's own contract is wrong: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "a test's own switch, for whoever looks into a seed")]
fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => otherwise,
    }
}

#[test]
fn every_law_holds_in_every_world() {
    let (first, count) = (number("HANDFAST_SIM_SEED", 1), number("HANDFAST_SIM_COUNT", WORLDS));
    let mut total = Counts::default();
    let mut failed = 0;
    let mut ends = std::collections::BTreeMap::<&str, u64>::new();
    for seed in first..first.saturating_add(count) {
        let outcome = happen(seed, None);
        total.add(outcome.counts);
        *ends.entry(outcome.status.name()).or_default() += 1;
        if outcome.broken.is_empty() {
            continue;
        }
        failed += 1;
        println!("seed {seed} broke:");
        for broken in &outcome.broken {
            println!("  {broken}");
        }
        if failed == 1 {
            println!("its journal:\n{}", outcome.journal.join("\n"));
        }
    }
    println!("{count} worlds from seed {first}: {ends:?}\n{total:#?}");
    assert_eq!(failed, 0, "worlds broke a law; `cargo xtask sim --seed N --count 1` runs one again");
}

#[test]
fn the_worlds_meet_every_boundary() {
    let total =
        (1..=60).map(|seed| happen(seed, None).counts).fold(Counts::default(), |mut total, counts| {
            total.add(counts);
            total
        });
    for (what, times) in total.named() {
        assert!(times >= 5, "{what} happened {times} times in 60 worlds: too rarely to prove anything");
    }
}

#[test]
fn a_seed_is_one_world() {
    for seed in 1..=10 {
        let (one, two) = (happen(seed, None), happen(seed, None));
        assert_eq!((one.chain, one.counts), (two.chain, two.counts), "seed {seed}");
    }
}

#[test]
fn each_mutant_is_caught_by_its_law() {
    for mutant in Mutant::ALL {
        let caught = (1..=MUTANT_WORLDS).find(|seed| {
            happen(*seed, Some(mutant)).broken.iter().any(|broken| broken.law == mutant.breaks())
        });
        let Some(seed) = caught else {
            panic!("{mutant:?} lives: {:?} caught it in none of {MUTANT_WORLDS} worlds", mutant.breaks());
        };
        println!("{mutant:?} is caught by {:?} in seed {seed}", mutant.breaks());
    }
}
