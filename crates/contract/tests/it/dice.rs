//! Schemas and values thrown from a number: small ones over few names and texts, so that they meet each other often.

use serde_json::{Map, Value, json};

/// Throws from a seed; the same seed throws the same.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }

    /// A schema with definitions that may be recursive.
    pub(crate) fn schema(&mut self) -> Value {
        let mut whole = self.part(3);
        if whole.to_string().contains("$ref") {
            whole["$defs"] = json!({ "A": self.part(2), "B": self.part(2) });
        }
        whole
    }

    fn part(&mut self, depth: usize) -> Value {
        if depth == 0 {
            return self.pick(&[
                json!({}),
                json!({ "type": "string" }),
                json!({ "type": "integer" }),
                json!(true),
                json!({ "type": "null" }),
            ]);
        }
        match self.roll(24) {
            0 => json!(true),
            1 => json!(false),
            2 => json!({ "const": self.value(1) }),
            3 => json!({ "enum": self.values(3, 1) }),
            4 => json!({ "anyOf": self.parts(depth) }),
            5 => json!({ "oneOf": self.parts(depth) }),
            6 => json!({ "allOf": self.parts(depth) }),
            7 => json!({ "not": self.part(depth - 1) }),
            8 => {
                json!({ "if": self.part(depth - 1), "then": self.part(depth - 1), "else": self.part(depth - 1) })
            }
            9 => json!({ "$ref": self.pick(&["#/$defs/A", "#/$defs/B"]) }),
            10 => json!({ "anyOf": [self.part(depth - 1), { "type": "null" }] }),
            _ => self.of_kind(depth),
        }
    }

    fn parts(&mut self, depth: usize) -> Vec<Value> {
        (0..=self.roll(3)).map(|_| self.part(depth - 1)).collect()
    }

    fn values(&mut self, most: usize, depth: usize) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        for _ in 0..=self.roll(most) {
            let value = self.value(depth);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    fn of_kind(&mut self, depth: usize) -> Value {
        let mut keywords = Map::new();
        let kind =
            self.pick(&["string", "number", "integer", "boolean", "array", "object", "object", "array"]);
        if !self.once_in(8) {
            let kinds = if self.once_in(6) { json!([kind, "null"]) } else { json!(kind) };
            keywords.insert("type".to_owned(), kinds);
        }
        for _ in 0..self.roll(4) {
            let (name, value) = match kind {
                "string" => self.about_text(),
                "number" | "integer" => self.about_numbers(),
                "array" => self.about_lists(depth),
                "object" => self.about_objects(depth),
                _ => return Value::Object(keywords),
            };
            keywords.insert(name.to_owned(), value);
        }
        Value::Object(keywords)
    }

    fn about_text(&mut self) -> (&'static str, Value) {
        match self.roll(5) {
            0 => ("minLength", json!(self.roll(4))),
            1 => ("maxLength", json!(self.roll(5))),
            2 => (
                "pattern",
                json!(self.pick(&["^[a-z]+$", "^[a-z0-9]*$", "a", "^(a|b)$", "^x-", "^.$", "b$"])),
            ),
            3 => ("format", json!(self.pick(&["email", "uri", "date", "uuid", "int64", "ipv4", "money"]))),
            _ => ("enum", json!(["a", "b", self.pick(&["c", "ab", ""])])),
        }
    }

    fn about_numbers(&mut self) -> (&'static str, Value) {
        let number = self.number();
        match self.roll(6) {
            0 => ("minimum", number),
            1 => ("maximum", number),
            2 => ("exclusiveMinimum", number),
            3 => ("exclusiveMaximum", number),
            4 => (
                "multipleOf",
                self.pick(&[json!(1), json!(2), json!(3), json!(6), json!(0.5), json!(0.1), json!(2.0)]),
            ),
            _ => ("enum", json!([1, 2, self.pick(&[json!(3), json!(0.5), json!(1.5), json!(10)])])),
        }
    }

    fn about_lists(&mut self, depth: usize) -> (&'static str, Value) {
        match self.roll(8) {
            0 | 1 => ("items", self.part(depth - 1)),
            2 => ("prefixItems", json!(self.parts(depth))),
            3 => ("minItems", json!(self.roll(3))),
            4 => ("maxItems", json!(self.roll(4))),
            5 => ("uniqueItems", json!(self.roll(3) > 0)),
            6 => ("contains", self.part(depth - 1)),
            _ => {
                let which = self.roll(2);
                (["minContains", "maxContains"][which], json!(self.roll(3)))
            }
        }
    }

    fn about_objects(&mut self, depth: usize) -> (&'static str, Value) {
        match self.roll(13) {
            0..=2 => ("properties", self.by_name(depth, &["a", "b", "c", "x-a"])),
            3 | 4 => ("required", json!(self.names())),
            5 | 6 => {
                ("additionalProperties", if self.once_in(2) { json!(false) } else { self.part(depth - 1) })
            }
            7 => ("patternProperties", self.by_name(depth, &["^x-", "a", "^[a-z]$"])),
            8 => (
                "propertyNames",
                self.pick(&[
                    json!({ "pattern": "^[a-z]+$" }),
                    json!({ "maxLength": 1 }),
                    json!({ "enum": ["a", "b"] }),
                    json!({ "not": { "const": "c" } }),
                ]),
            ),
            9 => ("minProperties", json!(self.roll(3))),
            10 => ("maxProperties", json!(self.roll(3))),
            11 => ("dependentRequired", json!({ self.name(): self.names() })),
            _ if self.once_in(4) => ("unevaluatedProperties", json!(false)),
            _ => ("dependentSchemas", json!({ self.name(): self.part(depth - 1) })),
        }
    }

    fn by_name(&mut self, depth: usize, names: &[&str]) -> Value {
        (0..=self.roll(3))
            .map(|_| (self.pick(names).to_owned(), self.part(depth - 1)))
            .collect::<Map<_, _>>()
            .into()
    }

    fn name(&mut self) -> &'static str {
        self.pick(&["a", "b", "c", "x-a", "x-b", "other"])
    }

    fn names(&mut self) -> Vec<&'static str> {
        let mut names: Vec<_> = (0..=self.roll(2)).map(|_| self.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn number(&mut self) -> Value {
        self.pick(&[
            json!(0),
            json!(1),
            json!(2),
            json!(3),
            json!(6),
            json!(-1),
            json!(0.5),
            json!(1.0),
            json!(2.5),
            json!(10),
            json!(0.1),
            json!(1e20),
            json!(u64::MAX),
            json!(-1.5),
        ])
    }

    /// Any value.
    pub(crate) fn value(&mut self, depth: usize) -> Value {
        match self.roll(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.roll(2) == 0),
            2 => self.number(),
            3 | 4 => json!(self.pick(&[
                "",
                "a",
                "b",
                "c",
                "ab",
                "x-a",
                "A1",
                "a\n",
                "é",
                "long text",
                "a@b.example",
                "https://a.example",
                "2026-11-21",
                "1 USD"
            ])),
            5 => json!((0..self.roll(4)).map(|_| self.value(depth - 1)).collect::<Vec<_>>()),
            _ => (0..self.roll(4))
                .map(|_| (self.name().to_owned(), self.value(depth - 1)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    /// A value that has a chance to fit a schema.
    pub(crate) fn fitting(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        let Value::Object(keywords) = schema else { return self.value(1) };
        if depth == 0 || self.once_in(12) {
            return self.value(1);
        }
        if let Some(target) = keywords.get("$ref").and_then(Value::as_str) {
            return self.fitting(root.pointer(&target[1..]).unwrap_or(&Value::Null), root, depth - 1);
        }
        if let Some(value) = keywords.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(values)) = keywords.get("enum") {
            return self.pick(values);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(parts)) = keywords.get(key) {
                let part = self.pick(parts);
                return self.fitting(&part, root, depth);
            }
        }
        let kind = match keywords.get("type") {
            Some(Value::Array(kinds)) => self.pick(kinds),
            Some(kind) => kind.clone(),
            None if keywords.keys().any(|key| key.contains("roperties") || key == "required") => {
                json!("object")
            }
            None if keywords.keys().any(|key| key.contains("tems") || key == "contains") => json!("array"),
            None => return self.value(1),
        };
        match kind.as_str() {
            Some("object") => self.fitting_object(keywords, root, depth),
            Some("array") => self.fitting_list(keywords, root, depth),
            Some("integer") => json!(self.roll(9) as i64 - 2),
            Some("number") => self.number(),
            Some("null") => Value::Null,
            Some("boolean") => json!(self.once_in(2)),
            _ => json!(self.pick(&[
                "",
                "a",
                "b",
                "c",
                "ab",
                "abc",
                "x-a",
                "a1",
                "A",
                "é",
                "a@b.example",
                "https://a.example",
                "2026-11-21",
                "abcd e"
            ])),
        }
    }

    fn fitting_object(&mut self, keywords: &Map<String, Value>, root: &Value, depth: usize) -> Value {
        let mut fields = Map::new();
        let empty = Map::new();
        let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required = keywords.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for name in required.iter().filter_map(Value::as_str) {
            let part = properties.get(name).cloned().unwrap_or(json!(true));
            fields.insert(name.to_owned(), self.fitting(&part, root, depth - 1));
        }
        for (name, part) in properties {
            if self.once_in(2) {
                fields.insert(name.clone(), self.fitting(part, root, depth - 1));
            }
        }
        if self.once_in(3) {
            let part = keywords.get("additionalProperties").cloned().unwrap_or(json!(true));
            fields.insert(self.name().to_owned(), self.fitting(&part, root, depth - 1));
        }
        Value::Object(fields)
    }

    fn fitting_list(&mut self, keywords: &Map<String, Value>, root: &Value, depth: usize) -> Value {
        let prefix = keywords.get("prefixItems").and_then(Value::as_array).cloned().unwrap_or_default();
        let rest = keywords.get("items").or(keywords.get("contains")).cloned().unwrap_or(json!(true));
        let length = self.roll(4);
        let items = (0..length).map(|at| self.fitting(prefix.get(at).unwrap_or(&rest), root, depth - 1));
        json!(items.collect::<Vec<_>>())
    }

    /// A schema like this one, with something changed somewhere.
    pub(crate) fn changed(&mut self, schema: &Value) -> Value {
        match schema {
            Value::Object(keywords) if !keywords.is_empty() => match self.roll(8) {
                0 => json!({ "anyOf": [schema, { "type": "null" }] }),
                1 => json!({ "anyOf": [self.part(1), schema] }),
                2 => {
                    let mut fewer = keywords.clone();
                    let gone: Vec<String> = fewer.keys().cloned().collect();
                    fewer.remove(&self.pick(&gone));
                    Value::Object(fewer)
                }
                3 => {
                    let mut more = keywords.clone();
                    if let Value::Object(other) = self.of_kind(1) {
                        more.extend(other.into_iter().filter(|(name, _)| !keywords.contains_key(name)));
                    }
                    Value::Object(more)
                }
                _ => {
                    let mut inner = keywords.clone();
                    let names: Vec<String> = inner.keys().cloned().collect();
                    let name = self.pick(&names);
                    let changed = self.changed_keyword(&name, &keywords[&name]);
                    inner.insert(name, changed);
                    Value::Object(inner)
                }
            },
            _ => self.part(1),
        }
    }

    fn changed_keyword(&mut self, name: &str, value: &Value) -> Value {
        match (name, value) {
            ("properties" | "patternProperties" | "$defs", Value::Object(parts)) if !parts.is_empty() => {
                let mut parts = parts.clone();
                let names: Vec<String> = parts.keys().cloned().collect();
                let name = self.pick(&names);
                parts[&name] = self.changed(&parts[&name].clone());
                Value::Object(parts)
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(parts)) => {
                let mut parts = parts.clone();
                let at = self.roll(parts.len());
                parts[at] = self.changed(&parts[at].clone());
                Value::Array(parts)
            }
            ("items" | "contains" | "not" | "if" | "then" | "else" | "additionalProperties", part) => {
                self.changed(part)
            }
            ("enum", Value::Array(values)) => {
                let mut values = values.clone();
                if values.len() > 1 && self.once_in(2) {
                    values.pop();
                } else {
                    values.push(json!("another"));
                }
                Value::Array(values)
            }
            ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", _) => self.number(),
            (_, Value::Number(number)) if name != "multipleOf" => {
                json!(number.as_u64().unwrap_or(1).saturating_add(self.roll(2) as u64))
            }
            ("type", Value::String(kind)) if kind == "integer" => json!("number"),
            ("type", Value::String(kind)) => json!([kind, "null"]),
            (_, value) => value.clone(),
        }
    }
}
