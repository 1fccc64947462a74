//! What each place of a contract may read, and whether a path leads to anything there.

pub(crate) mod place;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::expr::types::{Fact, proved};
use crate::limits::TYPE_PARTS_MAX;
use crate::loader::listed;
use crate::refs::spell_out;
use crate::{Expr, Name, Schema, suggest};

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

/// A place of a contract that conditions, values or holes stand in, and the names that it may read beside `settings`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// For messages: ``a tool's `requires` ``.
    pub(crate) name: &'static str,
    /// The roots that it may read beside `settings`; [`PROBES`] and [`LANES`] stand for names of a contract's own.
    pub(crate) may_read: &'static [&'static str],
}

/// Stands in a [`Place`] for the names of the tool's probes.
pub(crate) const PROBES: &str = "(probes)";
/// Stands in a [`Place`] for the names of the lanes around a step.
pub(crate) const LANES: &str = "(lanes)";

/// What a place may read: the names, each with the schema of what it holds.
///
/// A section gathers all its names once and narrows them per place with [`Reads::at`], so that a name which exists and
/// can't be read at one place is told apart from one that is nowhere.
#[derive(Clone)]
pub(crate) struct Reads {
    place: Place,
    roots: Vec<Root>,
    /// Paths that lead to something which can't be read here, each with the reason.
    withheld: Vec<(String, String)>,
    /// What is known of paths, because a condition holds before anything is read.
    given: Vec<Fact>,
}

#[derive(Clone)]
struct Root {
    name: Name,
    /// What the place's table calls it.
    row: &'static str,
    shape: Shape,
}

/// Whether a field of a [`record`] is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Always,
    /// Of a step with `when` or `otherwise: skip`, for example: reading it needs `has(…)`.
    Maybe,
}

impl Reads {
    pub(crate) fn new(place: Place, settings: &Shape) -> Self {
        let reads = Self { place, roots: Vec::new(), withheld: Vec::new(), given: Vec::new() };
        reads.with("settings", settings)
    }

    /// The same and one more of the language's own names: `args`, `result`, `steps`.
    #[must_use]
    pub(crate) fn with(self, name: &'static str, shape: &Shape) -> Self {
        self.root(name.into(), name, shape)
    }

    /// The same and a probe.
    #[must_use]
    pub(crate) fn with_probe(self, name: Name, shape: &Shape) -> Self {
        self.root(name, PROBES, shape)
    }

    /// The same and the item that a lane has by its `as` name.
    #[must_use]
    pub(crate) fn with_lane(self, name: Name, shape: &Shape) -> Self {
        self.root(name, LANES, shape)
    }

    /// A name given twice means the later shape.
    fn root(mut self, name: Name, row: &'static str, shape: &Shape) -> Self {
        self.roots.retain(|root| root.name != name);
        self.roots.push(Root { name, row, shape: shape.clone() });
        self
    }

    /// The same, where `path` (`steps.tell`) leads to something that can't be read here, and why: "it stands below".
    pub(crate) fn withhold(&mut self, path: impl Into<String>, why: impl Into<String>) {
        self.withheld.push((path.into(), why.into()));
    }

