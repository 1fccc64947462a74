//! The contract language: YAML to a checked contract, and what a model is shown of it.
//!
//! Pure: sources come in as values ([`Sources`]), and the digest covers every byte of them. This room knows no
//! file, no clock, no model and no tool. Start with [`load`] and [`Contract`].

mod contract;
mod diagnostic;
mod expr;
mod load;
mod schema;
mod show;

pub use contract::{
    Agent, Clause, Contract, Effect, EffectKind, EnvValue, FailureRule, Grant, IdempotencyRule, KeyPlace, Limits, ModelUse, Name, Price,
    Secret, Server, Step, StepWork, Then, Tool, Transport, Unsure, Via, Workflow,
};
pub use expr::{EvalError, Expr, Scope, Template};
pub use schema::{Problem, Schema};
pub use diagnostic::Diagnostic;
pub use load::{Loaded, load};
pub use show::{ShownAgent, ShownTool};
