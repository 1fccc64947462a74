//! Whether hand-offs fit: a table of pairs with what is said of each.

use handfast_contract::{HandOff, contain};
use serde_json::{Value, json};

use crate::{EXAMPLE, loaded};

/// The pairs: a name, what a writer gives and what its reader wants, each on its line.
const PAIRS: &str = include_str!("handoffs.txt");

/// What is said of a pair: `fits`, `breaks` with the value, the place and the sentence, or `can't tell` with the reason.
fn said(given: &Value, wanted: &Value) -> String {
    match contain(given, wanted) {
        HandOff::Fits => "fits".to_owned(),
        HandOff::Breaks { value, at, why } => {
            let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
            format!("breaks with {value}{at}: {why}")
        }
        HandOff::CantTell { at, why, add } => format!("can't tell at {at:?}: {why}; {add}"),
    }
}

#[test]
fn every_pair_has_its_verdict() {
    let mut told = String::new();
    let mut count = 0;
    for pair in PAIRS.split("\n\n").skip(1) {
        let mut lines = pair.lines();
        let name = lines.next().unwrap();
        let mut schema = |word: &str| -> Value {
            let line = lines.next().unwrap().trim().strip_prefix(word).unwrap();
            serde_json::from_str(line).unwrap()
        };
        let (given, wanted) = (schema("gives "), schema("wants "));
        told.push_str(&format!("{name}\n    {}\n", said(&given, &wanted)));
        count += 1;
    }
    assert!(count >= 90, "{count} pairs");
    insta::assert_snapshot!(told);
}

/// Types as the shorthand writes them.
const SHORTHAND: &[&str] = &[
    "string",
    "number",
    "integer",
    "boolean",
    "email",
    "uri",
    "money",
    "json",
    "Order",
    "Order?",
    "Order[]",
    "string?",
    "string[]",
    "money[1..12]",
    "email[1..]",
    "integer?[]",
    "Order[0..3]?",
    "string /^[a-z]+$/",
    "0.0..1.0",
    "1..10",
];

/// The schema of each.
fn shorthand() -> Vec<Value> {
    let fields =
        SHORTHAND.iter().enumerate().map(|(at, kind)| format!("f{at}: \"{kind}\", o{at}?: \"{kind}\""));
    let fields: Vec<String> =
        fields.chain(["e: [open, shipped], d: { is: integer, default: 8 }".to_owned()]).collect();
    let input = format!("input: {{ {} }}", fields.join(", "));
    let text = EXAMPLE.replace("input: { summary: string }", &input);
    assert_eq!(crate::report(&text), "");
    let contract = loaded(&text).contract.unwrap();
    let whole = contract.tools["open_case"].input.json().clone();
    let mut all: Vec<Value> = whole["properties"].as_object().unwrap().values().cloned().collect();
    all.push(whole);
    all
}

#[test]
fn everything_that_the_shorthand_writes_is_decided() {
    let types = shorthand();
    assert!(types.len() > 2 * SHORTHAND.len());
    for one in &types {
        // In other words, so that it is compared and not only found to be the same.
        let again = json!({ "title": "T", "allOf": [one, {}] });
        let or_null = json!({ "anyOf": [{ "type": "null" }, one] });
        let list = |items: &Value| json!({ "type": "array", "items": items });
        for (given, wanted) in [(one, &again), (&again, one), (one, &or_null), (&list(one), &list(&or_null))]
        {
            assert_eq!(contain(given, wanted), HandOff::Fits, "{given} {wanted}");
        }
        for other in &types {
            let found = contain(one, other);
            assert!(!matches!(found, HandOff::CantTell { .. }), "{one} {other} {found:?}");
        }
    }
}
