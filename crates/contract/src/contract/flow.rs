//! Workflows and their steps.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Agent, Approver, Level, Limits, ModelChoice, Name, Tool};
use crate::{EvalError, Expr, Schema, Scope, Template};

/// A workflow: steps ordered by what they read.
#[derive(Debug)]
pub struct Workflow {
    /// Its name in the contract.
    pub name: Name,
    /// What it takes.
    pub input: Schema,
    /// The conversation that it is, if it is one; it has no steps then.
    pub chat: Option<Chat>,
    /// Its steps, in the order of the file; each comes after all it reads and needs, or `load` refused it.
    pub steps: Vec<Arc<Step>>,
    /// What it gives. Reads input, steps, settings.
    pub output: Option<Given>,
    /// The type of that.
    pub gives: Gives,
    /// `tokens`, `cost`, `time`, `deadline`.
    pub limits: Limits,
    /// Whether what can't be taken back may be done in it: `accepts: [irreversible]`.
    pub accepts_irreversible: bool,
    /// How far the clauses of its parts must be true at least.
    pub at_least: Option<Level>,
}

impl Workflow {
    /// Its own steps, without those within them; of a conversation the one that it is.
    pub fn own_steps(&self) -> impl Iterator<Item = &Arc<Step>> {
        self.steps.iter().chain(self.chat.iter().map(|chat| &chat.step))
    }

    /// All its steps, those within steps too, each with its address: `workflows.article.steps.write.steps.draft`. A step
    /// comes before those within it, and these before what stands in its place if it fails.
    pub fn all_steps(&self) -> Vec<(String, &Arc<Step>)> {
        let mut all = Vec::new();
        gather(&self.steps, &format!("workflows.{}.steps", self.name), &mut all);
        all
    }
}

fn gather<'s>(steps: &'s [Arc<Step>], address: &str, all: &mut Vec<(String, &'s Arc<Step>)>) {
    for step in steps {
        gather_one(step, format!("{address}.{}", step.name), all);
    }
}

fn gather_one<'s>(step: &'s Arc<Step>, address: String, all: &mut Vec<(String, &'s Arc<Step>)>) {
    all.push((address.clone(), step));
    for (branch, block) in step.work.blocks() {
        let within = branch.map_or(String::new(), |branch| format!("choose.{}.", branch.name));
        gather(&block.steps, &format!("{address}.{within}steps"), all);
    }
    if let Some(Otherwise::Step(other)) = &step.otherwise {
        gather_one(other, format!("{address}.otherwise"), all);
    }
}

/// What a step or a workflow gives, as far as the types of its parts tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Gives {
    /// The JSON Schema of the value: `{}` where nobody can tell, never narrower than the values. `false`: there is never one.
    pub schema: Arc<Value>,
    /// Whether there may be no value.
    pub absent: bool,
}

impl Gives {
    /// Something, and nobody can tell what.
    pub(crate) fn unknown() -> Self {
        Self { schema: Arc::new(json!({})), absent: false }
    }

    /// Never a value: a pause, a block without `output`.
    pub(crate) fn nothing() -> Self {
        Self { schema: Arc::new(Value::Bool(false)), absent: true }
    }

    /// Whether there is never a value.
    pub fn is_nothing(&self) -> bool {
        *self.schema == Value::Bool(false)
    }
}

/// A conversation with an agent: the run is the session.
#[derive(Debug)]
pub struct Chat {
    /// The agent.
    pub agent: Arc<Agent>,
    /// How long it waits for the next message.
    pub idle: Option<Duration>,
    /// The conversation as the one step that it is: its agent, given the workflow's input.
    pub step: Arc<Step>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// Who does the work.
    pub work: StepWork,
    /// What it is given. Reads input, steps, last, the lane's item, settings. A path that is absent passes absence on.
    pub with: Given,
    /// The models that its agent uses here; the agent's own unless said. Their conditions read what the agent is given.
    pub models: Option<Vec<ModelChoice>>,
    /// Only where this holds. Reads the same as `with`.
    pub when: Option<Expr>,
    /// The steps that it needs though no value shows it, of its own block or of one around that.
    pub needs: Vec<Name>,
    /// The steps of its own block that come before it: those that it or a step within it reads or needs.
    pub after: Vec<Name>,
    /// The type of its value.
    pub gives: Gives,
    /// What follows its failure; the workflow fails unless said.
    pub otherwise: Option<Otherwise>,
    /// Its ceilings, within the workflow's.
    pub limits: Limits,
    /// Whether what can't be taken back may be done in it.
    pub accepts_irreversible: bool,
}

