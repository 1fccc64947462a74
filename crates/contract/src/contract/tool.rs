//! What one tool promises.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_events::Money;

use super::{Clause, Level, Limits, Name};
use crate::{Expr, Schema, Template};

/// What one tool promises.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its name in the contract.
    pub name: Name,
    /// Which tool of which server.
    pub via: Via,
    /// Who keeps this promise, if not the contract's owner.
    pub owner: Option<String>,
    /// The groups whose clauses it shares; their clauses stand among its own, with the groups' addresses.
    pub groups: Vec<Name>,
    /// What it does, in one sentence: what the model is shown.
    pub description: String,
    /// What it must not be used for.
    pub not_for: Vec<String>,
    /// What the model fills in.
    pub input: Schema,
    /// What the server gets, argument by argument; `None` means the input as it is.
    pub sends: Option<BTreeMap<String, Expr>>,
    /// What comes back.
    pub output: Option<Schema>,
    /// What its result is to be treated as, wherever it goes.
    pub labels: Vec<DataLabel>,
    /// Where the value of an argument must have come from: `input`, `steps.order`.
    pub from: BTreeMap<String, Vec<String>>,
    /// Everything it does to the world.
    pub effects: Vec<Effect>,
    /// Its result may change by itself: calls with the same arguments are so far apart at least, and going on with them is no
    /// circle. Only of a tool that only reads.
    pub volatile: Option<Duration>,
    /// The memory that its effects rely on.
    pub relies: Vec<Name>,
    /// Whether it may be repeated, and how.
    pub idempotency: IdempotencyRule,
    /// The same action is done once, in this run or any other. Reads args, facts, call, probes, settings.
    pub once_per: Option<Expr>,
    /// Named reads of the world.
    pub probes: Vec<Probe>,
    /// What must hold before it is sent. Reads args, facts, call, probes, settings.
    pub requires: Vec<Clause>,
    /// What holds afterwards. Reads the same, and result, old.
    pub ensures: Vec<Clause>,
    /// What must hold of a result for the model to see it. Reads what `ensures` reads.
    pub shows: Vec<Clause>,
    /// The facts that its result sets. Reads what `ensures` reads.
    pub establishes: BTreeMap<Name, Expr>,
    /// How its failures are recognised: its own, then its server's, which all tools of the server share.
    pub failures: Vec<Arc<FailureRule>>,
    /// How a call in doubt is settled.
    pub reconcile: Option<Reconcile>,
    /// How what it did is taken back.
    pub compensate: Option<Compensate>,
    /// Whose yes a call needs.
    pub approval: Option<Approval>,
    /// Another server that keeps the same promise.
    pub fallback: Option<Fallback>,
    /// What one attempt costs, whether or not it takes effect.
    pub costs: Option<Money>,
    /// `timeout`, `attempts`, `per_run`, `rate` and `at_once`.
    pub limits: Limits,
    /// How far its clauses must be true at least.
    pub at_least: Option<Level>,
}

impl Tool {
    /// Whether all that it does is read.
    pub fn only_reads(&self) -> bool {
        self.effects.iter().all(|effect| effect.kind == EffectKind::Reads)
    }

    /// The address of a part of its contract: `tools.refund.PART`.
    pub fn address(&self, part: &str) -> String {
        format!("tools.{}.{part}", self.name)
    }

    /// The probe of this name, if it has one.
    pub fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| &*probe.name == name)
    }
}

/// Which tool of which server.
#[derive(Clone, Debug)]
pub struct Via {
    /// The server's name in the contract.
    pub server: Name,
    /// The tool's name there; for an HTTP API the method and path, as written: `POST /articles/{args.slug}`.
    pub tool: String,
    /// The request, where the server is an HTTP API.
    pub request: Option<Request>,
}

/// A request of an HTTP API.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path, with holes. Reads args, facts, call, probes, settings, as all of a request does.
    pub path: Template,
    /// What stands behind the `?`; what is absent is left out.
    pub query: BTreeMap<String, Expr>,
    /// Headers of this request.
    pub headers: BTreeMap<String, Expr>,
    /// What is sent as JSON.
    pub body: Option<Expr>,
}

/// What a result is to be treated as, wherever it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataLabel {
    /// Written by anybody: nothing in it is an instruction.
    Untrusted,
    /// Not for everybody's eyes.
    Private,
}

/// One effect.
#[derive(Clone, Debug)]
pub struct Effect {
    /// What it does.
    pub kind: EffectKind,
    /// To what: a resource's path with holes, or words for `notifies` and `enqueues`.
    pub target: Template,
    /// Only where this holds of the call.
    pub when: Option<Expr>,
}

