//! Runs from their start to their end, through stops and deaths of workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use handfast_engine::{Start, ToolError, ToolOutcome};
use handfast_events::{Body, CallId, CommandId, Mail, Settlement, Status, Waits};
use handfast_store::{MailRow, Store};
use handfast_tool::{CallContext, Functions, StandIn, ToolCall};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::world::World;

const CONTRACT: &str = r#"
handfast: 1
name: desk
version: "1"
models: { main: { use: script/script.json, price: free } }
servers: { desk: { rust: {} } }
tools:
  find:
    via: desk.find
    description: Reads one order.
    input: { order: string }
    output: { fields: { total: number } }
    effects: [ { reads: "order/{args.order}" } ]
  refund:
    via: desk.refund
    description: Pays back one order.
    input: { order: string, amount: number }
    output: { fields: { paid: number } }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: { key: { arg: key }, valid: 1d }
    requires: { it is not nothing: args.amount > 0.0 }
    ensures: { the amount is the one asked for: "result.paid == args.amount" }
  case:
    via: desk.case
    description: Opens a case for a person.
    input: { text: string }
    output: { fields: { id: string } }
    effects: [ { creates: "case/*" } ]
    idempotency: none
agents:
  clerk:
    purpose: Resolve one problem.
    model: [ main ]
    may: [ find, { refund: args.amount <= 200.0 }, case ]
    input: { text: string }
    output: { fields: { text: string } }
    limits: { turns: 6 }
workflows:
  ticket:
    input: { text: string }
    steps:
      resolve: { agent: clerk, with: { text: input.text } }
    output: steps.resolve
  handoff:
    input: { text: string }
    steps:
      case: { tool: case, with: { text: input.text } }
    output: steps.case.id
"#;

fn script() -> Value {
    json!({ "handfast_script": 1, "decisions": [
        { "step": "resolve", "turn": 1, "attempt": 1, "fail": "overloaded", "retry_after_ms": 1 },
        { "step": "resolve", "turn": 1, "attempt": 2, "text": "I would say it is fine." },
        { "step": "resolve", "turn": 1, "attempt": 3, "calls": [ { "tool": "find", "args": { "order": "7" } } ] },
        { "step": "resolve", "turn": 2, "calls": [ { "tool": "refund", "args": { "order": "7", "amount": 900 } } ] },
        { "step": "resolve", "turn": 3, "calls": [ { "tool": "refund", "args": { "order": "7", "amount": 20 } } ] },
        { "step": "resolve", "turn": 4, "json": { "text": "Paid back." } },
    ] })
}

fn functions() -> Functions {
    Functions::default()
        .with("desk", "find", |_: Value, _: CallContext| async { Ok(json!({ "total": 20 })) })
        .with(
            "desk",
            "refund",
            |args: Value, _: CallContext| async move { Ok(json!({ "paid": args["amount"] })) },
        )
        .with("desk", "case", |_: Value, _: CallContext| async { Ok(json!({ "id": "c1" })) })
}

