//! What every section is read with: maps with known keys, texts, words, literals, and the errors that they share.
//!
//! A value that can't be read is reported once, where it stands, and reading goes on, so that one pass finds all errors.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use handfast_events::Money;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings};
use crate::limits::{ENTRIES_MAX, FILE_BYTES_MAX};
use crate::reads::Shape;
use crate::types::Types;
use crate::yaml::{Entry, Kind, Node, Style};
use crate::{Agent, Code, ModelUse, Name, Secret, Server, Tool, code, literal, suggest, traps};

/// The state of one load.
pub(crate) struct Loader<'a> {
    /// The contract's text.
    pub(crate) source: &'a str,
    pub(crate) findings: Findings,
    /// Reads a file by its path relative to the contract's folder.
    pub(crate) read: &'a mut dyn FnMut(&str) -> Result<String, String>,
    /// Every file that was read.
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) types: Types<'a>,
    /// What the settings came to. None of them is filled in while one is in error.
    pub(crate) settings: Value,
    pub(crate) settings_schema: Shape,
    pub(crate) settings_whole: bool,
    /// The names that each section declares, whether or not their entries could be read.
    pub(crate) declared: BTreeMap<&'static str, Vec<&'a str>>,
    pub(crate) models: BTreeMap<Name, ModelUse>,
    pub(crate) servers: BTreeMap<Name, Server>,
    pub(crate) tools: BTreeMap<Name, Arc<Tool>>,
    pub(crate) agents: BTreeMap<Name, Arc<Agent>>,
}

/// A map whose keys are known.
pub(crate) struct Fields<'a> {
    entries: &'a [Entry],
    /// Where a missing key is reported.
    pub(crate) span: Range<usize>,
    /// What it describes, for messages: ``the tool `refund` ``.
    pub(crate) what: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// What a map may hold: the keys that are read, and those that the language has and this release doesn't act on.
pub(crate) struct Keys {
    pub(crate) known: &'static [&'static str],
    pub(crate) planned: &'static [&'static str],
}

impl<'a> Loader<'a> {
    /// Begins to read this text; `read` gives the files that it names.
    pub(crate) fn new(
        source: &'a str,
        findings: Findings,
        read: &'a mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Self {
        Self {
            source,
            findings,
            read,
            files: BTreeMap::new(),
            types: Types::default(),
            settings: Value::Null,
            settings_schema: Shape::unknown(),
            settings_whole: true,
            declared: BTreeMap::new(),
            models: BTreeMap::new(),
            servers: BTreeMap::new(),
            tools: BTreeMap::new(),
            agents: BTreeMap::new(),
        }
    }

    pub(crate) fn error(
        &mut self,
        code: Code,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.findings.error(code, span.clone(), message)
    }

    /// Says that another kind of value is wanted, unless it was refused already.
    pub(crate) fn wrong_kind(&mut self, node: &Node, what: &str, wanted: &str) -> Option<&mut Diagnostic> {
        if matches!(node.kind, Kind::Refused) {
            return None;
        }
        let message = format!("{what} must be {wanted}, and this is {}", node.is_what());
        Some(self.error(code::WRONG_KIND, &node.span, message))
    }

