//! The right to drive a store: one process at a time, for as long as it lives.
//!
//! It is a lock of the operating system on a file beside the database: whoever dies lets go at once, and nobody waits
//! out a lease. The file also says which incarnation of the store it belongs to and how often it was driven, as the
//! database does: a database that was copied or restored gives itself away.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use handfast_events::Timestamp;
use rusqlite::Connection;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::open::SqliteStore;
use super::{codec, knock::Knocks, leasing};
use crate::limits::{LOCK_FILE_BYTES_MAX, LOCK_PAUSE, LOCK_TRIES};
use crate::{DriverError, Worker};

/// Who drives, as the lock file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverInfo {
    /// Its process; 0 while it has not said its name yet, which no signal may be sent to.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

/// What the lock file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Plate {
    incarnation: String,
    term: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

/// Which of this process's handles drives.
#[derive(Default)]
pub(super) struct Driving(Mutex<Option<Worker>>);

impl Driving {
    fn set(&self, worker: Option<Worker>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = worker;
    }

    /// Whether anybody here drives.
    pub(super) fn is_any(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether this worker drives.
    pub(super) fn is(&self, worker: &Worker) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(worker)
    }
}

/// The right to drive, given back when it is dropped.
pub struct Driver {
    store: SqliteStore,
    worker: Worker,
    _lock: File,
}

impl Driver {
    /// Acquires the right, and lets go of whatever dead processes held.
    ///
    /// # Errors
    /// [`DriverError::Held`]: another process drives; put mail, or wait until it ends. [`DriverError::Incarnation`]:
    /// the store was copied or restored, and a person has to look at it.
    pub async fn acquire(store: &SqliteStore, now: Timestamp) -> Result<Self, DriverError> {
        let lock = lock_exclusively(store.path()).await?;
        let plate = read(&lock).map_err(|cause| lock_error(store.path(), cause))?;
        if let Some(plate) = &plate {
            // From here on whoever had the lock before is not to be taken for its holder.
            let unnamed = Plate { pid: None, host: None, since: None, ..plate.clone() };
            write(&lock, &unnamed).map_err(|cause| lock_error(store.path(), cause))?;
        }
        let path = store.path().to_path_buf();
        let expected = plate;
        let kept = store.writer().write(move |db| begin_term(db, &path, expected.as_ref())).await?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let pid = std::process::id();
        let plate = Plate { pid: Some(pid), host: Some(host.clone()), since: Some(now), ..kept };
        write(&lock, &plate).map_err(|cause| lock_error(store.path(), cause))?;
        let worker = Worker::new(format!("{host}/{pid}/{}", plate.term));
        store.driving().set(Some(worker.clone()));
        Ok(Self { store: store.clone(), worker, _lock: lock })
    }

    /// The name under which this process takes runs.
    pub const fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Listens for knocks. Call it within a tokio runtime, once.
    pub fn knocks(&self) -> Knocks {
        Knocks::listen(self.store.path())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.store.driving().set(None);
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("worker", &self.worker).finish_non_exhaustive()
    }
}

/// Who drives this store, if anybody does.
///
/// # Errors
/// The lock file can't be read.
pub fn driver_alive(store: &Path) -> Result<Option<DriverInfo>, DriverError> {
    let file = match File::open(lock_path(store)) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|cause| lock_error(store, cause))?,
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            read(&file).map(|plate| plate.map(info)).map_err(|cause| lock_error(store, cause))
        }
        Err(cause) => Err(lock_error(store, cause.into())),
    }
}

/// Gives a new store its lock file, before its database says that it has one.
pub(super) fn found(store: &Path, incarnation: &str) -> io::Result<()> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(lock_path(store))?;
    write(&file, &Plate { incarnation: incarnation.into(), term: 0, pid: None, host: None, since: None })
}

