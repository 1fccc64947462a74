//! Steps by their paths, and what conditions can read of the events that an invariant names.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Said;
use crate::loader::{Loader, listed};
use crate::reads::{Presence, Reads, Shape, place, record};
use crate::yaml::Node;
use crate::{Expr, Happening, Name, Step, StepWork, Tool, Workflow, code, suggest};

/// What conditions can read of one kind of event.
struct Side {
    /// For messages: `tools.refund`.
    of: String,
    args: Shape,
    result: Shape,
}

impl<'a> Loader<'a> {
    /// A step, by the names of the steps around it from the outside in, of whichever workflow has it.
    pub(super) fn step_event(&mut self, span: &Range<usize>, path: &str) -> Option<Happening> {
        let names: Vec<&str> = path.split('.').collect();
        let workflows = self.workflows_here();
        let found = workflows.iter().any(|workflow| !steps_at(&workflow.steps, &names).is_empty());
        if found {
            return Some(Happening::Step(names.into_iter().map(Name::from).collect()));
        }
        let declared = self.declared.get("workflows").map(Vec::as_slice).unwrap_or_default();
        let unread = declared.iter().filter(|name| name.starts_with(&self.prefix));
        if unread.count() > workflows.len() {
            // A workflow is in error: whether it has such a step is asked again once it isn't.
            return None;
        }
        let (known, siblings) = deepest(&workflows, &names);
        let wrong = names.get(known).copied().unwrap_or_default();
        let before = names.get(..known).unwrap_or_default().join(".");
        let message = match known {
            0 => format!("no workflow has a step `{wrong}`"),
            _ => format!("the step `{before}` has no step `{wrong}` within it"),
        };
        let meant = suggest(wrong, siblings.iter().map(|name| &**name));
        let found = self.error(code::UNKNOWN_NAME, span, message);
        if meant.is_some() {
            found.meant(meant);
        } else {
            found.help(match siblings.is_empty() {
                true => "only `repeat`, `each`, `choose` and `otherwise` have steps within them".to_owned(),
                false => format!("the steps there are {}", listed(siblings.iter().map(|name| &**name))),
            });
        }
        None
    }

    /// The workflows of the file at hand and of those that it includes.
    fn workflows_here(&self) -> Vec<Arc<Workflow>> {
        let here = self.workflows.iter().filter(|(name, _)| name.starts_with(&self.prefix));
        here.map(|(_, workflow)| workflow.clone()).collect()
    }

    /// An expression over events: checked for every tool and step that one of them may be, and in the workflows
    /// that they may lie in. `named` are all that the invariant speaks of.
    pub(super) fn of_events(
        &mut self,
        node: &'a Node,
        said: &[Said],
        named: &[Said],
        condition: bool,
    ) -> Option<Expr> {
        let reads = Reads::new(place::INVARIANT, &self.settings_schema)
            .with("input", &Shape::unknown())
            .with("steps", &Shape::unknown());
        let mut expr = None;
        for side in said.iter().flat_map(|said| self.sides(said)).collect::<Vec<_>>() {
            let reads = reads.clone().with("args", &side.args).with("result", &side.result);
            expr = Some(self.of_event(node, &reads, condition, &format!("read for `{}`", side.of))?);
        }
        let read = expr.as_ref().map(Expr::roots).unwrap_or_default();
        if read.contains("input") || read.contains("steps") {
            let workflows = self.workflows_of(said);
            let reads = reads
                .with("args", &Shape::unknown())
                .with("result", &Shape::unknown())
                .with("input", &input_of(&workflows))
                .with("steps", &steps_of(&workflows, named));
            let names = listed(workflows.iter().map(|workflow| &*workflow.name));
            expr = Some(self.of_event(node, &reads, condition, &format!("read in {names}"))?);
        }
        expr
    }

    fn of_event(&mut self, node: &'a Node, reads: &Reads, condition: bool, of: &str) -> Option<Expr> {
        if !self.may_expand(node) {
            return None;
        }
        let before = self.findings.count();
        let expr = if condition { self.condition(node, reads) } else { self.expression(node, reads) };
        if expr.is_none() {
            for found in self.findings.each_since(before) {
                found.help(of);
            }
        }
        expr
    }

    /// What an event may be: each tool of a group, each step of the path.
    fn sides(&self, said: &Said) -> Vec<Side> {
        let tool = |name: &str, tool: Option<&Arc<Tool>>| {
            let output = tool.and_then(|tool| tool.output.as_ref());
            Side {
                of: format!("tools.{name}"),
                args: tool.map_or(Shape::unknown(), |tool| Shape::Schema(tool.input.clone())),
                result: output.map_or(Shape::unknown(), |output| Shape::Schema(output.clone())),
            }
        };
        match &said.event {
            Happening::Tool(name) => vec![tool(name, self.tools.get(name))],
            Happening::Group(group) => {
                let within = self.tools.values().filter(|tool| tool.groups.contains(group));
                let sides: Vec<Side> = within.map(|one| tool(&one.name, Some(one))).collect();
                // A group without tools: nothing is known of what it is for.
                if sides.is_empty() { vec![tool(group, None)] } else { sides }
            }
            Happening::Step(path) => {
                let path: Vec<&str> = path.iter().map(|name| &**name).collect();
                let workflows = self.workflows_here();
                let steps = workflows.iter().flat_map(|workflow| steps_at(&workflow.steps, &path));
                steps.map(|step| step_side(&said.text, step)).collect()
            }
        }
    }

