//! An event as it is stored: an envelope, which holds no free text, and a payload apart from it.
//!
//! The chain covers the stored envelopes; each names the digest of its payload, salted so that a payload that was
//! erased can't be guessed back. So payloads can go, and the chain still verifies and says what is gone.

use serde::{Deserialize, Serialize};

use crate::{Body, CallId, DecodeError, Digest, Event, Hasher, RunId, Seq, StepId, Timestamp};

/// What is known of an event without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The run.
    pub run: RunId,
    /// Its place in the run's journal.
    pub seq: Seq,
    /// When it was decided.
    pub time: Timestamp,
    /// The kind's name.
    pub kind: std::borrow::Cow<'static, str>,
    /// The version of the kind's stored form.
    pub version: u32,
    /// The step it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// The call it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The salted digest of the payload as stored.
    pub payload: Digest,
}

/// A run's salt: destroyed with its payloads when the run is erased.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// The digest that an envelope names for this payload.
    pub fn digest(self, payload: &[u8]) -> Digest {
        let mut hasher = Hasher::default();
        hasher.update(&self.0);
        hasher.update(payload);
        hasher.finish()
    }
}

/// Where a run's journal stands: the newest event, and the chain up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The newest event's place; 0 before the first.
    pub seq: Seq,
    /// The chain over all envelopes up to it.
    pub chain: Digest,
}

/// The chain after one more stored envelope.
#[must_use]
pub fn chain(before: Digest, envelope: &[u8]) -> Digest {
    let mut hasher = Hasher::default();
    hasher.update(b"handfast/chain/v1\0");
    hasher.update(before.as_bytes());
    hasher.update(&Digest::of(envelope).as_bytes()[..]);
    hasher.finish()
}

/// One event's stored bytes. Neither part holds a line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The envelope, as JSON.
    pub envelope: Vec<u8>,
    /// The payload, as JSON.
    pub payload: Vec<u8>,
}

impl StoredEvent {
    /// Writes one event.
    ///
    /// # Errors
    /// Never for values that came from JSON.
    pub fn encode(run: RunId, salt: Salt, event: &Event) -> Result<Self, serde_json::Error> {
        let payload = event.body.encode()?;
        let envelope = Envelope {
            run,
            seq: event.seq,
            time: event.time,
            kind: event.body.name().into(),
            version: event.body.version(),
            step: event.step.clone(),
            call: event.call.clone(),
            payload: salt.digest(&payload),
        };
        Ok(Self { envelope: serde_json::to_vec(&envelope)?, payload })
    }

    /// Reads one event back.
    ///
    /// # Errors
    /// [`DecodeError::TooNew`]: use the release that wrote it. [`DecodeError::Damaged`]: quarantine the run.
    pub fn decode(&self) -> Result<Event, DecodeError> {
        let envelope: Envelope = serde_json::from_slice(&self.envelope)
            .map_err(|cause| DecodeError::Damaged { kind: "envelope".into(), cause })?;
        let body = Body::decode(&envelope.kind, envelope.version, &self.payload)?;
        Ok(Event { seq: envelope.seq, time: envelope.time, step: envelope.step, call: envelope.call, body })
    }
}