impl Step {
    /// The expressions of the step itself, without those of the steps within it, and without the conditions of its models, which
    /// read what its agent is given and no step.
    pub fn exprs(&self) -> Vec<&Expr> {
        let mut all: Vec<&Expr> = self.with.exprs().chain(&self.when).collect();
        match &self.work {
            StepWork::Agent(_) | StepWork::Tool(_) | StepWork::Workflow(_) => {}
            StepWork::Approval(approval) => {
                all.extend(approval.by.iter().filter_map(|by| by.when.as_ref()));
                all.extend(approval.saying.iter().flat_map(Template::exprs));
                all.extend(&approval.presents);
            }
            StepWork::Wait(Wait::Until(until)) => all.push(until),
            StepWork::Wait(_) => {}
            StepWork::Choose(branches) => {
                all.extend(branches.iter().filter_map(|branch| branch.when.as_ref()))
            }
            StepWork::Repeat { until, .. } => all.push(until),
            StepWork::Each { over, .. } => all.push(over),
        }
        all.extend(
            self.work
                .blocks()
                .into_iter()
                .filter_map(|(_, block)| block.output.as_ref())
                .flat_map(Given::exprs),
        );
        if let Some(Otherwise::Value(value)) = &self.otherwise {
            all.push(value);
        }
        all
    }

    /// The steps directly within it: of its blocks, and the one in its place if it fails.
    pub fn within(&self) -> Vec<&Arc<Step>> {
        let mut all: Vec<&Arc<Step>> =
            self.work.blocks().into_iter().flat_map(|(_, block)| &block.steps).collect();
        if let Some(Otherwise::Step(other)) = &self.otherwise {
            all.push(other);
        }
        all
    }
}

/// Values: what a step is given, what a block or a workflow gives. A path that is absent is left out.
#[derive(Debug)]
pub enum Given {
    /// Argument by argument.
    Fields(BTreeMap<String, Expr>),
    /// One object as it is: `with: input`.
    Whole(Expr),
}

impl Given {
    /// The expressions that it is made of.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let (fields, whole) = match self {
            Self::Fields(fields) => (Some(fields.values()), None),
            Self::Whole(whole) => (None, Some(whole)),
        };
        fields.into_iter().flatten().chain(whole)
    }

    /// The value. `Ok(None)`: one whole path that is absent passes absence on.
    ///
    /// # Errors
    /// As [`Expr::eval`], of the first value that can't be evaluated.
    ///
    /// ```
    /// use handfast_contract::{Expr, Given, Scope};
    /// use serde_json::json;
    ///
    /// let input = json!({ "text": "hello" });
    /// let scope = Scope::default().with("input", &input);
    /// let fields = ["text", "note"].map(|name| (name.to_owned(), Expr::parse(&format!("input.{name}")).unwrap()));
    /// let given = Given::Fields(fields.into());
    /// assert_eq!(given.eval(&scope).unwrap(), Some(json!({ "text": "hello" })));
    /// ```
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Option<Value>, EvalError> {
        let fields = match self {
            Self::Whole(whole) => return whole.eval(scope),
            Self::Fields(fields) => fields,
        };
        let mut all = Map::new();
        for (name, expr) in fields {
            if let Some(value) = expr.eval(scope)? {
                all.insert(name.clone(), value);
            }
        }
        Ok(Some(Value::Object(all)))
    }
}

