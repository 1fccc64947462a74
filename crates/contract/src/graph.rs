//! A workflow as a graph that people read: which step waits for which, who does the work, what each reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::show::{ceilings, repeats};
use crate::{Contract, Step, StepWork, Workflow};

impl Contract {
    /// The workflow as text: one line per step, steps with the same number may run side by side. None where the
    /// contract has no such workflow.
    pub fn workflow_graph(&self, workflow: &str) -> Option<String> {
        let workflow = self.workflows.get(workflow)?;
        let mut lines = vec![workflow.name.to_string()];
        let takes: Vec<&str> = workflow
            .input
            .json()
            .get("properties")
            .and_then(|properties| properties.as_object())
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        lines.push(format!(
            "  takes   {}",
            if takes.is_empty() { "nothing".to_owned() } else { takes.join(", ") }
        ));
        if let Some(limits) = ceilings(&workflow.limits) {
            lines.push(format!("  limits  {limits}"));
        }
        lines.push(String::new());
        lines.extend(table(workflow));
        if let Some(output) = &workflow.output {
            lines.extend([String::new(), format!("  gives   {output}")]);
        }
        Some(lines.join("\n") + "\n")
    }
}

fn table(workflow: &Workflow) -> Vec<String> {
    let mut waves: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for step in &workflow.steps {
        // Each step comes behind those it waits for, so their waves are known.
        let before = step.after.iter().filter_map(|name| waves.get(&**name)).max();
        let wave = before.map_or(1, |wave| wave + 1);
        waves.insert(&step.name, wave);
        rows.push((wave, row(wave, step)));
    }
    rows.sort_by_key(|(wave, _)| *wave);
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<_> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("  {}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row(wave: usize, step: &Step) -> [String; 5] {
    let work = match &step.work {
        StepWork::Agent(agent) => format!("agent {}", agent.name),
        StepWork::Tool(tool) => format!("tool {} ({})", tool.name, repeats(tool)),
        other => other.kind().to_owned(),
    };
    let after =
        if step.after.is_empty() { String::new() } else { format!("after {}", step.after.join(", ")) };
    let paths: BTreeSet<String> =
        step.with.exprs().flat_map(|expr| expr.paths()).map(|path| path.join(".")).collect();
    let mut reads = String::new();
    if !paths.is_empty() {
        reads = format!("reads {}", paths.into_iter().collect::<Vec<_>>().join(", "));
    }
    if let Some(when) = &step.when {
        reads = format!("{reads}{}when {when}", if reads.is_empty() { "" } else { ", " });
    }
    [wave.to_string(), step.name.to_string(), work, after, reads]
}
