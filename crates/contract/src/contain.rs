//! Whether a hand-off fits: everything that a writer may give is accepted by its reader.
//!
//! The question is turned round: is there a value that the one schema accepts and the other refuses? `contain/prover`
//! looks for it, kind by kind, and either shows that there is none or brings one, which the validator itself must then
//! confirm on both sides. What can't be decided is said to be so, with what to add. Knows nothing of contracts.

mod atoms;
mod defaults;
mod holds;
mod list;
mod number;
mod object;
mod outcome;
mod prover;
mod read;
mod sample;
mod say;
mod text;

use serde_json::Value;

use crate::Schema;
use crate::limits::CONTAIN_STEPS_MAX;
use atoms::Lit;
pub use defaults::after_defaults;
use outcome::{Gap, Outcome};
use prover::Prover;

/// Whether everything that a writer may give is accepted by its reader.
#[derive(Clone, Debug, PartialEq)]
pub enum HandOff {
    /// It is: no value that fits what is given is refused.
    Fits,
    /// It isn't: the writer may give this value, and the reader refuses it. The validator said so on both sides.
    Breaks {
        /// The whole value.
        value: Value,
        /// Where in it the reader stumbles, as a JSON pointer; empty for the whole.
        at: String,
        /// What about it, in a sentence.
        why: String,
    },
    /// Neither could be shown. This counts as not fitting wherever a proof is asked for.
    CantTell {
        /// Where, as a JSON pointer into a value; empty for the whole.
        at: String,
        /// What can't be told.
        why: String,
        /// What to add to the contract so that it can.
        add: String,
    },
}

/// Whether everything that fits `given` (what a writer may give) also fits `wanted` (what a reader accepts).
///
/// Both are JSON Schemas (2020-12), taken exactly as [`Schema`] takes them, and a reader's field with a default may be
/// missing, since the reader fills it in. The work is counted, and the answer is
/// [`HandOff::CantTell`] where it would grow too large.
///
/// ```
/// use handfast_contract::{HandOff, contain};
/// use serde_json::json;
///
/// let number = json!({ "type": "number" });
/// let integer = json!({ "type": "integer" });
/// assert_eq!(contain(&integer, &number), HandOff::Fits);
///
/// let HandOff::Breaks { value, why, .. } = contain(&number, &integer) else { panic!() };
/// assert_eq!(value, json!(0.5));
/// assert_eq!(why, "a number like 0.5 fits, and an integer is wanted");
/// ```
pub fn contain(given: &Value, wanted: &Value) -> HandOff {
    counted(given, wanted, CONTAIN_STEPS_MAX).0
}

/// The same within so many steps, and how many it took.
fn counted(given: &Value, wanted: &Value, budget: usize) -> (HandOff, usize) {
    let unusable = |side: &str, why: &dyn std::fmt::Display| HandOff::CantTell {
        at: String::new(),
        why: format!("what is {side} can't be compared: {why}"),
        add: "mend that schema first".to_owned(),
    };
    let compiled = |schema: &Value| Schema::compile(schema.clone());
    let (writer, reader) = match (compiled(given), compiled(wanted)) {
        (Ok(writer), Ok(reader)) => (writer, reader),
        (Err(error), _) => return (unusable("given", &error), 0),
        (_, Err(error)) => return (unusable("wanted", &error), 0),
    };
    if given == wanted {
        return (HandOff::Fits, 0);
    }
    let wanted = &defaults::before(wanted);
    let reader = Schema::compile(wanted.clone()).unwrap_or(reader);
    for (side, schema) in [("given", given), ("wanted", wanted)] {
        if read::switches(schema) {
            return (unusable(side, &"a part of it is of another version of JSON Schema (`$schema`)"), 0);
        }
    }
    let mut prover = Prover::new(given, wanted, budget);
    let (gives, wants) = prover.read();
    let outcome = prover.find(vec![Lit::yes(gives), Lit::no(wants)]);
    let hand_off = match outcome {
        Outcome::Empty => match prover.spent() {
            // Nothing is proved by work that was cut off.
            Some(Outcome::Unknown(gap)) => cant_tell(&gap),
            _ => HandOff::Fits,
        },
        Outcome::Unknown(gap) => cant_tell(&gap),
        Outcome::Value(value) if writer.fits(&value) && !reader.fits(&value) => {
            let (at, why) = say::why(&reader, &value);
            HandOff::Breaks { value, at, why }
        }
        Outcome::Value(_) => cant_tell(&Gap::here(
            "a value that seemed to tell the two apart doesn't",
            "use the same type on both sides",
        )),
    };
    (hand_off, prover.steps())
}

