//! What the wires write alike: text, values, arguments and ids as they may stand in a request.

use std::borrow::Cow;

use handfast_engine::Opening;
use handfast_events::{Digest, canonical};
use serde_json::Value;

/// Ids up to here are taken everywhere; no provider makes longer ones.
const ID_CHARS_MAX: usize = 64;

/// How every request begins.
pub(super) fn head(opening: &Opening<'_>) -> String {
    let mut out = String::with_capacity(1024 + opening.system.len());
    out.push_str("{\"model\":");
    text(&mut out, opening.model);
    out.push_str(",\"stream\":true");
    out
}

/// Writes words as a JSON string.
pub(super) fn text(out: &mut String, said: &str) {
    out.push_str(&Value::from(said).to_string());
}

/// Writes a value in canonical form.
pub(super) fn value(out: &mut String, value: &Value) {
    out.push_str(&String::from_utf8_lossy(&canonical(value)));
}

/// The arguments as they may stand in a history: many servers refuse a whole request over arguments of an earlier turn
/// that aren't a JSON object, so such text is wrapped into one. The journal keeps it as the model wrote it.
pub(super) fn arguments(args: &str) -> Cow<'_, str> {
    let is_object = serde_json::from_str::<Value>(args).is_ok_and(|value| value.is_object());
    if is_object { args.into() } else { serde_json::json!({ "not_an_object": args }).to_string().into() }
}

/// An id of a call as every server of this wire takes it. One that another made may have any letters and length; the
/// same always becomes the same, so that a result finds its call.
pub(super) fn id(given: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if !given.is_empty() && given.len() <= ID_CHARS_MAX && given.chars().all(is_plain) {
        return given.into();
    }
    let digest = Digest::of(given.as_bytes()).hex();
    format!("call_{}", digest.get(..32).unwrap_or_default()).into()
}

/// What an earlier answer was in its wire's own form: JSON that begins so. Another form was said over another wire and
/// says nothing here.
pub(super) fn own_form(verbatim: Option<&str>, begin: char) -> Option<&str> {
    verbatim.filter(|form| form.starts_with(begin) && serde_json::from_str::<Value>(form).is_ok())
}
