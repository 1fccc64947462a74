//! What a store answers with.

use std::fmt;
use std::sync::Arc;

use handfast_events::{CommandId, Epoch, Format, Head, Mail, RunId, Seq, Status, StoredEvent, Timestamp};

/// What is known of a run without reading its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub run: RunId,
    /// Where its journal stands.
    pub head: Head,
    /// The number of the newest right to write to it; 0 while nobody ever took it.
    pub epoch: Epoch,
    /// The format of its newest event.
    pub format: Format,
    /// What it is doing.
    pub status: Status,
    /// The contract's name.
    pub contract: String,
    /// The workflow's name.
    pub workflow: String,
    /// When it began.
    pub started: Timestamp,
    /// The time of its newest event.
    pub updated: Timestamp,
    /// When it moves by itself, where it waits for a time.
    pub wake_at: Option<Timestamp>,
    /// Who holds it. A holder may have died since: see [`crate::driver_alive`].
    pub worker: Option<Worker>,
    /// Whether it is only taken by name: it is quarantined, or its store was adopted.
    pub aside: bool,
}

/// Which runs to list. The youngest come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those doing this.
    pub status: Option<StatusFilter>,
    /// Only those of this workflow.
    pub workflow: Option<String>,
    /// Only those of this contract.
    pub contract: Option<String>,
    /// Only those that began at this time or later.
    pub since: Option<Timestamp>,
    /// Only those that began before this run: the next page.
    pub before: Option<RunId>,
    /// At most this many; 0 is the store's own ceiling.
    pub limit: usize,
}

/// A status as people name it: `waiting`, `waiting (settlement)`, `done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFilter(String);

impl StatusFilter {
    /// Takes the first word of a status, or all of it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What stands in every status that is meant, as it is kept: a first sieve, so that the others need not be read.
    pub(crate) fn word(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// Whether this status is meant.
    pub fn accepts(&self, status: &Status) -> bool {
        let name = status.name();
        name == self.0 || name.split(' ').next() == Some(self.0.as_str())
    }
}

/// What a shortened run id came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundRun {
    /// Exactly this one.
    One(RunId),
    /// None.
    None,
    /// Several; the first few are named, the youngest first.
    Many(Vec<RunId>),
}

/// A row of a run's mailbox.
#[derive(Clone, Debug, PartialEq)]
pub struct MailRow {
    /// The command: the same id twice is one row.
    pub id: CommandId,
    /// The run that it is put to.
    pub run: RunId,
    /// Who puts it there.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub mail: Mail,
}

/// What became of a row that was put to a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is there now.
    New,
    /// A row of this id was there already, and stays as it is.
    Known,
}

/// A worker's name, different for every process that ever drove: the host, the process and a number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Worker(Arc<str>);

impl Worker {
    /// Names a worker.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The right to write to one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Its number, which every append names.
    pub epoch: Epoch,
}

/// A named row that runs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// The run that holds it.
    pub run: RunId,
    /// The newest event of the append that changed it.
    pub seq: Seq,
    /// Its value.
    pub value: String,
    /// When it was changed.
    pub changed: Timestamp,
}

/// A place in the feed across runs: one for each append, without a gap; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// One append as the feed tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Its place.
    pub position: Position,
    /// The run.
    pub run: RunId,
    /// Its events, in order.
    pub events: Vec<StoredEvent>,
}

#[cfg(test)]
mod tests {
    use handfast_events::{EndedAs, Waits};

    use super::*;

    #[test]
    fn the_first_sieve_lets_every_status_through_that_is_meant() {
        let until = Timestamp::UNIX_EPOCH;
        let (by, name) = (RunId::from_bytes([7; 16]), "paid".to_owned());
        let waits = [
            Waits::Settlement,
            Waits::Retry { until },
            Waits::Approval,
            Waits::Claim { by, until },
            Waits::Call { until },
            Waits::Time { until },
            Waits::Signal { name },
            Waits::Message { until: Some(until) },
        ];
        let halted = Status::PausedByHalt { scope: "everything".into() };
        let plain = [
            Status::Running,
            Status::PausedByLimit,
            Status::PausedForOperator,
            Status::PausedByPerson,
            halted,
            Status::Compensating,
            Status::Stuck,
            Status::Quarantined,
            Status::Done,
            Status::Failed,
            Status::Cancelled,
            Status::Killed,
        ];
        let standing = [EndedAs::Done, EndedAs::Failed, EndedAs::Cancelled].map(Status::Standing);
        for status in waits.map(Status::Waiting).into_iter().chain(plain).chain(standing) {
            let kept = serde_json::to_string(&status).unwrap();
            for text in [status.name(), status.name().split(' ').next().unwrap()] {
                let filter = StatusFilter::new(text);
                assert!(filter.accepts(&status) && kept.contains(filter.word()), "{text}: {kept}");
            }
        }
    }
}
