//! What a worker knows of those whom its runs ask: from what they remembered, and from the rows that all workers share.

use std::collections::BTreeSet;
use std::sync::Arc;

use handfast_engine::{Command, Noted, SHARED};
use handfast_events::RunId;
use handfast_store::{Claim, Store};

use super::{DriveError, Worker};

impl<S: Store> Worker<S> {
    /// Takes in what a run remembered. Tells which others may go on, because somebody has come back.
    pub(super) fn note(&mut self, run: RunId, noted: Vec<Noted>) -> BTreeSet<RunId> {
        let around = Arc::make_mut(&mut self.around);
        if let Some(live) = self.lives.get(&run) {
            around.waits(live.run());
        }
        if noted.is_empty() {
            return BTreeSet::new();
        }
        around.note(noted);
        around.next_up()
    }

    /// Takes in how a row was found that another run changed.
    pub(super) fn found(&mut self, name: &str, claim: Option<&Claim>) {
        if SHARED.iter().any(|prefix| name.starts_with(prefix)) {
            let row = claim.map(|claim| (claim.run, claim.value.clone()));
            Arc::make_mut(&mut self.around).found(name, row);
        }
    }

    /// Lets these runs look whether there is a place for them.
    pub(super) async fn go_on(&mut self, runs: BTreeSet<RunId>) -> Result<(), DriveError> {
        for run in runs {
            if let Some(live) = self.lives.get_mut(&run) {
                live.tell(Command::TimePassed);
                self.think(run).await?;
            }
        }
        Ok(())
    }

    /// Looks at what other workers found.
    pub(super) async fn look_around(&mut self) -> Result<(), DriveError> {
        let mut rows = Vec::new();
        for prefix in SHARED {
            rows.extend(self.store.claims(prefix).await?);
        }
        let rows = rows.into_iter().map(|claim| (claim.name, claim.run, claim.value));
        Arc::make_mut(&mut self.around).found_all(rows);
        // A run that was let go of leaves its places to others, and tells nobody.
        self.go_on(self.around.next_up()).await
    }
}
