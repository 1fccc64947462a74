//! A model request, kept as what it adds to the one before it.
//!
//! A conversation grows at its end, so each request is the one before it, cut after `keep` bytes, with a `delta`
//! behind. Every prompt ever sent can be rebuilt to the byte, and a journal grows linearly with the conversation.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, Hasher};

/// What one request adds, as a journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptDelta {
    /// How many bytes of the step's request before it stand at its head; 0 for the first.
    pub keep: u64,
    /// The bytes behind them.
    pub delta: Arc<str>,
    /// The digest of the whole.
    pub digest: Digest,
}

/// A whole request, held as shared pieces: a copy costs a pointer each.
///
/// ```
/// use handfast_events::Prompt;
/// let (first, _) = Prompt::default().then(0, "[hello]".into());
/// let (second, added) = first.then(6, ", world]".into());
/// assert_eq!(second.text(), "[hello, world]");
/// assert_eq!(first.follow(&added).unwrap().text(), second.text());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    pieces: Vec<Piece>,
    tail: Arc<str>,
}

/// The part of a piece that later requests keep, with the state of the digest behind it.
#[derive(Clone, Debug)]
struct Piece {
    text: Arc<str>,
    /// How many bytes of `text` stand.
    kept: usize,
    /// Over all bytes up to here.
    hasher: Hasher,
}

/// A journal's delta does not fit the request before it: the journal is damaged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// It keeps bytes that aren't there, or keeps less than the stable head.
    #[error("a prompt keeps {keep} bytes where only those from {from} to {to} can be the cut")]
    Cut {
        /// Bytes to keep.
        keep: u64,
        /// The stable head's length.
        from: u64,
        /// The whole length.
        to: u64,
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
        self.head_len() + self.tail.len()
    }

    /// Whether nothing was ever asked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that were kept so far; the tail behind them may still be cut.
    fn head_len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.kept).sum()
    }

    /// The next request: this one's first `keep` bytes, and `delta`. A `keep` out of range is brought into it.
    #[must_use]
    pub fn then(&self, keep: usize, delta: Arc<str>) -> (Self, PromptDelta) {
        let head = self.head_len();
        let mut kept = keep.clamp(head, self.len()) - head;
        while !self.tail.is_char_boundary(kept) {
            kept -= 1;
        }
        let mut pieces = self.pieces.clone();
        let mut hasher = pieces.last().map(|piece| piece.hasher.clone()).unwrap_or_default();
        if kept > 0 {
            hasher.update(self.tail.as_bytes().get(..kept).unwrap_or_default());
            pieces.push(Piece { text: self.tail.clone(), kept, hasher: hasher.clone() });
        }
        hasher.update(delta.as_bytes());
        let added = PromptDelta { keep: (head + kept) as u64, delta: delta.clone(), digest: hasher.finish() };
        (Self { pieces, tail: delta }, added)
    }

    /// The request that a journal's delta describes.
    ///
    /// # Errors
    /// The delta doesn't fit: the journal is damaged; quarantine the run.
    pub fn follow(&self, added: &PromptDelta) -> Result<Self, RebuildError> {
        let (from, to) = (self.head_len() as u64, self.len() as u64);
        let (next, rebuilt) = self.then(usize::try_from(added.keep).unwrap_or(usize::MAX), added.delta.clone());
        if rebuilt.keep != added.keep {
            return Err(RebuildError::Cut { keep: added.keep, from, to });
        }
        if rebuilt.digest != added.digest {
            return Err(RebuildError::Digest { expected: added.digest, found: rebuilt.digest });
        }
        Ok(next)
    }

    /// The whole request.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.len());
        for piece in &self.pieces {
            text.push_str(piece.text.get(..piece.kept).unwrap_or_default());
        }
        text.push_str(&self.tail);
        text
    }
}
