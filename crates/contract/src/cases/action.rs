//! What a test tries: one proposed call, or a workflow.

use serde_json::{Value, json};

use super::Action;
use super::read::Reader;
use crate::grammar;
use crate::loader::{Fields, listed};
use crate::yaml::Node;
use crate::{Name, code};

impl<'a> Reader<'a> {
    /// What is tried: one of `call` and `run`.
    pub(super) fn action(&mut self, fields: &Fields<'a>) -> Option<Action> {
        match (fields.get("call"), fields.get("run")) {
            (Some(call), None) => self.call(call),
            (None, Some(run)) => self.run(run),
            (call, _) => {
                let message = match call {
                    None => format!("{} tries nothing", fields.what),
                    Some(_) => format!("{} tries two things", fields.what),
                };
                let found = self.loader.error(code::TEST_ACTION, &fields.span, message);
                found.help("give it `call: { tool: …, with: … }` or `run: { workflow: …, input: … }`");
                None
            }
        }
    }

    fn call(&mut self, node: &'a Node) -> Option<Action> {
        let fields = self.loader.fields(node, "`call`", &grammar::CALL)?;
        let tool = self.loader.required(&fields, "tool", "refund");
        let tool = tool.and_then(|node| Some((node, self.loader.text(node, "`tool`")?)));
        let tool = tool.and_then(|(node, name)| self.tool(&node.span, &name));
        let agent = fields.get("as").map(|node| {
            let name = self.loader.text(node, "`as`")?;
            let contract = self.contract;
            let names: Vec<&str> = contract.agents.keys().map(|name| &**name).collect();
            self.known(&node.span, "agent", &name, &names).then(|| Name::from(name))
        });
        let with = self.object(&fields, "with");
        let input = self.object(&fields, "input");
        let agent = match agent {
            Some(agent) => Some(agent?),
            None => None,
        };
        Some(Action::Call { tool: tool?.name.clone(), agent, with: with?, input: input? })
    }

    fn run(&mut self, node: &'a Node) -> Option<Action> {
        let fields = self.loader.fields(node, "`run`", &grammar::RUN)?;
        let contract = self.contract;
        let names: Vec<&str> = contract.workflows.keys().map(|name| &**name).collect();
        let name = match (fields.get("workflow"), names.as_slice()) {
            (None, [only]) => (*only).to_owned(),
            (None, _) => {
                let message = "`run` doesn't say which workflow";
                let found = self.loader.error(code::MISSING_KEY, &fields.span, message);
                found.help(format!("add `workflow:`; the contract has {}", listed(names.iter().copied())));
                return None;
            }
            (Some(node), names) => {
                let name = self.loader.text(node, "`workflow`")?;
                self.known(&node.span, "workflow", &name, names).then_some(name)?
            }
        };
        let mut input = self.object(&fields, "input")?;
        let workflow = contract.workflows.get(name.as_str())?;
        workflow.input.fill_defaults(&mut input);
        let span = fields.get("input").map_or(&fields.span, |node| &node.span);
        if let Some(problem) = workflow.input.check(&input).first() {
            let message = format!("the workflow `{name}` does not take this: {}", problem.message);
            self.loader.error(code::TEST_VALUE, span, message).help("give it what its `input` says");
            return None;
        }
        let says = fields.get("says").map(|node| self.loader.texts(node, "`says`")).unwrap_or_default();
        if let (Some(entry), None) = (fields.entry("says"), &workflow.chat) {
            let message = format!("nobody listens in the workflow `{name}`: it is no conversation");
            let found = self.loader.error(code::TEST_VALUE, &entry.at, message);
            found.help("take it out; what people answer to questions is `given.approvals`");
        }
        Some(Action::Run { workflow: workflow.name.clone(), input, says })
    }

    /// A map of values; an empty one where there is none.
    fn object(&mut self, fields: &Fields<'a>, key: &str) -> Option<Value> {
        let Some(node) = fields.get(key) else { return Some(json!({})) };
        self.loader.map(node, &format!("`{key}`"))?;
        self.loader.json(node)
    }
}