    /// The workflows that all of these events may lie in.
    fn workflows_of(&self, said: &[Said]) -> Vec<Arc<Workflow>> {
        let mut workflows = self.workflows_here();
        for said in said {
            if let Happening::Step(path) = &said.event {
                let path: Vec<&str> = path.iter().map(|name| &**name).collect();
                workflows.retain(|workflow| !steps_at(&workflow.steps, &path).is_empty());
            }
        }
        workflows
    }
}

/// The arguments of a step are those of the agent or the tool that does it; its result is what it gives.
fn step_side(of: &str, step: &Step) -> Side {
    let args = match &step.work {
        StepWork::Agent(agent) => Shape::Schema(agent.input.clone()),
        StepWork::Tool(tool) => Shape::Schema(tool.input.clone()),
        _ => Shape::unknown(),
    };
    Side { of: of.to_owned(), args, result: Shape::Json(step.gives.schema.clone()) }
}

/// What can be read of the steps: a run is of one of the workflows, and when an event happens, nobody knows which of its
/// steps have finished, but for those that the invariant names. What gives a value within another step stands within it.
fn steps_of(workflows: &[Arc<Workflow>], named: &[Said]) -> Shape {
    let steps = workflows.iter().flat_map(|workflow| &workflow.steps);
    let valued = steps.filter(|step| !step.gives.is_nothing());
    let mut shapes = by_name(valued.map(|step| (step.name.clone(), step.gives.schema.clone())));
    let mut there = BTreeSet::new();
    for said in named {
        let Happening::Step(path) = &said.event else { continue };
        let [outer, within @ ..] = path.as_slice() else { continue };
        let path: Vec<&str> = path.iter().map(|name| &**name).collect();
        there.insert(outer.clone());
        let steps = workflows.iter().flat_map(|workflow| steps_at(&workflow.steps, &path));
        for gives in by_name(steps.map(|step| (step.name.clone(), step.gives.schema.clone()))).into_values() {
            let known = shapes.get(outer).map_or(json!({}), |known| Value::clone(known));
            shapes.insert(outer.clone(), Arc::new(holding(known, within, &gives)));
        }
    }
    record(shapes.into_iter().map(|(name, shape)| {
        let always = there.contains(&name);
        (name, Shape::Json(shape), if always { Presence::Always } else { Presence::Maybe })
    }))
}

/// The schema of a step's value with what a step within it gives, under that one's name.
fn holding(schema: Value, within: &[Name], gives: &Value) -> Value {
    let [name, deeper @ ..] = within else { return gives.clone() };
    let mut fields = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let known = fields.get(&**name).cloned().unwrap_or(Value::Bool(true));
    fields.insert(name.to_string(), holding(known, deeper, gives));
    let mut required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    required.push(json!(&**name));
    json!({ "type": "object", "properties": fields, "required": required })
}

/// What can be read of the input: always there is only what each of the workflows needs.
fn input_of(workflows: &[Arc<Workflow>]) -> Shape {
    let [others @ .., last] = workflows else { return Shape::unknown() };
    if others.is_empty() {
        return Shape::Schema(last.input.clone());
    }
    let fields = |workflow: &Arc<Workflow>| {
        let fields = workflow.input.json().get("properties").and_then(Value::as_object).cloned();
        fields.unwrap_or_default().into_iter().map(|(name, schema)| (Name::from(name), Arc::new(schema)))
    };
    let needs = |workflow: &Arc<Workflow>, name: &str| {
        let required = workflow.input.json().get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|other| other == name))
    };
    let shapes = by_name(workflows.iter().flat_map(fields));
    record(shapes.into_iter().map(|(name, shape)| {
        let always = workflows.iter().all(|workflow| needs(workflow, &name));
        (name, Shape::Json(shape), if always { Presence::Always } else { Presence::Maybe })
    }))
}

/// Each name with what it holds; with anything, where it holds one thing here and another there.
fn by_name(all: impl Iterator<Item = (Name, Arc<Value>)>) -> BTreeMap<Name, Arc<Value>> {
    let mut shapes: BTreeMap<Name, Arc<Value>> = BTreeMap::new();
    for (name, shape) in all {
        let known = shapes.entry(name).or_insert_with(|| shape.clone());
        if **known != *shape {
            *known = Arc::new(json!({}));
        }
    }
    shapes
}

/// The steps of this path. Several branches of a `choose` may have one of that name.
fn steps_at<'s>(steps: &'s [Arc<Step>], path: &[&str]) -> Vec<&'s Arc<Step>> {
    let mut level: Vec<&Arc<Step>> = steps.iter().collect();
    let mut rest = path;
    while let [name, deeper @ ..] = rest {
        level.retain(|step| *step.name == **name);
        if !deeper.is_empty() {
            level = level.into_iter().flat_map(|step| step.within()).collect();
        }
        rest = deeper;
    }
    level
}

/// How many names of the path lead to a step in some workflow, and the names of the steps there.
fn deepest(workflows: &[Arc<Workflow>], path: &[&str]) -> (usize, BTreeSet<Name>) {
    let known = (1..=path.len()).rev().find(|length| {
        let part = path.get(..*length).unwrap_or_default();
        workflows.iter().any(|workflow| !steps_at(&workflow.steps, part).is_empty())
    });
    let known = known.unwrap_or(0);
    let part = path.get(..known).unwrap_or_default();
    let names = workflows.iter().flat_map(|workflow| match known {
        0 => workflow.steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>(),
        _ => steps_at(&workflow.steps, part)
            .into_iter()
            .flat_map(|step| step.within())
            .map(|step| step.name.clone())
            .collect(),
    });
    (known, names.collect())
}
