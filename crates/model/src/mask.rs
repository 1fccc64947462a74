//! Secret values: held so that nothing prints them, and masked wherever they come back.

use std::fmt;
use std::sync::Arc;

use crate::limits::SECRET_BYTES_MIN;

/// A secret's value. Prints as nothing; there is no way to serialise it.
#[derive(Clone)]
pub(crate) struct Key(Arc<str>);

impl Key {
    /// Holds this value.
    pub(crate) fn new(value: &str) -> Self {
        Self(value.into())
    }

    /// The value, for the one header that it goes into.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The known secrets, and what stands in their place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks {
    /// Value (as it is and as JSON writes it) and the variable's name.
    known: Vec<(Key, String)>,
}

impl Masks {
    /// Masks this value, too. One under `limits::SECRET_BYTES_MIN` bytes can't be told from a word; it is never sent.
    pub(crate) fn add(&mut self, variable: &str, key: &Key) {
        let value = key.reveal();
        if value.len() < SECRET_BYTES_MIN {
            return;
        }
        let escaped = serde_json::Value::from(value).to_string();
        let escaped = escaped.trim_matches('"');
        if escaped != value {
            self.known.push((Key::new(escaped), variable.to_owned()));
        }
        self.known.push((key.clone(), variable.to_owned()));
        // Longest first: a secret that holds another one must not be torn by it.
        self.known.sort_by_key(|(key, _)| std::cmp::Reverse(key.reveal().len()));
    }

    /// The text with every known secret replaced.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (key, variable) in &self.known {
            if masked.contains(key.reveal()) {
                masked = masked.replace(key.reveal(), &format!("[masked {variable}]"));
            }
        }
        masked
    }

    /// The longest secret's length: what must be read beyond a cut so that none is torn by it.
    pub(crate) fn longest(&self) -> usize {
        self.known.first().map_or(0, |(key, _)| key.reveal().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_as_it_is_and_as_json_writes_it_and_never_printed() {
        let key = Key::new("sk-\"quoted\"-123");
        let mut masks = Masks::default();
        masks.add("OPENAI_API_KEY", &key);
        let text = format!("plain {} and {}", key.reveal(), serde_json::json!({ "key": key.reveal() }));
        let masked = masks.mask(&text);
        assert_eq!(masked, r#"plain [masked OPENAI_API_KEY] and {"key":"[masked OPENAI_API_KEY]"}"#);
        assert!(!format!("{masks:?} {key:?}").contains("quoted"));
    }
}
