//! What was heard of a run's calls by a worker that had lost the run: its mailbox gets it.

use handfast_events::{CommandId, Mail, RunId};
use handfast_store::{MailError, MailRow, Store};

use super::{DriveError, Worker};

impl<S: Store> Worker<S> {
    /// Puts it to whoever has the run now. The same is put once, however often it is said.
    pub(super) async fn tell_late(&self, run: RunId, heard: Vec<Mail>) -> Result<(), DriveError> {
        for mail in heard {
            let Mail::Late { call, attempt, .. } = &mail else { continue };
            let id = CommandId::new(format!("late/{run}/{call}/{attempt}"));
            let who = self.name.as_str().to_owned();
            match self.store.put_mail(MailRow { id, run, who, at: self.clock.now(), mail }).await {
                Ok(_) | Err(MailError::NotFound { .. }) => {}
                Err(MailError::Write(error)) => return Err(error.into()),
                // The call stays in doubt, as it would without it.
                Err(error) => tracing::warn!(%run, %error, "what came late could not be told"),
            }
        }
        Ok(())
    }
}
