//! What one agent promises; people, and what is said over several tools or a whole run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Clause, Level, Limits, Name, Tool};
use crate::{Expr, Schema};

/// What one agent promises.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its name in the contract.
    pub name: Name,
    /// What it is for, in one sentence.
    pub purpose: String,
    /// Who keeps this promise, if not the contract's owner.
    pub owner: Option<String>,
    /// The roles that it may ask and answer.
    pub talks_to: Vec<String>,
    /// More on how; the text of its file where it names one.
    pub instructions: String,
    /// The models that it may use, first choice first: those that need no condition, and those whose condition holds.
    pub models: Vec<ModelChoice>,
    /// What it may do, and up to where; in the contract's order.
    pub may: Vec<Grant>,
    /// What it may read and write of what agents share: grants of tools that the contract makes of its memory.
    pub memory: Vec<Grant>,
    /// What it must never do.
    pub never: Vec<Never>,
    /// What it does when unsure.
    pub unsure: Option<Unsure>,
    /// What a user may expect it to do.
    pub handles: Vec<String>,
    /// What it hands to a person.
    pub escalates: Option<Escalates>,
    /// What it declines.
    pub refuses: Option<Refuses>,
    /// What it is given.
    pub input: Schema,
    /// What it gives; `None` is text.
    pub output: Option<Schema>,
    /// What holds of its output. Reads input, output, settings.
    pub ensures: Vec<Clause>,
    /// `turns`, `tokens`, `cost`, `time`.
    pub limits: Limits,
    /// Whether it may do what can't be taken back without a person's yes: `accepts: [irreversible]`.
    pub accepts_irreversible: bool,
    /// How far its clauses must be true at least.
    pub at_least: Option<Level>,
}

impl Agent {
    /// The grant for this tool, if there is one.
    pub fn grant(&self, tool: &str) -> Option<&Grant> {
        self.grants().find(|grant| &*grant.tool.name == tool)
    }

    /// All that it may do: what its contract grants it, then what it may do with memory.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.may.iter().chain(&self.memory)
    }
}

/// A model that an agent may use. Of all choices those count whose condition holds, or that have none: the first is used, the
/// others are its fallbacks. One at least has none.
#[derive(Clone, Debug)]
pub struct ModelChoice {
    /// The model.
    pub model: Name,
    /// Only where this holds: `agents.clerk.model.small`. Reads what the agent is given as `input`, facts, settings.
    pub when: Option<Clause>,
}

impl ModelChoice {
    /// The first of these models that needs no condition, whatever the agent is given.
    ///
    /// ```
    /// use handfast_contract::{Clause, Expr, ModelChoice};
    ///
    /// let condition = Expr::parse("size(input.text) < 400").unwrap();
    /// let when = Clause { address: "agents.clerk.model.small".into(), sentence: condition.to_string(), condition };
    /// let choices = [
    ///     ModelChoice { model: "small".into(), when: Some(when) },
    ///     ModelChoice { model: "main".into(), when: None },
    /// ];
    /// assert_eq!(ModelChoice::usual(&choices).map(|name| &**name), Some("main"));
    /// ```
    pub fn usual(choices: &[Self]) -> Option<&Name> {
        let free = choices.iter().find(|choice| choice.when.is_none());
        free.or(choices.first()).map(|choice| &choice.model)
    }

