//! The language's grammar as one table: every map that a contract may hold, its keys, what kind of field each is, and
//! whether this release runs it.
//!
//! Reading, the canonical form, the JSON Schema and the reference are all made from it, so that they can't differ. What a
//! value means is said where it is read; nothing here reads anything. Keys stand in the order of the canonical form.

mod agents;
mod cases;
mod flow;
mod parts;
mod root;
mod tools;

pub(crate) use self::{agents::*, cases::*, flow::*, parts::*, root::*, tools::*};

/// A map with known keys.
#[derive(Debug)]
pub struct Form {
    /// What it describes, as the reference heads it: `tool`.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// Its keys, in the order of the canonical form.
    pub keys: &'static [Key],
}

/// One key of a form.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What stands behind it.
    pub holds: Holds,
    /// Whether it must be there.
    pub required: bool,
    /// Whether this release acts on it; what it doesn't, it checks, and refuses to run.
    pub runs: bool,
    /// What it says, in one sentence.
    pub about: &'static str,
}

/// What a value is: first of all its kind of field (condition, value, text or name), then its form.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// CEL that comes to true or false.
    Condition,
    /// CEL that comes to any value.
    Value,
    /// Prose with `{CEL}` holes.
    Text,
    /// Prose as it stands.
    Prose,
    /// A name that this section gives, or the name of a new thing where there is none.
    Name(&'static str),
    /// What invariants speak of: `tools.NAME`, `groups.NAME` or `steps.PATH`.
    Event,
    /// A path that conditions could read: `input`, `steps.order`.
    Path,
    /// A type, in shorthand or spelled out.
    Type,
    /// The fields of an input: spelled out, or a type's name.
    Fields,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number: `12`, `200k`.
    Count,
    /// A time: `10s`, `4h`.
    Duration,
    /// A distance in time: `every 30s`.
    Every,
    /// How many in which time: `60/m`.
    Rate,
    /// An amount: `0.50 USD`.
    Money,
    /// Any YAML, read as JSON.
    Json,
    /// Sentences and their conditions.
    Clauses,
    /// Codes of lints, each with the reason why it is no fault here.
    Reasons,
    /// A list of these.
    List(&'static Holds),
    /// Names, each with one of these.
    Map(&'static Holds),
    /// One of these forms of writing it.
    Either(&'static [Holds]),
    /// A map with known keys.
    Form(&'static Form),
}

impl Form {
    /// The whole language: the form of a contract.
    ///
    /// ```
    /// let tools = handfast_contract::Form::contract().key("tools").unwrap();
    /// assert_eq!(tools.about, "What each tool promises.");
    /// ```
    pub fn contract() -> &'static Form {
        &CONTRACT
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// How one is written, for whoever wrote something else: with the keys that must be there, or else its first ones.
    pub(crate) fn example(&self) -> String {
        let must: Vec<&str> = self.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
        if must.is_empty() {
            let names: Vec<&str> = self.keys.iter().map(|key| key.name).collect();
            return format!("write `{{ KEY: … }}`; its keys are {}", crate::loader::listed(names));
        }
        format!("write `{{ {}: … }}`", must.join(": …, "))
    }
}

/// A key that this release acts on.
const fn key(name: &'static str, holds: Holds, about: &'static str) -> Key {
    Key { name, holds, required: false, runs: true, about }
}

/// A key that must be there.
const fn must(name: &'static str, holds: Holds, about: &'static str) -> Key {
    Key { name, holds, required: true, runs: true, about }
}

/// A key that is checked, and that this release doesn't run yet.
const fn later(name: &'static str, holds: Holds, about: &'static str) -> Key {
    Key { name, holds, required: false, runs: false, about }
}
