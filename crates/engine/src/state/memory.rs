//! What a run knows of what agents share: the cells that live as long as it does, and which version of a cell was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_events::{Body, ClaimChanged, Digest, Event, MemoryCell, MemoryRead, MemoryWritten, RunId};

/// The rows of memory that runs share, by name.
pub(crate) const ROWS: &str = "memory/";

/// The version of a cell that was read, with the digest of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) version: u64,
    pub(crate) row: Option<Digest>,
}

/// Which versions were read, by memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads(Arc<BTreeMap<String, Read>>);

impl Reads {
    pub(crate) fn of(&self, memory: &str) -> Option<Read> {
        self.0.get(memory).copied()
    }

    pub(crate) fn memories(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Becomes what the event says; tells whether it says something of memory.
    pub(crate) fn follow(&mut self, body: &Body) -> bool {
        let (memory, read) = match body {
            Body::MemoryRead(MemoryRead { memory, version, row, .. })
            | Body::MemoryWritten(MemoryWritten { memory, version, row, .. }) => {
                (memory, Read { version: *version, row: *row })
            }
            _ => return false,
        };
        Arc::make_mut(&mut self.0).insert(memory.clone(), read);
        true
    }
}

/// What a run knows of memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    /// The cells that live as long as the run.
    cells: Arc<BTreeMap<String, MemoryCell>>,
    /// The rows of other cells, as this run wrote them last.
    rows: Arc<BTreeMap<String, String>>,
    /// What was read last, by whichever step.
    pub(crate) reads: Reads,
}

impl Shared {
    /// The cell of a memory that lives as long as the run.
    pub(crate) fn cell(&self, memory: &str) -> Option<&MemoryCell> {
        self.cells.get(memory)
    }

    /// A row as this run wrote it last.
    pub(crate) fn row(&self, name: &str) -> Option<&String> {
        self.rows.get(name)
    }

    pub(super) fn follow(&mut self, event: &Event, run: RunId) {
        self.reads.follow(&event.body);
        match &event.body {
            Body::MemoryWritten(MemoryWritten { memory, what: Some(what), by, .. }) => {
                let cells = Arc::make_mut(&mut self.cells);
                cells.entry(memory.clone()).or_default().write(what, event.time, run, by);
            }
            Body::ClaimChanged(ClaimChanged { name, value: Some(value), .. }) if name.starts_with(ROWS) => {
                Arc::make_mut(&mut self.rows).insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
}
