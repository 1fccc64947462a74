//! What agents share: read and written by calls that the run itself performs, in the commit that records them.
//!
//! A memory that lives as long as the run is the run's own state. Others are rows that runs share. Nothing is read
//! beforehand: a decision assumes how the row is, its commit says whether it was so, and else it is made anew with what is
//! there ([`Seen`](crate::Seen)).

use handfast_contract::{Lives, MEMORY, Memory, Tool};
use handfast_events::{
    Body, CallApplied, CallId, CallIntended, CallRefused, ClaimBefore, ClaimChanged, ClaimSeen, Digest, Kept,
    MemoryCell, MemoryEntry, MemoryRead, MemoryWritten, Timestamp, Written,
};
use serde_json::{Value, json};

use crate::decide::Draft;
use crate::limits::MEMORY_BYTES_MAX;
use crate::state::{Call, CallState, ROWS, Read, StepState};
use crate::{Refusal, evidence};

/// A cell as it is now, as far as this decision knows.
struct Now {
    cell: MemoryCell,
    /// Where runs share it: its row's name, and the row as it stands.
    row: Option<(String, Option<String>)>,
}

impl Now {
    fn read(&self) -> Read {
        let text = self.row.as_ref().and_then(|(_, text)| text.as_ref());
        Read { version: self.cell.version, row: text.map(|text| Digest::of(text.as_bytes())) }
    }
}

impl Draft {
    /// The memory that a call of this tool reads or writes, if the run itself performs it.
    pub(crate) fn memory_of(&self, tool: &Tool) -> Option<Memory> {
        let is_memory = *tool.via.server == *MEMORY;
        is_memory.then(|| self.run.plan.contract().memory.get(tool.via.tool.as_str()).cloned()).flatten()
    }

    /// Reads or writes, and closes the call.
    pub(crate) fn remember(
        &mut self,
        call: &Call,
        tool: &Tool,
        memory: &Memory,
        intent: CallIntended,
    ) -> Result<(), Refusal> {
        let now = match self.now_in(memory) {
            Ok(now) => now,
            Err(why) => return self.tell_call(&call.id, unreadable(memory, why)),
        };
        let attempt = intent.attempt;
        let result = if tool.only_reads() {
            self.see(&now)?;
            self.tell_call(&call.id, intent)?;
            self.was_read(&call.id, memory, &now)?;
            self.shown(call, memory, &now.cell)
        } else {
            match self.write(call, memory, now, intent)? {
                Some(version) => json!({ "version": version }),
                None => return Ok(()),
            }
        };
        self.tell_call(&call.id, CallApplied { attempt, result: Kept::Whole(result), latency_ms: 0 })?;
        self.judge(&call.id)
    }

    /// Writes what the call says, where that counts; its version, or nothing where it was refused.
    fn write(
        &mut self,
        call: &Call,
        memory: &Memory,
        now: Now,
        intent: CallIntended,
    ) -> Result<Option<u64>, Refusal> {
        let value = call.args.get(memory.argument()).cloned().unwrap_or_default();
        let seen = self.read_by(&call.id, &memory.name).map_or(0, |read| read.version);
        if !memory.is_log() && now.cell.version != seen {
            let refused = CallRefused {
                clause: format!("memory.{}", memory.name),
                sentence: "a write counts only where nobody else wrote meanwhile".into(),
                reason: self.difference(&call.id, memory, seen, &now),
                mend: "Decide again with what is there now, and write again.".into(),
            };
            return self.stale(&call.id, memory, &now, refused).map(|()| None);
        }
        let what = if memory.is_log() { Written::Entry(value) } else { Written::Value(value) };
        let mut cell = now.cell.clone();
        if is_over(memory, &cell, self.now) {
            cell = MemoryCell { version: cell.version, ..MemoryCell::default() };
        }
        cell.write(&what, self.now, self.run.id, &call.id);
        let text = serde_json::to_string(&cell).unwrap_or_default();
        if text.len() > MEMORY_BYTES_MAX {
            let refused = CallRefused {
                clause: format!("memory.{}", memory.name),
                sentence: format!("a memory holds {MEMORY_BYTES_MAX} bytes at most"),
                reason: format!("with this, `{}` would have {}", memory.name, text.len()),
                mend: "Write less, or do without.".into(),
            };
            return self.tell_call(&call.id, refused).map(|()| None);
        }
        let version = cell.version;
        let (row, what) = match now.row {
            None => (None, Some(what)),
            Some((name, before)) => {
                let row = Digest::of(text.as_bytes());
                let digest = |text: String| ClaimBefore::Digest(Digest::of(text.as_bytes()));
                let before = before.map_or(ClaimBefore::Absent, digest);
                self.tell(ClaimChanged { name, before, value: Some(text) })?;
                (Some(row), None)
            }
        };
        self.tell_call(&call.id, intent)?;
        let written =
            MemoryWritten { memory: memory.name.to_string(), version, row, what, by: call.id.clone() };
        self.tell_step(&call.id.step(), written)?;
        Ok(Some(version))
    }

