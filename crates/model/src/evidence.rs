//! What a provider sent, kept as evidence: whole to a limit, beyond it head and digest, and never a secret in it.

use std::sync::Arc;

use handfast_events::Hasher;

use crate::limits::{BODY_BYTES_MAX, DETAIL_CHARS_MAX};
use crate::mask::Masks;

/// A body as it comes in.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    head: Vec<u8>,
    bytes: u64,
    hasher: Hasher,
}

impl Evidence {
    /// Takes in the next bytes. Some are read beyond the limit, so that no secret is torn by the cut and slips through.
    pub(crate) fn feed(&mut self, bytes: &[u8], masks: &Masks) {
        let room = (BODY_BYTES_MAX + masks.longest()).saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.hasher.update(bytes);
    }

    /// All that was kept, as it came.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// How many bytes came in all.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The body as it is told; none where nothing came.
    pub(crate) fn finish(self, masks: &Masks) -> Option<Arc<str>> {
        if self.bytes == 0 {
            return None;
        }
        let mut text = masks.mask(&String::from_utf8_lossy(&self.head));
        if self.bytes > BODY_BYTES_MAX as u64 {
            // Masks may have made it shorter: what was read beyond the limit goes in any case, for a secret that was
            // torn where reading ended stands there, and no mask knows it.
            let beyond = self.head.len().saturating_sub(BODY_BYTES_MAX);
            text.truncate(text.floor_char_boundary(text.len().saturating_sub(beyond).min(BODY_BYTES_MAX)));
            text.push_str(&format!("\n… cut here: {} bytes in all, {}", self.bytes, self.hasher.finish()));
        }
        Some(text.into())
    }
}

/// Words of a provider as a failure quotes them: one line, cut, no control characters, no secret.
pub(crate) fn quote(said: &str, masks: &Masks) -> String {
    let masked = masks.mask(said);
    let words = masked.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(DETAIL_CHARS_MAX) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Key;

    #[test]
    fn a_body_past_the_limit_is_head_and_digest_and_a_secret_on_the_cut_stays_masked() {
        let mut masks = Masks::default();
        masks.add("THE_KEY", &Key::new("secret-value"));
        let mut evidence = Evidence::default();
        evidence.feed(&vec![b'x'; BODY_BYTES_MAX - 6], &masks);
        evidence.feed(b"secret-value and more", &masks);
        let digest = {
            let mut hasher = Hasher::default();
            hasher.update(&vec![b'x'; BODY_BYTES_MAX - 6]);
            hasher.update(b"secret-value and more");
            hasher.finish()
        };
        let body = evidence.finish(&masks).unwrap();
        assert!(
            body.ends_with(&format!("x[maske\n… cut here: {} bytes in all, {digest}", BODY_BYTES_MAX + 15))
        );
    }

    #[test]
    fn a_secret_torn_where_reading_ended_is_not_told_though_masks_made_the_rest_shorter() {
        let value = "a-secret-that-is-longer-than-its-mask-by-far";
        let mut masks = Masks::default();
        masks.add("K", &Key::new(value));
        for read in 1..value.len() {
            let mut evidence = Evidence::default();
            evidence.feed(value.as_bytes(), &masks);
            evidence.feed(&vec![b'.'; BODY_BYTES_MAX - read], &masks);
            evidence.feed(value.as_bytes(), &masks);
            evidence.feed(b" and more", &masks);
            let body = evidence.finish(&masks).unwrap();
            assert!(!body.contains("a-se"), "{read}");
        }
    }

    #[test]
    fn a_quote_is_one_short_line() {
        assert_eq!(quote("a\n\u{1b}[31m b\t c", &Masks::default()), "a [31m b c");
        assert_eq!(quote(&"é".repeat(1000), &Masks::default()).chars().count(), DETAIL_CHARS_MAX + 1);
    }
}
