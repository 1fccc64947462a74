//! `handfast bench`: what one machine does, with a real fsync before each next step.
//!
//! AGENT-10 is a run of ten steps, each a model answer of 1 KB that comes at once; EFFECT-10 is a run of ten steps,
//! each one keyed effect. Beside them, in the same sitting, the store's own durable append: the ratio is what Handfast
//! adds. Figures are printed, never judged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use handfast_engine::Start;
use handfast_events::{Body, Epoch, Event, Head, Output, RunId, Seq, Sources, Status, StepSucceeded};
use handfast_host::{Around, Kit, Kits, Until, Worker};
use handfast_store::{Append, Driver, Hold, Options, RunBirth, RunFilter, SqliteStore, Store};
use handfast_tool::{CallContext, Functions};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Which figures are wanted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast bench --concurrency 1,256 --seconds 5")]
pub(crate) struct BenchArgs {
    /// Runs in flight.
    #[arg(long, value_delimiter = ',', default_value = "1,16,256")]
    pub(crate) concurrency: Vec<usize>,
    /// Only these: append, agent-10, effect-10.
    #[arg(long, value_delimiter = ',', default_value = "append,agent-10,effect-10")]
    pub(crate) workload: Vec<Workload>,
    /// How many runs for each point; else enough for some seconds.
    #[arg(long)]
    pub(crate) runs: Option<usize>,
    /// How often each point is repeated.
    #[arg(long, default_value_t = 3)]
    pub(crate) repeats: usize,
    /// The folder for the stores; it must be on the disk under test, not in memory.
    #[arg(long, default_value = ".")]
    pub(crate) folder: std::path::PathBuf,
    /// One JSON document a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// One measured point.
#[derive(Debug, Serialize)]
struct Point {
    workload: &'static str,
    concurrency: usize,
    steps_per_s: f64,
    step_p50_us: u64,
    step_p99_us: u64,
    runs: usize,
}

const STEPS: usize = 10;

/// Measures and prints.
///
/// # Errors
/// The folder can't be written, or a run did not end as it should.
pub(crate) async fn run(args: &BenchArgs) -> anyhow::Result<()> {
    if !args.json {
        println!("{:<12} {:>5} {:>12} {:>12} {:>12}", "workload", "C", "steps/s", "p50 µs", "p99 µs");
    }
    for _ in 0..args.repeats.max(1) {
        for concurrency in &args.concurrency {
            for workload in args.workload.iter().copied() {
                let runs = args.runs.unwrap_or_else(|| (concurrency * 40).max(300));
                let point = measure(workload, *concurrency, runs, &args.folder).await?;
                if args.json {
                    println!("{}", serde_json::to_string(&point)?);
                } else {
                    let Point { workload, concurrency, steps_per_s, step_p50_us, step_p99_us, .. } = point;
                    println!(
                        "{workload:<12} {concurrency:>5} {steps_per_s:>12.0} {step_p50_us:>12} {step_p99_us:>12}"
                    );
                }
            }
        }
    }
    Ok(())
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// The store alone: one event of 1 KB an append.
    Append,
    /// Ten answers of a model.
    #[value(name = "agent-10")]
    Agent,
    /// Ten keyed effects.
    #[value(name = "effect-10")]
    Effect,
}

impl Workload {
    const fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Agent => "AGENT-10",
            Self::Effect => "EFFECT-10",
        }
    }
}

