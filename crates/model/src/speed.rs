//! What this room adds to a stream: time to its first token, and processor time for each. `cargo xtask bench stream`.
//!
//! The provider is on loopback and in another thread. The bare client is the same reqwest without what stands here: it
//! reads the same streams and drops them, by turns with ours, so that both have the same neighbours.

#![expect(clippy::disallowed_methods, reason = "a measure")]

use std::hint::black_box;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use handfast_contract::{Limits, ModelUse, Secret};
use handfast_double::{Asked, Cue, Double};
use handfast_events::{RunId, StepId};
use rustix::time::{ClockId, clock_gettime};

use crate::decode::Reader;
use crate::http::http_client;
use crate::models::{Models, ModelsOptions, Source};
use crate::place::Place;
use crate::provider::SCRIPTED;
use crate::sse::Sse;
use crate::wire::Wire;

/// Tokens of the streams whose first one is waited for: few, since the rest is waste.
const SHORT: usize = 20;
/// Tokens of the streams that are read for their processor time.
const LONG: usize = 10_000;
/// Streams whose first token is waited for, each by both clients.
const FIRSTS: usize = 600;
/// Long streams, each by both clients.
const STREAMS: usize = 20;
/// A key, which is masked in what comes back.
const KEY: &str = "sk-0123456789abcdef0123456789abcdef";
/// What a request says: a prompt of a few pages.
const PROMPT_BYTES: usize = 16 * 1024;

/// A token of an answer, as OpenAI streams it.
fn event(content: &str, finish: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-0123456789abcdef0123456789\",\"object\":\"chat.completion.chunk\",\"created\":1795000000,\
         \"model\":\"gpt-5-mini\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\",\"choices\":[{{\"index\":0,\
         \"delta\":{{\"content\":\"{content}\"}},\"logprobs\":null,\"finish_reason\":{finish}}}],\"usage\":null}}\n\n"
    )
}

/// A stream of so many tokens of four bytes.
fn stream(tokens: usize) -> Vec<u8> {
    let mut text: String = (0..tokens).map(|at| event([" the", " one", "ning"][at % 3], "null")).collect();
    text.push_str(&event("", "\"stop\""));
    text.push_str("data: [DONE]\n\n");
    text.into_bytes()
}

/// Both clients, and a provider that gives as many tokens as a request's path asks for.
struct Sitting {
    bare: reqwest::Client,
    ours: Models,
    url: String,
    request: String,
    place: Place,
    began: Instant,
    /// When ours heard of its first token, in nanoseconds since the beginning.
    heard: Arc<AtomicU64>,
}

impl Sitting {
    fn new(base: &str) -> Self {
        let used = ModelUse {
            name: "main".into(),
            provider: "openai".into(),
            model: "gpt-test".into(),
            url: Some(base.into()),
            api_key: Some(Secret("KEY".into())),
            price: None,
            timeout: None,
            speaks: None,
            window: None,
            limits: Limits::default(),
        };
        let options = ModelsOptions {
            folder: PathBuf::new(),
            source: Source::Contract,
            priced_at: "2026-11-01T00:00:00Z".parse().unwrap(),
        };
        let (began, heard) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let told = heard.clone();
        let ours = Models::of([&used], &options, |_| Some(KEY.into())).unwrap().with_listener(move |_| {
            let _ = told.compare_exchange(0, nanos(began.elapsed()), Ordering::Relaxed, Ordering::Relaxed);
        });
        let words = "word ".repeat(PROMPT_BYTES / 5);
        let request = format!(
            "{{\"model\":\"m\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"{words}\"}}]}}"
        );
        let place = Place { run: RunId::from_bytes([7; 16]), step: StepId::new("s"), turn: 1, attempt: 1 };
        let url = format!("{base}/chat/completions");
        Self { bare: http_client(false).unwrap(), ours, url, request, place, began, heard }
    }

    /// Reads a stream to its end; the time to its first bytes.
    async fn bare(&self) -> u64 {
        let began = Instant::now();
        let post =
            self.bare.post(&self.url).header("content-type", "application/json").body(self.request.clone());
        let mut response = post.send().await.unwrap();
        assert!(!response.chunk().await.unwrap().unwrap().is_empty());
        let first = nanos(began.elapsed());
        while let Some(chunk) = response.chunk().await.unwrap() {
            black_box(chunk);
        }
        first
    }

