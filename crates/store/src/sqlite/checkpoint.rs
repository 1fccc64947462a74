//! Keeps the write-ahead log short without making the writer wait for it.
//!
//! A thread of its own copies the log's pages into the database while the writer goes on appending, so it never quite
//! reaches the end. The writer then copies the few pages that are left, between two of its commits, and its next commit
//! starts the log anew, in the same blocks of the disk: a file that doesn't grow is flushed twice as fast.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::limits::{BUSY_TIMEOUT, WAL_PAGES_COPY, WAL_PAGES_MAX};

/// The writer's side of the copying thread.
pub(super) struct Copier {
    /// How long the log is, as of the newest commit.
    pages: Arc<AtomicU32>,
    /// Whether the thread has copied all but the newest pages.
    is_copied: Arc<AtomicBool>,
    /// The log's length at which the writer last copied by itself, in vain.
    stopped_at: u32,
    wish: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    /// Starts the thread, and listens to the writer's connection.
    pub(super) fn start(path: &Path, writer: &mut Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let is_copied = Arc::new(AtomicBool::new(false));
        // Before the hook: this setting takes the same place.
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        let length = Arc::clone(&pages);
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, found: i32| {
            length.store(u32::try_from(found).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let db = Connection::open(path)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "mmap_size", 0)?;
        let (wish, wishes) = sync_channel(1);
        let done = Arc::clone(&is_copied);
        let thread = std::thread::Builder::new()
            .name("store-copier".into())
            .spawn(move || copy_on_demand(&db, &wishes, &done))
            .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
        Ok(Self { pages, is_copied, stopped_at: 0, wish: Some(wish), thread: Some(thread) })
    }

    /// Called by the writer between two commits.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.is_copied.swap(false, Ordering::Acquire) {
            copy(writer);
            self.stopped_at = 0;
        } else if pages >= WAL_PAGES_MAX.max(self.stopped_at.saturating_mul(2)) {
            // The thread can't keep up, or somebody reads an old state: copy what can be, and look again much later.
            copy(writer);
            self.stopped_at = pages;
        } else if pages >= WAL_PAGES_COPY
            && let Some(wish) = &self.wish
        {
            // Full means that it is at it.
            let _is_wished = wish.try_send(()).is_ok();
        }
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        drop(self.wish.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn copy_on_demand(db: &Connection, wishes: &Receiver<()>, is_copied: &AtomicBool) {
    while wishes.recv().is_ok() {
        copy(db);
        is_copied.store(true, Ordering::Release);
    }
}

/// Copies what no reader still needs, without waiting for anybody.
fn copy(db: &Connection) {
    let copied = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
    if let Err(cause) = copied {
        // The log still holds all, so nothing is lost; a full disk also fails the writer, who tells people.
        tracing::warn!(%cause, "the write-ahead log could not be copied into the database");
    }
}
