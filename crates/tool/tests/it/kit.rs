//! A contract in a few lines, its tools, and one call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Contract, IdempotencyRule, KeyPlace, Loaded, load};
use handfast_engine::{PollOutcome, TakenOn, ToolError, ToolOutcome};
use handfast_events::{CallId, Handle, RunId, StepId, call_key};
use handfast_tool::{Functions, ToolCall, ToolPoll, Tools};
use serde_json::Value;

pub(crate) const SECRET: &str = "open-sesame-5511";
/// A model's key: no tool gets it, and one may find it.
pub(crate) const MODEL_KEY: &str = "sk-found-in-a-file-77";

/// A folder with a contract in it.
pub(crate) struct Kit {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) contract: Contract,
    pub(crate) tools: Tools,
}

impl Kit {
    pub(crate) fn new(servers_and_tools: &str) -> Self {
        Self::with(servers_and_tools, Functions::default())
    }

    pub(crate) fn with(servers_and_tools: &str, functions: Functions) -> Self {
        Self::knowing(servers_and_tools, functions, SECRET)
    }

    /// With this as the shop's secret. `{double}` stands for the test server's path.
    pub(crate) fn knowing(servers_and_tools: &str, functions: Functions, secret: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "handfast: 1\nname: kit\nversion: \"1\"\n{}",
            servers_and_tools.replace("{double}", double().to_str().unwrap())
        );
        let contract = loaded(&text, folder.path(), &BTreeMap::new());
        let variable = |name: &str| match name {
            "SHOP_SECRET" => Some(secret.to_owned()),
            "MODEL_KEY" => Some(MODEL_KEY.to_owned()),
            "SHORT_SECRET" => Some("abc".to_owned()),
            "PATH" | "HOME" => std::env::var(name).ok(),
            _ => None,
        };
        let tools = Tools::new(&contract, folder.path(), &variable, functions);
        Self { folder, contract, tools }
    }

    /// Promises a key in a place, whatever the contract says.
    pub(crate) fn put_key(&mut self, tool: &str, place: KeyPlace) {
        let tool = Arc::get_mut(self.contract.tools.get_mut(tool).unwrap()).unwrap();
        tool.idempotency = IdempotencyRule::Key { place, valid: None };
    }

    pub(crate) fn attempt(&self, tool: &str, sends: Value) -> ToolCall {
        let run = RunId::from_bytes([7; 16]);
        let call = CallId::of(&StepId::new("step"), 1, 0);
        let tool = Arc::clone(&self.contract.tools[tool]);
        let key = Some(call_key(run, &call));
        let args = Arc::new(sends.clone());
        let timeout = Duration::from_secs(20);
        ToolCall { run, call, attempt: 1, tool, args, sends, key, send_by: None, timeout }
    }

    pub(crate) async fn call(&self, tool: &str, sends: Value) -> ToolOutcome {
        self.tools.call(&self.attempt(tool, sends)).await.outcome
    }

    /// How a call of this tool stands.
    pub(crate) async fn poll(&self, tool: &str, handle: Handle) -> PollOutcome {
        let tool = Arc::clone(&self.contract.tools[tool]);
        self.tools.poll(&ToolPoll { tool, handle, timeout: Duration::from_secs(5) }).await
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

pub(crate) fn read(text: &str, root: &Path, settings: &BTreeMap<String, Value>) -> Loaded {
    load(
        "handfast.yaml",
        root.to_str().unwrap(),
        settings,
        &mut handfast_contract::alone("handfast.yaml", text),
    )
}

pub(crate) fn loaded(text: &str, root: &Path, settings: &BTreeMap<String, Value>) -> Contract {
    let loaded = read(text, root, settings);
    let report = loaded.report(handfast_contract::Paint::Plain);
    match loaded.contract {
        Some(contract) => contract,
        None => panic!("{report}"),
    }
}

/// The test server, which cargo builds beside the tests.
pub(crate) fn double() -> PathBuf {
    let beside = std::env::current_exe().unwrap();
    let path = beside.parent().unwrap().parent().unwrap().join("examples/double");
    assert!(
        path.exists(),
        "{} is missing: run `cargo test -p handfast-tool`, which builds it",
        path.display()
    );
    path
}

/// A program of another package, where it is built; says so where it isn't.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let beside = std::env::current_exe().unwrap();
    let path = beside.parent().unwrap().parent().unwrap().join(name);
    if !path.exists() {
        skip(&format!("{} isn't built: run `cargo build`", path.display()));
        return None;
    }
    Some(path)
}

pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "skipped on CI: {why}");
    println!("skipped: {why}");
}

pub(crate) fn returned(outcome: ToolOutcome) -> Value {
    match outcome {
        ToolOutcome::Returned(value) => value,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failed(outcome: ToolOutcome) -> ToolError {
    match outcome {
        ToolOutcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn turned_away(outcome: ToolOutcome) -> ToolError {
    match outcome {
        ToolOutcome::TurnedAway(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn not_sent(outcome: ToolOutcome) -> ToolError {
    match outcome {
        ToolOutcome::NotSent(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn lost(outcome: ToolOutcome) -> ToolError {
    match outcome {
        ToolOutcome::Lost(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn taken_on(outcome: ToolOutcome) -> TakenOn {
    match outcome {
        ToolOutcome::TakenOn(taken) => taken,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn at_work(outcome: PollOutcome) -> TakenOn {
    match outcome {
        PollOutcome::Working(taken) => taken,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn finished(outcome: PollOutcome) -> ToolOutcome {
    match outcome {
        PollOutcome::Finished(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn forgotten(outcome: PollOutcome) -> ToolError {
    match outcome {
        PollOutcome::Forgotten(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn unasked(outcome: PollOutcome) -> ToolError {
    match outcome {
        PollOutcome::Unasked(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Waits until the file says which processes there are: the call that writes it is under way then.
pub(crate) async fn pids(file: &Path) -> Vec<u32> {
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let pids: Vec<u32> = text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        if pids.len() == 2 {
            return pids;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a process still runs; one that is dead but not yet reaped by its parent doesn't.
pub(crate) fn runs(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !matches!(stat.rsplit(") ").next().and_then(|rest| rest.chars().next()), None | Some('Z' | 'X'))
}

/// Killed processes are gone when the kernel has come round to it.
pub(crate) async fn gone(pids: &[u32]) {
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while pids.iter().any(|pid| runs(*pid)) {
        assert!(tokio::time::Instant::now() < until, "{pids:?} still run");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
