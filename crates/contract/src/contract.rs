//! A checked contract: every name resolved, every condition parsed, every type a schema. What the engine runs from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_events::{Digest, Money};
use serde_json::Value;

use crate::{Expr, Schema, Template};

/// A name that a contract gives: `[a-z][a-z0-9_]*`.
pub type Name = Arc<str>;

/// One checked contract.
#[derive(Debug)]
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
    /// The models, by name.
    pub models: BTreeMap<Name, ModelUse>,
    /// The servers, by name.
    pub servers: BTreeMap<Name, Server>,
    /// The tools, by name.
    pub tools: BTreeMap<Name, Arc<Tool>>,
    /// The agents, by name.
    pub agents: BTreeMap<Name, Arc<Agent>>,
    /// The workflows, by name.
    pub workflows: BTreeMap<Name, Arc<Workflow>>,
}

/// A secret, by the name of the environment's variable that holds it. Never its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret(pub String);

/// A model that agents may use: `main: { use: openai/gpt-5-mini, api_key: { secret: OPENAI_API_KEY } }`.
#[derive(Clone, Debug)]
pub struct ModelUse {
    /// Its name in the contract.
    pub name: Name,
    /// The wire it speaks and whose it is: the part of `use` before the first `/`.
    pub provider: String,
    /// The model's name there: the part behind.
    pub model: String,
    /// The base URL, where it isn't the provider's own.
    pub url: Option<String>,
    /// The secret that holds the key.
    pub api_key: Option<Secret>,
    /// The price, where the contract gives one; else the built-in table's.
    pub price: Option<Price>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
}

/// A model's price, in money per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// `free`: a model of one's own.
    Free,
    /// `{ input: 3 USD, output: 15 USD }`.
    PerMillion {
        /// For a million tokens in.
        input: Money,
        /// For a million tokens out.
        output: Money,
    },
}

/// A server that tools are reached through.
#[derive(Debug)]
pub struct Server {
    /// Its name in the contract.
    pub name: Name,
    /// How it is reached.
    pub transport: Transport,
    /// How its failures are recognised, for all its tools: the first that fits.
    pub failures: Vec<FailureRule>,
    /// The directory that commands and relative paths start from is the contract's; this is the server's own, if said.
    pub directory: Option<String>,
}

/// How a server is reached. Text fields have their settings filled in.
#[derive(Clone, Debug)]
pub enum Transport {
    /// `mcp: { command: [shop-server, --db, x.db], env: {…} }`: a process that speaks MCP over stdio.
    McpCommand {
        /// Program and arguments.
        command: Vec<String>,
        /// Its environment, on top of a small fixed one; values may be secrets.
        env: BTreeMap<String, EnvValue>,
    },
    /// `mcp: { url: …, bearer: { secret: … } }`: MCP over streamable HTTP.
    McpHttp {
        /// Where.
        url: String,
        /// The secret that holds the bearer token.
        bearer: Option<Secret>,
    },
    /// `process: { command: […] }`: JSON in, JSON out, one process a call.
    Process {
        /// Program and arguments.
        command: Vec<String>,
        /// Its environment.
        env: BTreeMap<String, EnvValue>,
    },
    /// `rust: {}`: functions that the embedding program registers.
    Rust,
}

impl Transport {
    /// The secrets that it names.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::McpCommand { env, .. } | Self::Process { env, .. } => {
                let secrets = env.values().filter_map(|value| match value {
                    EnvValue::Secret(secret) => Some(secret),
                    EnvValue::Plain(_) => None,
                });
                secrets.collect()
            }
            Self::McpHttp { bearer, .. } => bearer.iter().collect(),
            Self::Rust => Vec::new(),
        }
    }
}

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue {
    /// As written.
    Plain(String),
    /// From the worker's own environment.
    Secret(Secret),
}

/// What one tool promises.
#[derive(Debug)]
pub struct Tool {
    /// Its name in the contract.
    pub name: Name,
    /// Which tool of which server.
    pub via: Via,
    /// What it does, in one sentence: what the model is shown.
    pub description: String,
    /// What it must not be used for.
    pub not_for: Vec<String>,
    /// What the model fills in.
    pub input: Schema,
    /// What the server gets, argument by argument; `None` means the input as it is.
    pub sends: Option<BTreeMap<String, Expr>>,
    /// What comes back.
    pub output: Option<Schema>,
    /// Everything it does to the world.
    pub effects: Vec<Effect>,
    /// Whether it may be repeated, and how.
    pub idempotency: IdempotencyRule,
    /// What must hold before it is sent. Reads args, call, settings.
    pub requires: Vec<Clause>,
    /// What holds afterwards. Reads args, call, settings, result.
    pub ensures: Vec<Clause>,
    /// How its failures are recognised: its own, then its server's.
    pub failures: Vec<FailureRule>,
    /// `timeout` and `attempts`.
    pub limits: Limits,
}

impl Tool {
    /// Whether all that it does is read.
    pub fn only_reads(&self) -> bool {
        self.effects.iter().all(|effect| effect.kind == EffectKind::Reads)
    }

