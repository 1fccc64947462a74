//! The contract language from outside.

mod expr;