/// What an effect does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKind {
    /// Changes nothing.
    Reads,
    /// Changes what is there.
    Writes,
    /// Makes something new.
    Creates,
    /// Takes something away.
    Deletes,
    /// Tells somebody; names no resource.
    Notifies,
    /// Leaves something to be done later; names no resource.
    Enqueues,
}

impl EffectKind {
    /// The word in contracts.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Creates => "creates",
            Self::Deletes => "deletes",
            Self::Notifies => "notifies",
            Self::Enqueues => "enqueues",
        }
    }
}

/// Whether a tool may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdempotencyRule {
    /// `natural`, or a tool that only reads.
    Natural,
    /// The runtime's key goes to this place; the same key twice is once, for as long as it is valid.
    Key {
        /// Where the server looks for it.
        place: KeyPlace,
        /// How long the server keeps it.
        valid: Option<Duration>,
    },
    /// `none`, or effects without the word.
    None,
}

/// Where the runtime puts its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// An argument of the tool.
    Arg(String),
    /// An HTTP header.
    Header(String),
    /// A field of MCP's `_meta`.
    Meta(String),
    /// A variable of the process.
    Env(String),
}

/// How one named failure is recognised.
#[derive(Clone, Debug)]
pub struct FailureRule {
    /// The failure's name.
    pub name: Name,
    /// When it is this one. Reads args, error (text, code, status), result.
    pub when: Expr,
    /// What it means.
    pub then: Then,
    /// A value that makes it an answer: `gives: 'null'`.
    pub gives: Option<Expr>,
    /// `settles: call`: it speaks for earlier attempts too.
    pub settles_call: bool,
}

/// What a named failure promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing took effect; trying again is of no use.
    Permanent,
    /// Nothing took effect; trying again may help.
    Transient,
    /// It may have taken effect.
    Doubtful,
}

/// A named read of the world, taken before a call and, where a clause needs it, after.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its name: what clauses read.
    pub name: Name,
    /// The tool that looks; it only reads.
    pub tool: Name,
    /// What that is given. Reads args, facts, call, settings.
    pub with: BTreeMap<String, Expr>,
}

/// How a call in doubt is settled.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a tool has one, and it is read where it stands")]
pub enum Reconcile {
    /// By looking.
    Look {
        /// The tool that looks; it only reads.
        tool: Name,
        /// What that is given. Reads args, call, old, probes, settings.
        with: BTreeMap<String, Expr>,
        /// The call took effect. Reads these, and the looking tool's result.
        applied: Expr,
        /// It did not. Where neither holds the doubt stays.
        not_applied: Option<Expr>,
        /// The call's result, where it took effect.
        gives: Option<Expr>,
        /// How long after the call the answer can be trusted.
        settle: Option<Duration>,
    },
    /// By a person.
    Ask {
        /// Whom.
        role: String,
    },
}

/// How what a tool did is taken back.
#[derive(Clone, Debug)]
pub enum Compensate {
    /// It can't be.
    Impossible,
    /// By another tool, or not at all; what it leaves is accepted.
    By {
        /// The tool, and what it is given. Reads args, facts, call, probes, result, old, settings.
        undo: Option<(Name, BTreeMap<String, Expr>)>,
        /// What can't be taken back.
        leaves: Vec<String>,
    },
}

/// Whose yes a call needs.
#[derive(Clone, Debug)]
pub struct Approval {
    /// All of those whose condition holds are asked.
    pub by: Vec<Approver>,
    /// The question. Reads args, facts, call, probes, settings.
    pub saying: Option<Template>,
    /// How long it waits.
    pub within: Option<Duration>,
    /// How long a yes may wait to be used; a quarter of an hour unless said.
    pub valid: Option<Duration>,
    /// What silence means.
    pub unanswered: Unanswered,
    /// When to ask less.
    pub relax: Option<Relax>,
}

/// A role, and when it is asked.
#[derive(Clone, Debug)]
pub struct Approver {
    /// The role.
    pub role: String,
    /// Only where this holds.
    pub when: Option<Expr>,
}

/// What silence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// No.
    Deny,
    /// Yes.
    Approve,
}

/// Asks less where the record allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relax {
    /// So many yeses to unchanged calls in a row.
    pub after: u64,
    /// A no makes it ask again.
    pub back_on_no: bool,
    /// A breach makes it ask again.
    pub back_on_breach: bool,
}

/// Another server that keeps the same promise.
#[derive(Clone, Debug)]
pub struct Fallback {
    /// Which tool of which server.
    pub via: Via,
    /// What that gets; the input as it is unless said.
    pub sends: Option<BTreeMap<String, Expr>>,
}
