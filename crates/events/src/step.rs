//! Events of one step of a workflow. The envelope names the step.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Failure, Party, StepId};

/// What does a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// An agent, by its name in the contract.
    Agent(String),
    /// A tool, by its name in the contract.
    Tool(String),
    /// Another workflow of the contract, by its name; its steps are this step's. Since version 2.
    Workflow(String),
    /// A time or a signal, which is waited for. Since version 2.
    Wait,
    /// One of several ways; its steps are this step's. Since version 2.
    Choose,
    /// The same steps again and again. Since version 2.
    Repeat,
    /// The same steps for each item of a list: its input. Since version 2.
    Each,
    /// People, who decide. Since version 2.
    Approval,
    /// An agent, by its name in the contract, that somebody talks to. Since version 2.
    Talk(String),
}

/// All that the step reads is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    /// What does the work.
    pub kind: StepKind,
    /// What it was given, checked against its type.
    pub input: Value,
}

impl StepStarted {
    /// The lowest version that can say it.
    pub(crate) const fn version(&self) -> u32 {
        match self.kind {
            StepKind::Agent(_) | StepKind::Tool(_) => 1,
            _ => 2,
        }
    }
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
    /// What this step's own events said before: to the letter what the agent's last answer said, as text; what the tool
    /// step's call gave; what the lanes gave, in the order of the items; what the signal carried; what the step in the
    /// place of this one gave.
    AsGiven,
    /// No value: it is absent. Since version 2.
    Absent,
}

impl StepSucceeded {
    /// The lowest version that can say it.
    pub(crate) const fn version(&self) -> u32 {
        match self.output {
            Output::Value(_) | Output::AsGiven => 1,
            Output::Absent => 2,
        }
    }
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
    /// The steps that gave the values which broke the clause, where steps did. Since version 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<StepId>,
    /// The step or lane around it, or the step itself, that goes on without it once what has left is settled; none where
    /// the run ends. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caught_by: Option<StepId>,
}

impl StepFailed {
    /// The lowest version that can say it.
    pub(crate) fn version(&self) -> u32 {
        if self.caught_by.is_some() || !self.from.is_empty() { 2 } else { self.failure.class.version() }
    }
}
