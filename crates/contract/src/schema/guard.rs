//! What a schema may ask of us: nothing from elsewhere, no circle, and no more work than its size allows.

use std::collections::HashMap;

use serde_json::Value;

use super::{SchemaError, cut};
use crate::limits::{SCHEMA_DEPTH_MAX, SCHEMA_PARTS_MAX};

/// Counts the parts, and refuses what leads out, in circles, or into more work than fits.
pub(super) fn measure(schema: &Value) -> Result<(), SchemaError> {
    let mut guard = Guard { whole: schema, parts: 0, costs: HashMap::new() };
    guard.walk(schema, SCHEMA_DEPTH_MAX)
}

struct Guard<'s> {
    whole: &'s Value,
    parts: usize,
    /// What each schema costs for one value, by its place in memory; nothing yet while it is being added up.
    costs: HashMap<*const Value, Option<usize>>,
}

impl<'s> Guard<'s> {
    fn walk(&mut self, part: &'s Value, depth: usize) -> Result<(), SchemaError> {
        self.parts += 1;
        if self.parts > SCHEMA_PARTS_MAX {
            return Err(SchemaError::TooLarge);
        }
        let Some(depth) = depth.checked_sub(1) else { return Err(SchemaError::TooDeep) };
        match part {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, depth)),
            Value::Object(fields) => {
                if let Some(Value::String(id)) = fields.get("$id").or_else(|| fields.get("$dynamicRef")) {
                    // Both change what other references mean; nothing in a contract needs them.
                    return Err(SchemaError::Remote { reference: cut(id, 80) });
                }
                self.cost(part, SCHEMA_DEPTH_MAX)?;
                fields.values().try_for_each(|value| self.walk(value, depth))
            }
            _ => Ok(()),
        }
    }

    /// How many schemas one value meets at this place: itself, those beside it, and those that it refers to.
    fn cost(&mut self, schema: &'s Value, depth: usize) -> Result<usize, SchemaError> {
        let Value::Object(keywords) = schema else { return Ok(1) };
        let Some(depth) = depth.checked_sub(1) else { return Err(SchemaError::TooDeep) };
        let place = std::ptr::from_ref(schema);
        match self.costs.get(&place) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(SchemaError::Circle),
            None => self.costs.insert(place, None),
        };
        let mut cost = 1_usize;
        for (name, value) in keywords {
            let inner = match (name.as_str(), value) {
                ("$ref", Value::String(reference)) => self.cost(self.target(reference)?, depth)?,
                ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                    let mut sum = 0_usize;
                    for schema in schemas {
                        sum = sum.saturating_add(self.cost(schema, depth)?);
                    }
                    sum
                }
                ("not" | "if" | "then" | "else", schema) => self.cost(schema, depth)?,
                ("dependentSchemas" | "dependencies", Value::Object(schemas)) => {
                    let mut sum = 0_usize;
                    for schema in schemas.values() {
                        sum = sum.saturating_add(self.cost(schema, depth)?);
                    }
                    sum
                }
                _ => 0,
            };
            cost = cost.saturating_add(inner);
        }
        if cost > SCHEMA_PARTS_MAX {
            return Err(SchemaError::TooLarge);
        }
        self.costs.insert(place, Some(cost));
        Ok(cost)
    }

    fn target(&self, reference: &str) -> Result<&'s Value, SchemaError> {
        let Some(pointer) =
            reference.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'))
        else {
            return Err(SchemaError::Remote { reference: cut(reference, 80) });
        };
        self.whole.pointer(pointer).ok_or_else(|| SchemaError::Lost { reference: cut(reference, 80) })
    }
}
