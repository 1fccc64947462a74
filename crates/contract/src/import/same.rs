//! Whether two schemas say the same: one form for what can be written in several ways. It errs to "no".

use serde_json::{Map, Value, json};

/// Whether both plainly say the same.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    form(one) == form(other)
}

/// The one form that equal ways of writing share.
fn form(schema: &Value) -> Value {
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Bool(true) => return json!({}),
        other => return other.clone(),
    };
    let mut out = Map::new();
    for (key, value) in fields {
        let value = match (key.as_str(), value) {
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(all)) => {
                Value::Object(all.iter().map(|(name, one)| (name.clone(), form(one))).collect())
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                Value::Array(all.iter().map(form).collect())
            }
            (
                "items"
                | "additionalProperties"
                | "propertyNames"
                | "contains"
                | "not"
                | "if"
                | "then"
                | "else",
                one,
            ) => form(one),
            ("required", Value::Array(all)) => sorted(all),
            ("type", Value::Array(all)) => match all.as_slice() {
                [only] => only.clone(),
                all => sorted(all),
            },
            (_, Value::Number(number)) => number.as_f64().map_or(value.clone(), Value::from),
            (_, value) => value.clone(),
        };
        let says_nothing = match key.as_str() {
            "required" | "properties" => value.as_array().is_some_and(Vec::is_empty) || value == json!({}),
            "items" => value == json!({}),
            _ => false,
        };
        if !says_nothing {
            out.insert(key.clone(), value);
        }
    }
    if let Some(only) = out.remove("const") {
        match out.get("enum") {
            None => drop(out.insert("enum".to_owned(), json!([only]))),
            Some(_) => drop(out.insert("const".to_owned(), only)),
        }
    }
    choice(&mut out);
    nullable(&mut out);
    Value::Object(out)
}

/// A type that all the choices have says nothing more.
fn choice(out: &mut Map<String, Value>) {
    let Some(all) = out.get("enum").and_then(Value::as_array) else { return };
    let implied = match out.get("type").and_then(Value::as_str) {
        Some("string") => all.iter().all(Value::is_string),
        Some("number") => all.iter().all(Value::is_number),
        Some("integer") => all.iter().all(|value| value.is_i64() || value.is_u64()),
        _ => false,
    };
    if implied {
        out.remove("type");
    }
}

/// `type: [T, null]` as `anyOf: [T, null]`.
fn nullable(out: &mut Map<String, Value>) {
    let null = json!({ "type": "null" });
    if out.len() == 1
        && let Some(Value::Array(all)) = out.get_mut("anyOf")
        && let [first, _] = all.as_slice()
        && *first == null
    {
        all.reverse();
    }
    let kinds = out.get("type").and_then(Value::as_array).cloned().unwrap_or_default();
    let [one, other] = kinds.as_slice() else { return };
    let kind = match (one == &json!("null"), other == &json!("null")) {
        (false, true) => one,
        (true, false) => other,
        _ => return,
    };
    if ["enum", "const", "anyOf", "oneOf", "allOf", "not", "if"].iter().any(|key| out.contains_key(*key)) {
        return;
    }
    let mut inner = std::mem::take(out);
    inner.insert("type".to_owned(), kind.clone());
    out.insert("anyOf".to_owned(), json!([inner, null]));
}

fn sorted(all: &[Value]) -> Value {
    let mut all = all.to_vec();
    all.sort_by_key(Value::to_string);
    Value::Array(all)
}
