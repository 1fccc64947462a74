//! Workflows: steps in an order that what they read decides, or a conversation.
//!
//! Here stand a workflow's own keys. `blocks` reads steps one after the other and learns what each gives, `steps` one step,
//! and the other modules the kinds of step. Nothing here runs anything.

mod approval;
mod blocks;
mod calls;
mod loops;
mod order;
mod sight;
mod steps;
mod wait;

use std::sync::Arc;

use serde_json::Map;

use crate::grammar;
use crate::limits::{BLOCK_DEPTH_MAX, STEPS_MAX};
use crate::loader::{Fields, Loader};
use crate::reads::{Reads, Shape, closed, place};
use crate::yaml::{Entry, Node};
use crate::{
    Agent, Chat, Expr, Given, Gives, HandOff, Limits, Name, Schema, Step, StepWork, Workflow, after_defaults,
    code, contain,
};
use sight::{Sight, extent};

impl<'a> Loader<'a> {
    /// Reads the section `workflows`.
    pub(crate) fn read_workflows(&mut self, node: &'a Node) {
        let section = self.section(node, "workflows");
        for (name, entry) in self.in_order_of_calls(section) {
            if let Some(workflow) = self.workflow(&name, entry) {
                self.workflows.insert(name, Arc::new(workflow));
            }
        }
    }

    fn workflow(&mut self, name: &Name, entry: &'a Entry) -> Option<Workflow> {
        let fields = self.entry_fields(entry, "the workflow", &grammar::WORKFLOW)?;
        let limits = self.workflow_limits(&fields);
        let accepts_irreversible = self.accepts_irreversible(&fields);
        let at_least = fields.get("at_least").and_then(|node| self.level(node));
        let input = match fields.get("input") {
            Some(node) => self.input_type(node).map(|schema| (schema, node.span.clone())),
            None => Some((closed(Map::new()), fields.span.clone())),
        };
        let given = input.as_ref().map_or(Shape::unknown(), |(schema, _)| schema.clone().into());
        let reads = Reads::new(place::STEP, &self.settings_schema).with("input", &given);
        let input = input.and_then(|(schema, span)| self.compiled(schema, &span));
        let whole = Workflow {
            name: name.clone(),
            input: input?,
            chat: None,
            steps: Vec::new(),
            output: None,
            gives: Gives::nothing(),
            limits,
            accepts_irreversible,
            at_least,
        };
        if let Some(chat) = fields.get("chat") {
            let chat = self.chat(&fields, chat, &whole.input);
            return Some(Workflow { chat: Some(chat?), ..whole });
        }
        if let Some(idle) = fields.entry("idle") {
            let message = format!("`idle` belongs to a conversation, and {} has none", fields.what);
            self.error(code::STEP_KIND, &idle.at, message)
                .help("say with whom: `chat: AGENT`, or take it out");
        }
        let steps = self.required(&fields, "steps", "{ NAME: { agent: …, with: { … } } }")?;
        if !self.follows(&fields, &entry.value) {
            return None;
        }
        let read = self.steps(steps, &Sight::new(reads, format!("workflows.{name}")));
        let reads = read.sight.reads.at(place::WORKFLOW_OUTPUT);
        let output = fields.get("output").map(|node| self.output(node, &reads));
        let (output, gives) = match output {
            Some(output) => {
                let (output, gives) = output?;
                (Some(output), gives)
            }
            None => (None, Gives::nothing()),
        };
        Some(Workflow { steps: read.steps?, output, gives, ..whole })
    }

    /// Whether a person could follow a workflow of so many steps.
    fn follows(&mut self, fields: &Fields<'a>, workflow: &Node) -> bool {
        let (count, depth) = extent(workflow);
        let problem = if count > STEPS_MAX {
            format!("{} has {count} steps; at most {STEPS_MAX} fit", fields.what)
        } else if depth > BLOCK_DEPTH_MAX {
            format!("{} has steps within steps {depth} deep; {BLOCK_DEPTH_MAX} is the most", fields.what)
        } else {
            return true;
        };
        let found = self.error(code::TOO_LARGE, &fields.span, problem);
        found.help("make several workflows of it: a step with `workflow:` starts another");
        false
    }

    fn workflow_limits(&mut self, fields: &Fields<'a>) -> Limits {
        let limits = self.limits(fields, &grammar::STEP_LIMITS);
        if let (Some(time), Some(deadline)) = (limits.time, limits.deadline)
            && time > deadline
        {
            let span = fields.entry("limits").map_or(fields.span.clone(), |entry| entry.at.clone());
            let message = "`time` is longer than `deadline`, by which all must have ended";
            let found = self.error(code::LOOP_BOUND, &span, message);
            found.help("`time` counts only while it acts, `deadline` counts waiting too: give the longer time to that");
        }
        limits
    }

    /// A conversation: an agent, and nothing that steps would have.
    fn chat(&mut self, fields: &Fields<'a>, node: &'a Node, input: &Schema) -> Option<Chat> {
        for key in ["steps", "output"] {
            if let Some(entry) = fields.entry(key) {
                let message = format!("{} is a conversation, and has no `{key}`", fields.what);
                let found = self.error(code::STEP_KIND, &entry.at, message);
                found.help("take it out, or make a second workflow of it");
            }
        }
        let idle = fields.get("idle").map(|node| self.duration(node, "`idle`"));
        let name = self.text(node, "an agent's name")?;
        let name = self.resolve(&node.span, "agents", "agent", &name)?;
        let agent = self.agents.get(&name)?.clone();
        if agent.talks_to.is_empty() {
            let message =
                format!("the agent `{name}` talks to nobody, so that nobody can have this conversation");
            let found = self.error(code::NO_ANSWER, &node.span, message);
            found.help(format!(
                "say who talks to it: `talks_to:` of the agent `{name}`, a name out of `roles`"
            ));
        }
        self.given_to_chat(node, &agent, input);
        Some(Chat {
            step: talk(agent.clone())?,
            agent,
            idle: match idle {
                Some(idle) => Some(idle?),
                None => None,
            },
        })
    }

    /// A conversation's agent is given the workflow's input.
    fn given_to_chat(&mut self, node: &'a Node, agent: &Agent, input: &Schema) {
        let (why, add) = match contain(&after_defaults(input.json()), agent.input.json()) {
            HandOff::Fits => return,
            HandOff::Breaks { why, .. } => {
                (why, "let the workflow's `input` be what the agent takes".to_owned())
            }
            HandOff::CantTell { why, add, .. } => (why, add),
        };
        let message = format!(
            "the agent `{}` is given the conversation's `input`, and that doesn't always fit what it takes",
            agent.name
        );
        self.error(code::WRONG_ARGUMENTS, &node.span, message).label(why).help(add);
    }
}

/// A conversation as one step. Its calls go by its name: `talk@3.0`.
fn talk(agent: Arc<Agent>) -> Option<Arc<Step>> {
    Some(Arc::new(Step {
        name: "talk".into(),
        work: StepWork::Agent(agent),
        with: Given::Whole(Expr::parse("input").ok()?),
        models: None,
        when: None,
        needs: Vec::new(),
        after: Vec::new(),
        gives: Gives::nothing(),
        otherwise: None,
        limits: Limits::default(),
        accepts_irreversible: false,
    }))
}
