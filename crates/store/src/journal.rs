//! A run as it was read back, and how it is verified.

use handfast_events::{
    DecodeError, Digest, Envelope, Event, Format, Head, RunId, Salt, Seq, StoredEvent, chain,
};

use crate::{Damage, LoadError, RunRow};

/// A whole run, verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// The run's row; `row.head` is what the next append follows.
    pub row: RunRow,
    /// The run's salt, which the next append names.
    pub salt: Salt,
    /// All that happened.
    pub events: Vec<Event>,
}

/// What a verification found.
#[derive(Debug)]
pub struct VerifyReport {
    /// The run.
    pub run: RunId,
    /// Where the verified part ends.
    pub head: Head,
    /// The first event that is damaged, and in which way.
    pub damaged: Option<(Seq, Damage)>,
    /// What the journal was held against.
    pub checked: Checked,
}

/// What a journal was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Itself: its chain, its payloads and its row. A cut tail or a whole rewrite would only be found against a
    /// checkpoint kept elsewhere.
    Itself,
}

/// One append as it is stored, its lines taken apart and its large payloads in place.
pub(crate) struct StoredAppend {
    /// The place of its first event.
    pub(crate) first: Seq,
    /// How many events it says it holds.
    pub(crate) count: u64,
    /// The chain behind it.
    pub(crate) chain: Digest,
    /// Its envelopes.
    pub(crate) envelopes: Vec<Vec<u8>>,
    /// Its payloads; none where one is gone.
    pub(crate) payloads: Vec<Option<Vec<u8>>>,
}

/// Follows a run's appends and holds them against the chain.
pub(crate) struct Verifier {
    run: RunId,
    salt: Salt,
    head: Head,
}

/// Where a journal is damaged, and in which way.
pub(crate) type Found = (Seq, Damage);

impl Verifier {
    /// Before the first event.
    pub(crate) fn new(run: RunId, salt: Salt) -> Self {
        Self { run, salt, head: Head::default() }
    }

    /// Where the verified part ends.
    pub(crate) const fn head(&self) -> Head {
        self.head
    }

    /// Takes in the next append, handing on its events.
    pub(crate) fn follow(
        &mut self,
        append: StoredAppend,
        mut each: impl FnMut(StoredEvent) -> Result<(), DecodeError>,
    ) -> Result<(), Found> {
        let expected = self.head.seq.next();
        if append.first != expected {
            return Err((expected, Damage::Gap { expected, found: append.first }));
        }
        let found = append.envelopes.len() as u64;
        if append.count != found || append.payloads.len() as u64 != found || found == 0 {
            return Err((expected, Damage::Count { said: append.count, found }));
        }
        // The chain is held against the row before any single event is believed.
        let after = append.envelopes.iter().fold(self.head.chain, |before, envelope| chain(before, envelope));
        if after != append.chain {
            return Err((expected, Damage::Chain { recorded: append.chain, found: after }));
        }
        let mut seq = self.head.seq;
        for (envelope, payload) in append.envelopes.into_iter().zip(append.payloads) {
            seq = seq.next();
            let stored = self.event(seq, envelope, payload).map_err(|damage| (seq, damage))?;
            each(stored).map_err(|cause| (seq, Damage::Decode(cause)))?;
        }
        self.head = Head { seq, chain: after };
        Ok(())
    }

    /// Holds one event against its own envelope.
    fn event(&self, seq: Seq, envelope: Vec<u8>, payload: Option<Vec<u8>>) -> Result<StoredEvent, Damage> {
        let read: Envelope = serde_json::from_slice(&envelope)
            .map_err(|cause| Damage::Decode(DecodeError::Damaged { kind: "envelope".into(), cause }))?;
        if read.run != self.run || read.seq != seq {
            return Err(Damage::Misplaced);
        }
        let payload = payload.ok_or(Damage::PayloadMissing)?;
        let found = self.salt.digest(&payload);
        if found != read.payload {
            return Err(Damage::Payload { recorded: read.payload, found });
        }
        Ok(StoredEvent { envelope, payload })
    }

    /// Holds the end against the run's row.
    pub(crate) fn end(&self, recorded: Head) -> Result<(), Found> {
        if self.head.seq != recorded.seq {
            let seq = self.head.seq.min(recorded.seq).next();
            return Err((seq, Damage::End { recorded: recorded.seq, found: self.head.seq }));
        }
        if self.head.chain != recorded.chain {
            let damage = Damage::Chain { recorded: recorded.chain, found: self.head.chain };
            return Err((self.head.seq, damage));
        }
        Ok(())
    }
}

/// What a finding means to somebody who wanted the whole run.
pub(crate) fn refuse(run: RunId, (seq, damage): Found) -> LoadError {
    match damage {
        Damage::Decode(DecodeError::TooNew { .. }) => LoadError::TooNew { run },
        cause => LoadError::Damaged { run, seq, cause },
    }
}

/// Whether this release can read a run of that format.
pub(crate) fn is_known(format: Format) -> bool {
    format <= Format::CURRENT
}
