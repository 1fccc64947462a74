//! Tools that are Rust functions.

use std::time::Duration;

use handfast_engine::ToolError;
use handfast_events::FailureClass;
use handfast_tool::{CallContext, Functions};
use serde_json::{Value, json};

use crate::kit::{Kit, failed, lost, not_sent, returned};

const OWN: &str = r#"
servers:
  own: { rust: {} }
tools:
  good: { via: own.good, description: Works., input: { schema: { type: object } }, effects: [ { writes: "own" } ], idempotency: { key: { arg: key } } }
  bad: { via: own.bad, description: Fails., input: { schema: { type: object } }, effects: [ { writes: "own" } ] }
  panic: { via: own.panic, description: Panics., input: { schema: { type: object } }, effects: [ { writes: "own" } ] }
  slow: { via: own.slow, description: Never comes back., input: { schema: { type: object } }, effects: [ { writes: "own" } ] }
  absent: { via: own.absent, description: Is not there., input: { schema: { type: object } }, effects: [ { writes: "own" } ] }
"#;

fn functions() -> Functions {
    let good = |args: Value, context: CallContext| async move {
        Ok(json!({ "args": args, "key": context.key, "attempt": context.attempt }))
    };
    let bad = |_, _| async { Err(ToolError { text: "sold out".into(), ..ToolError::default() }) };
    let panic = |_, _| async { panic!("a bug") };
    let slow = |_, _| std::future::pending::<Result<Value, ToolError>>();
    Functions::default()
        .with("own", "good", good)
        .with("own", "bad", bad)
        .with("own", "panic", panic)
        .with("own", "slow", slow)
}

#[tokio::test]
async fn a_function_is_called_with_its_key_and_each_of_its_ends_is_told_apart() {
    let kit = Kit::with(OWN, functions());
    let key = kit.attempt("good", json!({})).key;
    let result = returned(kit.call("good", json!({ "a": 1 })).await);
    assert_eq!(result, json!({ "args": { "a": 1, "key": key }, "key": key, "attempt": 1 }));
    assert_eq!(failed(kit.call("bad", json!({})).await).text, "sold out");
    assert_eq!(lost(kit.call("panic", json!({})).await).text, "the function `panic` panicked: a bug");
    let mut call = kit.attempt("slow", json!({}));
    call.timeout = Duration::from_millis(10);
    assert_eq!(lost(kit.tools.call(&call).await.outcome).class, Some(FailureClass::Timeout));
    assert!(not_sent(kit.call("absent", json!({})).await).text.contains("register it in the program"));
    let names: Vec<_> =
        kit.tools.list("own").await.unwrap().unwrap().tools.into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["bad", "good", "panic", "slow"]);
}
