//! Objects: every field fits what is said of its name, and for each "there is a field that …" a name is looked for, among
//! those that are spelled out and among fresh ones. Fresh names differ only in the patterns that they match.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::atoms::{Atom, Id, Kinds, Lit};
use super::list::weight;
use super::outcome::{Gap, Outcome, first_of};
use super::prover::Prover;
use crate::limits::{CONTAIN_ITEMS_MAX, CONTAIN_PATTERNS_MAX};

/// What every field must fit that …
enum Rule {
    /// … has this name.
    Field(String, Id),
    /// … matches this pattern.
    Matching(String, Id),
    /// … is none of these.
    Others(Vec<String>, Vec<String>, Id),
}

/// A field that must be there somewhere.
enum Wish {
    /// One that matches this pattern and isn't of this kind.
    Matching(String, Id),
    /// One that is none of these and isn't of this kind.
    Others(Vec<String>, Vec<String>, Id),
    /// One whose name isn't like this.
    Name(Id),
}

/// What is asked of an object.
#[derive(Default)]
struct Asked {
    least: usize,
    most: usize,
    /// What must be there, and what else must hold of it.
    needed: Placed,
    absent: BTreeSet<String>,
    /// All names that are spelled out.
    named: BTreeSet<String>,
    patterns: BTreeSet<String>,
    rules: Vec<Rule>,
    names: Vec<Id>,
    wishes: Vec<Wish>,
}

/// What more is asked of some fields.
type Placed = BTreeMap<String, Vec<Lit>>;

/// A field of a fresh name: what is asked of its name, and of what it holds.
#[derive(Clone)]
struct Fresh {
    name: Vec<Lit>,
    value: Vec<Lit>,
}

impl Asked {
    fn of(prover: &Prover<'_>, lits: &[Lit]) -> Self {
        let mut asked = Self { most: usize::MAX, ..Self::default() };
        for lit in lits {
            asked.take(&prover.atoms.get(lit.id), lit.holds);
        }
        for id in &asked.names {
            asked.named.extend(listed(prover, *id));
        }
        asked
    }

    fn take(&mut self, atom: &Atom, holds: bool) {
        let size = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        match (atom, holds) {
            (Atom::FieldsMin(bound), true) => self.least = self.least.max(size(*bound)),
            (Atom::FieldsMax(bound), true) => self.most = self.most.min(size(*bound)),
            (Atom::FieldsMin(bound), false) => self.most = self.most.min(size(bound.saturating_sub(1))),
            (Atom::FieldsMax(bound), false) => self.least = self.least.max(size(bound.saturating_add(1))),
            (Atom::Required(name), true) => {
                self.named.insert(name.clone());
                self.needed.entry(name.clone()).or_default();
            }
            (Atom::Required(name), false) => {
                self.named.insert(name.clone());
                self.absent.insert(name.clone());
            }
            (Atom::Field(name, id), true) => {
                self.named.insert(name.clone());
                self.rules.push(Rule::Field(name.clone(), *id));
            }
            (Atom::Field(name, id), false) => {
                self.named.insert(name.clone());
                self.needed.entry(name.clone()).or_default().push(Lit::no(*id));
            }
            (Atom::Matching(pattern, id), holds) => {
                self.patterns.insert(pattern.clone());
                if holds {
                    self.rules.push(Rule::Matching(pattern.clone(), *id));
                } else {
                    self.wishes.push(Wish::Matching(pattern.clone(), *id));
                }
            }
            (Atom::Others { fields, patterns, id }, holds) => {
                self.named.extend(fields.iter().cloned());
                self.patterns.extend(patterns.iter().cloned());
                let (fields, patterns) = (fields.clone(), patterns.clone());
                if holds {
                    self.rules.push(Rule::Others(fields, patterns, *id));
                } else {
                    self.wishes.push(Wish::Others(fields, patterns, *id));
                }
            }
            (Atom::Names(id), true) => self.names.push(*id),
            (Atom::Names(id), false) => self.wishes.push(Wish::Name(*id)),
            _ => {}
        }
    }

    /// What is asked of a field of this name. What can't be told isn't asked; the finished value is looked at as a whole.
    fn here(&self, prover: &mut Prover<'_>, name: &str) -> Vec<Lit> {
        let mut lits = Vec::new();
        for rule in &self.rules {
            prover.spend(1);
            let (concerned, id) = match rule {
                Rule::Field(field, id) => (field == name, id),
                Rule::Matching(pattern, id) => (prover.matches(pattern, name) == Some(true), id),
                Rule::Others(fields, patterns, id) => {
                    (prover.is_other(fields, patterns, name) == Some(true), id)
                }
            };
            if concerned {
                lits.push(Lit::yes(*id));
            }
        }
        lits
    }

