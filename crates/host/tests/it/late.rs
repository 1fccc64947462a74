//! A worker that lost a run hears of its call: whoever has the run by then is told, though it has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use handfast_engine::{Start, ToolError};
use handfast_events::{Body, CallId, CommandId, EndedAs, Epoch, Mail, RunId, Settlement, Status, Waits};
use handfast_host::{Kits, Until, Worker};
use handfast_store::{Driver, Lease, MailRow, Store as _};
use handfast_tool::{CallContext, Functions};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::world::World;

const CONTRACT: &str = r#"
handfast: 1
name: desk
version: "1"
roles: { clerk: {} }
servers: { desk: { rust: {} } }
tools:
  case:
    via: desk.case
    description: Opens a case for a person.
    input: { text: string }
    output: { fields: { id: string } }
    effects: [ { creates: "case/*" } ]
    idempotency: none
    reconcile: { ask: clerk }
    compensate: { leaves: [ the case ] }
    limits: { timeout: 20s }
workflows:
  handoff:
    steps: { case: { tool: case, with: { text: "'Help'" } } }
    output: steps.case.id
"#;

/// A tool that is reached, and answers once it may. Nothing that is called again answers before.
struct Slow {
    reached: Arc<Notify>,
    may: Arc<Notify>,
    calls: Arc<AtomicUsize>,
}

fn slow() -> (Slow, Functions) {
    let slow = Slow { reached: Arc::default(), may: Arc::default(), calls: Arc::default() };
    let (reached, may, calls) = (slow.reached.clone(), slow.may.clone(), slow.calls.clone());
    let functions = Functions::default().with("desk", "case", move |_: Value, _: CallContext| {
        calls.fetch_add(1, Ordering::SeqCst);
        reached.notify_one();
        let may = may.clone();
        async move {
            may.notified().await;
            Ok::<_, ToolError>(json!({ "id": "c1" }))
        }
    });
    (slow, functions)
}

/// Another worker takes the run from its holder, as if that had been silent for too long, and drives it until it rests.
async fn take_from(world: &World, run: RunId, driver: &Driver, kits: Kits) {
    world.store.release(Lease { run, epoch: Epoch(1) }).await.unwrap();
    let mut worker = Worker::new(world.store.clone(), driver.worker().clone(), kits);
    worker.take(&[run]).await.unwrap();
    worker.drive(Until::Idle, std::future::pending, std::future::pending()).await.unwrap();
}

async fn put(world: &World, run: RunId, id: &str, mail: Mail) {
    let row = MailRow { id: CommandId::new(id), run, who: "ann".into(), at: handfast_host::now(), mail };
    world.store.put_mail(row).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_hears_that_lost_its_run_ends_the_doubt_of_the_next() {
    let (slow, functions) = slow();
    let world = World::new(CONTRACT, &json!({}), functions);
    let run = world.start(Start { workflow: "handoff".into(), input: json!({}), ..Start::default() }).await;
    let driver = Driver::acquire(&world.store, handfast_host::now()).await.unwrap();
    let kits = || Kits::new(world.around.clone());
    let first = Worker::new(world.store.clone(), driver.worker().clone(), kits());
    let lost = async {
        slow.reached.notified().await;
        take_from(&world, run, &driver, kits()).await;
        assert_eq!(world.status(run).await, Status::Waiting(Waits::Settlement));
        slow.may.notify_one();
    };
    let (driven, ()) =
        tokio::join!(first.drive(Until::Idle, std::future::pending, std::future::pending()), lost);
    driven.unwrap();
    assert_eq!(world.status(run).await, Status::Done, "{:#?}", world.events(run).await);
    let events = world.events(run).await;
    let told = |event: &handfast_events::Event| match &event.body {
        Body::MailTaken(taken) => matches!(taken.mail, Mail::Late { attempt: 1, .. }),
        _ => false,
    };
    assert!(events.iter().any(told), "{events:#?}");
    assert_eq!(slow.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_call_took_effect_after_all_is_told_to_a_run_that_has_ended() {
    let (slow, functions) = slow();
    let world = World::new(CONTRACT, &json!({}), functions);
    let run = world.start(Start { workflow: "handoff".into(), input: json!({}), ..Start::default() }).await;
    let driver = Driver::acquire(&world.store, handfast_host::now()).await.unwrap();
    let kits = || Kits::new(world.around.clone());
    let first = Worker::new(world.store.clone(), driver.worker().clone(), kits());
    let lost = async {
        slow.reached.notified().await;
        put(&world, run, "cancel", Mail::Cancel { reason: "enough".into() }).await;
        let settle = Mail::Settle {
            call: CallId::new("case@0.0"),
            settlement: Settlement::NotApplied,
            evidence: "no case is there".into(),
        };
        take_from(&world, run, &driver, kits()).await;
        // What was sent may be at work until its time is over; the clock is the store's.
        let over = MailRow {
            id: CommandId::new("settle"),
            run,
            who: "ann".into(),
            at: handfast_host::now(),
            mail: settle,
        };
        world.store.put_mail(over).await.unwrap();
        let leap = handfast_host::now().checked_add(std::time::Duration::from_secs(600)).unwrap();
        let worker = Worker::new(world.store.clone(), driver.worker().clone(), kits()).with_leaps_from(leap);
        worker.drive(Until::Idle, std::future::pending, std::future::pending()).await.unwrap();
        assert_eq!(world.status(run).await, Status::Cancelled, "{:#?}", world.events(run).await);
        slow.may.notify_one();
    };
    let (driven, ()) =
        tokio::join!(first.drive(Until::Idle, std::future::pending, std::future::pending()), lost);
    driven.unwrap();
    let events = world.events(run).await;
    assert_eq!(world.status(run).await, Status::Standing(EndedAs::Cancelled), "{events:#?}");
    assert!(
        matches!(&events.last().unwrap().body, Body::ResultCameLate(late) if late.contradicts.is_some()),
        "{events:#?}"
    );
}