    /// All of them in a line: `small where size(input.text) < 400, main`.
    pub(crate) fn told(choices: &[Self]) -> String {
        let told = choices.iter().map(|choice| match &choice.when {
            Some(when) => format!("{} where {}", choice.model, when.condition),
            None => choice.model.to_string(),
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// What an agent does when unsure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// Asks whom it talks to.
    Ask,
    /// Hands over to a person.
    Escalate,
    /// Declines, and says so.
    Refuse,
}

/// One thing that an agent may do.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The tool.
    pub tool: Arc<Tool>,
    /// Only where this holds: `agents.clerk.may.refund`. Reads args, input, settings.
    pub condition: Option<Clause>,
    /// The grant's address.
    pub address: String,
}

/// What an agent must never do.
#[derive(Clone, Debug)]
pub struct Never {
    /// Its address: `agents.clerk.never.no_dates`.
    pub address: String,
    /// In words; what it says of the tool where there are none.
    pub sentence: String,
    /// How it is kept.
    pub kept: Kept,
}

/// How a `never` is kept.
#[derive(Clone, Debug)]
pub enum Kept {
    /// By nobody: it is told to the model, and taken on trust.
    Declared,
    /// By a model that judges what leaves.
    Judged(Name),
    /// Calls of this tool, or those of which the condition holds, can't be made. Reads args, input, facts, settings.
    Enforced {
        /// The tool.
        tool: Name,
        /// Only these calls.
        when: Option<Expr>,
    },
}

/// What an agent hands to a person.
#[derive(Clone, Debug)]
pub struct Escalates {
    /// What about.
    pub about: Vec<String>,
    /// To which role; whom it talks to unless said.
    pub to: Option<String>,
    /// The words for it.
    pub saying: Option<String>,
}

/// What an agent declines.
#[derive(Clone, Debug)]
pub struct Refuses {
    /// What about.
    pub about: Vec<String>,
    /// The words for it.
    pub saying: Option<String>,
}

/// People, by what they are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name: any text.
    pub name: String,
    /// Where they are asked.
    pub reached: Reached,
    /// Who they are.
    pub description: Option<String>,
}

/// Where people are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// In the conversation that the run is.
    Conversation,
    /// In the inbox.
    Inbox,
}

/// What a run has established.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub schema: Schema,
    /// Whether another value than the first is refused.
    pub once: bool,
    /// What the model is told where a clause needs it and it isn't set.
    pub missing: Option<String>,
}

/// A name for several tools, and what was said once for all of them. Its clauses stand with each tool.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// What its tools have in common.
    pub description: Option<String>,
    /// Its tools, in the contract's order.
    pub tools: Vec<Name>,
    /// The failures that it names, which stand with each tool behind the tool's own.
    pub failures: Vec<Name>,
}

/// What agents share.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Its name.
    pub name: Name,
    /// One value or a log, and of what type.
    pub holds: Holding,
    /// How long it lives.
    pub lives: Lives,
    /// The agents that write it.
    pub writes: Vec<Name>,
    /// The agents that read it, and how fresh they need it.
    pub reads: BTreeMap<Name, Option<Duration>>,
}

/// What a memory holds.
#[derive(Clone, Debug)]
pub enum Holding {
    /// One value, replaced as a whole.
    Value(Schema),
    /// A log of entries.
    Log(Schema),
}

/// How long a memory lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lives {
    /// As long as the run.
    Run,
    /// As long as the contract is run anywhere.
    Contract,
    /// So long after its last change.
    For(Duration),
}

/// A rule over a whole run.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// Its name.
    pub name: Name,
    /// Its address: `invariants.looked_first`.
    pub address: String,
    /// What it demands.
    pub rule: Rule,
    /// Only events of which this is equal belong together.
    pub same: Option<Expr>,
    /// Only where this holds. Reads args, result, input, steps, settings.
    pub when: Option<Expr>,
}

/// What an invariant demands.
#[derive(Clone, Debug)]
pub enum Rule {
    /// `never: A, before: B`: A doesn't happen before B has. Without `before`: not at all.
    Never {
        /// What must not happen.
        what: Happening,
        /// Until this has.
        before: Option<Happening>,
    },
    /// `after: A, must: B, within: T`: once A has happened, B must.
    After {
        /// What happens first.
        what: Happening,
        /// What must follow.
        must: Happening,
        /// In this time; until the run's end unless said.
        within: Option<Duration>,
    },
    /// `at_most: N, of: A`.
    AtMost {
        /// How often.
        count: u64,
        /// What.
        of: Happening,
    },
}

/// What an invariant speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A call of this tool took effect.
    Tool(Name),
    /// A call of any tool of this group did.
    Group(Name),
    /// This step succeeded: its names from the outside in.
    Step(Vec<Name>),
}
