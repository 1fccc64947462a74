//! Agents: purpose, bounds and authority.

mod grants;
mod models;
mod promises;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::{Reads, Shape, place};
use crate::yaml::{Entry, Kind, Node};
use crate::{ASK, Agent, Clause, Name, Unsure, code};

impl<'a> Loader<'a> {
    /// Reads the section `agents`. `owned` says whether the file names an owner, to whom what has no other address goes.
    pub(crate) fn read_agents(&mut self, node: &'a Node, owned: bool) {
        for (name, entry) in self.section(node, "agents") {
            if let Some(agent) = self.agent(&name, entry, owned) {
                self.agents.insert(name, Arc::new(agent));
            }
        }
    }

    fn agent(&mut self, name: &Name, entry: &'a Entry, owned: bool) -> Option<Agent> {
        let fields = self.entry_fields(entry, "the agent", &grammar::AGENT)?;
        let purpose = self.required(&fields, "purpose", "What it is for, in one sentence.");
        let purpose = purpose.and_then(|node| self.prose(node, "`purpose`"));
        let instructions = fields.get("instructions").map(|node| self.instructions(node));
        let models = self.required(&fields, "model", "main");
        let input = match fields.get("input") {
            Some(node) => self.input_type(node).map(|schema| (schema, node.span.clone())),
            None => Some((no_input(), fields.span.clone())),
        };
        let output = fields.get("output").map(|node| (self.type_of(node), node));
        let given = input.as_ref().map_or(Shape::unknown(), |(schema, _)| schema.clone().into());
        let reads = Reads::new(place::MAY, &self.settings_schema)
            .with("input", &given)
            .with("facts", &self.facts_shape());
        let models = models.map(|node| {
            let reads = self.model_reads(&given);
            self.model_choices(node, &format!("agents.{name}.model"), &reads)
        });
        let texts = |loader: &mut Self, key: &str, what: &str| {
            fields.get(key).map(|node| loader.texts(node, what)).unwrap_or_default()
        };
        let agent = Agent {
            name: name.clone(),
            owner: fields.get("owner").and_then(|node| self.text(node, "`owner`")),
            talks_to: fields.get("talks_to").map(|node| self.talks_to(node)).unwrap_or_default(),
            may: fields.get("may").map(|node| self.grants(node, name, &reads)).unwrap_or_default(),
            memory: self.memory.values().flat_map(|memory| memory.grants(name)).collect(),
            never: fields.get("never").map(|node| self.nevers(node, name, &reads)).unwrap_or_default(),
            unsure: fields.get("unsure").and_then(|node| self.unsure(node, &fields)),
            handles: texts(self, "handles", "`handles`"),
            escalates: fields.get("escalates").and_then(|node| self.escalates(node, &fields, owned)),
            refuses: fields.get("refuses").and_then(|node| self.refuses(node)),
            ensures: self.agent_ensures(
                &fields,
                name,
                &given,
                output.as_ref().and_then(|(schema, _)| schema.as_ref()),
            ),
            limits: self.limits(&fields, &grammar::CHAT_LIMITS),
            accepts_irreversible: self.accepts_irreversible(&fields),
            at_least: fields.get("at_least").and_then(|node| self.level(node)),
            purpose: purpose?,
            instructions: instructions.unwrap_or(Some(String::new()))?,
            models: models?,
            input: input.and_then(|(schema, span)| self.compiled(schema, &span))?,
            output: match output {
                Some((schema, node)) => Some(schema.and_then(|schema| self.compiled(schema, &node.span))?),
                None => None,
            },
        };
        if agent.limits.turns.is_none() && agent.limits.cost.is_none() {
            self.warn_unlimited(name, &fields);
        }
        Some(agent)
    }

    fn agent_ensures(
        &mut self,
        fields: &Fields<'a>,
        agent: &str,
        given: &Shape,
        output: Option<&Value>,
    ) -> Vec<Clause> {
        let Some(node) = fields.get("ensures") else { return Vec::new() };
        let text = || json!({ "type": "string" });
        let reads = Reads::new(place::AGENT_ENSURES, &self.settings_schema)
            .with("input", given)
            .with("output", &Shape::from(output.cloned().unwrap_or_else(text)));
        self.clauses(node, &format!("agents.{agent}.ensures"), &reads)
    }

    /// Reads the key `accepts`.
    pub(crate) fn accepts_irreversible(&mut self, fields: &Fields<'a>) -> bool {
        let Some(node) = fields.get("accepts") else { return false };
        let items = self.list(node, "`accepts`").unwrap_or_default();
        items.iter().filter_map(|item| self.choice(item, "`accepts`", &[("irreversible", ())])).count() > 0
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

    fn unsure(&mut self, node: &'a Node, fields: &Fields<'a>) -> Option<Unsure> {
        let words = [("ask", Unsure::Ask), ("escalate", Unsure::Escalate), ("refuse", Unsure::Refuse)];
        let unsure = self.choice(node, "`unsure`", &words)?;
        if unsure == Unsure::Ask && fields.get("talks_to").is_none() {
            let message = format!("{} asks when unsure, and talks to nobody", fields.what);
            let found = self.error(code::NOBODY_TO_ASK, &node.span, message);
            found.help("name whom it asks: `talks_to: customer`; or say `escalate` or `refuse`");
        }
        Some(unsure)
    }

    /// Whom it may ask and answer. Its way to ask is a tool of the runtime's, whose name no other may have then.
    fn talks_to(&mut self, node: &'a Node) -> Vec<String> {
        let roles = self.role_list(node);
        let is_taken = self.declared.get("tools").into_iter().flatten().any(|tool| tool == ASK);
        if is_taken {
            let message = format!("the tool `{ASK}` has the name of the one by which an agent asks people");
            self.error(code::CLASH, &node.span, message).help("rename the contract's tool");
        }
        roles
    }
}

/// The input of an agent that is given nothing.
fn no_input() -> Value {
    json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false })
}
