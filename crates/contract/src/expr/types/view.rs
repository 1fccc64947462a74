//! A JSON Schema as what is known of a value: which kinds it may be of, what its fields and items are.
//!
//! Everything here errs to one side: what is said of a value holds for every value that the schema accepts, and what
//! can't be read off the schema is left open. References are spelled out before schemas come here.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// How deep choices within choices are followed; deeper ones stay open.
const DEPTH_MAX: usize = 16;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const NUMBER: Self = Self(4);
    pub(super) const TEXT: Self = Self(8);
    pub(super) const LIST: Self = Self(16);
    pub(super) const MAP: Self = Self(32);
    pub(super) const ALL: Self = Self(63);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether anything at all is known: the values are of some kinds and not of others.
    pub(super) const fn known(self) -> bool {
        self.0 != Self::ALL.0 && self.0 != 0
    }

    /// In words, null left out unless it is all there is.
    pub(super) fn words(self) -> String {
        let rows = [
            (Self::TEXT, "text"),
            (Self::NUMBER, "a number"),
            (Self::BOOL, "a boolean"),
            (Self::LIST, "a list"),
            (Self::MAP, "an object"),
        ];
        let words: Vec<&str> =
            rows.iter().filter(|(kind, _)| self.meets(*kind)).map(|(_, word)| *word).collect();
        if words.is_empty() { "null".to_owned() } else { words.join(" or ") }
    }

    /// As the words of JSON Schema.
    pub(super) fn schema(self) -> Value {
        let rows = ["null", "boolean", "number", "string", "array", "object"];
        let words = rows.into_iter().filter(|word| self.meets(Self::of_word(word)));
        json!({ "type": words.collect::<Vec<_>>() })
    }

    fn of_word(word: &str) -> Self {
        match word {
            "null" => Self::NULL,
            "boolean" => Self::BOOL,
            "integer" | "number" => Self::NUMBER,
            "string" => Self::TEXT,
            "array" => Self::LIST,
            "object" => Self::MAP,
            _ => Self::NONE,
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOL,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::TEXT,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::MAP,
        }
    }
}

/// The choices of `anyOf` or `oneOf`.
fn choices(schema: &Value) -> Option<&[Value]> {
    let choices = schema.get("anyOf").or_else(|| schema.get("oneOf"))?;
    choices.as_array().map(Vec::as_slice)
}

fn all_of(schema: &Value) -> &[Value] {
    schema.get("allOf").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The kinds of the values that a schema accepts.
pub(super) fn kinds(schema: &Value) -> Kinds {
    kinds_within(schema, DEPTH_MAX)
}

fn kinds_within(schema: &Value, depth: usize) -> Kinds {
    let Some(depth) = depth.checked_sub(1) else { return Kinds::ALL };
    let Value::Object(keywords) = schema else {
        return if *schema == Value::Bool(false) { Kinds::NONE } else { Kinds::ALL };
    };
    let mut all = match keywords.get("type") {
        Some(Value::String(word)) => Kinds::of_word(word),
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).fold(Kinds::NONE, |all, word| all.or(Kinds::of_word(word)))
        }
        _ => Kinds::ALL,
    };
    if let Some(values) = own_literals(schema) {
        all = all.and(values.iter().fold(Kinds::NONE, |all, value| all.or(Kinds::of_value(value))));
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = keywords.get(key) {
            let any = choices.iter().fold(Kinds::NONE, |any, choice| any.or(kinds_within(choice, depth)));
            all = all.and(any);
        }
    }
    all_of(schema).iter().fold(all, |all, part| all.and(kinds_within(part, depth)))
}

fn own_literals(schema: &Value) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

/// The values themselves, where they are a closed list.
pub(super) fn literals(schema: &Value) -> Option<Vec<&Value>> {
    literals_within(schema, DEPTH_MAX)
}

fn literals_within(schema: &Value, depth: usize) -> Option<Vec<&Value>> {
    const NULL: &Value = &Value::Null;
    let depth = depth.checked_sub(1)?;
    if let Some(values) = own_literals(schema) {
        return Some(values);
    }
    if schema.get("type").and_then(Value::as_str) == Some("null") {
        return Some(vec![NULL]);
    }
    if let Some(choices) = choices(schema) {
        let mut all = Vec::new();
        for choice in choices {
            all.extend(literals_within(choice, depth)?);
        }
        return Some(all);
    }
    all_of(schema).iter().find_map(|part| literals_within(part, depth))
}

