//! What is wrong with a contract, where, and what to do.

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic { pub code: &'static str, pub message: String }
