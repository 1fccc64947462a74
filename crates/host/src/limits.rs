//! Every number that bounds a worker, each with the sentence that justifies it.

use std::time::Duration;

/// Knocks wake a worker at once; this is for the knock that got lost.
pub(crate) const POLL: Duration = Duration::from_millis(500);
/// Runs driven at once: beyond this the others wait in the store, where they cost no memory.
pub(crate) const RUNS_MAX: usize = 1024;
/// After a stop, calls under way may still come back for this long; then they are in doubt.
pub(crate) const STOP_GRACE: Duration = Duration::from_secs(10);
/// Calls that had left when a halt came into force, told one by one: as many as a person looks after.
pub(crate) const LEFT_TOLD: usize = 100;
/// Contracts kept ready: each holds its connections open.
pub(crate) const KITS_MAX: usize = 64;
/// The longest that a timer sleeps before it looks at the clock again: a machine that slept through must notice.
pub(crate) const SLEEP_MAX: Duration = Duration::from_secs(30);