/// Whether every number that it accepts is whole.
pub(super) fn whole(schema: &Value) -> bool {
    whole_within(schema, DEPTH_MAX)
}

fn whole_within(schema: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let word = |word: &Value| word.as_str() != Some("number");
    let by_type = match schema.get("type") {
        Some(Value::Array(words)) => words.iter().all(word),
        Some(single) => word(single),
        None => false,
    };
    let integer =
        |value: &&Value| !value.is_number() || value.as_f64().is_some_and(|number| number.fract() == 0.0);
    by_type
        || own_literals(schema).is_some_and(|values| values.iter().all(integer))
        || choices(schema).is_some_and(|all| all.iter().all(|choice| whole_within(choice, depth)))
        || all_of(schema).iter().any(|part| whole_within(part, depth))
}

/// Whether a field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Always,
    /// The schema names it and doesn't require it.
    Maybe,
    /// The schema rules it out.
    Never,
    /// The schema leaves it open.
    Open,
}

/// What is known of one field.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub(super) schema: Cow<'a, Value>,
    pub(super) presence: Presence,
}

/// What is known of the field of this name, where the value is an object.
pub(super) fn field<'a>(schema: &'a Value, name: &str) -> Found<'a> {
    field_within(schema, name, true, DEPTH_MAX)
}

fn open<'a>() -> Found<'a> {
    Found { schema: Cow::Owned(json!({})), presence: Presence::Open }
}

fn field_within<'a>(schema: &'a Value, name: &str, filled: bool, depth: usize) -> Found<'a> {
    let Some(depth) = depth.checked_sub(1) else { return open() };
    let mut found = own_field(schema, name, filled);
    for part in all_of(schema) {
        found = both(found, field_within(part, name, filled, depth));
    }
    let Some(choices) = choices(schema) else { return found };
    let objects: Vec<&Value> =
        choices.iter().filter(|choice| kinds_within(choice, depth).meets(Kinds::MAP)).collect();
    // Defaults are filled in where only one choice isn't null.
    let real = choices.iter().filter(|choice| kinds_within(choice, depth) != Kinds::NULL).count();
    let any = objects
        .into_iter()
        .map(|choice| field_within(choice, name, filled && real == 1, depth))
        .reduce(either)
        .unwrap_or_else(open);
    both(found, any)
}

fn own_field<'a>(schema: &'a Value, name: &str, filled: bool) -> Found<'a> {
    if let Some(values) = own_literals(schema) {
        let object = |value: &&'a Value| value.as_object();
        return values
            .iter()
            .filter_map(object)
            .map(|fields| match fields.get(name) {
                Some(value) => {
                    Found { schema: Cow::Owned(json!({ "const": value })), presence: Presence::Always }
                }
                None => Found { schema: Cow::Owned(json!({})), presence: Presence::Never },
            })
            .reduce(either)
            .unwrap_or_else(open);
    }
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.is_some_and(|names| names.iter().any(|other| other.as_str() == Some(name)));
    let presence = |declared: bool| match (required, declared) {
        (true, _) => Presence::Always,
        (false, true) => Presence::Maybe,
        (false, false) => Presence::Open,
    };
    if let Some(inner) = schema.get("properties").and_then(|properties| properties.get(name)) {
        let by_default = filled && inner.get("default").is_some();
        let presence = if by_default { Presence::Always } else { presence(true) };
        return Found { schema: Cow::Borrowed(inner), presence };
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) if schema.get("patternProperties").is_none() => {
            Found { schema: Cow::Owned(json!({})), presence: Presence::Never }
        }
        Some(inner @ Value::Object(_)) if schema.get("patternProperties").is_none() => {
            Found { schema: Cow::Borrowed(inner), presence: presence(false) }
        }
        _ => Found { schema: Cow::Owned(json!({})), presence: presence(false) },
    }
}

