//! A process dies, or the disk ends, in the middle of it all: what was acknowledged is there.
//!
//! The process that dies is this test binary, started again for one test that does nothing otherwise.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use handfast_events::{Head, RunId, Seq};
use handfast_store::{AppendError, Driver, Options, SqliteStore, Store, WriteError, heed_file_size_limit};
use tokio::task::JoinSet;

use crate::kit;
use crate::sqlite::Home;
use crate::tale::{Tale, at};

/// Names the store to the child.
const PLACE: &str = "HANDFAST_TEST_STORE";

/// What the child acknowledged: for each run, the newest event.
type Acknowledged = BTreeMap<RunId, u64>;

/// Appends to eight runs at once, telling each acknowledgement, until it is killed or a write fails.
async fn append_for_ever(path: PathBuf) -> AppendError {
    heed_file_size_limit().unwrap();
    let store = SqliteStore::open(path, Options::default()).unwrap();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (store, worker) = (store.clone(), driver.worker().clone());
        tasks.spawn(async move {
            let mut tale = kit::taken(&store, &worker).await;
            let text = "x".repeat(3000);
            loop {
                tale.head = match store.append(&tale.then(&[&text, "two", "three"])).await {
                    Ok(head) => head,
                    Err(error) => return (error, tale, store),
                };
                println!("\nacknowledged {} {}", tale.run, tale.head.seq);
            }
        });
    }
    let (error, tale, store) = tasks.join_next().await.unwrap().unwrap();
    let journal = store.load(tale.run).await.unwrap();
    assert_eq!(journal.row.head, tale.head, "what was acknowledged can still be read, and nothing more");
    error
}

#[test]
#[ignore = "what the tests beside it start as a process of its own"]
fn child() {
    let Some(path) = std::env::var_os(PLACE) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(append_for_ever(path.into()));
    let what = match error {
        AppendError::Write(WriteError::Full { .. }) => "full".into(),
        other => format!("{other:?}"),
    };
    println!("\nstopped {what}");
}

fn command(home: &Home, program: &[&str]) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = match program {
        [] => Command::new(&this),
        [shell, args @ ..] => {
            let mut command = Command::new(shell);
            command.args(args).arg(&this);
            command
        }
    };
    command.args(["--exact", "crash::child", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PLACE, home.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn note(acknowledged: &mut Acknowledged, line: &str) {
    let Some(rest) = line.strip_prefix("acknowledged ") else { return };
    let (run, seq) = rest.split_once(' ').unwrap();
    acknowledged.insert(run.parse().unwrap(), seq.parse().unwrap());
}

/// Everything is there, verifies, and goes on.
async fn holds(home: &Home, acknowledged: &Acknowledged) {
    let store = home.open();
    let driver = Driver::acquire(&store, at(1_000_000)).await.unwrap();
    let leases = store.take(driver.worker(), 100, at(1_000_000)).await.unwrap();
    assert!(leases.len() >= acknowledged.len(), "the dead one's runs are free at once");
    for lease in leases {
        let journal = store.load(lease.run).await.unwrap();
        let Head { seq, .. } = journal.row.head;
        assert_eq!(journal.events.len() as u64, seq.0);
        let told = acknowledged.get(&lease.run).copied().unwrap_or(0);
        assert!(seq >= Seq(told), "run {} had {told}, has {seq}", lease.run);
        let tale = Tale { run: lease.run, salt: journal.salt, head: journal.row.head, epoch: lease.epoch };
        store.append(&tale.then(&["went on"])).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let home = Home::new();
    // Again and again over the same file, so that what a kill left behind is killed once more.
    for round in 0..6_usize {
        let mut child = command(&home, &[]).spawn().unwrap();
        let mut acknowledged = Acknowledged::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 20 + round * 300;
        for line in lines.by_ref().take(wanted * 2) {
            note(&mut acknowledged, &line.unwrap());
        }
        child.kill().unwrap();
        lines.for_each(|line| note(&mut acknowledged, &line.unwrap_or_default()));
        child.wait().unwrap();
        assert!(!acknowledged.is_empty());
        holds(&home, &acknowledged).await;
    }
}

#[tokio::test]
async fn a_file_size_limit_is_a_clear_error_and_loses_nothing() {
    let home = Home::new();
    drop(home.open());
    // Blocks of 512 bytes: 3 MiB.
    let shell = ["sh", "-c", "ulimit -f 6144; exec \"$0\" \"$@\""];
    let output = command(&home, &shell).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut acknowledged = Acknowledged::new();
    text.lines().for_each(|line| note(&mut acknowledged, line));
    assert!(
        output.status.success() && text.contains("\nstopped full\n"),
        "{}",
        &text[text.len().saturating_sub(400)..]
    );
    assert_eq!(acknowledged.len(), 8);
    holds(&home, &acknowledged).await;
}
