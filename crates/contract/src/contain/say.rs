//! What is wrong with a value that a writer may give, as its reader's author would say it.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::Schema;
use crate::loader::listed;
use crate::schema::shown;

/// Where the reader stumbles over this value, and the sentence for it.
pub(super) fn why(reader: &Schema, value: &Value) -> (String, String) {
    let told = reader.first_error(value, |error| {
        let at = error.instance_path().to_string();
        let sentence = sentence(error, &subject(&at), &at);
        (at, sentence)
    });
    told.unwrap_or_else(|| (String::new(), format!("{} fits, and the reader refuses it", shown(value))))
}

/// What is talked of: a field's name, an item of a list, or nothing for the whole.
fn subject(at: &str) -> Option<String> {
    let (outer, last) = at.rsplit_once('/')?;
    let plain = |step: &str| step.replace("~1", "/").replace("~0", "~");
    if last.bytes().all(|byte| byte.is_ascii_digit()) && !last.is_empty() {
        return Some(match subject(outer) {
            Some(list) => format!("an item of {list}"),
            None => "an item".to_owned(),
        });
    }
    Some(format!("`{}`", plain(last)))
}

fn sentence(error: &ValidationError<'_>, subject: &Option<String>, at: &str) -> String {
    use ValidationErrorKind as Kind;
    let value = error.instance();
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            return match subject {
                Some(owner) => format!("`{name}` of {owner} may be missing"),
                None => format!("`{name}` may be missing"),
            };
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let names = listed(unexpected.iter().map(String::as_str));
            return format!("a field like {names} may be there, and the reader takes no such field");
        }
        Kind::FalseSchema => {
            let what = subject.as_deref().unwrap_or("a value");
            return format!("{what} may be there, and the reader takes none");
        }
        _ => {}
    }
    let wish = wish(error);
    match subject {
        None if at.is_empty() => match error.kind() {
            Kind::Type { kind } => {
                format!("{} like {} fits, and {} is wanted", kind_of(value), shown(value), types(kind))
            }
            _ => format!("{} fits, and the reader {wish}", shown(value)),
        },
        subject => {
            format!("{} may be {}, and the reader {wish}", subject.as_deref().unwrap_or("it"), shown(value))
        }
    }
}

/// What the reader asks for, after "the reader".
fn wish(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    let many =
        |limit: u64, one: &str| if limit == 1 { format!("1 {one}") } else { format!("{limit} {one}s") };
    match error.kind() {
        Kind::Type { kind } => format!("wants {}", types(kind)),
        Kind::Enum { options } => format!("takes only {}", words(options.as_array().into_iter().flatten())),
        Kind::Constant { expected_value } => format!("takes only {}", words([&**expected_value].into_iter())),
        Kind::Minimum { limit } => format!("takes nothing below {limit}"),
        Kind::Maximum { limit } => format!("takes nothing above {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("takes only what is above {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("takes only what is below {limit}"),
        Kind::MultipleOf { multiple_of } => format!("takes only multiples of {multiple_of}"),
        Kind::MinLength { limit } => format!("wants at least {}", many(*limit, "character")),
        Kind::MaxLength { limit } => format!("takes at most {}", many(*limit, "character")),
        Kind::Pattern { pattern } => format!("takes only what matches `{pattern}`"),
        Kind::Format { format } => format!("takes only what fits the format `{format}`"),
        Kind::MinItems { limit } => format!("wants at least {}", many(*limit, "item")),
        Kind::MaxItems { limit } => format!("takes at most {}", many(*limit, "item")),
        Kind::UniqueItems => "takes no item twice".to_owned(),
        Kind::Contains => "wants an item that isn't there".to_owned(),
        Kind::MinProperties { limit } => format!("wants at least {}", many(*limit, "field")),
        Kind::MaxProperties { limit } => format!("takes at most {}", many(*limit, "field")),
        Kind::PropertyNames { .. } => "doesn't take such a name of a field".to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "takes it in none of its alternatives".to_owned(),
        Kind::OneOfMultipleValid { .. } => {
            "wants exactly one of its alternatives to fit, where more than one does".to_owned()
        }
        _ => "rules that out".to_owned(),
    }
}

/// The values, texts without their quotes where nothing is lost.
fn words<'v>(values: impl Iterator<Item = &'v Value>) -> String {
    let mut words: Vec<String> = values
        .map(|value| match value.as_str() {
            Some(text) if !text.is_empty() && !text.contains([' ', ',', '"']) => text.to_owned(),
            _ => shown(value),
        })
        .collect();
    let shown_max = 8;
    if words.len() > shown_max {
        let more = words.len() - shown_max;
        words.truncate(shown_max);
        words.push(format!("{more} others"));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => type_name(&kind.to_string()).to_owned(),
        TypeKind::Multiple(kinds) => {
            let names: Vec<String> =
                kinds.iter().map(|kind| type_name(&kind.to_string()).to_owned()).collect();
            names.join(" or ")
        }
    }
}

fn type_name(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "number" => "a number",
        "integer" => "an integer",
        "boolean" => "a boolean",
        "array" => "a list",
        "object" => "an object",
        _ => "null",
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "a value",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