    /// Whether what an effect relies on is still as it was seen. Where it isn't, the call is refused with the difference.
    pub(crate) fn is_up_to_date(&mut self, call: &Call, tool: &Tool) -> Result<bool, Refusal> {
        let is_in_doubt = matches!(&call.state, CallState::Due(due) if due.doubt.is_some());
        if call.purpose.is_some() || is_in_doubt || tool.only_reads() || *tool.via.server == *MEMORY {
            return Ok(true);
        }
        for name in self.relied_on(call, tool) {
            let Some(memory) = self.run.plan.contract().memory.get(name.as_str()).cloned() else { continue };
            let clause = match tool.relies.is_empty() {
                true => format!("memory.{name}"),
                false => tool.address("relies"),
            };
            let refused = |reason: String, mend: &str| CallRefused {
                clause: clause.clone(),
                sentence: format!("what it relies on, the memory `{name}`, is as it was seen"),
                reason,
                mend: mend.into(),
            };
            let Some(read) = self.read_by(&call.id, &name) else {
                let refused = refused("it was not read".into(), "Read it first, and decide by what it says.");
                return self.tell_call(&call.id, refused).map(|()| false);
            };
            let now = match self.still(&memory, read) {
                Ok(now) => now,
                Err(why) => return self.tell_call(&call.id, unreadable(&memory, why)).map(|()| false),
            };
            match now {
                Some(now) if now.cell.version != read.version => {
                    let reason = self.difference(&call.id, &memory, read.version, &now);
                    let refused = refused(reason, "Decide again by what is there now.");
                    return self.stale(&call.id, &memory, &now, refused).map(|()| false);
                }
                Some(now) => self.see(&now)?,
                None => {
                    let name = self.row_of(&memory);
                    self.tell(ClaimSeen { name, digest: read.row })?;
                }
            }
        }
        Ok(true)
    }

