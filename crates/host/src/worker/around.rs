//! What a worker knows of those whom its runs ask: from what they remembered, and from the rows that all workers share.

use std::collections::BTreeSet;
use std::sync::Arc;

use handfast_engine::{Command, Noted, SHARED};
use handfast_events::RunId;
use handfast_store::{Claim, Store};

use super::{DriveError, Worker};

impl<S: Store> Worker<S> {
    /// Takes in what a run remembered. Tells which others may go on, because somebody has come back, or waits no more.
    pub(super) fn note(&mut self, run: RunId, noted: Vec<Noted>) -> BTreeSet<RunId> {
        let around = Arc::make_mut(&mut self.around);
        let has_left = self.lives.get(&run).is_some_and(|live| around.waits(live.run()));
        if noted.is_empty() && !has_left {
            return BTreeSet::new();
        }
        around.note(noted);
        around.next_up()
    }

    /// Another run was first to a row: what this one was about to take is not taken, and all the rows of it are as the store
    /// has them.
    pub(super) async fn was_second(&mut self, run: RunId, name: String) -> Result<(), DriveError> {
        let claim = self.store.claim(&name).await?;
        self.found(&name, claim.as_ref());
        let Some(live) = self.lives.get_mut(&run) else { return Ok(()) };
        let taken = live.was_second(name.clone(), claim);
        Arc::make_mut(&mut self.around).take_back(&taken);
        for row in taken.iter().filter_map(Noted::row).filter(|row| *row != name) {
            let claim = self.store.claim(row).await?;
            self.found(row, claim.as_ref());
        }
        Ok(())
    }

    /// Takes in how a row was found that another run changed.
    fn found(&mut self, name: &str, claim: Option<&Claim>) {
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
