//! A specification's text, JSON or YAML, as a JSON value. What it names elsewhere is never read.

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use crate::limits::{SPECIFICATION_BYTES_MAX, SPECIFICATION_DEPTH_MAX, SPECIFICATION_NODES_MAX};

/// A specification that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Larger than is read: bundle less of it.
    #[error("it has {0} bytes; at most {SPECIFICATION_BYTES_MAX} are read: take out what no tool needs")]
    TooLarge(usize),
    /// Neither JSON nor YAML.
    #[error("it can't be read as {form}: {reason}")]
    Syntax {
        /// What it was read as.
        form: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// YAML in which one thing stands for another, or with more parts than are read.
    #[error("line {line}: {reason}")]
    Refused {
        /// The line, from 1.
        line: usize,
        /// What is refused, and what to do.
        reason: &'static str,
    },
}

/// Reads JSON where the text begins with `{`, else YAML.
///
/// # Errors
/// [`ReadError`] says what to change.
///
/// ```
/// let value = handfast_contract::import::read("openapi: 3.1.0\npaths: {}\n").unwrap();
/// assert_eq!(value, serde_json::json!({ "openapi": "3.1.0", "paths": {} }));
/// ```
pub fn read(text: &str) -> Result<Value, ReadError> {
    if text.len() > SPECIFICATION_BYTES_MAX {
        return Err(ReadError::TooLarge(text.len()));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text)
            .map_err(|error| ReadError::Syntax { form: "JSON", reason: error.to_string() });
    }
    yaml(text)
}

enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

fn yaml(text: &str) -> Result<Value, ReadError> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
    };
    let (mut open, mut whole, mut nodes): (Vec<Open>, Option<Value>, usize) = (Vec::new(), None, 0);
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            next.map_err(|error| ReadError::Syntax { form: "YAML", reason: error.to_string() })?;
        let refused = |reason| Err(ReadError::Refused { line: span.start.line(), reason });
        let done = match event {
            Event::Anchor(..) | Event::Alias(_) | Event::UnresolvedAlias(_) => {
                return refused("anchors and aliases aren't read: write the part out, or use `$ref`");
            }
            Event::DocumentStart(..) if whole.is_some() => {
                return refused("a second document begins here: give one");
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                None
            }
            Event::Scalar(text, style, ..) => Some(match style {
                ScalarStyle::Plain => plain(&text),
                _ => Value::from(text.into_owned()),
            }),
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Some(Value::Array(items)),
                Some(Open::Map(fields, _)) => Some(Value::Object(fields)),
                None => None,
            },
            _ => None,
        };
        nodes += 1;
        if nodes > SPECIFICATION_NODES_MAX {
            return refused("it has too many parts: take out what no tool needs");
        }
        if open.len() > SPECIFICATION_DEPTH_MAX {
            return refused("it nests too deeply: name its inner parts under `components`");
        }
        let Some(value) = done else { continue };
        match open.last_mut() {
            None => whole = Some(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(fields, key)) => match (key.take(), value) {
                (Some(key), value) => {
                    if fields.insert(key, value).is_some() {
                        return refused("a key stands here twice: keep one of them");
                    }
                }
                (None, Value::Array(_) | Value::Object(_)) => return refused("a key must be a text"),
                // `200:` and `on:` are keys as they are written.
                (None, Value::String(text)) => *key = Some(text),
                (None, other) => *key = Some(other.to_string()),
            },
        }
    }
    Ok(whole.unwrap_or_default())
}

/// As YAML 1.2's core schema has it, with JSON's numbers.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text => {
            serde_json::from_str::<serde_json::Number>(text).map_or_else(|_| Value::from(text), Value::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_is_read_as_the_json_that_it_means() {
        let text = "a: [1, 2.5, x, 'y', true, ~]\n200: { b: \"3\" }\nc: |\n  two\n  lines\nd: 2026-11-21\n";
        let value = json!({ "a": [1, 2.5, "x", "y", true, null], "200": { "b": "3" }, "c": "two\nlines\n", "d": "2026-11-21" });
        assert_eq!(read(text).unwrap(), value);
        assert_eq!(read(&value.to_string()).unwrap(), value);
    }

    #[test]
    fn what_stands_for_something_else_or_never_ends_is_refused() {
        for (text, part) in [
            ("a: &x 1\nb: *x\n", "anchors"),
            ("a: 1\n---\nb: 2\n", "second document"),
            ("a: 1\na: 2\n", "twice"),
            ("? [a]\n: 1\n", "a key must be a text"),
            (&format!("{}{}", "[".repeat(200), "]".repeat(200)), "nests too deeply"),
            ("{ \"a\": ", "JSON"),
            ("a: 'b", "YAML"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:.20}: {error}");
        }
    }
}
