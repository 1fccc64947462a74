//! Conditions, values and texts with holes, checked where they stand: what they may read, and that it exists.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::expr::ExprError;
use crate::loader::{Keys, Loader, listed, meant};
use crate::yaml::{Entry, Kind, Node, Style};
use crate::{Clause, Expr, FailureRule, Name, Schema, Scope, Template, Then, code, suggest, traps};

/// The schema of what a name holds. Shared: a big type may be read in many places.
#[derive(Clone)]
pub(crate) enum Shape {
    Json(Arc<Value>),
    Schema(Schema),
}

impl Shape {
    /// Of what nobody knows.
    pub(crate) fn unknown() -> Self {
        Self::Json(Arc::new(json!({})))
    }

    pub(crate) fn json(&self) -> &Value {
        match self {
            Self::Json(json) => json,
            Self::Schema(schema) => schema.json(),
        }
    }
}

impl From<Value> for Shape {
    fn from(json: Value) -> Self {
        Self::Json(Arc::new(json))
    }
}

/// What a place may read: the names, each with the schema of what it holds.
#[derive(Clone)]
pub(crate) struct Reads {
    /// The place, for messages: ``a tool's `requires` ``.
    place: &'static str,
    roots: Vec<(&'static str, Shape)>,
    /// The steps by name, where `steps` can be read.
    steps: Option<Arc<BTreeMap<Name, Shape>>>,
    /// Whether other names may be probes: those are refused where they are declared, so what reads them isn't.
    probes: bool,
}

/// Names that the language has and this release gives nothing to read.
const PLANNED_ROOTS: &[&str] = &["facts", "old", "last", "memory"];

impl Reads {
    pub(crate) fn new(place: &'static str, settings: &Shape) -> Self {
        Self { place, roots: vec![("settings", settings.clone())], steps: None, probes: false }
    }

    /// The same and one more name.
    pub(crate) fn with(mut self, name: &'static str, shape: &Shape) -> Self {
        self.roots.push((name, shape.clone()));
        self
    }

    /// The same and the steps.
    pub(crate) fn with_steps(mut self, steps: BTreeMap<Name, Shape>) -> Self {
        self.steps = Some(Arc::new(steps));
        self
    }

    /// The same, where `probes` were declared.
    pub(crate) fn with_probes(mut self, probes: bool) -> Self {
        self.probes = probes;
        self
    }

    /// The same names at another place.
    pub(crate) fn at(mut self, place: &'static str) -> Self {
        self.place = place;
        self
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.roots.iter().map(|(root, _)| *root).chain(self.steps.iter().map(|_| "steps"))
    }

    /// The schema of what a path leads to; `Ok(None)` where nobody can tell.
    fn follow(&self, path: &[String]) -> Result<Option<&Value>, BadRead> {
        let Some((root, fields)) = path.split_first() else { return Ok(None) };
        if let (Some(steps), "steps") = (&self.steps, root.as_str()) {
            let Some((step, fields)) = fields.split_first() else {
                let help = "name the step and what of it: `steps.NAME.FIELD`";
                return Err(BadRead::new(0, "all steps at once can't be read").help(help));
            };
            return match steps.get(step.as_str()) {
                Some(shape) => follow(shape.json(), &format!("steps.{step}"), 2, fields),
                None => Err(BadRead::unknown("steps", 1, step, steps.keys().map(|name| &**name))),
            };
        }
        match self.roots.iter().find(|(name, _)| name == root) {
            Some((_, shape)) => follow(shape.json(), root, 1, fields),
            None if PLANNED_ROOTS.contains(&root.as_str()) => {
                Err(BadRead { planned: true, ..BadRead::new(0, format!("`{root}`")) })
            }
            None if self.probes => Ok(None),
            None => {
                let bad = BadRead::new(0, format!("{} can't read `{root}`", self.place))
                    .meant(suggest(root, self.names()));
                Err(bad.help(format!("{} reads {}", self.place, listed(self.names()))))
            }
        }
    }
}

/// An object with these fields and no others; each may be absent.
pub(crate) fn closed(fields: serde_json::Map<String, Value>) -> Value {
    json!({ "type": "object", "properties": fields, "additionalProperties": false })
}

/// What conditions can read of a call.
pub(crate) fn call_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({ "type": "object", "additionalProperties": false, "properties":
        { "key": text, "id": text, "run": text, "attempt": { "type": "integer" }, "started": text } })
}

