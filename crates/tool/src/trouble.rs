//! The words for what went wrong, made in one place so that they stay alike.

use handfast_engine::ToolError;
use handfast_events::FailureClass;

use crate::limits::TEXT_CHARS_MAX;

/// A failure of this class with nothing but its sentence. It is cut where it is masked, and after that: a cut before
/// could leave a part of a secret.
pub(crate) fn trouble(class: FailureClass, text: impl AsRef<str>) -> ToolError {
    ToolError { text: text.as_ref().to_owned(), class: Some(class), ..ToolError::default() }
}

/// The text, cut where it is longer than people read.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes in all)", text.get(..end).unwrap_or(text), text.len()),
    }
}

/// An error with all that caused it, each cause once.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
