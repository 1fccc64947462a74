//! Hand-offs: whether what one part gives is what another takes. Steps, probes, reconciliations, compensations and
//! facts all ask here, so that they are judged alike. Knows nothing of who runs what.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::drift::plainly_different;
use crate::expr::types::Typed;
use crate::limits::SHOWN_CHARS_MAX;
use crate::loader::{Loader, listed, meant};
use crate::reads::Reads;
use crate::yaml::{Entry, Node};
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
    /// Values by name, each of which fits the taker's input, and no other; none where one of them can't be read. Where
    /// nobody knows the taker (that was reported), the values are still read.
    pub(crate) fn handed(
        &mut self,
        node: Option<&'a Node>,
        giver: Giver<'_>,
        taker: Option<&Taker>,
        reads: &Reads,
    ) -> Option<BTreeMap<String, Expr>> {
        let before = self.findings.errors();
        let entries = node.and_then(|node| self.map(node, &format!("`{}`", giver.key))).unwrap_or_default();
        let schema = taker.map(|taker| taker.input.json());
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
        let closed =
            schema.is_some_and(|schema| schema.get("additionalProperties") == Some(&Value::Bool(false)));
        let (mut with, mut count) = (Vec::new(), 0);
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let typed = self.filled_in(&entry.value, reads);
            count += 1;
            match (properties.and_then(|properties| properties.get(&entry.key)), &typed, taker) {
                (Some(wanted), Some(typed), Some(taker)) => {
                    let what = format!("the input `{}`", entry.key);
                    self.value_fits(&entry.value.span, typed, &what, wanted);
                    self.not_absent(&entry.value.span, typed, &entry.key, taker);
                }
                (None, _, Some(taker)) if closed => self.unknown_argument(entry, &taker.who, properties),
                _ => {}
            }
            with.extend(typed.map(|typed| (entry.key.clone(), typed)));
        }
        if let Some(taker) = taker {
            let span = node.map_or(giver.span, |node| &node.span);
            self.missing_arguments(entries, giver, taker, node.map(|node| &node.span));
            if self.findings.errors() == before {
                self.together(span, &with, giver, taker);
            }
        }
        let whole = with.len() == count;
        whole.then(|| with.into_iter().map(|(name, typed)| (name, typed.expr)).collect())
    }

    /// One value that stands for the whole of what is taken: `what` is that, for messages.
    pub(crate) fn handed_whole(
        &mut self,
        node: &'a Node,
        what: &str,
        wanted: &Value,
        reads: &Reads,
    ) -> Option<Expr> {
        let typed = self.filled_in(node, reads)?;
        self.value_fits(&node.span, &typed, what, wanted);
        if typed.absent {
            let message = format!("`{}` may be absent, and {what} is always there", typed.expr.source());
            let found = self.error(code::HAND_OFF, &node.span, message);
            found.help(format!("give something in its place: `has({0}) ? {0} : …`", typed.expr.source()));
        }
        Some(typed.expr)
    }

    /// A value with what is known of it. Inputs have their defaults filled in before anything reads them; what a step or a
    /// tool gives has not.
    fn filled_in(&mut self, node: &'a Node, reads: &Reads) -> Option<Typed> {
        let typed = self.value(node, reads)?;
        let input = matches!(typed.expr.roots().first().map(String::as_str), Some("input" | "args"));
        let schema = if input && typed.expr.is_path() { after_defaults(&typed.schema) } else { typed.schema };
        Some(Typed { schema, ..typed })
    }

    /// What may be absent can't be given as an input that must be there.
    fn not_absent(&mut self, span: &Range<usize>, typed: &Typed, name: &str, taker: &Taker) {
        let required = taker.input.json().get("required").and_then(Value::as_array);
        if !typed.absent || !required.into_iter().flatten().any(|required| required == name) {
            return;
        }
        let source = typed.expr.source();
        let message = format!("`{source}` may be absent, and {} must be given `{name}`", taker.who);
        let found = self.error(code::HAND_OFF, span, message);
        found.help(format!("give something in its place: `has({source}) ? {source} : …`"));
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

    /// Whether all that a value may be is accepted. What can't be told is worth a warning, and what is refused for sure an
    /// error, each with what to add.
    fn value_fits(&mut self, span: &Range<usize>, typed: &Typed, what: &str, wanted: &Value) {
        let source = typed.expr.source();
        match judge(typed, wanted) {
            HandOff::Fits => {}
            HandOff::Breaks { value, at, why } => {
                let always = if is_literal(typed) { "" } else { "always " };
                let message = match plainly_different(&typed.schema, wanted) {
                    Some((ours, theirs)) => format!("`{source}` is {ours}, and {what} is {theirs}"),
                    None => format!("`{source}` doesn't {always}fit {what}"),
                };
                let found = self.error(code::HAND_OFF, span, message);
                found.label(format!("it may be {}: {}", shown(&value), placed(&at, &why)));
                found.help("narrow the type of what gives it, widen that of what takes it, or compute a value that fits");
            }
            HandOff::CantTell { at, why, add } => {
                let message = format!("it can't be told whether `{source}` always fits {what}");
                let found = self.findings.warning(code::HAND_OFF_UNKNOWN, span.clone(), message);
                found.label(placed(&at, &why)).help(add);
            }
        }
    }

    /// Whether the arguments fit together, where the input says more than which there are.
    fn together(&mut self, span: &Range<usize>, given: &[(String, Typed)], giver: Giver<'_>, taker: &Taker) {
        let schema = taker.input.json();
        let plain = |key: &String| PLAIN_INPUT.contains(&key.as_str());
        if schema.as_object().is_none_or(|keywords| keywords.keys().all(plain)) {
            return;
        }
        let fields: Map<String, Value> =
            given.iter().map(|(name, typed)| (name.clone(), typed.schema.clone())).collect();
        let always = given.iter().filter(|(_, typed)| !typed.absent).map(|(name, _)| name.as_str());
        let always: Vec<&str> = always.collect();
        let whole = json!({ "type": "object", "properties": fields, "required": always, "additionalProperties": false });
        let what = format!("what {} takes", taker.who);
        match contain(&whole, schema) {
            HandOff::Fits => {}
            HandOff::Breaks { value, at, why } if given.iter().all(|(_, typed)| is_exact(typed)) => {
                let found = self.error(
                    code::HAND_OFF,
                    span,
                    format!("what {} gives doesn't always fit {what}", giver.what),
                );
                found.label(format!("it may be {}: {}", shown(&value), placed(&at, &why)));
                found.help("give what the input asks for together");
            }
            HandOff::Breaks { at, why, .. } | HandOff::CantTell { at, why, .. } => {
                let message =
                    format!("it can't be told whether what {} gives always fits {what}", giver.what);
                let found = self.findings.warning(code::HAND_OFF_UNKNOWN, span.clone(), message);
                found.label(placed(&at, &why)).help("give paths and literals whose types say more");
            }
        }
    }
}

