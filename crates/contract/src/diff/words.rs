//! Words for what changed: from what to what. Decides nothing.

use std::fmt::Display;
use std::time::Duration;

use serde_json::Value;

use crate::limits::SHOWN_CHARS_MAX;
use crate::{Expr, show};

/// `was `a`, is `b``.
pub(super) fn from_to(old: impl Display, new: impl Display) -> String {
    format!("was `{}`, is `{}`", short(old), short(new))
}

/// The same of what need not be there.
pub(super) fn change<T: Display>(old: Option<T>, new: Option<T>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => from_to(old, new),
        (Some(old), None) => format!("was `{}`, and isn't said any more", short(old)),
        (None, Some(new)) => format!("wasn't said, and is `{}`", short(new)),
        (None, None) => "is as it was".to_owned(),
    }
}

/// The same of expressions.
pub(super) fn exprs(old: Option<&Expr>, new: Option<&Expr>) -> String {
    change(old.map(Expr::source), new.map(Expr::source))
}

/// The same of times.
pub(super) fn times(old: Option<Duration>, new: Option<Duration>) -> String {
    change(old.map(show::span), new.map(show::span))
}

/// A value in a line.
pub(super) fn value(value: &Value) -> String {
    short(value)
}

/// Names in backticks.
pub(super) fn listed<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", short(name))).collect();
    names.join(", ")
}

fn short(text: impl Display) -> String {
    let text = text.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
