//! Agents: purpose, bounds and authority.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::grammar;
use crate::loader::{Fields, Loader, meant};
use crate::reads::{Reads, Shape, place};
use crate::yaml::{Entry, Kind, Node};
use crate::{Agent, Clause, Grant, Name, Unsure, code};

impl<'a> Loader<'a> {
    /// Reads the section `agents`.
    pub(crate) fn read_agents(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "agents") {
            if let Some(agent) = self.agent(&name, entry) {
                self.agents.insert(name, Arc::new(agent));
            }
        }
    }

    fn agent(&mut self, name: &Name, entry: &'a Entry) -> Option<Agent> {
        let fields = self.entry_fields(entry, "the agent", &grammar::AGENT)?;
        let purpose = self.required(&fields, "purpose", "What it is for, in one sentence.");
        let purpose = purpose.and_then(|node| self.prose(node, "`purpose`"));
        let instructions = fields.get("instructions").map(|node| self.instructions(node));
        let models = self.required(&fields, "model", "main").map(|node| self.agent_models(node));
        let input = match fields.get("input") {
            Some(node) => self.input_type(node).map(|schema| (schema, node.span.clone())),
            None => Some((no_input(), fields.span.clone())),
        };
        let reads = Reads::new(place::MAY, &self.settings_schema)
            .with("input", &input.as_ref().map_or(Shape::unknown(), |(schema, _)| schema.clone().into()));
        let may = fields.get("may").map(|node| self.grants(node, name, &reads));
        let unsure = fields.get("unsure").map(|node| self.unsure(node));
        let output = fields.get("output").map(|node| (self.type_of(node), node));
        let limits = self.limits(&fields, &["turns", "cost", "tokens", "time"]);
        if limits.turns.is_none() && limits.cost.is_none() {
            self.warn_unlimited(name, &fields);
        }
        let input = input.and_then(|(schema, span)| self.compiled(schema, &span));
        let output = match output {
            Some((schema, node)) => Some(schema.and_then(|schema| self.compiled(schema, &node.span))?),
            None => None,
        };
        Some(Agent {
            name: name.clone(),
            owner: None,
            talks_to: Vec::new(),
            never: Vec::new(),
            handles: Vec::new(),
            escalates: None,
            refuses: None,
            ensures: Vec::new(),
            accepts_irreversible: false,
            at_least: None,
            purpose: purpose?,
            instructions: instructions.unwrap_or(Some(String::new()))?,
            models: models?,
            may: may.unwrap_or_default(),
            unsure: match unsure {
                Some(unsure) => Some(unsure?),
                None => None,
            },
            input: input?,
            output,
            limits,
        })
    }

    fn warn_unlimited(&mut self, name: &str, fields: &Fields<'a>) {
        let span = fields.entry("limits").map_or(fields.span.clone(), |entry| entry.at.clone());
        let message = format!("the agent `{name}` has no limit on its turns or its cost");
        let found = self.findings.warning(code::LINT_UNLIMITED, span, message);
        found.help("add one: `limits: { turns: 12, cost: 0.50 USD }`");
    }

    fn instructions(&mut self, node: &'a Node) -> Option<String> {
        if !matches!(node.kind, Kind::Map(_)) {
            return self.prose(node, "`instructions`");
        }
        let fields = self.fields(node, "`instructions`", &grammar::INSTRUCTIONS)?;
        let file = self.required(&fields, "file", "policy.md")?;
        self.file(file, "`file`")
    }

    fn agent_models(&mut self, node: &'a Node) -> Vec<Name> {
        let items = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.error(code::MISSING_KEY, &node.span, "no model is named")
                    .help("name one that `models:` has");
                return Vec::new();
            }
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut models: Vec<Name> = Vec::new();
        for item in items {
            let Some(name) = self.text(item, "a model's name") else { continue };
            let Some(full) = self.resolve(&item.span, "models", "model", &name) else { continue };
            if models.contains(&full) {
                self.error(code::CLASH, &item.span, format!("`{name}` is named twice")).help("keep it once");
                continue;
            }
            models.push(full);
        }
        models
    }

    fn unsure(&mut self, node: &'a Node) -> Option<Unsure> {
        let words = [("ask", Unsure::Ask), ("escalate", Unsure::Escalate), ("refuse", Unsure::Refuse)];
        let unsure = self.choice(node, "`unsure`", &words)?;
        if unsure == Unsure::Ask {
            self.not_run(&node.span, "`unsure: ask`");
        }
        Some(unsure)
    }

    fn grants(&mut self, node: &'a Node, agent: &str, reads: &Reads) -> Vec<Grant> {
        let Some(items) = self.list(node, "`may`") else { return Vec::new() };
        let mut grants: Vec<(Grant, std::ops::Range<usize>)> = Vec::new();
        let mut cut = false;
        for item in items {
            // What YAML cut from the condition before it isn't a grant of its own.
            let rest = cut && matches!(item.kind, Kind::Text { .. });
            cut = rest
                || matches!(&item.kind, Kind::Map(entries) if entries.iter().any(|entry| crate::traps::was_cut(&entry.value)));
            if rest {
                continue;
            }
            let found = match &item.kind {
                Kind::Map(entries) => {
                    meant(entries).filter_map(|entry| self.conditional(entry, agent, reads)).collect()
                }
                _ => self.unconditional(item, agent).into_iter().collect::<Vec<_>>(),
            };
            for (grant, span) in found {
                if let Some((_, first)) = grants.iter().find(|(other, _)| other.tool.name == grant.tool.name)
                {
                    let first = first.clone();
                    let found =
                        self.error(code::CLASH, &span, format!("`{}` is granted twice", grant.tool.name));
                    found.label("again here").also(first, "first here").help("put both conditions into one");
                    continue;
                }
                grants.push((grant, span));
            }
        }
        grants.into_iter().map(|(grant, _)| grant).collect()
    }

    fn unconditional(&mut self, item: &'a Node, agent: &str) -> Option<(Grant, std::ops::Range<usize>)> {
        let name = self.text(item, "a tool's name")?;
        let name = self.resolve(&item.span, "tools", "tool", &name)?;
        let tool = self.tools.get(&name)?.clone();
        Some((
            Grant { tool, condition: None, address: format!("agents.{agent}.may.{name}") },
            item.span.clone(),
        ))
    }

    fn conditional(
        &mut self,
        entry: &'a Entry,
        agent: &str,
        reads: &Reads,
    ) -> Option<(Grant, std::ops::Range<usize>)> {
        let name = entry.key.as_str();
        if name.is_empty() {
            return None;
        }
        let name = self.resolve(&entry.at, "tools", "tool", name)?;
        let tool = self.tools.get(&name).cloned();
        let args = tool.as_ref().map_or(Shape::unknown(), |tool| Shape::Schema(tool.input.clone()));
        let reads = reads.clone().with("args", &args);
        let condition = self.condition(&entry.value, &reads)?;
        let address = format!("agents.{agent}.may.{name}");
        let clause = Clause { address: address.clone(), sentence: condition.source().to_owned(), condition };
        Some((Grant { tool: tool?, condition: Some(clause), address }, entry.at.clone()))
    }
}

/// The input of an agent that is given nothing.
fn no_input() -> Value {
    json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false })
}
