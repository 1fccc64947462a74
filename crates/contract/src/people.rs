//! Roles and facts: whom a contract speaks of, and what a run may establish.

use serde_json::{Map, Value};

use crate::grammar;
use crate::limits::NAME_BYTES_MAX;
use crate::loader::Loader;
use crate::reads::{Shape, closed};
use crate::yaml::Node;
use crate::{Fact, Reached, Role, code};

impl<'a> Loader<'a> {
    /// Reads the section `roles`.
    pub(crate) fn read_roles(&mut self, node: &'a Node) {
        let Some(entries) = self.map(node, "`roles`") else { return };
        self.declare("roles", entries);
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if entry.key.len() > NAME_BYTES_MAX || entry.key.chars().any(char::is_control) {
                let message =
                    format!("a role's name has at most {NAME_BYTES_MAX} bytes, all of them letters");
                self.error(code::BAD_NAME, &entry.at, message).help("name the people: `support-lead`");
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

    /// The role that a name stands for; if there is none, that is reported with the nearest.
    pub(crate) fn role(&mut self, node: &'a Node) -> Option<String> {
        let name = self.text(node, "a role's name")?;
        self.resolve(&node.span, "roles", "role", &name).map(|name| name.to_string())
    }

    /// Reads the section `facts`.
    pub(crate) fn read_facts(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "facts") {
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

    #[expect(dead_code, reason = "tools read `establishes` by it next")]
    /// The fact that a tool of the file at hand sets by this name; if there is none, that is reported.
    pub(crate) fn fact(&mut self, name: &str, span: &std::ops::Range<usize>) -> Option<Fact> {
        let full = self.resolve(span, "facts", "fact", name)?;
        self.facts.get(&full).cloned()
    }

    /// What conditions of the file at hand can read of facts. A clause that needs one which isn't set refuses by itself,
    /// so all count as set.
    pub(crate) fn facts_shape(&self) -> Shape {
        let own = self.facts.iter().filter_map(|(name, fact)| {
            let name = name.strip_prefix(&self.prefix).filter(|name| !name.contains('.'))?;
            Some((name.to_owned(), fact.schema.json().clone()))
        });
        let fields: Map<String, Value> = own.collect();
        let names: Vec<Value> = fields.keys().map(|name| Value::from(name.as_str())).collect();
        let mut shape = closed(fields);
        if let Some(shape) = shape.as_object_mut() {
            shape.insert("required".to_owned(), Value::Array(names));
        }
        shape.into()
    }
}
