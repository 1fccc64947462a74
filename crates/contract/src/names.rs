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

/// Whether CEL or conditions keep this name for themselves.
pub(crate) fn is_reserved(name: &str) -> bool {
    CEL_WORDS.contains(&name) || ROOTS.contains(&name)
}

impl<'a> Loader<'a> {
    /// The entries of a section, each with its checked name; an include's name stands before it.
    pub(crate) fn section(&mut self, node: &'a Node, section: &'static str) -> Vec<(Name, &'a Entry)> {
        let Some(entries) = self.map(node, &format!("`{section}`")) else { return Vec::new() };
        let named = entries.iter().filter(|entry| !entry.key.is_empty());
        let mut full = |entry| {
            let name = self.name(entry)?;
            Some((self.full(&name), entry))
        };
        named.filter_map(&mut full).collect()
    }

    /// Notes the names of a section, so that what names one of them is no error even where its entry is.
    pub(crate) fn declare(&mut self, section: &'static str, entries: &[Entry]) {
        let names = entries.iter().filter(|entry| !entry.key.is_empty());
        // What narrows an included tool was declared where that stands.
        let own = names.filter(|entry| section != "tools" || !entry.key.contains('.'));
        let names: Vec<String> = own.map(|entry| format!("{}{}", self.prefix, entry.key)).collect();
        self.declared.entry(section).or_default().extend(names);
    }

    /// A name of the file at hand, as the whole contract has it.
    pub(crate) fn full(&self, name: &str) -> Name {
        format!("{}{name}", self.prefix).into()
    }

    /// A name that conditions can reach.
    pub(crate) fn name(&mut self, entry: &Entry) -> Option<Name> {
        self.usable(&entry.key, &entry.at)
    }

    /// The same, of a name that stands as a value.
    pub(crate) fn usable(&mut self, key: &str, at: &Range<usize>) -> Option<Name> {
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
        let better = snake(key).replace(|letter: char| !letters(letter), "_");
        let usable = better.len() <= NAME_BYTES_MAX
            && better.starts_with(|first: char| first.is_ascii_lowercase())
            && better != key;
        let found = self.error(code::BAD_NAME, at, problem);
        if usable {
            found.help(format!("write `{better}`"));
        } else {
            found.help("give it another name");
        }
        None
    }

    /// Whether an include would have given this name, and couldn't be read: that was reported.
    pub(crate) fn is_lost(&self, full: &str) -> bool {
        self.lost.iter().any(|prefix| full.starts_with(prefix))
    }

    /// The full name of what a section declares by this one; if it declares none, that is reported with the nearest.
    pub(crate) fn resolve(
        &mut self,
        span: &Range<usize>,
        section: &'static str,
        kind: &str,
        name: &str,
    ) -> Option<Name> {
        let full = self.full(name);
        let names = self.declared.get(section).map(Vec::as_slice).unwrap_or_default();
        if names.iter().any(|name| **name == *full) {
            return Some(full);
        }
        if self.is_lost(&full) {
            return None;
        }
        let names: Vec<String> =
            names.iter().filter_map(|name| name.strip_prefix(&self.prefix)).map(str::to_owned).collect();
        let names = || names.iter().map(String::as_str);
        let found = self.error(code::UNKNOWN_NAME, span, format!("there is no {kind} `{name}`"));
        if let Some(meant) = suggest(name, names()) {
            found.meant(Some(meant));
        } else if names().next().is_none() {
            found.help(format!("define it under `{section}:`"));
        } else {
            found.help(format!("`{section}:` has {}", listed(names())));
        }
        None
    }
}

/// `findOrder` as `find_order`; what isn't of that kind, in small letters.
fn snake(key: &str) -> String {
    let mut snake = String::new();
    let mut small = false;
    for letter in key.chars() {
        if small && letter.is_uppercase() {
            snake.push('_');
        }
        small = letter.is_lowercase() || letter.is_ascii_digit();
        snake.extend(letter.to_lowercase());
    }
    snake
}
