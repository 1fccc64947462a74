//! The places of the language: the table "place | may read" of its reference, row by row. What the names hold is said where
//! a section is read.

use super::{LANES, PROBES, Place};

macro_rules! places {
    ($($id:ident = $name:literal: [$($root:expr),*];)*) => {
        $(pub(crate) const $id: Place = Place { name: $name, may_read: &[$($root),*] };)*
        /// All of them, as the reference lists them.
        pub(crate) const ALL: &[Place] = &[$($id),*];
    };
}

places! {
    SETTINGS = "a text of a model or server": [];
    PROBE_WITH = "a probe's `with`": ["args", "facts", "call"];
    REQUIRES = "a tool's `requires`": ["args", "facts", "call", PROBES];
    APPROVAL = "an `approval`": ["args", "facts", "call", PROBES];
    EFFECT = "an effect": ["args", "facts", "call", PROBES];
    REQUEST = "an HTTP request": ["args", "facts", "call", PROBES];
    SENDS = "`sends`": ["args", "facts", "call", PROBES];
    ONCE_PER = "`once_per`": ["args", "facts", "call", PROBES];
    ENSURES = "a tool's `ensures`": ["args", "facts", "call", PROBES, "result", "old"];
    COMPENSATE = "`compensate`": ["args", "facts", "call", PROBES, "result", "old"];
    ESTABLISHES = "`establishes`": ["args", "facts", "call", PROBES, "result", "old"];
    SHOWS = "`shows`": ["args", "facts", "call", PROBES, "result", "old"];
    FAILURE = "a failure's condition": ["args", "error", "result"];
    RECONCILE_WITH = "the `with` of `reconcile`": ["args", "call", "old", PROBES];
    RECONCILE = "`reconcile`": ["args", "call", "old", PROBES, "result"];
    MAY = "a grant's condition": ["args", "input", "facts"];
    MODEL = "a model's condition": ["input", "facts"];
    AGENT_ENSURES = "an agent's `ensures`": ["input", "output"];
    STEP = "a step": ["input", "steps", "last", LANES];
    UNTIL = "`until`": ["input", "steps", "last", LANES];
    BLOCK_OUTPUT = "the `output` of a step": ["input", "steps", "last", LANES];
    WORKFLOW_OUTPUT = "a workflow's `output`": ["input", "steps", "last", LANES];
    FAKE = "a fake answer": ["args"];
    INVARIANT = "an invariant": ["args", "result", "input", "steps"];
}