fn cant_tell(gap: &Gap) -> HandOff {
    let escaped = gap.at.iter().rev().map(|step| step.replace('~', "~0").replace('/', "~1"));
    let at = escaped.map(|step| format!("/{step}")).collect();
    HandOff::CantTell { at, why: gap.why.clone(), add: gap.add.clone() }
}

/// Shared with the laws that are held from outside.
#[cfg(test)]
#[path = "../tests/it/dice.rs"]
#[allow(
    clippy::indexing_slicing,
    dead_code,
    reason = "a test's helper fails by panicking, and not all is used here"
)]
mod dice;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    use serde_json::{Map, json};

    use super::*;
    use dice::Dice;

    /// Steps that one question may take past its budget, where it is seen only afterwards.
    const OVER: usize = 100_000;

    fn within(given: &Value, wanted: &Value) {
        let (_, steps) = counted(given, wanted, CONTAIN_STEPS_MAX);
        assert!(steps <= CONTAIN_STEPS_MAX + OVER, "{steps} steps");
    }

    fn array(items: Value, least: u32) -> Value {
        json!({ "type": "array", "items": items, "minItems": least })
    }

    fn nested(levels: usize, least: u32, end: &str) -> Value {
        (0..levels).fold(json!({ "type": end }), |inner, _| array(inner, least))
    }

    /// Alternatives that nothing tells apart at a glance.
    fn variants(count: usize, kind: &str) -> Vec<Value> {
        let fields: Map<String, Value> =
            (0..12).map(|field| (format!("f{field}"), json!({ "type": kind }))).collect();
        let variant = |at: usize| json!({ "type": "object", "properties": fields, "minProperties": at });
        (0..count).map(variant).collect()
    }

    /// Definitions, each of which goes on with the next one.
    fn chain(levels: usize, end: &str, level: impl Fn(Value) -> Value) -> Value {
        let next = |at: usize| json!({ "$ref": format!("#/$defs/L{at}") });
        let mut defs: Map<String, Value> =
            (0..levels).map(|at| (format!("L{at}"), level(next(at + 1)))).collect();
        defs.insert(format!("L{levels}"), json!({ "type": end }));
        json!({ "$ref": "#/$defs/L0", "$defs": defs })
    }

    #[test]
    fn hostile_schemas_end_within_the_budget() {
        let both = |next: Value| json!({ "properties": { "a": next, "b": next }, "required": ["a", "b"] });
        let nullable = |next: Value| json!({ "anyOf": [{ "type": "null" }, array(next, 1)] });
        let either = |next: Value| json!({ "oneOf": [{ "type": "null" }, { "type": "object", "additionalProperties": next, "minProperties": 1 }] });
        let (texts, numbers) = (variants(30, "string"), variants(30, "number"));
        let (few, others) = (variants(9, "string"), variants(9, "number"));
        let unions = json!({ "allOf": [{ "anyOf": few }, { "anyOf": others }, { "oneOf": few }] });
        let names: Vec<String> = (0..3_000).map(|name| format!("n{name}")).collect();
        let patterns: Map<String, Value> = (0..40).map(|at| (format!("^p{at}"), json!({}))).collect();
        let rows = [
            (json!({ "anyOf": texts }), json!({ "oneOf": numbers })),
            (unions, json!({ "allOf": [{ "anyOf": others }, { "oneOf": few }] })),
            (nested(70, 1, "number"), nested(70, 1, "integer")),
            (nested(5, 900, "number"), nested(5, 900, "integer")),
            (chain(40, "integer", both), chain(40, "string", both)),
            (chain(600, "number", nullable), chain(600, "integer", nullable)),
            (chain(600, "number", |next| array(next, 1)), chain(600, "integer", |next| array(next, 1))),
            (chain(600, "number", both), chain(600, "integer", both)),
            (chain(600, "number", either), chain(600, "integer", either)),
            (json!({ "enum": names }), json!({ "not": { "enum": names } })),
            (json!({ "patternProperties": patterns }), json!({ "additionalProperties": false })),
            (json!({ "type": "object" }), json!({ "oneOf": variants(200, "string") })),
            (json!({ "type": "array", "minItems": u64::MAX }), json!({ "maxItems": u64::MAX })),
            (json!({ "type": "string", "minLength": 1e18 }), json!({ "maxLength": 5 })),
        ];
        for (given, wanted) in rows {
            within(&given, &wanted);
            within(&wanted, &given);
        }
    }

    #[test]
    fn a_budget_that_is_used_up_proves_nothing() {
        let order = json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "array", "items": { "type": "integer" } } }, "required": ["a"] });
        let wider = json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "array", "items": { "type": "number" } } } });
        let (found, needed) = counted(&order, &wider, CONTAIN_STEPS_MAX);
        assert_eq!(found, HandOff::Fits);
        for budget in 0..needed {
            let (found, _) = counted(&order, &wider, budget);
            assert!(matches!(found, HandOff::CantTell { .. }), "{budget} of {needed}: {found:?}");
        }
    }

    #[test]
    fn values_are_judged_as_the_validator_judges_them() {
        let config = Config { failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(config);
        let judged = std::cell::Cell::new((0_usize, 0_usize));
        let throws = any::<u64>();
        let run = runner.run(&throws, |seed| {
            let mut dice = Dice::new(seed);
            let schema = dice.schema();
            let Ok(validator) = Schema::compile(schema.clone()) else { return Ok(()) };
            let nothing = json!(false);
            let mut prover = Prover::new(&schema, &nothing, 1_000_000);
            let (whole, _) = prover.read();
            for _ in 0..16 {
                let value = if dice.roll(3) == 0 { dice.value(2) } else { dice.fitting(&schema, &schema, 4) };
                let found = prover.hold(&[Lit::yes(whole)], &value);
                let fits = validator.fits(&value);
                prop_assert!(found.is_none_or(|found| found == fits), "{schema}\n{value}\n{found:?}");
                let (all, known) = judged.get();
                judged.set((all + 1, known + usize::from(found.is_some())));
            }
            Ok(())
        });
        run.unwrap();
        let (all, known) = judged.get();
        assert!(known * 100 >= all * 95, "only {known} of {all} were judged");
    }

    #[test]
    fn only_the_formats_that_are_checked_are_read() {
        for name in read::FORMATS {
            let schema = Schema::compile(json!({ "format": name })).unwrap();
            let refused = ["no such thing", "%", "[", "{", "\u{7f} a", "#\"<"]
                .iter()
                .any(|text| !schema.fits(&json!(text)));
            assert!(refused, "`{name}` refuses nothing");
        }
        for (name, texts) in text::tried() {
            let schema = Schema::compile(json!({ "format": name })).unwrap();
            assert!(texts.iter().any(|text| schema.fits(&json!(text))), "no text tried is a `{name}`");
        }
        for name in ["int64", "int32", "double", "password", "idn-email", "idn-hostname", "binary", "color"] {
            assert!(!read::FORMATS.contains(&name));
            assert!(
                Schema::compile(json!({ "format": name })).unwrap().fits(&json!("\u{7f} % no")),
                "{name}"
            );
        }
    }
}
