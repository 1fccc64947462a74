//! Opens a store, and is its handle.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use handfast_events::{
    AppendId, Digest, Halt, HaltScope, Head, Heeded, RunId, Seq, Sources, StoredEvent, Timestamp,
};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use uuid::Uuid;

use super::appending::Order;
use super::checkpoint::Copier;
use super::driver::{self, Driving};
use super::filesystem::{self, Kind};
use super::pool::Pool;
use super::writer::{Writer, is_file_limit};
use super::{halting, knock, leasing, reading, schema, sharing};
use crate::limits::{BUSY_TIMEOUT, PAGE_BYTES, STATEMENTS_MAX, SWITCH_PAUSE, SWITCH_TRIES, WRITER_CACHE_KIB};
use crate::{
    Append, AppendError, Claim, DriverError, Fed, FoundRun, Journal, Lease, LoadError, MailError, MailRow,
    OpenError, Position, Posted, ReadError, RunFilter, RunRow, Store, TakeError, VerifyReport, Worker,
    WriteError, lines,
};

/// The first SQLite in which two connections can't damage the log by starting it anew at the same moment.
const LIBRARY_NEEDED: (i32, &str) = (3_051_003, "3.51.3");

/// How a store is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The number of the file system as `statfs` tells it; none asks the system.
    pub filesystem: Option<u64>,
    /// The most pages that the database may have; none is as many as the disk holds.
    pub pages_max: Option<u32>,
}

/// A store in one file. A clone is another handle on it; the last one closes it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    // In this order they are dropped: the writer ends its last batch while all else is there.
    writer: Writer,
    readers: Arc<Pool>,
    driving: Driving,
    path: Arc<Path>,
}

impl SqliteStore {
    /// Opens the store in this file, and makes it and its folder where there is none. Blocks for milliseconds.
    ///
    /// # Errors
    /// [`OpenError`] names the file and what to do about it.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let failed = |cause: crate::Cause| OpenError::Failed { path: path.to_path_buf(), cause };
        if rusqlite::version_number() < LIBRARY_NEEDED.0 {
            let found = rusqlite::version();
            return Err(OpenError::Library { found, needed: LIBRARY_NEEDED.1 });
        }
        let path = std::path::absolute(path).map_err(|cause| failed(Arc::new(cause)))?;
        let folder = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(folder).map_err(|cause| failed(Arc::new(cause)))?;
        check_filesystem(&path, folder, &options)?;
        let mut db = Connection::open(&path).map_err(|cause| explain(&path, cause))?;
        prepare(&mut db, &path, &options)?;
        let path: Arc<Path> = path.into();
        let copier = Copier::start(&path, &mut db).map_err(|cause| explain(&path, cause))?;
        let writer = Writer::start(Arc::clone(&path), db, copier).map_err(|cause| failed(Arc::new(cause)))?;
        let readers = Arc::new(Pool::new(Arc::clone(&path)));
        Ok(Self(Arc::new(Inner { writer, readers, driving: Driving::default(), path })))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Makes a store that was copied or restored one that may be driven again. Every run that has not ended is set
    /// aside: nothing is performed until a person takes it by name. Tells how many those are.
    ///
    /// # Errors
    /// Somebody drives it, or it can't be written.
    pub async fn adopt(&self) -> Result<u64, DriverError> {
        driver::adopt(self).await
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.0.writer
    }

    pub(super) fn driving(&self) -> &Driving {
        &self.0.driving
    }

    async fn read_run<T, F>(&self, work: F) -> Result<T, LoadError>
    where
        F: FnOnce(&Connection) -> reading::Read<T> + Send + 'static,
        T: Send + 'static,
    {
        self.0.readers.read(work).await?
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SqliteStore").field(&self.0.path).finish()
    }
}

fn check_filesystem(path: &Path, folder: &Path, options: &Options) -> Result<(), OpenError> {
    let failed = |cause| OpenError::Failed { path: path.to_path_buf(), cause: Arc::new(cause) };
    let number = match options.filesystem {
        Some(number) => number,
        None => filesystem::number(folder).map_err(failed)?,
    };
    match filesystem::kind(number) {
        Kind::Local => Ok(()),
        Kind::Fuse => {
            tracing::warn!(path = %path.display(), "the store is on a FUSE file system: make sure that it is local");
            Ok(())
        }
        Kind::Network(kind) => Err(OpenError::Network { path: path.to_path_buf(), kind }),
    }
}

