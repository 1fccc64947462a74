//! One thread writes. It takes whatever waits, commits it with one flush, and only then answers.
//!
//! A request that refuses (a conflict, a claim that is held) writes nothing, so it can't disturb the others of its
//! batch. A statement that fails can have written half of a request: then the whole batch is taken back, and each of its
//! requests tried alone. That costs nothing until it happens; a savepoint for each request would cost always.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Copier;
use crate::WriteError;
use crate::limits::{BATCH_MAX, QUEUE_MAX};

/// One request: applied perhaps twice, answered once.
trait Job: Send {
    /// Does it within the open transaction. What it refuses, it refuses without having written.
    fn apply(&mut self, db: &Connection) -> rusqlite::Result<()>;
    /// Tells whoever asked, once the commit's fate is known.
    fn answer(self: Box<Self>, fate: Result<(), WriteError>);
}

struct Request<F, T, E> {
    work: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Request<F, T, E>
where
    F: FnMut(&Connection) -> rusqlite::Result<Result<T, E>> + Send,
    T: Send,
    E: From<WriteError> + Send,
{
    fn apply(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.outcome = Some((self.work)(db)?);
        Ok(())
    }

    fn answer(self: Box<Self>, fate: Result<(), WriteError>) {
        let outcome = match (fate, self.outcome) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(outcome)) => outcome,
            // Answered well without having been applied: the writer's defect. Whoever asked sees a closed reply.
            (Ok(()), None) => return,
        };
        // Whoever asked may have gone; what was committed stays.
        drop(self.reply.send(outcome));
    }
}

/// The handle on the writing thread. The last one to go waits until the thread has ended.
pub(super) struct Writer {
    path: Arc<Path>,
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(super) fn start(path: Arc<Path>, db: Connection, copier: Copier) -> std::io::Result<Self> {
        let (queue, requests) = mpsc::channel(QUEUE_MAX);
        let desk = Desk { path: Arc::clone(&path), db, copier, is_refusing: false };
        let thread =
            std::thread::Builder::new().name("store-writer".into()).spawn(move || desk.serve(requests))?;
        Ok(Self { path, queue: Some(queue), thread: Mutex::new(Some(thread)) })
    }

    /// Has this done within a commit, and waits for it. `work` may be called twice, never within two commits.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&Connection) -> rusqlite::Result<Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<WriteError> + Send + 'static,
    {
        let closed = || E::from(WriteError::Closed { path: self.path.to_path_buf() });
        let (reply, answer) = oneshot::channel();
        let request: Box<dyn Job> = Box::new(Request { work, outcome: None, reply });
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(request).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // At most one batch is still being committed. A panic of the thread has been reported by its hook.
        drop(thread.map(JoinHandle::join));
    }
}

/// Where a batch came to grief.
enum Trouble {
    /// An earlier commit was not confirmed: nothing was done.
    Refusing,
    /// It never began: nothing was done.
    Begin(rusqlite::Error),
    /// A request's statement failed; all is taken back.
    Statement(rusqlite::Error),
    /// The commit itself failed.
    Commit(rusqlite::Error),
}

/// The thread's own state.
struct Desk {
    path: Arc<Path>,
    db: Connection,
    copier: Copier,
    is_refusing: bool,
}

