//! Types: inputs may widen, outputs may narrow. Whether one holds all that the other does is asked of [`contain`]; what is
//! written otherwise and takes the same values is no change of type.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rules::{
    DEFAULT, INPUT_REFUSES, INPUT_REWORDED, INPUT_UNDECIDED, OUTPUT_GONE, OUTPUT_PROMISED, OUTPUT_UNDECIDED,
    OUTPUT_WIDENS, Rule,
};
use super::{Found, Weight, words};
use crate::{HandOff, Schema, contain};

/// What somebody takes: all that was taken has to be taken still. `widens` is the rule for what is taken beside.
pub(super) fn takes(found: &mut Found, address: &str, old: &Schema, new: &Schema, widens: &'static Rule) {
    let (old, new) = (old.json(), new.json());
    if old == new {
        return;
    }
    defaults(found, address, old, new);
    match contain(old, new) {
        HandOff::Breaks { value, at, why } => {
            let what =
                format!("`{}` was taken, and isn't any more: {why}{}", words::value(&value), within(&at));
            found.add(&INPUT_REFUSES, address, what);
        }
        HandOff::CantTell { at, why, add } => {
            let what = format!("it can't be told whether all is still taken{}: {why}; {add}", within(&at));
            found.add(&INPUT_UNDECIDED, address, what);
        }
        HandOff::Fits => match contain(new, old) {
            HandOff::Breaks { value, .. } => {
                found.add(widens, address, format!("`{}` is taken too", words::value(&value)));
            }
            HandOff::CantTell { .. } => {
                found.add(widens, address, "all that was taken still is, and perhaps more");
            }
            HandOff::Fits if widens.weight == Weight::Compatible => {}
            HandOff::Fits => {
                found.add(&INPUT_REWORDED, address, "is written otherwise, and takes the same values")
            }
        },
    }
}

/// What somebody gives: nothing may be given that couldn't be before. `narrows` is the rule for what isn't any more. No
/// schema promises nothing.
pub(super) fn gives(
    found: &mut Found,
    address: &str,
    old: Option<&Schema>,
    new: Option<&Schema>,
    narrows: &'static Rule,
) {
    match (old, new) {
        (None, None) => {}
        (None, Some(_)) => found.add(&OUTPUT_PROMISED, address, "was promised nowhere, and is promised now"),
        (Some(_), None) => found.add(&OUTPUT_GONE, address, "was promised, and isn't promised any more"),
        (Some(old), Some(new)) => given(found, address, old.json(), new.json(), narrows),
    }
}

/// The same of plain JSON Schemas.
pub(super) fn given(found: &mut Found, address: &str, old: &Value, new: &Value, narrows: &'static Rule) {
    if old == new {
        return;
    }
    defaults(found, address, old, new);
    match contain(new, old) {
        HandOff::Breaks { value, at, why } => {
            let what = format!(
                "may be `{}` now, which it couldn't be before: {why}{}",
                words::value(&value),
                within(&at)
            );
            found.add(&OUTPUT_WIDENS, address, what);
        }
        HandOff::CantTell { at, why, add } => {
            let what =
                format!("it can't be told whether it gives only what it gave{}: {why}; {add}", within(&at));
            found.add(&OUTPUT_UNDECIDED, address, what);
        }
        HandOff::Fits => match contain(old, new) {
            HandOff::Breaks { value, .. } => {
                found.add(narrows, address, format!("is never `{}` any more", words::value(&value)));
            }
            HandOff::CantTell { .. } => {
                found.add(narrows, address, "gives nothing that it didn't give, and perhaps less")
            }
            HandOff::Fits => {}
        },
    }
}

/// What is kept and read by both versions has to be of one type.
pub(super) fn kept(found: &mut Found, address: &str, old: &Schema, new: &Schema, rule: &'static Rule) {
    let (old, new) = (old.json(), new.json());
    let same = old == new || (contain(old, new) == HandOff::Fits && contain(new, old) == HandOff::Fits);
    if !same {
        found.add(rule, address, "its type is another one");
    }
}

fn within(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!(" (at `{at}`)") }
}

/// What stands in for a value that is left out, wherever both schemas have the place.
fn defaults(found: &mut Found, address: &str, old: &Value, new: &Value) {
    let (before, after) = (gathered(old), gathered(new));
    for (at, was, is) in super::pairs(&before, &after) {
        // A place that only one of them has is judged by its type alone.
        if was != is && old.pointer(at).is_some() && new.pointer(at).is_some() {
            let at = at.replace("/properties/", ".").replace("/items", "[]");
            found.add(&DEFAULT, address, format!("the default of `{at}` {}", words::change(was, is)));
        }
    }
}

fn gathered(schema: &Value) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    gather(schema, String::new(), &mut all);
    all
}

/// Recurses as deep as a schema may nest.
fn gather<'s>(schema: &'s Value, at: String, all: &mut BTreeMap<String, &'s Value>) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, inner) in keywords {
        match (keyword.as_str(), inner) {
            ("default", value) => drop(all.insert(at.clone(), value)),
            ("properties" | "patternProperties" | "$defs", Value::Object(named)) => {
                for (name, inner) in named {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    gather(inner, format!("{at}/{keyword}/{name}"), all);
                }
            }
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Value::Array(inner)) => {
                for (place, inner) in inner.iter().enumerate() {
                    gather(inner, format!("{at}/{keyword}/{place}"), all);
                }
            }
            ("items" | "additionalProperties", inner) => gather(inner, format!("{at}/{keyword}"), all),
            _ => {}
        }
    }
}
