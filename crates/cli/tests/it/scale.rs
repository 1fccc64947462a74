//! Many runs that wait, as a user meets them: what it costs to start, to answer one, to list. On demand:
//! `HANDFAST_TEST_RUNS=100000 cargo test -p handfast-cli --test it scale -- --ignored --nocapture`.

#![expect(clippy::disallowed_methods, reason = "it measures, and is told how many on its command line")]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use handfast_contract::{alone, load};
use handfast_engine::{Plan, Start};
use handfast_store::{Options, SqliteStore};
use serde_json::json;

use crate::kit::{Folder, Said};

/// Half of the runs wait for a person, half for a time.
const CONTRACT: &str = r#"
handfast: 1
name: waiting
version: "1"
roles: { lead: { reached: inbox } }
workflows:
  ask:
    steps:
      ask: { approval: { by: lead, saying: "Shall it go on?", within: 30d } }
    output: steps.ask.decision
  nap:
    steps:
      nap: { wait: { for: 30d } }
"#;
/// Starts under way at once: the store puts them into few commits.
const AT_ONCE: usize = 512;
/// What a worker lingers when nothing moves, before it ends.
const LINGER: Duration = Duration::from_secs(1);

/// Begins so many runs.
fn begin(folder: &Folder, runs: usize) {
    let root = folder.path().display().to_string();
    folder.write("handfast.yaml", CONTRACT);
    std::fs::create_dir_all(folder.store().parent().unwrap()).unwrap();
    let loaded = load("handfast.yaml", &root, &BTreeMap::new(), &mut alone("handfast.yaml", CONTRACT));
    let plan = Arc::new(Plan::new(Arc::new(loaded.contract.unwrap()), &BTreeMap::new(), None));
    let store = SqliteStore::open(folder.store(), Options::default()).unwrap();
    let sources = Arc::new(loaded.sources);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut starts = tokio::task::JoinSet::new();
        for at in 0..runs {
            let (store, plan, sources) = (store.clone(), plan.clone(), sources.clone());
            let workflow = if at % 2 == 0 { "ask" } else { "nap" };
            let start = Start { workflow: workflow.into(), input: json!({}), ..Start::default() };
            starts.spawn(async move { handfast_host::start(&store, plan, &sources, start).await.unwrap() });
            if starts.len() >= AT_ONCE {
                starts.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(started) = starts.join_next().await {
            started.unwrap();
        }
    });
}

/// A worker from its start to its end: how long it took beside its lingering, and its most memory in KiB.
fn worker(folder: &Folder) -> (Duration, u64) {
    let store = format!("sqlite:{}", folder.store().display());
    let began = Instant::now();
    let mut command = folder.command(&["worker", "--store", &store]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        most = most.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    (began.elapsed().saturating_sub(LINGER), most)
}

fn timed(what: &str, run: impl FnOnce() -> Said) -> Said {
    let began = Instant::now();
    let said = run();
    println!("{what}: {:.0?}", began.elapsed());
    said
}

#[test]
fn runs_that_wait_for_a_time_hide_no_question() {
    let folder = Folder::new();
    begin(&folder, 40);
    worker(&folder);
    let inbox = folder.expect(0, &["inbox", "--limit", "20", "--json"]).json();
    assert_eq!((inbox["items"].as_array().unwrap().len(), &inbox["more"]), (20, &false.into()));
    let inbox = folder.expect(0, &["inbox", "--limit", "19", "--json"]).json();
    assert_eq!((inbox["items"].as_array().unwrap().len(), &inbox["more"]), (19, &true.into()));
}

#[test]
#[ignore = "minutes: begins as many runs as HANDFAST_TEST_RUNS says, 100,000 unless it does"]
fn runs_that_wait_cost_whoever_starts_nothing() {
    let runs = std::env::var("HANDFAST_TEST_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folder = Folder::new();
    let began = Instant::now();
    begin(&folder, runs);
    println!("{runs} runs begun: {:.1?}", began.elapsed());
    let (took, most) = worker(&folder);
    println!("driven until all wait: {took:.1?}, {} MiB at most", most / 1024);
    let size = std::fs::metadata(folder.store()).unwrap().len();
    println!("the store: {} MiB", size / 1024 / 1024);

    let (took, most) = worker(&folder);
    println!("a worker that starts, looks and finds nothing: {took:.0?}, {} MiB at most", most / 1024);
    let inbox = timed("inbox", || folder.expect(0, &["inbox", "--json"]));
    timed("runs", || folder.expect(0, &["runs", "--json"]));
    let item = inbox.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let answered = Instant::now();
    let said = timed("a question answered, nobody driving", || {
        folder.expect(0, &["approve", &item, "--follow", "--json"])
    });
    assert_eq!(said.json()["status"], "done");
    assert!(answered.elapsed() < Duration::from_secs(3), "{:?}", answered.elapsed());
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(most < 200 * 1024, "{most} KiB");
    timed("go, of all runs", || folder.say(&["go", "--json"]));
}
