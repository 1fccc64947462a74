//! Names: what may be one, and whether one that is used was declared.

use std::ops::Range;

use crate::limits::NAME_BYTES_MAX;
use crate::loader::{Loader, listed};
use crate::yaml::{Entry, Node};
use crate::{Name, code, suggest};

/// Words that CEL keeps.
const CEL_WORDS: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// What conditions read from; a name that is one of them would hide it.
const ROOTS: &[&str] =
    &["args", "input", "result", "old", "facts", "settings", "call", "error", "steps", "last"];

impl<'a> Loader<'a> {
    /// The entries of a section, each with its checked name.
    pub(crate) fn section(&mut self, node: &'a Node, section: &'static str) -> Vec<(Name, &'a Entry)> {
        let Some(entries) = self.map(node, &format!("`{section}`")) else { return Vec::new() };
        let named: Vec<&'a Entry> = entries.iter().filter(|entry| !entry.key.is_empty()).collect();
        self.declared.insert(section, named.iter().map(|entry| entry.key.as_str()).collect());
        named.into_iter().filter_map(|entry| Some((self.name(entry)?, entry))).collect()
    }

    /// A name that conditions can reach.
    pub(crate) fn name(&mut self, entry: &Entry) -> Option<Name> {
        let key = entry.key.as_str();
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        let problem = if key.len() > NAME_BYTES_MAX {
            format!("a name has at most {NAME_BYTES_MAX} bytes, this one {}", key.len())
        } else if !key.starts_with(|first: char| first.is_ascii_lowercase()) || !key.chars().all(letters) {
            format!(
                "`{key}` can't be a name: it begins with a small letter and has only small letters, digits and `_`"
            )
        } else if CEL_WORDS.contains(&key) {
            format!("`{key}` can't be a name: it is a word of CEL")
        } else if ROOTS.contains(&key) {
            format!("`{key}` can't be a name: conditions read something else by it")
        } else {
            return Some(key.into());
        };
        let better = key.to_lowercase().replace(|letter: char| !letters(letter), "_");
        let usable = better.len() <= NAME_BYTES_MAX
            && better.starts_with(|first: char| first.is_ascii_lowercase())
            && better != key;
        let found = self.error(code::BAD_NAME, &entry.at, problem);
        if usable {
            found.help(format!("write `{better}`"));
        } else {
            found.help("give it another name");
        }
        None
    }

    /// Whether a section declares this name; if not, that is reported with the nearest.
    pub(crate) fn declares(
        &mut self,
        span: &Range<usize>,
        section: &'static str,
        kind: &str,
        name: &str,
    ) -> bool {
        let names = self.declared.get(section).cloned().unwrap_or_default();
        if names.contains(&name) {
            return true;
        }
        let meant = suggest(name, names.iter().copied());
        let found = self.error(code::UNKNOWN_NAME, span, format!("there is no {kind} `{name}`"));
        if meant.is_some() {
            found.meant(meant);
        } else if names.is_empty() {
            found.help(format!("define it under `{section}:`"));
        } else {
            found.help(format!("`{section}:` has {}", listed(names.iter().copied())));
        }
        false
    }
}
