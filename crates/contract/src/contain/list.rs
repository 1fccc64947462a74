//! Lists: every item fits what is said of its place, and for each "there is one that …" a place is looked for. Items
//! behind all that are told apart by their place are alike, so few places stand for all.

use std::collections::BTreeMap;

use serde_json::Value;

use super::atoms::{Atom, Lit};
use super::outcome::{Gap, Outcome, first_of};
use super::prover::Prover;
use crate::limits::{CONTAIN_ITEMS_MAX, CONTAIN_PLACES_MAX};

/// What is asked of a list.
#[derive(Default)]
struct Asked {
    least: usize,
    most: usize,
    /// At one place, if there is an item.
    at: Vec<(usize, Lit)>,
    /// At every place from here on.
    from: Vec<(usize, Lit)>,
    /// At one place between these two.
    somewhere: Vec<(usize, usize, Lit)>,
    unique: bool,
    /// Two items must be equal.
    twice: bool,
    /// From this place on all are alike.
    alike: usize,
}

impl Asked {
    fn of(prover: &Prover<'_>, lits: &[Lit]) -> Self {
        let size = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        let mut asked = Self { most: usize::MAX, ..Self::default() };
        for lit in lits {
            match (&*prover.atoms.get(lit.id), lit.holds) {
                (Atom::ItemsMin(bound), true) => asked.least = asked.least.max(size(*bound)),
                (Atom::ItemsMax(bound), true) => asked.most = asked.most.min(size(*bound)),
                (Atom::ItemsMin(bound), false) => asked.most = asked.most.min(size(bound.saturating_sub(1))),
                (Atom::ItemsMax(bound), false) => {
                    asked.least = asked.least.max(size(bound.saturating_add(1)));
                }
                (Atom::Item(at, id), true) => asked.at.push((*at, Lit::yes(*id))),
                (Atom::Item(at, id), false) => asked.somewhere.push((*at, *at, Lit::no(*id))),
                (Atom::Rest(from, id), true) => asked.from.push((*from, Lit::yes(*id))),
                (Atom::Rest(from, id), false) => asked.somewhere.push((*from, usize::MAX, Lit::no(*id))),
                (Atom::Contains { id, min, .. }, true) if *min > 0 => {
                    asked.least = asked.least.max(size(*min));
                    asked.somewhere.push((0, usize::MAX, Lit::yes(*id)));
                }
                (Atom::Unique, true) => asked.unique = true,
                (Atom::Unique, false) => asked.twice = true,
                _ => {}
            }
        }
        let places = asked.at.iter().map(|(at, _)| at + 1).chain(asked.from.iter().map(|(from, _)| *from));
        let places = places.chain(asked.somewhere.iter().map(|(from, ..)| *from));
        asked.alike = places.max().unwrap_or(0);
        asked
    }

    /// What is asked of the item at this place, whoever else asks something.
    fn here(&self, place: usize) -> Vec<Lit> {
        let at = self.at.iter().filter(|(at, _)| *at == place).map(|(_, lit)| *lit);
        at.chain(self.from.iter().filter(|(from, _)| *from <= place).map(|(_, lit)| *lit)).collect()
    }

    /// The same with more asked of it.
    fn here_and(&self, place: usize, placed: &Placed) -> Vec<Lit> {
        let mut lits = self.here(place);
        lits.extend(placed.get(&place).into_iter().flatten());
        lits
    }
}

/// What more is asked of some places.
type Placed = BTreeMap<usize, Vec<Lit>>;

fn item(prover: &mut Prover<'_>, place: usize, lits: Vec<Lit>) -> Outcome {
    prover.find(lits).within(&place.to_string())
}

