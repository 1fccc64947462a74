//! A type of the language: a JSON Schema (2020-12), compiled once. Knows nothing of the shorthand it came from.

mod guard;

use std::fmt;
use std::sync::Arc;

use handfast_events::Money;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use crate::limits::{
    SCHEMA_DEPTH_MAX, SCHEMA_PARTS_MAX, SCHEMA_PATTERN_MEMORY_MAX, SCHEMA_PROBLEMS_MAX,
    SCHEMA_SENTENCE_CHARS_MAX, SCHEMA_SHOWN_BYTES_MAX,
};

/// One compiled schema. `$ref`s resolve within it; none is ever fetched.
#[derive(Clone)]
pub struct Schema {
    json: Arc<Value>,
    validator: Arc<Validator>,
}

/// One way in which a value doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the value, as a JSON pointer; empty for the whole.
    pub at: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "at {}: {}", self.at, self.message)
        }
    }
}

/// A schema that can't be used: its author's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A reference that would have to be fetched: spell the type out under `$defs`.
    #[error("`$ref: {reference}` leads out of the schema; write it under `$defs` and refer to `#/$defs/…`")]
    Remote {
        /// The reference.
        reference: String,
    },
    /// A reference to nothing: name a part that is there.
    #[error("`$ref: {reference}` leads nowhere in the schema")]
    Lost {
        /// The reference.
        reference: String,
    },
    /// A schema that refers to itself for the same value: let it go one field or item deeper.
    #[error("the schema refers to itself for one and the same value, which never ends")]
    Circle,
    /// Nested too deeply: give the inner types names under `$defs`.
    #[error(
        "the schema nests deeper than {SCHEMA_DEPTH_MAX} levels; flatten it, or name its parts under `$defs`"
    )]
    TooDeep,
    /// Too many parts: leave out what no caller reads.
    #[error("the schema has more than {SCHEMA_PARTS_MAX} parts; leave out what no step and no model reads")]
    TooLarge,
    /// Not JSON Schema 2020-12: mend the keyword at this place.
    #[error("the schema is no JSON Schema 2020-12{}: {reason}", place(.at))]
    Invalid {
        /// Where in the schema, as a JSON pointer; empty for the whole.
        at: String,
        /// What is wrong.
        reason: String,
    },
}

fn place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!(" (at {at})") }
}

impl Schema {
    /// Compiles a schema. Formats are checked, patterns are linear, nothing is fetched.
    ///
    /// # Errors
    /// [`SchemaError`] says what its author has to change: a reference out of the schema, a keyword or pattern that
    /// can't be used, or a schema past our limits.
    pub fn compile(json: Value) -> Result<Self, SchemaError> {
        guard::measure(&json)?;
        let patterns = PatternOptions::regex()
            .size_limit(SCHEMA_PATTERN_MEMORY_MAX)
            .dfa_size_limit(SCHEMA_PATTERN_MEMORY_MAX);
        let built = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_format("money", |text: &str| text.parse::<Money>().is_ok())
            .with_pattern_options(patterns)
            .offline()
            .build(&json);
        match built {
            Ok(validator) => Ok(Self { json: Arc::new(json), validator: Arc::new(validator) }),
            Err(error) => {
                Err(SchemaError::Invalid { at: error.instance_path().to_string(), reason: sentence(&error) })
            }
        }
    }

    /// Fits every value.
    pub fn any() -> Self {
        Self::fitting(json!({}))
    }

    /// Fits every object.
    pub fn object() -> Self {
        Self::fitting(json!({ "type": "object" }))
    }

