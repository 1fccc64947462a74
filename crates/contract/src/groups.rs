//! Groups: clauses said once for many tools. They are read for each tool that is `in` the group, with what that one's
//! clauses may read, and stand with it under the group's address.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::grammar;
use crate::limits::SHARED_CLAUSES_MAX;
use crate::loader::{Fields, Loader};
use crate::reads::{Shape, place};
use crate::tools::Parts;
use crate::yaml::{Kind, Node};
use crate::{Approval, Clause, FailureRule, Group, Limits, Name, Schema, Tool, code};

/// The groups while tools are read.
#[derive(Default)]
pub(crate) struct Groups<'a> {
    drafts: BTreeMap<Name, GroupDraft<'a>>,
    /// How many clauses tools have from them.
    clauses: usize,
}

/// A group as it is read: its clauses wait for the tools that share them.
struct GroupDraft<'a> {
    fields: Fields<'a>,
    description: Option<String>,
    not_for: Vec<String>,
    limits: Limits,
    /// The file that it stands in: its names, and its settings.
    prefix: String,
    settings: Shape,
    /// Whether it was read for a tool.
    read: bool,
    /// What was reported for the tools before: the same is said once.
    said: Vec<Diagnostic>,
}

/// What a tool has from its groups.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) requires: Vec<Clause>,
    pub(crate) ensures: Vec<Clause>,
    pub(crate) not_for: Vec<String>,
    pub(crate) failures: Vec<Arc<FailureRule>>,
    pub(crate) approval: Option<Approval>,
    pub(crate) limits: Limits,
}

