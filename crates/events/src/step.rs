//! Events of one step of a workflow. The envelope names the step.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Failure, Party};

/// What does a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// An agent, by its name in the contract.
    Agent(String),
    /// A tool, by its name in the contract.
    Tool(String),
}

/// All that the step reads is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    /// What does the work.
    pub kind: StepKind,
    /// What it was given, checked against its type.
    pub input: Value,
}

/// The step's condition did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSkipped {
    /// Which condition, in a sentence.
    pub why: String,
}

/// The step gave what it promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSucceeded {
    /// Its value, checked against its type.
    pub output: Output,
}

/// A step's value. What a journal tells already it does not tell again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// This value.
    Value(Value),
    /// To the letter what the agent's last answer said, as text; or what the tool step's call gave.
    AsGiven,
}

/// The step did not give what it promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFailed {
    /// Why.
    pub failure: Failure,
    /// The clause that broke, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Who was at fault.
    pub party: Party,
}