/// Keywords of an input that are judged argument by argument.
const PLAIN_INPUT: &[&str] =
    &["type", "properties", "required", "additionalProperties", "title", "description", "$schema", "default"];

/// Whether a value fits. The type of a computed one is wider than its values, so that nothing is refused by it alone.
fn judge(typed: &Typed, wanted: &Value) -> HandOff {
    if is_unknown(&typed.schema) && !is_unknown(wanted) {
        let why = "nothing is known of what it gives".to_owned();
        return HandOff::CantTell {
            at: String::new(),
            why,
            add: "write the types of what it reads".to_owned(),
        };
    }
    match contain(&typed.schema, wanted) {
        HandOff::Breaks { value, at, why }
            if !is_exact(typed) && plainly_different(&typed.schema, wanted).is_none() =>
        {
            let why = format!("by its type it may be {}: {why}", shown(&value));
            let add =
                "give a path or a literal of a fitting type, or widen the type of what takes it".to_owned();
            HandOff::CantTell { at, why, add }
        }
        found => found,
    }
}

/// Whether a type says nothing at all.
fn is_unknown(schema: &Value) -> bool {
    schema.as_object().is_some_and(Map::is_empty)
}

/// Whether the type says just what the value may be: a path has the type that was written for it.
fn is_exact(typed: &Typed) -> bool {
    typed.expr.is_path() || is_literal(typed)
}

fn is_literal(typed: &Typed) -> bool {
    typed.schema.get("const").is_some()
}

/// A value as people read it, cut where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or("")),
        None => format!("`{text}`"),
    }
}

/// What is to be said of one place of a value.
fn placed(at: &str, why: &str) -> String {
    if at.is_empty() { why.to_owned() } else { format!("at {at}, {why}") }
}