/// Makes a database and its lock file belong together again. Every run that has not ended is set aside, so that nothing
/// is performed until a person takes it by name. Tells how many there are.
pub(super) async fn adopt(store: &SqliteStore) -> Result<u64, DriverError> {
    let path = lock_path(store.path());
    if !path.exists() {
        found(store.path(), "").map_err(|cause| lock_error(store.path(), cause))?;
    }
    let lock = lock_exclusively(store.path()).await?;
    let incarnation = Uuid::now_v7().to_string();
    let fresh = incarnation.clone();
    let aside = store
        .writer()
        .write(move |db| -> rusqlite::Result<Result<u64, DriverError>> {
            db.execute("UPDATE meta SET incarnation = ?1, term = 0", [&fresh])?;
            let sql = "UPDATE runs SET worker = NULL, aside = 1 \
                       WHERE status NOT IN ('\"done\"', '\"failed\"', '\"cancelled\"', '\"killed\"')";
            db.execute(sql, []).map(|rows| Ok(rows as u64))
        })
        .await?;
    let plate = Plate { incarnation, term: 0, pid: None, host: None, since: None };
    write(&lock, &plate).map_err(|cause| lock_error(store.path(), cause))?;
    Ok(aside)
}

/// Holds the database against the lock file, and counts one more process that drives.
fn begin_term(
    db: &Connection,
    path: &Path,
    expected: Option<&Plate>,
) -> rusqlite::Result<Result<Plate, DriverError>> {
    let (incarnation, term) = db.query_row("SELECT incarnation, term FROM meta", [], |row| {
        Ok((row.get::<_, String>(0)?, codec::uint(row, 1)?))
    })?;
    // The database counts first: it is ahead by as many processes as died in between. One that was restored is behind.
    let why = match expected {
        None => Some("the lock file is missing or empty".to_owned()),
        Some(plate) if plate.incarnation != incarnation => {
            Some(format!("the database is `{incarnation}`, the lock file `{}`", plate.incarnation))
        }
        Some(plate) if plate.term > term => {
            Some(format!("the database was driven {term} times, the lock file says {}", plate.term))
        }
        Some(_) => None,
    };
    if let Some(why) = why {
        return Ok(Err(DriverError::Incarnation { path: path.to_path_buf(), why }));
    }
    db.execute("UPDATE meta SET term = term + 1", [])?;
    leasing::release_all(db)?;
    Ok(Ok(Plate { incarnation, term: term + 1, pid: None, host: None, since: None }))
}

/// Takes the lock, or says who has it.
async fn lock_exclusively(store: &Path) -> Result<File, DriverError> {
    let failed = |cause| lock_error(store, cause);
    let file = match OpenOptions::new().read(true).write(true).open(lock_path(store)) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let why = "the lock file is missing or empty".into();
            return Err(DriverError::Incarnation { path: store.to_path_buf(), why });
        }
        opened => opened.map_err(failed)?,
    };
    for _ in 0..LOCK_TRIES {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(cause) => return Err(failed(cause.into())),
        }
    }
    let holder = read(&file).map_err(failed)?.map(info);
    let unknown = DriverInfo { pid: 0, host: "unknown".into(), since: Timestamp::UNIX_EPOCH };
    let DriverInfo { pid, host, since } = holder.unwrap_or(unknown);
    Err(DriverError::Held { path: store.to_path_buf(), pid, host, since })
}

fn info(plate: Plate) -> DriverInfo {
    DriverInfo {
        pid: plate.pid.unwrap_or(0),
        host: plate.host.unwrap_or_else(|| "unknown".into()),
        since: plate.since.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn lock_error(store: &Path, cause: io::Error) -> DriverError {
    DriverError::Lock { path: lock_path(store), cause }
}

/// Reads what the file says; none where it says nothing that can be understood.
fn read(mut file: &File) -> io::Result<Option<Plate>> {
    file.rewind()?;
    let mut text = String::new();
    match file.take(LOCK_FILE_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(serde_json::from_str(&text).ok()),
        Err(cause) if cause.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Writes one block in place, padded: no crash leaves half of it, and nothing is cut off before.
fn write(mut file: &File, plate: &Plate) -> io::Result<()> {
    let text = serde_json::to_string(plate)?;
    file.rewind()?;
    file.write_all(format!("{text:<511}\n").as_bytes())?;
    file.sync_data()
}
