//! Whether hand-offs fit: a table of pairs with what is said of each.

use handfast_contract::{HandOff, contain};
use serde_json::Value;

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
