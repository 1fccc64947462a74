//! What can be said of two versions of a contract.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The contract as it was: a file, or a folder with a handfast.yaml
    pub(crate) old: PathBuf,
    /// The contract as it is to be
    pub(crate) new: PathBuf,
    /// Exit with 1 where a change weighs that much or more
    #[arg(long, value_name = "WEIGHT")]
    pub(crate) fail_on: Option<FailOn>,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// From which weight on a pipeline stops. What is compatible never stops one.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// Somebody who relied on the old contract can't any more
    Breaking,
    /// Or more may be done, or fewer are asked
    Reapprove,
    /// Or a model reads other words
    Reevaluate,
}
