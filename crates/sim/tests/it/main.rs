//! The laws hold in every world, and every law is broken by its mutants.

#![expect(clippy::panic, reason = "a test that is surprised must stop")]

mod storm;

use std::sync::Arc;

use handfast_sim::{
    Boundary, Campaign, Law, Mutant, Outcome, Spec, Subject, Sweep, campaign, hunt, run, shrink, story, sweep,
};

/// So many worlds of all contracts together take a minute or two, unoptimised; `cargo xtask sim` lets any number happen.
const WORLDS: u64 = 10_000;
/// So many worlds a mutant gets to be caught in; most are caught within the first twenty.
const MUTANT_WORLDS: u64 = 1_000;
/// Unoptimised, so many pairs of a boundary and a fault are passed over for each that is tried; `cargo xtask sim` tries all.
const PAIRS_PASSED: usize = if cfg!(debug_assertions) { 6 } else { 1 };

fn subjects() -> Vec<Arc<Subject>> {
    let (subjects, skipped) = Subject::built_in();
    let skipped: Vec<String> = skipped.iter().map(|one| format!("{}: {}", one.name, one.why)).collect();
    assert_eq!(skipped.join("\n"), "", "built-in contracts are left out");
    subjects.into_iter().map(Arc::new).collect()
}

fn happen(subject: &Arc<Subject>, spec: Spec) -> Outcome {
    run(subject, spec).unwrap_or_else(|error| panic!("{} can't begin: {error}", subject.name))
}

#[test]
fn every_law_holds_in_every_world() {
    let subjects = subjects();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = Campaign { worlds: WORLDS, seed: 1, mutant: None, sweeps: false, threads };
    let tallies = campaign(&subjects, &wanted, &|_| {}).unwrap_or_else(|error| panic!("{error}"));
    for (subject, tally) in subjects.iter().zip(&tallies) {
        println!("{}: {} worlds: {:?}\n{:#?}", tally.name, tally.worlds, tally.ends, tally.counts);
        let Some(first) = &tally.first else { continue };
        let shrunk = shrink(subject, first.spec.clone(), first.law).unwrap_or_else(|error| panic!("{error}"));
        panic!("{} worlds broke a law; seed {}:\n{}", tally.broken, first.spec.seed, story(&shrunk.outcome));
    }
}

#[test]
fn a_seed_is_one_world() {
    for subject in subjects() {
        for seed in 1..=10 {
            let (one, two) = (happen(&subject, Spec::drawn(seed)), happen(&subject, Spec::drawn(seed)));
            assert_eq!((one.chain, one.counts), (two.chain, two.counts), "seed {seed}");
        }
    }
}

#[test]
fn each_mutant_is_caught_by_its_law() {
    let subjects = subjects();
    for mutant in Mutant::ALL {
        let caught = hunt(&subjects, *mutant, 1, MUTANT_WORLDS);
        let Some(caught) = caught.unwrap_or_else(|error| panic!("{error}")) else {
            panic!("{mutant:?} lives: {:?} caught it in none of {MUTANT_WORLDS} worlds", mutant.breaks());
        };
        println!("{mutant:?} is caught by {:?} in world {}: {}", mutant.breaks(), caught.tried, caught.told);
    }
}

#[test]
fn each_law_has_two_mutants() {
    use Law::{NeverLost, NeverOver, NeverTwice, NeverUnasked, NeverUnsaid, SameAgain};
    for law in [NeverTwice, NeverLost, NeverUnsaid, NeverOver, NeverUnasked, SameAgain] {
        let mutants = Mutant::ALL.iter().filter(|mutant| mutant.breaks() == law).count();
        assert!(mutants >= 2, "{law:?} has {mutants}");
    }
}

#[test]
fn every_boundary_of_a_good_run_is_broken_once_by_everything_that_can_break_there() {
    for subject in subjects() {
        let sweep = sweep(&subject, 1).unwrap_or_else(|error| panic!("{}: {error}", subject.name));
        assert_eq!(sweep.objection(), None, "{}: {}", subject.name, story(&sweep.good));
        println!("{}: {} pairs: {:?}", subject.name, sweep.pairs.len(), sweep.by_boundary());
        for boundary in [
            Boundary::Commit,
            Boundary::BeforeFirstByte,
            Boundary::AfterFirstByte,
            Boundary::AtTool,
            Boundary::BeforeResult,
        ] {
            assert!(sweep.by_boundary().contains_key(&boundary), "{}: {boundary:?}", subject.name);
        }
        for pair in sweep.pairs.iter().step_by(PAIRS_PASSED) {
            let outcome = happen(&subject, sweep.spec(pair, None));
            assert!(
                Sweep::has_happened(&outcome.counts),
                "{}: {}, {} did not happen",
                subject.name,
                pair.0,
                pair.1
            );
            assert!(outcome.broken.is_empty(), "{}: {}", subject.name, story(&outcome));
        }
    }
}

#[test]
fn a_broken_world_is_shrunk_to_what_breaks_it() {
    let subject = subjects().swap_remove(0);
    let spec = |seed| Spec { mutant: Some(Mutant::FreshKeys), ..Spec::drawn(seed) };
    let is_broken =
        |seed: &u64| happen(&subject, spec(*seed)).broken.iter().any(|broken| broken.law == Law::NeverTwice);
    let seed = (1..100).find(is_broken).unwrap_or_else(|| panic!("no world of a hundred breaks the law"));
    let shrunk = shrink(&subject, spec(seed), Law::NeverTwice).unwrap_or_else(|error| panic!("{error}"));
    let faults = shrunk.outcome.happened.len();
    assert!((1..=2).contains(&faults), "{faults} faults are left:\n{}", story(&shrunk.outcome));
    println!("seed {seed}, {} tries:\n{}", shrunk.tried, story(&shrunk.outcome));
}
