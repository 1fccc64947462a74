//! What every section is read with: maps with known keys, lists, texts, and the errors that they share.
//!
//! A value that can't be read is reported once, where it stands, and reading goes on, so that one pass finds all errors.

mod literals;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::allow::Allowance;
use crate::diagnostic::{Diagnostic, Findings};
use crate::files::File;
use crate::grammar::Form;
use crate::groups::Groups;
use crate::limits::{ENTRIES_MAX, PATTERNS_MEMORY_MAX, TYPED_PARTS_MAX};
use crate::load::Half;
use crate::locked::Held;
use crate::patterns::Budget;
use crate::reads::Shape;
use crate::tools::{Head, Origin};
use crate::types::Types;
use crate::yaml::{Entry, Kind, Node, Style};
use crate::{
    Agent, Code, Fact, Included, Invariant, Memory, ModelUse, Name, Role, Server, Tool, Workflow, code,
    suggest, traps,
};

/// The state of one load.
pub(crate) struct Loader<'a> {
    /// The texts of all files; places are ranges of it.
    pub(crate) source: &'a str,
    pub(crate) findings: Findings,
    /// Reads a file by its path relative to the contract's folder.
    pub(crate) read: &'a mut dyn FnMut(&str) -> Result<String, String>,
    /// Every file that was read.
    pub(crate) files: BTreeMap<String, String>,
    /// The bytes of all of them, of each as often as it is named.
    pub(crate) bytes: usize,
    /// The memory of all patterns that were compiled.
    pub(crate) patterns: Budget,
    /// The parts of types that expressions copied.
    pub(crate) typed: Budget,
    /// What stands before the names of the file at hand: nothing, or an include's name and a dot.
    pub(crate) prefix: String,
    /// The folder of the file at hand, relative to the main contract's; empty or ending in `/`.
    pub(crate) folder: String,
    /// Where the file at hand begins among all texts.
    pub(crate) start: usize,
    pub(crate) types: Types<'a>,
    /// What the settings came to. None of them is filled in while one is in error.
    pub(crate) settings: Value,
    pub(crate) settings_schema: Shape,
    pub(crate) settings_whole: bool,
    /// The names that each section declares, whether or not their entries could be read; those of includes with the
    /// include's name before them.
    pub(crate) declared: BTreeMap<&'static str, Vec<String>>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) models: BTreeMap<Name, ModelUse>,
    pub(crate) servers: BTreeMap<Name, Server>,
    pub(crate) facts: BTreeMap<Name, Fact>,
    pub(crate) tools: BTreeMap<Name, Arc<Tool>>,
    pub(crate) memory: BTreeMap<Name, Memory>,
    pub(crate) agents: BTreeMap<Name, Arc<Agent>>,
    pub(crate) workflows: BTreeMap<Name, Arc<Workflow>>,
    pub(crate) invariants: Vec<Invariant>,
    pub(crate) includes: BTreeMap<Name, Included>,
    /// The lock beside the contract, and what servers say now.
    pub(crate) held: Held,
    /// What stands before the names of includes that couldn't be read. What they would give is no unknown name.
    pub(crate) lost: Vec<String>,
    /// How often conditions were read for one of several tools.
    pub(crate) expanded: usize,
    /// What is known of each tool, also of those that are in error.
    pub(crate) tool_heads: BTreeMap<Name, Head>,
    pub(crate) groups: Groups<'a>,
    /// The steps that arguments must come from, for when the workflows are read.
    pub(crate) late_origins: Vec<Origin>,
    /// The files whose agents and workflows are to be read once the tools of all files are.
    pub(crate) halves: Vec<Half<'a>>,
    pub(crate) allowances: Vec<Allowance>,
}

