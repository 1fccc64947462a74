//! Events of a question to people: whether a call may be made, or what a step wants to know. The envelope names the step,
//! and the call where it is about one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ApprovalId, CommandId, Digest, Timestamp};

/// People are asked. Nothing is held while they decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalAsked {
    /// What it goes by: the same question asked anew has another one.
    pub id: ApprovalId,
    /// The clause that asks: `tools.refund.approval`.
    pub clause: String,
    /// Every role that the clause names, and whether it is asked.
    pub roles: Vec<RoleAsked>,
    /// The question, from the exact values.
    pub question: String,
    /// What they may answer. The first is the yes; whoever says another one decides alone. Empty where it is in their own
    /// words: an agent asks.
    pub answers: Vec<String>,
    /// The digest of what is decided on, as canonical JSON: a call's arguments with what would be sent and done and whom that
    /// asks, or what a step presents.
    pub subject: Digest,
    /// What a step presents; a call's arguments stand where it is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presents: Option<Value>,
    /// The digest of the tool's contract, where it is about a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Digest>,
    /// What the call would do, as its contract says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// Until when an answer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When a limit on time around the step that asks is reached; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_at: Option<Timestamp>,
    /// Which of the answers silence is; none where a step then fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
    /// How long a yes to a call may wait to be used, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_ms: Option<u64>,
}

/// A role that a clause names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAsked {
    /// The role.
    pub role: String,
    /// How it is reached.
    pub reached: Reach,
    /// The condition under which it is asked, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Whether it is asked: it has no condition, or the condition held.
    pub is_asked: bool,
}

/// How people of a role are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// What waits for them stands in the inbox.
    Inbox,
    /// They are spoken with.
    Conversation,
}

/// Somebody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAnswered {
    /// Which question.
    pub id: ApprovalId,
    /// For which role.
    pub role: String,
    /// One of the answers.
    pub answer: String,
    /// Who. `asserted:` says that whoever could run the command was believed.
    pub who: String,
    /// When it was put to the run, by the store's clock: what counts against the deadline.
    pub at: Timestamp,
    /// What they had to say about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The message that says so, in a conversation: nobody hears it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<CommandId>,
    /// What is decided by it; none while others are still asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<Decision>,
}

/// The time to answer is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalLapsed {
    /// Which question.
    pub id: ApprovalId,
    /// What silence means; none where the step fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<Decision>,
}

/// What people, or their silence, decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// One of the answers.
    pub answer: String,
    /// Until when a yes to a call may be used; it is used up once, by the call's intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// The question, or the yes that nobody used yet, doesn't count any more. Where it is still needed, it is asked anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalWithdrawn {
    /// Which question.
    pub id: ApprovalId,
    /// Why.
    pub why: String,
}

impl ApprovalAsked {
    /// Whether this answer is the yes.
    pub fn is_yes(&self, answer: &str) -> bool {
        self.answers.first().is_some_and(|yes| yes == answer)
    }

    /// Whether it is answered in words of one's own.
    pub const fn is_free(&self) -> bool {
        self.answers.is_empty()
    }
}
