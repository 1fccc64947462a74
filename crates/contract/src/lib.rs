//! The contract language: YAML to a checked contract, and what a model is shown of it.
//!
//! Pure: sources come in as values ([`Sources`]), and the digest covers every byte of them. This room knows no
//! file, no clock, no model and no tool. Start with [`load`] and [`Contract`].

mod code;
mod diagnostic;
mod limits;
mod suggest;

mod files;
mod fmt;
mod grammar;
mod texts;
mod traps;
mod yaml;

mod contain;
mod contract;
mod expr;
mod resource;
mod schema;

mod agents;
mod conditions;
mod drift;
mod environment;
mod groups;
mod handoff;
mod invariants;
mod literal;
mod load;
mod loader;
mod locked;
mod masks;
mod memory;
mod models;
mod names;
mod patterns;
mod people;
mod reads;
mod refs;
mod remembering;
mod servers;
mod tools;
mod types;
mod unrun;
mod values;
mod workflows;

mod allow;
mod cases;
mod clauses;
mod graph;
mod levels;
mod lints;
mod places;
mod show;
mod told;
mod walk;

mod reference;

mod adopt;
mod listing;
mod lock;

pub mod diff;
pub mod import;

pub use cases::{
    Action, Case, CasesHead, Expectation, FakeAnswer, FakeKind, GivenAnswer, GivenModel, LoadedCases, STAGED,
    cases_head, load_cases,
};
pub use clauses::{ClauseKind, ListedClause};
pub use code::Code;
pub use contain::{HandOff, after_defaults, contain};
pub use contract::{
    Agent, Approval, ApprovalStep, Approver, Block, Branch, Chat, Clause, Compensate, Contract, DataLabel,
    Effect, EffectKind, EnvValue, Escalates, Fact, FailureRule, Fallback, Given, Gives, Grant, Group,
    Happening, Holding, IdempotencyRule, Included, Invariant, Kept, KeyPlace, Level, Limits, Lives, Memory,
    ModelChoice, ModelUse, Name, Never, Otherwise, Price, Probe, Rate, Reached, Reconcile, Refuses, Relax,
    Request, Role, Rule, Secret, Server, Speaks, Step, StepWork, Then, Tool, Transport, Unanswered, Unsure,
    Via, Wait, Workflow,
};
pub use diagnostic::{Diagnostic, Label, Paint, Severity};
pub use drift::Drift;
pub use environment::load_environment;
pub use expr::{EvalError, Expr, ExprError, Scope, Template, percent_encoded};
pub use fmt::format;
pub use grammar::{Form, Holds, Key};
pub use levels::ClauseLevel;
pub use listing::{Hints, Identity, ListedTool, Listing};
pub use load::{Loaded, alone, check, load, load_again, load_live, load_to_lock};
pub use lock::{Change, Lock, LockError, LockedServer, LockedTool};
pub use locked::lock_path;
pub use reference::{functions, grammar_page, language_schema, places_table, unrun_list};
pub use remembering::MEMORY;
pub use resource::overlap;
pub use schema::{Problem, Schema, SchemaError};
pub use show::{ASK, ShownAgent, ShownTool};
pub use suggest::suggest;
pub use unrun::ANY_PART;