    fn fitting(json: Value) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the two schemas above are constants, and a test compiles both"
        )]
        Self::compile(json).expect("a schema of one keyword compiles")
    }

    /// The JSON Schema.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Whether this value fits: the fast way to ask, without sentences.
    pub fn fits(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// The ways in which this value doesn't fit, at most ten; none where it does.
    pub fn check(&self, value: &Value) -> Vec<Problem> {
        if self.fits(value) {
            return Vec::new();
        }
        let problem = |error: ValidationError<'_>| {
            let error = telling(&error);
            Problem { at: error.instance_path().to_string(), message: sentence(error) }
        };
        self.validator.iter_errors(value).take(SCHEMA_PROBLEMS_MAX).map(problem).collect()
    }

    /// What is wrong with this value first of all, told by whoever knows how to; nothing where it fits.
    pub(crate) fn first_error<T>(
        &self,
        value: &Value,
        tell: impl FnOnce(&ValidationError<'_>) -> T,
    ) -> Option<T> {
        self.validator.iter_errors(value).next().map(|error| tell(telling(&error)))
    }

    /// Adds the schema's defaults where the value leaves them out, within nested fields and lists too.
    pub fn fill_defaults(&self, value: &mut Value) {
        fill(&self.json, &self.json, value);
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.json)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

/// The branch that says most: "fits none of the schemas" helps nobody, "`id` is missing" does.
fn telling<'e>(error: &'e ValidationError<'e>) -> &'e ValidationError<'e> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return error;
    };
    let own = error.instance_path().as_str().len();
    let other_kind = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), ValidationErrorKind::Type { .. })
            && inner.instance_path().as_str().len() == own
    };
    let mut branches = context.iter().filter_map(|branch| branch.first()).filter(|inner| !other_kind(inner));
    match (branches.next(), branches.next()) {
        (Some(only), None) => only,
        _ => error,
    }
}

/// One problem in a sentence, without dumping what it is about.
fn sentence(error: &ValidationError<'_>) -> String {
    let shown = shown(error.instance());
    if let ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } = error.kind() {
        return format!("{shown} is of none of the types that may stand here");
    }
    cut(&error.masked_with(shown).to_string(), SCHEMA_SENTENCE_CHARS_MAX)
}

/// A short value as it is, a long one by its kind.
pub(crate) fn shown(value: &Value) -> String {
    let mut short = Short(Vec::new());
    match serde_json::to_writer(&mut short, value) {
        Ok(()) => String::from_utf8_lossy(&short.0).into_owned(),
        Err(_) => match value {
            Value::String(_) => "the text".to_owned(),
            Value::Array(_) => "the list".to_owned(),
            Value::Object(_) => "the object".to_owned(),
            _ => "the value".to_owned(),
        },
    }
}

/// Takes a few bytes and refuses more, so that a huge value is never written out.
struct Short(Vec<u8>);

impl std::io::Write for Short {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > SCHEMA_SHOWN_BYTES_MAX {
            return Err(std::io::Error::other("too long to show"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Recurses as deep as the value and as wide as the guard allows for each place in it.
fn fill(schema: &Value, whole: &Value, value: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    if let Some(target) = keywords.get("$ref").and_then(Value::as_str) {
        let inner = target.strip_prefix('#').and_then(|pointer| whole.pointer(pointer));
        if let Some(inner) = inner {
            fill(inner, whole, value);
        }
    }
    // `T?` is `anyOf [T, null]`: whatever isn't null is a T. Other choices fill nothing, since nobody chose yet.
    if let Some(Value::Array(choices)) = keywords.get("anyOf") {
        let mut real = choices.iter().filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let (Some(only), None) = (real.next(), real.next()) {
            fill(only, whole, value);
        }
    }
    if let Some(Value::Array(all)) = keywords.get("allOf") {
        all.iter().for_each(|schema| fill(schema, whole, value));
    }
    match value {
        Value::Object(fields) => fill_fields(keywords, whole, fields),
        Value::Array(items) => {
            if let Some(schema) = keywords.get("items") {
                items.iter_mut().for_each(|item| fill(schema, whole, item));
            }
        }
        _ => {}
    }
}

fn fill_fields(keywords: &Map<String, Value>, whole: &Value, fields: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = keywords.get("properties") else { return };
    for (name, schema) in properties {
        if let (false, Some(default)) = (fields.contains_key(name), schema.get("default")) {
            fields.insert(name.clone(), default.clone());
        }
        if let Some(field) = fields.get_mut(name) {
            fill(schema, whole, field);
        }
    }
}
