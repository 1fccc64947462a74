//! What operators halted, as a worker knows it, and whom it still owes the word that it heeds them.

use std::collections::BTreeSet;
use std::sync::Arc;

use handfast_events::{Halt, HaltScope, Heeded, RunId, Timestamp};

use crate::limits::LEFT_TOLD;

/// The halts that a worker heeds.
pub(crate) struct Halts {
    known: Arc<[Halt]>,
    /// Those that nobody was told of yet that they are heeded.
    untold: Vec<HaltScope>,
    /// Runs that were remembering something decided before: until that is on its way, it may still leave.
    awaited: BTreeSet<RunId>,
}

impl Halts {
    pub(crate) fn new() -> Self {
        Self { known: Arc::new([]), untold: Vec::new(), awaited: BTreeSet::new() }
    }

    pub(crate) const fn known(&self) -> &Arc<[Halt]> {
        &self.known
    }

    /// Takes in what the store says. Tells whether anything is other than before.
    pub(crate) fn look(&mut self, found: Vec<Halt>, worker: &str) -> bool {
        let is_told = |halt: &&Halt| halt.heeded.as_ref().is_some_and(|heeded| heeded.worker == worker);
        self.untold = found.iter().filter(|halt| !is_told(halt)).map(|halt| halt.scope.clone()).collect();
        let scopes = |halts: &[Halt]| -> Vec<(HaltScope, Timestamp)> {
            halts.iter().map(|halt| (halt.scope.clone(), halt.at)).collect()
        };
        if scopes(&found) == scopes(&self.known) {
            return false;
        }
        self.known = found.into();
        true
    }

    /// These runs must be heard of before the halts are in force.
    pub(crate) fn awaits(&mut self, runs: impl Iterator<Item = RunId>) {
        self.awaited = runs.collect();
    }

    /// What this run had decided before is on its way, or is gone.
    pub(crate) fn heard(&mut self, run: RunId) {
        self.awaited.remove(&run);
    }

    /// The halts that are in force from now on, and were not told.
    pub(crate) fn in_force(&mut self) -> Vec<HaltScope> {
        if self.awaited.is_empty() { std::mem::take(&mut self.untold) } else { Vec::new() }
    }
}

/// The word that a worker heeds a halt, with what had left already.
pub(crate) fn heeded(worker: &str, at: Timestamp, mut left: Vec<String>) -> Heeded {
    let more = left.len().saturating_sub(LEFT_TOLD) as u64;
    left.truncate(LEFT_TOLD);
    Heeded { worker: worker.to_owned(), at, left, more }
}
