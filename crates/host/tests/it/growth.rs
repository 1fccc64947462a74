//! A journal grows linearly with its conversation, and every prompt that was ever sent can be rebuilt from it.

use handfast_engine::Start;
use handfast_events::{Body, Kept, Prompt, Seq, Status, StoredEvent};
use handfast_store::Store;
use handfast_tool::{CallContext, Functions};
use serde_json::{Value, json};

use crate::world::World;

const TURNS: usize = 200;
/// What a turn may cost beyond what the model and the tool themselves said.
const OVERHEAD_MAX: usize = 4 * 1024;

const CONTRACT: &str = r#"
handfast: 1
name: long
version: "1"
models: { main: { use: script/script.json, price: free } }
servers: { desk: { rust: {} } }
tools:
  look:
    via: desk.look
    description: Looks at one page.
    input: { page: string }
    output: { fields: { text: string } }
    effects: [ { reads: "page/{args.page}" } ]
agents:
  reader:
    purpose: Read many pages.
    model: [ main ]
    may: [ look ]
    limits: { turns: 250 }
workflows:
  read:
    steps:
      read: { agent: reader }
    output: steps.read
"#;

fn world() -> World {
    let ask = json!({ "text": "a".repeat(400), "calls": [ { "tool": "look", "args": { "page": "p".repeat(100) } } ] });
    let end = json!({ "turn": TURNS, "text": "Read." });
    let script = json!({ "handfast_script": 1, "decisions": [ end ], "otherwise": ask });
    let look = |_: Value, _: CallContext| async { Ok(json!({ "text": "t".repeat(500) })) };
    World::new(CONTRACT, &script, Functions::default().with("desk", "look", look))
}

/// What the model and the tool said in one event, in bytes.
fn said(body: &Body) -> usize {
    match body {
        Body::ModelAnswered(said) => {
            said.answer.text.len() + said.answer.calls.iter().map(|ask| ask.args.len()).sum::<usize>()
        }
        Body::CallApplied(applied) => match &applied.result {
            Kept::Whole(value) => value.to_string().len(),
            Kept::Cut { head, .. } => head.len(),
        },
        _ => 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_turns_cost_two_hundred_times_what_one_costs() {
    let world = world();
    let run = world.start(Start { workflow: "read".into(), input: json!({}), ..Start::default() }).await;
    world.drive().await;
    assert_eq!(world.status(run).await, Status::Done);

    let stored = world.store.read(run, Seq(0), usize::MAX).await.unwrap();
    let mut turns: Vec<(usize, usize)> = Vec::new();
    let mut prompt = Prompt::default();
    for StoredEvent { envelope, payload } in &stored {
        let event = StoredEvent { envelope: envelope.clone(), payload: payload.clone() }.decode().unwrap();
        if let Body::ModelIntended(intent) = &event.body {
            prompt = prompt.follow(&intent.prompt).unwrap();
            turns.push((0, 0));
        }
        if let Some((all, own)) = turns.last_mut() {
            *all += envelope.len() + payload.len();
            *own += said(&event.body);
        }
    }
    assert_eq!(turns.len(), TURNS);
    let overhead: Vec<usize> = turns.iter().map(|(all, own)| all - own).collect();
    let half = |turns: &[usize]| turns.iter().sum::<usize>() / turns.len();
    let (first, second) = (half(&overhead[1..100]), half(&overhead[100..199]));
    println!(
        "a turn costs {first} bytes beyond its own {}, then {second}; the last prompt has {}",
        turns[1].1,
        prompt.len()
    );
    assert!(overhead[1..].iter().all(|bytes| *bytes <= OVERHEAD_MAX), "{overhead:?}");
    assert!(
        first.abs_diff(second) < 100,
        "the second hundred turns cost {second} bytes each, the first {first}"
    );
    let last = prompt.text();
    assert_eq!(
        last.matches("\"role\":\"assistant\"").count(),
        TURNS - 1,
        "the last prompt holds every answer before it"
    );
}
