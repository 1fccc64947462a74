//! The world's own numbers, in virtual milliseconds, each with the sentence that justifies it.

/// A worker that was silent for so long has lost its runs.
pub(crate) const LEASE: u64 = 15_000;
/// Within half its lease a worker can't have lost it: after that it sends nothing.
pub(crate) const SEND_BY: u64 = LEASE / 2;
/// The slowest connection is open after so long, well before [`SEND_BY`].
pub(crate) const CONNECT_MAX: u64 = 4_000;
/// Workers look for runs and tell that they live so often: many times within a lease.
pub(crate) const LOOK: u64 = 500;
/// The slowest request is under way for so long; a longer way is a lost one.
pub(crate) const NETWORK_MAX: u64 = 3_000;
/// The slowest tool takes effect so long after the request arrived, and past its timeout (5 s in the contract).
pub(crate) const TOOL_MAX: u64 = 8_000;
/// After so long nothing of an attempt can still happen: its sending, its way, and the tool's work are over.
pub(crate) const QUIET: u64 = SEND_BY + NETWORK_MAX + TOOL_MAX;
/// A person looks so often.
pub(crate) const PERSON: u64 = 2_000;
/// Faults happen within so long; most runs meet several.
pub(crate) const FAULTS: u64 = 40_000;
/// Within so long of the last fault, or of the last thing that somebody did, a run is at its end or rests named.
pub(crate) const SETTLED: u64 = 30_000;
/// A world that takes longer never ends: its persons settle, raise and cancel long before.
pub(crate) const WORLD_MAX: u64 = 3_600_000;
/// So many happenings are far more than any world takes; a loop in the world itself ends here.
pub(crate) const HAPPENINGS_MAX: u64 = 200_000;
/// Workers of a world: one to hold the run, others to take it.
pub(crate) const WORKERS: usize = 3;
/// More findings of one world than anybody reads.
pub(crate) const BROKEN_MAX: usize = 12;