    /// The entries of a map.
    pub(crate) fn map(&mut self, node: &'a Node, what: &str) -> Option<&'a [Entry]> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_kind(node, what, "a map");
            return None;
        };
        if entries.len() > ENTRIES_MAX {
            let message = format!("{what} has {} entries; at most {ENTRIES_MAX} fit", entries.len());
            self.error(code::TOO_LARGE, &node.span, message).help("split the contract");
            return None;
        }
        Some(entries)
    }

    /// A map with these keys; others are reported.
    pub(crate) fn fields(
        &mut self,
        node: &'a Node,
        what: impl Into<String>,
        keys: &Keys,
    ) -> Option<Fields<'a>> {
        let what = what.into();
        let entries = self.map(node, &what)?;
        for entry in meant(entries) {
            let key = entry.key.as_str();
            if keys.known.contains(&key) || key.is_empty() {
                continue;
            }
            if keys.planned.contains(&key) {
                self.not_built(&entry.at, &format!("`{key}`"));
                continue;
            }
            let known = keys.known.iter().chain(keys.planned).copied();
            let meant = suggest(key, known);
            let found = self.error(code::UNKNOWN_KEY, &entry.at, format!("{what} has no key `{key}`"));
            if meant.is_some() {
                found.meant(meant);
            } else {
                found.help(format!("it may have {}", listed(keys.known.iter().copied())));
            }
        }
        Some(Fields { entries, span: head(node, self.source), what })
    }

    /// The fields of an entry: what is missing is reported at its name.
    pub(crate) fn entry_fields(&mut self, entry: &'a Entry, kind: &str, keys: &Keys) -> Option<Fields<'a>> {
        let fields = self.fields(&entry.value, format!("{kind} `{}`", entry.key), keys)?;
        Some(Fields { span: entry.at.clone(), ..fields })
    }

    /// Refuses a word that the language has and this release doesn't act on.
    pub(crate) fn not_built(&mut self, span: &Range<usize>, what: &str) {
        self.not_built_but(span, what, "take it out: a promise that nobody keeps would be worse than none");
    }

    /// The same, where something else can be said instead.
    pub(crate) fn not_built_but(&mut self, span: &Range<usize>, what: &str, instead: &str) {
        let found =
            self.error(code::NOT_BUILT, span, format!("{what} is part of the language but not built yet"));
        found.help(instead);
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&mut self, fields: &Fields<'a>, key: &str, example: &str) -> Option<&'a Node> {
        if let Some(node) = fields.get(key) {
            return Some(node);
        }
        let found = self.error(code::MISSING_KEY, &fields.span, format!("{} has no `{key}`", fields.what));
        found.help(format!("add it: `{key}: {example}`"));
        None
    }

    /// Texts that people read. A comment that may have cut one is worth a warning.
    pub(crate) fn prose(&mut self, node: &'a Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        let comment =
            node.comment_behind(self.source).filter(|comment| !comment.starts_with("# ") && *comment != "#");
        if let Some(comment) = comment {
            let message = format!("{what} ends at ` #`: YAML reads `{comment}` as a comment");
            let found = self.findings.warning(code::LINT_COMMENT, node.span.clone(), message);
            found.help("quote the whole text if that belongs to it, or put a blank behind the `#`");
        }
        Some(text)
    }

    /// A text that all YAML readers agree is one.
    pub(crate) fn text(&mut self, node: &'a Node, what: &str) -> Option<String> {
        let Kind::Text { text, style } = &node.kind else {
            self.wrong_kind(node, what, "a text");
            return None;
        };
        let reading = if *style == Style::Plain { traps::other_reading(text) } else { None };
        if let Some(reading) = reading {
            let message = format!("{what} must be a text, and YAML reads this as {reading}");
            let found = self.error(code::OTHER_READING, &node.span, message);
            found.help(if text.is_empty() {
                "write the text".to_owned()
            } else {
                format!("quote it: {}", traps::quoted(text))
            });
            return None;
        }
        let text = text.trim();
        if text.is_empty() {
            self.error(code::MISSING_KEY, &node.span, format!("{what} is empty")).help("write the text");
            return None;
        }
        Some(text.to_owned())
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, node: &'a Node, what: &str) -> Vec<String> {
        let Some(items) = self.list(node, what) else { return Vec::new() };
        items.iter().filter_map(|item| self.prose(item, what)).collect()
    }

    pub(crate) fn list(&mut self, node: &'a Node, what: &str) -> Option<&'a [Node]> {
        match &node.kind {
            Kind::List(items) if items.len() <= ENTRIES_MAX => Some(items),
            Kind::List(items) => {
                let message = format!("{what} has {} entries; at most {ENTRIES_MAX} fit", items.len());
                self.error(code::TOO_LARGE, &node.span, message).help("split the contract");
                None
            }
            _ => {
                self.wrong_kind(node, what, "a list");
                None
            }
        }
    }

    /// One of the words that fit; `planned` ones are refused as not built.
    pub(crate) fn choice<T: Copy>(&mut self, node: &'a Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names = || words.iter().map(|(word, _)| *word);
        let meant = suggest(&text, names());
        let found = self.error(code::NO_CHOICE, &node.span, format!("{what} can't be `{text}`"));
        found.meant(meant).help(format!("it is one of {}", listed(names())));
        None
    }

    /// A literal, which may be a plain number.
    fn literal<T>(
        &mut self,
        node: &'a Node,
        what: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some((text, _)) = node.said() else {
            self.wrong_kind(node, what, "a literal");
            return None;
        };
        match read(text.trim()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.error(code::BAD_LITERAL, &node.span, message);
                None
            }
        }
    }

    pub(crate) fn duration(&mut self, node: &'a Node, what: &str) -> Option<Duration> {
        self.literal(node, what, literal::duration)
    }

    pub(crate) fn count(&mut self, node: &'a Node, what: &str) -> Option<u64> {
        self.literal(node, what, literal::count)
    }

    pub(crate) fn money(&mut self, node: &'a Node, what: &str) -> Option<Money> {
        self.literal(node, what, |text| text.parse::<Money>().map_err(|error| error.to_string()))
    }

    /// `{ secret: NAME }`.
    pub(crate) fn secret(&mut self, node: &'a Node, what: &str) -> Option<Secret> {
        if node.said().is_some() {
            // Told without its line: that would print the secret.
            let before = self.source.get(..node.span.start).unwrap_or("");
            let message =
                format!("line {}: {what} must be `{{ secret: NAME }}`", before.matches('\n').count() + 1);
            let found = self.findings.error_outside(code::WRONG_KIND, message);
            found.help(
                "name the environment's variable that holds it; a contract never holds the secret itself",
            );
            return None;
        }
        let fields = self.fields(node, what, &Keys { known: &["secret"], planned: &[] })?;
        let name = self.required(&fields, "secret", "NAME_OF_A_VARIABLE")?;
        let text = self.text(name, "a secret's name")?;
        self.variable(name, &text).then_some(Secret(text))
    }

    /// Whether this can be the name of a variable of the environment.
    pub(crate) fn variable(&mut self, node: &Node, name: &str) -> bool {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let good = name.chars().all(fits)
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.len() <= 128;
        if !good {
            let found =
                self.error(code::BAD_NAME, &node.span, "this can't be the name of an environment's variable");
            found.help("letters, digits and `_`; it names the variable, it isn't the secret");
        }
        good
    }

    /// The text of a file beside the contract.
    pub(crate) fn file(&mut self, node: &'a Node, what: &str) -> Option<String> {
        let path = self.text(node, what)?;
        let leaves = path.starts_with(['/', '\\', '~'])
            || path.contains(':')
            || path.split(['/', '\\']).any(|part| part == "..");
        if leaves {
            let found = self.error(
                code::BAD_FILE,
                &node.span,
                format!("`{path}` leads out of the contract's folder"),
            );
            found.help("put the file beside the contract and name it by a relative path");
            return None;
        }
        let text = match self.files.get(&path) {
            Some(text) => Ok(text.clone()),
            None => (self.read)(&path),
        };
        match text {
            Ok(text) if text.len() > FILE_BYTES_MAX => {
                let message = format!("`{path}` has {} bytes; a file may have {FILE_BYTES_MAX}", text.len());
                self.error(code::TOO_LARGE, &node.span, message).help("make it shorter");
                None
            }
            Ok(text) => {
                self.files.insert(path, text.clone());
                Some(text)
            }
            Err(reason) => {
                let found =
                    self.error(code::BAD_FILE, &node.span, format!("`{path}` can't be read: {reason}"));
                found.help("paths are relative to the contract's folder");
                None
            }
        }
    }
}

/// The entries that were meant: a condition that YAML cut at a comma leaves its rest behind as keys without a value.
pub(crate) fn meant(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    let mut cut = false;
    entries.iter().filter(move |entry| {
        let rest = cut && matches!(&entry.value.kind, Kind::Text { text, .. } if text.is_empty());
        cut = rest || traps::was_cut(&entry.value);
        !rest
    })
}

/// Where a map begins, for what it lacks: its first line, not the whole of it.
fn head(node: &Node, source: &str) -> Range<usize> {
    let text = source.get(node.span.clone()).unwrap_or("");
    let line = text.lines().next().unwrap_or("").trim_end();
    node.span.start..node.span.start + line.len()
}

/// `a`, `b` and `c`.
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) if others.len() < 30 => format!("{} and {last}", others.join(", ")),
        Some((_, others)) => {
            format!("{} and {} more", others.get(..30).unwrap_or(&[]).join(", "), others.len() - 29)
        }
    }
}
