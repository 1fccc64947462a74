//! The JSON Schema of the language, for editors: it accepts whatever `load` accepts, and knows every key.
//!
//! It says less than `check` does: what depends on other parts of a contract (names, types, what a condition may read)
//! stays open here. `x-kind` says what kind of field a value is.

use serde_json::{Map, Value, json};

use super::{forms, slug};
use crate::grammar::{self, Form, Holds, Key};
use crate::limits::NAME_BYTES_MAX;

/// The JSON Schema (2020-12) of contracts and their tests, as YAML 1.2 reads them. Environments have `#/$defs/environment`.
///
/// ```
/// let schema = handfast_contract::language_schema();
/// assert_eq!(schema["$defs"]["tool"]["properties"]["requires"]["x-kind"], "clauses");
/// ```
pub fn language_schema() -> Value {
    let mut parts: Map<String, Value> = forms().into_iter().map(|form| (slug(form), of_form(form))).collect();
    parts.insert("condition".to_owned(), condition());
    parts.insert("value".to_owned(), value());
    parts.insert("type".to_owned(), of_type());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Handfast contract",
        "description": "A Handfast contract, or a file of tests beside one. Made from the language's table by `handfast schema`.",
        "type": "object",
        "if": { "required": ["handfast_test"] },
        "then": reference(&slug(&grammar::TESTS)),
        "else": reference(&slug(&grammar::CONTRACT)),
        "$defs": parts,
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn of_form(form: &'static Form) -> Value {
    let properties: Map<String, Value> =
        form.keys.iter().map(|key| (key.name.to_owned(), of_key(form, key))).collect();
    let required: Vec<&str> = form.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "description": form.about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn of_key(form: &'static Form, key: &Key) -> Value {
    let about = if key.runs {
        key.about.to_owned()
    } else {
        format!("{} (Checked; this release doesn't run it yet.)", key.about)
    };
    let mut schema = of(&key.holds);
    if std::ptr::eq(form, &grammar::CONTRACT)
        && let (Some(schema), Some(pattern)) = (schema.as_object_mut(), names(key.name))
    {
        schema.insert("propertyNames".to_owned(), json!({ "pattern": pattern, "maxLength": NAME_BYTES_MAX }));
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), about.into());
    }
    schema
}

/// What names of this section look like; none where they may be anything.
fn names(section: &str) -> Option<&'static str> {
    match section {
        "types" => Some("^[A-Za-z][A-Za-z0-9_]*$"),
        "roles" => None,
        _ => {
            let is_section = grammar::SECTIONS.iter().any(|(name, _)| *name == section);
            is_section.then_some("^[a-z][a-z0-9_]*$")
        }
    }
}

/// What stands behind a key.
fn of(holds: &Holds) -> Value {
    match holds {
        Holds::Condition => reference("condition"),
        Holds::Value => reference("value"),
        Holds::Text => json!({ "type": "string", "x-kind": "text" }),
        Holds::Prose => json!({ "type": "string", "x-kind": "prose" }),
        Holds::Name("") => json!({ "type": "string", "x-kind": "name" }),
        Holds::Name(section) => json!({ "type": "string", "x-kind": "name", "x-section": section }),
        Holds::Event => json!({ "type": "string", "x-kind": "event" }),
        Holds::Path => json!({ "type": "string", "x-kind": "path" }),
        Holds::Type => reference("type"),
        Holds::Fields => fields(),
        Holds::Word(words) => word(words),
        Holds::Count => json!({
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^\\s*[0-9]+[kM]?\\s*$" }],
            "x-kind": "count",
        }),
        Holds::Duration => {
            json!({ "type": "string", "pattern": "^\\s*[0-9]+(ms|s|m|h|d)\\s*$", "x-kind": "duration" })
        }
        Holds::Every => {
            json!({ "type": "string", "pattern": "^\\s*every\\s+[0-9]+(ms|s|m|h|d)\\s*$", "x-kind": "every" })
        }
        Holds::Rate => {
            json!({ "type": "string", "pattern": "^\\s*[0-9]+[kM]?\\s*/\\s*(s|m|h|d)\\s*$", "x-kind": "rate" })
        }
        Holds::Money => {
            json!({ "type": "string", "pattern": "^\\s*[0-9].*[A-Z]{3}\\s*$", "x-kind": "money" })
        }
        Holds::Json => json!({ "x-kind": "json" }),
        Holds::Clauses => {
            json!({ "type": "object", "additionalProperties": reference("condition"), "x-kind": "clauses" })
        }
        Holds::Reasons => json!({
            "type": "object",
            "propertyNames": { "pattern": "^HF[0-9]{4}$" },
            "additionalProperties": { "type": "string" },
            "x-kind": "reasons",
        }),
        Holds::List(inner) => json!({ "type": "array", "items": of(inner) }),
        Holds::Map(inner) => json!({ "type": "object", "additionalProperties": of(inner) }),
        Holds::Either(options) => json!({ "anyOf": options.iter().map(of).collect::<Vec<_>>() }),
        Holds::Form(form) => reference(&slug(form)),
    }
}

/// CEL, or what YAML makes of it where it is no more than a literal.
fn condition() -> Value {
    json!({ "description": "CEL that comes to true or false.", "type": ["string", "boolean"], "x-kind": "condition" })
}

fn value() -> Value {
    json!({
        "description": "CEL. A text is written `\"'text'\"`.",
        "type": ["string", "boolean", "number"],
        "x-kind": "value",
    })
}

/// One of these words; quoted or not, where it looks like a number.
fn word(words: &[&str]) -> Value {
    let mut options = Vec::new();
    for word in words {
        options.extend(serde_json::from_str::<Value>(word).ok());
        options.push(Value::from(*word));
    }
    json!({ "enum": options, "x-kind": "word" })
}

/// A type: shorthand, one of several values, or spelled out.
fn of_type() -> Value {
    let words = grammar::TYPE_WORDS.join("|");
    let range = r"-?[0-9.][0-9.eE+-]*\s*\.\.\s*[0-9.eE+-]+";
    let pattern = format!(
        r"^\s*(string\s+/.*/|{range}|({words})|[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*)(\s*(\?|\[\s*([0-9]*\s*\.\.\s*[0-9]*)?\s*\]))*\s*$"
    );
    json!({
        "description": "A type: `string number integer boolean email uri money json`, a name of `types`, `T?` (may be null), \
            `T[]`, `T[1..12]`, `\"string /re/\"`, `0.0..1.0`, `[a, b]` (one of), `{ fields: … }`, `{ schema: … }`, \
            `{ is: …, default: … }`.",
        "anyOf": [
            { "type": "string", "pattern": pattern },
            { "type": "array", "minItems": 1, "items": { "type": ["string", "number"] } },
            reference(&slug(&grammar::DEFAULTED)),
        ],
        "x-kind": "type",
    })
}

/// An input: a type, or the fields themselves.
fn fields() -> Value {
    json!({
        "anyOf": [reference("type"), { "type": "object", "additionalProperties": reference("type") }],
        "x-kind": "fields",
    })
}
