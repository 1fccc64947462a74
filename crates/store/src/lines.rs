//! An append's events as one row keeps them: envelopes and payloads apart, one line each.
//!
//! One row for one commit costs one insertion, however many events it holds; apart, the payloads can be erased while
//! the envelopes stay. A large payload is kept elsewhere, under its salted digest, and its line is a marker.

use handfast_events::{Digest, Head, Seq, StoredEvent, chain};
use serde::{Deserialize, Serialize};

use crate::limits::{APPEND_BYTES_MAX, APPEND_EVENTS_MAX, PAYLOAD_INLINE_BYTES};
use crate::{Append, AppendError};

/// How a marker begins. A payload that begins so itself is always kept elsewhere, so a marker is never mistaken.
const MARK: &[u8] = b"{\"$payload\":";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    #[serde(rename = "$payload")]
    digest: Digest,
    bytes: u64,
}

/// An append, ready to be written.
#[derive(Clone)]
pub(crate) struct Encoded {
    /// The place of its first event.
    pub(crate) first: Seq,
    /// Where the run stands behind it.
    pub(crate) head: Head,
    /// How many events it holds.
    pub(crate) count: u64,
    /// Its envelopes, one line each.
    pub(crate) envelopes: Vec<u8>,
    /// Its payloads or their markers, one line each.
    pub(crate) payloads: Vec<u8>,
    /// Its large payloads.
    pub(crate) spilled: Vec<(Digest, Vec<u8>)>,
}

/// Writes an append's events.
pub(crate) fn encode(append: &Append) -> Result<Encoded, AppendError> {
    check(append)?;
    let mut encoded = Encoded {
        first: append.follows.seq.next(),
        head: append.follows,
        count: append.events.len() as u64,
        envelopes: Vec::new(),
        payloads: Vec::new(),
        spilled: Vec::new(),
    };
    let mut bytes = 0;
    for event in &append.events {
        let failed = |cause| AppendError::Encode { run: append.run, seq: event.seq, cause };
        let stored = StoredEvent::encode(append.run, append.salt, event).map_err(failed)?;
        bytes += stored.envelope.len() + stored.payload.len();
        encoded.head = Head { seq: event.seq, chain: chain(encoded.head.chain, &stored.envelope) };
        if encoded.envelopes.is_empty() {
            encoded.envelopes = stored.envelope;
        } else {
            encoded.envelopes.push(b'\n');
            encoded.envelopes.extend_from_slice(&stored.envelope);
        }
        if event.seq != append.follows.seq.next() {
            encoded.payloads.push(b'\n');
        }
        if stored.payload.len() > PAYLOAD_INLINE_BYTES || stored.payload.starts_with(MARK) {
            let digest = append.salt.digest(&stored.payload);
            let marker = Marker { digest, bytes: stored.payload.len() as u64 };
            serde_json::to_writer(&mut encoded.payloads, &marker).map_err(failed)?;
            encoded.spilled.push((digest, stored.payload));
        } else {
            encoded.payloads.extend_from_slice(&stored.payload);
        }
    }
    if bytes > APPEND_BYTES_MAX {
        return Err(AppendError::TooLarge { run: append.run, bytes, max: APPEND_BYTES_MAX });
    }
    Ok(encoded)
}

/// Refuses an append that contradicts itself, before anything is written.
fn check(append: &Append) -> Result<(), AppendError> {
    let mut expected = append.follows.seq;
    let in_order = append.events.iter().all(|event| {
        expected = expected.next();
        event.seq == expected
    });
    let begins = append.start.is_some();
    let why = if append.events.is_empty() {
        "it has no event"
    } else if append.events.len() > APPEND_EVENTS_MAX {
        "it has too many events"
    } else if !in_order {
        "its events are not numbered on from where it follows"
    } else if begins && append.follows != Head::default() {
        "it begins a run that it also follows"
    } else if begins && (append.epoch.0 != 0 || !append.taken.is_empty()) {
        "a run that begins has no epoch and no mail"
    } else {
        return Ok(());
    };
    Err(AppendError::Malformed { run: append.run, why })
}

/// Takes a row's envelopes apart.
pub(crate) fn envelopes(joined: &[u8]) -> Vec<Vec<u8>> {
    joined.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Takes a row's payloads apart; `fetch` finds the large ones. None where one is gone.
pub(crate) fn payloads<E>(
    joined: Option<&[u8]>,
    count: usize,
    mut fetch: impl FnMut(Digest) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<Option<Vec<u8>>>, E> {
    let Some(joined) = joined else { return Ok(vec![None; count]) };
    let lines = joined.split(|byte| *byte == b'\n');
    lines
        .map(|line| match marker(line) {
            // A marker whose length is wrong was changed: its line is handed on, and its digest won't fit.
            Some(marker) => Ok(fetch(marker.digest)?
                .map(|payload| if payload.len() as u64 == marker.bytes { payload } else { line.to_vec() })),
            None => Ok(Some(line.to_vec())),
        })
        .collect()
}

/// Reads a marker, if the line is one to the byte.
fn marker(line: &[u8]) -> Option<Marker> {
    if !line.starts_with(MARK) {
        return None;
    }
    let marker: Marker = serde_json::from_slice(line).ok()?;
    (serde_json::to_vec(&marker).ok()? == line).then_some(marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_looks_like_a_marker_is_no_marker() {
        let stored: Vec<Option<Vec<u8>>> =
            payloads::<()>(Some(b"{\"$payload\":1}\n{}"), 2, |_| panic!("nothing to fetch")).unwrap();
        assert_eq!(stored, [Some(b"{\"$payload\":1}".to_vec()), Some(b"{}".to_vec())]);
    }
}
