//! What can be wrong with a run that is read back, and in which ways stored bytes can be damaged.

use handfast_events::{DecodeError, Digest, RunId, Seq};

use crate::{Cause, ReadError};

/// A run could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such run.
    #[error("there is no run `{run}`")]
    NotFound {
        /// The run.
        run: RunId,
    },
    /// Stored bytes are not what was written: quarantine this run, never skip the event.
    #[error("event {seq} of run `{run}` is damaged")]
    Damaged {
        /// The run.
        run: RunId,
        /// The first event that is.
        seq: Seq,
        /// In which way.
        #[source]
        cause: Damage,
    },
    /// A newer release wrote to this run: use that one.
    #[error("run `{run}` was written by a newer release of Handfast: use that one")]
    TooNew {
        /// The run.
        run: RunId,
    },
    /// A row of its mailbox can't be understood: quarantine this run, never skip the row.
    #[error(
        "a row of run `{run}`'s mailbox can't be read: where a newer release of Handfast put it there, use that one; \
         else restore a backup"
    )]
    Mail {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        #[source]
        cause: Cause,
    },
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// In which way stored bytes are not what was written.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// An append is not there.
    #[error("expected event {expected} here, found {found}")]
    Gap {
        /// The next event.
        expected: Seq,
        /// What a row says that it holds.
        found: Seq,
    },
    /// An append does not hold what it says.
    #[error("the row says that it holds {said} events, but it holds {found}")]
    Count {
        /// As recorded.
        said: u64,
        /// As found.
        found: u64,
    },
    /// An envelope was changed.
    #[error("the chain comes to {found}, but {recorded} was recorded")]
    Chain {
        /// As recorded.
        recorded: Digest,
        /// As computed.
        found: Digest,
    },
    /// An envelope names another run or place than its row.
    #[error("the envelope is of another run or place")]
    Misplaced,
    /// A payload is not there.
    #[error("the payload is missing")]
    PayloadMissing,
    /// A payload was changed.
    #[error("the payload's digest is {found}, but {recorded} was recorded")]
    Payload {
        /// As recorded.
        recorded: Digest,
        /// As computed.
        found: Digest,
    },
    /// The journal ends before the place that the run's row names, or behind it.
    #[error("the journal ends at {found}, but the run's row says {recorded}")]
    End {
        /// As recorded.
        recorded: Seq,
        /// As found.
        found: Seq,
    },
    /// A part does not decode.
    #[error("it does not decode")]
    Decode(#[source] DecodeError),
    /// The run's row holds what no release writes.
    #[error("the run's row is not readable: {0}")]
    Row(&'static str),
}
