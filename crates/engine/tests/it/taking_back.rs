//! The order law of taking back, whatever happens to the run and to what takes it back.

use std::collections::BTreeSet;

use handfast_events::{Body, CallId, CallSettled, Event, Idempotency, RunCancelled, Settled, Status, Waits};
use proptest::prelude::*;

use crate::act::act;
use crate::contracts::TRIP;
use crate::world::World;

/// What a call of each tool gives, and what the call gives that takes it back.
const TOOLS: [(&str, &str, &str); 5] = [
    ("book", r#"{"room":"7"}"#, r#"{"id":"b1","price":90}"#),
    ("hold", r#"{"seat":"12a"}"#, "{}"),
    ("mail", r#"{"to":"ada"}"#, "{}"),
    ("stamp", r#"{"page":3}"#, "{}"),
    ("look", r#"{"page":1}"#, r#"{"price":1}"#),
];

/// What may come of an attempt; the last is what it should give.
const OUTCOMES: [&str; 8] = [
    r#"fails "gone""#,
    r#"fails "later" code busy"#,
    r#"fails "what?""#,
    "is lost",
    "is not sent",
    "is not sent authentication",
    "is taken on as /jobs/1",
    "works",
];

/// The choice by which an attempt works, a doubt is settled, and what is stuck is accepted.
const WORKS: u32 = 7;

/// One thing that happens to a run that rests or has something under way: chance decides, until it has had enough.
fn happen(world: &mut World, choice: u32) {
    let place = choice as usize;
    let fact = if let Some(call) = world.calls().first().cloned() {
        let gives = match &*call.tool.name {
            "cancel" if choice.is_multiple_of(11) => r#"{"cancelled":false}"#,
            "cancel" => r#"{"cancelled":true}"#,
            "free" if choice.is_multiple_of(11) => r#"{"free":false}"#,
            "free" => r#"{"free":true}"#,
            name => TOOLS.iter().find(|(tool, ..)| *tool == name).expect("a tool of the list").2,
        };
        match OUTCOMES[place % OUTCOMES.len()] {
            _ if choice.is_multiple_of(5) => "a worker takes over".to_owned(),
            "works" => format!("{} returns {gives}", call.call),
            outcome => format!("{} {outcome}", call.call),
        }
    } else {
        match world.run.status() {
            Status::Waiting(Waits::Settlement) => {
                let mut doubted = BTreeSet::new();
                for event in &world.journal {
                    match (&event.body, &event.call) {
                        (Body::CallDoubted(_), Some(id)) => drop(doubted.insert(id.clone())),
                        (Body::CallSettled(_) | Body::CallApplied(_), Some(id)) => drop(doubted.remove(id)),
                        _ => {}
                    }
                }
                let id = doubted.pop_first().expect("a call in doubt");
                let gives = match world.run_tool(&id) {
                    "cancel" => r#"{"cancelled":true}"#,
                    "free" => r#"{"free":true}"#,
                    name => TOOLS.iter().find(|(tool, ..)| *tool == name).expect("a tool of the list").2,
                };
                let _ = act(world, "time passes 70s");
                match choice % 2 {
                    0 => format!("ada settles {id} not applied"),
                    _ => format!("ada settles {id} applied {gives}"),
                }
            }
            Status::Stuck => {
                let stuck = |event: &&Event| matches!(event.body, Body::CompensationStuck(_));
                let id = world.journal.iter().rev().find(stuck).and_then(|event| event.call.clone());
                let verb = if choice.is_multiple_of(3) { "accepts" } else { "retries" };
                format!("ada {verb} {}", id.expect("a call that is stuck"))
            }
            Status::Waiting(Waits::Call { .. }) => {
                let id = world.polls().first().expect("a call that its server works on").call.clone();
                let gives = match world.run_tool(&id) {
                    "cancel" => r#"{"cancelled":true}"#,
                    "free" => r#"{"free":true}"#,
                    name => TOOLS.iter().find(|(tool, ..)| *tool == name).expect("a tool of the list").2,
                };
                match choice % 4 {
                    0 => format!("{id} is still at work"),
                    1 => format!("{id} is forgotten"),
                    2 => format!("{id} fails \"gone\""),
                    _ => format!("{id} returns {gives}"),
                }
            }
            Status::Waiting(Waits::Retry { .. }) => "time passes".to_owned(),
            Status::PausedForOperator => "ada resumes".to_owned(),
            Status::PausedByLimit => "ada raises attempts to 90".to_owned(),
            status => panic!("it rests at {}", status.name()),
        }
    };
    // A refusal is as good an answer as any; `World` panics where it is our own bug.
    let _ = act(world, &fact);
}

/// What the journal says of every call that took effect: each is taken back or stands, once, the last applied first.
fn holds_of(journal: &[Event]) {
    let (mut applied, mut gone): (Vec<CallId>, BTreeSet<CallId>) = (Vec::new(), BTreeSet::new());
    let mut reads = BTreeSet::new();
    let mut under_way: Option<CallId> = None;
    for event in journal {
        let Some(id) = &event.call else { continue };
        match (&event.body, id.takes_back()) {
            (Body::CallIntended(intent), None) if intent.idempotency == Idempotency::Reads => {
                reads.insert(id.clone());
            }
            (
                Body::CallApplied(_) | Body::CallSettled(CallSettled { settled: Settled::Applied(_), .. }),
                None,
            ) if !reads.contains(id) => {
                assert!(
                    under_way.is_none() && gone.is_empty(),
                    "{id} took effect after something was taken back"
                );
                applied.push(id.clone());
            }
            (Body::CallIntended(_), Some(of)) => {
                let later = applied.iter().skip_while(|other| **other != of).skip(1);
                let open: Vec<_> = later.filter(|other| !gone.contains(other)).collect();
                assert!(applied.contains(&of) && open.is_empty(), "{id} before {open:?}");
                assert!(under_way.as_ref().is_none_or(|other| *other == of), "{id} beside another");
                under_way = Some(of);
            }
            (Body::CallCompensated(_) | Body::CallLeftStanding(_), None) => {
                under_way = None;
                assert!(gone.insert(id.clone()), "{id} twice");
            }
            _ => {}
        }
    }
    let (compensated, standing) = match journal.last().map(|event| &event.body) {
        Some(Body::RunCancelled(RunCancelled { compensated, standing })) => (compensated, standing),
        Some(Body::RunFailed(failed)) => (&failed.compensated, &failed.standing),
        _ => panic!("it did not end"),
    };
    let told: BTreeSet<CallId> = compensated.iter().chain(standing).cloned().collect();
    assert_eq!(told.len(), compensated.len() + standing.len(), "told twice");
    assert_eq!(told, applied.into_iter().collect(), "the end names other calls than those that took effect");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_call_is_taken_back_once_in_reverse_order_or_stands_and_is_named(
        turns in prop::collection::vec(prop::collection::vec(0_usize..TOOLS.len(), 1..4), 1..4),
        choices in prop::collection::vec(0_u32..10_000, 80),
    ) {
        let mut world = World::new(TRIP);
        world.start("planned", serde_json::json!({})).expect("it can begin");
        world.take().expect("it can be taken");
        let mut choices = choices.into_iter().chain(std::iter::repeat(WORKS)).take(300);
        for tools in turns {
            // Who asks for the same again and again is stopped, and that is an end, too.
            if world.asks().is_empty() {
                break;
            }
            let calls: Vec<String> =
                tools.iter().map(|tool| format!("{} {}", TOOLS[*tool].0, TOOLS[*tool].1)).collect();
            act(&mut world, &format!("the model calls {}", calls.join(" and "))).expect("it is asked");
            while world.asks().is_empty() && !world.run.status().is_ended() {
                happen(&mut world, choices.next().expect("a turn ends"));
            }
        }
        let _ = act(&mut world, "ada cancels");
        while !world.run.status().is_ended() {
            happen(&mut world, choices.next().expect("taking back ends"));
        }
        holds_of(&world.journal);
    }
}
