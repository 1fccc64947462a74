//! A model request, kept as what it adds to the one before it.
//!
//! A request is a stable head and a close. The head only grows, so each request is the head of the one before it with
//! a `delta` behind. Every prompt ever sent can be rebuilt to the byte, and a journal grows linearly with the
//! conversation.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, Hasher};

/// What one request adds to its step's request before it, as a journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptDelta {
    /// The bytes behind the head so far; the last `close_bytes` of them are the close.
    pub delta: Arc<str>,
    /// How many bytes at the end don't belong to the next request's head.
    pub close_bytes: u32,
    /// The digest of the whole request.
    pub digest: Digest,
    /// Whether it goes on from nothing: what stood before was summed up, or is written anew for another model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
}

/// A whole request, held as pieces that it shares with the ones before it: a copy costs a pointer, however long it is.
///
/// ```
/// use handfast_events::Prompt;
/// let (first, _) = Prompt::default().then("[hello", "]");
/// let (second, added) = first.then(", world", "]");
/// assert_eq!(second.text(), "[hello, world]");
/// assert_eq!(first.follow(&added).unwrap().text(), second.text());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// What each request added to the head, the newest first.
    newest: Option<Arc<Piece>>,
    /// Over the head.
    hasher: Hasher,
    /// The head's length in bytes.
    head_len: usize,
}

/// What one request added to the head, with its own close still behind it.
struct Piece {
    before: Option<Arc<Piece>>,
    delta: Arc<str>,
    /// How many bytes of it belong to the head.
    kept: usize,
}

impl Piece {
    fn head(&self) -> &str {
        self.delta.get(..self.kept).unwrap_or_default()
    }

    fn close(&self) -> &str {
        self.delta.get(self.kept..).unwrap_or_default()
    }
}

impl fmt::Debug for Piece {
    /// This one, and not all before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("delta", &self.delta).field("kept", &self.kept).finish_non_exhaustive()
    }
}

impl Drop for Piece {
    /// One after the other: a long request that dropped itself would go as deep as it is long.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut piece) = next.and_then(Arc::into_inner) {
            next = piece.before.take();
        }
    }
}

/// A journal's delta does not fit the request before it: the journal is damaged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// The close is longer than the delta, or cuts a character in two.
    #[error("a prompt's close of {close_bytes} bytes does not fit its delta of {delta_bytes}")]
    Close {
        /// As recorded.
        close_bytes: u32,
        /// As recorded.
        delta_bytes: usize,
    },
    /// The rebuilt bytes are not those that were sent.
    #[error("a prompt was rebuilt to {found}, but {expected} was sent")]
    Digest {
        /// As recorded.
        expected: Digest,
        /// As rebuilt.
        found: Digest,
    },
}

impl Prompt {
    /// The whole request's length in bytes.
    pub fn len(&self) -> usize {
        self.head_len + self.close().len()
    }

    /// How much of it the next request keeps, in bytes.
    pub const fn head_len(&self) -> usize {
        self.head_len
    }

    /// Whether nothing was ever asked.
    pub const fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// The end that the next request leaves out.
    fn close(&self) -> &str {
        self.newest.as_ref().map(|newest| newest.close()).unwrap_or_default()
    }

    /// The next request: this one's head, what is added to it, and a close of its own.
    #[must_use]
    pub fn then(&self, added: &str, close: &str) -> (Self, PromptDelta) {
        let delta: Arc<str> = [added, close].concat().into();
        let (next, digest) = self.grow(added, close, delta.clone());
        // A close is a few dozen bytes; one past 4 GiB could not have been allocated with its prompt.
        let close_bytes = u32::try_from(close.len()).unwrap_or(u32::MAX);
        (next, PromptDelta { delta, close_bytes, digest, anew: false })
    }

    /// A request that goes on from nothing, though one stood before it.
    pub fn anew(added: &str, close: &str) -> PromptDelta {
        let (_, delta) = Self::default().then(added, close);
        PromptDelta { anew: true, ..delta }
    }

    /// The request that a journal's delta describes.
    ///
    /// # Errors
    /// The delta doesn't fit: the journal is damaged; quarantine the run.
    pub fn follow(&self, delta: &PromptDelta) -> Result<Self, RebuildError> {
        let wrong = RebuildError::Close { close_bytes: delta.close_bytes, delta_bytes: delta.delta.len() };
        let kept = delta.delta.len().checked_sub(usize::try_from(delta.close_bytes).unwrap_or(usize::MAX));
        let Some((added, close)) = kept.and_then(|kept| delta.delta.split_at_checked(kept)) else {
            return Err(wrong);
        };
        let nothing = Self::default();
        let from = if delta.anew { &nothing } else { self };
        let (next, found) = from.grow(added, close, delta.delta.clone());
        if found == delta.digest {
            Ok(next)
        } else {
            Err(RebuildError::Digest { expected: delta.digest, found })
        }
    }

    /// The next request, and the digest of the whole.
    fn grow(&self, added: &str, close: &str, delta: Arc<str>) -> (Self, Digest) {
        let mut next = self.clone();
        next.hasher.update(added.as_bytes());
        let mut whole = next.hasher.clone();
        whole.update(close.as_bytes());
        next.newest = Some(Arc::new(Piece { before: next.newest.take(), delta, kept: added.len() }));
        next.head_len += added.len();
        (next, whole.finish())
    }

    /// The whole request.
    pub fn text(&self) -> String {
        let newest = self.newest.as_deref();
        let pieces = std::iter::successors(newest, |piece| piece.before.as_deref());
        let mut heads: Vec<&str> = pieces.map(Piece::head).collect();
        heads.reverse();
        let mut text = String::with_capacity(self.len());
        text.extend(heads);
        text.push_str(self.close());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each request must cost what it adds: were the pieces copied, this would go on for an hour.
    #[test]
    fn a_conversation_of_three_hundred_thousand_requests_costs_what_they_add() {
        let mut prompt = Prompt::default();
        for _ in 0..300_000 {
            let (next, delta) = prompt.then("on", "]");
            prompt = prompt.follow(&delta).unwrap();
            assert_eq!(prompt.len(), next.len());
        }
        assert_eq!(prompt.text().len(), 600_001);
    }
}
