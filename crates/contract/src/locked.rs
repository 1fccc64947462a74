//! A contract beside its lock: what is taken from it, and where the two differ.
//!
//! What lies beside the contract is one more source, so its bytes belong to the digest. Servers that were asked just now are
//! compared in the same way, so that a difference has its place in the contract.

use std::ops::Range;

use serde_json::Value;

use crate::adopt::{Dialect, Way, adopt};
use crate::drift::{input_drift, output_drift};
use crate::limits::FILE_BYTES_MAX;
use crate::loader::{Fields, Loader};
use crate::{Lock, LockedTool, Tool, Transport, Via, code};

/// What a contract is held against.
#[derive(Default)]
pub(crate) struct Held {
    /// Where its lock would lie.
    path: String,
    lock: State,
    /// What its servers list now, where they were asked.
    live: Option<Lock>,
    /// The contract is read to write its lock: none is needed yet.
    to_lock: bool,
}

/// The lock beside a contract. It is read when the first tool of a server that can be asked needs it.
#[derive(Default)]
enum State {
    #[default]
    Unread,
    None,
    Read(Lock),
    /// It can't be used, which is reported.
    Broken,
}

impl Held {
    /// Against what servers list now, too.
    pub(crate) fn live(live: Lock) -> Self {
        Self { live: Some(live), ..Self::default() }
    }

    /// Against nothing: to write the lock.
    pub(crate) fn to_lock() -> Self {
        Self { to_lock: true, ..Self::default() }
    }

    pub(crate) const fn is_to_lock(&self) -> bool {
        self.to_lock
    }

    /// With the lock that lies beside this file.
    pub(crate) fn beside(self, main: &str) -> Self {
        Self { path: lock_path(main), ..self }
    }

    /// The lock, empty where there is none.
    pub(crate) fn read(self) -> Lock {
        match self.lock {
            State::Read(lock) => lock,
            State::Unread | State::None | State::Broken => Lock::default(),
        }
    }
}

/// The lock of the contract in this file: `handfast.lock` for `handfast.yaml`.
///
/// ```
/// assert_eq!(handfast_contract::lock_path("handfast.yaml"), "handfast.lock");
/// assert_eq!(handfast_contract::lock_path("cms.contract.yaml"), "cms.contract.lock");
/// ```
pub fn lock_path(main: &str) -> String {
    let stem = main.strip_suffix(".yaml").or_else(|| main.strip_suffix(".yml")).unwrap_or(main);
    format!("{stem}.lock")
}

impl<'a> Loader<'a> {
    /// Reads the lock beside the contract, once. A file that isn't there is none.
    fn read_lock(&mut self) {
        if !matches!(self.held.lock, State::Unread) {
            return;
        }
        let path = self.held.path.clone();
        self.held.lock = State::None;
        if self.held.to_lock {
            return;
        }
        let Ok(text) = (self.read)(&path) else { return };
        let read = if text.len() > FILE_BYTES_MAX {
            Err(format!("it has {} bytes; at most {FILE_BYTES_MAX} are read", text.len()))
        } else {
            Lock::parse(&text).map_err(|error| error.to_string())
        };
        self.files.insert(path.clone(), text);
        self.held.lock = match read {
            Ok(lock) => State::Read(lock),
            Err(reason) => {
                let found =
                    self.findings.error_outside(code::BAD_LOCK, format!("`{path}` can't be used: {reason}"));
                found.help("write it anew with `handfast lock PATH`, and look at what changed");
                State::Broken
            }
        };
    }

    /// Whether the tool's server is one that can be asked for its tools; then the lock has been read.
    fn is_lockable(&mut self, via: &Via) -> bool {
        let transport = self.servers.get(&via.server).map(|server| &server.transport);
        let is_mcp = matches!(transport, Some(Transport::McpCommand { .. } | Transport::McpHttp { .. }));
        if is_mcp {
            self.read_lock();
        }
        is_mcp
    }

    /// The tool as it was locked.
    fn locked(&self, via: &Via) -> Option<&LockedTool> {
        match &self.held.lock {
            State::Read(lock) => lock.tool(&via.server, &via.tool),
            State::Unread | State::None | State::Broken => None,
        }
    }

    /// The value, or nothing in its place where it may still be decided: a lock needs none of it.
    pub(crate) fn decided<T: Default>(&self, value: Option<T>) -> Option<T> {
        value.or_else(|| self.held.to_lock.then(T::default))
    }

