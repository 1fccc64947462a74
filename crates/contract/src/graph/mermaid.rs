//! A workflow as a Mermaid flowchart, for whatever draws one: `flowchart TD` and what GitHub's renderer knows.
//!
//! Ids are counted and never taken from the contract, and every text is written in entities where it could mean something
//! to Mermaid or to HTML: nothing that a contract says can leave its label.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::words::{follows, work};
use crate::{Contract, Otherwise, Step, StepWork};

impl Contract {
    /// The workflow as a Mermaid flowchart. None where the contract has no such workflow.
    pub fn workflow_mermaid(&self, workflow: &str) -> Option<String> {
        let workflow = self.workflows.get(workflow)?;
        let mut chart = Chart { lines: vec!["flowchart TD".to_owned()], count: 0 };
        if let Some(chat) = &workflow.chat {
            let with = chat.agent.talks_to.join(", ");
            let label = format!("chat\nagent {} with {with}", chat.agent.name);
            chart.node(&label, ("([", "])"), 1);
        } else {
            chart.block(&workflow.steps, 1);
        }
        Some(chart.lines.join("\n") + "\n")
    }
}

struct Chart {
    lines: Vec<String>,
    count: usize,
}

impl Chart {
    fn line(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{}{text}", "  ".repeat(depth)));
    }

    fn id(&mut self) -> String {
        self.count += 1;
        format!("s{}", self.count)
    }

    fn node(&mut self, label: &str, (open, close): (&str, &str), depth: usize) -> String {
        let id = self.id();
        self.line(depth, &format!("{id}{open}\"{}\"{close}", escaped(label)));
        id
    }

    /// The steps of a block, and an arrow from each to those that come after it.
    fn block(&mut self, steps: &[Arc<Step>], depth: usize) {
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        for step in steps {
            let id = self.step(step, depth);
            for before in step.after.iter().filter_map(|name| ids.get(&**name)) {
                self.lines.push(format!("{}{before} --> {id}", "  ".repeat(depth)));
            }
            ids.insert(&step.name, id);
        }
    }

    fn step(&mut self, step: &Step, depth: usize) -> String {
        let mut label = format!("{}\n{}", step.name, work(step));
        for more in step.when.iter().map(|when| format!("when {when}")).chain(follows(step)) {
            label.push('\n');
            label.push_str(&more);
        }
        let blocks = step.work.blocks();
        let id = if blocks.is_empty() {
            self.node(&label, shape(&step.work), depth)
        } else {
            let id = self.id();
            self.line(depth, &format!("subgraph {id}[\"{}\"]", escaped(&label)));
            for (branch, within) in blocks {
                let Some(branch) = branch else {
                    self.block(&within.steps, depth + 1);
                    continue;
                };
                let when = branch.when.as_ref().map_or("else".to_owned(), |when| format!("when {when}"));
                let inner = self.id();
                let label = escaped(&format!("{}\n{when}", branch.name));
                self.line(depth + 1, &format!("subgraph {inner}[\"{label}\"]"));
                self.block(&within.steps, depth + 2);
                self.line(depth + 1, "end");
            }
            self.line(depth, "end");
            id
        };
        if let Some(Otherwise::Step(other)) = &step.otherwise {
            let other = self.step(other, depth);
            self.line(depth, &format!("{id} -. if it fails .-> {other}"));
        }
        id
    }
}

/// The outline by which a kind of step is told at a glance.
fn shape(work: &StepWork) -> (&'static str, &'static str) {
    match work {
        StepWork::Agent(_) => ("(", ")"),
        StepWork::Workflow(_) => ("[[", "]]"),
        StepWork::Approval(_) => ("{{", "}}"),
        StepWork::Wait(_) => ("([", "])"),
        _ => ("[", "]"),
    }
}

/// The text as a label: letters, digits, blanks and a few signs as they are, everything else as an entity.
fn escaped(text: &str) -> String {
    let mut label = String::new();
    for letter in text.chars() {
        match letter {
            '\n' => label.push_str("<br/>"),
            ' ' | '.' | ',' | '_' | '-' | '=' | '!' | ':' | '\'' | '?' | '+' | '/' => label.push(letter),
            letter if letter.is_alphanumeric() => label.push(letter),
            letter if letter.is_control() => label.push(' '),
            letter => label.push_str(&format!("#{};", u32::from(letter))),
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_a_label() {
        assert_eq!(
            escaped("a\"] --> b[\"<script>alert(`1`)</script> #quot; %% {x} ; größer > 1"),
            "a#34;#93; --#62; b#91;#34;#60;script#62;alert#40;#96;1#96;#41;#60;/script#62; #35;quot#59; #37;#37; #123;x#125; #59; größer #62; 1"
        );
    }
}
