//! Conditions, values and texts of a contract, parsed once: CEL behind a guard.

use serde_json::Value;

/// A CEL expression that passed the guard.
#[derive(Debug)]
pub struct Expr { source: String }

/// Text with `{CEL}` holes.
#[derive(Debug)]
pub struct Template { source: String }

/// The names that an expression may read, with their values.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> { names: Vec<(&'a str, &'a Value)> }

/// An expression that can't be evaluated: its author's fault, and fails closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{source_text}` can't be evaluated: {reason}")]
pub struct EvalError { pub source_text: String, pub reason: String }

impl<'a> Scope<'a> {
    /// The same names and one more.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: &'a Value) -> Self {
        self.names.push((name, value));
        self
    }
}

impl Expr {
    /// As written.
    pub fn source(&self) -> &str { &self.source }
    /// Its value. `Ok(None)`: a bare path (`steps.x.y`) that is absent passes absence on.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Option<Value>, EvalError> { let _ = scope; unimplemented!() }
    /// Whether it holds; anything but a boolean is an error.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, EvalError> { let _ = scope; unimplemented!() }
}

impl Template {
    /// As written.
    pub fn source(&self) -> &str { &self.source }
    /// The text with its holes filled.
    pub fn fill(&self, scope: &Scope<'_>) -> Result<String, EvalError> { let _ = scope; unimplemented!() }
    /// As a resource's path: what fills a hole is percent-encoded.
    pub fn fill_resource(&self, scope: &Scope<'_>) -> Result<String, EvalError> { let _ = scope; unimplemented!() }
}
