//! Memory that outlives its run: what one run wrote another one reads, and no write is lost where many write at once.

use handfast_engine::Start;
use handfast_events::{Body, Kept, Status};
use handfast_tool::Functions;
use serde_json::{Value, json};

use crate::world::World;

const DESK: &str = r#"
handfast: 1
name: desk
version: "1"
models: { main: { use: script/script.json, price: free } }
memory:
  notes: { each: string, lives: contract, writes: clerk, reads: clerk }
  stock: { is: integer, lives: contract, writes: clerk, reads: clerk }
agents:
  clerk: { purpose: Count the stock., model: main, limits: { turns: 9, cost: 1 USD } }
workflows:
  count: { steps: { count: { agent: clerk } } }
"#;

/// Each run adds a note, reads the stock, and writes it once or twice, until that counts.
fn script() -> Value {
    let call = |tool: &str, args: Value| json!({ "calls": [{ "tool": tool, "args": args }] });
    let turn = |turn: u32, said: Value| {
        let mut decision = json!({ "step": "count", "turn": turn });
        decision.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        decision
    };
    json!({ "handfast_script": 1, "decisions": [
        turn(1, call("memory__notes__write", json!({ "entry": "counted" }))),
        turn(2, call("memory__stock__read", json!({}))),
        turn(3, call("memory__stock__write", json!({ "value": 7 }))),
        turn(4, call("memory__notes__read", json!({}))),
    ], "otherwise": { "text": "Done." } })
}

#[tokio::test]
async fn no_entry_is_lost_where_many_runs_write_one_log() {
    const RUNS: usize = 24;
    let world = World::new(DESK, &script(), Functions::default());
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Start { workflow: "count".into(), input: json!({}), ..Start::default() };
        runs.push(world.start(start).await);
    }
    world.drive().await;
    let (mut most, mut counted, mut refused) = (0, 0, 0);
    for run in runs {
        assert_eq!(world.status(run).await, Status::Done);
        for event in world.events(run).await {
            match event.body {
                Body::CallApplied(applied) => {
                    let Kept::Whole(value) = applied.result else { panic!("a result was cut") };
                    most = most.max(value["entries"].as_array().map_or(0, Vec::len));
                }
                Body::MemoryWritten(written) if written.memory == "stock" => counted += 1,
                Body::CallRefused(refusal) => {
                    assert_eq!(refusal.clause, "memory.stock", "{}", refusal.reason);
                    refused += 1;
                }
                _ => {}
            }
        }
    }
    assert_eq!(most, RUNS, "whoever read last saw every entry");
    assert_eq!(counted + refused, RUNS, "a write counted, or somebody else had written meanwhile");
    assert!(counted > 0);
}
