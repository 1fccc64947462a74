//! The idempotency key of a call: the same on every attempt and every worker, never chosen by a model.

use crate::{CallId, Digest, Hasher, RunId};

/// Crockford's base 32 in lower case: no letter that is mistaken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Mints the key of one call: `hf_` and 26 characters of SHA-256 over the run and the call's id.
///
/// ```
/// use handfast_events::{CallId, RunId, call_key};
/// let key = call_key(RunId::from_bytes([7; 16]), &CallId::new("refund@1.0"));
/// assert!(key.starts_with("hf_") && key.len() == 29);
/// ```
pub fn call_key(run: RunId, call: &CallId) -> String {
    let mut hasher = Hasher::default();
    hasher.update(b"handfast/call-key/v1\0");
    hasher.update(run.as_bytes());
    hasher.update(call.as_str().as_bytes());
    // The first 130 bits.
    format!("hf_{}", base_32(&hasher.finish(), 26))
}

/// The beginning of a digest in so many characters of 5 bits each.
pub(crate) fn base_32(digest: &Digest, characters: usize) -> String {
    let bit = |index: usize| {
        digest.as_bytes().get(index / 8).map_or(0, |byte| usize::from(byte >> (7 - index % 8)) & 1)
    };
    let character = |start: usize| (start..start + 5).fold(0, |value, index| value << 1 | bit(index));
    (0..characters).filter_map(|place| ALPHABET.get(character(place * 5)).copied().map(char::from)).collect()
}
