//! Roles and facts: whom a contract speaks of, and what a run may establish.

use std::collections::BTreeMap;

use crate::grammar;
use crate::limits::NAME_BYTES_MAX;
use crate::loader::Loader;
use crate::reads::{Presence, Shape, record};
use crate::yaml::{Entry, Kind, Node};
use crate::{Fact, Reached, Role, code};

impl<'a> Loader<'a> {
    /// Reads the section `roles`.
    pub(crate) fn read_roles(&mut self, node: &'a Node) {
        let Some(entries) = self.map(node, "`roles`") else { return };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if !self.role_name(entry) {
                continue;
            }
            let Some(fields) = self.entry_fields(entry, "the role", &grammar::ROLE) else { continue };
            let words = [("conversation", Reached::Conversation), ("inbox", Reached::Inbox)];
            let reached = fields.get("reached").map(|node| self.choice(node, "`reached`", &words));
            let description = fields.get("description").map(|node| self.prose(node, "`description`"));
            let name = self.full(&entry.key).to_string();
            let role = Role {
                name: name.clone(),
                reached: reached.flatten().unwrap_or(Reached::Inbox),
                description: description.flatten(),
            };
            self.roles.insert(name, role);
        }
    }

    /// Whether this can name a role. It may hold more than other names, since no condition reads it.
    fn role_name(&mut self, entry: &Entry) -> bool {
        let name = entry.key.as_str();
        let problem = if name.len() > NAME_BYTES_MAX {
            format!("a name has at most {NAME_BYTES_MAX} bytes, this one {}", name.len())
        } else if name.chars().any(char::is_control) || name.trim() != name {
            "a role's name has no line breaks, tabs or other control characters, and no blanks at its ends"
                .to_owned()
        } else if self.roles.contains_key(&*self.full(name)) {
            format!("an include gives a role `{name}`, too")
        } else {
            return true;
        };
        self.error(code::BAD_NAME, &entry.at, problem).help("name the people: `support-lead`");
        false
    }

    /// One role, or a list of them, each once.
    pub(crate) fn role_list(&mut self, node: &'a Node) -> Vec<String> {
        let mut roles: Vec<(String, &'a Node)> = Vec::new();
        for item in one_or_many(node) {
            let Some(role) = self.role(item) else { continue };
            if let Some((_, first)) = roles.iter().find(|(other, _)| *other == role) {
                let at = first.span.clone();
                let found = self.error(code::CLASH, &item.span, format!("`{role}` is named twice"));
                found.label("again here").also(at, "first here").help("keep it once");
                continue;
            }
            roles.push((role, item));
        }
        roles.into_iter().map(|(role, _)| role).collect()
    }

    /// The role that a name stands for; if there is none, that is reported with the nearest.
    pub(crate) fn role(&mut self, node: &'a Node) -> Option<String> {
        let name = self.text(node, "a role's name")?;
        self.resolve(&node.span, "roles", "role", &name).map(|name| name.to_string())
    }

    /// Reads the section `facts`.
    pub(crate) fn read_facts(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "facts") {
            let mut includes = self.declared.get("include").into_iter().flatten();
            if includes.any(|include| **include == *name) {
                let message = format!("`{}` is the name of a fact and of an include", entry.key);
                self.error(code::BAD_INCLUDE, &entry.at, message).help("rename one of them");
            }
            let Some(fields) = self.entry_fields(entry, "the fact", &grammar::FACT) else { continue };
            let schema = self.required(&fields, "type", "string").and_then(|node| {
                let schema = self.type_of(node)?;
                self.compiled(schema, &node.span)
            });
            let words = [("once", true), ("anew", false)];
            let once = fields.get("set").map(|node| self.choice(node, "`set`", &words));
            let missing = fields.get("missing").map(|node| self.prose(node, "`missing`"));
            let Some(schema) = schema else { continue };
            let fact = Fact {
                name: name.clone(),
                schema,
                once: once.flatten().unwrap_or(true),
                missing: missing.flatten(),
            };
            self.facts.insert(name, fact);
        }
    }

    /// The fact that a tool of the file at hand sets by this name; if there is none, that is reported.
    pub(crate) fn fact(&mut self, name: &str, span: &std::ops::Range<usize>) -> Option<Fact> {
        let full = self.resolve(span, "facts", "fact", name)?;
        self.facts.get(&full).cloned()
    }

    /// What conditions of the file at hand can read of facts: its own, and under an include's name those of the include.
    /// A clause that needs one which isn't set refuses by itself, so all count as set.
    pub(crate) fn facts_shape(&self) -> Shape {
        self.facts_under(&self.prefix)
    }

    fn facts_under(&self, prefix: &str) -> Shape {
        let mut fields: BTreeMap<&str, Shape> = BTreeMap::new();
        for full in self.declared.get("facts").into_iter().flatten() {
            let Some(name) = full.strip_prefix(prefix) else { continue };
            if let Some((include, _)) = name.split_once('.') {
                let under = || self.facts_under(&format!("{prefix}{include}."));
                fields.entry(include).or_insert_with(under);
                continue;
            }
            // Of one that couldn't be read nothing is known.
            let fact = self.facts.get(full.as_str());
            fields.insert(name, fact.map_or(Shape::unknown(), |fact| Shape::Schema(fact.schema.clone())));
        }
        for lost in self.lost.iter().filter_map(|lost| lost.strip_prefix(prefix)?.strip_suffix('.')) {
            fields.entry(lost).or_insert_with(Shape::unknown);
        }
        record(fields.into_iter().map(|(name, shape)| (name.into(), shape, Presence::Always)))
    }
}

/// The items of a list, or what stands there alone.
pub(crate) fn one_or_many(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}