    /// Gives the field of a [`record`] this shape, and lifts what was [withheld](Self::withhold) of it.
    ///
    /// In place: a workflow of many steps adds one after the other.
    pub(crate) fn set_field(&mut self, root: &str, name: &str, shape: &Value, presence: Presence) {
        self.withheld.retain(|(path, _)| path.split_once('.') != Some((root, name)));
        let Some(record) = self.roots.iter_mut().find(|found| *found.name == *root) else { return };
        let Shape::Json(json) = &mut record.shape else { return };
        let json = Arc::make_mut(json);
        if let Some(fields) = json.get_mut("properties").and_then(Value::as_object_mut) {
            fields.insert(name.to_owned(), portable(shape));
        }
        if let Some(required) = json.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|other| other != name);
            if presence == Presence::Always {
                required.push(Value::from(name));
            }
        }
    }

    /// The same, where this condition holds: what it asked with `has(…)` or `!= null` needn't be asked again.
    #[must_use]
    pub(crate) fn given(mut self, condition: &Expr) -> Self {
        self.given.extend(proved(condition, true));
        self
    }

    /// The same, where this condition doesn't hold.
    #[must_use]
    pub(crate) fn given_not(mut self, condition: &Expr) -> Self {
        self.given.extend(proved(condition, false));
        self
    }

    /// The same without what is known of this name, which now means something else.
    #[must_use]
    pub(crate) fn forgetting(mut self, root: &str) -> Self {
        self.given.retain(|fact| fact.root() != root);
        self
    }

    /// What [`Reads::given`] proved.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.given
    }

    /// The same names at another place, which may read fewer or more of them.
    #[must_use]
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The place, for messages.
    pub(crate) fn place(&self) -> &'static str {
        self.place.name
    }

    fn readable(&self, root: &Root) -> bool {
        root.row == "settings" || self.place.may_read.contains(&root.row)
    }

    /// The names that can be read here.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone + '_ {
        self.roots.iter().filter(|root| self.readable(root)).map(|root| &*root.name)
    }

    /// What a name holds, if it can be read here.
    fn shape(&self, name: &str) -> Option<&Shape> {
        self.roots.iter().find(|root| *root.name == *name && self.readable(root)).map(|root| &root.shape)
    }

    /// The schema of what a name holds, where a path with these fields behind it may be read here.
    ///
    /// # Errors
    /// With how many of the fields are part of what can't be read.
    pub(crate) fn read<'p>(
        &self,
        name: &str,
        fields: impl Iterator<Item = &'p str> + Clone,
    ) -> Result<&Value, (usize, BadRead)> {
        let Some(shape) = self.shape(name) else { return Err((0, self.unreadable(name))) };
        if name == "steps" && fields.clone().next().is_none() {
            let help = "name the step and what of it: `steps.NAME.FIELD`";
            return Err((0, BadRead::new("all steps at once can't be read").help(help)));
        }
        for (withheld, why) in &self.withheld {
            let mut parts = withheld.split('.');
            let leads =
                parts.next() == Some(name) && parts.clone().eq(fields.clone().take(parts.clone().count()));
            if leads {
                let bad = BadRead::new(format!("`{withheld}` can't be read here")).help(why.clone());
                return Err((parts.count(), bad));
            }
        }
        Ok(shape.json())
    }

    /// The path to a field of this name, where one of the roots has it: `args.amount` for `amount`.
    pub(crate) fn within(&self, name: &str) -> Option<String> {
        let root = self.names().find(|root| {
            let fields = self.shape(root).and_then(|shape| shape.json().get("properties"));
            fields.is_some_and(|fields| fields.get(name).is_some())
        })?;
        Some(format!("{root}.{name}"))
    }

    /// `name` is nothing that this place reads.
    fn unreadable(&self, name: &str) -> BadRead {
        let place = self.place.name;
        let elsewhere = self.roots.iter().find(|root| *root.name == *name);
        let what = match elsewhere.map(|root| root.row) {
            Some(PROBES) => "the probe ",
            Some(LANES) => "the lane ",
            _ => "",
        };
        let bad = BadRead::new(format!("{place} can't read {what}`{name}`"));
        let meant = match (elsewhere, other_word(name)) {
            (Some(_), _) => None,
            (None, Some(ours)) => Some(ours.to_owned()),
            (None, None) => self.within(name).or_else(|| suggest(name, self.names()).map(str::to_owned)),
        };
        let bad = bad.meant(meant.as_deref());
        if elsewhere.is_none() && name == "last" {
            return bad.help("only a step of a `repeat` has a round before it");
        }
        if elsewhere.is_none() && self.place.may_read.contains(&name) {
            return bad.help(format!("it may, but nothing in this contract gives `{name}` a value"));
        }
        bad.help(format!("{place} reads {}", listed(self.names())))
    }
}

/// What other languages call a value of CEL's.
pub(crate) fn other_word(word: &str) -> Option<&'static str> {
    match word {
        "None" | "nil" | "undefined" | "Null" | "NULL" => Some("null"),
        "True" | "TRUE" => Some("true"),
        "False" | "FALSE" => Some("false"),
        _ => None,
    }
}

