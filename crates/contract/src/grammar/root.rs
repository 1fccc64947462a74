//! A contract as a whole, and the other files that are read with one.

use super::Holds::{Either, Json, Map, Prose, Reasons, Type, Word};
use super::agents::{AGENT, FACT, GROUP, INVARIANT, MEMORY, ROLE};
use super::flow::WORKFLOW;
use super::parts::{INCLUDE, LEVELS, MODEL, SETTING};
use super::tools::{SERVER, TOOL};
use super::{Form, Holds, key, later, must};

pub(crate) static CONTRACT: Form = Form {
    name: "contract",
    about: "What every part of an agent system promises.",
    keys: &[
        must("handfast", Word(&["1"]), "The version of the language."),
        must("name", Prose, "The contract's name."),
        must("version", Prose, "Its version, as its owner counts."),
        key("owner", Prose, "Who keeps it."),
        key(
            "include",
            Map(&Either(&[Prose, Holds::Form(&INCLUDE)])),
            "Other contracts, by the name that their parts get.",
        ),
        key("settings", Map(&Either(&[Type, Holds::Form(&SETTING)])), "What each environment gives."),
        key("roles", Map(&Holds::Form(&ROLE)), "People, by what they are asked for."),
        key("models", Map(&Holds::Form(&MODEL)), "The models that agents may use."),
        key("types", Map(&Type), "Types by name."),
        key("servers", Map(&Holds::Form(&SERVER)), "What tools are reached through."),
        key("facts", Map(&Holds::Form(&FACT)), "What a run may establish."),
        key("groups", Map(&Holds::Form(&GROUP)), "Clauses said once for many tools."),
        key("tools", Map(&Holds::Form(&TOOL)), "What each tool promises."),
        key("memory", Map(&Holds::Form(&MEMORY)), "What agents share."),
        key("agents", Map(&Holds::Form(&AGENT)), "What each agent promises."),
        key("workflows", Map(&Holds::Form(&WORKFLOW)), "What can be run."),
        later("invariants", Map(&Holds::Form(&INVARIANT)), "Rules over a whole run."),
        key("at_least", LEVELS, "How far all clauses must be true at least."),
        key("allow", Reasons, "Lints that are no fault in this contract, each with its reason."),
    ],
};

/// The sections whose entries are things with names, and what one of them is.
pub(crate) const SECTIONS: &[(&str, &str)] = &[
    ("include", "include"),
    ("settings", "setting"),
    ("roles", "role"),
    ("models", "model"),
    ("types", "type"),
    ("servers", "server"),
    ("facts", "fact"),
    ("groups", "group"),
    ("tools", "tool"),
    ("memory", "memory"),
    ("agents", "agent"),
    ("workflows", "workflow"),
    ("invariants", "invariant"),
];

/// The sections that say what can be done, each before those that name its things.
pub(crate) const WHAT_CAN_BE_DONE: &[&str] =
    &["roles", "models", "types", "servers", "facts", "groups", "tools"];

/// The sections that say who does it.
pub(crate) const WHO_DOES_IT: &[&str] = &["memory", "agents", "workflows", "invariants"];

pub(crate) static ENVIRONMENT: Form = Form {
    name: "environment",
    about: "The values that one environment gives to a contract's settings: `handfast.prod.yaml`.",
    keys: &[must("settings", Map(&Json), "The values, by the settings' names.")],
};
