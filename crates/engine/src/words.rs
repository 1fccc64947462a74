//! How findings are put into words, and cut where nobody would read on.

use handfast_contract::Problem;
use serde_json::Value;

use crate::limits::{DEPTH_MAX, EVIDENCE_CHARS, PROBLEMS_TOLD};

/// The first of these problems, in one line.
pub(crate) fn problems_told(problems: &[Problem]) -> String {
    let told = problems.iter().take(PROBLEMS_TOLD).map(|problem| match problem.at.as_str() {
        "" => problem.message.clone(),
        at => format!("at {at}: {}", problem.message),
    });
    let told = told.collect::<Vec<_>>().join("; ");
    match problems.len().saturating_sub(PROBLEMS_TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}

/// Enough of a value to recognise it.
pub(crate) fn evidence(text: &str) -> String {
    first_of(text, EVIDENCE_CHARS).map_or_else(|| text.to_owned(), |first| format!("{first}…"))
}

/// The first so many characters, where there are more.
pub(crate) fn first_of(text: &str, chars: usize) -> Option<&str> {
    text.char_indices().nth(chars).and_then(|(end, _)| text.get(..end))
}

/// Whether a value is nested deeper than a journal takes.
pub(crate) fn is_too_deep(value: &Value) -> bool {
    fn fits(value: &Value, left: usize) -> bool {
        match value {
            Value::Array(items) => left > 0 && items.iter().all(|item| fits(item, left - 1)),
            Value::Object(fields) => left > 0 && fields.values().all(|field| fits(field, left - 1)),
            _ => true,
        }
    }
    !fits(value, DEPTH_MAX)
}
