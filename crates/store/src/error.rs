//! What can go wrong, one enum for each boundary. Each case says what the caller can do.

use std::path::PathBuf;
use std::sync::Arc;

use handfast_events::{CommandId, Epoch, RunId, Seq, Timestamp};

/// What the database or the system said. Shared, because one failed commit fails many requests.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Locks and shared memory don't hold across machines.
    #[error(
        "`{path}` is on a network file system ({kind}), where two machines could write at once: put the store on a \
         local disk"
    )]
    Network {
        /// The store.
        path: PathBuf,
        /// Its name.
        kind: &'static str,
    },
    /// A newer release changed the tables.
    #[error(
        "`{path}` was written by a newer release of Handfast (schema {found}, this one knows {known}): use that release"
    )]
    TooNew {
        /// The store.
        path: PathBuf,
        /// As found.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// The tables were made by a script that this release doesn't know.
    #[error(
        "`{path}`: schema script {script} is not the one that this release knows; use the release that made the store, \
         or restore a backup"
    )]
    Altered {
        /// The store.
        path: PathBuf,
        /// Which script.
        script: i64,
    },
    /// The file holds something else.
    #[error("`{path}` is no Handfast store: name another file, or move this one away")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The library has a known defect that can damage files.
    #[error("SQLite {found} can damage a store: at least {needed} is needed; build with the bundled one")]
    Library {
        /// The library's version.
        found: &'static str,
        /// The first without the defect.
        needed: &'static str,
    },
    /// No room to bring it to this release's tables, or to open its log: free some, then try again.
    #[error(
        "no room to open `{path}`: the disk is full or the file has reached its size limit; free some room and try again"
    )]
    Full {
        /// The store.
        path: PathBuf,
        /// What the database said.
        #[source]
        cause: Cause,
    },
    /// The file or its folder can't be used.
    #[error("can't open `{path}`: check that the folder is there, writable, and that its disk has room")]
    Failed {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Cause,
    },
}

/// The store could not be written. But for `Unconfirmed`, nothing of the request happened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// No room: free some, then try again. Nothing was lost.
    #[error(
        "no room to write `{path}`: the disk is full or the file has reached its size limit; free some room and run \
         `handfast go`"
    )]
    Full {
        /// The store.
        path: PathBuf,
        /// What the database said.
        #[source]
        cause: Cause,
    },
    /// Another process wrote for too long: try again.
    #[error("`{path}` is busy: another process is writing to it; try again")]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// It may or may not have landed: perform nothing, open the store again, and look for it.
    #[error("`{path}` did not confirm a write: open it again to see whether it landed")]
    Unconfirmed {
        /// The store.
        path: PathBuf,
        /// What the database said.
        #[source]
        cause: Cause,
    },
    /// An earlier write was not confirmed, so nothing more is written: open the store again.
    #[error("`{path}` takes no more writes since one was not confirmed: open it again")]
    Refusing {
        /// The store.
        path: PathBuf,
    },
    /// The database refused.
    #[error("can't write `{path}`")]
    Failed {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The store's handle was closed.
    #[error("`{path}` was closed")]
    Closed {
        /// The store.
        path: PathBuf,
    },
}

