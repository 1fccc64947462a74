//! References within a JSON Schema, spelled out, so that the schema can stand within another one.

use serde_json::{Map, Value};

use crate::limits::TYPE_DEPTH_MAX;

/// Keywords whose values are data, whatever they look like.
const DATA: &[&str] = &["const", "enum", "default", "examples"];
/// Keywords whose values are schemas by name.
const BY_NAME: &[&str] = &["properties", "patternProperties", "dependentSchemas"];

/// The schema with every `$ref` replaced by what it points to.
///
/// # Errors
/// A reference that leads out of the schema, to nothing, or back to itself; or more parts than `budget`.
pub(crate) fn spell_out(schema: &Value, budget: &mut usize) -> Result<Value, String> {
    walk(schema, schema, &mut Vec::new(), 0, budget)
}

fn walk<'s>(
    schema: &'s Value,
    root: &'s Value,
    open: &mut Vec<&'s str>,
    depth: usize,
    budget: &mut usize,
) -> Result<Value, String> {
    *budget = budget.checked_sub(1).ok_or("the schema has too many parts, its references spelled out")?;
    if depth > TYPE_DEPTH_MAX {
        return Err(format!("the schema nests deeper than {TYPE_DEPTH_MAX}"));
    }
    match schema {
        Value::Array(items) => {
            let items = items.iter().map(|item| walk(item, root, open, depth + 1, budget));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        Value::Object(fields) => {
            let mut out = Map::new();
            for (key, value) in fields {
                let value = match key.as_str() {
                    "$ref" | "$defs" | "definitions" => continue,
                    "$id" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" => {
                        return Err(format!(
                            "`{key}` can't stand in a contract's schema: it would reach past it"
                        ));
                    }
                    key if DATA.contains(&key) => value.clone(),
                    key if BY_NAME.contains(&key) => by_name(value, root, open, depth, budget)?,
                    _ => walk(value, root, open, depth + 1, budget)?,
                };
                out.insert(key.clone(), value);
            }
            match fields.get("$ref") {
                None => Ok(Value::Object(out)),
                Some(reference) => {
                    let target = follow(reference, root, open, depth, budget)?;
                    if out.is_empty() {
                        return Ok(target);
                    }
                    // What stands beside a reference holds as well.
                    let mut both = vec![target];
                    both.extend(out.remove("allOf").into_iter().flat_map(|all| match all {
                        Value::Array(all) => all,
                        other => vec![other],
                    }));
                    out.insert("allOf".to_owned(), Value::Array(both));
                    Ok(Value::Object(out))
                }
            }
        }
        plain => Ok(plain.clone()),
    }
}

fn by_name<'s>(
    value: &'s Value,
    root: &'s Value,
    open: &mut Vec<&'s str>,
    depth: usize,
    budget: &mut usize,
) -> Result<Value, String> {
    let Value::Object(schemas) = value else { return Ok(value.clone()) };
    let mut out = Map::new();
    for (name, schema) in schemas {
        out.insert(name.clone(), walk(schema, root, open, depth + 1, budget)?);
    }
    Ok(Value::Object(out))
}

fn follow<'s>(
    reference: &'s Value,
    root: &'s Value,
    open: &mut Vec<&'s str>,
    depth: usize,
    budget: &mut usize,
) -> Result<Value, String> {
    let text = reference.as_str().ok_or("a `$ref` must be a text")?;
    let pointer = text
        .strip_prefix('#')
        .ok_or_else(|| format!("`$ref: {text}` leads out of the schema, and none is ever fetched"))?;
    let target = root.pointer(pointer).ok_or_else(|| format!("`$ref: {text}` leads to nothing"))?;
    if open.contains(&text) {
        return Err(format!("`$ref: {text}` leads back to itself, and a type can't contain itself"));
    }
    open.push(text);
    let target = walk(target, root, open, depth + 1, budget);
    open.pop();
    target
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn out(schema: Value) -> Result<Value, String> {
        spell_out(&schema, &mut 1000)
    }

    #[test]
    fn references_are_replaced_and_data_is_left_alone() {
        let schema = json!({
            "type": "object",
            "properties": { "a": { "$ref": "#/$defs/A" }, "$ref": { "type": "string" }, "b": { "$ref": "#/$defs/A", "minLength": 2 } },
            "default": { "$ref": "kept" },
            "$defs": { "A": { "type": "string" } },
        });
        assert_eq!(
            out(schema).unwrap(),
            json!({
                "type": "object",
                "properties": { "a": { "type": "string" }, "$ref": { "type": "string" }, "b": { "minLength": 2, "allOf": [{ "type": "string" }] } },
                "default": { "$ref": "kept" },
            })
        );
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for (schema, part) in [
            (json!({ "$ref": "https://example.com/schema" }), "leads out"),
            (json!({ "$ref": "#/$defs/None" }), "leads to nothing"),
            (json!({ "$ref": "#" }), "back to itself"),
            (
                json!({ "items": { "$ref": "#/$defs/A" }, "$defs": { "A": { "items": { "$ref": "#/$defs/A" } } } }),
                "back to itself",
            ),
            (json!({ "$id": "x" }), "`$id`"),
        ] {
            let error = out(schema.clone()).unwrap_err();
            assert!(error.contains(part), "{schema}: {error}");
        }
    }

    #[test]
    fn a_schema_that_multiplies_ends_in_an_error() {
        let twice = |name: &str| json!({ "allOf": [{ "$ref": format!("#/$defs/{name}") }, { "$ref": format!("#/$defs/{name}") }] });
        let mut defs = Map::new();
        for level in 0..15 {
            defs.insert(format!("L{level}"), twice(&format!("L{}", level + 1)));
        }
        defs.insert("L15".to_owned(), json!({ "type": "string" }));
        assert!(out(json!({ "$ref": "#/$defs/L0", "$defs": defs })).unwrap_err().contains("too many parts"));
    }
}
