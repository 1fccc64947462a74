//! Memory: what agents share, who may write and read it, and how long it lives.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::people::one_or_many;
use crate::yaml::{Kind, Node};
use crate::{Holding, Lives, Memory, Name, code, literal, suggest};

impl<'a> Loader<'a> {
    /// Reads the section `memory`. Agents needn't be read yet: it only names them.
    pub(crate) fn read_memory(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "memory") {
            let Some(fields) = self.entry_fields(entry, "the memory", &grammar::MEMORY) else { continue };
            if let Some(memory) = self.one_memory(&name, &fields) {
                self.memory.insert(name, memory);
            }
        }
    }

    fn one_memory(&mut self, name: &Name, fields: &Fields<'a>) -> Option<Memory> {
        let holds = self.holding(fields);
        let lives = fields.get("lives").map_or(Some(Lives::Run), |node| self.lives(node));
        let writes = self.required(fields, "writes", "[ AGENT ]").map(|node| self.writers(node));
        let reads = fields.get("reads").map(|node| self.readers(node)).unwrap_or_default();
        Some(Memory { name: name.clone(), holds: holds?, lives: lives?, writes: writes?, reads })
    }

    /// One value or a log: exactly one of the two.
    fn holding(&mut self, fields: &Fields<'a>) -> Option<Holding> {
        let (node, log) = match (fields.entry("is"), fields.entry("each")) {
            (Some(is), None) => (&is.value, false),
            (None, Some(each)) => (&each.value, true),
            (Some(is), Some(each)) => {
                let message = format!("{} is one value and a log", fields.what);
                let found = self.error(code::BAD_MEMORY, &each.at, message);
                found.also(is.at.clone(), "one value by this").help("keep one of `is` and `each`");
                return None;
            }
            (None, None) => {
                let found =
                    self.error(code::BAD_MEMORY, &fields.span, format!("{} holds nothing", fields.what));
                found.help(
                    "add `is: TYPE` for one value that is replaced, or `each: TYPE` for a log of entries",
                );
                return None;
            }
        };
        let schema = self.type_of(node)?;
        let schema = self.compiled(schema, &node.span)?;
        Some(if log { Holding::Log(schema) } else { Holding::Value(schema) })
    }

    fn lives(&mut self, node: &'a Node) -> Option<Lives> {
        let text = self.text(node, "`lives`")?;
        match text.as_str() {
            "run" => return Some(Lives::Run),
            "contract" => return Some(Lives::Contract),
            _ => {}
        }
        if let Some(time) = text.strip_prefix("for ") {
            match literal::duration(time.trim()) {
                Ok(time) => return Some(Lives::For(time)),
                Err(message) => self.error(code::BAD_LITERAL, &node.span, message),
            };
            return None;
        }
        let time = literal::duration(&text).is_ok();
        let found = self.error(code::NO_CHOICE, &node.span, format!("`lives` can't be `{text}`"));
        if time {
            found.help(format!("so long after its last change: `lives: for {text}`"));
        } else {
            found
                .meant(suggest(&text, ["run", "contract"]))
                .help("it is `run`, `contract`, or a time: `for 30d`");
        }
        None
    }

    fn writers(&mut self, node: &'a Node) -> Vec<Name> {
        let mut agents = Vec::new();
        for item in one_or_many(node) {
            if let Some(name) = self.agent_named(item, agents.iter()) {
                agents.push(name);
            }
        }
        agents
    }

    fn agent_named<'n>(
        &mut self,
        node: &'a Node,
        mut before: impl Iterator<Item = &'n Name>,
    ) -> Option<Name> {
        let text = self.text(node, "an agent's name")?;
        let name = self.resolve(&node.span, "agents", "agent", &text)?;
        if before.any(|other| *other == name) {
            self.error(code::CLASH, &node.span, format!("`{text}` is named twice")).help("keep it once");
            return None;
        }
        Some(name)
    }

    /// Readers: names, or names with how fresh each needs it.
    fn readers(&mut self, node: &'a Node) -> BTreeMap<Name, Option<Duration>> {
        let mut readers = BTreeMap::new();
        let Kind::Map(entries) = &node.kind else {
            for item in one_or_many(node) {
                if let Some(name) = self.agent_named(item, readers.keys()) {
                    readers.insert(name, None);
                }
            }
            return readers;
        };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let name = self.resolve(&entry.at, "agents", "agent", &entry.key);
            let fields = self.entry_fields(entry, "the reader", &grammar::MEMORY_READ);
            let fresh = fields.as_ref().and_then(|fields| fields.get("fresh"));
            let fresh = fresh.map(|node| self.duration(node, "`fresh`"));
            if let (Some(name), Some(fresh)) = (name, fresh.map_or(Some(None), |fresh| fresh.map(Some))) {
                readers.insert(name, fresh);
            }
        }
        readers
    }
}
