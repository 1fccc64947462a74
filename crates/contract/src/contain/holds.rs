//! Whether something holds of one value. What a pattern, a format or a divisor says, the validator says; the rest is
//! spelled out here, and a test holds it against the validator. None where it isn't understood, or the work ran out.

use serde_json::{Map, Value, json};

use super::atoms::{Atom, Id, Kinds, Lit};
use super::number::{Num, same};
use super::prover::Prover;
use crate::Schema;

/// All of several answers: one `false` is enough.
fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

impl Prover<'_> {
    /// Whether all of these hold of this value.
    pub(super) fn hold(&mut self, lits: &[Lit], value: &Value) -> Option<bool> {
        all(lits.iter().map(|lit| self.holds(lit.id, value).map(|holds| holds == lit.holds)))
    }

    fn holds(&mut self, id: Id, value: &Value) -> Option<bool> {
        if !self.spend(1) {
            return None;
        }
        let atom = self.atoms.get(id);
        if !atom.about().meets(Kinds::of(value)) {
            return Some(true);
        }
        match &*atom {
            Atom::All(ids) => all(ids.iter().map(|id| self.holds(*id, value))),
            Atom::Any(ids) => {
                all(ids.iter().map(|id| self.holds(*id, value).map(|holds| !holds))).map(|none| !none)
            }
            Atom::One(ids) => {
                let answers: Vec<Option<bool>> = ids.iter().map(|id| self.holds(*id, value)).collect();
                let yes = answers.iter().filter(|answer| **answer == Some(true)).count();
                match (yes, answers.contains(&None)) {
                    (2.., _) => Some(false),
                    (_, true) => None,
                    (yes, false) => Some(yes == 1),
                }
            }
            Atom::Not(id) => self.holds(*id, value).map(|holds| !holds),
            Atom::Ref(side, pointer) => {
                let id = self.target(*side, pointer);
                self.holds(id, value)
            }
            Atom::Kinds(kinds) => Some(kinds.meets(Kinds::of(value))),
            Atom::Among(values) => {
                self.spend(values.len() / 8).then(|| values.iter().any(|one| same(one, value)))
            }
            Atom::Opaque { .. } => None,
            atom => match value {
                Value::Number(number) => self.holds_number(id, atom, Num::new(number)?, value),
                Value::String(text) => self.holds_text(id, atom, text, value),
                Value::Array(items) => self.holds_list(atom, items),
                Value::Object(fields) => self.holds_object(atom, fields),
                _ => None,
            },
        }
    }

    fn holds_number(&mut self, id: Id, atom: &Atom, number: Num, value: &Value) -> Option<bool> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match atom {
            Atom::Low { bound, open } => {
                let order = number.compare(*bound);
                Some(order == Greater || order == Equal && !open)
            }
            Atom::High { bound, open } => {
                let order = number.compare(*bound);
                Some(order == Less || order == Equal && !open)
            }
            Atom::Multiple(step) => self.asked(id, || Some(json!({ "multipleOf": step.value()? })), value),
            _ => None,
        }
    }

    fn holds_text(&mut self, id: Id, atom: &Atom, text: &str, value: &Value) -> Option<bool> {
        let length = || text.chars().count() as u64;
        match atom {
            Atom::LengthMin(least) => Some(length() >= *least),
            Atom::LengthMax(most) => Some(length() <= *most),
            Atom::Pattern(pattern) => self.asked(id, || Some(json!({ "pattern": pattern })), value),
            Atom::Format(format) => self.asked(id, || Some(json!({ "format": format })), value),
            _ => None,
        }
    }

    /// Asks the validator about one keyword.
    fn asked(&mut self, id: Id, schema: impl Fn() -> Option<Value>, value: &Value) -> Option<bool> {
        if !self.leaves.contains_key(&id) {
            // Building a validator is some fifty microseconds, where a step is less than one.
            if !self.spend(50) {
                return None;
            }
            let compiled = schema().and_then(|schema| Schema::compile(schema).ok());
            self.leaves.insert(id, compiled);
        }
        self.leaves.get(&id)?.as_ref().map(|leaf| leaf.fits(value))
    }

    /// Whether a name matches a pattern.
    pub(super) fn matches(&mut self, pattern: &str, name: &str) -> Option<bool> {
        let id = self.atoms.add(Atom::Pattern(pattern.to_owned()));
        self.holds(id, &Value::from(name))
    }

    fn holds_list(&mut self, atom: &Atom, items: &[Value]) -> Option<bool> {
        match atom {
            Atom::Item(index, id) => items.get(*index).map_or(Some(true), |item| self.holds(*id, item)),
            Atom::Rest(from, id) => all(items.iter().skip(*from).map(|item| self.holds(*id, item))),
            Atom::ItemsMin(least) => Some(items.len() as u64 >= *least),
            Atom::ItemsMax(most) => Some(items.len() as u64 <= *most),
            Atom::Unique => {
                let mut pairs = items.iter().enumerate();
                let twice =
                    |(at, item): (usize, &Value)| items.iter().skip(at + 1).any(|other| same(item, other));
                self.spend(items.len() * items.len()).then(|| !pairs.any(twice))
            }
            Atom::Contains { id, min, max } => {
                let answers: Vec<Option<bool>> = items.iter().map(|item| self.holds(*id, item)).collect();
                let sure = answers.iter().filter(|answer| **answer == Some(true)).count() as u64;
                let open = answers.iter().filter(|answer| answer.is_none()).count() as u64;
                if max.is_some_and(|max| sure > max) || sure + open < *min {
                    Some(false)
                } else if sure >= *min && max.is_none_or(|max| sure + open <= max) {
                    Some(true)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    fn holds_object(&mut self, atom: &Atom, fields: &Map<String, Value>) -> Option<bool> {
        match atom {
            Atom::Field(name, id) => fields.get(name).map_or(Some(true), |field| self.holds(*id, field)),
            Atom::Matching(pattern, id) => {
                all(fields.iter().map(|(name, field)| match self.matches(pattern, name) {
                    Some(true) => self.holds(*id, field),
                    Some(false) => Some(true),
                    None => self.holds(*id, field).filter(|holds| *holds),
                }))
            }
            Atom::Others { fields: known, patterns, id } => {
                all(fields.iter().map(|(name, field)| match self.is_other(known, patterns, name) {
                    Some(true) => self.holds(*id, field),
                    Some(false) => Some(true),
                    None => self.holds(*id, field).filter(|holds| *holds),
                }))
            }
            Atom::Required(name) => Some(fields.contains_key(name)),
            Atom::Names(id) => all(fields.keys().map(|name| self.holds(*id, &Value::from(name.as_str())))),
            Atom::FieldsMin(least) => Some(fields.len() as u64 >= *least),
            Atom::FieldsMax(most) => Some(fields.len() as u64 <= *most),
            _ => None,
        }
    }

    /// Whether a field is one of the others: of no name and no pattern that is spelled out.
    pub(super) fn is_other(&mut self, known: &[String], patterns: &[String], name: &str) -> Option<bool> {
        if known.iter().any(|known| known == name) {
            return Some(false);
        }
        all(patterns.iter().map(|pattern| self.matches(pattern, name).map(|matches| !matches)))
    }
}