/// Where both hold.
fn both<'a>(left: Found<'a>, right: Found<'a>) -> Found<'a> {
    use Presence::{Always, Maybe, Never, Open};
    let presence = match (left.presence, right.presence) {
        (Never, _) | (_, Never) => Never,
        (Always, _) | (_, Always) => Always,
        (Maybe, _) | (_, Maybe) => Maybe,
        (Open, Open) => Open,
    };
    Found { schema: intersection(left.schema, right.schema), presence }
}

/// Where one of them holds, and nobody knows which.
fn either<'a>(left: Found<'a>, right: Found<'a>) -> Found<'a> {
    use Presence::{Maybe, Never, Open};
    let presence = match (left.presence, right.presence) {
        (left, right) if left == right => left,
        (Open, _) | (_, Open) => Open,
        _ => Maybe,
    };
    let schema = match (left.presence, right.presence) {
        (Never, _) => right.schema,
        (_, Never) => left.schema,
        _ => union(left.schema, right.schema),
    };
    Found { schema, presence }
}

fn anything(schema: &Value) -> bool {
    matches!(schema, Value::Object(keywords) if keywords.is_empty()) || *schema == Value::Bool(true)
}

fn intersection<'a>(left: Cow<'a, Value>, right: Cow<'a, Value>) -> Cow<'a, Value> {
    match (anything(&left), anything(&right)) {
        (true, _) => right,
        (_, true) => left,
        _ if left == right => left,
        _ => Cow::Owned(json!({ "allOf": [left, right] })),
    }
}

/// The schema of a value of which nobody knows whether the one or the other holds.
pub(crate) fn union<'a>(left: Cow<'a, Value>, right: Cow<'a, Value>) -> Cow<'a, Value> {
    if left == right || anything(&left) || *right == Value::Bool(false) {
        return left;
    }
    if anything(&right) || *left == Value::Bool(false) {
        return right;
    }
    // An integer is a number; and constants among themselves are a list of constants.
    let word = |schema: &Value, word: &str| *schema == json!({ "type": word });
    if word(&left, "number") && word(&right, "integer") {
        return left;
    }
    if word(&right, "number") && word(&left, "integer") {
        return right;
    }
    let mut all: Vec<Value> = Vec::new();
    for side in [left.into_owned(), right.into_owned()] {
        let choices = match &side {
            Value::Object(keywords) if keywords.len() == 1 => {
                keywords.get("anyOf").and_then(Value::as_array).cloned()
            }
            _ => None,
        };
        for choice in choices.unwrap_or_else(|| vec![side]) {
            if !all.contains(&choice) {
                all.push(choice);
            }
        }
    }
    let constant = |schema: &Value| match schema {
        Value::Object(keywords) if keywords.len() == 1 => {
            own_literals(schema).map(|values| values.into_iter().cloned().collect::<Vec<Value>>())
        }
        _ => None,
    };
    let constants: Option<Vec<Vec<Value>>> = all.iter().map(constant).collect();
    Cow::Owned(match constants {
        Some(values) => {
            let mut every: Vec<Value> = Vec::new();
            for value in values.into_iter().flatten() {
                if !every.contains(&value) {
                    every.push(value);
                }
            }
            json!({ "enum": every })
        }
        None => json!({ "anyOf": all }),
    })
}

/// The names that an object of this schema may have, for suggestions.
pub(super) fn names(schema: &Value) -> Vec<&str> {
    let mut all = Vec::new();
    names_within(schema, &mut all, DEPTH_MAX);
    all
}

fn names_within<'a>(schema: &'a Value, all: &mut Vec<&'a str>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let own = schema.get("properties").and_then(Value::as_object);
    let literal = own_literals(schema).unwrap_or_default();
    let objects = own.into_iter().chain(literal.into_iter().filter_map(Value::as_object));
    for name in objects.flat_map(Map::keys) {
        if !all.contains(&name.as_str()) {
            all.push(name);
        }
    }
    for part in all_of(schema).iter().chain(choices(schema).unwrap_or(&[])) {
        names_within(part, all, depth);
    }
}

