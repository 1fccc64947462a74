//! What a model is shown of a contract: compactly, the contract itself. Never a server's own text.
//!
//! Every word here is paid for in each request, and models follow short plain sentences best; what the runtime does by
//! itself (keys, retries, timeouts) is left out but for what keeps a model from doing it again. Start in `agent`.

mod agent;
mod tool;
mod words;

use serde_json::{Value, json};

use crate::{Agent, Contract, Grant, Tool};

/// The tool by which an agent asks whom it talks to. It is the runtime's: no server has it, and no contract says it.
pub const ASK: &str = "ask";

pub(crate) use words::{ceilings, repeats, span};

/// What an agent's model is shown before its first turn.
#[derive(Clone, Debug)]
pub struct ShownAgent {
    /// Purpose, bounds, what to do when unsure, the limits, how to answer.
    pub instructions: String,
    /// The tools that its contract grants, in the contract's order, then those of memory.
    pub tools: Vec<ShownTool>,
    /// The JSON Schema of its final answer; text where there is none.
    pub output: Option<Value>,
}

/// A tool as a model is shown it: never the server's own text.
#[derive(Clone, Debug)]
pub struct ShownTool {
    /// Its name in the contract.
    pub name: String,
    /// What it does, its effects, what it requires and ensures, how it can fail, what it is not for.
    pub description: String,
    /// The JSON Schema of its arguments: only what the model fills in.
    pub input: Value,
}

impl Contract {
    /// What this agent's model is shown; none where the contract has no such agent.
    pub fn shown_agent(&self, agent: &str) -> Option<ShownAgent> {
        let agent = self.agents.get(agent)?;
        Some(ShownAgent {
            instructions: agent::instructions(self, agent),
            tools: agent.grants().map(|grant| self.shown_tool(&grant.tool)).chain(agent.asking()).collect(),
            output: agent.output.as_ref().map(|schema| schema.json().clone()),
        })
    }

    /// This tool as a model is shown it.
    pub fn shown_tool(&self, tool: &Tool) -> ShownTool {
        ShownTool {
            name: tool.shown_name(),
            description: tool::description(self, tool),
            input: tool.input.json().clone(),
        }
    }
}

impl Tool {
    /// Its name as a model is shown it: providers take letters, digits, `_` and `-` alone, so the dot behind an include's
    /// name is `__`. An agent is never granted two tools that this makes one.
    pub fn shown_name(&self) -> String {
        self.name.replace('.', "__")
    }
}

impl Agent {
    /// The grant of what a model calls by this name, if there is one.
    pub fn called(&self, shown: &str) -> Option<&Grant> {
        self.grants().find(|grant| grant.tool.shown_name() == shown)
    }

    /// The tool by which it asks whom it talks to; none where it talks to nobody.
    pub fn asking(&self) -> Option<ShownTool> {
        let whom = match self.talks_to.as_slice() {
            [] => return None,
            [one] => one.clone(),
            several => format!("one of: {}", several.join(", ")),
        };
        let mut properties = json!({ "question": { "type": "string", "minLength": 1 } });
        let mut required = vec!["question"];
        if let (Some(properties), true) = (properties.as_object_mut(), self.talks_to.len() > 1) {
            properties.insert("of".into(), json!({ "enum": self.talks_to }));
            required.push("of");
        }
        Some(ShownTool {
            name: ASK.to_owned(),
            description: format!(
                "Asks {whom}, and gives the answer in their own words. Changes nothing. Use it where only they can know."
            ),
            input: json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            }),
        })
    }
}
