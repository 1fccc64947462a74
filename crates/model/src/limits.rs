//! Every ceiling of this room, each with the sentence that justifies its number.

use std::time::Duration;

/// A provider's body is kept whole to here: far beyond any honest answer, and small enough for a journal.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// An answer's bytes on the wire: 128,000 tokens, streamed one a chunk of 300 bytes, are 38 MB; beyond it nobody reads.
pub(crate) const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Calls in one answer: providers stop at 128, and each becomes an entry of the journal.
pub(crate) const CALLS_MAX: usize = 128;

/// A script is written by people; this is a thousand pages of it.
pub(crate) const SCRIPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A recording is held in memory while it is replayed; 10,000 answers of 20 KB fit.
pub(crate) const RECORDING_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a failure quotes from a provider: enough for its sentence, not for a page of HTML.
pub(crate) const DETAIL_CHARS_MAX: usize = 400;

/// Providers' request ids have 20 to 60 characters; a longer one is none.
pub(crate) const REQUEST_ID_CHARS_MAX: usize = 200;

/// A wait beyond a day is not a wait but an outage; a wrong header must not park a run for a year.
pub(crate) const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// A connection that isn't there after three TCP retransmissions will not come.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Silence on an open connection: models that think first have been seen to say nothing for four minutes.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(300);

/// Behind the last event nothing is left but the end, which follows at once, if apart. Whoever sends it later, or never,
/// costs each turn this much; to wait longer would cost more than a new connection on the same machine does.
pub(crate) const END_TIMEOUT: Duration = Duration::from_millis(5);

/// Idle connections kept for one host: as many as a busy worker asks at once, and each is a file descriptor.
pub(crate) const CONNECTIONS_IDLE_MAX: usize = 64;

/// People see no more than ten changes a second, and a listener must not slow a stream.
pub(crate) const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A shorter secret occurs in ordinary text, so masking it would tear every text apart; as short as a tool's may be.
pub(crate) const SECRET_BYTES_MIN: usize = 4;
