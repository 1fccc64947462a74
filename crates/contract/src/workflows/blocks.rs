//! Blocks: steps read one after the other, each with what those before it give; and what the block gives.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::order;
use super::sight::Sight;
use crate::loader::{Fields, Loader, meant};
use crate::reads::{Reads, place, portable};
use crate::yaml::{Entry, Kind, Node};
use crate::{Block, Given, Gives, Name, Step, code};

/// Steps that were read.
pub(super) struct ReadSteps {
    /// The steps, if all could be read.
    pub(super) steps: Option<Vec<Arc<Step>>>,
    /// What each gives.
    pub(super) gives: Vec<(Name, Gives)>,
    /// What is seen behind them.
    pub(super) sight: Sight,
}

/// A block that was read.
pub(super) struct ReadBlock {
    pub(super) block: Option<Block>,
    pub(super) gives: Gives,
    pub(super) sight: Sight,
}

impl<'a> Loader<'a> {
    /// The steps of a block: `sight` has what is around it.
    pub(super) fn steps(&mut self, node: &'a Node, around: &Sight) -> ReadSteps {
        let entries = self.map(node, "`steps`").unwrap_or(&[]);
        if matches!(&node.kind, Kind::Map(entries) if entries.is_empty()) {
            let found = self.error(code::MISSING_KEY, &node.span, "there is no step here");
            found.help("add one: `NAME: { agent: …, with: { … } }`");
        }
        let mut own: Vec<(Name, &'a Entry)> = Vec::new();
        let mut named = 0;
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            named += 1;
            let Some(name) = self.name(entry) else { continue };
            if self.hides_nothing(&around.steps, &name, &entry.at, "step") {
                own.push((name, entry));
            }
        }
        let mut sight = around.with_steps(&own);
        let siblings: Vec<(Name, Range<usize>)> =
            own.iter().map(|(name, entry)| (name.clone(), entry.at.clone())).collect();
        let (mut read, mut gives) = (Vec::new(), Vec::new());
        for (name, entry) in &own {
            let (step, value) = self.step(name, entry, &sight);
            read.push(step.map(|step| Step { after: order::after(&step, &siblings), ..step }));
            sight.learn(name, entry, &value);
            gives.push((name.clone(), value));
        }
        self.step_order(&siblings, &read);
        let steps: Vec<Arc<Step>> = read.into_iter().flatten().map(Arc::new).collect();
        let whole = steps.len() == named && named > 0;
        ReadSteps { steps: whole.then_some(steps), gives, sight }
    }

    /// The keys `steps` and `output` of what has a block.
    pub(super) fn block(&mut self, fields: &Fields<'a>, around: &Sight) -> Option<ReadBlock> {
        let node = self.required(fields, "steps", "{ NAME: { agent: …, with: { … } } }")?;
        let read = self.steps(node, around);
        let reads = read.sight.reads.clone().at(place::BLOCK_OUTPUT);
        let output = fields.get("output").map(|node| self.output(node, &reads));
        let (output, gives) = match output {
            None => (Some(None), Gives::nothing()),
            Some(None) => (None, Gives::unknown()),
            Some(Some((output, gives))) => (Some(Some(output)), gives),
        };
        let block = read.steps.zip(output).map(|(steps, output)| Block { steps, output });
        Some(ReadBlock { block, gives, sight: read.sight })
    }

    /// What a block or a workflow gives: a value, or values by name. What is absent is left out.
    pub(super) fn output(&mut self, node: &'a Node, reads: &Reads) -> Option<(Given, Gives)> {
        let Kind::Map(entries) = &node.kind else {
            let typed = self.value(node, reads)?;
            let gives = Gives { schema: portable(&typed.schema).into(), absent: typed.absent };
            return Some((Given::Whole(typed.expr), gives));
        };
        let (mut values, mut properties, mut required) = (Vec::new(), Map::new(), Vec::new());
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let typed = self.value(&entry.value, reads);
            if let Some(typed) = &typed {
                properties.insert(entry.key.clone(), typed.schema.clone());
                if !typed.absent {
                    required.push(Value::from(entry.key.as_str()));
                }
            }
            values.push(typed.map(|typed| (entry.key.clone(), typed.expr)));
        }
        let fields = values.into_iter().collect::<Option<_>>()?;
        let schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
        Some((Given::Fields(fields), Gives { schema: portable(&schema).into(), absent: false }))
    }
}
