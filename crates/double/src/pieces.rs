//! How a stream is cut up: texts into deltas, deltas into server-sent events.

use serde_json::Value;

use crate::limits::DELTA_CHARS;

/// When every answer of the double was made, in seconds since 1970: no clock is read.
pub(crate) const CREATED: u64 = 1_795_000_000;

/// A text in the small pieces that a model speaks in; none for the empty text.
pub(crate) fn deltas(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(DELTA_CHARS).map(|piece| piece.iter().collect()).collect()
}

/// An event of nothing but data.
pub(crate) fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// An event that is named by its own type.
pub(crate) fn event(value: &Value) -> String {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or("message");
    format!("event: {kind}\ndata: {value}\n\n")
}
