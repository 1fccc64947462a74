//! The support example, killed with SIGKILL at any moment and taken up again: nothing is lost, nothing is done twice,
//! and what nobody can know is said.
//!
//! `HANDFAST_KILLS=200` asks for more than the 50 of a plain test run.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that is surprised must stop"
)]

mod shop;
mod tally;
mod victim;

use std::collections::BTreeMap;
use std::io::Write as _;

use tally::{Phase, Tally};
use victim::{Ended, Victim};

/// How many kills must fall between a call's intent and its result, so that the test says something.
const IN_FLIGHT_MIN: usize = 20;

#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_is_done_twice() {
    let wanted = std::env::var("HANDFAST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let tickets = ["hand-over", "refund", "late-parcel"];
    let undisturbed: BTreeMap<&str, _> =
        tickets.iter().map(|ticket| (*ticket, Victim::start(ticket).finish())).collect();
    let mut tally = Tally::default();
    let mut round = 0;
    while tally.kills() < wanted || tally.of(Phase::InFlight) < IN_FLIGHT_MIN {
        let Some(ticket) = tickets.get(round % tickets.len()) else { break };
        round += 1;
        assert!(round < 40 * wanted, "too few kills fall between intent and result: {tally}");
        let mut victim = Victim::start(ticket);
        for kill in 0..6 {
            match victim.kill_somewhere(round * 7 + kill, &mut tally) {
                Ended::No => victim.take_up(),
                Ended::Yes => break,
            }
        }
        let ended = victim.finish();
        tally.doubts += ended.settled;
        let expected = undisturbed.get(ticket).expect("every ticket ran undisturbed first");
        assert_eq!(ended.output, expected.output, "ticket {ticket}, round {round}");
        shop::assert_once(&ended.ledger, &expected.ledger);
    }
    // Past the test runner, which keeps what a test that holds prints to itself.
    writeln!(std::io::stderr(), "{tally}").unwrap();
}
