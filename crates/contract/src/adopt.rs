//! A schema from elsewhere, made one of ours: references followed, words left out, size bounded.
//!
//! What is known of the source is kept exactly; where it can't be (a schema that contains itself, one that would have to be
//! fetched, a pattern that isn't linear), that part is left open and a note says so. Nothing is ever fetched.

mod keyword;

use serde_json::{Map, Value, json};

use crate::Schema;
use crate::limits::{ADOPT_DEPTH_MAX, ADOPT_STEPS_MAX, ADOPTED_PARTS_MAX, TYPE_DEPTH_MAX};
use keyword::Keyword;

/// Who gives the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The contract does, so fields that the source doesn't name are never sent: objects are closed.
    Sent,
    /// The source does: it may add what it likes.
    Received,
}

/// Which words the source is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON Schema, whichever draft: what they share, and what can be said in 2020-12.
    JsonSchema,
    /// OpenAPI 3.0's own: `nullable`, and limits that exclude themselves by true or false.
    OpenApi30,
}

/// What came of a schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Adopted {
    /// One that stands alone.
    pub(crate) schema: Value,
    /// What could not be kept, and why.
    pub(crate) notes: Vec<String>,
}

/// Takes over `schema`, whose references point into `root`.
pub(crate) fn adopt(schema: &Value, root: &Value, way: Way, dialect: Dialect) -> Adopted {
    adopt_within(schema, root, way, dialect, ADOPTED_PARTS_MAX)
}

/// The same within fewer parts.
pub(crate) fn adopt_within(
    schema: &Value,
    root: &Value,
    way: Way,
    dialect: Dialect,
    parts_max: usize,
) -> Adopted {
    for levels in [ADOPT_DEPTH_MAX, 6, 4, 3, 2, 1, 0] {
        let mut walk = Walk {
            root,
            dialect,
            levels,
            open: Vec::new(),
            steps: ADOPT_STEPS_MAX,
            notes: Vec::new(),
            opened: 0,
            closing: way == Way::Sent,
        };
        let Some(schema) = walk.schema(schema, 0, Place::Alone) else { continue };
        let parts = count(&schema);
        if parts <= parts_max && Schema::compile(schema.clone()).is_ok() {
            if levels < ADOPT_DEPTH_MAX {
                walk.note(format!("{} is left open: the source's schema is larger", below(levels)));
            }
            let schema = if schema == Value::Bool(false) { json!({ "not": {} }) } else { schema };
            return Adopted { schema, notes: walk.notes };
        }
    }
    Adopted {
        schema: json!({}),
        notes: vec!["the source's schema is too large, or no usable JSON Schema".to_owned()],
    }
}

fn below(levels: usize) -> String {
    match levels {
        0 => "what is within its fields".to_owned(),
        1 => "what is deeper than one level".to_owned(),
        levels => format!("what is deeper than {levels} levels"),
    }
}

/// How many values a JSON document is made of.
pub(crate) fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Whether others speak of the same value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    /// Within `allOf` and the like, where to close an object would forbid what its neighbours name.
    Beside,
}

struct Walk<'r> {
    root: &'r Value,
    dialect: Dialect,
    levels: usize,
    open: Vec<&'r str>,
    steps: usize,
    notes: Vec<String>,
    /// How often something was left open.
    opened: usize,
    /// Whether objects may be closed here: not where a narrower part would make the whole wider.
    closing: bool,
}

