//! The laws of hand-offs, on schemas thrown at random and on the schemas that the shorthand writes.

use handfast_contract::{HandOff, Schema, contain};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::dice::Dice;

/// A pair that has something to do with each other, more often than not.
fn pair(dice: &mut Dice) -> (Value, Value) {
    let one = dice.schema();
    let other = match dice.roll(4) {
        0 => dice.schema(),
        1 => dice.changed(&one),
        _ => {
            let once = dice.changed(&one);
            dice.changed(&once)
        }
    };
    if dice.roll(2) == 0 { (one, other) } else { (other, one) }
}

/// What may not be, whatever the answer: a value after "fits", a value that isn't one after "breaks".
fn check(given: &Value, wanted: &Value, dice: &mut Dice, tries: usize) -> Result<HandOff, TestCaseError> {
    let found = contain(given, wanted);
    let (Ok(writer), Ok(reader)) = (Schema::compile(given.clone()), Schema::compile(wanted.clone())) else {
        prop_assert!(matches!(found, HandOff::CantTell { .. }), "an unusable schema");
        return Ok(found);
    };
    match &found {
        HandOff::Fits => {
            for _ in 0..tries {
                let from = if dice.roll(4) == 0 { wanted } else { given };
                let value = dice.fitting(from, from, 5);
                let broken = writer.fits(&value) && !reader.fits(&value);
                prop_assert!(!broken, "said to fit\n{given}\n{wanted}\nbut {value}");
            }
            // Values at the very edge: what breaks a hand-off to a reader that is nearly the same.
            for _ in 0..tries / 8 {
                let HandOff::Breaks { value, .. } = contain(given, &dice.changed(wanted)) else { continue };
                prop_assert!(reader.fits(&value), "said to fit\n{given}\n{wanted}\nbut {value}");
            }
        }
        HandOff::Breaks { value, at, .. } => {
            prop_assert!(writer.fits(value) && !reader.fits(value), "{given}\n{wanted}\n{value}");
            prop_assert!(value.pointer(at).is_some(), "{at} isn't in {value}");
        }
        HandOff::CantTell { why, add, .. } => prop_assert!(!why.is_empty() && !add.is_empty()),
    }
    Ok(found)
}

fn config() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}

#[test]
fn nothing_that_fits_is_ever_refused() {
    let mut counts = [0_usize; 3];
    let mut runner = TestRunner::new(config());
    let counted = std::cell::RefCell::new(&mut counts);
    runner
        .run(&any::<u64>(), |seed| {
            let mut dice = Dice::new(seed);
            let (given, wanted) = pair(&mut dice);
            let found = check(&given, &wanted, &mut dice, 24)?;
            let at = match found {
                HandOff::Fits => 0,
                HandOff::Breaks { .. } => 1,
                HandOff::CantTell { .. } => 2,
            };
            counted.borrow_mut()[at] += 1;
            Ok(())
        })
        .unwrap();
    let all: usize = counts.iter().sum();
    let share = |count: usize| count * 100 / all;
    let [fits, breaks, open] = counts.map(share);
    println!("of {all} pairs {fits} % fit, {breaks} % break, {open} % can't be told");
    assert!(fits >= 20 && breaks >= 20 && open <= 20, "{counts:?} tests too little, or decides too little");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn everything_fits_itself(seed: u64) {
        let mut dice = Dice::new(seed);
        let schema = dice.schema();
        if Schema::compile(schema.clone()).is_err() {
            return Ok(());
        }
        prop_assert_eq!(contain(&schema, &schema), HandOff::Fits);
        // Said in other words, it may be too hard to see, but it is never refused.
        let titled = json!({ "allOf": [schema.clone()], "title": "T" });
        let found = if schema.to_string().contains("$ref") { HandOff::Fits } else { contain(&schema, &titled) };
        prop_assert_eq!(found, HandOff::Fits);
    }

    #[test]
    fn what_fits_twice_fits_through(seed: u64) {
        let mut dice = Dice::new(seed);
        let (one, two) = pair(&mut dice);
        let three = dice.changed(&two);
        if contain(&one, &two) == HandOff::Fits && contain(&two, &three) == HandOff::Fits {
            let through = contain(&one, &three);
            prop_assert!(!matches!(through, HandOff::Breaks { .. }), "{}\n{}\n{}\n{:?}", one, two, three, through);
        }
    }

    #[test]
    fn a_narrower_writer_and_a_wider_reader_break_nothing(seed: u64) {
        let mut dice = Dice::new(seed);
        let (schema, other) = (dice.schema(), dice.schema());
        if format!("{schema}{other}").contains("$ref") {
            return Ok(());
        }
        let narrower = json!({ "allOf": [schema, other] });
        let wider = json!({ "anyOf": [schema, other] });
        for (given, wanted) in [(&narrower, &schema), (&schema, &wider)] {
            let found = contain(given, wanted);
            prop_assert!(!matches!(found, HandOff::Breaks { .. }), "{}\n{}\n{:?}", given, wanted, found);
        }
        check(&narrower, &wider, &mut dice, 8)?;
    }
}
