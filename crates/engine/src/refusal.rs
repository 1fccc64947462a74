//! Why a command changes nothing.

use crate::state::Illegal;

/// A command that can't be done. Nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The attempt is not open any more: drop the reply.
    #[error("the attempt is not open any more")]
    Stale,
    /// The run has ended, or has not begun.
    #[error("the run is {state}")]
    NotLive {
        /// What it is.
        state: &'static str,
    },
    /// No such workflow: name one that there is.
    #[error("the contract has no workflow `{workflow}`; it has {known}")]
    NoWorkflow {
        /// As asked for.
        workflow: String,
        /// Those there are.
        known: String,
    },
    /// A step of a kind that this release checks and doesn't run: `load` gives no contract with one to run.
    #[error("step `{step}` is a `{kind}`, which this release doesn't run yet")]
    NotRun {
        /// Which step.
        step: String,
        /// Of which kind.
        kind: &'static str,
    },
    /// The input is not of the workflow's type: mend it.
    #[error("the input of workflow `{workflow}` does not fit its type: {problems}")]
    Input {
        /// Which workflow.
        workflow: String,
        /// Where and how.
        problems: String,
    },
    /// Nothing is known of a model: give it in `models`.
    #[error("nothing is known of model `{model}`: give it in `models:`")]
    NoModel {
        /// Its name in the contract.
        model: String,
    },
    /// Nobody knows what a model costs, so its calls can't be kept under a limit.
    #[error(
        "nobody knows the price of model `{model}`: give `price: {{ input: … USD, output: … USD }}` per million tokens, or `price: free`"
    )]
    NoPrice {
        /// Its name in the contract.
        model: String,
    },
    /// Our own bug: quarantine the run, and keep its journal for us.
    #[error("a decision does not fit the run that it was made for")]
    Bug(#[from] Illegal),
}
