//! What a worker hears before it goes on: what operators halted, and answers that came in time.

use handfast_events::RunId;
use handfast_store::{LoadError, Store};

use super::{DriveError, Worker};
use crate::halts;

impl<S: Store> Worker<S> {
    /// An answer that came in time counts, though the time to answer is over when it is read.
    pub(super) async fn hear_first(&mut self, run: RunId) -> Result<(), DriveError> {
        let Some(live) = self.lives.get_mut(&run).filter(|live| live.run().is_asking()) else {
            return Ok(());
        };
        match self.store.mail(run).await {
            Ok(rows) => rows.into_iter().for_each(|row| live.tell_mail(row)),
            Err(LoadError::Read(error)) => return Err(error.into()),
            // The next look says what is wrong with it.
            Err(_) => {}
        }
        Ok(())
    }

    /// Looks at what is halted. Whatever is decided from here on heeds it.
    pub(super) async fn look_at_halts(&mut self) -> Result<(), DriveError> {
        let found = self.store.halts().await?;
        if self.halts.look(found, self.name.as_str()) {
            for live in self.lives.values_mut() {
                live.heed(self.halts.known());
            }
            let remembering = self.lives.iter().filter(|(_, live)| live.is_remembering());
            self.halts.awaits(remembering.map(|(run, _)| *run));
        }
        self.say_in_force().await
    }

    /// Tells whoever halted something that it is in force, with what had left already.
    pub(super) async fn say_in_force(&mut self) -> Result<(), DriveError> {
        for scope in self.halts.in_force() {
            let left = self.lives.values().flat_map(|live| live.run().left(&scope)).collect();
            let heeded = halts::heeded(self.name.as_str(), self.clock.now(), left);
            self.store.heed(&scope, &heeded).await?;
        }
        Ok(())
    }
}
