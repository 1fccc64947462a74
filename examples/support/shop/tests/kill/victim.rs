//! One run of the support example whose worker is killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use handfast_events::{Body, CallId, Event, Idempotency, RunId, Status, Waits};
use handfast_store::{Options, SqliteStore, Store, driver_alive};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shop;
use crate::tally::{Phase, Tally};

/// How long the shop takes before an effect, and again behind it.
const DELAY_MS: u64 = 25;
/// Far longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run under test, with a store and a shop of its own.
pub(crate) struct Victim {
    ticket: &'static str,
    folder: TempDir,
    run: RunId,
    store: SqliteStore,
    runtime: tokio::runtime::Runtime,
    /// What was there when it was last looked at: none of it may ever be missing.
    seen: Vec<Event>,
    follower: Option<Child>,
}

/// Whether the run had ended before it was killed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Yes,
    No,
}

/// How a run ended.
pub(crate) struct End {
    pub(crate) output: Value,
    pub(crate) ledger: Vec<Value>,
    /// Doubts that were settled on the way.
    pub(crate) settled: usize,
}

impl Victim {
    /// Begins a run of this ticket, driven by a process of its own.
    pub(crate) fn start(ticket: &'static str) -> Self {
        let folder = TempDir::new().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let out = handfast(folder.path())
            .arg("run")
            .arg(example)
            .arg("ticket")
            .arg("--input")
            .arg(format!("@{}", example.join(format!("tickets/{ticket}.json")).display()))
            .arg("--model")
            .arg(format!("script:{}", example.join(format!("scripts/{ticket}.json")).display()))
            .arg("--set")
            .arg(format!("shop={}", shop::program().display()))
            .arg("--set")
            .arg(format!("db={}", folder.path().join("shop.db").display()))
            .args(["--set", &format!("delay_ms={DELAY_MS}"), "--detach"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        let run = said.lines().last().and_then(|id| id.trim().parse().ok());
        let run =
            run.unwrap_or_else(|| panic!("no run began: {said} {}", String::from_utf8_lossy(&out.stderr)));
        let store = SqliteStore::open(folder.path().join("journal.db"), Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { ticket, folder, run, store, runtime, seen: Vec::new(), follower: None }
    }

    /// Kills the worker at a moment that `seed` chooses: behind a call's intent, behind a question to the model, while a
    /// call that takes no key is under way, or anywhere.
    pub(crate) fn kill_somewhere(&mut self, seed: usize, tally: &mut Tally) -> Ended {
        let worker = self.worker();
        let is_call = |body: &Body| matches!(body, Body::CallIntended(_));
        let is_unkeyed = |body: &Body| matches!(body, Body::CallIntended(intent) if intent.idempotency == Idempotency::None);
        match seed % 4 {
            0 => self.wait_for_next(is_call, seed, 2 * DELAY_MS),
            1 => self.wait_for_next(|body| matches!(body, Body::ModelIntended(_)), seed, 300),
            2 if self.ticket == "hand-over" => self.wait_for_next(is_unkeyed, seed, 2 * DELAY_MS),
            _ => pause(seed as u64 * 37 % 400),
        }
        if let Some(pid) = worker {
            drop(Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status());
        }
        self.wait(|victim| driver_alive(victim.store.path()).unwrap().is_none());
        self.stop_following();
        let events = self.look();
        tally.add(Phase::of(&events));
        if self.status().is_ended() { Ended::Yes } else { Ended::No }
    }

    /// `handfast go`, in the background.
    pub(crate) fn take_up(&mut self) {
        if self.status() == Status::Waiting(Waits::Settlement) {
            return;
        }
        let go = handfast(self.folder.path())
            .arg("go")
            .arg(self.run.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.follower = Some(go.unwrap());
        self.wait(|victim| driver_alive(victim.store.path()).unwrap().is_some() || victim.rests());
    }

    /// Takes the run up until it has ended, settling what is in doubt as a person would: by looking at the shop.
    pub(crate) fn finish(mut self) -> End {
        let mut settled = 0;
        let deadline = Instant::now() + PATIENCE;
        while !self.status().is_ended() {
            assert!(Instant::now() < deadline, "the run does not end: {:?}", self.status());
            if self.status() == Status::Waiting(Waits::Settlement) {
                settled += usize::from(self.settle());
            }
            let out = handfast(self.folder.path()).arg("go").arg(self.run.to_string()).output().unwrap();
            let code = out.status.code();
            assert!(
                matches!(code, Some(0 | 12)),
                "go ended with {code:?}: {}",
                String::from_utf8_lossy(&out.stderr)
            );
        }
        let events = self.look();
        let output = match events.last().map(|event| &event.body) {
            Some(Body::RunSucceeded(end)) => end.output.clone(),
            other => panic!("the run ended otherwise: {other:?}"),
        };
        End { output, ledger: shop::ledger(&self.db()), settled }
    }

    /// Says whether the call in doubt took effect, by what the shop shows. It may be too early to say that it did not.
    fn settle(&self) -> bool {
        let call = self.in_doubt();
        let cases: Vec<Value> =
            shop::ledger(&self.db()).into_iter().filter(|row| row["key"].is_null()).collect();
        let mut settle = handfast(self.folder.path());
        settle.arg("settle").arg(self.run.to_string()).arg(call.as_str());
        match cases.as_slice() {
            [] => settle.arg("--not-applied"),
            [case] => {
                settle.arg("--applied").arg(json!({ "case_id": case["detail"]["case_id"] }).to_string())
            }
            more => panic!("an effect without a key happened twice: {more:#?}"),
        };
        let out = settle.args(["--evidence", "seen in the shop"]).output().unwrap();
        let told = String::from_utf8_lossy(&out.stderr);
        let is_early = out.status.code() == Some(1) && told.contains("look again then");
        assert!(is_early || matches!(out.status.code(), Some(0 | 12)), "{told}");
        if is_early {
            pause(200);
        }
        !is_early
    }

    /// The call that waits to be settled.
    fn in_doubt(&self) -> CallId {
        let events = self.events();
        let doubted = events.iter().rev().find(|event| matches!(event.body, Body::CallDoubted(_)));
        doubted
            .and_then(|event| event.call.clone())
            .expect("a run that waits for settlement has a call in doubt")
    }

    /// Reads the journal: whatever was there before is still there.
    fn look(&mut self) -> Vec<Event> {
        let events = self.events();
        assert!(events.starts_with(&self.seen), "something that was there is missing");
        self.seen.clone_from(&events);
        events
    }

    fn events(&self) -> Vec<Event> {
        self.runtime.block_on(self.store.load(self.run)).unwrap().events
    }

    /// Waits for one more event like this, and up to `ms` longer.
    fn wait_for_next(&self, is_it: impl Fn(&Body) -> bool, seed: usize, ms: u64) {
        let count = |victim: &Self| victim.events().iter().filter(|event| is_it(&event.body)).count();
        let before = count(self);
        self.wait(|victim| count(victim) > before || victim.rests());
        pause(seed as u64 * 13 % ms);
    }

    fn status(&self) -> Status {
        self.runtime.block_on(self.store.run(self.run)).unwrap().unwrap().status
    }

    fn rests(&self) -> bool {
        self.status().rests()
    }

    /// The process that drives, once it has said its name.
    fn worker(&self) -> Option<u32> {
        self.wait(|victim| victim.driver().is_some() || victim.rests());
        self.driver()
    }

    /// Never process 0, which would mean all of this test's own.
    fn driver(&self) -> Option<u32> {
        driver_alive(self.store.path()).unwrap().map(|driver| driver.pid).filter(|pid| *pid != 0)
    }

    fn wait(&self, until: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !until(self) {
            assert!(
                Instant::now() < deadline,
                "nothing happens: {:?} {:#?}",
                self.status(),
                self.events().last()
            );
            pause(2);
        }
    }

    fn stop_following(&mut self) {
        if let Some(mut follower) = self.follower.take() {
            drop(follower.kill());
            drop(follower.wait());
        }
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.stop_following();
        if let Some(pid) = self.driver() {
            drop(Command::new("kill").args(["-9", &pid.to_string()]).status());
        }
    }
}

/// The program beside the shop's.
fn handfast(folder: &Path) -> Command {
    let program = shop::program().with_file_name("handfast");
    assert!(program.exists(), "`{}` is not built: cargo build -p handfast-cli", program.display());
    let mut command = Command::new(program);
    command
        .env("HANDFAST_STORE", format!("sqlite:{}", folder.join("journal.db").display()))
        .stdin(Stdio::null());
    command
}

fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
