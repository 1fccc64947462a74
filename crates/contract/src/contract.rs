//! A checked contract: every name resolved, every condition parsed, every type a schema. What the engine runs from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_events::{Digest, Money};
use serde_json::Value;

use crate::{Expr, Lock};

mod agent;
mod flow;
mod rate;
mod tool;
mod world;

pub use agent::{
    Agent, Escalates, Fact, Grant, Group, Happening, Holding, Invariant, Kept, Lives, Memory, ModelChoice,
    Never, Reached, Refuses, Role, Rule, Unsure,
};
pub use flow::{ApprovalStep, Block, Branch, Chat, Given, Gives, Otherwise, Step, StepWork, Wait, Workflow};
pub use rate::Rate;
pub use tool::{
    Approval, Approver, Compensate, DataLabel, Effect, EffectKind, FailureRule, Fallback, IdempotencyRule,
    KeyPlace, Probe, Reconcile, Relax, Request, Then, Tool, Unanswered, Via,
};
pub use world::{EnvValue, ModelUse, Price, Secret, Server, Speaks, Transport};

/// A name that a contract gives: `[a-z][a-z0-9_]*`; what an include gives has the include's name before it: `cms.publish`.
pub type Name = Arc<str>;

/// One checked contract.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Its name.
    pub name: String,
    /// Its version, as its author wrote it.
    pub version: String,
    /// Who keeps it.
    pub owner: Option<String>,
    /// The digest of every byte that was read for it.
    pub digest: Digest,
    /// What the settings came to, as one JSON object.
    pub settings: Value,
    /// The contracts that it includes, by the name that their parts have here.
    pub includes: BTreeMap<Name, Included>,
    /// The roles, by name.
    pub roles: BTreeMap<String, Role>,
    /// The named types, as JSON Schemas.
    pub types: BTreeMap<String, Arc<Value>>,
    /// The models, by name.
    pub models: BTreeMap<Name, ModelUse>,
    /// The servers, by name.
    pub servers: BTreeMap<Name, Server>,
    /// What a run may establish, by name.
    pub facts: BTreeMap<Name, Fact>,
    /// The groups of tools, by name.
    pub groups: BTreeMap<Name, Group>,
    /// The tools, by name.
    pub tools: BTreeMap<Name, Arc<Tool>>,
    /// What agents share, by name.
    pub memory: BTreeMap<Name, Memory>,
    /// The agents, by name.
    pub agents: BTreeMap<Name, Arc<Agent>>,
    /// The workflows, by name.
    pub workflows: BTreeMap<Name, Arc<Workflow>>,
    /// Rules over a whole run, in the contract's order.
    pub invariants: Vec<Invariant>,
    /// How far all clauses must be true at least.
    pub at_least: Option<Level>,
    /// The addresses of the parts that this release checks and doesn't run; `*` where it is no part of its own.
    pub unrun: Vec<String>,
    /// What its servers looked like when they were asked; empty where no lock lies beside it.
    pub lock: Lock,
}

/// A contract within another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Its own name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its file, relative to the main contract's folder.
    pub file: String,
    /// How far all its clauses must be true at least.
    pub at_least: Option<Level>,
}

/// How far a clause is true, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Taken on trust.
    Declared,
    /// Judged by a model: priced, recorded, never the only guard of an effect.
    Judged,
    /// Checked by a read.
    Probed,
    /// Breaking it is seen.
    Observed,
    /// It can't be broken here.
    Enforced,
}

/// One clause: a sentence and its condition.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Its stable address: `tools.refund.requires.the-order-is-not-refunded-yet`.
    pub address: String,
    /// The sentence, as people and models read it.
    pub sentence: String,
    /// When it holds.
    pub condition: Expr,
}

/// Ceilings; `None` where the contract says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Answers of a model.
    pub turns: Option<u64>,
    /// Tries of one call.
    pub attempts: Option<u64>,
    /// Tokens in and out.
    pub tokens: Option<u64>,
    /// Money.
    pub cost: Option<Money>,
    /// Time in which a step or a run may act.
    pub time: Option<Duration>,
    /// Time until a run must have ended, waiting counted.
    pub deadline: Option<Duration>,
    /// Time for one attempt of a call.
    pub timeout: Option<Duration>,
    /// Calls of one tool in one run.
    pub per_run: Option<u64>,
    /// How many may begin in so long a time, over all runs of a store; what doesn't fit waits, in the order in which it came.
    pub rate: Option<Rate>,
    /// How many may be under way at the same time, over all runs of a store; what doesn't fit waits likewise.
    pub at_once: Option<u64>,
}

impl Limits {
    /// Both ceilings hold, so of each the lowest does; of two rates the slower one.
    pub(crate) fn lowest(&self, other: &Self) -> Self {
        fn low<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
            one.into_iter().chain(other).min()
        }
        Self {
            turns: low(self.turns, other.turns),
            attempts: low(self.attempts, other.attempts),
            tokens: low(self.tokens, other.tokens),
            cost: low(self.cost, other.cost),
            time: low(self.time, other.time),
            deadline: low(self.deadline, other.deadline),
            timeout: low(self.timeout, other.timeout),
            per_run: low(self.per_run, other.per_run),
            rate: low(self.rate, other.rate),
            at_once: low(self.at_once, other.at_once),
        }
    }
}
