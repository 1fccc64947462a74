//! Text with `{CEL}` holes; `{{` and `}}` are braces.

use std::fmt;

use serde_json::Value;

use super::limits::HOLES_MAX;
use super::{EvalError, Expr, ExprError, Scope};

/// Text with `{CEL}` holes.
///
/// ```
/// use handfast_contract::{Scope, Template};
/// let resource = Template::parse("order/{args.id}").unwrap();
/// let args = serde_json::json!({ "id": "A/7" });
/// assert_eq!(resource.fill_resource(&Scope::default().with("args", &args)).unwrap(), "order/A%2F7");
/// ```
#[derive(Clone)]
pub struct Template {
    source: Box<str>,
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Text(String),
    /// And the byte of the source where its expression begins.
    Hole(Expr, usize),
}

/// A part of a template, for comparing: texts as they are, holes as [`Expr::canon`] has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Hole(String),
}

impl Template {
    /// Reads a text with holes.
    ///
    /// # Errors
    /// Names the hole that isn't closed or holds no expression, and the brace that stands alone (double it), by its
    /// place in `source`.
    pub fn parse(source: &str) -> Result<Self, ExprError> {
        let (mut parts, mut text, mut holes) = (Vec::new(), String::new(), 0);
        let mut rest = source;
        while let Some(place) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(place);
            text.push_str(before);
            let start = source.len() - from.len();
            if let Some(after) = from.strip_prefix("{{") {
                text.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                text.push('}');
                rest = after;
            } else if let Some(inside) = from.strip_prefix('{') {
                let length = hole_length(inside).ok_or_else(|| unclosed(start, source))?;
                let (hole, after) = inside.split_at(length);
                holes += 1;
                if holes > HOLES_MAX {
                    let message = format!("this text has more than {HOLES_MAX} holes");
                    let range = start..start + length + 2;
                    return Err(ExprError {
                        message,
                        range,
                        help: Some("make several texts of it".to_owned()),
                    });
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                let expr = Expr::parse(hole).map_err(|error| moved(error, start + 1))?;
                parts.push(Part::Hole(expr, start + 1));
                rest = after.strip_prefix('}').unwrap_or(after);
            } else {
                let message = "a `}` stands alone".to_owned();
                return Err(ExprError {
                    message,
                    range: start..start + 1,
                    help: Some("write `}}` for a brace".to_owned()),
                });
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { source: source.into(), parts })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The expressions in its holes, in order.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.holes().map(|(expr, _)| expr)
    }

    /// The same, each with the byte of the source where it begins.
    pub(crate) fn holes(&self) -> impl Iterator<Item = (&Expr, usize)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(expr, at) => Some((expr, *at)),
            Part::Text(_) => None,
        })
    }

    /// The same, with its holes [nested](Expr::nested).
    #[must_use]
    pub(crate) fn nested(mut self, roots: &[&str], path: &[&str]) -> Self {
        for part in &mut self.parts {
            if let Part::Hole(expr, _) = part {
                *expr = expr.clone().nested(roots, path);
            }
        }
        self
    }

    /// Its parts, in one form for all ways to lay out their expressions.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let piece = |part: &Part| match part {
            Part::Text(text) => Piece::Text(text.clone()),
            Part::Hole(expr, _) => Piece::Hole(expr.canon()),
        };
        self.parts.iter().map(piece).collect()
    }

    /// The text with its holes filled: texts as they are, anything else as JSON.
    ///
    /// # Errors
    /// [`EvalError`] where a hole can't be evaluated or is absent.
    pub fn fill(&self, scope: &Scope<'_>) -> Result<String, EvalError> {
        self.fill_with(scope, |value| match value {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        })
    }

    /// As a resource's path: what fills a hole is percent-encoded, so that it stays one segment and no pattern.
    ///
    /// # Errors
    /// As [`Template::fill`]; and where a hole holds null, nothing, a list or an object, which name no resource.
    pub fn fill_resource(&self, scope: &Scope<'_>) -> Result<String, EvalError> {
        self.fill_with(scope, |value| match value {
            Value::String(text) if !text.is_empty() => Ok(percent_encoded(&text)),
            number @ Value::Number(_) => Ok(percent_encoded(&plain_number(&number))),
            boolean @ Value::Bool(_) => Ok(boolean.to_string()),
            _ => Err("a resource is named by text, a number or a boolean; this is empty, null, a list or an object"),
        })
    }

    fn fill_with(
        &self,
        scope: &Scope<'_>,
        write: impl Fn(Value) -> Result<String, &'static str>,
    ) -> Result<String, EvalError> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Hole(expr, _) => {
                    let fault = |reason: &str| EvalError {
                        source_text: expr.source().to_owned(),
                        reason: reason.to_owned(),
                    };
                    let value = expr.eval(scope)?.ok_or_else(|| fault("the value is absent"))?;
                    filled.push_str(&write(value).map_err(fault)?);
                }
            }
        }
        Ok(filled)
    }
}

/// 1 and 1.0 name one resource.
fn plain_number(number: &Value) -> String {
    String::from_utf8_lossy(&handfast_events::canonical(number)).into_owned()
}

/// The bytes up to the brace that closes a hole; braces of CEL's objects and all that stands in its texts are within.
fn hole_length(inside: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (place, sign) in inside.char_indices() {
        match (quote, sign) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), sign) if sign == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(sign),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(place),
            (None, '}') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

fn unclosed(start: usize, source: &str) -> ExprError {
    let help = Some("close it with `}`, or write `{{` for a brace".to_owned());
    ExprError { message: "a hole is not closed".to_owned(), range: start..source.len(), help }
}

fn moved(error: ExprError, by: usize) -> ExprError {
    ExprError { range: error.range.start + by..error.range.end + by, ..error }
}

/// The text as one part of a path or a query: all but the letters, digits and signs that RFC 3986 leaves alone is
/// percent-encoded.
///
/// ```
/// assert_eq!(handfast_contract::percent_encoded("a/b é"), "a%2Fb%20%C3%A9");
/// ```
pub fn percent_encoded(text: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.source)
    }
}
