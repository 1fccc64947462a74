//! Probes: named reads of the world that a tool's clauses need, each of them another tool's work.

use std::collections::BTreeMap;
use std::ops::Range;

use super::head::Draft;
use super::places::Parts;
use crate::grammar;
use crate::handoff::Giver;
use crate::loader::{Loader, meant};
use crate::reads::{Reads, Shape, place};
use crate::yaml::Entry;
use crate::{Name, Probe, after_defaults, code};

impl<'a> Loader<'a> {
    /// The probes of a tool, and all that its clauses read. One that is wrong but for its name can still be read, so that
    /// what reads it isn't an error of its own.
    pub(super) fn probes(&mut self, draft: &Draft<'a>) -> (Vec<Probe>, Parts) {
        // What the model leaves out is filled in before anything reads it.
        let args = draft.head.input.as_ref().map(|input| Shape::from(after_defaults(input.json())));
        let args = args.unwrap_or_else(Shape::unknown);
        let mut parts = Parts { args, result: draft.head.result(), probes: Vec::new() };
        let Some(entries) = draft.fields.get("probes").and_then(|node| self.map(node, "`probes`")) else {
            return (Vec::new(), parts);
        };
        let reads = self.places(&parts).at(place::PROBE_WITH);
        let mut probes = Vec::new();
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let named = self.name(entry).is_some();
            let (probe, shape) = self.probe(entry, &reads);
            if named {
                parts.probes.push((entry.key.as_str().into(), shape));
                probes.extend(probe);
            }
        }
        (probes, parts)
    }

    fn probe(&mut self, entry: &'a Entry, reads: &Reads) -> (Option<Probe>, Shape) {
        let Some(fields) = self.entry_fields(entry, "the probe", &grammar::PROBE) else {
            return (None, Shape::unknown());
        };
        let tool = self.required(&fields, "tool", "find_order").and_then(|node| self.named_tool(node));
        let taker = tool.as_ref().and_then(|(name, head)| head.taker(name));
        let giver = Giver { what: &fields.what, key: "with", span: &fields.span };
        let with = self.handed(fields.get("with"), giver, taker.as_ref(), reads);
        let shape = tool.as_ref().map_or(Shape::unknown(), |(_, head)| head.result());
        let probe = tool.zip(with);
        (probe.map(|((tool, _), with)| Probe { name: entry.key.as_str().into(), tool, with }), shape)
    }

    /// Refuses tools that probe each other in a circle: no call of any of them could begin.
    pub(super) fn probe_circles(&mut self, drafts: &[Draft<'a>]) {
        let mut after: BTreeMap<&Name, Vec<Name>> = BTreeMap::new();
        for draft in drafts {
            let Some(tool) = self.tools.get(&draft.name) else { continue };
            after.insert(&draft.name, tool.probes.iter().map(|probe| probe.tool.clone()).collect());
        }
        let mut reported: Vec<Name> = Vec::new();
        for draft in drafts {
            let Some(way) =
                circle(&after, &draft.name).filter(|way| !way.iter().any(|name| reported.contains(name)))
            else {
                continue;
            };
            self.probe_circle(&draft.at, &way);
            reported.extend(way);
        }
    }

    fn probe_circle(&mut self, at: &Range<usize>, way: &[Name]) {
        let message = match way {
            [only] => format!("the tool `{only}` probes by calling itself"),
            way => format!(
                "these tools probe by calling each other: {}",
                crate::loader::listed(way.iter().map(|name| &**name))
            ),
        };
        let found = self.error(code::PROBE_CIRCLE, at, message);
        found.help("probe with a tool that has no probes of its own: a plain read");
    }
}

/// The tools on a shortest way from `start` through probes back to it.
fn circle(after: &BTreeMap<&Name, Vec<Name>>, start: &Name) -> Option<Vec<Name>> {
    let mut from: BTreeMap<Name, Name> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start.clone()]);
    while let Some(name) = open.pop_front() {
        for next in after.get(&name).into_iter().flatten() {
            if next == start {
                let mut way = vec![name.clone()];
                while let Some(before) = way.last().and_then(|last| from.get(last)) {
                    way.push(before.clone());
                }
                way.reverse();
                return Some(way);
            }
            if !from.contains_key(next) {
                from.insert(next.clone(), name.clone());
                open.push_back(next.clone());
            }
        }
    }
    None
}