    /// Asks once; the time to the first word of it that the listener heard.
    async fn ours(&self) -> u64 {
        self.heard.store(0, Ordering::Relaxed);
        let began = nanos(self.began.elapsed());
        let reply = self.ours.ask("main", &self.request, &self.place, Duration::from_secs(60)).await;
        assert!(reply.outcome.is_ok(), "{reply:?}");
        self.heard.load(Ordering::Relaxed) - began
    }
}

/// A provider in a thread of its own: what it takes is not counted. It is gone with the test.
fn provider(tokens: usize) -> String {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kind = [("content-type", "text/event-stream")];
            let cue = Cue::raw(200, &kind, stream(tokens));
            let double = Double::by(move |_: &Asked| cue.clone()).await.unwrap();
            tell.send(double.url().to_owned()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap()
}

/// The processor time of this thread: the clients run in it, the provider doesn't.
fn cpu() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

/// The value below which so many of a hundred lie, in microseconds.
fn at(times: &mut [u64], part: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() * part / 100).min(times.len() - 1)] as f64 / 1e3
}

/// A row of a table.
fn row(name: &str, columns: &[f64]) -> String {
    let columns: String = columns.iter().map(|value| format!(" {value:>9.1}")).collect();
    format!("  {name:<46}{columns}\n")
}

async fn first_token() -> String {
    const PARTS: [usize; 3] = [50, 90, 99];
    let sitting = Sitting::new(&provider(SHORT));
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for round in 0..FIRSTS + 20 {
        let times = if round % 2 == 0 {
            let bare = sitting.bare().await;
            (bare, sitting.ours().await)
        } else {
            let ours = sitting.ours().await;
            (sitting.bare().await, ours)
        };
        // The first ones open connections and warm caches.
        if round >= 20 {
            bare.push(times.0);
            ours.push(times.1);
        }
    }
    let (bare, ours) = (PARTS.map(|part| at(&mut bare, part)), PARTS.map(|part| at(&mut ours, part)));
    let added = [0, 1, 2].map(|place| ours[place] - bare[place]);
    let head = format!("time to the first token, µs: p50, p90 and p99 of {FIRSTS} streams each\n");
    head + &row("bare reqwest", &bare) + &row("Handfast", &ours) + &row("added", &added)
}

async fn each_token() -> String {
    let sitting = Sitting::new(&provider(LONG));
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..STREAMS {
        let began = cpu();
        sitting.bare().await;
        let between = cpu();
        sitting.ours().await;
        bare.push(between - began);
        ours.push(cpu() - between);
    }
    let (bare, ours) = (each(&mut bare), each(&mut ours));
    let head =
        format!("\nprocessor time for each token, ns: median of {STREAMS} streams of {LONG} tokens each\n");
    head + &row("bare reqwest", &[bare]) + &row("Handfast", &[ours]) + &row("added", &[ours - bare])
}

/// The median of what long streams took, in nanoseconds a token.
fn each(times: &mut [u64]) -> f64 {
    at(times, 50) * 1e3 / LONG as f64
}

/// No socket: the bytes are there, in pieces of an event each.
fn in_memory() -> String {
    let stream = stream(LONG);
    let text = std::str::from_utf8(&stream).unwrap();
    let events: Vec<&[u8]> = text.split_inclusive("\n\n").map(str::as_bytes).collect();
    let timed = |read: &dyn Fn()| {
        let mut times = [(); STREAMS].map(|()| {
            let began = cpu();
            read();
            cpu() - began
        });
        each(&mut times)
    };
    let cut = timed(&|| {
        let mut sse = Sse::default();
        let mut bytes = 0;
        events.iter().for_each(|event| sse.feed(event, |data| bytes += data.len()));
        black_box(bytes);
    });
    let whole = timed(&|| {
        let mut reader = Reader::new(Wire::Chat(SCRIPTED).answer(), 1);
        events.iter().for_each(|event| reader.feed(event));
        assert_eq!(reader.finish(false).unwrap().answer.text.len(), 4 * LONG);
    });
    let head = format!("\nof that in memory alone, ns for a token of {} bytes\n", stream.len() / LONG);
    head + &row("server-sent events", &[cut]) + &row("with JSON and the answer's assembly", &[whole])
}

/// Tells what is added. Meant: less than a millisecond to the first token, and next to nothing for each.
#[test]
#[ignore = "a measure, not a check"]
fn speed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tables = runtime.block_on(first_token()) + &runtime.block_on(each_token()) + &in_memory();
    std::io::stdout().write_all(tables.as_bytes()).unwrap();
}
