//! What somebody outside puts to a run: first a row of its mailbox, then an event that says what became of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ApprovalId, CallId, Ceiling, CommandId, FailureClass, LimitKind, Timestamp};

/// What may be put to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// A person says whether a call in doubt took effect.
    Settle {
        /// Which call.
        call: CallId,
        /// Which way.
        settlement: Settlement,
        /// On what evidence.
        evidence: String,
    },
    /// A ceiling is raised, for this run alone.
    Raise {
        /// Which kind.
        limit: LimitKind,
        /// The new ceiling.
        to: Ceiling,
        /// Why.
        reason: String,
    },
    /// The run shall end; what has left is settled first.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Something happened that a step waits for, or will. Since version 2.
    Signal {
        /// Its name, as the contract has it.
        name: String,
        /// Which of several steps that wait for it is meant: the step's path; none where it doesn't matter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What it carries.
        value: Value,
    },
    /// What held the run is mended: try again.
    Resume {
        /// Why.
        reason: String,
    },
    /// A person answers a question.
    Answer {
        /// Which question.
        id: ApprovalId,
        /// One of its answers.
        answer: String,
        /// For which role; may be left out where one is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        /// What there is to say about it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// The run shall rest until somebody resumes it.
    Pause {
        /// Why.
        reason: String,
    },
    /// The run shall end at once: nothing is settled, nothing is taken back.
    Kill {
        /// Why.
        reason: String,
    },
    /// What is stuck is tried again.
    Retry {
        /// Which call: the one that is to be taken back, or the one that takes it back.
        call: CallId,
        /// Why.
        reason: String,
    },
    /// What came of a call's attempt, from a worker that had lost the run by then.
    Late {
        /// Which call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// What was heard.
        heard: Heard,
    },
    /// What can't be taken back, or wasn't, may stand.
    Accept {
        /// Which call.
        call: CallId,
        /// Why.
        reason: String,
    },
    /// Somebody says something to the agent of a conversation.
    Say {
        /// What.
        text: String,
        /// The question that was open in the conversation when they said it: it is the answer to that one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ApprovalId>,
    },
    /// Somebody leaves a conversation.
    Leave,
}

/// Which way a person settles a doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// It took effect, and gave this.
    Applied(Value),
    /// It did not.
    NotApplied,
}

/// What a worker heard of an attempt, before anything is made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// The tool gave this.
    Gave(Value),
    /// The tool failed.
    Failed(Fault),
    /// The call was turned away before the tool saw it.
    TurnedAway(Fault),
    /// Nothing left.
    NotSent(Fault),
}

/// How a tool's failure presented itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What it says.
    pub text: String,
    /// Its code, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Which of the built-in failures it is, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<FailureClass>,
}

/// The run's writer took a row of the mailbox in; a command taken is never taken again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailTaken {
    /// The row.
    pub id: CommandId,
    /// Who put it there.
    pub who: String,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// What it says.
    pub mail: Mail,
    /// What became of it.
    pub outcome: MailOutcome,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailOutcome {
    /// It was done; the events behind this one say what it changed.
    Done,
    /// It could not be done.
    Refused {
        /// Why, and what could be.
        why: String,
    },
}

impl MailTaken {
    /// The version of its stored form.
    pub(crate) const fn version(&self) -> u32 {
        match self.mail {
            Mail::Raise { limit, .. } => limit.version(),
            Mail::Settle { .. } | Mail::Cancel { .. } | Mail::Resume { .. } => 1,
            Mail::Signal { .. } | Mail::Answer { .. } | Mail::Pause { .. } | Mail::Kill { .. } => 2,
            Mail::Retry { .. } | Mail::Accept { .. } | Mail::Say { .. } | Mail::Leave | Mail::Late { .. } => {
                2
            }
        }
    }
}
