//! Events of a conversation: its step waits for what is said to its agent, and tells what the agent says. The envelope names
//! the step.

use serde::{Deserialize, Serialize};

use crate::{CommandId, Output, Timestamp};

/// The agent has nothing to answer: the next message is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAwaited {
    /// When the conversation is over if none comes; none where it may take any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The agent hears a message that was taken in before: its next request holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageHeard {
    /// The row of the mailbox.
    pub id: CommandId,
}

/// The agent says something to whom it talks to. What it did until then stands: it is what they were told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// What, checked against its type.
    pub output: Output,
}

/// The conversation is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TalkEnded {
    /// Why.
    pub why: TalkEnd,
}

/// Why a conversation is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TalkEnd {
    /// They left.
    Left {
        /// Who.
        who: String,
    },
    /// Nobody said anything for as long as it waits.
    Idle,
}
