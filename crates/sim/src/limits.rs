//! The world's own numbers, in virtual milliseconds where nothing else is said, each with the sentence that justifies it.

/// A worker that was silent for so long has lost its runs.
pub(crate) const LEASE: u64 = 15_000;
/// Within half its lease a worker can't have lost it: after that it sends nothing.
pub(crate) const SEND_BY: u64 = LEASE / 2;
/// The slowest connection is open after so long, well before [`SEND_BY`].
pub(crate) const CONNECT_MAX: u64 = 4_000;
/// Workers look for runs and tell that they live so often: many times within a lease.
pub(crate) const LOOK: u64 = 500;
/// Where nothing can move a run but somebody from outside, workers look more rarely; whoever puts something there knocks.
pub(crate) const LOOK_IDLE: u64 = 5_000;
/// The slowest request is under way for so long; a longer way is a lost one.
pub(crate) const NETWORK_MAX: u64 = 3_000;
/// A slow tool takes effect as late as this behind its timeout: most tools that are given up on go on for a while.
pub(crate) const TOOL_OVERRUN: u64 = 3_000;
/// What a tool takes on is finished within so long: past several polls, and past a lease.
pub(crate) const JOB_MAX: u64 = 25_000;
/// A model whose answer is lost is given up on after so long, whatever its timeout: waiting proves nothing.
pub(crate) const MODEL_MAX: u64 = 8_000;
/// A person looks so often.
pub(crate) const PERSON: u64 = 2_000;
/// A slow person takes so long: past most deadlines of questions.
pub(crate) const PERSON_SLOW: u64 = 120_000;
/// Faults happen within so long; most runs meet several.
pub(crate) const FAULTS: u64 = 40_000;
/// Within so long of the last fault, or of the last thing that somebody did, a run is at its end or rests named.
pub(crate) const SETTLED: u64 = 30_000;
/// A world whose run rests for so long without an end never ends: its persons settle, raise and cancel long before.
pub(crate) const WORLD_MAX: u64 = 3_600_000;
/// So many happenings are far more than any world takes; a loop in the world itself ends here.
pub(crate) const HAPPENINGS_MAX: u64 = 200_000;
/// Workers of a world: one to hold the run, others to take it.
pub(crate) const WORKERS: usize = 3;
/// More findings of one world than anybody reads.
pub(crate) const BROKEN_MAX: usize = 12;
/// A model that has done so much has met all there is to meet.
pub(crate) const TURNS: u64 = 4;
/// Values of a type are tried so often until one fits all that is asked of it; most do at once.
pub(crate) const MAKE_TRIES: usize = 24;
/// So deep within a type optional parts are left out: recursive types end.
pub(crate) const MAKE_DEPTH: usize = 6;
/// What a pattern lets come again without end comes again so often at most.
pub(crate) const PATTERN_REPEATS: u64 = 4;
/// Smaller worlds tried for one that broke a law: each takes a millisecond, and somebody waits.
pub(crate) const SHRINK_TRIES: usize = 600;
/// As much of an event as tells what it says in one line, in characters.
pub(crate) const STORY_CHARS: usize = 110;
/// Signals that the person sends to one run: more than any workflow waits for without going in circles.
pub(crate) const SIGNALS_MAX: u32 = 40;
