//! What a contract needs of its environment: models, servers, secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_events::Money;

use super::{FailureRule, Limits, Name};

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
    /// The wire that it speaks, where it isn't its provider's usual one.
    pub speaks: Option<Speaks>,
    /// How many tokens its requests and answers may have together, where the contract says so.
    pub window: Option<u64>,
    /// `rate` and `at_once` of what is asked of it.
    pub limits: Limits,
}

/// A wire that models speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// OpenAI's Chat Completions, and whoever speaks its dialect.
    Chat,
    /// OpenAI's Responses.
    Responses,
    /// Anthropic's Messages.
    Messages,
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
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name in the contract.
    pub name: Name,
    /// How it is reached.
    pub transport: Transport,
    /// How its failures are recognised, for all its tools: the first that fits.
    pub failures: Vec<Arc<FailureRule>>,
    /// Whether what differs from `handfast.lock` is an error: `schemas: pinned`.
    pub pinned: bool,
    /// The directory that commands and relative paths start from is the contract's; this is the server's own, if said.
    pub directory: Option<String>,
    /// `rate` and `at_once` of the calls of all its tools together.
    pub limits: Limits,
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
    /// `http: { url: … }`: an HTTP API, whose tools say method and path.
    Http {
        /// What every tool's path is appended to.
        url: String,
        /// The secret that holds the bearer token.
        bearer: Option<Secret>,
        /// Headers of every request; values may be secrets.
        headers: BTreeMap<String, EnvValue>,
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
            Self::Http { bearer, headers, .. } => {
                let secrets = headers.values().filter_map(|value| match value {
                    EnvValue::Secret(secret) => Some(secret),
                    EnvValue::Plain(_) => None,
                });
                bearer.iter().chain(secrets).collect()
            }
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
