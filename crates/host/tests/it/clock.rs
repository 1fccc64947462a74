//! A long wait under a clock that is set: forwards it ends, backwards it is not lost, and no event is older than the one
//! before it.

use handfast_engine::Start;
use handfast_events::{Body, Mail, RunId, Status, Timestamp, Waits};
use handfast_host::{Kits, Until, Worker, new_command_id, now};
use handfast_store::{Driver, MailRow, Store as _};
use handfast_tool::Functions;
use jiff::SignedDuration;
use serde_json::json;

use crate::world::World;

const CONTRACT: &str = r#"
handfast: 1
name: patience
version: "1"
workflows:
  nap:
    steps:
      nap: { wait: { for: 30d } }
"#;

fn after(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

/// Drives with a clock that is so many days ahead of this machine's, until nothing moves.
async fn drive(world: &World, days: i64) {
    let driver = Driver::acquire(&world.store, now()).await.unwrap();
    let worker = Worker::new(world.store.clone(), driver.worker().clone(), Kits::new(world.around.clone()));
    let worker = worker.with_leaps_from(after(days));
    worker.drive(Until::Idle, std::future::pending, std::future::pending()).await.unwrap();
}

async fn put(world: &World, run: RunId, mail: Mail) {
    let row = MailRow { id: new_command_id(), run, who: "ada".into(), at: now(), mail };
    world.store.put_mail(row).await.unwrap();
}

#[tokio::test]
async fn a_wait_of_thirty_days_survives_a_clock_that_is_set() {
    let world = World::new(CONTRACT, &json!({}), Functions::default());
    let started = || Start { workflow: "nap".into(), input: json!({}), ..Start::default() };
    let run = world.start(started()).await;
    // It begins to wait by a clock that is ten days ahead, which is then set back.
    drive(&world, 10).await;
    let Status::Waiting(Waits::Time { until }) = world.status(run).await else {
        panic!("{:?}", world.status(run).await)
    };
    assert!(until > after(39) && until <= after(40), "{until}");
    let wake = world.store.next_wake().await.unwrap().map(|at| at.as_microsecond());
    assert_eq!(wake, Some(until.as_microsecond()));

    // What happens meanwhile happens now, ten days before what was recorded last.
    put(&world, run, Mail::Pause { reason: "a moment".into() }).await;
    drive(&world, 0).await;
    assert_eq!(world.status(run).await, Status::PausedByPerson);
    put(&world, run, Mail::Resume { reason: "go on".into() }).await;
    drive(&world, 0).await;
    assert_eq!(world.status(run).await, Status::Waiting(Waits::Time { until }), "it was not lost");
    drive(&world, 39).await;
    assert_eq!(world.status(run).await, Status::Waiting(Waits::Time { until }), "nor cut short");

    // Far ahead, and every wait is over; back again, and what is over stays over.
    drive(&world, 400).await;
    assert_eq!(world.status(run).await, Status::Done);
    drive(&world, 0).await;
    let events = world.events(run).await;
    assert!(events.is_sorted_by_key(|event| event.time), "{events:#?}");
    let ends = events.iter().filter(|event| matches!(event.body, Body::RunSucceeded(_))).count();
    assert_eq!(ends, 1);

    // One that begins by the clock that was set back has its thirty days from there.
    let other = world.start(started()).await;
    drive(&world, 0).await;
    drive(&world, 29).await;
    assert!(matches!(world.status(other).await, Status::Waiting(Waits::Time { .. })));
    drive(&world, 31).await;
    assert_eq!(world.status(other).await, Status::Done);
}