/// What conditions can read of a failure.
fn error_schema() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties":
        { "text": { "type": "string" }, "code": { "type": "string" }, "status": { "type": "integer" } } })
}

impl<'a> Loader<'a> {
    /// A condition or value.
    pub(crate) fn expression(&mut self, node: &'a Node, reads: &Reads) -> Option<Expr> {
        let Some((text, style)) = node.said() else {
            self.no_expression(node, reads);
            return None;
        };
        if traps::explain_cut(node, self.source, &mut self.findings) {
            return None;
        }
        let norway = style == Style::Plain
            && matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off");
        if norway {
            let message = format!("some YAML readers take `{text}` for a boolean");
            let found = self.error(code::OTHER_READING, &node.span, message);
            found.help(format!("for a boolean write `true` or `false`; for a text, \"'{text}'\""));
            return None;
        }
        match Expr::parse(text) {
            Ok(expr) => self.check_reads(&expr, node, 0..text.len(), reads).then_some(expr),
            Err(error) => {
                self.bad_expression(node, &error, 0);
                None
            }
        }
    }

    fn no_expression(&mut self, node: &Node, reads: &Reads) {
        let place = reads.place;
        match &node.kind {
            Kind::Refused => {}
            Kind::List(_) | Kind::Map(_) => {
                let source = self.source.get(node.span.clone()).unwrap_or("").to_owned();
                let sign = if matches!(node.kind, Kind::List(_)) { "[" } else { "{" };
                if source.starts_with(sign) && !source.contains('\n') {
                    let message = format!(
                        "YAML reads a value that begins with `{sign}` as its own, and {place} is CEL"
                    );
                    let found = self.error(code::CUT, &node.span, message);
                    found.help(format!("quote it: {}", traps::quoted(&source)));
                } else {
                    self.wrong_kind(node, place, "a condition or value in CEL, which is a text");
                }
            }
            Kind::Text { text, .. } => {
                let message = format!("{place} is CEL, and YAML reads nothing here");
                let found = self.error(code::OTHER_READING, &node.span, message);
                found.help(if text.is_empty() {
                    "write a condition or value"
                } else {
                    "for nothing, write `'null'`"
                });
            }
        }
    }

    fn bad_expression(&mut self, node: &Node, error: &ExprError, offset: usize) {
        let within = error.range.start + offset..error.range.end + offset;
        let span = node.place(self.source, within);
        let (message, help) = (error.message.clone(), error.help.clone());
        let found = self.error(code::BAD_EXPRESSION, &span, message);
        if let Some(help) = help {
            found.help(help);
        }
    }

    /// A text with `{…}` holes.
    pub(crate) fn template(&mut self, node: &'a Node, what: &str, reads: &Reads) -> Option<Template> {
        // The holes are read from the text as it stands, so blanks around it count for places, not for the value.
        let text = self.prose(node, what)?;
        let lead = match &node.kind {
            Kind::Text { text: raw, .. } => raw.find(text.as_str()).unwrap_or(0),
            _ => 0,
        };
        let template = match Template::parse(&text) {
            Ok(template) => template,
            Err(error) => {
                self.bad_expression(node, &error, lead);
                return None;
            }
        };
        let mut good = true;
        for expr in template.exprs() {
            let at = text.find(expr.source()).map_or(0, |at| at + lead);
            good &= self.check_reads(expr, node, at..at + expr.source().len(), reads);
        }
        good.then_some(template)
    }

    /// A text whose holes read settings, filled.
    pub(crate) fn filled(&mut self, node: &'a Node, what: &str) -> Option<String> {
        let settings = Reads::new("a text of a model or server", &self.settings_schema);
        let template = self.template(node, what, &settings)?;
        if !self.settings_whole {
            return None;
        }
        match template.fill(&Scope::default().with("settings", &self.settings)) {
            Ok(text) => Some(text),
            Err(error) => {
                let found = self.error(code::BAD_EXPRESSION, &node.span, error.to_string());
                found.help("a hole is filled with a text, a number or a boolean");
                None
            }
        }
    }

