//! Workflows: steps in an order that what they read decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, json};

use crate::grammar;
use crate::handoff::{Giver, Taker};
use crate::limits::STEPS_MAX;
use crate::loader::{Fields, Loader, listed, meant};
use crate::reads::{Presence, Reads, Shape, closed, place, record};
use crate::yaml::{Entry, Kind, Node};
use crate::{Expr, Given, Limits, Name, Step, StepWork, Workflow, code, suggest};

/// A step as it is read, before the order is known.
struct Draft<'a> {
    name: Name,
    entry: &'a Entry,
    fields: Fields<'a>,
    work: Option<StepWork>,
}

impl<'a> Loader<'a> {
    /// Reads the section `workflows`.
    pub(crate) fn read_workflows(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "workflows") {
            if let Some(workflow) = self.workflow(&name, entry) {
                self.workflows.insert(name, Arc::new(workflow));
            }
        }
    }

    fn workflow(&mut self, name: &Name, entry: &'a Entry) -> Option<Workflow> {
        let fields = self.entry_fields(entry, "the workflow", &grammar::WORKFLOW)?;
        let limits = self.limits(&fields, &["tokens", "cost", "time", "deadline"]);
        let input = match fields.get("input") {
            Some(node) => self.input_type(node).map(|schema| (schema, node.span.clone())),
            None => Some((closed(Map::new()), fields.span.clone())),
        };
        let given = input.as_ref().map_or(Shape::unknown(), |(schema, _)| schema.clone().into());
        if fields.get("chat").is_some() {
            return None;
        }
        let steps = self.required(&fields, "steps", "{ NAME: { agent: …, with: { … } } }")?;
        let drafts = self.drafts(steps);
        let reads = Reads::new(place::STEP, &self.settings_schema)
            .with("input", &given)
            .with("steps", &steps_shape(&drafts));
        let names: Vec<Name> = drafts.iter().map(|draft| draft.name.clone()).collect();
        let read: Vec<Option<Step>> = drafts.iter().map(|draft| self.step(draft, &names, &reads)).collect();
        self.order(&drafts, &read);
        let reads = reads.at(place::WORKFLOW_OUTPUT);
        let output = fields.get("output").map(|node| self.workflow_output(node, &reads));
        let input = input.and_then(|(schema, span)| self.compiled(schema, &span));
        let whole = read.len();
        let steps: Vec<Arc<Step>> = read.into_iter().flatten().map(Arc::new).collect();
        Some(Workflow {
            name: name.clone(),
            input: input?,
            chat: None,
            accepts_irreversible: false,
            at_least: None,
            steps: (steps.len() == whole).then_some(steps)?,
            output: match output {
                Some(output) => Some(output?),
                None => None,
            },
            limits,
        })
    }

    /// A value, or a map of values.
    fn workflow_output(&mut self, node: &'a Node, reads: &Reads) -> Option<Expr> {
        let Kind::Map(entries) = &node.kind else { return self.expression(node, reads) };
        let values: Vec<(&str, Option<Expr>)> =
            meant(entries).map(|entry| (entry.key.as_str(), self.expression(&entry.value, reads))).collect();
        let parts: Option<Vec<String>> = values
            .iter()
            .map(|(key, value)| value.as_ref().map(|value| format!("{}: ({})", json!(key), value.source())))
            .collect();
        // Each value was parsed in its own place; together they are one map.
        match Expr::parse(&format!("{{{}}}", parts?.join(", "))) {
            Ok(expr) => Some(expr),
            Err(error) => {
                let found = self.error(code::BAD_EXPRESSION, &node.span, error.message);
                found.help("give the values of one step instead: `output: steps.NAME`");
                None
            }
        }
    }

    fn drafts(&mut self, steps: &'a Node) -> Vec<Draft<'a>> {
        let Some(entries) = self.map(steps, "`steps`") else { return Vec::new() };
        if entries.is_empty() {
            let found = self.error(code::MISSING_KEY, &steps.span, "a workflow has at least one step");
            found.help("add one: `NAME: { agent: …, with: { … } }`");
        }
        if entries.len() > STEPS_MAX {
            let message = format!("the workflow has {} steps; at most {STEPS_MAX} fit", entries.len());
            self.error(code::TOO_LARGE, &(steps.span.start..steps.span.start), message)
                .help("make two workflows of it");
            return Vec::new();
        }
        let mut drafts = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let Some(name) = self.name(entry) else { continue };
            let Some(fields) = self.entry_fields(entry, "the step", &grammar::STEP) else { continue };
            let work = self.work(&fields);
            drafts.push(Draft { name, entry, fields, work });
        }
        drafts
    }

    /// Who does a step's work. None where that was reported, or the one named is itself in error.
    fn work(&mut self, fields: &Fields<'a>) -> Option<StepWork> {
        match (fields.get("agent"), fields.get("tool")) {
            (Some(node), None) => {
                let name = self.text(node, "an agent's name")?;
                let name = self.resolve(&node.span, "agents", "agent", &name)?;
                self.agents.get(&name).cloned().map(StepWork::Agent)
            }
            (None, Some(node)) => {
                let name = self.text(node, "a tool's name")?;
                let name = self.resolve(&node.span, "tools", "tool", &name)?;
                self.tools.get(&name).cloned().map(StepWork::Tool)
            }
            (Some(_), Some(node)) => {
                let found =
                    self.error(code::CLASH, &node.span, format!("{} names an agent and a tool", fields.what));
                found.help("make two steps of it");
                None
            }
            (None, None) => {
                let planned = ["workflow", "approval", "wait", "choose", "repeat", "each"];
                if planned.iter().all(|kind| fields.get(kind).is_none()) {
                    let found =
                        self.error(code::MISSING_KEY, &fields.span, format!("{} says no work", fields.what));
                    found.help("name an `agent:` or a `tool:`");
                }
                None
            }
        }
    }

    fn step(&mut self, draft: &Draft<'a>, names: &[Name], reads: &Reads) -> Option<Step> {
        let fields = &draft.fields;
        let when = fields.get("when").map(|node| self.condition(node, reads));
        // What `when` asked holds wherever the step runs at all.
        let given = when.iter().flatten().fold(reads.clone(), |reads, when| reads.given(when));
        let with = self.with(draft, &given);
        let needs = fields.get("needs").map(|node| self.needs(node, names)).unwrap_or_default();
        let exprs = with.iter().flat_map(BTreeMap::values).chain(when.iter().flatten());
        let read: Vec<String> = exprs.flat_map(steps_read).collect();
        let mut after: Vec<Name> = Vec::new();
        for name in names {
            let reads_it = read.iter().any(|read| **read == **name) || needs.iter().any(|need| need == name);
            if reads_it {
                after.push(name.clone());
            }
        }
        let when = match when {
            Some(when) => Some(when?),
            None => None,
        };
        let work = match draft.work.as_ref()? {
            StepWork::Agent(agent) => StepWork::Agent(agent.clone()),
            StepWork::Tool(tool) => StepWork::Tool(tool.clone()),
            _ => return None,
        };
        Some(Step {
            name: draft.name.clone(),
            work,
            with: Given::Fields(with?),
            when,
            after,
            otherwise: None,
            limits: Limits::default(),
            accepts_irreversible: false,
        })
    }

    fn needs(&mut self, node: &'a Node, names: &[Name]) -> Vec<Name> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut needs = Vec::new();
        for item in items {
            let Some(text) = self.text(item, "a step's name") else { continue };
            match names.iter().find(|name| ***name == text) {
                Some(name) => needs.push(name.clone()),
                None => {
                    let known = || names.iter().map(|name| &**name);
                    let meant = suggest(&text, known());
                    let found =
                        self.error(code::UNKNOWN_NAME, &item.span, format!("there is no step `{text}`"));
                    if meant.is_some() {
                        found.meant(meant)
                    } else {
                        found.help(format!("the steps are {}", listed(known())))
                    };
                }
            }
        }
        needs
    }

    /// What the step is given, and that it fits who does the work.
    fn with(&mut self, draft: &Draft<'a>, reads: &Reads) -> Option<BTreeMap<String, Expr>> {
        let node = draft.fields.get("with");
        if let Some(node) = node.filter(|node| node.said().is_some()) {
            self.not_run(&node.span, "a whole value in `with`");
            return None;
        }
        let fields = &draft.fields;
        let giver = Giver { what: &fields.what, key: "with", span: &fields.span };
        let taker = match &draft.work {
            Some(StepWork::Agent(agent)) => Some(Taker::from(&**agent)),
            Some(StepWork::Tool(tool)) => Some(Taker::from(&**tool)),
            _ => None,
        };
        self.handed(node, giver, taker.as_ref(), reads)
    }

    /// Whether the steps stand in an order in which they could run.
    fn order(&mut self, drafts: &[Draft<'a>], steps: &[Option<Step>]) {
        let after: BTreeMap<&str, &[Name]> =
            steps.iter().flatten().map(|step| (&*step.name, step.after.as_slice())).collect();
        for (index, draft) in drafts.iter().enumerate() {
            let Some(wanted) = after.get(&*draft.name) else { continue };
            for name in wanted.iter() {
                let Some(other) = drafts.iter().skip(index).find(|other| other.name == *name) else {
                    continue;
                };
                let at = draft.entry.at.clone();
                if other.name == draft.name {
                    let found =
                        self.error(code::STEP_ORDER, &at, format!("the step `{name}` comes after itself"));
                    found.help("read an earlier step, or the workflow's `input`");
                } else if leads_to(&after, name, &draft.name) {
                    let message =
                        format!("the steps `{}` and `{name}` each come after the other", draft.name);
                    let found = self.error(code::STEP_ORDER, &at, message);
                    found.also(other.entry.at.clone(), "and this one comes after the first");
                    found.help("let one of them read what comes before both");
                } else {
                    let message =
                        format!("the step `{}` comes after `{name}`, which stands below it", draft.name);
                    let found = self.error(code::STEP_ORDER, &at, message);
                    found
                        .also(other.entry.at.clone(), "this comes first")
                        .help(format!("move `{name}` above it"));
                }
            }
        }
    }
}

