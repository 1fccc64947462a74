//! Values made from types: what fits a JSON Schema, and sometimes what doesn't.

mod text;

use handfast_contract::Schema;
use serde_json::{Map, Number, Value};

use crate::limits::{MAKE_DEPTH, MAKE_TRIES};
use crate::literals::Literals;
use crate::random::Random;

/// Makes values, from chance and from what the conditions speak of.
pub(crate) struct Maker<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) literals: &'a Literals,
}

impl Maker<'_> {
    /// A value that fits, as far as one can be found.
    pub(crate) fn fitting(&mut self, schema: &Schema) -> Value {
        let mut made = Value::Null;
        for _ in 0..MAKE_TRIES {
            made = self.value(schema.json(), schema.json(), 0);
            if schema.fits(&made) {
                break;
            }
        }
        made
    }

    /// A value that fits and of which all this holds, as far as one can be found.
    pub(crate) fn fitting_where(&mut self, schema: &Schema, mut holds: impl FnMut(&Value) -> bool) -> Value {
        let mut made = self.fitting(schema);
        for _ in 0..MAKE_TRIES {
            if holds(&made) {
                break;
            }
            made = self.fitting(schema);
        }
        made
    }

    /// A value that does not fit, as models get it wrong: a field left out, of another kind, or something else altogether.
    pub(crate) fn amiss(&mut self, schema: &Schema) -> Value {
        let mut value = self.fitting(schema);
        let way = self.random.between(0, 3);
        let Value::Object(fields) = &mut value else { return Value::from(7) };
        let names: Vec<String> = fields.keys().cloned().collect();
        match (way, self.random.pick(&names)) {
            (0, Some(name)) => _ = fields.remove(name),
            (1, Some(name)) => _ = fields.insert(name.clone(), Value::Array(vec![Value::Null])),
            _ => _ = fields.insert("whatever".into(), Value::from(true)),
        }
        value
    }

    fn value(&mut self, schema: &Value, whole: &Value, depth: usize) -> Value {
        let Value::Object(keywords) = schema else { return self.anything() };
        if let Some(inner) = keywords.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'))
        {
            let Some(inner) = whole.pointer(inner).filter(|_| depth < MAKE_DEPTH * 2) else {
                return Value::Null;
            };
            return self.value(inner, whole, depth + 1);
        }
        if let Some(only) = keywords.get("const") {
            return only.clone();
        }
        if let Some(Value::Array(choices)) = keywords.get("enum") {
            return self.random.pick(choices).cloned().unwrap_or(Value::Null);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(choices)) = keywords.get(key) {
                // Deep within, the first that is nothing ends what would go on for ever.
                let null =
                    choices.iter().find(|choice| choice.get("type").is_some_and(|kind| kind == "null"));
                let choice = match null.filter(|_| depth >= MAKE_DEPTH) {
                    Some(null) => Some(null),
                    None => self.random.pick(choices),
                };
                return choice.map_or(Value::Null, |choice| self.value(choice, whole, depth + 1));
            }
        }
        if let Some(Value::Array(all)) = keywords.get("allOf") {
            return self.merged(keywords, all, whole, depth);
        }
        match self.kind(keywords) {
            "object" => self.object(keywords, whole, depth),
            "array" => self.array(keywords, whole, depth),
            "string" => Value::String(self.text(keywords)),
            "integer" => self.number(keywords, true),
            "number" => self.number(keywords, false),
            "boolean" => Value::Bool(self.random.chance(50)),
            "null" => Value::Null,
            _ => self.anything(),
        }
    }

    /// The kind of value that the schema speaks of.
    fn kind<'s>(&mut self, keywords: &'s Map<String, Value>) -> &'s str {
        match keywords.get("type") {
            Some(Value::String(kind)) => kind,
            Some(Value::Array(kinds)) => self.random.pick(kinds).and_then(Value::as_str).unwrap_or("null"),
            _ if keywords.contains_key("properties") => "object",
            _ if keywords.contains_key("items") => "array",
            _ => "",
        }
    }

    fn anything(&mut self) -> Value {
        match self.random.between(0, 3) {
            0 => Value::from(self.random.between(0, 10)),
            1 => Value::Bool(self.random.chance(50)),
            _ => Value::String(self.word()),
        }
    }

    /// All of these at once: their fields together, as far as that makes sense.
    fn merged(&mut self, keywords: &Map<String, Value>, all: &[Value], whole: &Value, depth: usize) -> Value {
        let mut merged = Map::new();
        for part in all {
            match self.value(part, whole, depth + 1) {
                Value::Object(fields) => merged.extend(fields),
                other => return other,
            }
        }
        if let Value::Object(fields) = self.object(keywords, whole, depth) {
            merged.extend(fields);
        }
        Value::Object(merged)
    }

    fn object(&mut self, keywords: &Map<String, Value>, whole: &Value, depth: usize) -> Value {
        let required: Vec<&str> = match keywords.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut made = Map::new();
        let Some(Value::Object(fields)) = keywords.get("properties") else { return Value::Object(made) };
        for (name, schema) in fields {
            let is_wanted = required.contains(&name.as_str()) || depth < MAKE_DEPTH && self.random.chance(60);
            if is_wanted {
                made.insert(name.clone(), self.value(schema, whole, depth + 1));
            }
        }
        Value::Object(made)
    }

    fn array(&mut self, keywords: &Map<String, Value>, whole: &Value, depth: usize) -> Value {
        let count = |key: &str| keywords.get(key).and_then(Value::as_u64);
        let least = count("minItems").unwrap_or(0);
        let most = count("maxItems").unwrap_or(least + 3).min(least + 3);
        let len = if depth >= MAKE_DEPTH { least } else { self.random.between(least, most + 1) };
        let items = keywords.get("items").cloned().unwrap_or(Value::Bool(true));
        Value::Array((0..len).map(|_| self.value(&items, whole, depth + 1)).collect())
    }

    /// A number within its bounds: one that a condition speaks of, one beside it, or any.
    fn number(&mut self, keywords: &Map<String, Value>, is_whole: bool) -> Value {
        let bound = |key: &str| keywords.get(key).and_then(Value::as_f64);
        let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + 1.0)).unwrap_or(0.0);
        let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - 1.0));
        let high = high.unwrap_or(low + 100.0).max(low);
        let spoken: Vec<f64> =
            self.literals.numbers.iter().copied().filter(|number| (low..=high).contains(number)).collect();
        let drawn = match self.random.pick(&spoken).copied() {
            Some(spoken) if self.random.chance(40) => match self.random.between(0, 3) {
                0 => spoken,
                1 => spoken + 1.0,
                _ => spoken / 2.0,
            },
            #[expect(clippy::cast_precision_loss, reason = "a few hundred steps between two bounds")]
            _ => low + (high - low) * (self.random.between(0, 201) as f64) / 200.0,
        };
        let drawn = drawn.clamp(low, high);
        let number = if is_whole {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float past what fits stays at the largest"
            )]
            Number::from(drawn.round() as i64)
        } else {
            Number::from_f64((drawn * 100.0).round() / 100.0).unwrap_or_else(|| Number::from(0))
        };
        Value::Number(number)
    }
}
