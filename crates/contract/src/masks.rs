//! Secrets that somebody wrote out, made unreadable in whatever is printed: logs of builds are kept by many.
//!
//! Known by how the keys of services begin. It decides nothing: that such a key stands in a contract is a lint's to say.

use std::borrow::Cow;

/// Beginnings of keys that services give out.
const KEYS: &[&str] = &[
    "sk-",
    "sk_live_",
    "rk_live_",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "eyJhbGciOi",
];

/// Fewer letters are a word that only begins like a key.
const LETTERS_MIN: usize = 16;

/// Whether a value looks like a secret.
pub(crate) fn looks_secret(value: &str) -> bool {
    value.len() >= LETTERS_MIN && KEYS.iter().any(|key| value.starts_with(key))
}

/// The text with `*` for every letter of what looks like a secret, so that all places in it stay where they are.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.=/+".contains(letter);
    let mut out = String::new();
    let mut rest = text;
    let mut any = false;
    while let Some(start) = rest.find(is_part) {
        let (before, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|letter| !is_part(letter)).unwrap_or(word.len()));
        // A key may stand behind a name: `TOKEN=sk-…`, `user/ghp_…`.
        let behind =
            |at: &usize| *at == 0 || word.get(..*at).is_some_and(|name| name.ends_with(['=', '/', '+', '.']));
        let key = (0..word.len()).filter(behind).find(|at| word.get(*at..).is_some_and(looks_secret));
        let (open, secret) = word.split_at(key.unwrap_or(word.len()));
        any |= !secret.is_empty();
        out.push_str(before);
        out.push_str(open);
        out.extend(std::iter::repeat_n('*', secret.len()));
        rest = after;
    }
    out.push_str(rest);
    if any { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_and_its_neighbours_stay() {
        for (text, shown) in [
            ("Bearer sk-abcdefghijklmnop, ä", "Bearer !, ä".replace('!', &"*".repeat(19))),
            ("TOKEN=ghp_0123456789abcdef", "TOKEN=!".replace('!', &"*".repeat(20))),
            ("a task-list-of-many-words", "a task-list-of-many-words".to_owned()),
            ("sk-short", "sk-short".to_owned()),
            ("ä", "ä".to_owned()),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
