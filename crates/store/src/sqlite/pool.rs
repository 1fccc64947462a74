//! A few connections that only read, used where blocking is allowed, never for long.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::Semaphore;

use crate::ReadError;
use crate::limits::{BUSY_TIMEOUT, READER_CACHE_KIB, READERS_MAX, STATEMENTS_MAX};

/// The readers of one store.
pub(super) struct Pool {
    path: Arc<Path>,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    /// Opens nothing yet.
    pub(super) fn new(path: Arc<Path>) -> Self {
        Self { path, idle: Mutex::default(), permits: Arc::new(Semaphore::new(READERS_MAX)) }
    }

    /// Reads in one transaction, so that all of it is of one moment.
    pub(super) async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, ReadError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let failed = |cause: crate::Cause| ReadError::Failed { path: self.path.to_path_buf(), cause };
        let permit = self.permits.clone().acquire_owned().await.map_err(|cause| failed(Arc::new(cause)))?;
        let pool = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let outcome = pool.run(work);
            drop(permit);
            outcome
        });
        match reading.await {
            Ok(outcome) => outcome.map_err(|cause| self.explain(cause)),
            Err(cause) => Err(failed(Arc::new(cause))),
        }
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let db = match self.lock().pop() {
            Some(db) => db,
            None => open(&self.path)?,
        };
        // Ends with the work, by dropping it: nothing was written.
        let outcome = db.unchecked_transaction().and_then(|view| work(&view));
        if outcome.is_ok() {
            self.lock().push(db);
        }
        outcome
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // The list is whole whenever the lock is free: nothing panics between two of its changes.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn explain(&self, cause: rusqlite::Error) -> ReadError {
        let path = self.path.to_path_buf();
        match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                ReadError::Corrupt { path, cause: Arc::new(cause) }
            }
            _ => ReadError::Failed { path, cause: Arc::new(cause) },
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Not read-only for SQLite: the first to come after a crash has to put the log in order.
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(db)
}
