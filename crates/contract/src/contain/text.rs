//! Texts: lengths are decided; patterns and formats only by trying texts that are likely to tell them apart.

use serde_json::Value;

use super::atoms::{Atom, Lit};
use super::outcome::{Gap, Outcome};
use super::prover::Prover;
use super::sample;
use crate::limits::{CONTAIN_TEXT_MAX, CONTAIN_TRIES_MAX};

/// What is plain to read, and differs in what patterns tend to ask for. The empty text comes last: it says least.
const PLAIN: &[&str] = &[
    "text",
    "a",
    "A",
    "0",
    "Ab1",
    "12345",
    "-",
    "_",
    ".",
    "/",
    " ",
    "é",
    "two words",
    "a-b",
    "a_b",
    "1.5",
    "-1",
    "true",
    "null",
    "\n",
    "a\n",
    "日本",
    "#",
];

/// Texts that one format takes and the others mostly don't.
const OF_FORMATS: &[(&str, &[&str])] = &[
    ("date", &["2026-11-21", "1999-01-31"]),
    ("date-time", &["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.123+01:00", "2026-11-21t09:30:00z"]),
    ("duration", &["P1D", "PT1H30M", "P2W"]),
    ("email", &["ada@shop.example", "a.b+c@d-e.example", "A_1@x.example"]),
    ("hostname", &["shop.example", "a-b", "localhost"]),
    ("ipv4", &["192.0.2.1", "127.0.0.1"]),
    ("ipv6", &["2001:db8::1", "::1"]),
    ("iri", &["https://shop.example/ü", "https://shop.example/a"]),
    ("iri-reference", &["/ü", "/a", "a", ""]),
    ("json-pointer", &["/a/0", ""]),
    ("money", &["0.25 USD", "12 USD", "1.5USD"]),
    ("regex", &["^a+$", "a", "[a-z]", ""]),
    ("relative-json-pointer", &["0/a", "1#"]),
    ("time", &["09:30:00Z", "23:59:59.5+01:00"]),
    ("uri", &["https://shop.example/a?b=c", "http://127.0.0.1:7400/", "urn:isbn:0", "mailto:a@b.example"]),
    ("uri-reference", &["/a?b", "a", "#b", ""]),
    ("uri-template", &["/a/{b}", "a", ""]),
    ("uuid", &["123e4567-e89b-42d3-a456-426614174000", "123E4567-E89B-42D3-A456-426614174000"]),
];

/// A text of which all these hold.
pub(super) fn find(prover: &mut Prover<'_>, lits: &[Lit]) -> Outcome {
    let (mut least, mut most, mut excluded) = (0_u64, u64::MAX, 0_usize);
    let (mut patterns, mut others) = (Vec::new(), Vec::new());
    for lit in lits {
        match (&*prover.atoms.get(lit.id), lit.holds) {
            (Atom::LengthMin(bound), true) => least = least.max(*bound),
            (Atom::LengthMax(bound), true) => most = most.min(*bound),
            (Atom::LengthMin(bound), false) => most = most.min(bound.saturating_sub(1)),
            (Atom::LengthMax(bound), false) => least = least.max(bound.saturating_add(1)),
            (Atom::Among(values), false) => excluded += values.len(),
            (Atom::Pattern(pattern), true) => patterns.push(pattern.clone()),
            (Atom::Pattern(word), false) => others.push(format!("the pattern `{word}`")),
            (Atom::Format(word), false) => others.push(format!("the format `{word}`")),
            _ => {}
        }
    }
    if least > most {
        return Outcome::Empty;
    }
    if least > CONTAIN_TEXT_MAX {
        return Outcome::gap(Gap::here(
            format!("texts of {least} characters aren't tried"),
            "give both sides the same `minLength`",
        ));
    }
    let tries = tries(&patterns, least, most, excluded);
    for text in tries {
        if !prover.spend(1 + text.len() / 16) {
            break;
        }
        let value = Value::from(text);
        match prover.hold(lits, &value) {
            Some(true) => return Outcome::Value(value),
            // Nothing else is as short.
            Some(false) if most == 0 => return Outcome::Empty,
            _ => {}
        }
    }
    prover.spent().unwrap_or_else(|| gap(&patterns, &others))
}

/// Texts to try, the telling ones first.
fn tries(patterns: &[String], least: u64, most: u64, excluded: usize) -> Vec<String> {
    if most == 0 {
        return vec![String::new()];
    }
    let least = usize::try_from(least).unwrap_or(usize::MAX);
    let mut tries: Vec<String> = patterns.iter().flat_map(|pattern| sample::texts(pattern, least)).collect();
    tries.extend(PLAIN.iter().map(|text| (*text).to_owned()));
    tries.extend(OF_FORMATS.iter().flat_map(|(_, texts)| texts.iter().map(|text| (*text).to_owned())));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    for length in [least, least.saturating_add(1), most] {
        if length <= CONTAIN_TEXT_MAX as usize {
            tries.extend(["a", "A", "0", "é"].map(|letter| letter.repeat(length)));
        }
    }
    // As many different ones as are left out, and more.
    let width = least.max(3).min(most);
    tries.extend((0..excluded.saturating_add(CONTAIN_TRIES_MAX)).map(|index| word(index, width)));
    tries.push(String::new());
    tries
}

/// The word of this number and width, in the letters a to z.
fn word(index: usize, width: usize) -> String {
    let mut rest = index;
    let letters = (0..width).map(|_| {
        let letter = char::from(b'a' + u8::try_from(rest % 26).unwrap_or(0));
        rest /= 26;
        letter
    });
    letters.collect()
}

fn gap(patterns: &[String], others: &[String]) -> Outcome {
    let given = match patterns.first() {
        Some(pattern) => format!("what fits the pattern `{pattern}`"),
        None => "this text".to_owned(),
    };
    let why = match others.first() {
        Some(other) => format!("whether {given} always fits {other} too can't be told"),
        None => format!("whether there is a text that fits all of what is asked of {given} can't be told"),
    };
    Outcome::gap(Gap::here(
        why,
        "say the same `pattern` or type on both sides, or list the texts that may stand here (`[a, b]`)",
    ))
}

/// The formats that texts are tried for.
#[cfg(test)]
pub(super) fn tried() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    OF_FORMATS.iter().copied()
}