/// An object of these fields and no others: `steps`, `old`, `facts`.
pub(crate) fn record(fields: impl IntoIterator<Item = (Name, Shape, Presence)>) -> Shape {
    let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
    for (name, shape, presence) in fields {
        if presence == Presence::Always {
            required.push(Value::from(&*name));
        }
        properties.insert(name.to_string(), portable(shape.json()));
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
        .into()
}

/// The schema without references, so that it can stand within another; anything, where it refers to itself.
pub(crate) fn portable(schema: &Value) -> Value {
    let mut budget = TYPE_PARTS_MAX / 10;
    spell_out(schema, &mut budget).unwrap_or_else(|_| json!({}))
}

/// An object with all of these fields and no others.
pub(crate) fn closed(fields: serde_json::Map<String, Value>) -> Value {
    let names: Vec<&String> = fields.keys().collect();
    json!({ "type": "object", "required": names, "properties": fields, "additionalProperties": false })
}

/// What conditions can read of a call.
pub(crate) fn call_schema() -> Value {
    let text = json!({ "type": "string" });
    let started = json!({ "type": "string", "format": "date-time" });
    json!({ "type": "object", "additionalProperties": false, "required": ["key", "id", "run", "started"],
        "properties": { "key": text, "id": text, "run": text, "started": started } })
}

/// What conditions can read of a failure: all of it, always; what nobody said is empty or 0.
pub(crate) fn error_schema() -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": ["text", "code", "status"], "properties":
        { "text": { "type": "string" }, "code": { "type": "string" }, "status": { "type": "integer" } } })
}

/// A path that its place doesn't offer.
#[derive(Debug)]
pub(crate) struct BadRead {
    pub(crate) message: String,
    pub(crate) help: Vec<String>,
}

