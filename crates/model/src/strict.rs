//! Whether a schema is in the part of JSON Schema that providers can enforce to the letter (`strict`).
//!
//! A schema outside it is sent without the word: the engine validates every answer anyway, `strict` only saves retries.

use serde_json::Value;

/// Formats that may stand in a strict schema.
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Keywords that may stand in a strict schema and need no look inside.
const PLAIN: [&str; 7] =
    ["type", "description", "title", "enum", "const", "required", "additionalProperties"];

/// The same, but Anthropic's grammar has no place for them, or not in every form.
const OPENAI_ONLY: [&str; 9] = [
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "$ref",
];

/// Whether this schema of a tool's arguments or an answer may be marked `strict`: an object whose every property is
/// required and known, all the way down.
pub(crate) fn strict_allows(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
        && schema.get("anyOf").is_none()
        && part(schema)
}

fn part(schema: &Value) -> bool {
    let Some(keywords) = schema.as_object() else { return false };
    let known = keywords.iter().all(|(keyword, value)| match keyword.as_str() {
        "properties" | "$defs" => value.as_object().is_some_and(|parts| parts.values().all(part)),
        "items" => part(value),
        "anyOf" => value.as_array().is_some_and(|parts| parts.iter().all(part)),
        "format" => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
        keyword => PLAIN.contains(&keyword) || OPENAI_ONLY.contains(&keyword),
    });
    // Without a type, a choice or a reference a schema takes anything, which no grammar enforces.
    let bounded =
        ["type", "anyOf", "$ref", "enum", "const"].iter().any(|keyword| keywords.contains_key(*keyword));
    known && bounded && (!is_object(schema) || closed(schema))
}

/// How many unions a schema has that Anthropic enforces, too; none where it would refuse it.
pub(crate) fn unions_allowed(schema: &Value) -> Option<usize> {
    if strict_allows(schema) { unions(schema) } else { None }
}

fn unions(schema: &Value) -> Option<usize> {
    let mut count = 0;
    for (keyword, value) in schema.as_object()? {
        count += match keyword.as_str() {
            "properties" | "$defs" => value.as_object()?.values().map(unions).sum::<Option<usize>>()?,
            "items" => unions(value)?,
            "anyOf" => 1 + value.as_array()?.iter().map(unions).sum::<Option<usize>>()?,
            "type" => usize::from(value.is_array()),
            keyword if OPENAI_ONLY.contains(&keyword) => return None,
            _ => 0,
        };
    }
    Some(count)
}

fn is_object(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "object",
        Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
        _ => schema.get("properties").is_some(),
    }
}

fn closed(schema: &Value) -> bool {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && schema
            .get("properties")
            .and_then(Value::as_object)
            .is_none_or(|properties| properties.keys().all(|name| required.contains(&name.as_str())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_closed_schemas_with_known_keywords_are_strict() {
        let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let inner_open = json!({"type": "object", "properties": {}});
        for (schema, expected) in [
            (closed(json!({"a": {"type": "string"}}), json!(["a"])), true),
            (closed(json!({}), json!([])), true),
            (closed(json!({"a": {"type": "string", "format": "email"}}), json!(["a"])), true),
            (closed(json!({"a": {"type": ["string", "null"]}}), json!(["a"])), true),
            (closed(json!({"a": {"type": "string"}}), json!([])), false),
            (closed(json!({"a": {"type": "string", "minLength": 1}}), json!(["a"])), false),
            (closed(json!({"a": {"type": "string", "format": "uri"}}), json!(["a"])), false),
            (closed(json!({"a": {}}), json!(["a"])), false),
            (closed(json!({"a": {"oneOf": [{"type": "string"}]}}), json!(["a"])), false),
            (closed(json!({"a": {"type": "array", "items": inner_open}}), json!(["a"])), false),
            (json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}), false),
            (json!({"type": "string"}), false),
            (json!(true), false),
        ] {
            assert_eq!(strict_allows(&schema), expected, "{schema}");
        }
        for (property, unions) in [
            (json!({"type": "string"}), Some(0)),
            (json!({"type": ["string", "null"]}), Some(1)),
            (json!({"anyOf": [{"type": "string"}, {"type": ["integer", "null"]}]}), Some(2)),
            (json!({"type": "array", "items": {"type": "integer", "minimum": 1}}), None),
            (json!({"type": "string", "minLength": 1}), None),
        ] {
            let schema = closed(json!({"a": property}), json!(["a"]));
            assert_eq!(unions_allowed(&schema), unions, "{schema}");
        }
    }
}
