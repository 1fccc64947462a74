//! What a server says of itself and its tools: words and schemas, as they came. Hints, never promises.
//!
//! It doesn't know how they were asked for, nor what a contract makes of them.

use serde_json::Value;

/// A server and the tools that it offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Who it says it is.
    pub identity: Identity,
    /// Its tools, in its own order.
    pub tools: Vec<ListedTool>,
}

/// Who a server says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version of MCP that was agreed on.
    pub protocol: Option<String>,
}

/// A tool as its server lists it. Its words are hints, never promises.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedTool {
    /// Its name on the server.
    pub name: String,
    /// What the server says about it.
    pub description: Option<String>,
    /// What the server hints at.
    pub hints: Hints,
    /// The JSON Schema of its arguments.
    pub input_schema: Value,
    /// The JSON Schema of its structured result, where it gives one.
    pub output_schema: Option<Value>,
}

/// MCP's annotations: what a server hints its tool does. A contract takes nothing from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// It only reads.
    pub read_only: Option<bool>,
    /// It may destroy something.
    pub destructive: Option<bool>,
    /// Once more changes nothing more.
    pub idempotent: Option<bool>,
    /// It deals with the world outside of its server.
    pub open_world: Option<bool>,
}

impl Hints {
    /// Those that were given, by MCP's names.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let all = [
            ("readOnlyHint", self.read_only),
            ("destructiveHint", self.destructive),
            ("idempotentHint", self.idempotent),
            ("openWorldHint", self.open_world),
        ];
        all.into_iter().filter_map(|(name, said)| Some((name, said?)))
    }
}