    /// Whether the expression reads only what its place offers. `within` is where it stands in the node's text.
    fn check_reads(&mut self, expr: &Expr, node: &Node, within: Range<usize>, reads: &Reads) -> bool {
        if expr.literal_word() && expr.roots().iter().all(|root| reads.names().all(|name| name != root)) {
            let word = expr.source();
            let span = node.place(self.source, within);
            if PLANNED_ROOTS.contains(&word) {
                self.not_built(&span, &format!("`{word}`"));
                return false;
            }
            let meant = suggest(word, reads.names());
            let found = self.error(
                code::BAD_READ,
                &span,
                format!("`{word}` is read as a name here, and there is none"),
            );
            found.meant(meant).help(format!("for the text, write \"'{word}'\""));
            return false;
        }
        let mut good = true;
        for path in expr.paths() {
            if let Err(problem) = reads.follow(&path) {
                let shown = path.get(..=problem.at).unwrap_or(&path).join(".");
                let place = find_path(expr.source(), &shown).map_or(within.clone(), |at| {
                    let start = within.start + at;
                    start..start + shown.len()
                });
                let span = node.place(self.source, place);
                problem.report(self, &span);
                good = false;
            }
        }
        good
    }

    /// Clauses: sentences and their conditions.
    pub(crate) fn clauses(&mut self, node: &'a Node, prefix: &str, reads: &Reads) -> Vec<Clause> {
        let Some(entries) = self.map(node, reads.place) else { return Vec::new() };
        let mut seen: HashMap<String, &Entry> = HashMap::new();
        let mut clauses = Vec::new();
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let part = slug(&entry.key);
            if part.is_empty() {
                let found =
                    self.error(code::BAD_NAME, &entry.at, "this sentence has no letter to be addressed by");
                found.help("write what holds: `the order is not refunded yet`");
                continue;
            }
            if let Some(first) = seen.get(&part) {
                let at = first.at.clone();
                let found = self.error(
                    code::CLASH,
                    &entry.at,
                    format!("two clauses have the address `{prefix}.{part}`"),
                );
                found.label("this one").also(at, "and this one").help("reword one of them");
                continue;
            }
            seen.insert(part.clone(), entry);
            if let Some(condition) = self.expression(&entry.value, reads) {
                clauses.push(Clause {
                    address: format!("{prefix}.{part}"),
                    sentence: entry.key.trim().to_owned(),
                    condition,
                });
            }
        }
        clauses
    }

    /// How failures are recognised.
    pub(crate) fn failures(&mut self, node: &'a Node, args: &Shape) -> Vec<FailureRule> {
        const KEYS: Keys =
            Keys { known: &["when", "then", "gives", "settles"], planned: &["after", "retry_after"] };
        let Some(entries) = self.map(node, "`failures`") else { return Vec::new() };
        let reads = Reads::new("a failure's condition", &self.settings_schema)
            .with("args", args)
            .with("error", &error_schema().into())
            .with("result", &Shape::unknown());
        let mut rules = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let name = self.name(entry);
            let Some(fields) = self.entry_fields(entry, "the failure", &KEYS) else { continue };
            let when = self.required(&fields, "when", "error.text.contains('not found')");
            let when = when.and_then(|when| self.expression(when, &reads));
            let words = [
                ("permanent", Then::Permanent),
                ("transient", Then::Transient),
                ("doubtful", Then::Doubtful),
            ];
            let then = fields.get("then").map(|then| self.choice(then, "`then`", &words));
            let gives = fields.get("gives").map(|gives| self.expression(gives, &reads));
            let settles =
                fields.get("settles").map(|settles| self.choice(settles, "`settles`", &[("call", true)]));
            let (Some(name), Some(when)) = (name, when) else { continue };
            rules.push(FailureRule {
                name,
                when,
                then: then.flatten().unwrap_or(Then::Permanent),
                gives: gives.flatten(),
                settles_call: settles.flatten().unwrap_or(false),
            });
        }
        rules
    }
}

