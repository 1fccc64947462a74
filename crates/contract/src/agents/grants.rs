//! What an agent may do: tools and groups of them, each perhaps only where a condition holds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::limits::NAME_BYTES_MAX;
use crate::loader::{Loader, meant, meant_items};
use crate::reads::{Reads, Shape};
use crate::yaml::{Entry, Kind, Node};
use crate::{Clause, Grant, Name, Tool, code, suggest};

/// A grant, and where it stands.
type Placed = (Grant, Range<usize>);

/// Grants in the contract's order, and the place of each among them by the name that a model is shown.
#[derive(Default)]
struct Grants {
    list: Vec<Placed>,
    shown: BTreeMap<String, usize>,
}

impl<'a> Loader<'a> {
    /// Reads the key `may`.
    pub(super) fn grants(&mut self, node: &'a Node, agent: &str, reads: &Reads) -> Vec<Grant> {
        let Some(items) = self.list(node, "`may`") else { return Vec::new() };
        let mut grants = Grants::default();
        for item in meant_items(items) {
            let found = match &item.kind {
                Kind::Map(entries) => {
                    meant(entries).flat_map(|entry| self.conditional(entry, agent, reads)).collect()
                }
                _ => self.unconditional(item, agent),
            };
            for (grant, span) in found {
                self.granted(grant, span, &mut grants);
            }
        }
        grants.list.into_iter().map(|(grant, _)| grant).collect()
    }

    fn granted(&mut self, grant: Grant, span: Range<usize>, grants: &mut Grants) {
        let shown = grant.tool.shown_name();
        let Some((other, first)) = grants.shown.get(&shown).and_then(|place| grants.list.get(*place)) else {
            if shown.len() > NAME_BYTES_MAX {
                let message = format!(
                    "a model would be shown `{shown}`, and a name has at most {NAME_BYTES_MAX} bytes"
                );
                self.error(code::SHOWN_NAME, &span, message).help("give the include a shorter name");
            }
            grants.shown.insert(shown, grants.list.len());
            grants.list.push((grant, span));
            return;
        };
        let first = first.clone();
        if other.tool.name != grant.tool.name {
            let message = format!(
                "a model would be shown `{}` and `{}` as one: `{shown}`",
                other.tool.name, grant.tool.name
            );
            let found = self.error(code::SHOWN_NAME, &span, message);
            found.also(first, "the other one").help("rename the tool, or the include");
            return;
        }
        let found = self.error(code::CLASH, &span, format!("`{}` is granted twice", grant.tool.name));
        found.label("again here").also(first, "first here").help("put both conditions into one");
    }

    fn unconditional(&mut self, item: &'a Node, agent: &str) -> Vec<Placed> {
        let Some(name) = self.text(item, "a tool's name") else { return Vec::new() };
        let address = format!("agents.{agent}.may.{name}");
        let tools = self.granted_tools(&name, &item.span);
        let grant = |tool| (Grant { tool, condition: None, address: address.clone() }, item.span.clone());
        tools.into_iter().map(grant).collect()
    }

    fn conditional(&mut self, entry: &'a Entry, agent: &str, reads: &Reads) -> Vec<Placed> {
        let name = entry.key.as_str();
        if name.is_empty() {
            return Vec::new();
        }
        let tools = self.granted_tools(name, &entry.at);
        let address = format!("agents.{agent}.may.{name}");
        let mut grants = Vec::new();
        // The condition is read for each tool of a group, since it has to hold of each one's own arguments.
        for tool in tools {
            let reads = reads.clone().with("args", &Shape::Schema(tool.input.clone()));
            if !self.may_expand(&entry.value) {
                break;
            }
            let Some(condition) = self.condition(&entry.value, &reads) else { break };
            let sentence = condition.source().to_owned();
            let clause = Clause { address: address.clone(), sentence, condition };
            grants
                .push((Grant { tool, condition: Some(clause), address: address.clone() }, entry.at.clone()));
        }
        grants
    }

    /// The tools that a name stands for: one, or those of a group. An unknown name is reported.
    fn granted_tools(&mut self, name: &str, span: &Range<usize>) -> Vec<Arc<Tool>> {
        let full = self.full(name);
        let is_there = |names: &Vec<String>| names.iter().any(|name| **name == *full);
        if self.declared.get("groups").is_some_and(is_there) {
            let tools: Vec<Name> = self.group_tools(&full);
            return tools.iter().filter_map(|tool| self.tools.get(tool).cloned()).collect();
        }
        let groups = self.declared.get("groups").cloned().unwrap_or_default();
        if !self.declared.get("tools").is_some_and(is_there)
            && let Some(meant) = suggest(&full, groups.iter().map(String::as_str))
        {
            let found = self.error(code::UNKNOWN_NAME, span, format!("there is no tool or group `{name}`"));
            found.meant(Some(meant));
            return Vec::new();
        }
        let tool = self.resolve(span, "tools", "tool", name);
        tool.and_then(|name| self.tools.get(&name).cloned()).into_iter().collect()
    }
}