/// Whether `from` comes, by however many steps, after `to`.
fn leads_to(after: &BTreeMap<&str, &[Name]>, from: &str, to: &str) -> bool {
    let (mut open, mut seen) = (vec![from.to_owned()], std::collections::BTreeSet::new());
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name.clone()) {
            open.extend(
                after.get(name.as_str()).into_iter().flat_map(|names| names.iter().map(ToString::to_string)),
            );
        }
    }
    false
}

/// The steps that an expression reads.
fn steps_read(expr: &Expr) -> Vec<String> {
    let step = |path: Vec<String>| match path.as_slice() {
        [root, step, ..] if root == "steps" => Some(step.clone()),
        _ => None,
    };
    expr.paths().into_iter().filter_map(step).collect()
}

/// What conditions can read of the steps.
fn steps_shape(drafts: &[Draft<'_>]) -> Shape {
    let shape = |draft: &Draft<'_>| match &draft.work {
        Some(StepWork::Agent(agent)) => match &agent.output {
            Some(output) => Shape::Schema(output.clone()),
            None => json!({ "type": "string" }).into(),
        },
        Some(StepWork::Tool(tool)) => tool.output.clone().map_or(Shape::unknown(), Shape::Schema),
        _ => Shape::unknown(),
    };
    record(drafts.iter().map(|draft| {
        let presence = if draft.fields.get("when").is_some() { Presence::Maybe } else { Presence::Always };
        (draft.name.clone(), shape(draft), presence)
    }))
}
