//! The simulated store: one run's journal, mailbox and lease. Whether a commit's answer arrives is the world's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handfast_events::{
    CommandId, DecodeError, Digest, Event, Mail, RunId, Salt, Status, StoredEvent, Waits, chain,
};
use jiff::Timestamp;

use crate::Mutant;
use crate::limits::LEASE;

/// What a worker wants to have happened.
#[derive(Clone, Debug)]
pub(crate) struct Append {
    pub(crate) id: u64,
    /// When it was asked for: whoever hears that it landed knows that it held the run then, and no more.
    pub(crate) asked: u64,
    pub(crate) follows: u64,
    pub(crate) epoch: u64,
    pub(crate) events: Arc<Vec<Event>>,
    pub(crate) status: Status,
    pub(crate) is_release: bool,
    pub(crate) taken: Option<CommandId>,
}

/// Why an append did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The run stands elsewhere.
    Conflict,
    /// Somebody else has it.
    Fenced,
}

/// A row of the mailbox.
#[derive(Clone, Debug)]
pub(crate) struct MailRow {
    pub(crate) id: CommandId,
    pub(crate) at: Timestamp,
    pub(crate) mail: Mail,
}

pub(crate) struct Store {
    run: RunId,
    salt: Salt,
    rows: Vec<StoredEvent>,
    /// The rows as they were read back, each once: a takeover reads no byte again.
    read: Vec<Event>,
    chain: Digest,
    landed: BTreeSet<u64>,
    epoch: u64,
    holder: Option<usize>,
    heartbeat: u64,
    pub(crate) status: Status,
    pub(crate) mailbox: Vec<MailRow>,
    known: BTreeMap<CommandId, Mail>,
}

impl Store {
    pub(crate) fn new(run: RunId) -> Self {
        Self {
            run,
            salt: Salt([5; 16]),
            rows: Vec::new(),
            read: Vec::new(),
            chain: Digest::default(),
            landed: BTreeSet::new(),
            epoch: 0,
            holder: None,
            heartbeat: 0,
            status: Status::Running,
            mailbox: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    pub(crate) fn seq(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The digest over all envelopes.
    pub(crate) const fn chain(&self) -> Digest {
        self.chain
    }

    /// One commit: all of the append, or nothing.
    pub(crate) fn land(&mut self, append: &Append, mutant: Option<Mutant>) -> Result<(), Refused> {
        let is_fenced = mutant != Some(Mutant::NoFence);
        if is_fenced && append.epoch != self.epoch {
            return Err(Refused::Fenced);
        }
        let waits = |id: &CommandId| self.mailbox.iter().any(|row| row.id == *id);
        if is_fenced && append.follows != self.seq() || !append.taken.as_ref().is_none_or(waits) {
            return Err(Refused::Conflict);
        }
        self.write(&append.events);
        self.landed.insert(append.id);
        self.status = append.status.clone();
        if let Some(taken) = &append.taken {
            self.mailbox.retain(|row| row.id != *taken);
        }
        if append.is_release {
            self.holder = None;
        }
        Ok(())
    }

    pub(crate) fn write(&mut self, events: &[Event]) {
        // Events of a world come from JSON: what can't be written is missing, and the laws say so.
        for stored in events.iter().filter_map(|event| StoredEvent::encode(self.run, self.salt, event).ok()) {
            self.chain = chain(self.chain, &stored.envelope);
            self.rows.push(stored);
        }
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.landed.contains(&id)
    }

    /// The journal, as it is read back.
    pub(crate) fn load(&mut self) -> Result<&[Event], DecodeError> {
        for row in self.rows.iter().skip(self.read.len()) {
            self.read.push(row.decode()?);
        }
        Ok(&self.read)
    }

    /// When nobody needs to look for the run before: it rests, or waits for a time.
    pub(crate) fn is_idle(&self) -> bool {
        self.holder.is_none() && self.mailbox.is_empty() && (self.status.is_ended() || self.status.rests())
    }

    /// Gives the run to a worker, if it can move and nobody holds it.
    pub(crate) fn take(&mut self, worker: usize, now: u64, clock: Timestamp) -> Option<u64> {
        let is_held = self.holder.is_some() && now.saturating_sub(self.heartbeat) <= LEASE;
        let is_due = match &self.status {
            Status::Waiting(
                Waits::Retry { until }
                | Waits::Claim { until, .. }
                | Waits::Time { until }
                | Waits::Call { until }
                | Waits::Message { until: Some(until) },
            ) => *until <= clock,
            status => !status.rests(),
        };
        let is_over = self.status.is_ended() && !self.hears_late();
        if is_held || is_over || !is_due && self.mailbox.is_empty() {
            return None;
        }
        self.epoch += 1;
        self.holder = Some(worker);
        self.heartbeat = now;
        Some(self.epoch)
    }

    /// Whether something came late that a run which has ended is told all the same.
    fn hears_late(&self) -> bool {
        self.mailbox.iter().any(|row| matches!(row.mail, Mail::Late { .. }))
    }

    pub(crate) fn beat(&mut self, worker: usize, epoch: u64, now: u64) {
        if self.holder == Some(worker) && self.epoch == epoch {
            self.heartbeat = now;
        }
    }

    /// The operating system's lock is free at once when its process is dead.
    pub(crate) fn unlock(&mut self, worker: usize) {
        if self.holder == Some(worker) {
            self.holder = None;
        }
    }

    /// Puts a row to the mailbox, once.
    pub(crate) fn put_mail(&mut self, row: MailRow) {
        if self.known.insert(row.id.clone(), row.mail.clone()).is_none() {
            self.mailbox.push(row);
        }
    }

    pub(crate) fn known_mail(&self) -> &BTreeMap<CommandId, Mail> {
        &self.known
    }
}