    /// The input of a tool that says none: its server's, as it was locked.
    pub(crate) fn locked_input(
        &mut self,
        fields: &Fields<'a>,
        via: Option<&Via>,
    ) -> Option<(Value, Range<usize>)> {
        let span = fields.entry("via").map_or(fields.span.clone(), |entry| entry.value.span.clone());
        if self.held.to_lock {
            return Some((serde_json::json!({ "type": "object" }), span));
        }
        let via = via?;
        let is_lockable = self.is_lockable(via);
        if let Some(locked) = self.locked(via) {
            return Some((adopt(&locked.input, &locked.input, Way::Sent, Dialect::JsonSchema).schema, span));
        }
        if matches!(self.held.lock, State::Broken) {
            return None;
        }
        let missing = if is_lockable { ", and the lock has none for it" } else { "" };
        let message = format!("{} has no `input`{missing}", fields.what);
        let found = self.error(code::MISSING_KEY, &fields.span, message);
        found.help("add it: `input: { order_id: string }`, or `input: {}` for none");
        if is_lockable {
            found.help("or ask the server for its own: `handfast lock PATH`");
        }
        None
    }

    /// The output of a tool that says none: its server's, where it gave one.
    pub(crate) fn locked_output(&mut self, via: Option<&Via>) -> Option<Value> {
        let via = via.filter(|via| self.is_lockable(via))?;
        let output = self.locked(via)?.output.as_ref()?;
        Some(adopt(output, output, Way::Received, Dialect::JsonSchema).schema)
    }

    /// Holds a tool against the lock, and against its server where that was asked.
    pub(crate) fn compare_locked(&mut self, tool: &Tool, fields: &Fields<'a>) {
        let Some(at) = fields.entry("via").map(|entry| entry.value.span.clone()) else { return };
        if self.held.to_lock || !self.is_lockable(&tool.via) {
            return;
        }
        let Via { server, tool: name, .. } = &tool.via;
        let is_pinned = self.servers.get(server).is_some_and(|server| server.pinned);
        match self.locked(&tool.via) {
            Some(locked) => {
                for message in differences(tool, locked) {
                    let message = format!("{message}, as it was locked");
                    self.error(code::DRIFT, &at, message).help(LOCKED);
                }
            }
            None if is_pinned && !matches!(self.held.lock, State::Broken) => {
                let message = format!("the lock doesn't have `{server}.{name}`, and its server is pinned");
                let found = self.error(code::UNLOCKED, &at, message);
                found.help("ask the server what it offers: `handfast lock PATH`");
            }
            None => {}
        }
        for (message, help) in self.differs_live(tool) {
            self.error(code::DRIFT, &at, message).help(help);
        }
    }

    /// In what the contract, or the lock, differs from what the server says now.
    fn differs_live(&self, tool: &Tool) -> Vec<(String, &'static str)> {
        let live = self.held.live.as_ref().and_then(|live| live.server(&tool.via.server));
        let Some(live) = live else { return Vec::new() };
        let Some(now) = live.tools.get(&tool.via.tool) else {
            let meant = crate::suggest(&tool.via.tool, live.tools.keys().map(String::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            return vec![(format!("the server has no tool `{}`{meant}", tool.via.tool), LIVE)];
        };
        let mut all: Vec<_> = differences(tool, now).into_iter().map(|message| (message, LIVE)).collect();
        let changed = self.locked(&tool.via).map(|locked| locked.differences(now).collect::<Vec<_>>());
        for (what, _) in changed.into_iter().flatten().filter(|(_, counts)| *counts) {
            all.push((format!("the server changed {what} since it was locked"), CHANGED));
        }
        all
    }
}

/// The ways in which the contract's tool can't be the one that its server lists.
fn differences(tool: &Tool, listed: &LockedTool) -> Vec<String> {
    let mut all: Vec<String> = input_drift(tool, &listed.input).into_iter().map(|one| one.message).collect();
    if let Some(theirs) = &listed.output {
        all.extend(output_drift(tool, theirs).into_iter().map(|one| one.message));
    }
    all
}

const LOCKED: &str = "change `input`, `sends` or `output`, or ask the server again: `handfast lock PATH`";
const LIVE: &str = "change the contract to what the server takes, or bring the server back to what it was";
const CHANGED: &str = "look at what changed; `handfast lock PATH` keeps the new form";