async fn measure(
    workload: Workload,
    concurrency: usize,
    runs: usize,
    folder: &Path,
) -> anyhow::Result<Point> {
    let scratch = folder.join(format!(".handfast-bench-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).with_context(|| format!("can't make {}", scratch.display()))?;
    let result = measure_in(workload, concurrency, runs, &scratch).await;
    std::fs::remove_dir_all(&scratch).with_context(|| format!("can't remove {}", scratch.display()))?;
    result
}

async fn measure_in(
    workload: Workload,
    concurrency: usize,
    runs: usize,
    scratch: &Path,
) -> anyhow::Result<Point> {
    let store = SqliteStore::open(scratch.join("journal.db"), Options::default())?;
    let (elapsed, mut steps) = if workload == Workload::Append {
        appends(&store, concurrency, runs).await?
    } else {
        drive(workload, &store, concurrency, runs, scratch).await?
    };
    steps.sort_unstable();
    let at = |part: usize| steps.get(steps.len() * part / 100).copied().unwrap_or_default();
    Ok(Point {
        workload: workload.name(),
        concurrency,
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        steps_per_s: (runs * STEPS) as f64 / elapsed.as_secs_f64(),
        step_p50_us: at(50),
        step_p99_us: at(99),
        runs,
    })
}

/// Begins all runs, then drives them, so many at once.
async fn drive(
    workload: Workload,
    store: &SqliteStore,
    concurrency: usize,
    runs: usize,
    scratch: &Path,
) -> anyhow::Result<(Duration, Vec<u64>)> {
    let sources = sources(workload, scratch);
    std::fs::write(
        scratch.join("answers.json"),
        sources.files.get("answers.json").map_or("", String::as_str),
    )?;
    let loaded = handfast_contract::load_again(&sources, &BTreeMap::new());
    let sources = loaded.sources.clone();
    let told = loaded.report(handfast_contract::Paint::Plain);
    let contract = loaded.contract.context(told)?;
    let around = Around { variable: Arc::new(|_| None), functions: functions() };
    let kit = Kit::new(Arc::new(contract), scratch, None, &around, handfast_host::now())?;
    let mut starts = JoinSet::new();
    for _ in 0..runs {
        let (store, plan, sources) = (store.clone(), kit.plan.clone(), sources.clone());
        let start = Start { workflow: "ten".into(), input: json!({}), ..Start::default() };
        starts.spawn(async move { handfast_host::start(&store, plan, &sources, start).await });
        if starts.len() >= 256 {
            starts.join_next().await.context("nothing to join")???;
        }
    }
    while let Some(started) = starts.join_next().await {
        started??;
    }
    let driver = Driver::acquire(store, handfast_host::now()).await?;
    let worker =
        Worker::new(store.clone(), driver.worker().clone(), Kits::new(around)).with_runs_max(concurrency);
    let began = clock();
    let driven =
        worker.drive(Until::Idle, async || std::future::pending().await, std::future::pending()).await?;
    let elapsed = began.elapsed();
    if let Some((run, why)) = driven.troubled.first() {
        bail!("run {run} was set aside: {why}");
    }
    drop(driver);
    Ok((elapsed, step_times(store, runs).await?))
}

/// The time between one step's result and the next one's, its commit included, from the journals themselves.
async fn step_times(store: &SqliteStore, runs: usize) -> anyhow::Result<Vec<u64>> {
    let mut times = Vec::new();
    for row in store.runs(RunFilter { limit: runs.min(400), ..RunFilter::default() }).await? {
        if row.status != Status::Done {
            bail!("run {} is {}", row.run, row.status.name());
        }
        let journal = store.load(row.run).await?;
        let is_result = |event: &&Event| matches!(event.body, Body::ModelAnswered(_) | Body::CallApplied(_));
        let results: Vec<_> = journal.events.iter().filter(is_result).map(|event| event.time).collect();
        times.extend(
            results
                .iter()
                .zip(results.iter().skip(1))
                .map(|(one, next)| u64::try_from(next.duration_since(*one).as_micros()).unwrap_or_default()),
        );
    }
    Ok(times)
}

/// Appends of the store alone, as many and as large as the steps of AGENT-10.
async fn appends(
    store: &SqliteStore,
    concurrency: usize,
    runs: usize,
) -> anyhow::Result<(Duration, Vec<u64>)> {
    let driver = Driver::acquire(store, handfast_host::now()).await?;
    let mut begun = JoinSet::new();
    for _ in 0..runs {
        let (store, worker) = (store.clone(), driver.worker().clone());
        begun.spawn(async move {
            let append = kilobyte_append(handfast_host::new_run_id(), Head::default(), Epoch(0));
            let head = store.append(&append).await?;
            let lease = store.take_run(&worker, append.run).await?;
            anyhow::Ok(Append { follows: head, epoch: lease.epoch, start: None, ..append })
        });
    }
    let ready: Vec<Append> = begun.join_all().await.into_iter().collect::<anyhow::Result<_>>()?;
    let lanes = Arc::new(Mutex::new(ready));
    let began = clock();
    let mut tasks = JoinSet::new();
    for _ in 0..concurrency {
        let (store, lanes) = (store.clone(), lanes.clone());
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let Some(append) = lanes.lock().ok().and_then(|mut lanes| lanes.pop()) else {
                    return Ok(times);
                };
                append_ten(&store, append, &mut times).await?;
            }
        });
    }
    let times: Vec<Vec<u64>> = tasks.join_all().await.into_iter().collect::<anyhow::Result<_>>()?;
    Ok((began.elapsed(), times.concat()))
}