    /// The address of a part of its contract: `tools.refund.PART`.
    pub fn address(&self, part: &str) -> String {
        format!("tools.{}.{part}", self.name)
    }
}

/// Which tool of which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The server's name in the contract.
    pub server: Name,
    /// The tool's name there.
    pub tool: String,
}

/// One effect.
#[derive(Debug)]
pub struct Effect {
    /// What it does.
    pub kind: EffectKind,
    /// To what: a resource's path with holes, or words for `notifies` and `enqueues`.
    pub target: Template,
}

/// What an effect does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKind {
    /// Changes nothing.
    Reads,
    /// Changes what is there.
    Writes,
    /// Makes something new.
    Creates,
    /// Takes something away.
    Deletes,
    /// Tells somebody; names no resource.
    Notifies,
    /// Leaves something to be done later; names no resource.
    Enqueues,
}

/// Whether a tool may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdempotencyRule {
    /// `natural`, or a tool that only reads.
    Natural,
    /// The runtime's key goes to this place; the same key twice is once, for as long as it is valid.
    Key {
        /// Where the server looks for it.
        place: KeyPlace,
        /// How long the server keeps it.
        valid: Option<Duration>,
    },
    /// `none`, or effects without the word.
    None,
}

/// Where the runtime puts its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// An argument of the tool.
    Arg(String),
    /// An HTTP header.
    Header(String),
    /// A field of MCP's `_meta`.
    Meta(String),
    /// A variable of the process.
    Env(String),
}

/// One clause: a sentence and its condition.
#[derive(Debug)]
pub struct Clause {
    /// Its stable address: `tools.refund.requires.the-order-is-not-refunded-yet`.
    pub address: String,
    /// The sentence, as people and models read it.
    pub sentence: String,
    /// When it holds.
    pub condition: Expr,
}

/// How one named failure is recognised.
#[derive(Clone, Debug)]
pub struct FailureRule {
    /// The failure's name.
    pub name: Name,
    /// When it is this one. Reads args, error (text, code, status), result.
    pub when: Expr,
    /// What it means.
    pub then: Then,
    /// A value that makes it an answer: `gives: 'null'`.
    pub gives: Option<Expr>,
    /// `settles: call`: it speaks for earlier attempts too.
    pub settles_call: bool,
}

/// What a named failure promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing took effect; trying again is of no use.
    Permanent,
    /// Nothing took effect; trying again may help.
    Transient,
    /// It may have taken effect.
    Doubtful,
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
    /// Time in which a step or a run may act (`time`; a workflow's `deadline` too, until waiting is told apart).
    pub time: Option<Duration>,
    /// Time for one attempt of a call.
    pub timeout: Option<Duration>,
}

/// What one agent promises.
#[derive(Debug)]
pub struct Agent {
    /// Its name in the contract.
    pub name: Name,
    /// What it is for, in one sentence.
    pub purpose: String,
    /// More on how; the text of its file where it names one.
    pub instructions: String,
    /// The models: first choice first.
    pub models: Vec<Name>,
    /// What it may do, and up to where; in the contract's order.
    pub may: Vec<Grant>,
    /// What it does when unsure.
    pub unsure: Option<Unsure>,
    /// What it is given.
    pub input: Schema,
    /// What it gives; `None` is text.
    pub output: Option<Schema>,
    /// `turns`, `tokens`, `cost`, `time`.
    pub limits: Limits,
}

impl Agent {
    /// The grant for this tool, if there is one.
    pub fn grant(&self, tool: &str) -> Option<&Grant> {
        self.may.iter().find(|grant| &*grant.tool.name == tool)
    }
}

/// What an agent does when unsure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// Asks whom it talks to.
    Ask,
    /// Hands over to a person.
    Escalate,
    /// Declines, and says so.
    Refuse,
}

/// One thing that an agent may do.
#[derive(Debug)]
pub struct Grant {
    /// The tool.
    pub tool: Arc<Tool>,
    /// Only where this holds: `agents.clerk.may.refund`. Reads args, input, settings.
    pub condition: Option<Clause>,
    /// The grant's address.
    pub address: String,
}

/// A workflow: steps ordered by what they read.
#[derive(Debug)]
pub struct Workflow {
    /// Its name in the contract.
    pub name: Name,
    /// What it takes.
    pub input: Schema,
    /// Its steps, in the order of the file; each comes after all it reads and needs, or `load` refused it.
    pub steps: Vec<Arc<Step>>,
    /// What it gives. Reads input, steps, settings.
    pub output: Option<Expr>,
    /// `tokens`, `cost`, `time`.
    pub limits: Limits,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// Who does the work.
    pub work: StepWork,
    /// What it is given, argument by argument. Reads input, steps, settings. A path that is absent passes absence on.
    pub with: BTreeMap<String, Expr>,
    /// Only where this holds. Reads input, steps, settings.
    pub when: Option<Expr>,
    /// The steps that come before it: those it reads (in `with` and `when`) and those it `needs`.
    pub after: Vec<Name>,
}

/// Who does a step's work.
#[derive(Clone, Debug)]
pub enum StepWork {
    /// An agent.
    Agent(Arc<Agent>),
    /// A tool.
    Tool(Arc<Tool>),
}
