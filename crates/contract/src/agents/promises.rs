//! What users may expect of an agent, and what it must never do.

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::{Reads, Shape};
use crate::yaml::{Entry, Kind, Node};
use crate::{Escalates, Kept, Never, Refuses, code};

impl<'a> Loader<'a> {
    /// Reads the key `never`.
    pub(super) fn nevers(&mut self, node: &'a Node, agent: &str, reads: &Reads) -> Vec<Never> {
        let Some(entries) = self.map(node, "`never`") else { return Vec::new() };
        let named = entries.iter().filter(|entry| !entry.key.is_empty());
        named.filter_map(|entry| self.never(entry, agent, reads)).collect()
    }

    fn never(&mut self, entry: &'a Entry, agent: &str, reads: &Reads) -> Option<Never> {
        let name = self.name(entry)?;
        let address = format!("agents.{agent}.never.{name}");
        if !matches!(entry.value.kind, Kind::Map(_)) {
            let sentence = self.prose(&entry.value, "what it must never do")?;
            return Some(Never { address, sentence, kept: Kept::Declared });
        }
        let fields = self.entry_fields(entry, "the `never`", &grammar::NEVER)?;
        let says = fields.get("says").map(|node| self.prose(node, "`says`"));
        let says = match says {
            Some(says) => Some(says?),
            None => None,
        };
        match (fields.get("judge"), fields.get("tool")) {
            (Some(_), Some(tool)) => {
                let message = "what no call can break needs no judge";
                self.error(code::CLASH, &tool.span, message).help("keep one of `judge` and `tool`");
                None
            }
            (Some(judge), None) => {
                let model = self.text(judge, "a model's name")?;
                let model = self.resolve(&judge.span, "models", "model", &model)?;
                let says = self.required(&fields, "says", "Promise a delivery date.").and(says)?;
                Some(Never { address, sentence: says, kept: Kept::Judged(model) })
            }
            (None, Some(node)) => {
                let name = self.text(node, "a tool's name")?;
                let tool = self.resolve(&node.span, "tools", "tool", &name)?;
                let args =
                    self.tools.get(&tool).map_or(Shape::unknown(), |tool| Shape::Schema(tool.input.clone()));
                let reads = reads.clone().with("args", &args);
                let when = match fields.get("when") {
                    Some(when) => Some(self.condition(when, &reads)?),
                    None => None,
                };
                let sentence = says.unwrap_or_else(|| match &when {
                    Some(when) => format!("Call {name} where {when}."),
                    None => format!("Call {name}."),
                });
                Some(Never { address, sentence, kept: Kept::Enforced { tool, when } })
            }
            (None, None) => {
                if let Some(when) = fields.entry("when") {
                    let found = self.error(code::UNKNOWN_KEY, &when.at, "`when` goes with `tool`");
                    found.help("name the tool whose calls it bounds");
                }
                let says = self.required(&fields, "says", "Promise a delivery date.").and(says)?;
                Some(Never { address, sentence: says, kept: Kept::Declared })
            }
        }
    }

    /// Reads the key `escalates`.
    pub(super) fn escalates(&mut self, node: &'a Node, agent: &Fields<'a>, owned: bool) -> Option<Escalates> {
        let fields = self.fields(node, "`escalates`", &grammar::ABOUT)?;
        let about =
            self.required(&fields, "about", "[ a legal threat ]").map(|node| self.texts(node, "`about`"));
        let to = fields.get("to").map(|node| self.role(node));
        if to.is_none() {
            let somebody = owned || ["owner", "talks_to"].iter().any(|key| agent.get(key).is_some());
            if !somebody {
                let message = format!("{} hands over to a person, and nobody is named", agent.what);
                let found = self.error(code::NOBODY_TO_HAND_TO, &fields.span, message);
                found.help("name a role: `to: support-lead`; or the contract's `owner`");
            }
        }
        let saying = fields.get("saying").map(|node| self.prose(node, "`saying`"));
        Some(Escalates {
            about: about?,
            to: match to {
                Some(to) => Some(to?),
                None => None,
            },
            saying: saying.flatten(),
        })
    }

    /// Reads the key `refuses`.
    pub(super) fn refuses(&mut self, node: &'a Node) -> Option<Refuses> {
        let fields = self.fields(node, "`refuses`", &grammar::ABOUT)?;
        let about = self.required(&fields, "about", "[ deleting an account ]");
        let about = about.map(|node| self.texts(node, "`about`"));
        if let Some(to) = fields.entry("to") {
            let found = self.error(code::UNKNOWN_KEY, &to.at, "what is refused goes to nobody");
            found.help("say it under `escalates`, or take `to` out");
        }
        let saying = fields.get("saying").map(|node| self.prose(node, "`saying`"));
        Some(Refuses { about: about?, saying: saying.flatten() })
    }
}