async fn append_ten(store: &SqliteStore, mut append: Append, times: &mut Vec<u64>) -> anyhow::Result<()> {
    for _ in 0..STEPS {
        append = kilobyte_append_of(append);
        let began = clock();
        append.follows = store.append(&append).await?;
        times.push(u64::try_from(began.elapsed().as_micros()).unwrap_or_default());
    }
    Ok(())
}

/// The same append behind what it follows now.
fn kilobyte_append_of(append: Append) -> Append {
    let (id, event) =
        (handfast_host::new_append_id(), kilobyte(append.follows.seq.next(), handfast_host::now()));
    Append { id, events: vec![event], ..append }
}

fn kilobyte_append(run: RunId, follows: Head, epoch: Epoch) -> Append {
    let at = handfast_host::now();
    Append {
        id: handfast_host::new_append_id(),
        run,
        follows,
        epoch,
        salt: handfast_host::new_salt(),
        events: vec![kilobyte(follows.seq.next(), at)],
        status: Status::Running,
        wake_at: None,
        hold: Hold::Keep,
        taken: Vec::new(),
        claims: Vec::new(),
        start: Some(RunBirth { contract: "bench".into(), workflow: "append".into(), started: at }),
    }
}

fn kilobyte(seq: Seq, time: handfast_events::Timestamp) -> Event {
    let body = StepSucceeded { output: Output::Value(Value::String("x".repeat(1024))) };
    Event { seq, time, step: None, call: None, body: body.into() }
}

/// Ten steps, one behind the other.
fn sources(workload: Workload, root: &Path) -> Sources {
    let steps = (1..=STEPS).map(|step| {
        let needs = if step == 1 { String::new() } else { format!(", needs: s{}", step - 1) };
        match workload {
            Workload::Effect => {
                format!("      s{step}: {{ tool: write, with: {{ value: \"'{step}'\" }}{needs} }}\n")
            }
            _ => format!("      s{step}: {{ agent: stub{needs} }}\n"),
        }
    });
    let contract = format!("{CONTRACT}{}", steps.collect::<String>());
    let answers = json!({ "handfast_script": 1, "otherwise": { "text": "x".repeat(1024) } });
    let files = [("handfast.yaml".to_owned(), contract), ("answers.json".to_owned(), answers.to_string())];
    let root = root.display().to_string();
    Sources { main: "handfast.yaml".into(), files: files.into_iter().collect(), root }
}

const CONTRACT: &str = r#"handfast: 1
name: bench
version: "1"
models: { stub: { use: script/answers.json, price: free } }
servers: { here: { rust: {} } }
tools:
  write:
    via: here.write
    description: Keeps one value under the call's key.
    input: { value: string }
    output: { fields: { kept: string } }
    effects: [ { writes: "value/{args.value}" } ]
    idempotency: { key: { arg: key }, valid: 1d }
agents:
  stub:
    purpose: Give one kilobyte of text.
    model: [ stub ]
    limits: { turns: 1 }
workflows:
  ten:
    steps:
"#;

fn functions() -> Functions {
    Functions::default()
        .with("here", "write", |_: Value, _: CallContext| async { Ok(json!({ "kept": "x".repeat(1024) })) })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn clock() -> Instant {
    Instant::now()
}
