//! People: two terminals that answer the same question at the same instant, on a real store and a real worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handfast_engine::Start;
use handfast_events::{ApprovalId, Body, Halt, HaltScope, Mail, MailOutcome, RunId, Status, Waits};
use handfast_host::{Kits, Until, Worker, new_command_id, now};
use handfast_store::{Driver, MailRow, Options, SqliteStore, Store as _};
use handfast_tool::{CallContext, Functions};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::World;

/// A step that needs a yes, without a key: whatever is sent twice is seen.
const PAY: &str = r#"
handfast: 1
name: pay
version: "1"
roles: { lead: {} }
servers: { desk: { rust: {} } }
tools:
  pay:
    via: desk.pay
    description: Pays one bill.
    input: { bill: integer }
    effects: [ { writes: "bill/{args.bill}" } ]
    idempotency: none
    approval: { by: lead, saying: "Pay bill {args.bill}?", within: 1h }
workflows:
  bill: { input: { bill: integer }, steps: { pay: { tool: pay, with: { bill: input.bill } } } }
"#;

/// How many items are approved twice: a thousand on demand (`HANDFAST_TEST_ITEMS=1000`).
#[expect(clippy::disallowed_methods, reason = "a test that is made larger on demand")]
fn items() -> usize {
    std::env::var("HANDFAST_TEST_ITEMS").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

fn counting() -> (Arc<AtomicU64>, Functions) {
    let paid = Arc::new(AtomicU64::new(0));
    let counter = paid.clone();
    let functions = Functions::default().with("desk", "pay", move |_: Value, _: CallContext| {
        let counter = counter.clone();
        async move {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Value::Null)
        }
    });
    (paid, functions)
}

async fn started(world: &World, bill: usize) -> RunId {
    let input = json!({ "bill": bill });
    world.start(Start { workflow: "bill".into(), input, ..Start::default() }).await
}

async fn asked(world: &World, run: RunId) -> ApprovalId {
    let events = world.events(run).await;
    let asked = events.iter().rev().find_map(|event| match &event.body {
        Body::ApprovalAsked(asked) => Some(asked.id.clone()),
        _ => None,
    });
    asked.unwrap()
}