/// A list of which all these hold.
pub(super) fn find(prover: &mut Prover<'_>, lits: &[Lit]) -> Outcome {
    let mut asked = Asked::of(prover, lits);
    if asked.least > asked.most {
        return Outcome::Empty;
    }
    if asked.alike > CONTAIN_PLACES_MAX {
        return Outcome::gap(Gap::here(
            format!("more than {CONTAIN_PLACES_MAX} places of a list aren't compared one by one"),
            "say what every item is with `items`",
        ));
    }
    // No list is longer than up to the first place where nothing can stand.
    for place in 0..=asked.alike {
        if place < asked.most && item(prover, place, asked.here(place)).is_empty() {
            asked.most = place;
        }
    }
    if asked.least > asked.most || asked.twice && asked.most < 2 {
        return Outcome::Empty;
    }
    let mut places = asked.alike.saturating_add(asked.somewhere.len());
    if asked.twice {
        places += 2;
        let places = places.min(asked.most);
        let pairs: Vec<(usize, usize)> =
            (0..places).flat_map(|one| (one + 1..places).map(move |other| (one, other))).collect();
        return first_of(pairs, |(one, other)| {
            let mut placed = Placed::new();
            placed.insert(one, asked.here(other));
            placed.insert(other, asked.here(one));
            place(prover, &asked, &asked.somewhere, places, placed, Some((one, other)))
        });
    }
    let places = (places + 1).min(asked.most);
    place(prover, &asked, &asked.somewhere, places, Placed::new(), None)
}

/// Looks for a place for each of what must be somewhere, one after the other.
fn place(
    prover: &mut Prover<'_>,
    asked: &Asked,
    left: &[(usize, usize, Lit)],
    places: usize,
    placed: Placed,
    pair: Option<(usize, usize)>,
) -> Outcome {
    let Some(((from, to, lit), left)) = left.split_first() else {
        return build(prover, asked, &placed, pair);
    };
    first_of((*from..places).take_while(|place| place <= to), |at| {
        let mut placed = placed.clone();
        placed.entry(at).or_default().push(*lit);
        // Of two that are equal, the same holds.
        match pair {
            Some((one, other)) if at == one => placed.entry(other).or_default().push(*lit),
            Some((one, other)) if at == other => placed.entry(one).or_default().push(*lit),
            _ => {}
        }
        let lits = asked.here_and(at, &placed);
        if item(prover, at, lits).is_empty() {
            return Outcome::Empty;
        }
        place(prover, asked, left, places, placed, pair)
    })
}

/// The shortest list with these in their places.
fn build(prover: &mut Prover<'_>, asked: &Asked, placed: &Placed, pair: Option<(usize, usize)>) -> Outcome {
    let last = placed.keys().next_back().map_or(0, |place| place + 1);
    let length = asked.least.max(last);
    if length > asked.most {
        return Outcome::Empty;
    }
    let gap = |why: String| {
        Outcome::gap(Gap::here(
            why,
            "say the same of the list on both sides, `uniqueItems` and its length too",
        ))
    };
    if length > CONTAIN_ITEMS_MAX {
        return gap(format!("lists of {length} items aren't tried"));
    }
    let mut items: Vec<Value> = Vec::new();
    for at in 0..length {
        if let Some((one, _)) = pair.filter(|(_, other)| *other == at) {
            items.extend(items.get(one).cloned());
            continue;
        }
        let mut lits = asked.here_and(at, placed);
        if asked.unique && !items.is_empty() {
            lits.push(Lit::no(prover.atoms.add(Atom::Among(items.clone()))));
        }
        match item(prover, at, lits) {
            Outcome::Value(value) => {
                // Large values are paid for, or a list of lists of lists would fill the memory.
                if !prover.spend(weight(&value)) {
                    return prover.spent().unwrap_or(Outcome::Empty);
                }
                items.push(value);
            }
            // Nobody asked for unlike items where it is empty alone: that was seen above.
            Outcome::Empty if asked.unique => {
                return gap("there may be too few different items for a list of this length".to_owned());
            }
            other => return other,
        }
    }
    Outcome::Value(Value::Array(items))
}

/// How many parts a value has.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(weight).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 16,
        _ => 1,
    }
}
