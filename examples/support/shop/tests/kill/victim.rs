//! One run whose worker and whose tools' server are killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use handfast_events::{Event, RunId, Status};
use handfast_store::{Options, SqliteStore, Store, driver_alive};
use serde_json::Value;
use tempfile::TempDir;

use crate::cases::Case;
use crate::judge::{Verdict, calls, judge};
use crate::person::{Did, attend};
use crate::shop;
use crate::tally::{Phase, Whom};

/// How long the shop takes before an effect, and again behind it.
const DELAY_MS: u64 = 25;
/// Far longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run under test, with a store and a shop of its own.
pub(crate) struct Victim {
    case: Case,
    folder: TempDir,
    run: RunId,
    store: SqliteStore,
    runtime: tokio::runtime::Runtime,
    /// What was there when it was last looked at: none of it may ever be missing.
    seen: Vec<Event>,
    /// Calls without a key that were under way when their worker died: each must be found in doubt.
    bare: Vec<String>,
    follower: Option<Child>,
    did: Did,
}

/// How a run ended.
pub(crate) struct End {
    pub(crate) status: String,
    pub(crate) output: Value,
    pub(crate) verdict: Verdict,
    pub(crate) did: Did,
}

/// What shall be killed, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    pub(crate) whom: Whom,
    pub(crate) phase: Phase,
    /// Decides how long after its moment the blow falls.
    pub(crate) seed: u64,
}

impl Victim {
    /// Begins a run, driven by a process of its own.
    pub(crate) fn start(case: Case) -> Self {
        let folder = TempDir::new().unwrap();
        let mut run = handfast(folder.path());
        run.arg("run").arg(case.folder()).arg(case.workflow).args(["--input", &case.input()]);
        if let Some(model) = case.model() {
            run.args(["--model", &model]);
        }
        let db = folder.path().join("shop.db");
        for (name, value) in [
            ("shop", shop::program().display().to_string()),
            ("db", db.display().to_string()),
            ("delay_ms", DELAY_MS.to_string()),
        ] {
            run.args(["--set", &format!("{name}={value}")]);
        }
        let began = said(run.args(["--detach", "--json"]));
        let run = began["run"].as_str().unwrap().parse().unwrap();
        let store = SqliteStore::open(folder.path().join("journal.db"), Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (seen, bare, did) = (Vec::new(), Vec::new(), Did::default());
        Self { case, folder, run, store, runtime, seen, bare, follower: None, did }
    }

    /// Kills at the moment that was aimed at, if the run comes to it before it rests. Tells what it hit.
    pub(crate) fn kill(&mut self, aim: Aim) -> Option<Phase> {
        let Aim { whom, phase, seed } = aim;
        self.wait(|victim| victim.driver().is_some() || victim.status().rests());
        match phase {
            Phase::Early => pause(seed * 7 % 60),
            Phase::Between => self.wait_for(Phase::Between, seed * 3 % 20),
            Phase::Asking => self.wait_for(phase, seed * 13 % 60),
            phase => self.wait_for(phase, seed * 13 % (2 * DELAY_MS)),
        }
        let worker = self.driver().filter(|_| !self.status().rests())?;
        match whom {
            Whom::Server => {
                let phase = Phase::of(&self.look());
                shop::kill(&self.db()).then_some(phase)
            }
            Whom::Worker | Whom::Both => {
                shop::kill_process(worker);
                if whom == Whom::Both {
                    shop::kill(&self.db());
                }
                self.wait(|victim| driver_alive(victim.store.path()).unwrap().is_none());
                self.stop_following();
                let events = self.look();
                let journal = self.journal();
                let open = calls(&journal).into_iter().filter(|(_, call)| call.is_bare() && call.is_open);
                self.bare.extend(open.map(|(id, _)| id));
                Some(Phase::of(&events))
            }
        }
    }

    /// Does what a person does who looks: answers and settles whatever waits for one, and has the run driven where nobody
    /// drives it. Tells whether the run has ended.
    pub(crate) fn attend(&mut self) -> bool {
        let status = self.status();
        if status.is_ended() {
            return true;
        }
        if status.rests() {
            self.stop_following();
            attend(&self.command(), self.run, &self.db(), &self.journal(), &mut self.did);
        } else if self.driver().is_none() {
            self.stop_following();
            let mut go = handfast(self.folder.path());
            go.args(["go", &self.run.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
            self.follower = Some(go.spawn().unwrap());
            self.wait(|victim| {
                driver_alive(victim.store.path()).unwrap().is_some() || victim.status().rests()
            });
        }
        false
    }

    /// Attends to the run until it has ended, and judges it.
    pub(crate) fn finish(mut self) -> End {
        let deadline = Instant::now() + PATIENCE;
        while !self.attend() {
            assert!(
                Instant::now() < deadline,
                "{}: the run does not end: {:?} {:#?}",
                self.case.name,
                self.status(),
                self.journal().last()
            );
            pause(5);
        }
        self.stop_following();
        self.look();
        let journal = self.journal();
        let found = calls(&journal);
        for id in &self.bare {
            assert!(found[id].was_doubted, "UNSAID: {id} was under way when its worker died: {found:#?}");
        }
        let verdict = judge(&journal, &shop::ledger(&self.db()));
        let listed = said(self.command()().args(["runs", "--json"]));
        let status = listed["runs"][0]["status"].as_str().unwrap().to_owned();
        let output = journal.last().unwrap()["body"]["output"].clone();
        End { status, output, verdict, did: std::mem::take(&mut self.did) }
    }

    /// The command, for this run's store.
    fn command(&self) -> impl Fn() -> Command + use<> {
        let folder = self.folder.path().to_owned();
        move || handfast(&folder)
    }

    /// The journal, as the command prints it.
    fn journal(&self) -> Vec<Value> {
        let out =
            handfast(self.folder.path()).args(["journal", &self.run.to_string(), "--json"]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
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

    /// Waits until one more event begins this phase, and up to `ms` longer.
    fn wait_for(&self, phase: Phase, ms: u64) {
        let count = |victim: &Self| {
            victim.events().iter().filter(|event| Phase::behind(event) == Some(phase)).count()
        };
        let before = count(self);
        self.wait(|victim| count(victim) > before || victim.status().rests());
        pause(ms);
    }

    fn status(&self) -> Status {
        self.runtime.block_on(self.store.run(self.run)).unwrap().unwrap().status
    }

    /// The process that drives, once it has said its name. Never process 0, which would mean all of this test's own.
    fn driver(&self) -> Option<u32> {
        driver_alive(self.store.path()).unwrap().map(|driver| driver.pid).filter(|pid| *pid != 0)
    }

    fn wait(&self, until: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !until(self) {
            assert!(
                Instant::now() < deadline,
                "{}: nothing happens: {:?} {:#?}",
                self.case.name,
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
            shop::kill_process(pid);
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

/// What a command says that does what it is told.
pub(crate) fn said(command: &mut Command) -> Value {
    let out = command.output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{command:?} ended with {:?}: {told}", out.status.code());
    serde_json::from_slice(&out.stdout).unwrap()
}

pub(crate) fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