/// An append did not happen, or nobody knows whether it did.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody advanced this run first: reload and decide again.
    #[error("run `{run}` stands at {found}, not at {expected}")]
    Conflict {
        /// The run.
        run: RunId,
        /// Where the append would follow.
        expected: Seq,
        /// Where the run stands; the same number means another history.
        found: Seq,
    },
    /// Somebody else has the run now: let go of it.
    #[error("run `{run}` was taken over (epoch {found}, the append has {epoch})")]
    Fenced {
        /// The run.
        run: RunId,
        /// The append's.
        epoch: Epoch,
        /// The run's.
        found: Epoch,
    },
    /// This process has no right to drive: acquire it.
    #[error("this process doesn't drive the store, so it can't advance run `{run}`")]
    NotDriving {
        /// The run.
        run: RunId,
    },
    /// There is no such run.
    #[error("there is no run `{run}`")]
    NotFound {
        /// The run.
        run: RunId,
    },
    /// A shared row is not as expected: decide again.
    #[error("claim `{name}` is {}", match by { Some(run) => format!("held by run `{run}`"), None => "not held".into() })]
    ClaimHeld {
        /// The claim.
        name: String,
        /// Who holds it.
        by: Option<RunId>,
    },
    /// A row of the mailbox is not there or was taken in already: reload.
    #[error("mail `{id}` of run `{run}` doesn't wait to be taken in")]
    MailGone {
        /// The run.
        run: RunId,
        /// The row.
        id: CommandId,
    },
    /// The append contradicts itself: that is a defect of the caller.
    #[error("an append to run `{run}` is malformed: {why}")]
    Malformed {
        /// The run.
        run: RunId,
        /// How.
        why: &'static str,
    },
    /// More than one commit may hold.
    #[error("an append to run `{run}` has {bytes} bytes, more than the {max} that a commit may hold")]
    TooLarge {
        /// The run.
        run: RunId,
        /// Its size.
        bytes: usize,
        /// The ceiling.
        max: usize,
    },
    /// An event can't be written as JSON.
    #[error("event {seq} of run `{run}` can't be written")]
    Encode {
        /// The run.
        run: RunId,
        /// The event.
        seq: Seq,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// The store could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl AppendError {
    /// Whether the append may have landed: perform nothing, reload, look for it by its id.
    pub const fn is_unconfirmed(&self) -> bool {
        matches!(self, Self::Write(WriteError::Unconfirmed { .. } | WriteError::Closed { .. }))
    }
}

/// The store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file's own structure is broken: restore a backup.
    #[error("`{path}` is damaged: restore it from a backup")]
    Corrupt {
        /// The store.
        path: PathBuf,
        /// What the database said.
        #[source]
        cause: Cause,
    },
    /// The database refused.
    #[error("can't read `{path}`")]
    Failed {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Cause,
    },
}

/// A run could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// This process has no right to drive: acquire it.
    #[error("this process doesn't drive the store: another one may, or the right was not acquired")]
    NotDriving,
    /// There is no such run.
    #[error("there is no run `{run}`")]
    NotFound {
        /// The run.
        run: RunId,
    },
    /// Somebody drives it already.
    #[error("run `{run}` is already driven by `{worker}`")]
    Held {
        /// The run.
        run: RunId,
        /// Who.
        worker: String,
    },
    /// A newer release wrote to this run: use that one.
    #[error("run `{run}` was written by a newer release of Handfast: use that one")]
    TooNew {
        /// The run.
        run: RunId,
    },
    /// The store could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A row could not be put to a mailbox.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// There is no such run.
    #[error("there is no run `{run}`")]
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The row can't be written as JSON.
    #[error("mail `{id}` can't be written")]
    Encode {
        /// The row.
        id: CommandId,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// The store could not be written: put the same row again.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The right to drive could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// Another process drives: put mail and knock, or wait until it ends.
    #[error("`{path}` is driven by process {pid} on `{host}` since {since}")]
    Held {
        /// The store.
        path: PathBuf,
        /// Its process.
        pid: u32,
        /// Its machine.
        host: String,
        /// Since when.
        since: Timestamp,
    },
    /// The database and the lock file beside it don't belong together: one was copied or restored.
    #[error(
        "`{path}` and its lock file don't belong together ({why}): the store was copied or restored, and effects may \
         have happened that it doesn't know of. Nothing is performed until `handfast doctor --adopt`"
    )]
    Incarnation {
        /// The store.
        path: PathBuf,
        /// How they differ.
        why: String,
    },
    /// The lock file can't be used.
    #[error("can't use the lock file `{path}`: check that it and its folder are writable")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The store could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
