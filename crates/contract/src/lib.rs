//! The contract language: YAML to a checked contract, and what a model is shown of it.
//!
//! Pure: sources come in as values ([`Sources`]), and the digest covers every byte of them. This room knows no
//! file, no clock, no model and no tool. Start with [`load`] and [`Contract`].

mod code;
mod diagnostic;
mod limits;
mod suggest;

mod traps;
mod yaml;

mod contract;
mod expr;
mod resource;
mod schema;

mod agents;
mod conditions;
mod drift;
mod environment;
mod literal;
mod load;
mod loader;
mod names;
mod reads;
mod refs;
mod servers;
mod tools;
mod types;
mod values;
mod workflows;

mod graph;
mod show;

pub use code::Code;
pub use contract::{
    Agent, Clause, Contract, Effect, EffectKind, EnvValue, FailureRule, Grant, IdempotencyRule, KeyPlace,
    Limits, ModelUse, Name, Price, Secret, Server, Step, StepWork, Then, Tool, Transport, Unsure, Via,
    Workflow,
};
pub use diagnostic::{Diagnostic, Label, Paint, Severity};
pub use environment::load_environment;
pub use expr::{EvalError, Expr, ExprError, Scope, Template};
pub use load::{Loaded, load, load_again};
pub use resource::overlap;
pub use schema::{Problem, Schema, SchemaError};
pub use show::{ShownAgent, ShownTool};
pub use suggest::suggest;
