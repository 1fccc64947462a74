//! Defaults: what a reader fills in by itself may be missing. Follows a schema exactly as far as filling does
//! ([`Schema::fill_defaults`]), never through references, whose targets may be read where nothing is filled in.

use serde_json::{Map, Value};

use crate::Schema;

/// Beside these a field more changes nothing else. `maxProperties`, `uniqueItems` or a second opinion in an `allOf` might
/// refuse what was filled in, so such schemas are left as they are.
const PLAIN: &[&str] = &[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "anyOf",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "$schema",
    "$defs",
    "definitions",
    "$comment",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// The schema of what a reader accepts before its defaults are filled in: a field with one isn't required.
pub(super) fn before(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if !refers_within(&schema) {
        each_object(&mut schema, &mut |keywords| {
            let defaults = with_default(keywords);
            if let Some(Value::Array(required)) = keywords.get_mut("required") {
                required.retain(|name| !defaults.iter().any(|default| name == default));
            }
        });
    }
    schema
}

/// The schema of a value once its defaults were filled in: a field with one is always there.
///
/// For a writer whose values are filled in before they are handed on, as [`Schema::fill_defaults`] does it. What a server
/// gives is never filled in.
///
/// ```
/// use handfast_contract::{HandOff, after_defaults, contain};
/// use serde_json::json;
///
/// let input = json!({ "type": "object", "properties": { "lane": { "type": "string", "default": "a" } } });
/// let reader = json!({ "type": "object", "required": ["lane"] });
/// assert!(matches!(contain(&input, &reader), HandOff::Breaks { .. }));
/// assert_eq!(contain(&after_defaults(&input), &reader), HandOff::Fits);
/// ```
pub fn after_defaults(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if !refers_within(&schema) {
        each_object(&mut schema, &mut |keywords| {
            let defaults = with_default(keywords);
            if defaults.is_empty() {
                return;
            }
            let required = keywords.entry("required").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(required) = required {
                for name in defaults.into_iter().map(Value::from) {
                    if !required.contains(&name) {
                        required.push(name);
                    }
                }
            }
        });
    }
    schema
}

/// The fields that have a default which fits them: another one would break the reader, so it counts for nothing.
fn with_default(keywords: &Map<String, Value>) -> Vec<String> {
    let Some(Value::Object(properties)) = keywords.get("properties") else { return Vec::new() };
    let fits = |schema: &Value, default: &Value| {
        Schema::compile(schema.clone()).is_ok_and(|schema| schema.fits(default))
    };
    let has = |schema: &Value| schema.get("default").is_some_and(|default| fits(schema, default));
    properties.iter().filter(|(_, schema)| has(schema)).map(|(name, _)| name.clone()).collect()
}

/// Whether something refers to a part that is also read in its own place.
fn refers_within(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(key, value)| match (key.as_str(), value) {
            ("$ref", Value::String(target)) => {
                !target.starts_with("#/$defs/") && !target.starts_with("#/definitions/")
            }
            _ => refers_within(value),
        }),
        Value::Array(items) => items.iter().any(refers_within),
        _ => false,
    }
}

/// Every schema whose defaults are filled in, from the inside out.
fn each_object(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(keywords) = schema else { return };
    if !keywords.keys().all(|keyword| PLAIN.contains(&keyword.as_str())) {
        return;
    }
    if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
        let mut real =
            choices.iter_mut().filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let (Some(only), None) = (real.next(), real.next()) {
            each_object(only, change);
        }
    }
    if let Some(items) = keywords.get_mut("items") {
        each_object(items, change);
    }
    if let Some(Value::Object(properties)) = keywords.get_mut("properties") {
        properties.values_mut().for_each(|schema| each_object(schema, change));
    }
    change(keywords);
}
