//! Types: the shorthand of the language, each read into the JSON Schema (2020-12) that it means.
//!
//! Named types are spelled out where they are used, so that a schema stands alone; one that contains itself is refused.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::grammar::{self, TYPE_WORDS as WORDS};
use crate::limits::{TYPE_DEPTH_MAX, TYPE_PARTS_MAX};
use crate::loader::{Fields, Loader, listed};
use crate::yaml::{Entry, Kind, Node, Style};
use crate::{Schema, code, suggest};

/// The named types, and how much has been spelled out.
#[derive(Default)]
pub(crate) struct Types<'a> {
    named: BTreeMap<String, Named<'a>>,
    depth: usize,
    parts: usize,
}

struct Named<'a> {
    entry: &'a Entry,
    state: State,
}

impl Types<'_> {
    /// What the named types mean, once all are read.
    pub(crate) fn taken(&mut self) -> BTreeMap<String, Arc<Value>> {
        let read = std::mem::take(&mut self.named).into_iter();
        let schema = |(name, named): (String, Named<'_>)| match named.state {
            State::Read { schema, .. } => schema.map(|schema| (name, Arc::new(schema))),
            State::Unread | State::Reading => None,
        };
        read.filter_map(schema).collect()
    }
}

enum State {
    Unread,
    Reading,
    Read { schema: Option<Value>, parts: usize },
}

/// The one dialect of JSON Schema that is read.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Words of other languages for the same.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("int", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("decimal", "number"),
    ("bool", "boolean"),
    ("str", "string"),
    ("text", "string"),
    ("url", "uri"),
    ("any", "json"),
    ("object", "{ fields: … }"),
    ("map", "{ fields: … }"),
    ("array", "T[]"),
    ("list", "T[]"),
];

