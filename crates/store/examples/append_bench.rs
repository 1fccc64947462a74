//! What the store's own durable append costs: one run at a time, and many side by side.
//!
//! `cargo run --release -p handfast-store --example append_bench [FOLDER [SECONDS [SLEEPING [C…]]]]`

#![expect(clippy::unwrap_used, reason = "a bench that can't go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use handfast_events::{
    Answer, AppendId, Body, Epoch, Event, Finish, Head, ModelAnswered, Money, RunId, Salt, Seq, Status,
    StepId, StepSkipped, Timestamp, Usage,
};
use handfast_store::{Append, Driver, Hold, Options, RunBirth, SqliteStore, Store, Worker};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Events of one append: an answer of 1 KB, and what follows from it.
fn bodies(text: &str) -> [Body; 4] {
    let answer =
        Answer { text: text.into(), calls: Vec::new(), refusal: None, finish: Finish::Stop, verbatim: None };
    let answered = ModelAnswered {
        turn: 1,
        attempt: 1,
        answer,
        usage: Usage { input: 300, input_cached: 0, input_written: 0, output: 200 },
        cost: Money::ZERO,
        latency_ms: 3,
        body: None,
        request_id: None,
    };
    let small = || Body::from(StepSkipped { why: "what follows from an answer".into() });
    [answered.into(), small(), small(), small()]
}

struct Run {
    id: RunId,
    salt: Salt,
    head: Head,
    epoch: Epoch,
}

impl Run {
    async fn start(store: &SqliteStore, worker: &Worker, status: Status) -> Self {
        let salt = Salt(*Uuid::now_v7().as_bytes());
        let mut run = Self { id: RunId::new(Uuid::now_v7()), salt, head: Head::default(), epoch: Epoch(0) };
        let mut append = run.append("");
        let is_asleep = status != Status::Running;
        append.status = status;
        append.start = Some(RunBirth {
            contract: "bench".into(),
            workflow: "steps".into(),
            started: Timestamp::UNIX_EPOCH,
        });
        run.head = store.append(&append).await.unwrap();
        if !is_asleep {
            run.epoch = store.take_run(worker, run.id).await.unwrap().epoch;
        }
        run
    }

    fn append(&self, text: &str) -> Append {
        let event = |(seq, body)| Event {
            seq: Seq(seq),
            time: Timestamp::UNIX_EPOCH,
            step: Some(StepId::new("write")),
            call: None,
            body,
        };
        Append {
            id: AppendId::new(Uuid::now_v7()),
            run: self.id,
            follows: self.head,
            epoch: self.epoch,
            salt: self.salt,
            events: (self.head.seq.0 + 1..).zip(bodies(text)).map(event).collect(),
            status: Status::Running,
            wake_at: None,
            hold: Hold::Keep,
            taken: Vec::new(),
            claims: Vec::new(),
            start: None,
        }
    }
}

/// Appends in `side_by_side` tasks for a while; the latencies in microseconds, and the rate.
async fn measure(
    store: &SqliteStore,
    worker: &Worker,
    side_by_side: usize,
    seconds: u64,
) -> (Vec<u128>, f64) {
    let text = "a".repeat(1000);
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    let until = began + Duration::from_secs(seconds);
    for _ in 0..side_by_side {
        let (store, worker, text) = (store.clone(), worker.clone(), text.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < until {
                // A run has ten appends, then the next begins; beginning and taking it are in the time, not counted.
                let mut run = Run::start(&store, &worker, Status::Running).await;
                for _ in 0..10 {
                    let before = Instant::now();
                    run.head = store.append(&run.append(&text)).await.unwrap();
                    latencies.push(before.elapsed().as_micros());
                }
            }
            latencies
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = tasks.join_next().await {
        all.extend(latencies.unwrap());
    }
    let rate = all.len() as f64 / began.elapsed().as_secs_f64();
    all.sort_unstable();
    (all, rate)
}

/// The latency that so many thousandths stay within.
fn quantile(sorted: &[u128], thousandths: usize) -> u128 {
    sorted.get((sorted.len() * thousandths / 1000).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

fn size(path: &Path, end: &str) -> f64 {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    std::fs::metadata(path).map_or(0.0, |found| found.len() as f64 / 1e6)
}

/// The disk alone: a page written over an old one, and flushed.
fn disk(folder: &Path) -> Vec<u128> {
    let path = folder.join(format!("disk-{}", std::process::id()));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).unwrap();
    file.write_all_at(&vec![1; 8 << 20], 0).unwrap();
    file.sync_all().unwrap();
    let began = Instant::now();
    let mut latencies = Vec::new();
    while began.elapsed() < Duration::from_secs(1) {
        let before = Instant::now();
        let place = (latencies.len() as u64 % 1000) * 8192;
        file.write_all_at(&[2; 8192], place).unwrap();
        file.sync_data().unwrap();
        latencies.push(before.elapsed().as_micros());
    }
    std::fs::remove_file(&path).unwrap();
    latencies.sort_unstable();
    latencies
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "target/bench".into());
    let seconds: u64 = args.next().map_or(3, |text| text.parse().unwrap());
    let sleeping: usize = args.next().map_or(0, |text| text.parse().unwrap());
    let path = Path::new(&folder).join(format!("append-{}.db", std::process::id()));
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let driver = Driver::acquire(&store, Timestamp::UNIX_EPOCH).await.unwrap();
    if sleeping > 0 {
        let mut tasks = JoinSet::new();
        for _ in 0..64 {
            let (store, worker) = (store.clone(), driver.worker().clone());
            tasks.spawn(async move {
                for _ in 0..sleeping / 64 {
                    Run::start(&store, &worker, Status::PausedByLimit).await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
        let before = Instant::now();
        let taken = store.take(driver.worker(), 100, Timestamp::UNIX_EPOCH).await.unwrap();
        println!("{sleeping} runs sleep; a look for work found {} in {:?}", taken.len(), before.elapsed());
    }
    println!(
        "{:>5} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "C", "appends/s", "p50 us", "p99 us", "max us", "db MB", "wal MB"
    );
    let mut long = Run::start(&store, driver.worker(), Status::Running).await;
    for _ in 0..2500 {
        long.head = store.append(&long.append("a turn")).await.unwrap();
    }
    let before = Instant::now();
    let events = store.load(long.id).await.unwrap().events.len();
    println!("a run of {events} events is read and verified in {:?}", before.elapsed());
    let alone = disk(Path::new(&folder));
    println!(" disk {:>10} {:>8} {:>8}", alone.len(), quantile(&alone, 500), quantile(&alone, 990));
    let mut levels: Vec<usize> = args.map(|text| text.parse().unwrap()).collect();
    if levels.is_empty() {
        levels = vec![1, 16, 64, 256];
    }
    for side_by_side in levels {
        let (all, rate) = measure(&store, driver.worker(), side_by_side, seconds).await;
        let (database, log) = (size(&path, ""), size(&path, "-wal"));
        println!(
            "{side_by_side:>5} {rate:>10.0} {:>8} {:>8} {:>8} {database:>8.1} {log:>8.1}",
            quantile(&all, 500),
            quantile(&all, 990),
            quantile(&all, 1000),
        );
    }
    drop((driver, store));
    for end in ["", "-wal", "-shm", ".lock", ".sock"] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        drop(std::fs::remove_file(file));
    }
}
