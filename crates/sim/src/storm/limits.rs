//! The storm's own numbers, in virtual milliseconds where nothing else is said, each with the sentence that justifies it.

/// As long as an overload of a large provider lasts that nobody writes a report about.
pub(super) const LASTS: u64 = 60_000;
/// As many runs as one worker drives with ease; beyond that only the numbers grow.
pub(super) const RUNS: u64 = 500;
/// Enough for one to find a row that another has changed, and for a third to have heard of neither.
pub(super) const WORKERS: usize = 3;
/// A short answer of a fast model.
pub(super) const LATENCY_MIN: u64 = 200;
/// A short answer of a slow one.
pub(super) const LATENCY_MAX: u64 = 800;
/// The shortest time that a provider asks to be left alone.
pub(super) const ALONE_MIN: u64 = 1_000;
/// The longest: providers that turn calls away by the minute ask for a part of it.
pub(super) const ALONE_MAX: u64 = 20_000;
/// A commit is known after so long at most; a store on another machine takes as long.
pub(super) const COMMIT_MAX: u64 = 10;
/// A tool that looks something up.
pub(super) const TOOL: u64 = 20;
/// Workers look at what others found so often: as the host's do.
pub(super) const LOOK: u64 = 500;
/// A storm that isn't over by then never is.
pub(super) const STORM_MAX: u64 = 3_600_000;
/// What a client without a word of the provider waits after its first failure at most; it doubles with each.
pub(super) const BACKOFF_FIRST: u64 = 500;
/// And what it never waits longer than.
pub(super) const BACKOFF_MAX: u64 = 30_000;
/// Model calls of one run.
pub(super) const CALLS: u64 = 3;
/// The width of the widest bar of a curve, in characters.
pub(super) const BAR: u64 = 60;