impl<'a> Loader<'a> {
    /// Reads the section `types`: all of them, also those that nothing uses.
    pub(crate) fn read_types(&mut self, node: &'a Node) {
        let Some(entries) = self.map(node, "`types`") else { return };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let name = entry.key.as_str();
            let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            if WORDS.contains(&name) {
                let found =
                    self.error(code::BAD_NAME, &entry.at, format!("`{name}` is a type of the language"));
                found.help("give yours another name, with a capital letter for example");
            } else if !name.starts_with(|first: char| first.is_ascii_alphabetic())
                || !name.chars().all(letters)
                || name.len() > 64
            {
                let found =
                    self.error(code::BAD_NAME, &entry.at, format!("`{name}` can't be the name of a type"));
                found.help("letters, digits and `_`, a letter first: `Order`");
            }
            let full = self.full(name).to_string();
            self.types.named.insert(full, Named { entry, state: State::Unread });
        }
        for entry in entries {
            self.named_type(&entry.key, &entry.at);
        }
    }

    /// The schema of a type, as JSON; None where it was reported.
    pub(crate) fn type_of(&mut self, node: &'a Node) -> Option<Value> {
        if !self.spend(1, &node.span) {
            return None;
        }
        self.types.depth += 1;
        let schema = match &node.kind {
            Kind::Refused => None,
            Kind::List(items) => self.one_of(node, items),
            Kind::Map(_) => self.spelled_type(node),
            Kind::Text { style: Style::Plain, text } if text.is_empty() => {
                let found = self.error(code::BAD_TYPE, &node.span, "a type is missing");
                found.help(format!("write one: {}", listed(WORDS.iter().copied())));
                None
            }
            Kind::Text { text, .. } => self.shorthand(text.trim(), node),
        };
        self.types.depth -= 1;
        schema
    }

    /// Fields, or what names them: what `input:` takes. Always an object.
    pub(crate) fn input_type(&mut self, node: &'a Node) -> Option<Value> {
        if let Kind::Map(entries) = &node.kind {
            let spelled = match entries.as_slice() {
                [only] => {
                    matches!(only.key.as_str(), "fields" | "schema")
                        && matches!(only.value.kind, Kind::Map(_))
                }
                _ => false,
            };
            if !spelled {
                return self.fields_type(node);
            }
        }
        let schema = self.type_of(node)?;
        if schema.get("type") != Some(&json!("object")) {
            let found =
                self.error(code::BAD_TYPE, &node.span, "an input is made of fields, and this type has none");
            found.help("write the fields: `input: { text: string }`; `input: {}` for none");
            return None;
        }
        Some(schema)
    }

    /// The compiled schema of a type.
    pub(crate) fn compiled(&mut self, schema: Value, span: &Range<usize>) -> Option<Schema> {
        if !self.spend_schema(&schema, span) {
            return None;
        }
        match Schema::compile(schema) {
            Ok(schema) => Some(schema),
            Err(error) => {
                let found =
                    self.error(code::BAD_TYPE, span, format!("this is no usable JSON Schema: {error}"));
                found.help("types are JSON Schema 2020-12; patterns are regular expressions without look-around or back references");
                None
            }
        }
    }

    /// Counts what types are made of, so that a few names can't stand for a million parts.
    fn spend(&mut self, parts: usize, span: &Range<usize>) -> bool {
        let before = self.types.parts;
        self.types.parts = before.saturating_add(parts);
        if self.types.parts > TYPE_PARTS_MAX {
            if before <= TYPE_PARTS_MAX {
                let message =
                    format!("the types have more than {TYPE_PARTS_MAX} parts, named ones spelled out");
                self.error(code::TOO_LARGE, span, message).help("use `json` for what needs no check");
            }
            return false;
        }
        if self.types.depth >= TYPE_DEPTH_MAX {
            self.error(code::TOO_LARGE, span, format!("types nest deeper than {TYPE_DEPTH_MAX}"))
                .help("use `json` for the inner part");
            return false;
        }
        true
    }

    fn shorthand(&mut self, text: &str, node: &Node) -> Option<Value> {
        if !self.spend(1, &node.span) {
            return None;
        }
        self.types.depth += 1;
        let schema = self.shorthand_within(text, node);
        self.types.depth -= 1;
        schema
    }

    fn shorthand_within(&mut self, text: &str, node: &Node) -> Option<Value> {
        if let Some(inner) = text.strip_suffix('?') {
            let inner = self.shorthand(inner.trim_end(), node)?;
            let anything = inner.as_object().is_some_and(Map::is_empty);
            return Some(if anything { inner } else { json!({ "anyOf": [inner, { "type": "null" }] }) });
        }
        if let Some((inner, bounds)) = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
            let items = self.shorthand(inner.trim_end(), node)?;
            return self.list_type(items, bounds.trim(), node);
        }
        if let Some(pattern) = text.strip_prefix("string ").and_then(|rest| rest.trim().strip_prefix('/')) {
            let Some(pattern) = pattern.strip_suffix('/') else {
                let found = self.error(code::BAD_TYPE, &node.span, "the pattern doesn't end with `/`");
                found.help("write it like `\"string /^[a-z]+$/\"`");
                return None;
            };
            let schema = json!({ "type": "string", "pattern": pattern });
            return self.compiled(schema.clone(), &node.span).map(|_| schema);
        }
        if let Some((low, high)) = text.split_once("..") {
            return self.range_type(low.trim(), high.trim(), node);
        }
        let word = match text {
            "string" | "number" | "integer" | "boolean" => json!({ "type": text }),
            "email" | "uri" => json!({ "type": "string", "format": text }),
            "money" => json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,9})? [A-Z]{3}$" }),
            "json" => json!({}),
            name => return self.named_type(name, &node.span),
        };
        Some(word)
    }

    fn named_type(&mut self, name: &str, span: &Range<usize>) -> Option<Value> {
        let key = self.full(name);
        let Some(named) = self.types.named.get(&*key) else {
            self.unknown_type(name, span);
            return None;
        };
        let entry = named.entry;
        match &named.state {
            State::Read { schema, parts } => {
                let (schema, parts) = (schema.clone(), *parts);
                return if self.spend(parts, span) { schema } else { None };
            }
            State::Reading => {
                let found = self.error(code::BAD_TYPE, span, format!("the type `{name}` contains itself"));
                found.also(entry.at.clone(), "defined here").help("use `json` for the inner part");
                return None;
            }
            State::Unread => {}
        }
        self.set_state(&key, State::Reading);
        let before = self.types.parts;
        let schema = self.type_of(&entry.value);
        let parts = self.types.parts - before;
        self.set_state(&key, State::Read { schema: schema.clone(), parts });
        schema
    }

    fn set_state(&mut self, name: &str, state: State) {
        if let Some(named) = self.types.named.get_mut(name) {
            named.state = state;
        }
    }

    fn unknown_type(&mut self, name: &str, span: &Range<usize>) {
        if self.is_lost(&self.full(name)) {
            return;
        }
        let named = self.types.named.keys().filter_map(|name| name.strip_prefix(&self.prefix));
        let names: Vec<&str> = named.chain(WORDS.iter().copied()).collect();
        let other = OTHER_WORDS.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours);
        let meant = other.or_else(|| suggest(name, names.iter().copied())).map(str::to_owned);
        let found = self.error(code::BAD_TYPE, span, format!("there is no type `{name}`"));
        if meant.is_some() {
            found.meant(meant.as_deref());
        } else {
            found.help(format!("a type is {}, or a name under `types:`", listed(WORDS.iter().copied())));
        }
    }

    /// `T[]`, `T[1..12]`, `T[1..]`.
    fn list_type(&mut self, items: Value, bounds: &str, node: &Node) -> Option<Value> {
        let mut schema = json!({ "type": "array", "items": items });
        if bounds.is_empty() {
            return Some(schema);
        }
        let bound =
            |text: &str| if text.is_empty() { Ok(None) } else { text.trim().parse::<u32>().map(Some) };
        let read = bounds.split_once("..").map(|(low, high)| (bound(low), bound(high)));
        let Some((Ok(low), Ok(high))) = read else {
            let found =
                self.error(code::BAD_TYPE, &node.span, format!("`[{bounds}]` says no number of items"));
            found.help("write `[]` for any number, `[1..12]` for 1 to 12, `[1..]` for at least 1");
            return None;
        };
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            let found = self.error(code::BAD_TYPE, &node.span, format!("`[{bounds}]` can hold no list"));
            found.help("the smaller number comes first");
            return None;
        }
        for (key, bound) in [("minItems", low), ("maxItems", high)] {
            if let (Some(bound), Some(schema)) = (bound, schema.as_object_mut()) {
                schema.insert(key.to_owned(), json!(bound));
            }
        }
        Some(schema)
    }

    /// `0.0..1.0`, `1..10`.
    fn range_type(&mut self, low: &str, high: &str, node: &Node) -> Option<Value> {
        let whole = low.parse::<i64>().ok().zip(high.parse::<i64>().ok());
        let schema = match (whole, low.parse::<f64>(), high.parse::<f64>()) {
            (Some((low, high)), ..) if low <= high => {
                json!({ "type": "integer", "minimum": low, "maximum": high })
            }
            (None, Ok(low), Ok(high)) if low <= high && low.is_finite() && high.is_finite() => {
                json!({ "type": "number", "minimum": low, "maximum": high })
            }
            _ => {
                let found = self.error(code::BAD_TYPE, &node.span, format!("`{low}..{high}` is no range"));
                found.help("write two numbers, the smaller first: `1..10` (integers), `0.0..1.0` (numbers)");
                return None;
            }
        };
        Some(schema)
    }

    /// `[open, shipped]`: one of these.
    fn one_of(&mut self, node: &Node, items: &'a [Node]) -> Option<Value> {
        if items.is_empty() {
            self.error(code::BAD_TYPE, &node.span, "one of nothing")
                .help("name the values: `[open, shipped]`");
            return None;
        }
        let values: Vec<Value> = items.iter().filter_map(|item| self.json(item)).collect();
        if values.len() < items.len() {
            return None;
        }
        if !self.spend(values.len(), &node.span) {
            return None;
        }
        for (item, value) in items.iter().zip(&values) {
            if !(value.is_string() || value.is_number()) {
                let found = self.error(code::BAD_TYPE, &item.span, "one of these must be a text or a number");
                found.help("for a text, quote it; `boolean` is a type of its own, and `T?` may be null");
                return None;
            }
        }
        let kind = if values.iter().all(Value::is_string) { Some("string") } else { None };
        Some(match kind {
            Some(kind) => json!({ "type": kind, "enum": values }),
            None => json!({ "enum": values }),
        })
    }

    /// `{ fields: … }`, `{ schema: … }`, `{ is: …, default: … }`.
    fn spelled_type(&mut self, node: &'a Node) -> Option<Value> {
        let before = self.findings.count();
        let fields = self.fields(node, "a type", &grammar::DEFAULTED)?;
        if self.findings.count() > before {
            return None;
        }
        match (fields.get("fields"), fields.get("schema"), fields.get("is")) {
            (Some(inner), None, None) if fields.get("default").is_none() => self.fields_type(inner),
            (None, Some(inner), None) if fields.get("default").is_none() => self.schema_type(inner),
            (None, None, Some(inner)) => {
                let schema = self.type_of(inner)?;
                self.with_default(schema, &fields)
            }
            _ => {
                let found =
                    self.error(code::BAD_TYPE, &node.span, "a type is one of `fields`, `schema` and `is`");
                found.help("write `{ fields: { name: type } }`, `{ schema: { JSON Schema } }` or `{ is: type, default: value }`");
                None
            }
        }
    }

    /// The same type with a default that fits it.
    pub(crate) fn with_default(&mut self, schema: Value, fields: &Fields<'a>) -> Option<Value> {
        let Some(node) = fields.get("default") else { return Some(schema) };
        let default = self.json(node)?;
        let compiled = self.compiled(schema.clone(), &node.span)?;
        if let Some(problem) = compiled.check(&default).first() {
            let message = format!("the default doesn't fit its type: {}", problem.message);
            self.error(code::BAD_TYPE, &node.span, message).help("write one that does");
            return None;
        }
        let mut schema = schema;
        schema.as_object_mut()?.insert("default".to_owned(), default);
        Some(schema)
    }

    /// Fields: an object that has these and no others.
    fn fields_type(&mut self, node: &'a Node) -> Option<Value> {
        let entries = self.map(node, "the fields of a type")?;
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let mut whole = true;
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let (name, optional) = match entry.key.strip_suffix('?') {
                Some(name) => (name.trim_end(), true),
                None => (entry.key.as_str(), false),
            };
            if properties.contains_key(name) {
                let found = self.error(
                    code::DUPLICATE_KEY,
                    &entry.at,
                    format!("the field `{name}` stands here twice"),
                );
                found.help("keep one of `name` and `name?`");
                whole = false;
                continue;
            }
            let Some(schema) = self.type_of(&entry.value) else {
                whole = false;
                continue;
            };
            if !optional && schema.get("default").is_none() {
                required.push(Value::from(name));
            }
            properties.insert(name.to_owned(), schema);
        }
        whole.then(|| {
            json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
        })
    }

    /// Refuses another dialect: its keywords would be read as if they meant what 2020-12 means by them.
    fn dialect(&mut self, schema: &Value, node: &Node) {
        let named = schema.get("$schema").and_then(Value::as_str).unwrap_or(DIALECT);
        if named.trim_end_matches('#') != DIALECT {
            let at = node.get("$schema").unwrap_or(node).span.clone();
            let found =
                self.error(code::BAD_TYPE, &at, "a schema is JSON Schema 2020-12, and this names another");
            found.help("write it in 2020-12, and take `$schema` out");
        }
    }

    /// `schema:` a JSON Schema of one's own; its references are spelled out.
    fn schema_type(&mut self, node: &'a Node) -> Option<Value> {
        let schema = self.json(node)?;
        self.dialect(&schema, node);
        self.compiled(schema.clone(), &node.span)?;
        let mut budget = TYPE_PARTS_MAX / 10;
        match crate::refs::spell_out(&schema, &mut budget) {
            Ok(schema) => {
                let spent = TYPE_PARTS_MAX / 10 - budget;
                self.spend(spent, &node.span).then_some(schema)
            }
            Err(message) => {
                self.error(code::BAD_TYPE, &node.span, message).help("write the part out where it is used");
                None
            }
        }
    }
}
