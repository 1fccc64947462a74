//! Events of steps that hold steps, and of those that wait. The envelope names the step that holds or waits.
//!
//! The steps within are steps as all others, with paths of their own: `pick/draft`, `write#2/draft`, `study[3]/found`.

use serde::{Deserialize, Serialize};

use crate::{CommandId, Output, StepId, Timestamp};

/// The first branch whose condition holds; its steps begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchChosen {
    /// Its name.
    pub branch: String,
}

/// A round begins; what the steps of the round before gave is its `last`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundStarted {
    /// The round, counted from 1.
    pub round: u32,
}

/// The steps of one item begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStarted {
    /// Which item of the step's input, counted from 0.
    pub lane: u32,
}

/// Every step of a lane is finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneFinished {
    /// The lane.
    pub lane: u32,
    /// What it gave.
    pub output: Output,
}

/// A lane failed, what left of it is settled, and its `each` goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneFailed {
    /// The lane.
    pub lane: u32,
    /// The step of it that failed.
    pub failed: StepId,
}

/// The step or one within it failed, what has left is settled, and what its contract says of that follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherwiseTaken {
    /// The step that failed.
    pub failed: StepId,
}

/// The step waits. A later one of the same step moves its limit, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitBegan {
    /// The signal that it waits for; none where it waits for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// The time that it waits for; of a signal, when that comes too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When a limit on time around it ends: then the run pauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_at: Option<Timestamp>,
}

/// The signal is there; what it carries stands in the row of the mailbox that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalReceived {
    /// The row.
    pub id: CommandId,
}