fn approval(run: RunId, id: &ApprovalId, who: &str) -> MailRow {
    let mail = Mail::Answer { id: id.clone(), answer: "approved".into(), role: None, note: String::new() };
    MailRow { id: new_command_id(), run, who: who.into(), at: now(), mail }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_item_approved_twice_at_the_same_instant_is_sent_once() {
    let (paid, functions) = counting();
    let world = World::new(PAY, &json!({}), functions);
    let count = items();
    let mut runs = Vec::new();
    for bill in 0..count {
        runs.push(started(&world, bill).await);
    }
    world.drive().await;
    assert_eq!(world.status(runs[0]).await, Status::Waiting(Waits::Approval));
    let mut open = Vec::new();
    for run in &runs {
        open.push((*run, asked(&world, *run).await));
    }
    let driver = Driver::acquire(&world.store, now()).await.unwrap();
    let mut knocks = driver.knocks();
    let worker = Worker::new(world.store.clone(), driver.worker().clone(), Kits::new(world.around.clone()));
    let terminals: Vec<SqliteStore> =
        (0..2).map(|_| SqliteStore::open(world.store.path(), Options::default()).unwrap()).collect();
    let approving = async {
        let mut said = JoinSet::new();
        for (run, id) in open.clone() {
            for (who, terminal) in ["ada", "bob"].into_iter().zip(&terminals) {
                let (terminal, row) = (terminal.clone(), approval(run, &id, who));
                said.spawn(async move { terminal.put_mail(row).await.unwrap() });
            }
        }
        while let Some(posted) = said.join_next().await {
            posted.unwrap();
        }
        // Whoever drives has seen all of it once every run is at its end.
        for run in &runs {
            while !world.status(*run).await.is_ended() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    let driven = worker.drive(Until::Stopped, async || knocks.next().await, approving).await.unwrap();
    assert!(driven.troubled.is_empty(), "{:?}", driven.troubled);
    assert_eq!(paid.load(Ordering::Relaxed), count as u64, "each was sent once");
    let mut refused = 0;
    for run in runs {
        let events = world.events(run).await;
        let taken = events.iter().filter_map(|event| match &event.body {
            Body::MailTaken(taken) => Some(taken.outcome.clone()),
            _ => None,
        });
        let (done, others): (Vec<_>, Vec<_>) = taken.partition(|outcome| *outcome == MailOutcome::Done);
        assert_eq!(done.len(), 1, "one answer took effect");
        for other in &others {
            let MailOutcome::Refused { why } = other else { continue };
            assert!(why.contains("it was answered already: approved, by"), "{why}");
        }
        refused += others.len();
        let sent = events.iter().filter(|event| event.name() == "CallIntended").count();
        assert_eq!((sent, world.status(run).await), (1, Status::Done));
    }
    println!(
        "{count} items approved twice: {count} sent, {refused} refused by the run, the rest too late for it"
    );
}

#[tokio::test]
async fn a_halt_is_in_force_once_the_worker_says_so_and_survives_it() {
    let (paid, functions) = counting();
    let world = World::new(PAY, &json!({}), functions);
    let run = started(&world, 1).await;
    world.drive().await;
    let scope: HaltScope = "tool:pay".parse().unwrap();
    let halt = Halt { scope: scope.clone(), who: "ada".into(), why: "twice".into(), at: now(), heeded: None };
    assert_eq!(world.store.halt(&halt).await.unwrap(), halt);
    let again = Halt { who: "bob".into(), ..halt.clone() };
    assert_eq!(world.store.halt(&again).await.unwrap(), halt, "the first one stays");
    world.store.put_mail(approval(run, &asked(&world, run).await, "ada")).await.unwrap();
    world.drive().await;
    let heeded = world.store.halts().await.unwrap().remove(0).heeded.unwrap();
    assert_eq!((heeded.left.len(), paid.load(Ordering::Relaxed)), (0, 0));
    assert_eq!(world.status(run).await, Status::PausedByHalt { scope: "tool:pay".into() });
    assert!(world.store.unhalt(&scope).await.unwrap().is_some());
    assert!(world.store.unhalt(&scope).await.unwrap().is_none());
    let mail = Mail::Resume { reason: "unhalt".into() };
    let row = MailRow { id: new_command_id(), run, who: "ada".into(), at: now(), mail };
    world.store.put_mail(row).await.unwrap();
    world.drive().await;
    assert_eq!(world.status(run).await, Status::Waiting(Waits::Approval), "it asks anew");
    world.store.put_mail(approval(run, &asked(&world, run).await, "ada")).await.unwrap();
    world.drive().await;
    assert_eq!((world.status(run).await, paid.load(Ordering::Relaxed)), (Status::Done, 1));
}

/// Nobody answers in time, and nobody drives when the time is over: whoever drives next lets silence decide, at once and
/// once.
#[tokio::test]
async fn silence_decides_though_nobody_drove_when_its_time_came() {
    let (paid, functions) = counting();
    let contract = PAY.replace("within: 1h", "within: 300ms");
    let world = World::new(&contract, &json!({}), functions);
    let run = started(&world, 1).await;
    world.drive().await;
    assert_eq!(world.status(run).await, Status::Waiting(Waits::Approval));
    tokio::time::sleep(Duration::from_millis(400)).await;
    let driven = tokio::time::timeout(Duration::from_secs(20), world.drive()).await;
    assert!(driven.is_ok(), "the worker comes to rest");
    assert_eq!(world.status(run).await, Status::Failed);
    assert_eq!(paid.load(Ordering::Relaxed), 0);
    let taken = world.names(run).await.iter().filter(|name| **name == "EpochBegan").count();
    assert_eq!(taken, 2, "it was taken once more, and no more");
}
