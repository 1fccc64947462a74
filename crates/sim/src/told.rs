//! What a contract's owner would want to hear of: how runs ended and what they rested on, in how many worlds.

use std::collections::BTreeMap;

/// What a contract's owner would want to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Telling {
    /// A run failed, by the clause that broke or the kind of failure.
    Failed,
    /// A limit held a run, by its clause.
    Limit,
    /// A person had to settle a doubt, by the tool.
    Settled,
    /// A clause refused a call.
    Refused,
    /// What a run did stood when it had failed, by the tool.
    LeftStanding,
}

/// In how many worlds something was to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// By what it is and whom it is about: in so many worlds.
    pub worlds: BTreeMap<(Telling, String), u64>,
}

impl Told {
    pub(crate) fn add(&mut self, telling: Telling, whom: &str) {
        self.worlds.insert((telling, whom.to_owned()), 1);
    }

    /// Adds what is to be told of another world.
    pub fn merge(&mut self, other: &Self) {
        for (what, worlds) in &other.worlds {
            *self.worlds.entry(what.clone()).or_default() += worlds;
        }
    }
}
