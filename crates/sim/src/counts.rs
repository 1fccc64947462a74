//! What happened how often: a world without faults proves nothing.

use std::collections::BTreeMap;

use crate::faults::{Boundary, Fault};

/// What happened how often in a world, or in many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that were recorded.
    pub events: u64,
    /// Times that a worker took the run.
    pub takeovers: u64,
    /// Commits that came too late, since the run was another's.
    pub fenced: u64,
    /// Sends that a late worker did without.
    pub not_sent: u64,
    /// Doubts that the person settled.
    pub settled: u64,
    /// Limits that the person raised.
    pub raised: u64,
    /// What broke, by the boundary and the kind of fault.
    pub faults: BTreeMap<(Boundary, &'static str), u64>,
}

impl Counts {
    /// Adds those of another world.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.takeovers += other.takeovers;
        self.fenced += other.fenced;
        self.not_sent += other.not_sent;
        self.settled += other.settled;
        self.raised += other.raised;
        for (kind, times) in &other.faults {
            *self.faults.entry(*kind).or_default() += times;
        }
    }

    /// All faults together.
    pub fn broke(&self) -> u64 {
        self.faults.values().sum()
    }

    pub(crate) fn broken(&mut self, boundary: Boundary, fault: Fault) {
        *self.faults.entry((boundary, fault.name())).or_default() += 1;
    }
}
