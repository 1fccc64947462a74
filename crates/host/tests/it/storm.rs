//! A storm over real HTTP, at a tenth of the simulator's: fifty runs, a provider that turns half of all requests away for six
//! seconds, the real worker, a real store, and the clock as it is. It takes half a minute, so it is run by hand:
//! `cargo test -p handfast-host --test it -- --ignored --nocapture storm`.

use std::collections::BTreeMap;
use std::time::Duration;

use handfast_double::{Asked, Behaviour, Cue, Double, Fault, Said, Storm, Struck};
use handfast_engine::{BREAKERS, Start};
use handfast_events::{Body, Event, Status};
use handfast_store::Store;
use handfast_tool::{CallContext, Functions};
use serde_json::{Value, json};

use crate::world::World;

const RUNS: usize = 50;
const LASTS: Duration = Duration::from_secs(6);

const CONTRACT: &str = r#"
handfast: 1
name: storm
version: "1"
models: { main: { use: openai/test, url: "URL", price: free } }
servers: { shop: { rust: {} } }
tools:
  look:
    via: shop.look
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
agents:
  clerk: { purpose: Say how two orders stand., model: main, may: [ look ] }
workflows:
  storm: { steps: { ask: { agent: clerk } } }
"#;

/// Three calls of each run: two orders are looked at, then it says how they stand.
fn calm(asked: &Asked) -> Cue {
    let role = |message: &&Value| message["role"] == "assistant";
    let said = match asked.messages().iter().filter(role).count() {
        0 => Said::calls([("look", r#"{"order":"1"}"#)]),
        1 => Said::calls([("look", r#"{"order":"2"}"#)]),
        _ => Said::from("They stand well."),
    };
    Cue::said(said).after(Duration::from_millis(50))
}

/// Half of them are turned away, some with a word on how long, some without.
fn weather() -> impl Behaviour {
    let storm = |fault| Storm::of(fault, LASTS).strikes(Struck::Half(11)).over(calm);
    let mut stated = storm(Fault::RateLimitedSeconds).retry_after("1");
    let mut bare = storm(Fault::Overloaded);
    move |asked: &Asked| {
        let (stated, bare) = (stated.cue(asked), bare.cue(asked));
        if asked.ordinal.is_multiple_of(3) { bare } else { stated }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes half a minute, and prints a curve for people"]
async fn a_storm_over_http_ends_with_every_run_done_and_every_request_in_a_journal() {
    let double = Double::start(weather()).await.unwrap();
    let functions =
        Functions::default().with("shop", "look", |args: Value, _: CallContext| async move { Ok(args) });
    let world = World::new(&CONTRACT.replace("URL", double.url()), &Value::Null, functions);
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Start { workflow: "storm".into(), input: json!({}), ..Start::default() };
        runs.push(world.start(start).await);
    }
    let driven = world.drive().await;
    assert!(driven.troubled.is_empty(), "{:?}", driven.troubled);

    let (mut intended, mut answered, mut opened) = (0, 0, 0);
    for run in runs {
        let events = world.events(run).await;
        assert_eq!(world.status(run).await, Status::Done, "{events:#?}");
        let count = |is: fn(&Body) -> bool| events.iter().filter(|event: &&Event| is(&event.body)).count();
        intended += count(|body| matches!(body, Body::ModelIntended(_)));
        answered += count(|body| matches!(body, Body::ModelAnswered(_)));
        opened += count(|body| matches!(body, Body::ClaimChanged(_)));
    }
    let asked = double.asked();
    print(&asked);
    println!("{} requests for {answered} answers; the breaker's row changed {opened} times", asked.len());
    assert_eq!(answered, RUNS * 3);
    assert_eq!(asked.len(), intended, "each request has its intent, and each intent its request");
    assert!(opened >= 3, "it opened, one call tried, and it closed");
    assert!(world.store.claims(BREAKERS).await.unwrap().is_empty(), "nobody is held to be down any more");
}

fn print(asked: &[Asked]) {
    let mut curve: BTreeMap<u64, usize> = BTreeMap::new();
    asked.iter().for_each(|asked| *curve.entry(asked.at.as_secs()).or_default() += 1);
    for (second, count) in curve {
        println!("{second:4} s {count:4}  {}", "#".repeat(count.div_ceil(2)));
    }
}
