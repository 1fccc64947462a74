//! What can be put to a run from outside.

use clap::Args;
use handfast_events::Money;

use super::StoreArgs;
use crate::amount;

#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// The call in doubt, as `handfast trace` names it
    pub(crate) call: String,
    /// It took effect, and gave this: JSON, @FILE, or - for standard input
    #[arg(
        long,
        value_name = "JSON|@FILE|-",
        conflicts_with = "not_applied",
        required_unless_present = "not_applied"
    )]
    pub(crate) applied: Option<String>,
    /// It took no effect
    #[arg(long)]
    pub(crate) not_applied: bool,
    /// How you know
    #[arg(long, value_name = "TEXT")]
    pub(crate) evidence: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("limit").required(true))]
pub(crate) struct Raise {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// The new ceiling on money: 5USD
    #[arg(long, value_name = "MONEY", group = "limit", value_parser = amount::money)]
    pub(crate) cost: Option<Money>,
    /// The new ceiling on tokens: 200k
    #[arg(long, value_name = "COUNT", group = "limit", value_parser = amount::count)]
    pub(crate) tokens: Option<u64>,
    /// The new ceiling on turns
    #[arg(long, value_name = "COUNT", group = "limit", value_parser = amount::count)]
    pub(crate) turns: Option<u64>,
    /// The new ceiling on attempts
    #[arg(long, value_name = "COUNT", group = "limit", value_parser = amount::count)]
    pub(crate) attempts: Option<u64>,
    /// The new ceiling on calls of the tool
    #[arg(long, value_name = "COUNT", group = "limit", value_parser = amount::count)]
    pub(crate) calls: Option<u64>,
    /// The new ceiling on time: 10m
    #[arg(long, value_name = "TIME", group = "limit", value_parser = amount::time_ms)]
    pub(crate) time: Option<u64>,
    /// Why, for the journal
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Signal {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// The signal's name, as the contract has it
    pub(crate) name: String,
    /// What it carries: JSON, @FILE, or - for standard input
    #[arg(value_name = "JSON|@FILE|-", default_value = "null")]
    pub(crate) value: String,
    /// The one step that is meant, by its path, where several wait for the signal
    #[arg(long = "for", value_name = "STEP")]
    pub(crate) step: Option<String>,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// The call that is to be taken back, as `handfast trace` names it
    pub(crate) call: String,
    /// Why, for the journal
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// The call whose effect may stand, as `handfast trace` names it
    pub(crate) call: String,
    /// Why it may, for the journal
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

/// What all commands have that put something to a run.
#[derive(Clone, Debug, Args)]
pub(crate) struct Mail {
    /// Follow the run afterwards
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document: what became of it
    #[arg(long)]
    pub(crate) json: bool,
}
