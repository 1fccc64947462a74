//! YAML that holds exactly the texts it is given, whatever these are: what isn't plainly harmless is quoted and escaped.
//!
//! It knows YAML and nothing of contracts. A text becomes one scalar or one comment, never a key, a line or a value more.

use crate::limits::COMMENT_CHARS_MAX;
use crate::traps::other_reading;

/// A value as it will be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    /// A text.
    Text(String),
    /// What YAML reads as a number, a boolean or nothing: JSON's own form.
    Literal(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// On one line, as it may stand within brackets.
    pub(super) fn flow(&self) -> String {
        match self {
            Self::Text(text) => scalar(text, Within::Flow),
            Self::Literal(text) => text.clone(),
            Self::List(items) if items.is_empty() => "[]".to_owned(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", "))
            }
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| format!("{}: {}", self::key(key), value.flow()));
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// On one line, as a block's value.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Text(text) => scalar(text, Within::Block),
            other => other.flow(),
        }
    }
}

impl From<&serde_json::Value> for Yaml {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(fields) => {
                // As a person would read a schema: what it is, then what it holds.
                let rank = |key: &str| {
                    let first = ["type", "properties", "required", "items"];
                    first.iter().position(|one| *one == key).unwrap_or(first.len())
                };
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(key, _)| rank(key));
                Self::Map(fields.into_iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
            plain => Self::Literal(plain.to_string()),
        }
    }
}

/// A key. An optional field ends in `?`.
pub(super) fn key(text: &str) -> String {
    let stem = text.strip_suffix('?').unwrap_or(text);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if starts_with_letter(stem) && stem.chars().all(plain) && other_reading(text).is_none() {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Words in a comment, on one line: nothing in them ends it.
pub(super) fn comment(text: &str) -> String {
    let seen: String = text.chars().map(|letter| if is_seen(letter) { letter } else { ' ' }).collect();
    let line = seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    cut(&line, COMMENT_CHARS_MAX)
}

/// So many characters at most, ending at a word where there is one.
pub(super) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => {
            let head = text.get(..end).unwrap_or("");
            let word =
                head.rfind(' ').filter(|at| *at > end / 2).and_then(|at| head.get(..at)).unwrap_or(head);
            format!("{}…", word.trim_end_matches([' ', ',', ';', ':']))
        }
    }
}

/// Whether a person who looks at it sees it, as what it is. Controls, marks of direction, joiners, odd blanks and what has no
/// meaning of its own are not seen.
pub(super) fn is_seen(letter: char) -> bool {
    match u32::from(letter) {
        0x20..=0x7e => true,
        0xad
        | 0x600..=0x605
        | 0x61c
        | 0x6dd
        | 0x70f
        | 0x115f..=0x1160
        | 0x1680
        | 0x17b4..=0x17b5
        | 0x180b..=0x180f
        | 0x2000..=0x200f
        | 0x2028..=0x202f
        | 0x205f..=0x206f
        | 0x3000
        | 0x3164
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0 => false,
        0xa1..=0xdfff | 0xf900..=0xffef => true,
        // Beyond the first plane: scripts and pictures, without tags, private use and what isn't assigned.
        0x10000..=0x1d172 | 0x1d17b..=0x323af => true,
        _ => false,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Block,
    Flow,
}

fn scalar(text: &str, within: Within) -> String {
    let plain = |letter: char| {
        letter.is_ascii_alphanumeric()
            || matches!(letter, '_' | '-' | '.' | '/' | ' ')
            || within == Within::Block && matches!(letter, ',' | ';' | '\'' | '(' | ')')
    };
    let is_plain = starts_with_letter(text)
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && other_reading(text).is_none();
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// In double quotes, with escapes for all that is not seen.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            letter if is_seen(letter) => out.push(letter),
            letter if u32::from(letter) <= 0xffff => out.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => out.push_str(&format!("\\U{:08X}", u32::from(letter))),
        }
    }
    out.push('"');
    out
}
