//! What changes between two versions of a contract: for callers, for runs that are going, for users, for whoever allows it.
//!
//! Both are checked contracts, so that only what they mean is compared: order of maps, layout, comments and names of types
//! say nothing here. Every change is judged by one rule of the table in `diff/rules`; what can't be decided breaks. Knows no
//! journal: which runs are going is not asked. Start with [`diff`] and [`Rule`].

mod agents;
mod approvals;
mod conditions;
mod effects;
mod people;
mod recovery;
mod report;
mod rules;
mod schemas;
mod steps;
mod tools;
mod words;
mod workflows;
mod world;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::Contract;
pub use report::{report, sum};
pub use rules::Rule;

/// How much a change asks of people, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Nothing: whoever relied on the old contract can rely on the new one.
    Compatible,
    /// What a model sees is another text: evaluate its agents again.
    Reevaluate,
    /// More may be done, or fewer are asked: whoever allowed it has to allow it again.
    Reapprove,
    /// Somebody who relied on it can't any more, or it couldn't be shown that they can.
    Breaking,
}

impl Weight {
    /// The weight in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Reevaluate => "reevaluate",
            Self::Reapprove => "reapprove",
            Self::Breaking => "breaking",
        }
    }

    /// Which part of a version that counts `major.minor.patch` has to grow.
    pub const fn step(self) -> &'static str {
        match self {
            Self::Compatible => "patch",
            Self::Reevaluate | Self::Reapprove => "minor",
            Self::Breaking => "major",
        }
    }
}

/// For whom a change breaks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Breaks {
    /// Who starts workflows, calls tools, gives inputs and reads outputs.
    Callers,
    /// Runs that are going: they keep the contract that they began with, and can't be moved to this one.
    Runs,
    /// The people whom agents talk to, and those who are asked.
    Users,
}

impl Breaks {
    /// For whom, in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Callers => "callers",
            Self::Runs => "runs",
            Self::Users => "users",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Where, as both contracts address it: `tools.refund.requires.it-is-some-money`.
    pub address: String,
    /// What changed, from what to what, in a sentence.
    pub what: String,
    /// By which rule it is judged.
    pub rule: &'static Rule,
}

impl Change {
    /// How much it asks of people.
    pub const fn weight(&self) -> Weight {
        self.rule.weight
    }
}

/// Everything that changes from `old` to `new`, the heaviest first and then by address; nothing where both mean the same.
///
/// ```
/// use std::collections::BTreeMap;
/// use handfast_contract::diff::{Weight, diff};
///
/// let contract = |input: &str| {
///     let text = format!("handfast: 1
/// name: words
/// version: \"1\"
/// servers: {{ words: {{ process: {{ command: [wc, -w] }} }} }}
/// tools:
///   count:
///     via: words.count
///     description: Counts the words of a text.
///     input: {input}
///     output: integer
///     effects: []
/// ");
///     let read = &mut |_: &str| Ok(text.clone());
///     handfast_contract::load("words.yaml", ".", &BTreeMap::new(), read).contract.unwrap()
/// };
/// let changes = diff(&contract("{ text: string }"), &contract("{ text: string, language: string }"));
/// assert_eq!((&*changes[0].address, changes[0].weight()), ("tools.count.input", Weight::Breaking));
/// assert!(changes[0].what.contains("was taken, and isn't any more"));
/// ```
pub fn diff(old: &Contract, new: &Contract) -> Vec<Change> {
    let mut found = Found::default();
    world::head(&mut found, old, new);
    world::environment(&mut found, old, new);
    people::people(&mut found, old, new);
    tools::tools(&mut found, old, new);
    agents::agents(&mut found, old, new);
    workflows::workflows(&mut found, old, new);
    let mut changes: Vec<Change> = found.changes.into_iter().collect();
    changes.sort_by(|a, b| (b.weight(), &a.address).cmp(&(a.weight(), &b.address)));
    changes
}

/// The heaviest of some changes; none where there are none.
pub fn heaviest(changes: &[Change]) -> Option<Weight> {
    changes.iter().map(Change::weight).max()
}

/// What was found so far, each once: what a group says is found at each of its tools.
#[derive(Default)]
struct Found {
    changes: BTreeSet<Change>,
}

impl Found {
    fn add(&mut self, rule: &'static Rule, address: impl Into<String>, what: impl Into<String>) {
        self.changes.insert(Change { address: address.into(), what: what.into(), rule });
    }
}

/// The names that only one of two maps has, and those of both with what each holds.
fn pairs<'m, K: Ord, V>(
    old: &'m std::collections::BTreeMap<K, V>,
    new: &'m std::collections::BTreeMap<K, V>,
) -> impl Iterator<Item = (&'m K, Option<&'m V>, Option<&'m V>)> {
    let names: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    names.into_iter().map(move |name| (name, old.get(name), new.get(name)))
}
