//! The keywords of JSON Schema, by what has to be done with each in taking a schema over.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Schema;

/// What stands behind a keyword.
pub(super) enum Keyword {
    /// Words for people, or what another dialect means by it: left out.
    Words,
    /// A value that is kept where it is of the right form.
    Plain(fn(&Value) -> bool),
    /// A regular expression.
    Pattern,
    /// The name of a format: one that nobody checks (`int64`) says nothing.
    Format,
    /// `minimum` and its like.
    Bound,
    /// A schema of parts of the value: what is left open in it, is left open in the whole.
    Schema,
    /// Schemas of which all, or any, hold of the value.
    Schemas,
    /// A schema, or several, by which something is refused: what is left open in it would refuse more.
    Judging,
    /// Schemas by name.
    ByName,
    /// `items`, a schema or several.
    Items,
    /// It forbids something, and can't be taken over.
    NotKept,
}

pub(super) fn of(key: &str) -> Keyword {
    match key {
        "type" => Keyword::Plain(is_type),
        "enum" => {
            Keyword::Plain(|value| value.as_array().is_some_and(|all| !all.is_empty() && are_different(all)))
        }
        "const" => Keyword::Plain(|_| true),
        "multipleOf" => Keyword::Plain(|value| value.as_f64().is_some_and(|number| number > 0.0)),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => Keyword::Plain(Value::is_u64),
        "uniqueItems" => Keyword::Plain(Value::is_boolean),
        "format" => Keyword::Format,
        "required" => Keyword::Plain(|value| value.as_array().is_some_and(|all| are_texts(all))),
        "dependentRequired" => Keyword::Plain(|value| {
            value
                .as_object()
                .is_some_and(|all| all.values().all(|one| one.as_array().is_some_and(|all| are_texts(all))))
        }),
        "pattern" => Keyword::Pattern,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Keyword::Bound,
        "additionalProperties" | "propertyNames" => Keyword::Schema,
        "not" | "if" | "then" | "else" | "contains" | "oneOf" => Keyword::Judging,
        "allOf" | "anyOf" | "prefixItems" => Keyword::Schemas,
        "properties" | "patternProperties" | "dependentSchemas" => Keyword::ByName,
        "items" => Keyword::Items,
        "additionalItems"
        | "dependencies"
        | "unevaluatedProperties"
        | "unevaluatedItems"
        | "$dynamicRef"
        | "$recursiveRef" => Keyword::NotKept,
        _ => Keyword::Words,
    }
}

pub(super) fn is_type(value: &Value) -> bool {
    let is_kind = |kind: &Value| {
        let kinds = ["string", "number", "integer", "boolean", "array", "object", "null"];
        kind.as_str().is_some_and(|kind| kinds.contains(&kind))
    };
    match value {
        Value::Array(kinds) => !kinds.is_empty() && kinds.iter().all(is_kind) && are_different(kinds),
        kind => is_kind(kind),
    }
}

/// Whether values are checked by this format.
pub(super) fn is_format(value: &Value) -> bool {
    const CHECKED: &[&str] = &[
        "date",
        "date-time",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uuid",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    ];
    value.as_str().is_some_and(|format| CHECKED.contains(&format))
}

/// Whether it is a pattern that takes linear time.
pub(super) fn is_pattern(value: &Value) -> bool {
    value.is_string() && Schema::compile(json!({ "pattern": value })).is_ok()
}

fn are_texts(all: &[Value]) -> bool {
    all.iter().all(Value::is_string) && are_different(all)
}

fn are_different(all: &[Value]) -> bool {
    let mut seen = BTreeSet::new();
    all.iter().all(|one| seen.insert(one.to_string()))
}
