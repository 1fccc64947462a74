//! What can be said about runs that wait for people, and to stop them.

use clap::Args;

use super::{Mail, StoreArgs};

#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// Only of this run: its id, its beginning or end, or `last`
    pub(crate) run: Option<String>,
    /// At most so many runs, those that wait for the longest last
    #[arg(long, default_value_t = crate::limits::INBOX_RUNS)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The item, as `handfast inbox` names it
    pub(crate) id: String,
    /// For which role; may be left out where one is asked
    #[arg(long = "as", value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// The item, as `handfast inbox` names it
    pub(crate) id: String,
    /// For which role; may be left out where one is asked
    #[arg(long = "as", value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Why not, and what would be taken: whoever asked is told
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Answer {
    /// The item, as `handfast inbox` names it
    pub(crate) id: String,
    /// One of its answers
    pub(crate) answer: String,
    /// For which role; may be left out where one is asked
    #[arg(long = "as", value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

/// To stop one run, or to let it go on.
#[derive(Debug, Args)]
pub(crate) struct Steer {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// Why, for the journal
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Kill {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// Why, for the journal
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Halt {
    /// agent:NAME, tool:NAME, server:NAME, contract:NAME or everything; without, what is halted
    pub(crate) scope: Option<String>,
    /// Why: whoever looks at a run that it holds is told
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Unhalt {
    /// What was halted
    pub(crate) scope: String,
    /// Why, for the journals of the runs that go on
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Release {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document: the outcome
    #[arg(long)]
    pub(crate) json: bool,
}
