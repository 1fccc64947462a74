//! The idempotency key of a call: the same on every attempt and every worker, never chosen by a model.

use crate::{CallId, Hasher, RunId};

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
    let digest = hasher.finish();
    let mut key = String::from("hf_");
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in digest.as_bytes() {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 && key.len() < 29 {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            key.push(char::from(*ALPHABET.get(index).unwrap_or(&b'0')));
        }
        bits &= (1 << held) - 1;
    }
    key
}