    /// Whether a field of this name can be there at all.
    fn may_be(&self, prover: &mut Prover<'_>, name: &str) -> bool {
        let text = Value::from(name);
        let names: Vec<Lit> = self.names.iter().map(|id| Lit::yes(*id)).collect();
        !self.absent.contains(name) && prover.hold(&names, &text) != Some(false)
    }

    /// The kinds of fresh names, each matching some of the patterns, for one wish or for none.
    fn fresh(&self, prover: &mut Prover<'_>, wish: Option<&Wish>) -> Vec<Fresh> {
        let text = prover.atoms.add(Atom::Kinds(Kinds::TEXT));
        let named: Vec<Value> = self.named.iter().map(|name| Value::from(name.as_str())).collect();
        let named = prover.atoms.add(Atom::Among(named));
        let mut all = Vec::new();
        for chosen in 0..1_usize << self.patterns.len() {
            let matched: BTreeSet<&String> = self
                .patterns
                .iter()
                .enumerate()
                .filter(|(at, _)| chosen >> at & 1 == 1)
                .map(|(_, one)| one)
                .collect();
            let matches = |pattern: &String| matched.contains(pattern);
            let mut name = vec![Lit::yes(text), Lit::no(named)];
            for pattern in &self.patterns {
                let id = prover.atoms.add(Atom::Pattern(pattern.clone()));
                name.push(Lit { id, holds: matches(pattern) });
            }
            name.extend(self.names.iter().map(|id| Lit::yes(*id)));
            let mut value = Vec::new();
            for rule in &self.rules {
                match rule {
                    Rule::Matching(pattern, id) if matches(pattern) => value.push(Lit::yes(*id)),
                    Rule::Others(_, patterns, id) if !patterns.iter().any(matches) => {
                        value.push(Lit::yes(*id))
                    }
                    _ => {}
                }
            }
            match wish {
                Some(Wish::Matching(pattern, id)) if matches(pattern) => value.push(Lit::no(*id)),
                Some(Wish::Others(_, patterns, id)) if !patterns.iter().any(matches) => {
                    value.push(Lit::no(*id))
                }
                Some(Wish::Name(id)) => name.push(Lit::no(*id)),
                None => {}
                Some(_) => continue,
            }
            prover.spend(1 + value.len());
            all.push(Fresh { name, value });
        }
        all
    }

    /// What a wish asks of a field of this name; None where it can't be this one.
    fn wished(&self, prover: &mut Prover<'_>, wish: &Wish, name: &str) -> Option<Vec<Lit>> {
        if !self.may_be(prover, name) {
            return None;
        }
        match wish {
            Wish::Matching(pattern, id) => {
                (prover.matches(pattern, name) != Some(false)).then(|| vec![Lit::no(*id)])
            }
            Wish::Others(fields, patterns, id) => {
                (prover.is_other(fields, patterns, name) != Some(false)).then(|| vec![Lit::no(*id)])
            }
            Wish::Name(id) => {
                (prover.hold(&[Lit::no(*id)], &Value::from(name)) != Some(false)).then(Vec::new)
            }
        }
    }
}