    /// What the tool's effects rely on: what its contract names, else whatever its step read.
    fn relied_on(&self, call: &Call, tool: &Tool) -> Vec<String> {
        if !tool.relies.is_empty() {
            return tool.relies.iter().map(ToString::to_string).collect();
        }
        match self.run.step(&call.id.step()).map(|step| &step.state) {
            Some(StepState::Agent(agent)) => agent.reads.memories().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Which version the call's step read; where no agent works on it, the newest that any step did.
    fn read_by(&self, call: &CallId, memory: &str) -> Option<Read> {
        match self.run.step(&call.step()).map(|step| &step.state) {
            Some(StepState::Agent(agent)) => agent.reads.of(memory),
            _ => self.run.known.memory.reads.of(memory),
        }
    }

    /// The cell now, where it must be looked at: nothing where it may be as it was read, and the commit will tell.
    fn still(&self, memory: &Memory, read: Read) -> Result<Option<Now>, String> {
        if memory.lives == Lives::Run {
            return self.now_in(memory).map(Some);
        }
        let name = self.row_of(memory);
        let is_known = self.changed_here(&name).is_some() || self.seen.contains_key(&name);
        let own = self.run.known.memory.row(&name);
        let is_own = own.is_some_and(|text| Some(Digest::of(text.as_bytes())) == read.row);
        if is_known || is_own { self.now_in(memory).map(Some) } else { Ok(None) }
    }

    /// The cell as it is now: what this decision made of it, what its commit met, what this run wrote last; else it is
    /// taken to be empty, and the commit tells.
    fn now_in(&self, memory: &Memory) -> Result<Now, String> {
        if memory.lives == Lives::Run {
            let cell = self.run.known.memory.cell(&memory.name).cloned().unwrap_or_default();
            return Ok(Now { cell, row: None });
        }
        let name = self.row_of(memory);
        let met = || self.seen.get(&name).map(|(_, text)| text);
        let text =
            self.changed_here(&name).or_else(met).or_else(|| self.run.known.memory.row(&name)).cloned();
        let cell = match &text {
            Some(text) => serde_json::from_str(text).map_err(|fault| fault.to_string())?,
            None => MemoryCell::default(),
        };
        Ok(Now { cell, row: Some((name, text)) })
    }

    fn row_of(&self, memory: &Memory) -> String {
        format!("{}{}/{}", ROWS, self.run.contract_name(), memory.name)
    }

    /// A row as this decision leaves it.
    fn changed_here(&self, name: &str) -> Option<&String> {
        self.events.iter().rev().find_map(|event| match &event.body {
            Body::ClaimChanged(changed) if changed.name == name => changed.value.as_ref(),
            _ => None,
        })
    }

    /// Says how a row is that runs share: else the commit must not happen.
    fn see(&mut self, now: &Now) -> Result<(), Refusal> {
        match &now.row {
            Some((name, _)) => self.tell(ClaimSeen { name: name.clone(), digest: now.read().row }),
            None => Ok(()),
        }
    }

    fn was_read(&mut self, call: &CallId, memory: &Memory, now: &Now) -> Result<(), Refusal> {
        let Read { version, row } = now.read();
        let read = MemoryRead { memory: memory.name.to_string(), version, row, by: call.clone() };
        self.tell_step(&call.step(), read)
    }

    /// Refuses a call by what others wrote meanwhile. Who is told so has seen it.
    fn stale(
        &mut self,
        call: &CallId,
        memory: &Memory,
        now: &Now,
        refused: CallRefused,
    ) -> Result<(), Refusal> {
        if self.is_agents(call) {
            self.see(now)?;
            self.was_read(call, memory, now)?;
        }
        self.tell_call(call, refused)
    }

    /// What others wrote since a version was seen. What was written is told to whoever may read it.
    fn difference(&self, call: &CallId, memory: &Memory, seen: u64, now: &Now) -> String {
        let is_there = now.cell.version;
        let by =
            now.cell.newest().map(|entry| format!(", written by call `{}` of run `{}`", entry.by, entry.run));
        let may_read =
            self.agent_step(&call.step()).is_some_and(|agent| memory.reads.contains_key(&*agent.agent));
        let newer = usize::try_from(is_there.saturating_sub(seen)).unwrap_or(usize::MAX);
        let told = |what: &Value| evidence(&what.to_string());
        let what = match &now.cell.value {
            Some(value) => format!(": {}", told(&value.what)),
            None => {
                let from = now.cell.entries.len().saturating_sub(newer);
                let newer: Vec<&Value> =
                    now.cell.entries.iter().skip(from).map(|entry| &entry.what).collect();
                format!(", with these entries: {}", told(&json!(newer)))
            }
        };
        let what = if may_read { what } else { String::new() };
        format!("version {seen} was seen; it is version {is_there} now{}{what}", by.unwrap_or_default())
    }

    /// What a reader is shown: nothing that is older than it needs, nor what has ceased to live.
    fn shown(&self, call: &Call, memory: &Memory, cell: &MemoryCell) -> Value {
        let agent = self.agent_step(&call.id.step());
        let fresh = agent.and_then(|agent| memory.reads.get(&*agent.agent).copied().flatten());
        let is_fresh = |entry: &&MemoryEntry| {
            let oldest = fresh.and_then(|fresh| self.now.checked_sub(fresh).ok());
            oldest.is_none_or(|oldest| entry.at >= oldest)
        };
        let is_over = is_over(memory, cell, self.now);
        let shown = |entry: &MemoryEntry| json!({ "what": entry.what, "written": entry.at.to_string(), "by": entry.by, "run": entry.run });
        let newest = cell.newest().filter(|_| !is_over);
        let left_out = |kept: usize, all: usize| match all - kept {
            0 => Value::Null,
            old => json!(format!("{old} older than is asked for")),
        };
        if memory.is_log() {
            let all = if is_over { [].as_slice() } else { cell.entries.as_slice() };
            let kept: Vec<Value> = all.iter().filter(is_fresh).map(shown).collect();
            let left_out = left_out(kept.len(), all.len());
            return json!({ "version": cell.version, "entries": kept, "left_out": left_out });
        }
        let kept = newest.filter(is_fresh);
        let left_out = left_out(usize::from(kept.is_some()), usize::from(newest.is_some()));
        json!({ "version": cell.version, "value": kept.map(shown), "left_out": left_out })
    }
}

/// Whether its time is over since it was written last.
fn is_over(memory: &Memory, cell: &MemoryCell, now: Timestamp) -> bool {
    let Lives::For(time) = memory.lives else { return false };
    let end = cell.written().and_then(|at| at.checked_add(time).ok());
    end.is_some_and(|end| now > end)
}

fn unreadable(memory: &Memory, fault: String) -> CallRefused {
    CallRefused {
        clause: format!("memory.{}", memory.name),
        sentence: format!("the memory `{}` can be read", memory.name),
        reason: format!("what stands there was written by another release: {}", evidence(&fault)),
        mend: "Do without.".into(),
    }
}
