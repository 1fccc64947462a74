//! What every store promises, whatever keeps it.

use std::future::Future;

use handfast_events::{
    AppendId, Digest, Halt, HaltScope, Head, Heeded, RunId, Seq, Sources, StoredEvent, Timestamp,
};

use crate::{
    Append, AppendError, Claim, Fed, FoundRun, Journal, Lease, LoadError, MailError, MailRow, Position,
    Posted, ReadError, RunFilter, RunRow, TakeError, VerifyReport, Worker, WriteError,
};

/// A durable store. A clone is another handle on the same one.
///
/// What a call acknowledged is on the disk. A call whose future is dropped may still happen.
pub trait Store: Clone + Send + Sync + 'static {
    /// Puts events behind a run's journal, and tells where it stands then.
    ///
    /// # Errors
    /// [`AppendError`] tells for each case whether to reload, to stop, or to try again. Whatever it is, either all of
    /// the append happened or nothing of it; only [`WriteError::Unconfirmed`] leaves open which.
    fn append(&self, append: &Append) -> impl Future<Output = Result<Head, AppendError>> + Send;

    /// Looks for an append whose outcome is unknown; tells its newest event where it landed.
    ///
    /// # Errors
    /// The store can't be read: try again later.
    fn find_append(
        &self,
        run: RunId,
        id: AppendId,
    ) -> impl Future<Output = Result<Option<Seq>, ReadError>> + Send;

    /// Reads a run's events behind `after`, at most `limit`, as they are stored; nothing is verified.
    ///
    /// # Errors
    /// The store can't be read, or the run is damaged or of a newer release: see [`LoadError`].
    fn read(
        &self,
        run: RunId,
        after: Seq,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredEvent>, LoadError>> + Send;

    /// Reads a whole run, verified against its chain and the digests of its payloads.
    ///
    /// # Errors
    /// [`LoadError::Damaged`]: quarantine the run. [`LoadError::TooNew`]: use the release that wrote it.
    fn load(&self, run: RunId) -> impl Future<Output = Result<Journal, LoadError>> + Send;

    /// Recomputes a run's chain and the digests of its payloads, and says where they first differ.
    ///
    /// # Errors
    /// There is no such run, or the store can't be read. Damage is a finding, not an error.
    fn verify(&self, run: RunId) -> impl Future<Output = Result<VerifyReport, LoadError>> + Send;

    /// Takes runs that can move and that nobody holds, at most `limit`: those that never rested, whose time has come
    /// by `now`, or that have mail. Each gets a new epoch.
    ///
    /// # Errors
    /// [`TakeError::NotDriving`]: this process has no right to drive.
    fn take(
        &self,
        worker: &Worker,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Lease>, TakeError>> + Send;

    /// Takes one run, by name, whatever it rests on; a run set aside comes back.
    ///
    /// # Errors
    /// There is no such run, somebody holds it, or it was written by a newer release.
    fn take_run(&self, worker: &Worker, run: RunId) -> impl Future<Output = Result<Lease, TakeError>> + Send;

    /// Lets go of a run. It can be taken again as soon as it can move. A lease that is gone already is no error.
    ///
    /// # Errors
    /// The store can't be written.
    fn release(&self, lease: Lease) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Sets a run aside whose journal can't be read or folded: it is released and only taken by name.
    ///
    /// # Errors
    /// The store can't be written.
    fn quarantine(&self, lease: Lease) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// The earliest time at which a run that nobody holds moves by itself.
    ///
    /// # Errors
    /// The store can't be read.
    fn next_wake(&self) -> impl Future<Output = Result<Option<Timestamp>, ReadError>> + Send;

    /// Puts a row to a run's mailbox, once, and wakes whoever drives.
    ///
    /// # Errors
    /// There is no such run, or the store can't be written: put the same row again.
    fn put_mail(&self, row: MailRow) -> impl Future<Output = Result<Posted, MailError>> + Send;

    /// The rows of a run's mailbox that nobody took in yet, in the order in which they came.
    ///
    /// # Errors
    /// [`LoadError::Mail`]: one of them can't be understood, which is this run's trouble alone. Else the store can't be
    /// read.
    fn mail(&self, run: RunId) -> impl Future<Output = Result<Vec<MailRow>, LoadError>> + Send;

    /// The runs, held or not, with rows that nobody took in yet; those with the oldest mail first.
    ///
    /// # Errors
    /// The store can't be read.
    fn mailed(&self, limit: usize) -> impl Future<Output = Result<Vec<RunId>, ReadError>> + Send;

    /// Lists runs.
    ///
    /// # Errors
    /// The store can't be read.
    fn runs(&self, filter: RunFilter) -> impl Future<Output = Result<Vec<RunRow>, ReadError>> + Send;

    /// One run's row.
    ///
    /// # Errors
    /// The store can't be read.
    fn run(&self, run: RunId) -> impl Future<Output = Result<Option<RunRow>, ReadError>> + Send;

    /// Finds a run by the beginning or the end of its id, as people type it.
    ///
    /// # Errors
    /// The store can't be read.
    fn find_run(&self, text: &str) -> impl Future<Output = Result<FoundRun, ReadError>> + Send;

    /// Appends of all runs behind `after`, in order within a run, without a gap; at most `limit`.
    ///
    /// # Errors
    /// The store can't be read, or a row is damaged.
    fn feed(&self, after: Position, limit: usize)
    -> impl Future<Output = Result<Vec<Fed>, LoadError>> + Send;

    /// The newest place of the feed.
    ///
    /// # Errors
    /// The store can't be read.
    fn position(&self) -> impl Future<Output = Result<Position, ReadError>> + Send;

    /// Keeps a halt, and wakes whoever drives. Where its scope is halted already, that one stays and is told.
    ///
    /// # Errors
    /// The store can't be written.
    fn halt(&self, halt: &Halt) -> impl Future<Output = Result<Halt, WriteError>> + Send;

    /// Notes that a worker heeds a halt. One that was lifted meanwhile stays lifted.
    ///
    /// # Errors
    /// The store can't be written.
    fn heed(&self, scope: &HaltScope, heeded: &Heeded)
    -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Lifts a halt; tells it, if there was one.
    ///
    /// # Errors
    /// The store can't be written.
    fn unhalt(&self, scope: &HaltScope) -> impl Future<Output = Result<Option<Halt>, WriteError>> + Send;

    /// What is halted, by scope.
    ///
    /// # Errors
    /// The store can't be read.
    fn halts(&self) -> impl Future<Output = Result<Vec<Halt>, ReadError>> + Send;

    /// Keeps a contract's sources, under their digest.
    ///
    /// # Errors
    /// The store can't be written.
    fn put_contract(&self, sources: &Sources) -> impl Future<Output = Result<Digest, WriteError>> + Send;

    /// The sources with this digest.
    ///
    /// # Errors
    /// The store can't be read.
    fn contract(&self, digest: Digest) -> impl Future<Output = Result<Option<Sources>, ReadError>> + Send;

    /// A claim as it stands.
    ///
    /// # Errors
    /// The store can't be read.
    fn claim(&self, name: &str) -> impl Future<Output = Result<Option<Claim>, ReadError>> + Send;

    /// All claims whose names begin so, by name.
    ///
    /// # Errors
    /// The store can't be read.
    fn claims(&self, prefix: &str) -> impl Future<Output = Result<Vec<Claim>, ReadError>> + Send;
}