impl BadRead {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
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
    pub(crate) fn unknown<'n>(
        owner: &str,
        field: &str,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Self {
        let message = match owner {
            "steps" => format!("there is no step `{field}`"),
            "settings" => format!("there is no setting `{field}`"),
            "facts" => format!("there is no fact `{field}`"),
            "old" => format!("there is no probe `{field}`"),
            _ => format!("`{owner}` has no field `{field}`"),
        };
        match suggest(field, names.clone()) {
            Some(meant) => Self::new(message).meant(Some(meant)),
            None => Self::new(message).help(format!("`{owner}` has {}", listed(names))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::types::{Wanted, check};

    fn object(fields: Value, required: &[&str]) -> Shape {
        json!({ "type": "object", "properties": fields, "required": required, "additionalProperties": false })
            .into()
    }

    /// All that a tool and a workflow could offer, at this place.
    fn world(place: Place) -> Reads {
        let text = json!({ "type": "string" });
        let order = object(
            json!({ "id": text, "total": { "type": "number" }, "customer": text,
            "status": { "enum": ["open", "refunded"] }, "labels": { "type": "array", "items": text } }),
            &["id", "total", "customer", "status", "labels"],
        );
        let issue = json!({ "anyOf": [text, { "type": "null" }] });
        let issues = json!({ "type": "array", "items": { "type": "object", "properties": { "body": issue }, "required": ["body"] } });
        let mut reads = Reads::new(place, &closed(serde_json::Map::new()).into())
            .with("args", &object(json!({ "amount": { "type": "number" }, "note": text }), &["amount"]))
            .with("input", &object(json!({ "from": text, "notify": text }), &["from"]))
            .with("facts", &record([("customer".into(), text.clone().into(), Presence::Always)]))
            .with("call", &call_schema().into())
            .with("error", &error_schema().into())
            .with(
                "result",
                &object(json!({ "amount": { "type": "number" }, "issues": issues }), &["amount", "issues"]),
            )
            .with("old", &record([("order".into(), order.clone(), Presence::Always)]))
            .with_probe("order".into(), &order)
            .with_lane("query".into(), &text.into())
            .with("last", &order)
            .with(
                "steps",
                &record([
                    ("who".into(), order.clone(), Presence::Always),
                    ("tell".into(), order, Presence::Maybe),
                ]),
            );
        reads.withhold("steps.later", "it stands below");
        reads
    }

    fn said(place: Place, source: &str) -> Vec<String> {
        let expr = Expr::parse(source).unwrap();
        let problems = check(&expr, &world(place), Wanted::Value).problems;
        problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.message, problem.help.join("; ")))
            .collect()
    }

    #[test]
    fn what_the_specification_writes_is_fine_where_it_stands() {
        for (place, source) in [
            (place::PROBE_WITH, "facts.customer"),
            (place::REQUIRES, "order.customer == facts.customer"),
            (place::REQUIRES, "order.status != 'refunded' && args.amount <= order.total"),
            (place::SENDS, "args.note"),
            (place::SENDS, "facts.customer + '\\n\\n<!-- ' + call.key + ' -->'"),
            (place::ENSURES, "near(result.amount, args.amount)"),
            (place::ENSURES, "order.status == 'refunded' && order.total == old.order.total"),
            (place::COMPENSATE, "old.order.labels"),
            (
                place::FAILURE,
                "error.text.contains('expired') || error.code == 'overloaded' || error.status == 429",
            ),
            (place::RECONCILE, "result.issues.exists(i, i.body != null && i.body.contains(call.key))"),
            (place::RECONCILE, "result.issues.filter(i, i.body != null && i.body.contains(call.key))[0]"),
            (place::RECONCILE_WITH, "call.started"),
            (place::MAY, "args.amount <= 200.0 && input.from != '' && facts.customer != ''"),
            (place::STEP, "has(input.notify) && steps.who.id != '' && query != 'x' && last.total > 1"),
            (place::STEP, "steps.tell.id"),
            (place::WORKFLOW_OUTPUT, "has(steps.tell.id) ? steps.tell.id : steps.who.id"),
        ] {
            assert_eq!(said(place, source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn what_exists_and_cannot_be_read_here_is_told_apart_from_what_is_nowhere() {
        for (place, source, message) in [
            (
                place::PROBE_WITH,
                "order.id",
                "a probe's `with` can't read the probe `order`: a probe's `with` reads `settings`, `args`, `facts` and `call`",
            ),
            (
                place::REQUIRES,
                "old.order.id",
                "a tool's `requires` can't read `old`: a tool's `requires` reads `settings`, `args`, `facts`, `call` and `order`",
            ),
            (
                place::MAY,
                "call.key",
                "a grant's condition can't read `call`: a grant's condition reads `settings`, `args`, `input` and `facts`",
            ),
            (
                place::REQUIRES,
                "query",
                "a tool's `requires` can't read the lane `query`: a tool's `requires` reads `settings`, `args`, `facts`, `call` and `order`",
            ),
            (
                place::REQUIRES,
                "customer",
                "a tool's `requires` can't read `customer`: did you mean `facts.customer`?; a tool's `requires` reads `settings`, `args`, `facts`, `call` and `order`",
            ),
            (
                place::REQUIRES,
                "ordr.id",
                "a tool's `requires` can't read `ordr`: did you mean `order`?; a tool's `requires` reads `settings`, `args`, `facts`, `call` and `order`",
            ),
            (
                place::STEP,
                "who.id",
                "a step can't read `who`: did you mean `steps.who`?; a step reads `settings`, `input`, `query`, `last` and `steps`",
            ),
            (place::STEP, "steps.whom.id", "there is no step `whom`: did you mean `who`?"),
            (place::STEP, "steps.later.id", "`steps.later` can't be read here: it stands below"),
            (
                place::STEP,
                "size(steps.tell.labels)",
                "`steps.tell` may be absent: ask first: `has(steps.tell.labels) && …`",
            ),
            (place::ENSURES, "old.ordr.id", "there is no probe `ordr`: did you mean `order`?"),
            (place::ENSURES, "facts.custmer", "there is no fact `custmer`: did you mean `customer`?"),
            (
                place::AGENT_ENSURES,
                "output.x",
                "an agent's `ensures` can't read `output`: it may, but nothing in this contract gives `output` a value",
            ),
        ] {
            assert_eq!(said(place, source), [message], "{source}");
        }
    }
}
