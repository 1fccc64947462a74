//! The models that an agent may use, or uses in one step: each perhaps only where a condition holds.

use std::ops::Range;

use crate::loader::{Loader, meant, meant_items};
use crate::reads::{Reads, Shape, place};
use crate::yaml::{Kind, Node};
use crate::{Clause, Expr, ModelChoice, Name, code};

impl<'a> Loader<'a> {
    /// What the conditions of models read: what the agent is given, and what the run has established.
    pub(crate) fn model_reads(&self, given: &Shape) -> Reads {
        Reads::new(place::MODEL, &self.settings_schema)
            .with("input", given)
            .with("facts", &self.facts_shape())
    }

    /// Reads the key `model`; `address` is the key's own.
    pub(crate) fn model_choices(&mut self, node: &'a Node, address: &str, reads: &Reads) -> Vec<ModelChoice> {
        let items = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                let found = self.error(code::MISSING_KEY, &node.span, "no model is named");
                found.help("name one that `models:` has");
                return Vec::new();
            }
            Kind::List(_) => self.list(node, "`model`").unwrap_or_default(),
            Kind::Map(_) => {
                if let Some(found) = self.wrong_kind(node, "`model`", "a model's name or a list of them") {
                    found.help("conditions stand in a list: `[ { small: size(input.text) < 400 }, main ]`");
                }
                return Vec::new();
            }
            _ => std::slice::from_ref(node),
        };
        let mut choices: Vec<ModelChoice> = Vec::new();
        for item in meant_items(items) {
            let Kind::Map(entries) = &item.kind else {
                if let Some(name) = self.text(item, "a model's name") {
                    self.chosen(&name, &item.span, &mut choices);
                }
                continue;
            };
            for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
                let condition = self.condition(&entry.value, reads);
                let choice = self.chosen(&entry.key, &entry.at, &mut choices);
                if let (Some(choice), Some(condition)) = (choice, condition) {
                    choice.when = Some(clause(format!("{address}.{}", entry.key), condition));
                }
            }
        }
        if items.iter().all(|item| matches!(item.kind, Kind::Map(_))) {
            let message = "no model is left where no condition holds";
            let found = self.error(code::NO_MODEL, &node.span, message);
            found.help("name one without a condition: `[ { small: size(input.text) < 400 }, main ]`");
        }
        choices
    }

    /// One more choice, so far without a condition; none where there is no such model, or it is one already.
    fn chosen<'c>(
        &mut self,
        name: &str,
        span: &Range<usize>,
        choices: &'c mut Vec<ModelChoice>,
    ) -> Option<&'c mut ModelChoice> {
        let model: Name = self.resolve(span, "models", "model", name)?;
        if choices.iter().any(|choice| choice.model == model) {
            self.error(code::CLASH, span, format!("`{name}` is named twice")).help("keep it once");
            return None;
        }
        choices.push(ModelChoice { model, when: None });
        choices.last_mut()
    }
}

fn clause(address: String, condition: Expr) -> Clause {
    Clause { address, sentence: condition.source().to_owned(), condition }
}
