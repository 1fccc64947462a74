//! Workflows and their steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Agent, Approver, Level, Limits, Name, Tool};
use crate::{Expr, Schema, Template};

/// A workflow: steps ordered by what they read.
#[derive(Debug)]
pub struct Workflow {
    /// Its name in the contract.
    pub name: Name,
    /// What it takes.
    pub input: Schema,
    /// The conversation that it is, if it is one; it has no steps then.
    pub chat: Option<Chat>,
    /// Its steps, in the order of the file; each comes after all it reads and needs, or `load` refused it.
    pub steps: Vec<Arc<Step>>,
    /// What it gives. Reads input, steps, settings.
    pub output: Option<Expr>,
    /// `tokens`, `cost`, `time`, `deadline`.
    pub limits: Limits,
    /// Whether what can't be taken back may be done in it: `accepts: [irreversible]`.
    pub accepts_irreversible: bool,
    /// How far the clauses of its parts must be true at least.
    pub at_least: Option<Level>,
}

/// A conversation with an agent: the run is the session.
#[derive(Debug)]
pub struct Chat {
    /// The agent.
    pub agent: Arc<Agent>,
    /// How long it waits for the next message.
    pub idle: Option<Duration>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// Who does the work.
    pub work: StepWork,
    /// What it is given. Reads input, steps, last, the lane's item, settings. A path that is absent passes absence on.
    pub with: Given,
    /// Only where this holds. Reads the same.
    pub when: Option<Expr>,
    /// The steps of its own block that come before it: those it reads (anywhere) and those it `needs`.
    pub after: Vec<Name>,
    /// What follows its failure; the workflow fails unless said.
    pub otherwise: Option<Otherwise>,
    /// Its ceilings, within the workflow's.
    pub limits: Limits,
    /// Whether what can't be taken back may be done in it.
    pub accepts_irreversible: bool,
}

/// What a step is given.
#[derive(Debug)]
pub enum Given {
    /// Argument by argument.
    Fields(BTreeMap<String, Expr>),
    /// One object as it is: `with: input`.
    Whole(Expr),
}

impl Given {
    /// The expressions that it is made of.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let (fields, whole) = match self {
            Self::Fields(fields) => (Some(fields.values()), None),
            Self::Whole(whole) => (None, Some(whole)),
        };
        fields.into_iter().flatten().chain(whole)
    }
}

/// Who does a step's work.
#[derive(Debug)]
pub enum StepWork {
    /// An agent.
    Agent(Arc<Agent>),
    /// A tool.
    Tool(Arc<Tool>),
    /// Another workflow of the contract.
    Workflow(Name),
    /// A person decides.
    Approval(ApprovalStep),
    /// A signal or a time is waited for.
    Wait(Wait),
    /// The first branch whose condition holds; none of them: the step's value is absent.
    Choose(Vec<Branch>),
    /// Its steps again and again.
    Repeat {
        /// At most so many times.
        times: u64,
        /// Until this holds. Reads its own steps too.
        until: Expr,
        /// What is repeated; `last` is what the round before gave, by step.
        block: Block,
    },
    /// Its steps for each item of a list, one lane an item.
    Each {
        /// The list.
        over: Expr,
        /// The item's name in its lane.
        item: Name,
        /// Lanes at a time.
        at_once: Option<u64>,
        /// Goes on when so many lanes succeeded and the rest are done; all unless said.
        enough: Option<u64>,
        /// What each lane does.
        block: Block,
    },
}

impl StepWork {
    /// The key that says it: `agent`, `each`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::Tool(_) => "tool",
            Self::Workflow(_) => "workflow",
            Self::Approval(_) => "approval",
            Self::Wait(_) => "wait",
            Self::Choose(_) => "choose",
            Self::Repeat { .. } => "repeat",
            Self::Each { .. } => "each",
        }
    }
}

/// Steps within a step.
#[derive(Debug)]
pub struct Block {
    /// Its steps, in an order in which they could run.
    pub steps: Vec<Arc<Step>>,
    /// What it gives; nothing unless said.
    pub output: Option<Expr>,
}

/// One way of a `choose`.
#[derive(Debug)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// Where this holds; always, if it is the last one and has none.
    pub when: Option<Expr>,
    /// What it does.
    pub block: Block,
}

/// A question to people: its value has `decision`, `note` and `by`.
#[derive(Debug)]
pub struct ApprovalStep {
    /// All of those whose condition holds are asked.
    pub by: Vec<Approver>,
    /// The question.
    pub saying: Option<Template>,
    /// What they are shown.
    pub presents: Option<Expr>,
    /// The answers to choose from.
    pub asks: Vec<String>,
    /// How long it waits.
    pub within: Option<Duration>,
    /// Which of the answers silence means; the step fails unless said.
    pub unanswered: Option<String>,
}

/// What a step waits for.
#[derive(Debug)]
pub enum Wait {
    /// A signal, whose value is the step's.
    Signal {
        /// Its name.
        name: Name,
        /// What it carries.
        gives: Option<Schema>,
        /// How long it is waited for; the step fails then.
        within: Option<Duration>,
    },
    /// So long.
    For(Duration),
    /// Until this time.
    Until(Expr),
}

/// What follows a step's failure.
#[derive(Debug)]
pub enum Otherwise {
    /// Its value is absent.
    Skip,
    /// The lanes that failed are left out of an `each`'s value.
    Collect,
    /// This value.
    Value(Expr),
    /// Another step in its place.
    Step(Arc<Step>),
}