/// The names that a type of names lists.
fn listed(prover: &Prover<'_>, id: Id) -> Vec<String> {
    match &*prover.atoms.get(id) {
        Atom::Among(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Atom::All(ids) => ids.iter().flat_map(|id| listed(prover, *id)).collect(),
        _ => Vec::new(),
    }
}

fn gap(why: String) -> Outcome {
    Outcome::gap(Gap::here(why, "say which fields there are with `properties` on both sides"))
}

/// What a field of this name may hold, with more asked of it.
fn field(prover: &mut Prover<'_>, asked: &Asked, name: &str, more: &[Lit]) -> Outcome {
    let mut lits = asked.here(prover, name);
    lits.extend(more);
    prover.find(lits).within(name)
}

/// An object of which all these hold.
pub(super) fn find(prover: &mut Prover<'_>, lits: &[Lit]) -> Outcome {
    let asked = Asked::of(prover, lits);
    if asked.least > asked.most || asked.needed.len() > asked.most {
        return Outcome::Empty;
    }
    for (name, more) in &asked.needed {
        if !asked.may_be(prover, name) || field(prover, &asked, name, more).is_empty() {
            return Outcome::Empty;
        }
    }
    if asked.patterns.len() > CONTAIN_PATTERNS_MAX {
        return gap(format!("more than {CONTAIN_PATTERNS_MAX} patterns for names aren't compared"));
    }
    if asked.least > asked.needed.len() && too_few(prover, &asked) {
        return Outcome::Empty;
    }
    let wishes: Vec<&Wish> = asked.wishes.iter().collect();
    place(prover, &asked, &wishes, asked.needed.clone(), Vec::new())
}

/// Whether there can't be as many fields as are asked for.
fn too_few(prover: &mut Prover<'_>, asked: &Asked) -> bool {
    let mut possible = 0;
    for name in &asked.named {
        if asked.may_be(prover, name) && !field(prover, asked, name, &[]).is_empty() {
            possible += 1;
        }
    }
    possible < asked.least
        && asked
            .fresh(prover, None)
            .into_iter()
            .all(|fresh| prover.find(fresh.value).is_empty() || prover.find(fresh.name).is_empty())
}

/// Looks for a field for each wish, one after the other.
fn place(
    prover: &mut Prover<'_>,
    asked: &Asked,
    wishes: &[&Wish],
    placed: Placed,
    fresh: Vec<Fresh>,
) -> Outcome {
    let Some((wish, left)) = wishes.split_first() else { return build(prover, asked, &placed, &fresh) };
    if !prover.spend(1) {
        return prover.spent().unwrap_or(Outcome::Empty);
    }
    let found = first_of(asked.fresh(prover, Some(wish)), |one| {
        // A name must not be ruled out because another wish has taken it: they might share it.
        if prover.find(one.value.clone()).is_empty() || prover.find(one.name.clone()).is_empty() {
            return Outcome::Empty;
        }
        let mut fresh = fresh.clone();
        fresh.push(one);
        place(prover, asked, left, placed.clone(), fresh)
    });
    if let Outcome::Value(_) = found {
        return found;
    }
    let named = first_of(&asked.named, |name| {
        let Some(more) = asked.wished(prover, wish, name) else { return Outcome::Empty };
        let mut placed = placed.clone();
        let lits = placed.entry(name.clone()).or_default();
        lits.extend(more);
        if field(prover, asked, name, lits).is_empty() {
            return Outcome::Empty;
        }
        place(prover, asked, left, placed, fresh.clone())
    });
    first_of([named, found], |outcome| outcome)
}

/// The smallest object with these fields.
fn build(prover: &mut Prover<'_>, asked: &Asked, placed: &Placed, fresh: &[Fresh]) -> Outcome {
    if placed.len() + fresh.len() > asked.most {
        // Two wishes might be granted by one fresh field, which isn't tried.
        return match fresh.len() {
            0 | 1 => Outcome::Empty,
            _ => gap("there may be too many fields for an object of this size".to_owned()),
        };
    }
    if asked.least > CONTAIN_ITEMS_MAX {
        return gap(format!("objects of {} fields aren't tried", asked.least));
    }
    let mut fields = Map::new();
    for (name, more) in placed {
        match field(prover, asked, name, more) {
            Outcome::Value(value) => {
                prover.spend(weight(&value));
                fields.insert(name.clone(), value);
            }
            other => return other,
        }
    }
    for one in fresh {
        let found = add_fresh(prover, one, &mut fields);
        if !matches!(found, Outcome::Value(_)) {
            return found;
        }
    }
    for name in &asked.named {
        if fields.len() < asked.least
            && !fields.contains_key(name)
            && asked.may_be(prover, name)
            && let Outcome::Value(value) = field(prover, asked, name, &[])
        {
            prover.spend(weight(&value));
            fields.insert(name.clone(), value);
        }
    }
    while fields.len() < asked.least {
        let kinds = asked.fresh(prover, None);
        let added = first_of(kinds, |one| add_fresh(prover, &one, &mut fields));
        if !matches!(added, Outcome::Value(_)) {
            return prover.spent().unwrap_or_else(|| {
                gap(format!("whether there can be {} fields can't be told", asked.least))
            });
        }
    }
    Outcome::Value(Value::Object(fields))
}

/// Adds one field whose name isn't taken yet; where that fails, nothing is ruled out.
fn add_fresh(prover: &mut Prover<'_>, fresh: &Fresh, fields: &mut Map<String, Value>) -> Outcome {
    let taken: Vec<Value> = fields.keys().map(|name| Value::from(name.as_str())).collect();
    let taken = prover.atoms.add(Atom::Among(taken));
    let mut name = fresh.name.clone();
    name.push(Lit::no(taken));
    let unnamed = || gap("no name was found for one more field".to_owned());
    match prover.find(name) {
        Outcome::Value(Value::String(name)) => match prover.find(fresh.value.clone()).within(&name) {
            Outcome::Value(value) => {
                prover.spend(weight(&value));
                fields.insert(name, value);
                Outcome::Value(Value::Null)
            }
            Outcome::Empty => unnamed(),
            gap => gap,
        },
        Outcome::Unknown(gap) => Outcome::Unknown(gap),
        _ => unnamed(),
    }
}