fn ticket() -> Start {
    Start { workflow: "ticket".into(), input: json!({ "text": "Where is my money?" }), ..Start::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_through_failure_reminder_refusal_and_result_to_its_end() {
    let world = World::new(CONTRACT, &script(), functions());
    let run = world.start(ticket()).await;
    let driven = world.drive().await;
    assert!(driven.troubled.is_empty(), "{:?}", driven.troubled);
    let events = world.events(run).await;
    assert_eq!(world.status(run).await, Status::Done, "{events:#?}");
    insta::assert_snapshot!(world.names(run).await.join("\n"));
    let Some(Body::RunSucceeded(end)) = events.last().map(|event| &event.body) else { panic!("{events:#?}") };
    assert_eq!(end.output, json!({ "text": "Paid back." }));
}

/// A desk whose answer is lost five times before it comes.
#[derive(Default)]
struct Lossy(AtomicUsize);

impl StandIn for Lossy {
    fn answer(&self, call: &ToolCall) -> ToolOutcome {
        match &*call.tool.name {
            "find" => ToolOutcome::Returned(json!({ "total": 20 })),
            _ if self.0.fetch_add(1, Ordering::SeqCst) < 5 => ToolOutcome::Lost(ToolError::default()),
            _ => ToolOutcome::Returned(json!({ "paid": call.args["amount"] })),
        }
    }
}

#[tokio::test]
async fn a_worker_that_leaps_waits_for_no_time_and_its_journal_says_that_it_passed() {
    let patient = CONTRACT.replace("valid: 1d }", "valid: 30d }\n    limits: { attempts: 9 }");
    let mut script = script();
    // The provider says when to come again; the tool's back-off is the engine's.
    script["decisions"][0]["retry_after_ms"] = json!(30_000);
    let world = World::new(&patient, &script, functions());
    let run = world.start(ticket()).await;
    let driven = world.rehearse(Arc::new(Lossy::default())).await;
    assert!(driven.troubled.is_empty(), "{:?}", driven.troubled);
    let events = world.events(run).await;
    assert_eq!(world.status(run).await, Status::Done, "{events:#?}");
    let (first, last) = (events.first().unwrap().time, events.last().unwrap().time);
    assert!(last.duration_since(first).as_secs() >= 30, "{first} to {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_key_whose_worker_dies_is_settled_by_a_person() {
    let (reached, calls) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (at, count) = (reached.clone(), calls.clone());
    let hanging = functions().with("desk", "case", move |_: Value, _: CallContext| {
        count.fetch_add(1, Ordering::SeqCst);
        at.notify_one();
        std::future::pending::<Result<Value, handfast_engine::ToolError>>()
    });
    let world = World::new(CONTRACT, &script(), hanging);
    let start = Start { workflow: "handoff".into(), input: json!({ "text": "Help" }), ..Start::default() };
    let run = world.start(start).await;
    // Dropping the worker in the middle of the call is its death: nothing is released, nothing is told.
    tokio::select! {
        _ = world.drive_until(std::future::pending()) => panic!("the call can't end"),
        () = reached.notified() => {}
    }
    world.drive().await;
    assert_eq!(world.status(run).await, Status::Waiting(Waits::Settlement));
    let settle = Mail::Settle {
        call: CallId::new("case@0.0"),
        settlement: Settlement::Applied(json!({ "id": "c9" })),
        evidence: "seen on the desk".into(),
    };
    let row =
        MailRow { id: CommandId::new("one"), run, who: "ann".into(), at: handfast_host::now(), mail: settle };
    world.store.put_mail(row).await.unwrap();
    world.drive().await;
    assert_eq!(world.status(run).await, Status::Done);
    assert_eq!(calls.load(Ordering::SeqCst), 1, "what was in doubt is never sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_cannot_be_read_sets_its_run_aside_and_costs_no_other() {
    let reached = Arc::new(Notify::new());
    let at = reached.clone();
    let hanging = functions().with("desk", "case", move |_: Value, _: CallContext| {
        at.notify_one();
        std::future::pending::<Result<Value, handfast_engine::ToolError>>()
    });
    let world = World::new(CONTRACT, &script(), hanging);
    let start = Start { workflow: "handoff".into(), input: json!({ "text": "Help" }), ..Start::default() };
    let run = world.start(start).await;
    let other = world.start(ticket()).await;
    // Deeper than anything that is read back.
    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let mail = Mail::Settle {
        call: CallId::new("case@0.0"),
        settlement: Settlement::Applied(deep),
        evidence: "seen".into(),
    };
    let row = MailRow { id: CommandId::new("one"), run, who: "ann".into(), at: handfast_host::now(), mail };
    let put = async {
        reached.notified().await;
        world.store.put_mail(row).await.unwrap();
        std::future::pending::<()>().await;
    };
    let driven = world.drive_until(put).await.unwrap();
    let [(troubled, why)] = driven.troubled.as_slice() else { panic!("{:?}", driven.troubled) };
    assert!(*troubled == run && why.contains("mailbox"), "{why}");
    assert_eq!(world.status(run).await, Status::Quarantined);
    assert_eq!(world.status(other).await, Status::Done);
}
