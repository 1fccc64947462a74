//! Puts the runtime's key where the contract says, or refuses to send: a key that doesn't arrive protects nothing.

use std::collections::BTreeMap;

use handfast_contract::{IdempotencyRule, KeyPlace, Transport};
use handfast_engine::ToolError;
use handfast_events::FailureClass;
use serde_json::{Map, Value};

use crate::tools::ToolCall;
use crate::trouble::trouble;

/// What a server gets of a call, with the key in its place.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The arguments; of an HTTP API, the request.
    pub(crate) args: Map<String, Value>,
    /// Fields for MCP's `_meta`.
    pub(crate) meta: Map<String, Value>,
    /// Headers for an HTTP request.
    pub(crate) headers: BTreeMap<String, String>,
    /// Variables for a process.
    pub(crate) variables: BTreeMap<String, String>,
}

impl Sent {
    /// Takes the call apart for a server that is reached this way.
    pub(crate) fn of(call: &ToolCall, transport: &Transport) -> Result<Self, ToolError> {
        let author = |text: String| Err(trouble(FailureClass::Author, text));
        let name = &call.tool.name;
        let Value::Object(args) = call.sends.clone() else {
            return author(format!(
                "`tools.{name}` sends something that is no object: let its `sends` name arguments"
            ));
        };
        let mut sent = Self { args, ..Self::default() };
        let IdempotencyRule::Key { place, .. } = &call.tool.idempotency else { return Ok(sent) };
        let Some(key) = call.key.clone() else {
            return author(format!(
                "`tools.{name}.idempotency` promises a key, and none was minted for this call"
            ));
        };
        match (place, transport) {
            (KeyPlace::Arg(arg), transport) if !matches!(transport, Transport::Http { .. }) => {
                sent.args.insert(arg.clone(), Value::String(key));
            }
            (KeyPlace::Meta(field), Transport::McpCommand { .. } | Transport::McpHttp { .. }) => {
                sent.meta.insert(field.clone(), Value::String(key));
            }
            (KeyPlace::Header(header), Transport::McpHttp { .. } | Transport::Http { .. }) => {
                sent.headers.insert(header.clone(), key);
            }
            (KeyPlace::Env(variable), Transport::Process { .. }) => {
                sent.variables.insert(variable.clone(), key);
            }
            (place, transport) => {
                return author(format!(
                    "`tools.{name}.idempotency.key` can't go into {}: {} has none for a single call; use `arg`",
                    words(place),
                    transport_words(transport)
                ));
            }
        }
        Ok(sent)
    }
}

fn words(place: &KeyPlace) -> String {
    match place {
        KeyPlace::Arg(name) => format!("the argument `{name}`"),
        KeyPlace::Header(name) => format!("the header `{name}`"),
        KeyPlace::Meta(name) => format!("the `_meta` field `{name}`"),
        KeyPlace::Env(name) => format!("the variable `{name}`"),
    }
}

const fn transport_words(transport: &Transport) -> &'static str {
    match transport {
        Transport::McpCommand { .. } => "an MCP server over stdio",
        Transport::McpHttp { .. } => "an MCP server over HTTP",
        Transport::Process { .. } => "a process",
        Transport::Http { .. } => "an HTTP API",
        Transport::Rust => "a Rust function",
    }
}
