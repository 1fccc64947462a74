//! A folder to work in, the program, and what it said with all that changes from run to run taken out.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A folder of its own, gone when it is dropped.
pub(crate) struct Folder {
    path: PathBuf,
    /// Keeps it; none where it lies within another one.
    _whole: Option<tempfile::TempDir>,
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let whole = tempfile::tempdir().unwrap();
        Self { path: whole.path().to_owned(), _whole: Some(whole) }
    }

    /// One within another.
    pub(crate) fn within(outer: &Self, name: &str) -> Self {
        let path = outer.path().join(name);
        std::fs::create_dir(&path).unwrap();
        Self { path, _whole: None }
    }

    /// One with what `handfast init` writes.
    pub(crate) fn with_hello() -> Self {
        let folder = Self::new();
        assert_eq!(folder.say(&["init"]).code, 0);
        folder
    }

    /// One with this contract, and scripts that its model speaks by.
    pub(crate) fn with(contract: &str, script: &str) -> Self {
        let folder = Self::new();
        folder.write("handfast.yaml", contract);
        folder.write("script.json", script);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join(".handfast/journal.db")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The program, ready to be started here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handfast"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        command.env_remove("HANDFAST_STORE").env_remove("COLUMNS").env("USER", "tester");
        command
    }

    /// Runs the program to its end.
    pub(crate) fn say(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).output().unwrap())
    }

    /// Runs it and expects this code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, args: &[&str]) -> Said {
        let said = self.say(args);
        assert_eq!(said.code, code, "handfast {}\n{}\n{}", args.join(" "), said.stdout, said.stderr);
        said
    }

    /// Starts the program and reads along.
    pub(crate) fn begin(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The runs that `handfast runs --json` lists.
    pub(crate) fn runs(&self) -> Vec<Value> {
        let said = self.expect(0, &["runs", "--json"]);
        let document: Value = serde_json::from_str(&said.stdout).unwrap();
        document["runs"].as_array().unwrap().clone()
    }

    /// Waits until the youngest run stands like this.
    #[track_caller]
    pub(crate) fn until(&self, status: &str) {
        until(&format!("the youngest run is {status}"), || {
            self.store().exists() && self.runs().first().is_some_and(|run| run["status"] == status)
        });
    }

    /// The process that drives, by the lock file; dead ones are named there too.
    pub(crate) fn driver(&self) -> Pid {
        let plate: Value = serde_json::from_str(self.read(".handfast/journal.db.lock").trim()).unwrap();
        Pid::from_raw(i32::try_from(plate["pid"].as_i64().unwrap()).unwrap()).unwrap()
    }

    /// Kills whoever drives, as a machine would.
    pub(crate) fn kill_driver(&self) {
        kill_process(self.driver(), Signal::KILL).unwrap();
        self.until_nobody_drives();
    }

    /// Waits until the worker has gone by itself.
    pub(crate) fn until_nobody_drives(&self) {
        until("nobody drives", || self.expect(0, &["doctor"]).stdout.contains("worker    none"));
    }
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// All of it, as a snapshot can hold it.
    pub(crate) fn told(&self, folder: &Folder) -> String {
        let text = format!("[{}]\n{}\n--- to whoever looks ---\n{}", self.code, self.stdout, self.stderr);
        same(&text, folder)
    }
}

/// Sends a signal to a child.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Hears hang-ups from now on, so that children have them, too. Where the tests run under `nohup`, they are ignored, and a
/// signal that is ignored stays so in whatever is started; one that is heard does not.
pub(crate) fn hear_hangups() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _entered = runtime.enter();
    drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).unwrap());
}

/// Looks again and again, for half a minute at most.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("after half a minute it is still not so that {what}");
}

/// The text without what differs from run to run.
fn same(text: &str, folder: &Folder) -> String {
    static CHANGING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "RUN"),
            (r"sha256:[0-9a-f]+", "sha256:DIGEST"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z", "MOMENT"),
            (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
            (r" +\d[\d.,]* (ms|s)\b", " TIME"),
            (r"epoch (\d+) of \S+", "epoch $1 of WORKER"),
            // Tokens and bytes: the wording of prompts is other tests' business.
            (r", [\d,]+…", ", …"),
            (r" +(\d{1,3}(,\d{3})+|\d{3})\b", " N"),
            (r"(?m)[ \t]+$", ""),
        ]
        .map(|(pattern, word)| (Regex::new(pattern).unwrap(), word))
        .into_iter()
        .collect()
    });
    let canonical = folder.path().canonicalize().unwrap();
    let mut text =
        text.replace(canonical.to_str().unwrap(), "DIR").replace(folder.path().to_str().unwrap(), "DIR");
    for (pattern, word) in CHANGING.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text
}
