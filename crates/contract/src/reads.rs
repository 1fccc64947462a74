//! What each place of a contract may read, and whether a path leads to anything there.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::limits::TYPE_PARTS_MAX;
use crate::loader::{Loader, listed};
use crate::refs::spell_out;
use crate::{Expr, Name, Schema, code, suggest};

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
    may_read: &'static [&'static str],
}

/// Stands in a [`Place`] for the names of the tool's probes.
const PROBES: &str = "(probes)";
/// Stands in a [`Place`] for the names of the lanes around a step.
const LANES: &str = "(lanes)";

/// The places of the language: the table "place | may read" of its reference, row by row.
pub(crate) mod place {
    use super::{LANES, PROBES, Place};

    macro_rules! places {
        ($($id:ident = $name:literal: [$($root:expr),*];)*) => {
            $(#[allow(dead_code, reason = "the table is the language's; not every section is read yet")]
            pub(crate) const $id: Place = Place { name: $name, may_read: &[$($root),*] };)*
        };
    }

    places! {
        SETTINGS = "a text of a model or server": [];
        PROBE_WITH = "a probe's `with`": ["args", "facts", "call"];
        REQUIRES = "a tool's `requires`": ["args", "facts", "call", PROBES];
        APPROVAL = "an `approval`": ["args", "facts", "call", PROBES];
        EFFECT = "an effect": ["args", "facts", "call", PROBES];
        SENDS = "`sends`": ["args", "facts", "call", PROBES];
        ONCE_PER = "`once_per`": ["args", "facts", "call", PROBES];
        ENSURES = "a tool's `ensures`": ["args", "facts", "call", PROBES, "result", "old"];
        COMPENSATE = "`compensate`": ["args", "facts", "call", PROBES, "result", "old"];
        ESTABLISHES = "`establishes`": ["args", "facts", "call", PROBES, "result", "old"];
        SHOWS = "`shows`": ["args", "facts", "call", PROBES, "result", "old"];
        FAILURE = "a failure's condition": ["args", "error", "result"];
        RECONCILE_WITH = "the `with` of `reconcile`": ["args", "call", "old", PROBES];
        RECONCILE = "`reconcile`": ["args", "call", "old", PROBES, "result"];
        MAY = "a grant's condition": ["args", "input", "facts"];
        AGENT_ENSURES = "an agent's `ensures`": ["input", "output"];
        STEP = "a step": ["input", "steps", "last", LANES];
        WORKFLOW_OUTPUT = "a workflow's `output`": ["input", "steps", "last", LANES];
        INVARIANT = "an invariant": ["args", "result", "input", "steps"];
    }
}

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
        let reads = Self { place, roots: Vec::new(), withheld: Vec::new() };
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
    #[allow(dead_code, reason = "no step has lanes yet")]
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
    #[must_use]
    #[allow(dead_code, reason = "steps are ordered by what they read so far")]
    pub(crate) fn withhold(mut self, path: impl Into<String>, why: impl Into<String>) -> Self {
        self.withheld.push((path.into(), why.into()));
        self
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

    /// The schema of what a path leads to; `Ok(None)` where nobody can tell.
    pub(crate) fn follow(&self, path: &[String]) -> Result<Option<&Value>, BadRead> {
        let Some((root, fields)) = path.split_first() else { return Ok(None) };
        let Some(shape) = self.shape(root) else { return Err(self.unreadable(root)) };
        if root == "steps" && fields.is_empty() {
            let help = "name the step and what of it: `steps.NAME.FIELD`";
            return Err(BadRead::new(0, "all steps at once can't be read").help(help));
        }
        for (withheld, why) in &self.withheld {
            let parts = withheld.split('.').count();
            if path.get(..parts).is_some_and(|start| start.join(".") == *withheld) {
                let bad = BadRead::new(parts.saturating_sub(1), format!("`{withheld}` can't be read here"));
                return Err(bad.help(why.clone()));
            }
        }
        follow(shape.json(), root, 1, fields)
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
        let bad = BadRead::new(0, format!("{place} can't read {what}`{name}`"));
        let within = self.names().find(|root| {
            let fields = self.shape(root).and_then(|shape| shape.json().get("properties"));
            fields.is_some_and(|fields| fields.get(name).is_some())
        });
        let meant = match (elsewhere, within) {
            (Some(_), _) => None,
            (None, Some(root)) => Some(format!("{root}.{name}")),
            (None, None) => suggest(name, self.names()).map(str::to_owned),
        };
        let bad = bad.meant(meant.as_deref());
        if elsewhere.is_none() && self.place.may_read.contains(&name) {
            return bad.help(format!("it may, but nothing in this contract gives `{name}` a value"));
        }
        bad.help(format!("{place} reads {}", listed(self.names())))
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
fn portable(schema: &Value) -> Value {
    let mut budget = TYPE_PARTS_MAX / 10;
    spell_out(schema, &mut budget).unwrap_or_else(|_| json!({}))
}

/// An object with these fields and no others; each may be absent.
pub(crate) fn closed(fields: serde_json::Map<String, Value>) -> Value {
    json!({ "type": "object", "properties": fields, "additionalProperties": false })
}

/// What conditions can read of a call.
pub(crate) fn call_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({ "type": "object", "additionalProperties": false, "properties":
        { "key": text, "id": text, "run": text, "started": text } })
}

/// What conditions can read of a failure.
pub(crate) fn error_schema() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties":
        { "text": { "type": "string" }, "code": { "type": "string" }, "status": { "type": "integer" } } })
}

/// A path that its place doesn't offer.
pub(crate) struct BadRead {
    /// Which part of the path is wrong.
    pub(crate) at: usize,
    message: String,
    help: Vec<String>,
}

impl BadRead {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: Vec::new() }
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

    pub(crate) fn report(self, loader: &mut Loader<'_>, span: &Range<usize>) {
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
pub(crate) fn find_path(source: &str, path: &str) -> Option<usize> {
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
