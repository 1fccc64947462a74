//! Hand-offs: whether what one part gives is what another takes. Steps, probes, reconciliations, compensations and
//! facts all ask here, so that they are judged alike. Knows nothing of who runs what.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::drift::plainly_different;
use crate::loader::{Loader, listed, meant};
use crate::reads::{Reads, schema_of};
use crate::yaml::{Entry, Kind, Node};
use crate::{Agent, Expr, HandOff, Schema, Tool, after_defaults, code, contain, suggest};

/// Who gives values to another, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Giver<'g> {
    /// ``the step `who` ``.
    pub(crate) what: &'g str,
    /// The key that the values stand under: `with`.
    pub(crate) key: &'static str,
    /// Where what is missing is reported, if that key isn't there.
    pub(crate) span: &'g Range<usize>,
}

/// Who takes values by name: an agent, a tool, a workflow.
#[derive(Clone)]
pub(crate) struct Taker {
    /// ``the tool `find_order` ``.
    pub(crate) who: String,
    /// What it takes.
    pub(crate) input: Schema,
}

impl From<&Tool> for Taker {
    fn from(tool: &Tool) -> Self {
        Self { who: format!("the tool `{}`", tool.name), input: tool.input.clone() }
    }
}

impl From<&Agent> for Taker {
    fn from(agent: &Agent) -> Self {
        Self { who: format!("the agent `{}`", agent.name), input: agent.input.clone() }
    }
}

impl<'a> Loader<'a> {
    /// Values by name, each of which fits the taker's input, and no other; none where something was reported. Where nobody
    /// knows the taker (that was reported), the values are still read.
    pub(crate) fn handed(
        &mut self,
        node: Option<&'a Node>,
        giver: Giver<'_>,
        taker: Option<&Taker>,
        reads: &Reads,
    ) -> Option<BTreeMap<String, Expr>> {
        let before = self.findings.count();
        let with = node.map(|node| self.values(node, &format!("`{}`", giver.key), reads)).unwrap_or_default();
        let entries = match node.map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let Some(taker) = taker else { return (self.findings.count() == before).then_some(with) };
        let schema = taker.input.json();
        let properties = schema.get("properties").and_then(Value::as_object);
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let wanted = properties.and_then(|properties| properties.get(&entry.key));
            match (wanted, with.get(&entry.key)) {
                (Some(wanted), Some(expr)) => {
                    let what = format!("the input `{}`", entry.key);
                    self.value_fits(&entry.value.span, expr, &what, wanted, reads);
                }
                (None, _) if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    self.unknown_argument(entry, &taker.who, properties);
                }
                _ => {}
            }
        }
        self.missing_arguments(entries, giver, taker, node.map(|node| &node.span));
        (self.findings.count() == before).then_some(with)
    }

    /// One value that stands for the whole of what is taken: `what` is that, for messages.
    pub(crate) fn handed_whole(
        &mut self,
        node: &'a Node,
        what: &str,
        wanted: &Value,
        reads: &Reads,
    ) -> Option<Expr> {
        let expr = self.expression(node, reads)?;
        self.value_fits(&node.span, &expr, what, wanted, reads).then_some(expr)
    }

    fn unknown_argument(&mut self, entry: &Entry, who: &str, properties: Option<&Map<String, Value>>) {
        let names: Vec<&str> =
            properties.into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect();
        let meant = suggest(&entry.key, names.iter().copied());
        let found =
            self.error(code::WRONG_ARGUMENTS, &entry.at, format!("{who} has no input `{}`", entry.key));
        if meant.is_some() {
            found.meant(meant)
        } else {
            found.help(format!("its input is {}", listed(names)))
        };
    }

    fn missing_arguments(
        &mut self,
        given: &[Entry],
        giver: Giver<'_>,
        taker: &Taker,
        with: Option<&Range<usize>>,
    ) {
        let required = taker.input.json().get("required").and_then(Value::as_array);
        let missing: Vec<&str> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|name| given.iter().all(|entry| entry.key != *name))
            .collect();
        if let Some(first) = missing.first() {
            let message =
                format!("{} gives {} no {}", giver.what, taker.who, listed(missing.iter().copied()));
            let found = self.error(code::WRONG_ARGUMENTS, with.unwrap_or(giver.span), message);
            found.help(format!("add it: `{}: {{ {first}: … }}`", giver.key));
        }
    }

    /// Whether a value fits what is wanted, as far as that is known: of what is computed, only the kind is.
    fn value_fits(
        &mut self,
        span: &Range<usize>,
        expr: &Expr,
        what: &str,
        wanted: &Value,
        reads: &Reads,
    ) -> bool {
        let Some(given) = schema_of(expr, reads) else { return true };
        let source = expr.source().trim();
        if let Some((ours, theirs)) = plainly_different(&given, wanted) {
            let message = format!("`{source}` is {ours}, and {what} is {theirs}");
            self.error(code::WRONG_ARGUMENTS, span, message).help("give a value of that type");
            return false;
        }
        let paths = expr.paths();
        let [path] = paths.as_slice() else { return true };
        if path.join(".") != source {
            return true;
        }
        // Inputs have their defaults filled in before anything reads them; what a step gives has not.
        let filled = matches!(path.first().map(String::as_str), Some("input" | "args"));
        let given = if filled { after_defaults(&given) } else { given };
        let HandOff::Breaks { why, .. } = contain(&given, wanted) else { return true };
        let message = format!("`{source}` may give what {what} doesn't take");
        let found = self.error(code::WRONG_ARGUMENTS, span, message);
        found.help(why).help("narrow the type of what is given, or widen the type of what is taken");
        false
    }
}
