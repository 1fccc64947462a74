//! How a worker lets go of runs: of those that rest, of those that can't go on here, and of all when it stops.

use std::sync::Arc;

use handfast_events::RunId;
use handfast_store::{Lease, Store};

use super::{DriveError, Worker};

impl<S: Store> Worker<S> {
    /// Sets a run aside that can't go on here. It costs one run, never the worker.
    pub(super) async fn set_aside(&mut self, run: RunId, why: String) -> Result<(), DriveError> {
        let Some(live) = self.lives.get(&run) else { return Ok(()) };
        let lease = live.lease;
        self.forget(run);
        self.refuse(lease, why).await
    }

    pub(super) async fn refuse(&mut self, lease: Lease, why: String) -> Result<(), DriveError> {
        tracing::error!(run = %lease.run, why, "run set aside");
        self.driven.troubled.push((lease.run, why));
        Ok(self.store.quarantine(lease).await?)
    }

    pub(super) fn forget(&mut self, run: RunId) {
        self.halts.heard(run);
        Arc::make_mut(&mut self.around).forget(run);
        if let Some(mut live) = self.lives.remove(&run) {
            live.stop();
        }
        self.waits.retain(|(_, other)| *other != run);
    }

    /// While it stops: lets go of every run without a call under way. What a call gave is still remembered.
    pub(super) async fn let_go(&mut self) -> Result<(), DriveError> {
        let idle: Vec<RunId> =
            self.lives.iter().filter(|(_, live)| !live.has_calls()).map(|(run, _)| *run).collect();
        for run in idle {
            self.let_go_of(run).await?;
        }
        Ok(())
    }

    pub(super) async fn let_go_of(&mut self, run: RunId) -> Result<(), DriveError> {
        if let Some(live) = self.lives.get(&run) {
            self.driven.runs.insert(run, live.run().status());
            self.store.release(live.lease).await?;
        }
        self.forget(run);
        Ok(())
    }
}
