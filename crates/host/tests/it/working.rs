//! Calls that their servers take on: whoever drives goes on asking, and nothing is sent a second time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use handfast_engine::{PollOutcome, Start, TakenOn, ToolOutcome};
use handfast_events::{Body, Handle, Status};
use handfast_store::Store as _;
use handfast_tool::{Functions, StandIn, ToolCall, ToolPoll};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::world::World;

const CONTRACT: &str = r#"
handfast: 1
name: press
version: "1"
roles: { printer: {} }
servers: { api: { http: { url: "URL" } } }
tools:
  print:
    via: { server: api, post: /prints, body: args }
    description: Prints one book.
    input: { book: string }
    output: { fields: { copies: integer } }
    effects: [ { creates: "print/*" } ]
    idempotency: none
    reconcile: { ask: printer }
    compensate: { leaves: [ the copies ] }
workflows:
  book:
    input: { book: string }
    steps: { print: { tool: print, with: { book: input.book } } }
    output: steps.print.copies
"#;

fn book() -> Start {
    Start { workflow: "book".into(), input: json!({ "book": "Of shelves" }), ..Start::default() }
}

/// A server that takes every order on, and has done it once it was asked for the second time. Tells what it was asked.
async fn press() -> (String, mpsc::UnboundedReceiver<String>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heard, hears) = mpsc::unbounded_channel();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut polls = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            // A request that is closed on before it was read whole would be reset.
            let is_whole = |request: &[u8]| {
                let text = String::from_utf8_lossy(request).into_owned();
                text.ends_with(if text.starts_with("GET") { "\r\n\r\n" } else { "}" })
            };
            while !is_whole(&request) {
                if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
            polls += u32::from(line.starts_with("GET"));
            let answer = match line.as_str() {
                "GET /jobs/7 HTTP/1.1" if polls > 1 => {
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"copies\":3}"
                }
                _ => {
                    "HTTP/1.1 202 Accepted\r\nconnection: close\r\nlocation: /jobs/7\r\ncontent-length: 0\r\n\r\n"
                }
            };
            // Told first: whoever waits for it must not miss it by dying.
            let _ = heard.send(line);
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, hears, serving)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_a_server_works_on_a_call_leaves_the_handle_to_the_next() {
    let (url, mut asked, mut serving) = press().await;
    let world = World::new(&CONTRACT.replace("URL", &url), &json!({}), Functions::default());
    let run = world.start(book()).await;
    let taken_on = async {
        loop {
            let names = world.names(run).await;
            if names.contains(&"CallWorking") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Dropping the worker is its death: nothing is released, nothing is told.
    tokio::select! {
        _ = world.drive_until(std::future::pending()) => panic!("the call can't have ended"),
        () = taken_on => {}
    }
    assert!(matches!(world.status(run).await, Status::Waiting(_)));
    let driven = world.drive_run(run).await;
    assert!(driven.troubled.is_empty(), "{:?}", driven.troubled);
    assert_eq!(world.status(run).await, Status::Done, "{:#?}", world.events(run).await);
    serving.shutdown().await;
    let mut lines = Vec::new();
    while let Ok(line) = asked.try_recv() {
        lines.push(line);
    }
    let sent = lines.iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!((sent, lines.len()), (1, 3), "{lines:?}");
    let names = world.names(run).await;
    for once in ["CallIntended", "CallWorking", "CallPolled", "CallApplied"] {
        assert_eq!(names.iter().filter(|name| **name == once).count(), 1, "{once}: {names:?}");
    }
}

/// A press that needs three days, and is asked each time how it stands.
#[derive(Default)]
struct Slow(AtomicU32);

impl StandIn for Slow {
    fn answer(&self, _: &ToolCall) -> ToolOutcome {
        ToolOutcome::TakenOn(still())
    }

    fn stands(&self, _: &ToolPoll) -> PollOutcome {
        // By the rule that the waits grow by: three days are asked for so often.
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0..175 => PollOutcome::Working(still()),
            _ => PollOutcome::Finished(ToolOutcome::Returned(json!({ "copies": 3 }))),
        }
    }
}

fn still() -> TakenOn {
    TakenOn { handle: Handle::Path("/jobs/7".into()), says: None, ask_after_ms: None }
}

#[tokio::test]
async fn what_takes_days_costs_a_journal_little_and_a_leaping_worker_no_time() {
    let contract = CONTRACT.replace("URL", "http://127.0.0.1:9");
    let world = World::new(&contract, &json!({}), Functions::default());
    let run = world.start(book()).await;
    let driven = world.rehearse(Arc::new(Slow::default())).await;
    assert!(driven.troubled.is_empty(), "{:?}", driven.troubled);
    let events = world.events(run).await;
    assert_eq!(world.status(run).await, Status::Done, "{events:#?}");
    let polls = events.iter().filter(|event| matches!(event.body, Body::CallPolled(_))).count();
    let took = events.last().unwrap().time.duration_since(events.first().unwrap().time);
    assert!(polls < 200 && took.as_hours() >= 72, "{polls} polls in {took}");
    assert_eq!(world.store.run(run).await.unwrap().unwrap().wake_at, None);
}
