//! Conditions and values of a contract: CEL, parsed once behind a guard and evaluated over plain JSON.
//!
//! The grammar is the `cel` crate's; what an expression means is decided here, because a contract's numbers are JSON's
//! (an integer beside a double is read as one) and because an evaluation must have a ceiling. It knows no clock and
//! no contract. Start with [`Expr::parse`] and [`Expr::eval`].

mod canon;
mod eval;
mod functions;
mod guard;
mod helpers;
mod limits;
mod node;
mod operators;
mod special;
mod template;
mod tokens;
pub(crate) mod types;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde_json::Value;

pub(crate) use canon::Compared;
pub(crate) use template::Piece;
pub use template::{Template, percent_encoded};

use eval::{Budget, Env, Fault};
use node::{Kind, Node};
use value::Val;

/// The names that CEL or a contract's places already mean: no variable of a macro may take them.
pub(crate) const ROOTS: [&str; 13] = [
    "args", "input", "result", "old", "facts", "settings", "call", "error", "steps", "last", "output",
    "true", "false",
];

/// The functions of the language: name, and how each is written.
pub(crate) fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    functions::FUNCTIONS.iter().map(|row| (row.name, row.usage))
}

/// A CEL expression that passed the guard.
///
/// ```
/// use handfast_contract::{Expr, Scope};
/// let within = Expr::parse("args.amount <= 200").unwrap();
/// let args = serde_json::json!({ "amount": 150.5 });
/// assert!(within.holds(&Scope::default().with("args", &args)).unwrap());
/// ```
#[derive(Clone)]
pub struct Expr {
    source: Box<str>,
    node: Node,
}

/// The names that an expression may read, with their values.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> {
    names: Vec<(&'a str, &'a Value)>,
}

/// Text that is no expression of this language, or one that the guard refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where in the source, in bytes. Never empty unless the source is.
    pub range: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
}

/// An expression that can't be evaluated: its author's fault, and fails closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{source_text}` can't be evaluated: {reason}")]
pub struct EvalError {
    /// The expression.
    pub source_text: String,
    /// Why not, and what would help.
    pub reason: String,
}

impl<'a> Scope<'a> {
    /// The same names and one more; a name given twice means the later value.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: &'a Value) -> Self {
        self.names.push((name, value));
        self
    }
}

impl Expr {
    /// Reads one expression.
    ///
    /// # Errors
    /// Says what is wrong, where in `source`, and what to write instead: no CEL, a function that this language doesn't
    /// have, or an expression past the guard's limits (split it, or compute the value in a tool).
    pub fn parse(source: &str) -> Result<Self, ExprError> {
        Ok(Self { source: source.into(), node: guard::read(source)? })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its value. `Ok(None)`: a bare path (`steps.x.y`) that is absent passes absence on.
    ///
    /// # Errors
    /// [`EvalError`] where it reads what is absent inside a larger expression (`has(…)` asks first), mixes types, names
    /// a root that its place doesn't offer, or costs more than one evaluation may.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Option<Value>, EvalError> {
        let budget = Budget::default();
        match eval::value(&self.node, &Env::new(&scope.names, &budget)) {
            Ok(Val::Json(value)) => Ok(Some(value.clone())),
            Ok(value) => value.into_json().map(Some).map_err(|reason| self.error(reason)),
            Err(Fault::Absent(_)) if self.node.is_path() => Ok(None),
            Err(fault) => Err(self.error(fault.to_string())),
        }
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// As [`Expr::eval`]; and where the value is absent or anything but a boolean.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        let budget = Budget::default();
        match eval::value(&self.node, &Env::new(&scope.names, &budget)).map(Val::plain) {
            Ok(Val::Bool(holds)) => Ok(holds),
            Ok(other) => Err(self.error(format!("a condition is true or false; this is {}", other.kind()))),
            Err(fault) => Err(self.error(fault.to_string())),
        }
    }

    /// The memory of the patterns that it was compiled to, at most.
    pub(crate) fn pattern_memory(&self) -> usize {
        self.node.pattern_memory()
    }

    /// The names that it reads, without the variables of its own macros.
    pub fn roots(&self) -> BTreeSet<String> {
        self.paths().into_iter().filter_map(|path| path.into_iter().next()).collect()
    }

    /// The paths that it reads, as far as they are static: `steps.order.items[0].id` is `["steps", "order", "items"]`.
    /// Each once, in the order of the text.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.node.collect_paths(&mut Vec::new(), &mut found);
        found
    }

    /// Whether it is a single bare word: an author who writes `create` nearly always means `"'create'"`.
    pub fn literal_word(&self) -> bool {
        matches!(&self.node.kind, Kind::Path { fields, .. } if fields.is_empty())
    }

    /// The same, reading these roots behind this path: what an included contract calls `settings.url` is
    /// `settings.cms.url` of the whole. Its source stays as its author wrote it.
    #[must_use]
    pub(crate) fn nested(mut self, roots: &[&str], path: &[&str]) -> Self {
        self.node.nest(roots, path);
        self
    }

    /// Whether it is a path and nothing else: `steps.order.id`.
    pub(crate) fn is_path(&self) -> bool {
        self.node.is_path()
    }

    fn error(&self, reason: String) -> EvalError {
        EvalError { source_text: self.source.to_string(), reason }
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({})", self.source)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}
