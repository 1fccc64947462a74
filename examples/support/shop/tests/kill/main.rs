//! Workflows of every kind over a real shop, their workers and its server killed with SIGKILL at every phase and taken up
//! again: nothing is lost, nothing is done twice, and what nobody can know is said.
//!
//! `HANDFAST_KILLS=500` asks for more than the 50 of a plain test run.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that is surprised must stop"
)]

mod cases;
mod judge;
mod person;
mod shop;
mod tally;
mod victim;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::{CASES, Case};
use tally::{Phase, Tally, Whom};
use victim::{Aim, End, Victim};

/// Runs at once: they mostly wait.
const AT_ONCE: usize = 6;
/// Kills of one run. Servers are killed twice at most: a call has three attempts, and a run that used them up rests.
const OF_ONE_RUN: u64 = 5;
const SERVERS_OF_ONE_RUN: usize = 2;
/// How many kills of a hundred must fall into each phase, so that the test says something of it. Between commits little can
/// be met: what came back travels with what leaves next.
const PHASES_MIN: [(Phase, usize); 5] =
    [(Phase::Early, 3), (Phase::Asking, 4), (Phase::InFlight, 20), (Phase::Bare, 8), (Phase::Undoing, 4)];
/// The same of what is killed, and of each workflow.
const WHOM_MIN: usize = 10;
const CASE_MIN: usize = 2;

#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_is_done_twice() {
    let wanted = std::env::var("HANDFAST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let undisturbed: BTreeMap<Case, End> = std::thread::scope(|scope| {
        let ends: Vec<_> =
            CASES.iter().map(|case| (*case, scope.spawn(|| Victim::start(*case).finish()))).collect();
        ends.into_iter().map(|(case, end)| (case, end.join().unwrap())).collect()
    });
    let (tally, next) = (Mutex::new(Tally::default()), AtomicUsize::new(0));
    let work = || {
        while !is_enough(&tally.lock().unwrap(), wanted) {
            let round = next.fetch_add(1, Ordering::Relaxed);
            assert!(round < 10 * wanted, "too few kills fall where they should: {}", tally.lock().unwrap());
            let case = CASES[round % CASES.len()];
            one(case, round / CASES.len(), &undisturbed[&case], &tally);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        // The first that is surprised says what it saw; the others only that the tally was let go of in a panic.
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    // Past the test runner, which keeps what a test that holds prints to itself.
    writeln!(std::io::stderr(), "{}", tally.lock().unwrap()).unwrap();
}

/// One run, killed several times, and held against the one that was not.
fn one(case: Case, round: usize, undisturbed: &End, tally: &Mutex<Tally>) {
    let mut victim = Victim::start(case);
    let phases = case.phases();
    let mut servers = 0;
    for kill in 0..OF_ONE_RUN {
        let seed = round as u64 * OF_ONE_RUN + kill;
        let phase = phases[(round + kill as usize) % phases.len()];
        let whom = match (seed + seed / 3) % 3 {
            1 if servers < SERVERS_OF_ONE_RUN => Whom::Server,
            2 if servers < SERVERS_OF_ONE_RUN => Whom::Both,
            _ => Whom::Worker,
        };
        servers += usize::from(whom != Whom::Worker);
        // What it rests on before it comes to that is attended to.
        let hit = loop {
            let hit = victim.kill(Aim { whom, phase, seed });
            if victim.attend() || hit.is_some() {
                break hit;
            }
        };
        let Some(phase) = hit else { break };
        tally.lock().unwrap().add(case, whom, phase);
    }
    let End { status, output, verdict, did } = victim.finish();
    // Who had to say that a call did not take effect may have ended a run otherwise, and then it was taken back.
    let is_same = (&status, &output) == (&undisturbed.status, &undisturbed.output);
    assert!(is_same || verdict.is_other, "{}: it ended {status} with {output}", case.name);
    let mut tally = tally.lock().unwrap();
    tally.runs += 1;
    tally.effects += verdict.effects;
    tally.approved += did.approved;
    tally.settled += did.settled;
    tally.bare_settled += did.bare_settled;
}

fn is_enough(tally: &Tally, wanted: usize) -> bool {
    let is_many = |count: usize, of_hundred: usize| count >= (wanted * of_hundred).div_ceil(100);
    tally.kills() >= wanted
        && PHASES_MIN.iter().all(|(phase, of_hundred)| is_many(tally.of(*phase), *of_hundred))
        && [Whom::Worker, Whom::Server, Whom::Both].iter().all(|whom| is_many(tally.of_whom(*whom), WHOM_MIN))
        && CASES.iter().all(|case| is_many(tally.of_case(*case), CASE_MIN))
}