impl Desk {
    fn serve(mut self, mut requests: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while requests.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
            self.commit(&mut batch);
            self.copier.after_commit(&self.db);
        }
    }

    fn commit(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let trouble = match self.together(batch) {
            Ok(()) => return batch.drain(..).for_each(|job| job.answer(Ok(()))),
            Err(trouble) => trouble,
        };
        let is_ones_own = matches!(trouble, Trouble::Statement(_)) && batch.len() > 1;
        let error = self.explain(trouble);
        for mut job in batch.drain(..) {
            let fate = if is_ones_own {
                let alone = self.together(std::slice::from_mut(&mut job));
                alone.map_err(|trouble| self.explain(trouble))
            } else {
                Err(error.clone())
            };
            job.answer(fate);
        }
    }

    /// Applies these requests in one transaction.
    fn together(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Trouble> {
        if self.is_refusing {
            return Err(Trouble::Refusing);
        }
        self.run("BEGIN IMMEDIATE").map_err(Trouble::Begin)?;
        for job in jobs {
            job.apply(&self.db).map_err(Trouble::Statement)?;
        }
        self.run("COMMIT").map_err(Trouble::Commit)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.db.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    /// Takes back what is left of a transaction, and says what the trouble means for whoever asked.
    fn explain(&mut self, trouble: Trouble) -> WriteError {
        let path = self.path.to_path_buf();
        if !self.db.is_autocommit() && self.db.execute_batch("ROLLBACK").is_err() {
            self.is_refusing = true;
        }
        let (cause, at_commit) = match trouble {
            Trouble::Refusing => return WriteError::Refusing { path },
            Trouble::Begin(cause) | Trouble::Statement(cause) => (cause, false),
            Trouble::Commit(cause) => (cause, true),
        };
        match cause.sqlite_error_code() {
            // The commit's mark is written last: where there was no room for all, there was none for it.
            Some(ErrorCode::DiskFull) => WriteError::Full { path, cause: Arc::new(cause) },
            _ if is_file_limit(&cause) => WriteError::Full { path, cause: Arc::new(cause) },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => WriteError::Busy { path },
            _ if at_commit => {
                // A failed flush can't be repeated: the system may have thrown the pages away and call them clean.
                self.is_refusing = true;
                WriteError::Unconfirmed { path, cause: Arc::new(cause) }
            }
            _ => WriteError::Failed { path, cause: Arc::new(cause) },
        }
    }
}

/// Whether a write (not a flush), or making the log's index larger, failed while this process may write files of a limited
/// size only.
pub(super) fn is_file_limit(cause: &rusqlite::Error) -> bool {
    let code = cause.sqlite_error().map(|error| error.extended_code);
    let is_limited = rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some();
    matches!(code, Some(ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE)) && is_limited
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A writer on a table of numbers whose commits fail as long as the switch is on.
    fn writer(is_broken: &Arc<AtomicBool>) -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let path: Arc<Path> = folder.path().join("numbers.db").into();
        let mut db = Connection::open(&path).unwrap();
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        db.execute_batch("CREATE TABLE numbers (number INTEGER UNIQUE) STRICT").unwrap();
        let is_broken = Arc::clone(is_broken);
        db.commit_hook(Some(move || is_broken.load(Ordering::SeqCst))).unwrap();
        let copier = Copier::start(&path, &mut db).unwrap();
        (folder, Writer::start(path, db, copier).unwrap())
    }

    async fn put(writer: &Writer, number: i64) -> Result<(), WriteError> {
        let sql = "INSERT INTO numbers VALUES (?1)";
        writer.write(move |db| db.execute(sql, [number]).map(|_| Ok(()))).await
    }

    async fn sum(writer: &Writer) -> i64 {
        let sql = "SELECT coalesce(sum(number), 0) FROM numbers";
        let sum: Result<i64, WriteError> =
            writer.write(move |db| db.query_row(sql, [], |row| row.get(0)).map(Ok)).await;
        sum.unwrap()
    }

    #[tokio::test]
    async fn a_request_that_fails_takes_nobody_along() {
        let (_folder, writer) = writer(&Arc::default());
        // The writer is held up, so that all the others become one batch.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = writer.write::<(), WriteError, _>(move |_| {
            wait.recv().ok();
            Ok(Ok(()))
        });
        let rest = async {
            let all = [put(&writer, 1), put(&writer, 2), put(&writer, 1), put(&writer, 4)];
            let mut all = all.map(Box::pin);
            // Each is polled once, so that it stands in the queue before the writer goes on.
            for one in &mut all {
                assert!(futures_poll(one.as_mut()).is_none());
            }
            // Gone, it holds nobody up who is tried a second time.
            drop(go);
            let [a, b, c, d] = all;
            (a.await, b.await, c.await, d.await)
        };
        let (first, (a, b, c, d)) = tokio::join!(first, rest);
        assert!(first.is_ok() && a.is_ok() && b.is_ok() && d.is_ok());
        assert!(matches!(c, Err(WriteError::Failed { .. })), "{c:?}");
        assert_eq!(sum(&writer).await, 7);
    }

    fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn after_an_unconfirmed_commit_nothing_more_is_written() {
        let is_broken = Arc::new(AtomicBool::new(false));
        let (folder, writer) = writer(&is_broken);
        put(&writer, 1).await.unwrap();
        is_broken.store(true, Ordering::SeqCst);
        let unconfirmed = put(&writer, 2).await;
        assert!(matches!(unconfirmed, Err(WriteError::Unconfirmed { .. })), "{unconfirmed:?}");
        is_broken.store(false, Ordering::SeqCst);
        let refused = put(&writer, 4).await;
        assert!(matches!(refused, Err(WriteError::Refusing { .. })), "{refused:?}");
        drop(writer);
        let db = Connection::open(folder.path().join("numbers.db")).unwrap();
        let sum: i64 = db.query_row("SELECT sum(number) FROM numbers", [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 1);
    }
}
