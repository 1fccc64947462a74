//! A type of the language: a JSON Schema (2020-12), compiled once.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// One compiled schema. `$ref`s resolve within it; none is ever fetched.
#[derive(Clone)]
pub struct Schema {
    json: Arc<Value>,
    validator: Arc<jsonschema::Validator>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.json)
    }
}

/// One way in which a value doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the value, as a JSON pointer; empty for the whole.
    pub at: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl Schema {
    /// The JSON Schema.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The ways in which this value doesn't fit; none where it does.
    pub fn check(&self, value: &Value) -> Vec<Problem> {
        let problem = |error: jsonschema::ValidationError<'_>| Problem {
            at: error.instance_path().to_string(),
            message: error.to_string(),
        };
        self.validator.iter_errors(value).take(10).map(problem).collect()
    }

    /// Adds the schema's defaults where the value leaves them out.
    pub fn fill_defaults(&self, value: &mut Value) {
        let Some(Value::Object(properties)) = self.json.get("properties") else { return };
        let Value::Object(fields) = value else { return };
        for (name, schema) in properties {
            if let (false, Some(default)) = (fields.contains_key(name), schema.get("default")) {
                fields.insert(name.clone(), default.clone());
            }
        }
    }
}
