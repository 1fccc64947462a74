//! What is owed is performed once, though its answer waits behind another commit of the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use handfast_engine::Start;
use handfast_events::Status;
use handfast_tool::{CallContext, Functions};
use serde_json::{Value, json};

use crate::world::World;

/// So many answers come back at once that most of them wait behind the commit of another.
const STEPS: u64 = 40;

/// Steps side by side, each of one call without a key.
fn contract() -> String {
    let steps: String = (0..STEPS).map(|step| format!("      s{step}: {{ tool: count }}\n")).collect();
    format!(
        r#"
handfast: 1
name: once
version: "1"
servers: {{ desk: {{ rust: {{}} }} }}
tools:
  count:
    via: desk.count
    description: Counts how often it is called.
    input: {{}}
    effects: [ {{ notifies: whoever counts }} ]
    idempotency: none
workflows:
  all:
    steps:
{steps}"#
    )
}

#[tokio::test]
async fn calls_that_answer_while_the_run_is_being_remembered_leave_once_each() {
    let counted = Arc::new(AtomicU64::new(0));
    let counter = counted.clone();
    let functions = Functions::default().with("desk", "count", move |_: Value, _: CallContext| {
        let counter = counter.clone();
        async move {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Value::Null)
        }
    });
    let world = World::new(&contract(), &json!({}), functions);
    let run = world.start(Start { workflow: "all".into(), input: json!({}), ..Start::default() }).await;
    world.drive().await;
    assert_eq!(world.status(run).await, Status::Done);
    assert_eq!(counted.load(Ordering::Relaxed), STEPS);
}
