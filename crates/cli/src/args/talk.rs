//! What can be said to start a run, and in a conversation.

use std::path::PathBuf;

use clap::Args;

use super::{Mail, Settings, StoreArgs};

/// What begins, and with what.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// A contract's file, or a folder with a handfast.yaml
    pub(crate) path: Option<PathBuf>,
    /// Which workflow; may be left out where there is one
    pub(crate) workflow: Option<String>,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) input: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// What stands in for the contract's models: one of them, script:FILE, record:FILE or replay:FILE
    #[arg(long, value_name = "NAME|KIND:FILE")]
    pub(crate) model: Option<String>,
    /// The same key never starts a second run
    #[arg(long)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Chat {
    #[command(flatten)]
    pub(crate) start: Start,
    /// Go on with this conversation: a run's id, its beginning or end, or `last`
    #[arg(long, conflicts_with_all = ["path", "workflow", "input", "model", "key"])]
    pub(crate) run: Option<String>,
    /// The end of input leaves the conversation open
    #[arg(long)]
    pub(crate) stay: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Say {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    /// What to say; - for standard input
    pub(crate) text: String,
    /// Wait until the run rests, and print what is said to it
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// One JSON document: what became of it, and what was said
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Leave {
    /// A run's id, its beginning or end, or `last`
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) mail: Mail,
}
