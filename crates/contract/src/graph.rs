//! A workflow as a graph that people read: which step waits for which, who does the work, what each reads. As text; in
//! `mermaid` as a picture.

mod mermaid;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::show::ceilings;
use crate::{Contract, Otherwise, Step, Workflow};
use words::{follows, work};

impl Contract {
    /// The workflow as text: one line per step, steps with the same number may run side by side, and those within a step
    /// stand below it. None where the contract has no such workflow.
    pub fn workflow_graph(&self, workflow: &str) -> Option<String> {
        let workflow = self.workflows.get(workflow)?;
        let mut lines = vec![workflow.name.to_string(), format!("  takes   {}", takes(workflow))];
        if let Some(limits) = ceilings(&workflow.limits) {
            lines.push(format!("  limits  {limits}"));
        }
        if workflow.accepts_irreversible {
            lines.push("  accepts what can't be taken back".to_owned());
        }
        if let Some(chat) = &workflow.chat {
            let with = chat.agent.talks_to.join(", ");
            lines.push(format!("  chat    agent {} with {with}", chat.agent.name));
            if let Some(idle) = chat.idle {
                lines.push(format!("  idle    {}", crate::show::span(idle)));
            }
            return Some(lines.join("\n") + "\n");
        }
        lines.push(String::new());
        lines.extend(table(workflow));
        if let Some(output) = &workflow.output {
            lines.extend([String::new(), format!("  gives   {output}")]);
        }
        Some(lines.join("\n") + "\n")
    }
}

/// The names of a workflow's input.
fn takes(workflow: &Workflow) -> String {
    let fields = workflow.input.json().get("properties").and_then(|fields| fields.as_object());
    let names: Vec<&str> = fields.into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A line: its cells stand below those of the lines around.
type Row = [String; 5];

fn table(workflow: &Workflow) -> Vec<String> {
    let mut rows = Vec::new();
    block(&workflow.steps, 0, &mut rows);
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &Row| {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<_> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("  {}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The lines of a block, those that may run at the same time together.
fn block(steps: &[Arc<Step>], depth: usize, rows: &mut Vec<Row>) {
    let mut waves: BTreeMap<&str, usize> = BTreeMap::new();
    let mut own = Vec::new();
    for step in steps {
        // Each step comes behind those it waits for, so their waves are known.
        let before = step.after.iter().filter_map(|name| waves.get(&**name)).max();
        let wave = before.map_or(1, |wave| wave + 1);
        waves.insert(&step.name, wave);
        own.push((wave, step));
    }
    own.sort_by_key(|(wave, _)| *wave);
    for (wave, step) in own {
        lines(&wave.to_string(), step, depth, rows);
    }
}

/// The line of a step, and the lines of those within it.
fn lines(number: &str, step: &Step, depth: usize, rows: &mut Vec<Row>) {
    let after =
        if step.after.is_empty() { String::new() } else { format!("after {}", step.after.join(", ")) };
    rows.push([indent(number, depth), indent(&step.name, depth), work(step), after, reads(step)]);
    for (branch, within) in step.work.blocks() {
        let mut inner = depth + 1;
        if let Some(branch) = branch {
            let when = branch.when.as_ref().map_or("else".to_owned(), |when| format!("when {when}"));
            rows.push([String::new(), indent(&branch.name, inner), when, String::new(), String::new()]);
            inner += 1;
        }
        block(&within.steps, inner, rows);
        if let Some(output) = &within.output {
            let gives = format!("gives {output}");
            rows.push([String::new(), indent("=", inner), gives, String::new(), String::new()]);
        }
    }
    if let Some(Otherwise::Step(other)) = &step.otherwise {
        lines("!", other, depth + 1, rows);
    }
}

fn indent(text: &str, depth: usize) -> String {
    format!("{}{text}", "  ".repeat(depth))
}

/// What a step reads, when it is done, and what follows its failure.
fn reads(step: &Step) -> String {
    let paths: BTreeSet<String> =
        step.with.exprs().flat_map(|expr| expr.paths()).map(|path| path.join(".")).collect();
    let mut parts = Vec::new();
    if !paths.is_empty() {
        parts.push(format!("reads {}", paths.into_iter().collect::<Vec<_>>().join(", ")));
    }
    parts.extend(step.when.as_ref().map(|when| format!("when {when}")));
    parts.extend(ceilings(&step.limits).map(|limits| format!("within {limits}")));
    if step.accepts_irreversible {
        parts.push("accepts what can't be taken back".to_owned());
    }
    parts.extend(follows(step));
    parts.join(", ")
}