/// What the item at this place is, or any item, where the value is a list.
pub(super) fn item(schema: &Value, place: Option<usize>) -> Cow<'_, Value> {
    item_within(schema, place, DEPTH_MAX)
}

fn item_within(schema: &Value, place: Option<usize>, depth: usize) -> Cow<'_, Value> {
    let Some(depth) = depth.checked_sub(1) else { return Cow::Owned(json!({})) };
    let mut found = own_item(schema, place);
    for part in all_of(schema) {
        found = intersection(found, item_within(part, place, depth));
    }
    let Some(choices) = choices(schema) else { return found };
    let lists = choices.iter().filter(|choice| kinds_within(choice, depth).meets(Kinds::LIST));
    let any = lists.map(|choice| item_within(choice, place, depth)).reduce(union);
    intersection(found, any.unwrap_or_else(|| Cow::Owned(json!({}))))
}

fn own_item(schema: &Value, place: Option<usize>) -> Cow<'_, Value> {
    if let Some(values) = own_literals(schema) {
        let lists = values.iter().filter_map(|value| value.as_array());
        let constants = lists.flatten().map(|item| Cow::Owned(json!({ "const": item })));
        return constants.reduce(union).unwrap_or_else(|| Cow::Owned(json!({})));
    }
    let first = schema.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let rest = || match schema.get("items") {
        Some(items) => Cow::Borrowed(items),
        None => Cow::Owned(json!({})),
    };
    match place {
        Some(place) => first.get(place).map_or_else(rest, Cow::Borrowed),
        None => first.iter().map(Cow::Borrowed).chain([rest()]).reduce(union).unwrap_or_else(rest),
    }
}

/// How many items a list has at least.
pub(super) fn least_items(schema: &Value) -> u64 {
    let own = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
    let literal = own_literals(schema)
        .and_then(|values| values.iter().filter_map(|value| value.as_array()).map(Vec::len).min());
    all_of(schema).iter().map(least_items).fold(own.max(literal.unwrap_or(0) as u64), u64::max)
}

/// The parts of a schema, counted up to this many.
pub(super) fn parts(schema: &Value, most: usize) -> usize {
    let inner: &mut dyn Iterator<Item = &Value> = match schema {
        Value::Array(items) => &mut items.iter(),
        Value::Object(fields) => &mut fields.values(),
        _ => return 1,
    };
    let mut count = 1;
    for part in inner {
        if count >= most {
            break;
        }
        count += parts(part, most - count);
    }
    count
}

/// The same without null.
pub(super) fn without_null(schema: Cow<'_, Value>) -> Cow<'_, Value> {
    if !kinds(&schema).meets(Kinds::NULL) || anything(&schema) {
        return schema;
    }
    let Value::Object(keywords) = &*schema else { return schema };
    let mut out = keywords.clone();
    match out.get_mut("type") {
        Some(Value::Array(words)) => words.retain(|word| word.as_str() != Some("null")),
        Some(word) if word.as_str() == Some("null") => return Cow::Owned(Value::Bool(false)),
        _ => {}
    }
    if let Some(Value::Array(values)) = out.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if out.get("const") == Some(&Value::Null) {
        return Cow::Owned(Value::Bool(false));
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = out.get_mut(key) else { continue };
        choices.retain(|choice| kinds(choice) != Kinds::NULL);
        for choice in choices.iter_mut() {
            *choice = without_null(Cow::Borrowed(choice)).into_owned();
        }
        if let ([only], true) = (choices.as_slice(), keywords.len() == 1) {
            return Cow::Owned(only.clone());
        }
    }
    Cow::Owned(Value::Object(out))
}

/// The same, where the field that `path` leads to is known to be there (`null` false) or not to be null.
pub(super) fn narrowed(schema: &Value, path: &[&str], not_null: bool) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return if not_null { without_null(Cow::Borrowed(schema)).into_owned() } else { schema.clone() };
    };
    let object = without_null(Cow::Borrowed(schema)).into_owned();
    let found = field(&object, first);
    let inner = narrowed(&found.schema, rest, not_null || !rest.is_empty());
    // What holds in addition stands beside what held before.
    json!({ "allOf": [{ "type": "object", "properties": { *first: inner }, "required": [first] }, object] })
}
