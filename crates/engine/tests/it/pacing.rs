//! Pace laws of several runs together: no more are under way than may be at once, no more begin in any such time than the rate
//! says, nobody goes before who came sooner, and nobody waits for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use handfast_engine::{Command, Debt, ModelReply, ModelSaid, ModelTrouble, ToolOutcome, ToolReply};
use handfast_events::{Answer, Ask, Body, Event, Failure, FailureClass, Finish, Status, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::throng::{Became, Throng};

const CONTRACT: &str = r#"
handfast: 1
name: paced
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free, limits: { rate: 4/m, at_once: 3 } } }
servers: { shop: { rust: {}, limits: { at_once: 2 } } }
tools:
  look:
    via: shop.look
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
    limits: { rate: 6/m, attempts: 99 }
agents:
  clerk: { purpose: Resolve one problem., model: main, may: [ look ], limits: { turns: 99 } }
workflows:
  ask: { steps: { one: { agent: clerk }, two: { agent: clerk, otherwise: skip } } }
"#;

const MINUTE: Duration = Duration::from_secs(60);

/// Whoever is asked, how many at once of one worker, and how many in a minute.
type Paces = [(&'static str, Option<usize>, Option<usize>); 3];
const PACES: Paces = [("main", Some(3), Some(4)), ("shop", Some(2), None), ("look", None, Some(6))];
/// The same without a word on how many at once.
const RATES: Paces = [("main", None, Some(4)), ("shop", None, Some(100)), ("look", None, Some(6))];

fn contract(paces: Paces) -> String {
    if paces == PACES {
        return CONTRACT.to_owned();
    }
    CONTRACT.replace(", at_once: 3", "").replace("at_once: 2", "rate: 100/m")
}

/// Whoever waits, or is under way, of one worker's runs with one of those who are asked.
#[derive(Default)]
struct Places {
    /// What is under way, with what was decided and isn't remembered yet.
    open: BTreeSet<String>,
    /// Who waits, in the order in which that was remembered.
    waiting: Vec<String>,
}

/// What the laws are held against, from what was decided and remembered alone.
struct Watch {
    paces: Paces,
    counted: usize,
    /// Places that wait, as their newest events say: a worker that takes a run puts those into its queues.
    held: BTreeMap<String, &'static [&'static str]>,
    places: BTreeMap<(usize, &'static str), Places>,
    /// What a run has decided to begin, which isn't remembered yet.
    begins: BTreeMap<usize, Vec<String>>,
    /// When something began, by who is asked.
    begun: BTreeMap<&'static str, Vec<Timestamp>>,
}

/// Where in the throng an event belongs, and who is asked there.
fn place(number: usize, event: &Event) -> (String, &'static [&'static str]) {
    match (&event.call, &event.step) {
        (Some(call), _) => (format!("{number} {call}"), &["shop", "look"]),
        (None, Some(step)) => (format!("{number} {step}"), &["main"]),
        (None, None) => (number.to_string(), &[]),
    }
}

impl Watch {
    fn of(paces: Paces) -> Self {
        let (places, begins, begun, held) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { paces, counted: 0, held, places, begins, begun }
    }

    fn look(&mut self, throng: &Throng) {
        for (number, became) in &throng.log[self.counted..] {
            let worker = throng.lives[*number].worker;
            match became {
                Became::Decided(events) => self.decided(worker, *number, events),
                Became::Landed(events) => {
                    self.begins.remove(number);
                    events.iter().for_each(|event| self.landed(worker, *number, event));
                    self.queue(worker, *number);
                }
                Became::Refused => {
                    // What was about to begin there is the next to begin.
                    for place in self.begins.remove(number).unwrap_or_default().into_iter().rev() {
                        for places in self.places.values_mut() {
                            if places.open.remove(&place) {
                                places.waiting.retain(|other| *other != place);
                                places.waiting.insert(0, place.clone());
                            }
                        }
                    }
                }
                Became::Taken => {
                    self.begins.remove(number);
                    let own = format!("{number} ");
                    for places in self.places.values_mut() {
                        places.open.retain(|place| !place.starts_with(&own));
                        places.waiting.retain(|place| !place.starts_with(&own));
                    }
                }
            }
        }
        self.counted = throng.log.len();
    }

    /// What begins by a decision finds a place, and goes before nobody who came sooner where there is none for both.
    fn decided(&mut self, worker: usize, number: usize, events: &[Event]) {
        for event in events {
            let (place, asked) = place(number, event);
            if !matches!(event.body, Body::ModelIntended(_) | Body::CallIntended(_)) {
                continue;
            }
            self.begins.entry(number).or_default().push(place.clone());
            for (whom, at_once, _) in self.paces.iter().filter(|(whom, ..)| asked.contains(whom)) {
                let Places { open, waiting } = self.places.entry((worker, whom)).or_default();
                let sooner = waiting.iter().take_while(|other| **other != place);
                let sooner = sooner.filter(|other| !open.contains(*other)).count();
                open.insert(place.clone());
                let (open, most) = (open.len(), at_once.unwrap_or(usize::MAX));
                assert!(open <= most, "{open} of `{whom}` are under way at once");
                assert!(open + sooner <= most, "`{place}` goes before {sooner} who wait for `{whom}`");
            }
        }
    }

    /// What waits of a run stands in the queues of its worker, behind those that stand there already.
    fn queue(&mut self, worker: usize, number: usize) {
        let own = format!("{number} ");
        for places in self.places.values_mut() {
            places.waiting.retain(|place| !place.starts_with(&own) || self.held.contains_key(place));
        }
        for (place, asked) in self.held.iter().filter(|(place, _)| place.starts_with(&own)) {
            for whom in *asked {
                let waiting = &mut self.places.entry((worker, whom)).or_default().waiting;
                if !waiting.contains(place) {
                    waiting.push(place.clone());
                }
            }
        }
    }

    fn landed(&mut self, worker: usize, number: usize, event: &Event) {
        let (place, asked) = place(number, event);
        let until = match &event.body {
            Body::ModelHeld(held) => Some(held.until),
            Body::CallHeld(held) => Some(held.until),
            _ => None,
        };
        match until {
            Some(None) => _ = self.held.insert(place.clone(), asked),
            Some(Some(_)) => _ = self.held.remove(&place),
            None if matches!(event.body, Body::ModelIntended(_) | Body::CallIntended(_)) => {
                self.held.remove(&place);
            }
            None => {}
        }
        for whom in asked {
            let Places { open, waiting } = self.places.entry((worker, whom)).or_default();
            match &event.body {
                Body::ModelIntended(_) | Body::CallIntended(_) => {
                    open.insert(place.clone());
                    waiting.retain(|other| *other != place);
                    self.begun.entry(whom).or_default().push(event.time);
                }
                Body::ModelAnswered(_)
                | Body::ModelFailed(_)
                | Body::CallApplied(_)
                | Body::CallNotApplied(_) => {
                    open.remove(&place);
                }
                // Who has a turn is in nobody's way until then.
                _ if until.is_some_and(|until| until.is_some()) => waiting.retain(|other| *other != place),
                _ => {}
            }
        }
    }

    /// The most that began within a minute of whoever is asked.
    fn fastest(&self, whom: &str) -> usize {
        let begun = self.begun.get(whom).cloned().unwrap_or_default();
        let within = |from: &Timestamp| {
            let lasts = |at: &&Timestamp| **at >= *from && at.duration_since(*from).unsigned_abs() < MINUTE;
            begun.iter().filter(lasts).count()
        };
        begun.iter().map(within).max().unwrap_or(0)
    }
}

/// One of the debts of all runs is paid.
fn pay(throng: &mut Throng, which: usize, is_last: bool) -> bool {
    let owed = throng.lives.iter().enumerate();
    let owed: Vec<(usize, Debt)> =
        owed.flat_map(|(number, live)| live.run.owed().map(move |debt| (number, debt))).collect();
    let owed: Vec<_> = owed.into_iter().filter(|(_, debt)| !matches!(debt, Debt::Wait { .. })).collect();
    let Some((number, debt)) = owed.get(which % owed.len().max(1)).cloned() else { return false };
    let command = match debt {
        Debt::AskModel(ask) => {
            let orders = if is_last { 0 } else { which / 3 % 4 };
            let calls = (0..orders).map(|order| {
                let args = json!({ "order": format!("{which}/{order}") }).to_string();
                Ask { id: format!("c{order}"), tool: "look".into(), args }
            });
            let finish = if orders == 0 { Finish::Stop } else { Finish::Calls };
            let answer = Answer { text: "done".into(), calls: calls.collect(), finish, ..Answer::default() };
            let outcome = match which % 17 {
                0 if !is_last => Err(ModelTrouble {
                    failure: Failure::new(FailureClass::Overloaded, "no room"),
                    may_have_cost: false,
                }),
                _ => Ok(ModelSaid { answer, usage: None }),
            };
            let reply = ModelReply { outcome, body: None, latency_ms: 5, request_id: None };
            Command::ModelReturned { step: ask.step, turn: ask.turn, attempt: ask.attempt, reply }
        }
        Debt::CallTool(call) => {
            let reply = ToolReply { outcome: ToolOutcome::Returned(json!({ "of": which })), latency_ms: 5 };
            Command::ToolReturned { call: call.call, attempt: call.attempt, reply }
        }
        Debt::PollCall(_) | Debt::Wait { .. } => return false,
    };
    throng.tell(number, command);
    true
}

/// One thing that happens. What is decided is remembered at once, or a little later.
fn happen(throng: &mut Throng, is_punctual: bool, (choice, which): (u32, usize)) {
    match choice {
        0..=7 => _ = pay(throng, which, false),
        8..=11 => {
            if let Some(due) = throng.due() {
                throng.pass(due);
            }
        }
        12 => {
            // Somebody who is busy comes late to its turn; punctual ones wake at each.
            if is_punctual {
                throng.settle();
            }
            let later = throng.later(Duration::from_millis(which as u64 % 90_000));
            let due = throng.due().filter(|_| is_punctual).unwrap_or(later);
            throng.pass(later.min(due));
        }
        13 => throng.look(which),
        14 if which.is_multiple_of(3) => throng.take(which % throng.lives.len()),
        _ => throng.land(which % throng.lives.len()),
    }
    if choice % 3 != 0 {
        throng.settle();
    }
}

/// Everything is answered, and every time waited for, until all runs have ended.
fn drain(throng: &mut Throng, watch: &mut Watch) {
    for _ in 0..3_000 {
        throng.settle();
        watch.look(throng);
        if throng.lives.iter().all(|live| live.run.status().is_ended()) {
            return;
        }
        (0..throng.workers()).for_each(|worker| throng.look(worker));
        // Whoever was told by that goes on first.
        if throng.is_settled() && !pay(throng, 0, true) {
            let due = throng.due().expect("whoever waits for nobody waits for a time");
            throng.pass(due);
        }
    }
    let told =
        throng.lives.iter().map(|live| format!("{}\n{:#?}", live.run.status().name(), live.journal.last()));
    panic!("somebody starves:\n{}", told.collect::<Vec<_>>().join("\n"));
}

fn weathers(
    paces: Paces,
    is_punctual: bool,
    runs: u8,
    workers: usize,
    happenings: Vec<(u32, usize)>,
) -> Watch {
    let (mut throng, mut watch) = (Throng::new(&contract(paces), runs, workers), Watch::of(paces));
    for happening in happenings {
        happen(&mut throng, is_punctual, happening);
        watch.look(&throng);
    }
    drain(&mut throng, &mut watch);
    for live in &throng.lives {
        assert_eq!(live.run.status(), Status::Done);
    }
    watch
}

/// A rate that was passed: who is asked, and how many of them began in a minute.
fn passed(watch: &Watch, times: usize) -> Option<(&'static str, usize)> {
    let rated = watch.paces.iter().filter_map(|(whom, _, rate)| Some((*whom, watch.fastest(whom), (*rate)?)));
    rated
        .filter(|(_, fastest, rate)| *fastest > rate * times)
        .map(|(whom, fastest, _)| (whom, fastest))
        .next()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// At once, in order, and to the end are laws of [`Watch`] and [`drain`]. Whoever has its turn and finds no place, or
    /// comes late to it, begins later than its turn was: beside those of then it may be twice as many, and never more.
    #[test]
    fn runs_keep_their_places_and_their_order_and_nobody_starves(
        workers in 1_usize..3,
        runs in 2_u8..7,
        happenings in prop::collection::vec((0_u32..17, 0_usize..100_000), 0..120),
    ) {
        let watch = weathers(PACES, false, runs, workers, happenings);
        prop_assert_eq!(passed(&watch, 2), None);
    }

    #[test]
    fn punctual_runs_of_all_workers_keep_one_rate(
        workers in 1_usize..3,
        runs in 2_u8..7,
        happenings in prop::collection::vec((0_u32..17, 0_usize..100_000), 0..120),
    ) {
        prop_assert_eq!(passed(&weathers(RATES, true, runs, workers, happenings), 1), None);
    }
}

/// A night in which nobody drives takes no turn with it: those who had one begin at the rate, not all at once.
#[test]
fn turns_that_were_missed_are_taken_anew() {
    let mut throng = Throng::new(&contract(RATES), 30, 1);
    throng.settle();
    throng.pass(throng.later(60 * MINUTE));
    let mut watch = Watch::of(RATES);
    drain(&mut throng, &mut watch);
    assert_eq!(passed(&watch, 1), None);
}
