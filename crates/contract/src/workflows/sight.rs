//! What a step can see: the steps before it, of its own block and of those around, its lane's item, the round before.

use std::ops::Range;

use crate::loader::Loader;
use crate::reads::{Presence, Reads, Shape, record};
use crate::yaml::{Entry, Kind, Node};
use crate::{Gives, Name, code};

/// What the steps of one block can see.
#[derive(Clone)]
pub(super) struct Sight {
    /// The address of what holds the block: of a workflow, a step or a branch.
    pub(super) address: String,
    pub(super) reads: Reads,
    /// The steps that may be named here, outer ones first, and where they stand.
    pub(super) steps: Vec<(Name, Range<usize>)>,
    /// The items of the lanes around, and where they are named.
    pub(super) lanes: Vec<(Name, Range<usize>)>,
    /// Whether the block is only read for the types of its steps; what is wrong with it is told when it is read again.
    pub(super) rehearsed: bool,
}

impl Sight {
    /// Of the steps of the workflow at this address; `reads` has all but the steps.
    pub(super) fn new(reads: Reads, address: String) -> Self {
        let reads = reads.with("steps", &record([]));
        Self { address, reads, steps: Vec::new(), lanes: Vec::new(), rehearsed: false }
    }

    /// The same with a block's own steps, of which nothing is known yet but their names.
    ///
    /// What reads a step that stands below finds no fault here: the order of the steps is told by itself.
    pub(super) fn with_steps(&self, own: &[(Name, &Entry)]) -> Self {
        let mut sight = self.clone();
        for (name, entry) in own {
            sight.steps.push((name.clone(), entry.at.clone()));
            sight.set(name, &Gives::unknown());
        }
        for (name, entry) in own {
            for inner in names_within(&entry.value) {
                if sight.steps.iter().all(|(seen, _)| **seen != *inner) {
                    let why = format!(
                        "it is a step within `{name}`: outside of that, read what `{name}` gives, and let its `output` say it"
                    );
                    sight.reads.withhold(format!("steps.{inner}"), why);
                }
            }
        }
        sight
    }

    /// Notes what a step gives.
    fn set(&mut self, name: &str, gives: &Gives) {
        let presence = if gives.absent { Presence::Maybe } else { Presence::Always };
        self.reads.set_field("steps", name, &gives.schema, presence);
    }

    /// Notes what a step that was read gives, and what can't be read of it.
    pub(super) fn learn(&mut self, name: &str, entry: &Entry, gives: &Gives) {
        self.set(name, gives);
        let inner = names_within(&entry.value);
        if gives.is_nothing() {
            let why = match inner.is_empty() {
                true => "it gives no value".to_owned(),
                false => format!("it gives no value: say it with `output:` in `{name}`"),
            };
            self.reads.withhold(format!("steps.{name}"), why);
            return;
        }
        let has =
            |field: &str| gives.schema.get("properties").is_some_and(|fields| fields.get(field).is_some());
        for field in inner.into_iter().filter(|field| !has(field)) {
            let why = format!(
                "`{field}` is a step within `{name}`: outside of that, read what `{name}` gives, and let its `output` say it"
            );
            self.reads.withhold(format!("steps.{name}.{field}"), why);
        }
    }

    /// The same for the block of what has this address.
    pub(super) fn within(&self, address: String) -> Self {
        Self { address, ..self.clone() }
    }

    /// The same within a lane.
    pub(super) fn in_lane(&self, name: &Name, at: Range<usize>, item: &Shape) -> Self {
        let mut sight = self.clone();
        sight.reads = sight.reads.with_lane(name.clone(), item);
        sight.lanes.push((name.clone(), at));
        sight
    }

    /// The same in a round, behind one of which this is known.
    pub(super) fn in_round(&self, last: &Shape) -> Self {
        let mut sight = self.clone();
        sight.reads = sight.reads.forgetting("last").with("last", last);
        sight
    }
}

/// The names of the steps within a step, at any depth.
fn names_within(node: &Node) -> Vec<&str> {
    let mut names = Vec::new();
    let Kind::Map(entries) = &node.kind else { return names };
    for entry in entries {
        let Kind::Map(inner) = &entry.value.kind else { continue };
        match entry.key.as_str() {
            "steps" => names.extend(inner.iter().map(|step| step.key.as_str())),
            "choose" | "otherwise" => {}
            _ => continue,
        }
        match entry.key.as_str() {
            "otherwise" => names.extend(names_within(&entry.value)),
            _ => names.extend(inner.iter().flat_map(|step| names_within(&step.value))),
        }
    }
    names
}

/// How many steps stand within a node, and how deep.
pub(super) fn extent(node: &Node) -> (usize, usize) {
    let Kind::Map(entries) = &node.kind else { return (0, 0) };
    let (mut count, mut depth) = (0, 0);
    let mut add = |(inner, deep): (usize, usize), own: usize, level: usize| {
        count += inner + own;
        depth = depth.max(deep + level);
    };
    for entry in entries {
        match (entry.key.as_str(), &entry.value.kind) {
            ("steps", Kind::Map(steps)) => steps.iter().for_each(|step| add(extent(&step.value), 1, 1)),
            ("choose", Kind::Map(branches)) => branches.iter().for_each(|one| add(extent(&one.value), 0, 0)),
            ("otherwise", Kind::Map(_)) => add(extent(&entry.value), 1, 1),
            _ => {}
        }
    }
    (count, depth)
}

impl Loader<'_> {
    /// Reports a name that would hide one that is seen already; whether it does not.
    pub(super) fn hides_nothing(
        &mut self,
        seen: &[(Name, Range<usize>)],
        name: &Name,
        at: &Range<usize>,
        what: &str,
    ) -> bool {
        let Some((_, first)) = seen.iter().find(|(other, _)| other == name) else { return true };
        let first = first.clone();
        let found = self.error(
            code::HIDDEN_NAME,
            at,
            format!("a second {what} `{name}` would hide the one around it"),
        );
        found.label("this one").also(first, "this is seen here too").help("give one of them another name");
        false
    }
}
