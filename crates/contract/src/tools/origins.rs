//! Where values come from and where they may go: labels of results, and the origins that arguments must have.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::head::Draft;
use crate::loader::{Loader, listed};
use crate::yaml::{Kind, Node};
use crate::{Block, DataLabel, Otherwise, Step, StepWork, code, suggest};

/// A step that an argument must come from. Workflows are read after tools, so that it is looked up at the end.
pub(crate) struct Origin {
    step: String,
    at: Range<usize>,
}

impl<'a> Loader<'a> {
    /// One label, or several.
    pub(super) fn labels(&mut self, node: &'a Node) -> Vec<DataLabel> {
        let words = [("untrusted", DataLabel::Untrusted), ("private", DataLabel::Private)];
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let labels: BTreeSet<DataLabel> =
            items.iter().filter_map(|item| self.choice(item, "`label`", &words)).collect();
        labels.into_iter().collect()
    }

    /// The arguments that must have come from somewhere, and from where.
    pub(super) fn origins(&mut self, node: &'a Node, draft: &Draft<'a>) -> BTreeMap<String, Vec<String>> {
        let mut origins = BTreeMap::new();
        let Some(entries) = self.map(node, "`from`") else { return origins };
        let input = draft.head.input.as_ref().map(|schema| schema.json());
        let known = input.and_then(|input| input.get("properties")?.as_object().cloned());
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if let Some(known) = known.as_ref().filter(|known| !known.contains_key(&entry.key)) {
                let names = || known.keys().map(String::as_str);
                let meant = suggest(&entry.key, names());
                let message = format!("{} has no input `{}`", draft.fields.what, entry.key);
                let found = self.error(code::UNKNOWN_NAME, &entry.at, message);
                if meant.is_some() {
                    found.meant(meant);
                } else {
                    found.help(format!("its input is {}", listed(names())));
                }
            }
            let Some(items) = self.list(&entry.value, "what an argument comes `from`") else { continue };
            if items.is_empty() {
                let message =
                    format!("`{}` would have to come from nothing, and no call could be made", entry.key);
                self.error(code::BAD_ORIGIN, &entry.value.span, message)
                    .help("name what it may come from: `[ input, steps.NAME ]`");
            }
            let paths = items.iter().filter_map(|item| self.origin(item)).collect();
            origins.insert(entry.key.clone(), paths);
        }
        origins
    }

    /// `input`, `steps.order`, or a field of one of them.
    fn origin(&mut self, node: &'a Node) -> Option<String> {
        let text = self.text(node, "a place to come from")?;
        let mut parts = text.split('.');
        let root = parts.next();
        let word = |part: &str| {
            !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        let good = text.split('.').all(word);
        match (root, parts.next()) {
            (Some("input"), _) if good => Some(text),
            (Some("steps"), Some(step)) if good => {
                self.late_origins.push(Origin { step: step.to_owned(), at: node.span.clone() });
                Some(text)
            }
            _ => {
                let found = self.error(code::BAD_ORIGIN, &node.span, format!("nothing comes from `{text}`"));
                found.help("it is `input` or `steps.NAME`, or a field of one of them");
                None
            }
        }
    }

    /// Whether the steps that arguments must come from are there. Asked once all workflows are read; where one of them
    /// couldn't be, that has been said, and its steps aren't known.
    pub(crate) fn check_origins(&mut self) {
        if self.findings.errors() > 0 {
            return;
        }
        let mut names = BTreeSet::new();
        for workflow in self.workflows.values() {
            step_names(&workflow.steps, &mut names);
        }
        for origin in std::mem::take(&mut self.late_origins) {
            if names.contains(&origin.step) {
                continue;
            }
            let meant = suggest(&origin.step, names.iter().map(String::as_str));
            let message = format!("no workflow has a step `{}`", origin.step);
            let found = self.findings.error(code::UNKNOWN_NAME, origin.at, message);
            if meant.is_some() {
                found.meant(meant);
            } else {
                found.help("name a step of a workflow that uses this tool");
            }
        }
    }
}

fn step_names(steps: &[std::sync::Arc<Step>], names: &mut BTreeSet<String>) {
    let mut within = |block: &Block| step_names(&block.steps, names);
    for step in steps {
        match &step.work {
            StepWork::Choose(branches) => branches.iter().for_each(|branch| within(&branch.block)),
            StepWork::Repeat { block, .. } | StepWork::Each { block, .. } => within(block),
            _ => {}
        }
    }
    for step in steps {
        names.insert(step.name.to_string());
        if let Some(Otherwise::Step(other)) = &step.otherwise {
            names.insert(other.name.to_string());
        }
    }
}
