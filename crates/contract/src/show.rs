//! What a model is shown of a contract: compactly, the contract itself.

use serde_json::Value;

/// What an agent's model is shown before its first turn.
#[derive(Clone, Debug)]
pub struct ShownAgent {
    /// Purpose, bounds, what to do when unsure, the limits, how to answer.
    pub instructions: String,
    /// The tools that its contract grants, in the contract's order.
    pub tools: Vec<ShownTool>,
    /// The JSON Schema of its final answer; text where there is none.
    pub output: Option<Value>,
}

/// A tool as a model is shown it: never the server's own text.
#[derive(Clone, Debug)]
pub struct ShownTool {
    /// Its name in the contract.
    pub name: String,
    /// What it does, its effects, what it requires and ensures, how it can fail, what it is not for.
    pub description: String,
    /// The JSON Schema of its arguments: only what the model fills in.
    pub input: Value,
}