impl<'a> Loader<'a> {
    /// Reads the section `groups`, all but what depends on the tools that share it.
    pub(crate) fn read_groups(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "groups") {
            let Some(fields) = self.entry_fields(entry, "the group", &grammar::GROUP) else { continue };
            let description = fields.get("description").and_then(|node| self.prose(node, "`description`"));
            let not_for = fields.get("not_for").map(|node| self.texts(node, "`not_for`")).unwrap_or_default();
            let limits = self.limits(&fields, &grammar::TOOL_LIMITS);
            let (prefix, settings) = (self.prefix.clone(), self.settings_schema.clone());
            let (read, said) = (false, Vec::new());
            let draft = GroupDraft { fields, description, not_for, limits, prefix, settings, read, said };
            self.groups.drafts.insert(name, draft);
        }
    }

    /// The groups that are named here, and what the tool of these parts has from them.
    pub(crate) fn shared(
        &mut self,
        tool: &Fields<'a>,
        parts: &Parts,
        output: Option<&Schema>,
    ) -> (Vec<Name>, Shared) {
        let (mut groups, mut shared) = (Vec::new(), Shared::default());
        let Some(node) = tool.get("in") else { return (groups, shared) };
        for item in self.list(node, "`in`").unwrap_or_default() {
            let Some(text) = self.text(item, "a group's name") else { continue };
            let Some(name) = self.resolve(&item.span, "groups", "group", &text) else { continue };
            if groups.contains(&name) {
                self.error(code::CLASH, &item.span, format!("`{text}` is named twice")).help("keep it once");
                continue;
            }
            groups.push(name.clone());
            if self.groups.clauses > SHARED_CLAUSES_MAX {
                break;
            }
            let before = self.findings.count();
            let part = self.read_group(&name, parts, output);
            self.say_once(&name, before, tool, item);
            if tool.get("approval").is_none() && shared.approval.is_some() && part.approval.is_some() {
                let message = format!("`{text}` and a group before it both say whose approval is needed");
                let found = self.error(code::CLASH, &item.span, message);
                found.help("say in the tool itself which it is: `approval: …`");
            }
            shared.join(part);
        }
        (groups, shared)
    }

    /// What the group says of a tool of these parts, read as it stands in its own file.
    fn read_group(&mut self, name: &Name, parts: &Parts, output: Option<&Schema>) -> Shared {
        let Some(mut draft) = self.groups.drafts.remove(name) else { return Shared::default() };
        draft.read = true;
        let prefix = std::mem::replace(&mut self.prefix, draft.prefix.clone());
        let settings = std::mem::replace(&mut self.settings_schema, draft.settings.clone());
        let places = self.places(parts);
        let mut clauses = |key: &str, place| match draft.fields.get(key) {
            Some(node) => self.clauses(node, &format!("groups.{name}.{key}"), &places.at(place)),
            None => Vec::new(),
        };
        let (requires, ensures) = (clauses("requires", place::REQUIRES), clauses("ensures", place::ENSURES));
        let failures = draft.fields.get("failures");
        let failures = failures.map(|node| self.failures(node, &parts.args, output)).unwrap_or_default();
        let approval = draft.fields.get("approval");
        let approval = approval.and_then(|node| self.approval(node, &places.at(place::APPROVAL)));
        (self.prefix, self.settings_schema) = (prefix, settings);
        self.spend_shared(requires.len() + ensures.len() + failures.len(), &draft);
        let (not_for, limits) = (draft.not_for.clone(), draft.limits.clone());
        self.groups.drafts.insert(name.clone(), draft);
        Shared { requires, ensures, not_for, failures, approval, limits }
    }

    /// Counts clauses as often as they are shared, so that a few groups of many tools can't stand for millions.
    fn spend_shared(&mut self, clauses: usize, draft: &GroupDraft<'a>) {
        let before = self.groups.clauses;
        self.groups.clauses += clauses;
        if before <= SHARED_CLAUSES_MAX && self.groups.clauses > SHARED_CLAUSES_MAX {
            let message = format!("tools share more than {SHARED_CLAUSES_MAX} clauses of groups");
            self.error(code::TOO_LARGE, &draft.fields.span, message).help("split the contract");
        }
    }

    /// Names the tool that a finding in a group was made for; what was said for another tool isn't said again.
    fn say_once(&mut self, name: &Name, before: usize, tool: &Fields<'a>, item: &Node) {
        let found = self.findings.since(before);
        for mut finding in found {
            let Some(draft) = self.groups.drafts.get_mut(name) else { continue };
            if draft.said.contains(&finding) {
                continue;
            }
            draft.said.push(finding.clone());
            finding.also(item.span.clone(), format!("read for {}, which is in the group", tool.what));
            self.findings.put(finding);
        }
    }

    /// The tools that are in a group, in the contract's order. Those in error are left out.
    pub(crate) fn group_tools(&self, group: &str) -> Vec<Name> {
        let declared = self.declared.get("tools").map(Vec::as_slice).unwrap_or_default();
        let within = |tool: &Tool| tool.groups.iter().any(|name| **name == *group);
        let tools = declared.iter().filter_map(|name| self.tools.get(&**name));
        tools.filter(|tool| within(tool)).map(|tool| tool.name.clone()).collect()
    }

    /// Reads the clauses that no tool shares, so that they are checked too, and makes the groups of the contract.
    pub(crate) fn finish_groups(&mut self) -> BTreeMap<Name, Group> {
        let names: Vec<Name> = self.groups.drafts.keys().cloned().collect();
        let mut groups = BTreeMap::new();
        for name in names {
            if self.groups.drafts.get(&name).is_some_and(|draft| !draft.read) {
                self.read_group(&name, &Parts::unknown(), None);
            }
            let Some(draft) = self.groups.drafts.remove(&name) else { continue };
            let tool = self.declared.get("tools").is_some_and(|tools| tools.iter().any(|it| **it == *name));
            if tool {
                let message = format!("a tool and a group are both called `{name}`");
                let found = self.error(code::CLASH, &draft.fields.span, message);
                found.help("rename one: `may` takes either by its name");
            }
            let tools = self.group_tools(&name);
            let failures = match draft.fields.get("failures").map(|node| &node.kind) {
                Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.key.as_str().into()).collect(),
                _ => Vec::new(),
            };
            groups.insert(name.clone(), Group { name, description: draft.description, tools, failures });
        }
        groups
    }
}

impl Shared {
    fn join(&mut self, other: Self) {
        self.requires.extend(other.requires);
        self.ensures.extend(other.ensures);
        self.not_for.extend(other.not_for);
        self.failures.extend(other.failures);
        self.approval = self.approval.take().or(other.approval);
        self.limits = self.limits.lowest(&other.limits);
    }
}