/// Brings the file to this release's tables, and the connection to the settings that durability needs.
fn prepare(db: &mut Connection, path: &Path, options: &Options) -> Result<(), OpenError> {
    let failed = |cause| explain(path, cause);
    db.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Before anything is changed: a file that isn't ours stays as it is.
    let view = db.transaction().map_err(failed)?;
    refuse(path, schema::state(&view).map_err(failed)?)?;
    drop(view);
    set(db, options).map_err(failed)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let state = schema::state(&tx).map_err(failed)?;
    let is_new = state == schema::State::Empty;
    refuse(path, state)?;
    schema::migrate(&tx).map_err(failed)?;
    if is_new {
        let incarnation = Uuid::now_v7().to_string();
        tx.execute("INSERT INTO meta (id, incarnation, term) VALUES (1, ?1, 0)", [&incarnation])
            .map_err(failed)?;
        // Before the commit: a database that has an incarnation always had its lock file.
        driver::found(path, &incarnation)
            .map_err(|cause| OpenError::Failed { path: path.to_path_buf(), cause: Arc::new(cause) })?;
    }
    tx.commit().map_err(failed)
}

fn set(db: &Connection, options: &Options) -> rusqlite::Result<()> {
    db.pragma_update(None, "page_size", PAGE_BYTES)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    db.pragma_update(None, "trusted_schema", false)?;
    log_ahead(db)?;
    // NORMAL would lose acknowledged commits with the power.
    db.pragma_update(None, "synchronous", "FULL")?;
    if let Some(pages) = options.pages_max {
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))?;
    }
    Ok(())
}

/// Switches to the write-ahead log. While another process does the same, SQLite calls the file busy without waiting.
fn log_ahead(db: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Err(cause)
                if cause.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && tries < SWITCH_TRIES =>
            {
                tries += 1;
                std::thread::sleep(SWITCH_PAUSE);
            }
            switched => return switched.map(|_| ()),
        }
    }
}

fn refuse(path: &Path, state: schema::State) -> Result<(), OpenError> {
    let path = path.to_path_buf();
    match state {
        schema::State::Empty | schema::State::Ours => Ok(()),
        schema::State::Foreign => Err(OpenError::Foreign { path }),
        schema::State::TooNew { found } => Err(OpenError::TooNew { path, found, known: schema::known() }),
        schema::State::Altered { script } => Err(OpenError::Altered { path, script }),
    }
}

fn explain(path: &Path, cause: rusqlite::Error) -> OpenError {
    let path = path.to_path_buf();
    match cause.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path },
        Some(ErrorCode::DiskFull) => OpenError::Full { path, cause: Arc::new(cause) },
        _ if is_file_limit(&cause) => OpenError::Full { path, cause: Arc::new(cause) },
        _ => OpenError::Failed { path, cause: Arc::new(cause) },
    }
}

impl Store for SqliteStore {
    fn append(&self, append: &Append) -> impl Future<Output = Result<Head, AppendError>> + Send {
        // Here, not on the writer's thread: that one serves everybody.
        let order = lines::encode(append).and_then(|encoded| Order::new(append, encoded));
        let (run, begins) = (append.run, append.start.is_some());
        async move {
            let order = order?;
            if !begins && !self.0.driving.is_any() {
                return Err(AppendError::NotDriving { run });
            }
            let head = self.0.writer.write(move |db| order.apply(db)).await?;
            if begins && !self.0.driving.is_any() {
                knock::knock(self.path());
            }
            Ok(head)
        }
    }

    async fn find_append(&self, run: RunId, id: AppendId) -> Result<Option<Seq>, ReadError> {
        self.0.readers.read(move |db| reading::find_append(db, run, id)).await
    }

    async fn read(&self, run: RunId, after: Seq, limit: usize) -> Result<Vec<StoredEvent>, LoadError> {
        self.read_run(move |db| reading::read(db, run, after, limit)).await
    }

    async fn load(&self, run: RunId) -> Result<Journal, LoadError> {
        self.read_run(move |db| reading::load(db, run)).await
    }

    async fn verify(&self, run: RunId) -> Result<VerifyReport, LoadError> {
        self.read_run(move |db| reading::verify(db, run)).await
    }

