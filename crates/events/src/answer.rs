//! What a model said, in no provider's words.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One answer of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it wrote; empty where it only asked for tools.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The tool calls that it asks for, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Ask>,
    /// Its words where it declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Why it stopped.
    pub finish: Finish,
    /// The answer in its provider's own form, where only that holds all that the same model must get back: signed
    /// thinking, encrypted reasoning. Worth nothing to any other model. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbatim: Option<Arc<str>>,
}

/// One tool call that a model asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The provider's id, given back with the result; no key of ours.
    pub id: String,
    /// The tool's name as the model was shown it.
    pub tool: String,
    /// The arguments as the model wrote them: JSON, if it kept to the form.
    pub args: String,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It had said all.
    #[default]
    Stop,
    /// It wants the results of tools.
    Calls,
    /// It ran into the cap on its output.
    Length,
    /// The provider's filter cut it off.
    Filtered,
}

/// The tokens of one attempt, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All tokens of the request, those read from a cache included.
    pub input: u64,
    /// Of these, read from the provider's cache.
    #[serde(default)]
    pub input_cached: u64,
    /// Of these, written to the provider's cache at a price of its own. Since version 2.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub input_written: u64,
    /// All tokens of the answer, thinking included.
    pub output: u64,
}

impl Usage {
    /// Request and answer together.
    pub const fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what `skip_serializing_if` calls takes a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