impl<'r> Walk<'r> {
    fn note(&mut self, note: String) {
        self.opened += 1;
        if self.notes.len() < 8 && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// None where there are too many steps.
    fn schema(&mut self, schema: &'r Value, level: usize, place: Place) -> Option<Value> {
        self.steps = self.steps.checked_sub(1)?;
        let fields = match schema {
            Value::Bool(true) => return Some(json!({})),
            Value::Bool(false) => return Some(Value::Bool(false)),
            Value::Object(fields) => fields,
            _ => {
                self.note("a part of it is no schema, and is left open".to_owned());
                return Some(json!({}));
            }
        };
        if level > self.levels {
            if self.levels == ADOPT_DEPTH_MAX {
                self.note(format!("deeper than {ADOPT_DEPTH_MAX} levels it is left open"));
            }
            self.opened += 1;
            return Some(self.kind_alone(fields));
        }
        let reference = fields.get("$ref");
        let is_ref_alone = reference.is_some() && self.dialect == Dialect::OpenApi30;
        let place_here = if reference.is_some() { Place::Beside } else { place };
        let mut own = Map::new();
        if !is_ref_alone {
            own = self.keywords(fields, level, place_here)?;
        }
        let mut out = match reference {
            None => Value::Object(own),
            Some(reference) => {
                let alone = if own.is_empty() { place } else { Place::Beside };
                let target = self.follow(reference, level, alone)?;
                if own.is_empty() { target } else { all_of(target, own) }
            }
        };
        let is_nullable = fields.get("nullable") == Some(&Value::Bool(true)) && !is_ref_alone;
        if is_nullable && self.dialect == Dialect::OpenApi30 {
            out = nullable(out);
        }
        Some(out)
    }

    fn keywords(
        &mut self,
        fields: &'r Map<String, Value>,
        level: usize,
        place: Place,
    ) -> Option<Map<String, Value>> {
        let mut own = Map::new();
        for (key, value) in fields {
            match keyword::of(key) {
                Keyword::Words => {}
                Keyword::Plain(fits) if fits(value) => drop(own.insert(key.clone(), value.clone())),
                Keyword::Pattern if keyword::is_pattern(value) => {
                    drop(own.insert(key.clone(), value.clone()))
                }
                Keyword::Format if keyword::is_format(value) => drop(own.insert(key.clone(), value.clone())),
                Keyword::Format => {}
                Keyword::Pattern => {
                    self.note(format!("a pattern that can't be checked in linear time is left out: {value}"))
                }
                Keyword::Bound => self.bound(key, value, fields, &mut own),
                Keyword::Schema => {
                    drop(own.insert(key.clone(), self.schema(value, level + 1, Place::Alone)?))
                }
                Keyword::Schemas => match value {
                    Value::Array(all) if !all.is_empty() => {
                        let place = if key == "prefixItems" { Place::Alone } else { Place::Beside };
                        let all = all.iter().map(|one| self.schema(one, level + 1, place));
                        own.insert(key.clone(), Value::Array(all.collect::<Option<_>>()?));
                    }
                    _ => self.unusable(key),
                },
                Keyword::Judging => self.judging(key, value, level, &mut own)?,
                Keyword::ByName => drop(own.insert(key.clone(), self.by_name(key, value, level)?)),
                Keyword::Items => self.items(value, level, &mut own)?,
                Keyword::Plain(_) => self.unusable(key),
                Keyword::NotKept => self.note(format!("`{key}` isn't kept")),
            }
        }
        self.mend(&mut own, fields);
        self.close(&mut own, place);
        Some(own)
    }

    /// What refuses by a schema is kept exactly or not at all.
    fn judging(
        &mut self,
        key: &str,
        value: &'r Value,
        level: usize,
        own: &mut Map<String, Value>,
    ) -> Option<()> {
        let (opened, closing) = (self.opened, std::mem::replace(&mut self.closing, false));
        let judge = match value {
            Value::Array(all) if key == "oneOf" && !all.is_empty() => {
                let all = all.iter().map(|one| self.schema(one, level + 1, Place::Beside));
                Value::Array(all.collect::<Option<_>>()?)
            }
            _ if key == "oneOf" => {
                self.closing = closing;
                self.unusable(key);
                return Some(());
            }
            one => self.schema(one, level + 1, Place::Beside)?,
        };
        self.closing = closing;
        if self.opened == opened {
            own.insert(key.to_owned(), judge);
        } else if key == "oneOf" {
            // Branches that are wider than the source's may overlap; that one of them fits is still true.
            let any = json!({ "anyOf": judge });
            match own.get_mut("allOf") {
                Some(Value::Array(all)) => all.push(any),
                _ => drop(own.insert("allOf".to_owned(), json!([any]))),
            }
        } else {
            self.note(format!("`{key}` isn't kept: a part of it is left open"));
        }
        Some(())
    }

    /// What only holds beside a keyword that was not kept would refuse what the source takes.
    fn mend(&mut self, own: &mut Map<String, Value>, fields: &Map<String, Value>) {
        if !own.contains_key("if") {
            own.remove("then");
            own.remove("else");
        } else if ["then", "else"].iter().any(|key| fields.contains_key(*key) && !own.contains_key(*key)) {
            ["if", "then", "else"].iter().for_each(|key| drop(own.remove(*key)));
        }
        if !own.contains_key("contains") {
            own.remove("minContains");
            own.remove("maxContains");
        }
        for key in ["properties", "patternProperties"] {
            let named = |all: &Map<String, Value>| all.get(key).map(|all| all.as_object().map(Map::len));
            if named(own) != named(fields) {
                own.remove("additionalProperties");
            }
        }
    }

    fn unusable(&mut self, key: &str) {
        self.note(format!("`{key}` holds what JSON Schema doesn't allow there, and is left out"));
    }

    /// An object that we send has the fields that the source names, and no others.
    fn close(&self, own: &mut Map<String, Value>, place: Place) {
        const OPEN: &[&str] = &[
            "additionalProperties",
            "patternProperties",
            "allOf",
            "anyOf",
            "oneOf",
            "if",
            "not",
            "dependentSchemas",
        ];
        let is_open = OPEN.iter().any(|key| own.contains_key(*key));
        if self.closing && place == Place::Alone && own.contains_key("properties") && !is_open {
            own.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }

    /// `minimum: 1, exclusiveMinimum: true` is how OpenAPI 3.0 writes `exclusiveMinimum: 1`.
    fn bound(&mut self, key: &str, value: &Value, fields: &Map<String, Value>, own: &mut Map<String, Value>) {
        let (plain, exclusive) = if key.ends_with("inimum") {
            ("minimum", "exclusiveMinimum")
        } else {
            ("maximum", "exclusiveMaximum")
        };
        let excludes = fields.get(exclusive).and_then(Value::as_bool);
        match (key == plain, value) {
            (true, Value::Number(_)) if excludes == Some(true) => {
                drop(own.insert(exclusive.to_owned(), value.clone()))
            }
            (_, Value::Number(_)) => drop(own.insert(key.to_owned(), value.clone())),
            (false, Value::Bool(_)) => {}
            _ => self.unusable(key),
        }
    }

    fn by_name(&mut self, key: &str, value: &'r Value, level: usize) -> Option<Value> {
        let Value::Object(all) = value else {
            self.unusable(key);
            return Some(json!({}));
        };
        let mut out = Map::new();
        for (name, one) in all {
            if key == "patternProperties" && !keyword::is_pattern(&Value::from(name.as_str())) {
                self.note(format!("a pattern that can't be checked in linear time is left out: {name:?}"));
                continue;
            }
            let place = if key == "dependentSchemas" { Place::Beside } else { Place::Alone };
            out.insert(name.clone(), self.schema(one, level + 1, place)?);
        }
        Some(Value::Object(out))
    }

    /// A list of schemas is how older drafts wrote `prefixItems`.
    fn items(&mut self, value: &'r Value, level: usize, own: &mut Map<String, Value>) -> Option<()> {
        match value {
            Value::Array(all) => {
                let all =
                    all.iter().map(|one| self.schema(one, level + 1, Place::Alone)).collect::<Option<_>>()?;
                own.insert("prefixItems".to_owned(), Value::Array(all));
            }
            one => drop(own.insert("items".to_owned(), self.schema(one, level + 1, Place::Alone)?)),
        }
        Some(())
    }

    fn follow(&mut self, reference: &'r Value, level: usize, place: Place) -> Option<Value> {
        let open = |walk: &mut Self, note: String| {
            walk.note(note);
            Some(json!({}))
        };
        let Some(text) = reference.as_str() else {
            return open(self, "a `$ref` that is no text is left open".to_owned());
        };
        let Some(pointer) = text.strip_prefix('#') else {
            return open(
                self,
                format!("`$ref: {text}` leads out of the document, and nothing is ever fetched: left open"),
            );
        };
        let Some(target) = self.root.pointer(pointer) else {
            return open(self, format!("`$ref: {text}` leads to nothing: left open"));
        };
        if self.open.len() >= TYPE_DEPTH_MAX {
            return open(self, format!("references nest deeper than {TYPE_DEPTH_MAX}: left open there"));
        }
        if self.open.contains(&text) {
            return open(self, format!("`$ref: {text}` leads back to itself: left open there"));
        }
        self.open.push(text);
        // A name is no level: what it stands for is.
        let out = self.schema(target, level, place);
        self.open.pop();
        out
    }

    /// What is left of a schema that is too deep: its type, if it says one.
    fn kind_alone(&self, fields: &'r Map<String, Value>) -> Value {
        let target = fields.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        let target = target.and_then(|pointer| self.root.pointer(pointer)).and_then(Value::as_object);
        let fields = target.unwrap_or(fields);
        let may_be_null = fields.get("nullable") == Some(&Value::Bool(true)) || fields.contains_key("$ref");
        match fields.get("type") {
            Some(kind) if keyword::is_type(kind) && !may_be_null => json!({ "type": kind }),
            _ => json!({}),
        }
    }
}

/// What stands beside a reference holds as well.
fn all_of(target: Value, mut own: Map<String, Value>) -> Value {
    let mut all = vec![target];
    if let Some(Value::Array(others)) = own.remove("allOf") {
        all.extend(others);
    }
    own.insert("allOf".to_owned(), Value::Array(all));
    Value::Object(own)
}

fn nullable(schema: Value) -> Value {
    match schema {
        Value::Object(fields) if fields.is_empty() => Value::Object(fields),
        schema => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}
