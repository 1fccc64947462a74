//! A model request, kept as what it adds to the one before it.
//!
//! A request is a stable head and a close. The head only grows, so each request is the head of the one before it with
//! a `delta` behind. Every prompt ever sent can be rebuilt to the byte, and a journal grows linearly with the
//! conversation.

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
}

/// A whole request, held as shared pieces: a copy costs a pointer each.
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
    /// What each request added to the head, with its own close still behind it.
    pieces: Vec<(Arc<str>, usize)>,
    /// Over the head.
    hasher: Hasher,
    /// The head's length in bytes.
    head_len: usize,
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
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The end that the next request leaves out.
    fn close(&self) -> &str {
        self.pieces.last().and_then(|(delta, kept)| delta.get(*kept..)).unwrap_or_default()
    }

    /// The next request: this one's head, what is added to it, and a close of its own.
    #[must_use]
    pub fn then(&self, added: &str, close: &str) -> (Self, PromptDelta) {
        let delta: Arc<str> = [added, close].concat().into();
        let (next, digest) = self.grow(added, close, delta.clone());
        // A close is a few dozen bytes; one past 4 GiB could not have been allocated with its prompt.
        let close_bytes = u32::try_from(close.len()).unwrap_or(u32::MAX);
        (next, PromptDelta { delta, close_bytes, digest })
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
        let (next, found) = self.grow(added, close, delta.delta.clone());
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
        next.pieces.push((delta, added.len()));
        next.head_len += added.len();
        (next, whole.finish())
    }

    /// The whole request.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.len());
        for (delta, kept) in &self.pieces {
            text.push_str(delta.get(..*kept).unwrap_or_default());
        }
        text.push_str(self.close());
        text
    }
}