/// What was known of a file before one that it includes was turned to.
pub(crate) struct Outer {
    prefix: String,
    folder: String,
    start: usize,
    settings: Value,
    schema: Shape,
    whole: bool,
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
            bytes: source.len(),
            patterns: Budget::new(PATTERNS_MEMORY_MAX),
            typed: Budget::new(TYPED_PARTS_MAX),
            prefix: String::new(),
            folder: String::new(),
            start: 0,
            types: Types::default(),
            settings: Value::Null,
            settings_schema: Shape::unknown(),
            settings_whole: true,
            declared: BTreeMap::new(),
            roles: BTreeMap::new(),
            models: BTreeMap::new(),
            servers: BTreeMap::new(),
            facts: BTreeMap::new(),
            tools: BTreeMap::new(),
            memory: BTreeMap::new(),
            agents: BTreeMap::new(),
            workflows: BTreeMap::new(),
            invariants: Vec::new(),
            includes: BTreeMap::new(),
            held: Held::default(),
            lost: Vec::new(),
            expanded: 0,
            tool_heads: BTreeMap::new(),
            groups: Groups::default(),
            late_origins: Vec::new(),
            halves: Vec::new(),
            allowances: Vec::new(),
        }
    }

    /// Turns to an included file; gives what to [leave](Self::leave) it with.
    pub(crate) fn enter(&mut self, file: &File) -> Outer {
        Outer {
            prefix: std::mem::replace(&mut self.prefix, file.prefix.clone()),
            folder: std::mem::replace(&mut self.folder, file.folder.clone()),
            start: std::mem::replace(&mut self.start, file.start),
            settings: std::mem::replace(&mut self.settings, Value::Null),
            schema: std::mem::replace(&mut self.settings_schema, Shape::unknown()),
            whole: std::mem::replace(&mut self.settings_whole, true),
        }
    }

    /// Turns back to the file that included it; gives what its settings came to.
    pub(crate) fn leave(&mut self, outer: Outer) -> Value {
        self.prefix = outer.prefix;
        self.folder = outer.folder;
        self.start = outer.start;
        self.settings_schema = outer.schema;
        self.settings_whole = outer.whole;
        std::mem::replace(&mut self.settings, outer.settings)
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
        if matches!(node.kind, Kind::Refused) || self.findings.is_full() {
            return None;
        }
        if let Some((at, hint)) = todo(node) {
            let message = match hint {
                "" => format!("{what} is still to be decided"),
                hint => format!("{what} is still to be decided: {hint}"),
            };
            let found = self.error(code::TODO, &at, message);
            found.help("write what was decided in place of `{ todo: … }`");
            return Some(found);
        }
        let message = format!("{what} must be {wanted}, and this is {}", node.is_what());
        let found = self.error(code::WRONG_KIND, &node.span, message);
        Some(match wanted {
            "a map" => found.help("write it as `{ key: value }`, or as lines of `key: value` below"),
            "a list" => found.help("write it as `[a, b]`, or as lines that begin with `- `"),
            "a text" => found.help("write the text in its place; quote it, if brackets belong to it"),
            "a literal" => found.help("write it like `12`, `10s` or `0.50 USD`"),
            _ => found,
        })
    }

    /// The entries of a map.
    pub(crate) fn map(&mut self, node: &'a Node, what: &str) -> Option<&'a [Entry]> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_kind(node, what, "a map");
            return None;
        };
        // Nothing more is kept of what is found, so nothing more is looked at.
        if self.findings.is_full() {
            return None;
        }
        if entries.len() > ENTRIES_MAX {
            let message = format!("{what} has {} entries; at most {ENTRIES_MAX} fit", entries.len());
            self.error(code::TOO_LARGE, &node.span, message).help("split the contract");
            return None;
        }
        Some(entries)
    }

    /// A map with the keys of this form; others are reported, and so are those that this release doesn't run.
    pub(crate) fn fields(
        &mut self,
        node: &'a Node,
        what: impl Into<String>,
        form: &'static Form,
    ) -> Option<Fields<'a>> {
        let what = what.into();
        let Some(entries) = self.map(node, &what) else {
            self.findings.explain(&node.span, form.example());
            return None;
        };
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let key = entry.key.as_str();
            match form.key(key) {
                Some(known) if known.runs => continue,
                Some(_) => {
                    self.not_run(&entry.at, &format!("`{key}`"));
                    continue;
                }
                None => {}
            }
            let known = || form.keys.iter().map(|key| key.name);
            let meant = suggest(key, known());
            let found = self.error(code::UNKNOWN_KEY, &entry.at, format!("{what} has no key `{key}`"));
            if meant.is_some() {
                found.meant(meant);
            } else {
                found.help(format!("it may have {}", listed(known())));
            }
        }
        if let Some(allow) = form.key("allow").and_then(|_| entries.iter().find(|entry| entry.key == "allow"))
        {
            self.allowances(allow, &node.span);
        }
        Some(Fields { entries, span: head(node, self.source), what })
    }

    /// The fields of an entry: what is missing is reported at its name.
    pub(crate) fn entry_fields(
        &mut self,
        entry: &'a Entry,
        kind: &str,
        form: &'static Form,
    ) -> Option<Fields<'a>> {
        let known = self.allowances.len();
        let fields = self.fields(&entry.value, format!("{kind} `{}`", entry.key), form)?;
        // A lint may point at the name itself.
        for allowance in self.allowances.iter_mut().skip(known) {
            allowance.within.start = allowance.within.start.min(entry.at.start);
        }
        Some(Fields { span: entry.at.clone(), ..fields })
    }

    /// Says of a part of the language that this release checks it and can't run it: `run` refuses the contract by this.
    pub(crate) fn not_run(&mut self, span: &Range<usize>, what: &str) {
        let message = format!("{what} is checked, and this release doesn't run it yet");
        let found = self.findings.not_run(code::NOT_RUN, span.clone(), message);
        found.help("take it out to run the contract: a promise that nobody keeps would be worse than none");
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
        if self.findings.is_full() {
            return None;
        }
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
            _ if self.findings.is_full() => None,
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

/// The items that were meant: a condition that YAML cut at a comma leaves its rest behind as items of its own.
pub(crate) fn meant_items(items: &[Node]) -> impl Iterator<Item = &Node> {
    let mut cut = false;
    items.iter().filter(move |item| {
        let rest = cut && matches!(item.kind, Kind::Text { .. });
        let cuts = |entries: &[Entry]| entries.iter().any(|entry| traps::was_cut(&entry.value));
        cut = rest || matches!(&item.kind, Kind::Map(entries) if cuts(entries));
        !rest
    })
}

/// What `{ todo: … }` says is to be decided.
fn todo(node: &Node) -> Option<(Range<usize>, &str)> {
    let Kind::Map(entries) = &node.kind else { return None };
    let [Entry { key, at, value }] = entries.as_slice() else { return None };
    let (hint, _) = value.said()?;
    (key == "todo").then_some((at.clone(), hint))
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
