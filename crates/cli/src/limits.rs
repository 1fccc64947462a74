//! Every number that bounds the command, each with the sentence that justifies it.

use std::time::Duration;

/// How often a follower looks for news: people see no faster, and a look is one read of one row.
pub(crate) const LOOK: Duration = Duration::from_millis(50);
/// How often it looks whether anybody still drives: a death is noticed well within a second.
pub(crate) const LOOK_FOR_LIFE: Duration = Duration::from_millis(400);
/// Events read at once by a follower: a page of them decodes in a millisecond or two.
pub(crate) const EVENTS_PAGE: usize = 500;
/// Workers started again for one follower: one that dies three times more will die a fifth time.
pub(crate) const WORKERS_AGAIN: u32 = 3;
/// How long a worker without work waits for a late knock: a script that starts runs one after the other is served
/// without a new process for each.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// How soon a run must wake by itself for a worker to stay for it: an hour's nap is cheap, and what waits for days outlives
/// most machines' uptime anyway.
pub(crate) const STAYS_MAX: Duration = Duration::from_secs(3600);
/// How often a worker that stays looks whether another one has ended: soon enough for any deadline, and next to no work.
pub(crate) const TAKE_AGAIN: Duration = Duration::from_secs(1);
/// The longest that a worker that stays sleeps before it looks at the clock again: a clock that was set, or a machine that
/// slept, must not make a run late.
pub(crate) const NAP_MAX: Duration = Duration::from_secs(30);
/// After the first Ctrl-C, how long the second means "stop".
pub(crate) const CTRL_C_AGAIN: Duration = Duration::from_secs(2);
/// How long a stopped worker may take to let go: its own grace of ten seconds, and a little to write.
pub(crate) const STOP_WAIT: Duration = Duration::from_secs(12);
/// How long a command waits until its mail is taken in, or its run is taken: a worker starts in a tenth of a second, and
/// a busy disk may hold it up.
pub(crate) const TAKEN_WAIT: Duration = Duration::from_secs(30);
/// A log past this is moved aside when the next worker starts; one older is kept.
pub(crate) const LOG_BYTES_MAX: u64 = 1024 * 1024;
/// As much of the log's end as is searched for why a worker ended.
pub(crate) const LOG_TAIL_BYTES: u64 = 64 * 1024;
/// Lines that a follower writes to a pipe: beyond it a log is flooded, and the trace has them all.
pub(crate) const PIPE_LINES_MAX: usize = 200;
/// A contract's file that is read at all; the language's own ceiling is the same.
pub(crate) const CONTRACT_BYTES_MAX: u64 = 1024 * 1024;
/// A specification that is imported; the largest public one has 13 MB.
pub(crate) const SPECIFICATION_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// An input given on standard input or in a file: as much as one event's payload can sensibly hold.
pub(crate) const INPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How long a run's start waits for a server to say what it takes: one that is slower is asked by the run itself.
pub(crate) const ASK_WAIT: Duration = Duration::from_secs(10);
/// Runs that `go` looks through at once.
pub(crate) const RUNS_MAX: usize = 10_000;
/// Runs that `runs` lists unless told otherwise: a screen or two.
pub(crate) const RUNS_SHOWN: usize = 50;
/// Events at the end of a journal among which `runs` looks for what holds a run: a hold is the last thing that happens to its
/// step, and what happens beside it is seldom more.
pub(crate) const HELD_EVENTS: usize = 32;
/// Runs for which it looks: more of them wait for the same as a rule, and a list must not take a second.
pub(crate) const HELD_RUNS: usize = 200;
/// Characters of what holds a run in a list: a line bears so many beside the rest.
pub(crate) const HELD_CHARS: usize = 100;
/// Runs whose journals `inbox` reads unless told otherwise: a screen or two of items, over in a blink.
pub(crate) const INBOX_RUNS: usize = 50;
/// Runs read at once by what goes through all of them.
pub(crate) const RUNS_PAGE: usize = 1_000;
/// Folders looked through upwards for a store: deeper trees exist, deeper projects don't.
pub(crate) const FOLDERS_UP_MAX: usize = 32;
/// Flushes that `doctor` times: enough for a median, and over in a blink on any honest disk.
pub(crate) const FLUSHES: usize = 20;
/// Under this the next large payload may not fit, and SQLite needs room to copy its log.
pub(crate) const DISK_ROOM_MIN: u64 = 256 * 1024 * 1024;
/// Under this not even a few small events and the log's index fit.
pub(crate) const DISK_FULL_UNDER: u64 = 1024 * 1024;
/// A result that somebody says a call had: what a tool gives is cut past this, so no call can have had more.
pub(crate) const SETTLED_BYTES_MAX: usize = 256 * 1024;
/// How long `go` waits for a worker without work to end before it resumes a run: it lingers, and takes a moment to shut
/// down what it started.
pub(crate) const RESUME_WAIT: Duration = Duration::from_secs(4);
/// A median flush slower than this makes every step wait noticeably.
pub(crate) const FLUSH_SLOW: Duration = Duration::from_millis(50);
/// Tests under way at once: each waits for a disk now and then, and has four threads of its own while it runs.
pub(crate) const TESTS_AT_ONCE: usize = 8;
/// How long one test may take. A ceiling, not a verdict: nothing in a test waits, so one that gets here goes in circles.
pub(crate) const TEST_WAIT: Duration = Duration::from_secs(30);
/// Characters of a value in a test's report: a line bears so many, and `--json` of a run's trace has the rest.
pub(crate) const SHOWN_CHARS: usize = 160;
/// Columns of a terminal that doesn't say how wide it is.
pub(crate) const COLUMNS: u16 = 100;
