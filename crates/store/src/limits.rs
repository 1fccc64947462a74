//! Every ceiling of the store, each with the sentence that justifies it.

use std::time::Duration;

/// A payload past this goes to the table of large payloads: two pages of 8 KiB, so that a row that is read for its
/// envelopes alone skips at most a few overflow pages.
pub(crate) const PAYLOAD_INLINE_BYTES: usize = 16 * 1024;

/// Events of one append: an engine decides a handful at once; a thousand already says that something loops.
pub(crate) const APPEND_EVENTS_MAX: usize = 4096;

/// Bytes of one append: a provider's body is kept to 1 MiB and a result to 256 KiB, and a turn holds a few of each.
/// It also stays far below SQLite's ceiling of 1 GB for one row.
pub(crate) const APPEND_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Requests of one group commit: past a few hundred the flush is already paid by so many that more only add waiting.
pub(crate) const BATCH_MAX: usize = 512;

/// Requests that may wait for the writer: two batches, so that it never idles; whoever comes later waits in turn.
pub(crate) const QUEUE_MAX: usize = 1024;

/// How long a process waits for another one's write to the same file: a batch takes milliseconds, a blocking
/// checkpoint tenths of a second.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections that read side by side: twice the cores of the smallest machine that we measure on.
pub(crate) const READERS_MAX: usize = 4;

/// Prepared statements kept by a connection: more than the store has.
pub(crate) const STATEMENTS_MAX: usize = 64;

/// Memory for pages of the writing connection, in KiB: the newest rows of tens of thousands of live runs.
pub(crate) const WRITER_CACHE_KIB: i64 = 32 * 1024;

/// Memory for pages of a reading connection, in KiB.
pub(crate) const READER_CACHE_KIB: i64 = 4 * 1024;

/// SQLite's page: an append of a few events is kept whole in it; with 4 KiB every second row overflows.
pub(crate) const PAGE_BYTES: i64 = 8192;

/// Pages in the write-ahead log at which they begin to be copied to the file: 8 MiB, small enough that the log stays
/// in the machine's memory and is used again and again instead of growing.
pub(crate) const WAL_PAGES_COPY: u32 = 1000;

/// Pages in the write-ahead log at which the writer stops to copy them itself: 128 MiB, reached only while somebody
/// reads for seconds or the copying thread can't keep up.
pub(crate) const WAL_PAGES_MAX: u32 = 16_000;

/// The page of rows that one call may ask for: what a person or a fold can use at once.
pub(crate) const ROWS_MAX: usize = 10_000;

/// Candidates that are named for an ambiguous run.
pub(crate) const CANDIDATES_MAX: usize = 10;

/// Tries for the driver's lock, [`LOCK_PAUSE`] apart: somebody who only asks who drives holds it for microseconds.
pub(crate) const LOCK_TRIES: u32 = 5;

/// See [`LOCK_TRIES`].
pub(crate) const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The longest path of a socket that every system takes, with its closing zero byte.
pub(crate) const SOCKET_PATH_BYTES_MAX: usize = 100;

/// A lock file holds one short line; more is not ours.
pub(crate) const LOCK_FILE_BYTES_MAX: u64 = 4096;

/// Tries to switch a new file to the write-ahead log, [`SWITCH_PAUSE`] apart: as long as [`BUSY_TIMEOUT`] in all.
pub(crate) const SWITCH_TRIES: u32 = 1000;

/// See [`SWITCH_TRIES`].
pub(crate) const SWITCH_PAUSE: Duration = Duration::from_millis(10);
