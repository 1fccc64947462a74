//! A journal grows linearly with its conversation, and every prompt that was ever sent can be rebuilt from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

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
    // Who is told the same each time goes round in circles, and is stopped.
    let looks = Arc::new(AtomicUsize::new(0));
    let look = move |_: Value, _: CallContext| {
        let text = format!("{:t>500}", looks.fetch_add(1, Ordering::Relaxed));
        async move { Ok(json!({ "text": text })) }
    };
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

/// On demand: what a turn of a long run costs, and how long the next worker takes to go on.
/// `HANDFAST_TEST_TURNS=10000 cargo test --release -p handfast-host --test it long_run -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: prints figures"]
#[expect(clippy::disallowed_methods, reason = "it measures, and is told how far on its command line")]
async fn a_long_run_costs_the_same_turn_by_turn_and_is_taken_over_soon() {
    let turns: usize =
        std::env::var("HANDFAST_TEST_TURNS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let ask = json!({ "text": "On.", "calls": [ { "tool": "look", "args": { "page": "p" } } ] });
    // The last answer but one never comes: the worker is stopped there.
    let hang = json!({ "turn": turns, "attempt": 1, "hang": true });
    let end = json!({ "turn": turns, "text": "Read." });
    let script = json!({ "handfast_script": 1, "decisions": [ hang, end ], "otherwise": ask });
    let look = |_: Value, _: CallContext| async { Ok(json!({ "text": "t" })) };
    let contract = CONTRACT.replace("turns: 250", &format!("turns: {}", turns + 1));
    let world = World::new(&contract, &script, Functions::default().with("desk", "look", look));
    let run = world.start(Start { workflow: "read".into(), input: json!({}), ..Start::default() }).await;
    let (store, slice) = (world.store.clone(), turns.div_ceil(10));
    let watched = async {
        let (mut seq, mut turn, mut since) = (Seq(0), 0, Instant::now());
        while turn < turns {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            for stored in store.read(run, seq, usize::MAX).await.unwrap() {
                let event = stored.decode().unwrap();
                seq = event.seq;
                let Body::ModelIntended(intent) = event.body else { continue };
                turn = intent.turn as usize;
                if turn.is_multiple_of(slice) {
                    println!("turn {turn:>6}: {:>6.0} µs a turn", micros(since.elapsed()) / slice as f64);
                    since = Instant::now();
                }
            }
        }
    };
    world.drive_until(watched).await.unwrap();
    let began = Instant::now();
    let journal = store.load(run).await.unwrap();
    println!("{} events, read and verified in {:.0?}", journal.events.len(), began.elapsed());
    let began = Instant::now();
    let (first, rest) = journal.events.split_at(1);
    let replayed = handfast_engine::Run::new(world.plan.clone(), run).evolve(&first[0]).unwrap();
    let replayed = rest.iter().try_fold(replayed, handfast_engine::Run::evolve).unwrap();
    println!("folded in {:.0?}: {:?}", began.elapsed(), replayed.status());
    let began = Instant::now();
    world.drive().await;
    println!("taken over, asked again and ended in {:.0?}", began.elapsed());
    assert_eq!(world.status(run).await, Status::Done);
}

fn micros(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