impl fmt::Display for Given {
    /// As CEL would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(f),
            Self::Fields(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                write!(f, "{{ {} }}", fields.join(", "))
            }
        }
    }
}

/// Who does a step's work.
#[derive(Debug)]
pub enum StepWork {
    /// An agent.
    Agent(Arc<Agent>),
    /// A tool.
    Tool(Arc<Tool>),
    /// Another workflow of the contract.
    Workflow(Name),
    /// A person decides.
    Approval(ApprovalStep),
    /// A signal or a time is waited for.
    Wait(Wait),
    /// The first branch whose condition holds; none of them: the step's value is absent.
    Choose(Vec<Branch>),
    /// Its steps again and again.
    Repeat {
        /// At most so many times.
        times: u64,
        /// Until this holds. Reads its own steps too.
        until: Expr,
        /// What is repeated; `last` is what the steps of the round before gave, by name: in the first round none.
        block: Block,
    },
    /// Its steps for each item of a list, one lane an item.
    Each {
        /// The list.
        over: Expr,
        /// The item's name in its lane.
        item: Name,
        /// The most items that the list's type allows, if it says.
        lanes_max: Option<u64>,
        /// Lanes at a time.
        at_once: Option<u64>,
        /// Goes on when so many lanes succeeded and the rest are done; all unless said.
        enough: Option<u64>,
        /// What each lane does.
        block: Block,
    },
}

impl StepWork {
    /// The key that says it: `agent`, `each`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::Tool(_) => "tool",
            Self::Workflow(_) => "workflow",
            Self::Approval(_) => "approval",
            Self::Wait(_) => "wait",
            Self::Choose(_) => "choose",
            Self::Repeat { .. } => "repeat",
            Self::Each { .. } => "each",
        }
    }

    /// The blocks of steps within it; those of a `choose` with their branches.
    pub fn blocks(&self) -> Vec<(Option<&Branch>, &Block)> {
        match self {
            Self::Choose(branches) => branches.iter().map(|branch| (Some(branch), &branch.block)).collect(),
            Self::Repeat { block, .. } | Self::Each { block, .. } => vec![(None, block)],
            _ => Vec::new(),
        }
    }
}

/// Steps within a step.
#[derive(Debug)]
pub struct Block {
    /// Its steps, in an order in which they could run.
    pub steps: Vec<Arc<Step>>,
    /// What it gives; nothing unless said.
    pub output: Option<Given>,
}

/// One way of a `choose`.
#[derive(Debug)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// Where this holds; always, if it is the last one and has none.
    pub when: Option<Expr>,
    /// What it does.
    pub block: Block,
}

/// A question to people: its value has `decision`, `by` (who answered; `nobody` where silence did) and perhaps `note`.
#[derive(Debug)]
pub struct ApprovalStep {
    /// All of those whose condition holds are asked.
    pub by: Vec<Approver>,
    /// The question.
    pub saying: Option<Template>,
    /// What they are shown.
    pub presents: Option<Expr>,
    /// The answers to choose from.
    pub asks: Vec<String>,
    /// How long it waits.
    pub within: Option<Duration>,
    /// Which of the answers silence means; the step fails unless said.
    pub unanswered: Option<String>,
}

/// What a step waits for.
#[derive(Debug)]
pub enum Wait {
    /// A signal, whose value is the step's.
    Signal {
        /// Its name.
        name: Name,
        /// What it carries.
        gives: Option<Schema>,
        /// How long it is waited for; the step fails then.
        within: Option<Duration>,
    },
    /// So long.
    For(Duration),
    /// Until this time.
    Until(Expr),
}

/// What follows a step's failure.
#[derive(Debug)]
pub enum Otherwise {
    /// Its value is absent.
    Skip,
    /// The lanes that failed are left out of an `each`'s value.
    Collect,
    /// This value.
    Value(Expr),
    /// Another step in its place.
    Step(Arc<Step>),
}
