//! The workflows under test. Another one is a workflow of some contract, and one line here.

use std::path::{Path, PathBuf};

use crate::tally::Phase;

/// A workflow, what it is given, and what of it can be aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    /// What it shows, in a word or two.
    pub(crate) name: &'static str,
    /// The contract's folder, from this crate's.
    folder: &'static str,
    pub(crate) workflow: &'static str,
    input: &'static str,
    script: Option<&'static str>,
    /// Whether it asks models, calls a tool that takes no key, takes back what it did.
    asks: bool,
    is_bare: bool,
    undoes: bool,
}

const DESK: &str = "tests/kill/desk";
const SUPPORT: &str = "..";
const TRIP: &str = "../../trip";

/// One that asks no model, has a call without a key, and takes nothing back.
const PLAIN: Case = Case {
    name: "",
    folder: DESK,
    workflow: "",
    input: "{}",
    script: None,
    asks: false,
    is_bare: true,
    undoes: false,
};
/// A ticket of the support example.
const TICKET: Case = Case { folder: SUPPORT, workflow: "ticket", asks: true, is_bare: false, ..PLAIN };

/// All of them.
pub(crate) const CASES: [Case; 11] = [
    Case {
        name: "hand-over",
        input: "@tickets/hand-over.json",
        script: Some("scripts/hand-over.json"),
        is_bare: true,
        ..TICKET
    },
    Case {
        name: "saga, taken back",
        folder: TRIP,
        workflow: "trip",
        input: "@declined.json",
        undoes: true,
        ..PLAIN
    },
    Case { name: "lanes", workflow: "lanes", is_bare: false, ..PLAIN },
    Case { name: "approval", workflow: "approval", ..PLAIN },
    Case { name: "parallel", workflow: "parallel", ..PLAIN },
    Case {
        name: "rounds",
        workflow: "rounds",
        script: Some("script.json"),
        asks: true,
        is_bare: false,
        ..PLAIN
    },
    Case { name: "conversation", workflow: "talk", script: Some("script.json"), asks: true, ..PLAIN },
    Case { name: "sub-workflows", workflow: "parts", ..PLAIN },
    Case { name: "refund", input: "@tickets/refund.json", script: Some("scripts/refund.json"), ..TICKET },
    Case { name: "saga, paid", folder: TRIP, workflow: "trip", input: "@paid.json", ..PLAIN },
    Case {
        name: "late parcel",
        input: "@tickets/late-parcel.json",
        script: Some("scripts/late-parcel.json"),
        ..TICKET
    },
];

impl Case {
    /// The contract's folder.
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.folder)
    }

    /// The input, as the command takes it.
    pub(crate) fn input(&self) -> String {
        match self.input.strip_prefix('@') {
            Some(file) => format!("@{}", self.folder().join(file).display()),
            None => self.input.to_owned(),
        }
    }

    /// The model that stands in for the contract's, as the command takes it.
    pub(crate) fn model(&self) -> Option<String> {
        self.script.map(|file| format!("script:{}", self.folder().join(file).display()))
    }

    /// The phases that can be aimed at, those first that few workflows have.
    pub(crate) fn phases(&self) -> Vec<Phase> {
        let mut phases = Vec::new();
        phases.extend(self.undoes.then_some([Phase::Undoing, Phase::Undoing]).into_iter().flatten());
        phases.extend(self.is_bare.then_some(Phase::Bare));
        phases.extend(self.asks.then_some(Phase::Asking));
        phases.extend([Phase::Early, Phase::InFlight, Phase::Between]);
        phases
    }
}