    async fn take(&self, worker: &Worker, limit: usize, now: Timestamp) -> Result<Vec<Lease>, TakeError> {
        if !self.0.driving.is(worker) {
            return Err(TakeError::NotDriving);
        }
        let worker = worker.clone();
        self.0.writer.write(move |db| leasing::take(db, &worker, limit, now)).await
    }

    async fn take_run(&self, worker: &Worker, run: RunId) -> Result<Lease, TakeError> {
        if !self.0.driving.is(worker) {
            return Err(TakeError::NotDriving);
        }
        let worker = worker.clone();
        self.0.writer.write(move |db| leasing::take_run(db, &worker, run)).await
    }

    async fn release(&self, lease: Lease) -> Result<(), WriteError> {
        self.0.writer.write(move |db| leasing::release(db, lease)).await
    }

    async fn quarantine(&self, lease: Lease) -> Result<(), WriteError> {
        self.0.writer.write(move |db| leasing::quarantine(db, lease)).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        self.0.readers.read(leasing::next_wake).await
    }

    async fn put_mail(&self, row: MailRow) -> Result<Posted, MailError> {
        let mail = serde_json::to_string(&row.mail)
            .map_err(|cause| MailError::Encode { id: row.id.clone(), cause })?;
        let posted = self.0.writer.write(move |db| sharing::put_mail(db, &row, &mail)).await?;
        knock::knock(self.path());
        Ok(posted)
    }

    async fn mail(&self, run: RunId) -> Result<Vec<MailRow>, LoadError> {
        self.read_run(move |db| sharing::mail(db, run)).await
    }

    async fn mailed(&self, limit: usize) -> Result<Vec<RunId>, ReadError> {
        self.0.readers.read(move |db| sharing::mailed(db, limit)).await
    }

    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRow>, ReadError> {
        self.0.readers.read(move |db| reading::runs(db, &filter)).await
    }

    async fn run(&self, run: RunId) -> Result<Option<RunRow>, ReadError> {
        self.0.readers.read(move |db| reading::run(db, run)).await
    }

    async fn find_run(&self, text: &str) -> Result<FoundRun, ReadError> {
        let text = text.to_owned();
        self.0.readers.read(move |db| reading::find_run(db, &text)).await
    }

    async fn feed(&self, after: Position, limit: usize) -> Result<Vec<Fed>, LoadError> {
        self.read_run(move |db| reading::feed(db, after, limit)).await
    }

    async fn position(&self) -> Result<Position, ReadError> {
        self.0.readers.read(reading::position).await
    }

    async fn halt(&self, halt: &Halt) -> Result<Halt, WriteError> {
        let halt = halt.clone();
        let kept = self.0.writer.write(move |db| halting::halt(db, &halt)).await?;
        knock::knock(self.path());
        Ok(kept)
    }

    async fn heed(&self, scope: &HaltScope, heeded: &Heeded) -> Result<(), WriteError> {
        let (scope, heeded) = (scope.clone(), heeded.clone());
        self.0.writer.write(move |db| halting::heed(db, &scope, &heeded)).await
    }

    async fn unhalt(&self, scope: &HaltScope) -> Result<Option<Halt>, WriteError> {
        let scope = scope.clone();
        let lifted = self.0.writer.write(move |db| halting::unhalt(db, &scope)).await?;
        knock::knock(self.path());
        Ok(lifted)
    }

    async fn halts(&self) -> Result<Vec<Halt>, ReadError> {
        self.0.readers.read(halting::halts).await
    }

    async fn put_contract(&self, sources: &Sources) -> Result<Digest, WriteError> {
        let digest = sources.digest();
        let text = serde_json::to_string(sources).map_err(|cause| WriteError::Failed {
            path: self.path().to_path_buf(),
            cause: Arc::new(cause),
        })?;
        self.0.writer.write(move |db| sharing::put_contract(db, digest, &text)).await
    }

    async fn contract(&self, digest: Digest) -> Result<Option<Sources>, ReadError> {
        self.0.readers.read(move |db| sharing::contract(db, digest)).await
    }

    async fn claim(&self, name: &str) -> Result<Option<Claim>, ReadError> {
        let name = name.to_owned();
        self.0.readers.read(move |db| sharing::claim(db, &name)).await
    }

    async fn claims(&self, prefix: &str) -> Result<Vec<Claim>, ReadError> {
        let prefix = prefix.to_owned();
        self.0.readers.read(move |db| sharing::claims(db, &prefix)).await
    }
}
