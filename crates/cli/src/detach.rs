//! Sees to it that somebody drives a store: knocks at the worker that does, or starts this program as one, detached.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::Context as _;
use handfast_events::RunId;
use handfast_store::{DriverInfo, SqliteStore, driver_alive, knock};
use rustix::process::Pid;
use tokio::time::{Instant, sleep};

use crate::limits::{DISK_FULL_UNDER, LOOK, STOP_WAIT, WORKERS_AGAIN};
use crate::{environment, log};

/// Who drives a store, as one command sees to it.
pub(crate) struct Driving {
    store: SqliteStore,
    child: Option<Child>,
    /// How the newest worker of ours ended.
    ended: Option<ExitStatus>,
    /// Where the log stood when it was started.
    log_from: u64,
    /// How often one was started after the first.
    again: u32,
}

impl Driving {
    /// Nobody was looked for yet.
    pub(crate) const fn new(store: SqliteStore) -> Self {
        Self { store, child: None, ended: None, log_from: 0, again: 0 }
    }

    /// The store that is driven.
    pub(crate) const fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// Who drives now, if anybody does.
    ///
    /// # Errors
    /// The lock file can't be read.
    pub(crate) fn driver(&self) -> anyhow::Result<Option<DriverInfo>> {
        Ok(driver_alive(self.store.path())?)
    }

    /// Knocks at whoever drives, or starts a worker, which takes `runs` by name.
    ///
    /// # Errors
    /// No worker can be started.
    pub(crate) fn ensure(&mut self, runs: &[RunId]) -> anyhow::Result<()> {
        if self.is_alive()? {
            knock(self.store.path());
            return Ok(());
        }
        self.start(runs)
    }

    /// Whether somebody drives, or is about to.
    ///
    /// # Errors
    /// The lock file can't be read.
    pub(crate) fn is_alive(&mut self) -> anyhow::Result<bool> {
        if let Some(child) = &mut self.child {
            match child.try_wait().context("can't see whether the worker lives")? {
                None => return Ok(true),
                Some(status) => {
                    self.ended = Some(status);
                    self.child = None;
                }
            }
        }
        Ok(self.driver()?.is_some())
    }

    /// Starts a worker once more, after one went; false where it is no use.
    ///
    /// # Errors
    /// No worker can be started.
    pub(crate) fn again(&mut self) -> anyhow::Result<bool> {
        if self.again >= WORKERS_AGAIN || self.ended.is_some_and(|status| !status.success()) {
            return Ok(false);
        }
        self.again += 1;
        self.ensure(&[])?;
        Ok(true)
    }

    /// Why the newest worker of ours ended, in its words.
    pub(crate) fn last_words(&self) -> Option<String> {
        self.ended.and_then(|_| log::last_words(self.store.path(), self.log_from))
    }

    /// Asks whoever drives to stop, and waits until it has. What it holds is let go of.
    ///
    /// # Errors
    /// It belongs to somebody else, or won't stop.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut asked = None;
        while self.is_alive()? {
            let child = self.child.as_ref().map(Child::id);
            if let Some(pid) = process_to_stop(self.driver()?, child, &this_host())?
                && asked != Some(pid)
            {
                rustix::process::kill_process(pid, rustix::process::Signal::TERM)
                    .with_context(|| format!("can't stop the worker, process {pid:?}"))?;
                asked = Some(pid);
            }
            if begun.elapsed() > STOP_WAIT {
                anyhow::bail!(
                    "the worker, process {asked:?}, does not stop: see {}",
                    self.log_path().display()
                );
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// That the store's disk is full, if it is: a worker then has no room for its last words either.
    pub(crate) fn full_disk(&self) -> Option<String> {
        let path = self.store.path();
        let free = environment::room(path.parent()?).ok()?;
        (free < DISK_FULL_UNDER).then(|| format!("`{}`'s disk is full: free some room", path.display()))
    }

    /// Where the workers of this store write what they have to say.
    pub(crate) fn log_path(&self) -> PathBuf {
        log::path(self.store.path())
    }

    fn start(&mut self, runs: &[RunId]) -> anyhow::Result<()> {
        let store = self.store.path();
        let program = std::env::current_exe().context("can't find this program to start it as a worker")?;
        let (log, log_from) =
            log::open(store).with_context(|| format!("can't write `{}`", self.log_path().display()))?;
        let mut url = std::ffi::OsString::from("sqlite:");
        url.push(store);
        let mut command = Command::new(program);
        command.arg("worker").arg("--store").arg(url);
        for run in runs {
            command.arg("--take").arg(run.to_string());
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().context("can't share the log")?).stderr(log);
        if let Some(folder) = store.parent() {
            command.current_dir(folder);
        }
        self.child = Some(command.spawn().context("can't start a worker")?);
        (self.ended, self.log_from) = (None, log_from);
        Ok(())
    }
}

/// Which process to ask: whoever drives, if it is one of this machine. Who has the lock and has not said its name yet can
/// only be a child of ours that is still there; else nobody is asked for now.
fn process_to_stop(
    driver: Option<DriverInfo>,
    child: Option<u32>,
    host: &str,
) -> anyhow::Result<Option<Pid>> {
    let pid = match driver {
        Some(driver) if driver.pid == 0 => child,
        Some(driver) if driver.host == host => Some(driver.pid),
        Some(DriverInfo { pid, host, .. }) => {
            anyhow::bail!("the worker is process {pid} on `{host}`, not on this machine: stop it there")
        }
        None => child,
    };
    Ok(pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw))
}

/// This machine, as a lock file names it.
fn this_host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use handfast_events::Timestamp;
    use handfast_store::Options;

    use super::*;

    #[test]
    fn only_a_process_of_this_machine_is_stopped() {
        let driver =
            |pid, host: &str| Some(DriverInfo { pid, host: host.into(), since: Timestamp::UNIX_EPOCH });
        let asked =
            |driver, child| process_to_stop(driver, child, "here").map(|pid| pid.map(Pid::as_raw_pid));
        assert_eq!(asked(driver(7, "here"), Some(8)).unwrap(), Some(7));
        let elsewhere = asked(driver(7, "there"), Some(8)).unwrap_err().to_string();
        assert!(
            elsewhere.contains("process 7 on `there`") && elsewhere.contains("stop it there"),
            "{elsewhere}"
        );
        assert_eq!(asked(driver(0, "unknown"), None).unwrap(), None, "it has not said its name yet");
        assert_eq!(asked(driver(0, "unknown"), Some(8)).unwrap(), Some(8));
        assert_eq!(asked(None, Some(8)).unwrap(), Some(8), "it has no lock yet");
    }

    #[test]
    fn a_disk_with_room_is_not_called_full() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("journal.db"), Options::default()).unwrap();
        let driving = Driving::new(store);
        let free = environment::room(folder.path()).unwrap();
        assert_eq!(driving.full_disk().is_some(), free < DISK_FULL_UNDER);
    }
}
