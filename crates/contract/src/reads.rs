//! What each place of a contract may read, and whether a path leads to anything there.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::loader::{Loader, listed};
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

/// What a place may read: the names, each with the schema of what it holds.
#[derive(Clone)]
pub(crate) struct Reads {
    /// The place, for messages: ``a tool's `requires` ``.
    pub(crate) place: &'static str,
    roots: Vec<(&'static str, Shape)>,
    /// The steps by name, where `steps` can be read.
    steps: Option<Arc<BTreeMap<Name, Shape>>>,
    /// Whether other names may be probes: those are refused where they are declared, so what reads them isn't.
    probes: bool,
}

/// Names that the language has and this release gives nothing to read.
pub(crate) const PLANNED_ROOTS: &[&str] = &["facts", "old", "last", "memory"];

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

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.roots.iter().map(|(root, _)| *root).chain(self.steps.iter().map(|_| "steps"))
    }

    /// The schema of what a path leads to; `Ok(None)` where nobody can tell.
    pub(crate) fn follow(&self, path: &[String]) -> Result<Option<&Value>, BadRead> {
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

    pub(crate) fn report(self, loader: &mut Loader<'_>, span: &Range<usize>) {
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
