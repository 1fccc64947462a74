//! Static types: what an expression gives, as a JSON Schema, and what can be told to be wrong with it before anything
//! runs. Types come from the schemas of the names that it reads; where nobody can tell, the schema is `{}` and nothing is
//! reported. Start with [`check`].

mod functions;
mod infer;
mod known;
#[cfg(test)]
mod laws;
mod operators;
mod path;
mod view;

use std::ops::Range;

use serde_json::Value;
pub(crate) use view::union;

pub(crate) use known::Fact;

use super::Expr;
use crate::reads::{BadRead, Reads};
use crate::{Code, code};

/// A value of the contract: the expression, and what it gives.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "the sections that hand values on read these")]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    /// The schema of what it gives, `{}` where nobody can tell. Never narrower than the values.
    pub(crate) schema: Value,
    /// Whether it may give nothing at all: a bare path to a field that may be absent. A field that an open type
    /// doesn't name is no such field, since nothing is known of it.
    pub(crate) absent: bool,
}

/// Something wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    /// Where in the expression's source, in bytes.
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Vec<String>,
    /// Whether it is only worth a look.
    pub(crate) warning: bool,
}

impl Problem {
    fn new(code: Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), help: Vec::new(), warning: false }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    fn read(bad: BadRead, range: Range<usize>) -> Self {
        Self { help: bad.help, ..Self::new(code::BAD_READ, range, bad.message) }
    }
}

/// What is wanted of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// True or false.
    Condition,
    /// Any value; a bare path may pass absence on.
    Value,
    /// A value that is written into a text, so that it has to be there.
    Hole,
}

/// What an expression gives, and what is wrong with it.
pub(crate) struct Checked {
    pub(crate) schema: Value,
    pub(crate) absent: bool,
    pub(crate) problems: Vec<Problem>,
    /// The parts of schemas that were copied for it.
    pub(crate) copied: usize,
}

/// What is known of paths wherever this condition is `held`: of paths as its author wrote them, since what stands behind it
/// is checked as it is written too. That of an include reads its settings and facts a level deeper by now.
pub(crate) fn proved(condition: &Expr, held: bool) -> Vec<Fact> {
    let written = Expr::parse(condition.source());
    written.map(|written| known::proves(&written.node, held)).unwrap_or_default()
}

/// Types an expression at the place that `reads` describes.
pub(crate) fn check(expr: &Expr, reads: &Reads, wanted: Wanted) -> Checked {
    infer::check(&expr.node, reads, wanted)
}

/// What the items of a list are.
///
/// # Errors
/// In words what the value is instead, or may be instead.
pub(crate) fn items(schema: &Value) -> Result<Value, String> {
    let kinds = view::kinds(schema);
    if kinds.known() && !kinds.meets(view::Kinds::LIST) {
        return Err(format!("is {}", kinds.words()));
    }
    if kinds.known() && kinds.meets(view::Kinds::NULL) {
        return Err("may be null".to_owned());
    }
    Ok(view::item(schema, None).into_owned())
}
