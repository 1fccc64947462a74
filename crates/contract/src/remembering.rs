//! The tools by which agents read and write memory: made from its promise, shown to whoever it names, and reached through no
//! server.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{
    Compensate, Effect, EffectKind, Grant, Holding, IdempotencyRule, Limits, Memory, Name, Schema, Template,
    Tool, Via,
};

/// The server that their calls name: the run itself. No contract can name one so.
pub const MEMORY: &str = "memory:";

impl Memory {
    /// The calls of it that this agent may make.
    pub(crate) fn grants(&self, agent: &str) -> Vec<Grant> {
        let reads = self.reads.contains_key(agent).then(|| ("reads", self.reader()));
        let writes = self.writes.iter().any(|name| **name == *agent).then(|| ("writes", self.writer()));
        let grant = |(part, tool): (&str, Option<Tool>)| {
            let address = format!("memory.{}.{part}", self.name);
            Some(Grant { tool: Arc::new(tool?), condition: None, address })
        };
        [reads, writes].into_iter().flatten().filter_map(grant).collect()
    }

    /// The type of its value, or of one entry.
    pub const fn schema(&self) -> &Schema {
        match &self.holds {
            Holding::Value(schema) | Holding::Log(schema) => schema,
        }
    }

    /// Whether it is a log of entries.
    pub const fn is_log(&self) -> bool {
        matches!(self.holds, Holding::Log(_))
    }

    /// The argument by which it is written.
    pub const fn argument(&self) -> &'static str {
        if self.is_log() { "entry" } else { "value" }
    }

    fn reader(&self) -> Option<Tool> {
        let description = match self.is_log() {
            true => format!("Reads the memory `{}`: its entries, the oldest first.", self.name),
            false => format!("Reads the memory `{}`: its value, null where nobody wrote one.", self.name),
        };
        self.tool(
            "read",
            description,
            Schema::compile(json!({ "type": "object", "additionalProperties": false })).ok()?,
        )
    }

    fn writer(&self) -> Option<Tool> {
        let description = match self.is_log() {
            true => format!("Adds one entry to the memory `{}`.", self.name),
            false => format!(
                "Replaces the value of the memory `{}`. It counts only where nobody else wrote since you read it.",
                self.name
            ),
        };
        let (name, mut inner) = (self.argument(), self.schema().json().clone());
        // What the type refers to by `#/$defs/…` stays reachable from the root.
        let defs = inner.as_object_mut().and_then(|fields| fields.remove("$defs"));
        let mut properties = Map::new();
        properties.insert(name.to_owned(), inner);
        let mut input = json!({ "type": "object", "required": [name], "additionalProperties": false });
        if let Value::Object(fields) = &mut input {
            fields.insert("properties".to_owned(), properties.into());
            fields.extend(defs.map(|defs| ("$defs".to_owned(), defs)));
        }
        self.tool("write", description, Schema::compile(input).ok()?)
    }

    fn tool(&self, verb: &str, description: String, input: Schema) -> Option<Tool> {
        let name: Name = format!("memory.{}.{verb}", self.name).as_str().into();
        let kind = if verb == "read" { EffectKind::Reads } else { EffectKind::Writes };
        let target = Template::parse(&format!("memory/{}", self.name)).ok()?;
        let leaves = vec![format!("what was written into the memory `{}`", self.name)];
        Some(Tool {
            via: Via { server: MEMORY.into(), tool: self.name.to_string(), request: None },
            name,
            owner: None,
            groups: Vec::new(),
            description,
            not_for: Vec::new(),
            input,
            sends: None,
            output: None,
            labels: Vec::new(),
            from: BTreeMap::new(),
            effects: vec![Effect { kind, target, when: None }],
            volatile: None,
            relies: Vec::new(),
            idempotency: IdempotencyRule::Natural,
            once_per: None,
            probes: Vec::new(),
            requires: Vec::new(),
            ensures: Vec::new(),
            shows: Vec::new(),
            establishes: BTreeMap::new(),
            failures: Vec::new(),
            reconcile: None,
            compensate: (verb == "write").then(|| Compensate::By { undo: None, leaves }),
            approval: None,
            costs: None,
            fallback: None,
            limits: Limits::default(),
            at_least: None,
        })
    }
}
