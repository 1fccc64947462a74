//! Schemas in the language's own shorthand, where it means exactly the same; spelled out where it doesn't.
//!
//! The other direction of `types`: what is written here is read there into an equal schema, and a property test says so.

use serde_json::{Map, Value, json};

use super::write::Yaml;

/// A schema as a type: in shorthand, or `{ schema: … }`.
pub(super) fn type_of(schema: &Value) -> Yaml {
    shorthand(schema).unwrap_or_else(|| Yaml::Map(vec![("schema".to_owned(), schema.into())]))
}

/// The fields of an input, name by name, required ones first; None where only a spelled-out schema says the same.
pub(super) fn fields_of(schema: &Value) -> Option<Vec<(String, Yaml)>> {
    let fields = schema.as_object()?;
    let known = ["type", "properties", "required", "additionalProperties"];
    if fields.keys().any(|key| !known.contains(&key.as_str()))
        || fields.get("type") != Some(&json!("object"))
        || fields.get("additionalProperties") != Some(&Value::Bool(false))
    {
        return None;
    }
    let empty = Map::new();
    let properties = fields.get("properties").map_or(Some(&empty), Value::as_object)?;
    let required = match fields.get("required") {
        None => Vec::new(),
        Some(all) => all.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
    };
    // A field that is asked for and not described can't be said in shorthand.
    if required.iter().any(|name| !properties.contains_key(*name))
        || properties.keys().any(|name| !is_name(name))
    {
        return None;
    }
    let is_required = |name: &str| required.contains(&name);
    let field = |(name, schema): (&String, &Value)| {
        let name = if is_required(name) { name.clone() } else { format!("{name}?") };
        (name, type_of(schema))
    };
    let first = properties.iter().filter(|(name, _)| is_required(name)).map(field);
    let then = properties.iter().filter(|(name, _)| !is_required(name)).map(field);
    Some(first.chain(then).collect())
}

/// `?` at its end would make it another name, and YAML has no use for an empty one.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.ends_with('?') && name.trim() == name
}

fn shorthand(schema: &Value) -> Option<Yaml> {
    let fields = schema.as_object()?;
    if fields.is_empty() {
        return Some(Yaml::text("json"));
    }
    if let Some(inner) = optional(fields) {
        return match shorthand(&inner)? {
            // `json?` is `json`, and a choice of words takes no `?`.
            Yaml::Text(text) if text != "json" && !text.ends_with('?') => {
                Some(Yaml::Text(format!("{text}?")))
            }
            _ => None,
        };
    }
    if let Some(all) = fields.get("enum").or(fields.get("const")) {
        let all = if fields.contains_key("enum") { all.as_array()?.clone() } else { vec![all.clone()] };
        return choice(fields, &all);
    }
    match fields.get("type")?.as_str()? {
        "object" => fields_of(schema).map(|fields| Yaml::Map(vec![("fields".to_owned(), Yaml::Map(fields))])),
        "array" => list(fields),
        "string" => text(fields),
        kind @ ("integer" | "number") => number(fields, kind),
        "boolean" if fields.len() == 1 => Some(Yaml::text("boolean")),
        _ => None,
    }
}

/// The inner schema of one that may also be null.
fn optional(fields: &Map<String, Value>) -> Option<Value> {
    let null = json!("null");
    if let (Some(Value::Array(choices)), 1) = (fields.get("anyOf"), fields.len()) {
        let [inner, other] = choices.as_slice() else { return None };
        return match (inner == &json!({ "type": null }), other == &json!({ "type": null })) {
            (false, true) => Some(inner.clone()),
            (true, false) => Some(other.clone()),
            _ => None,
        };
    }
    // Other keywords than these hold of null, too, or don't: only where they plainly don't is it a `T?`.
    let kinds = fields.get("type")?.as_array()?;
    let [one, other] = kinds.as_slice() else { return None };
    let kind = match (one == &null, other == &null) {
        (false, true) => one,
        (true, false) => other,
        _ => return None,
    };
    if fields.contains_key("enum") || fields.contains_key("const") {
        return None;
    }
    let mut inner = fields.clone();
    inner.insert("type".to_owned(), kind.clone());
    Some(Value::Object(inner))
}

fn choice(fields: &Map<String, Value>, all: &[Value]) -> Option<Yaml> {
    let fits_kind = match fields.get("type").map(Value::as_str) {
        None => true,
        Some(Some("string")) => all.iter().all(Value::is_string),
        Some(Some("number")) => all.iter().all(Value::is_number),
        Some(Some("integer")) => all.iter().all(|value| value.is_i64() || value.is_u64()),
        _ => false,
    };
    let only = fields.keys().all(|key| matches!(key.as_str(), "type" | "enum" | "const"));
    let one_list = fields.contains_key("enum") != fields.contains_key("const");
    let sayable = !all.is_empty() && all.iter().all(|value| value.is_string() || value.is_number());
    (fits_kind && only && one_list && sayable).then(|| Yaml::List(all.iter().map(Yaml::from).collect()))
}

fn list(fields: &Map<String, Value>) -> Option<Yaml> {
    if fields.keys().any(|key| !matches!(key.as_str(), "type" | "items" | "minItems" | "maxItems")) {
        return None;
    }
    let items = fields.get("items").map_or(Some(Yaml::text("json")), shorthand)?;
    let Yaml::Text(items) = items else { return None };
    let bound = |key: &str| match fields.get(key) {
        None => Some(String::new()),
        Some(bound) => {
            bound.as_u64().filter(|bound| u32::try_from(*bound).is_ok()).map(|bound| bound.to_string())
        }
    };
    let (low, high) = (bound("minItems")?, bound("maxItems")?);
    let is_empty =
        low.parse::<u32>().ok().zip(high.parse::<u32>().ok()).is_some_and(|(low, high)| low > high);
    if is_empty {
        return None;
    }
    let bounds = if low.is_empty() && high.is_empty() { String::new() } else { format!("{low}..{high}") };
    Some(Yaml::Text(format!("{items}[{bounds}]")))
}

fn text(fields: &Map<String, Value>) -> Option<Yaml> {
    match (fields.get("format").map(Value::as_str), fields.get("pattern").map(Value::as_str), fields.len()) {
        (None, None, 1) => Some(Yaml::text("string")),
        (Some(Some(format @ ("email" | "uri"))), None, 2) => Some(Yaml::text(format)),
        (None, Some(Some(pattern)), 2) => Some(Yaml::Text(format!("string /{pattern}/"))),
        _ => None,
    }
}

fn number(fields: &Map<String, Value>, kind: &str) -> Option<Yaml> {
    match (fields.get("minimum"), fields.get("maximum"), fields.len()) {
        (None, None, 1) => Some(Yaml::text(kind)),
        (Some(low), Some(high), 3) if kind == "integer" => {
            let (low, high) = (low.as_i64()?, high.as_i64()?);
            (low <= high).then(|| Yaml::Text(format!("{low}..{high}")))
        }
        (Some(low), Some(high), 3) => {
            let (low, high) = (exact(low)?, exact(high)?);
            (low <= high).then(|| Yaml::Text(format!("{low:?}..{high:?}")))
        }
        _ => None,
    }
}

/// The number, where a double holds it exactly.
fn exact(number: &Value) -> Option<f64> {
    let double = number.as_f64()?;
    (number.is_f64() || double.abs() < 9e15).then_some(double)
}
