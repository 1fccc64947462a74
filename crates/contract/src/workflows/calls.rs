//! Which workflows start which: read from the names alone, so that each is read after those whose output it hands on,
//! wherever they stand.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::limits::WORKFLOW_DEPTH_MAX;
use crate::loader::Loader;
use crate::yaml::{Entry, Kind, Node};
use crate::{Name, code};

/// The names of workflows that the steps below a node start, and where. The text's depth is bounded, and so is this.
fn started<'a>(node: &'a Node, found: &mut Vec<(&'a str, Range<usize>)>) {
    let Kind::Map(entries) = &node.kind else { return };
    for entry in entries {
        match (entry.key.as_str(), entry.value.said()) {
            ("workflow", Some((name, _))) => found.push((name.trim(), entry.value.span.clone())),
            ("steps" | "choose", _) => {
                let Kind::Map(steps) = &entry.value.kind else { continue };
                steps.iter().for_each(|step| started(&step.value, found));
            }
            ("otherwise", _) => started(&entry.value, found),
            _ => {}
        }
    }
}

/// What is known of a workflow while the order is made.
struct Seen<'a> {
    entry: &'a Entry,
    starts: Vec<(Name, Range<usize>)>,
    /// How deep the workflows that it starts start others; none before that is known.
    depth: Option<usize>,
}

impl<'a> Loader<'a> {
    /// The workflows in an order in which each comes after those that it starts. Circles are told, and cut.
    pub(super) fn in_order_of_calls(&mut self, section: Vec<(Name, &'a Entry)>) -> Vec<(Name, &'a Entry)> {
        let full = |name: &str| self.full(name);
        let mut all: BTreeMap<Name, Seen<'a>> = BTreeMap::new();
        for (name, entry) in &section {
            let mut found = Vec::new();
            started(&entry.value, &mut found);
            let starts = found.into_iter().map(|(name, at)| (full(name), at)).collect();
            all.insert(name.clone(), Seen { entry, starts, depth: None });
        }
        let mut order = Vec::new();
        for (name, _) in section {
            self.visit(&name, &mut all, &mut order);
        }
        order
    }

    /// Puts a workflow behind those that it starts. Walks with its own stack, since a chain may be as long as the section.
    fn visit(
        &mut self,
        first: &Name,
        all: &mut BTreeMap<Name, Seen<'a>>,
        order: &mut Vec<(Name, &'a Entry)>,
    ) {
        if all.get(first).is_none_or(|seen| seen.depth.is_some()) {
            return;
        }
        let mut open: Vec<(Name, usize)> = vec![(first.clone(), 0)];
        while let Some((name, next)) = open.pop() {
            let Some(seen) = all.get(&name) else { continue };
            let Some((other, at)) = seen.starts.get(next).cloned() else {
                let below = seen.starts.iter().filter_map(|(other, _)| all.get(other)?.depth);
                let depth = below.max().map_or(0, |below| below + 1);
                if depth == WORKFLOW_DEPTH_MAX {
                    self.too_deep(seen.entry);
                }
                order.push((name.clone(), seen.entry));
                if let Some(seen) = all.get_mut(&name) {
                    seen.depth = Some(depth);
                }
                continue;
            };
            open.push((name.clone(), next + 1));
            if let Some(start) = open.iter().position(|(open, _)| *open == other) {
                let circle: Vec<&str> = open.iter().skip(start).map(|(name, _)| &**name).collect();
                self.circle(&circle, &at);
            } else if all.get(&other).is_some_and(|seen| seen.depth.is_none()) {
                open.push((other, 0));
            }
        }
    }

    fn circle(&mut self, circle: &[&str], at: &Range<usize>) {
        let message = match circle {
            [only] => format!("the workflow `{only}` starts itself"),
            [first, ..] => {
                let way = circle.iter().chain([first]).map(|name| format!("`{name}`"));
                format!("workflows start each other in a circle: {}", way.collect::<Vec<_>>().join(" → "))
            }
            [] => return,
        };
        let found = self.error(code::WORKFLOW_CIRCLE, at, message);
        found.help("what is to be done again and again is a `repeat` with `until`");
    }

    fn too_deep(&mut self, entry: &Entry) {
        let message = format!(
            "the workflow `{}` starts one that starts another, and so on, more than {WORKFLOW_DEPTH_MAX} deep",
            entry.key
        );
        self.error(code::TOO_LARGE, &entry.at, message).help("put steps of several of them into one");
    }
}
