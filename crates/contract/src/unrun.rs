//! Which parts of a contract this release checks and doesn't run, by their addresses.
//!
//! The notes that say so know their places; the grammar knows what stands there. It decides nothing itself.

use std::collections::HashMap;

use crate::Diagnostic;
use crate::diagnostic::Severity;
use crate::files::File;
use crate::grammar::{self, Form, Holds};
use crate::limits::DIAGNOSTICS_MAX;
use crate::yaml::{Kind, Node};

/// Stands for the whole contract: nobody can say which part it is.
pub const ANY_PART: &str = "*";

/// A place: the file, its first byte and the one behind its last.
type Place = (String, usize, usize);

/// The parts that these notes are about.
pub(crate) fn parts(file: &File, diagnostics: &[Diagnostic]) -> Vec<String> {
    let notes: Vec<&Diagnostic> =
        diagnostics.iter().filter(|found| found.severity == Severity::NotRun).collect();
    if notes.is_empty() {
        return Vec::new();
    }
    let mut walk = Walk::default();
    walk.file(file);
    let part = |note: &&Diagnostic| {
        let label = note.labels.first()?;
        walk.parts.get(&(label.file.clone(), label.span.start, label.span.end)).cloned()
    };
    let mut parts: Vec<String> =
        notes.iter().map(|note| part(note).unwrap_or_else(|| ANY_PART.to_owned())).collect();
    if diagnostics.len() >= DIAGNOSTICS_MAX {
        parts.push(ANY_PART.to_owned());
    }
    parts.sort();
    parts.dedup();
    parts
}

/// The addresses of all keys and values, by their places.
#[derive(Default)]
struct Walk {
    parts: HashMap<Place, String>,
    path: String,
    start: usize,
    prefix: String,
}

impl Walk {
    fn file(&mut self, file: &File) {
        (self.path, self.start) = (file.path.clone(), file.start);
        self.prefix.clone_from(&file.prefix);
        self.form(&file.tree, &grammar::CONTRACT, "");
        file.includes.iter().for_each(|inner| self.file(inner));
    }

    fn form(&mut self, node: &Node, form: &'static Form, address: &str) {
        let Kind::Map(entries) = &node.kind else { return };
        for entry in entries {
            let inner = join(address, &entry.key);
            self.keep(&entry.at, &inner);
            self.keep(&entry.value.span, &inner);
            if let Some(key) = form.key(&entry.key) {
                self.value(&entry.value, &key.holds, &inner);
            }
        }
    }

    fn value(&mut self, node: &Node, holds: &'static Holds, address: &str) {
        match (holds, &node.kind) {
            (Holds::Form(form), Kind::Map(_)) => self.form(node, form, address),
            (Holds::Map(inner), Kind::Map(entries)) => {
                // The names of a section; those of an include have its name before them.
                let is_section = !address.contains('.');
                for entry in entries {
                    let name =
                        if is_section { format!("{}{}", self.prefix, entry.key) } else { entry.key.clone() };
                    let inside = join(address, &name);
                    self.keep(&entry.at, &inside);
                    self.keep(&entry.value.span, &inside);
                    self.value(&entry.value, inner, &inside);
                }
            }
            (Holds::List(inner), Kind::List(items)) => {
                for item in items {
                    self.keep(&item.span, address);
                    self.value(item, inner, address);
                }
            }
            // A place is kept once however often it is walked over.
            (Holds::Either(ways), _) => ways.iter().for_each(|way| self.value(node, way, address)),
            _ => {}
        }
    }

    fn keep(&mut self, span: &std::ops::Range<usize>, address: &str) {
        let (start, end) = (span.start.saturating_sub(self.start), span.end.saturating_sub(self.start));
        self.parts.entry((self.path.clone(), start, end)).or_insert_with(|| address.to_owned());
    }
}

fn join(address: &str, key: &str) -> String {
    if address.is_empty() { key.to_owned() } else { format!("{address}.{key}") }
}