/// A path that its place doesn't offer.
struct BadRead {
    /// Which part of the path is wrong.
    at: usize,
    message: String,
    planned: bool,
    help: Vec<String>,
}

impl BadRead {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), planned: false, help: Vec::new() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    fn meant(self, meant: Option<&str>) -> Self {
        match meant {
            Some(meant) => self.help(format!("did you mean `{meant}`?")),
            None => self,
        }
    }

    /// `owner` has these `names`, and `field` is none of them.
    fn unknown<'n>(
        owner: &str,
        at: usize,
        field: &str,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Self {
        let message = match owner {
            "steps" => format!("there is no step `{field}`"),
            "settings" => format!("there is no setting `{field}`"),
            _ => format!("`{owner}` has no field `{field}`"),
        };
        match suggest(field, names.clone()) {
            Some(meant) => Self::new(at, message).meant(Some(meant)),
            None => Self::new(at, message).help(format!("`{owner}` has {}", listed(names))),
        }
    }

    fn report(self, loader: &mut Loader<'_>, span: &Range<usize>) {
        if self.planned {
            loader.not_built(span, &self.message);
            return;
        }
        let found = loader.error(code::BAD_READ, span, self.message);
        for help in self.help {
            found.help(help);
        }
    }
}

/// The schema of what `fields` lead to from `shown`, which is the path's first `at` parts.
fn follow<'s>(
    schema: &'s Value,
    shown: &str,
    at: usize,
    fields: &[String],
) -> Result<Option<&'s Value>, BadRead> {
    let mut schema = schema;
    let mut shown = shown.to_owned();
    for (index, field) in fields.iter().enumerate() {
        schema = without_null(schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        match properties.and_then(|properties| properties.get(field)) {
            Some(inner) => schema = inner,
            None if closed => {
                let names = properties.into_iter().flat_map(|fields| fields.keys().map(String::as_str));
                return Err(BadRead::unknown(&shown, at + index, field, names));
            }
            None => {
                let plain = schema
                    .get("type")
                    .and_then(Value::as_str)
                    .filter(|kind| !matches!(*kind, "object" | "array"));
                let Some(kind) = plain else { return Ok(None) };
                let message = format!("`{shown}` is {}, and has no field `{field}`", with_article(kind));
                return Err(BadRead::new(at + index, message).help(format!("read `{shown}` itself")));
            }
        }
        shown = format!("{shown}.{field}");
    }
    Ok(Some(schema))
}

/// The schema of what a bare path leads to, if that is known.
pub(crate) fn schema_of<'r>(expr: &Expr, reads: &'r Reads) -> Option<&'r Value> {
    let paths = expr.paths();
    let [path] = paths.as_slice() else { return None };
    if path.join(".") != expr.source().trim() {
        return None;
    }
    reads.follow(path).ok().flatten()
}

/// Where a path stands in an expression, as a whole: not as the beginning of a longer name.
fn find_path(source: &str, path: &str) -> Option<usize> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    source.match_indices(path).map(|(at, _)| at).find(|at| {
        let before = source.get(..*at).and_then(|text| text.chars().next_back());
        let behind = source.get(at + path.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(|letter| is_name(letter) || letter == '.') && !behind.is_some_and(is_name)
    })
}

/// `T?` read as `T`.
fn without_null(schema: &Value) -> &Value {
    let Some(Value::Array(choices)) = schema.get("anyOf") else { return schema };
    match choices.as_slice() {
        [inner, null] if null.get("type") == Some(&Value::from("null")) => inner,
        _ => schema,
    }
}

fn with_article(kind: &str) -> String {
    if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { format!("an {kind}") } else { format!("a {kind}") }
}

/// A sentence as a part of an address: lower case, dashes.
pub(crate) fn slug(sentence: &str) -> String {
    let lower = sentence.to_lowercase();
    lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_become_addresses() {
        for (sentence, address) in [
            ("the order is not refunded yet", "the-order-is-not-refunded-yet"),
            ("The order's total, at most 200!", "the-order-s-total-at-most-200"),
            ("Größe stimmt", "größe-stimmt"),
            ("…", ""),
        ] {
            assert_eq!(slug(sentence), address);
        }
    }
}
