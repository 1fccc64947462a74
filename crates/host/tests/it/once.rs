//! What is owed is performed once, though its answer waits behind another commit of the run; an action is done once,
//! whichever run is first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use handfast_engine::Start;
use handfast_events::{Body, Status};
use handfast_store::Store as _;
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

/// Many runs about the same two actions, each about both at once, all driven together.
#[tokio::test]
async fn an_action_is_done_once_however_many_runs_are_about_it() {
    const BILL: &str = r#"
handfast: 1
name: bank
version: "1"
servers: { bank: { rust: {} } }
tools:
  pay:
    via: bank.pay
    description: Pays one bill.
    input: { bill: string }
    output: { fields: { paid: number } }
    effects: [ { writes: "bill/{args.bill}" } ]
    idempotency: { key: { arg: key } }
    once_per: args.bill
    compensate: { leaves: [ the money is gone ] }
workflows:
  pay:
    input: { bill: string, other: string }
    steps: { pay: { tool: pay, with: { bill: input.bill } }, beside: { tool: pay, with: { bill: input.other } } }
    output: steps.pay.paid
"#;
    const RUNS: usize = 40;
    let paid = Arc::new(Mutex::new(Vec::new()));
    let ledger = paid.clone();
    let functions = Functions::default().with("bank", "pay", move |args: Value, _: CallContext| {
        let ledger = ledger.clone();
        async move {
            let mut ledger = ledger.lock().unwrap();
            ledger.push(args["bill"].as_str().unwrap_or_default().to_owned());
            Ok(json!({ "paid": ledger.len() }))
        }
    });
    let world = World::new(BILL, &json!({}), functions);
    let mut runs = Vec::new();
    for index in 0..RUNS {
        let input = json!({ "bill": format!("b{}", index % 2), "other": format!("b{}", (index + 1) % 2) });
        runs.push(world.start(Start { workflow: "pay".into(), input, ..Start::default() }).await);
    }
    world.drive().await;
    let mut ledger = paid.lock().unwrap().clone();
    ledger.sort();
    assert_eq!(ledger, ["b0", "b1"]);
    let (mut outputs, mut claims) = (BTreeSet::new(), BTreeMap::new());
    for run in runs {
        let events = world.events(run).await;
        claims.extend(events.iter().filter_map(|event| match &event.body {
            Body::ClaimChanged(changed) => Some((changed.name.clone(), (run, changed.value.clone()))),
            _ => None,
        }));
        let Some(Body::RunSucceeded(done)) = events.last().map(|event| &event.body) else {
            panic!("{:?}", events.last())
        };
        outputs.insert(done.output.to_string());
    }
    assert_eq!(outputs.len(), 2, "each bill has one receipt: {outputs:?}");
    // What runs share is what their journals say of it.
    for (name, (run, value)) in claims {
        let claim = world.store.claim(&name).await.unwrap().unwrap();
        assert_eq!((claim.run, Some(claim.value)), (run, value));
    }
}
