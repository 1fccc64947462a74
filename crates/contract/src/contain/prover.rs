//! Looks for a value of which everything in a list holds, or shows that there is none: a tableau. Alternatives are tried
//! one by one, and what remains for one kind of value goes to that kind's own file. Three answers; what isn't understood
//! may only take the answer "none" further away, never bring it closer.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::atoms::{Atom, Atoms, Id, Kinds, Lit, Side};
use super::outcome::{Gap, Outcome, first_of};
use super::read::Reader;
use super::{list, number, object, text};
use crate::Schema;
use crate::limits::{CONTAIN_ALTERNATIVES_MAX, CONTAIN_DEPTH_MAX, CONTAIN_TRIES_MAX};

/// Several things of which one must hold; each is a list that holds as a whole.
type Choice = Vec<Vec<Lit>>;

/// What is left to satisfy.
#[derive(Clone, Default)]
struct State {
    /// What can't be split any further.
    simple: BTreeSet<Lit>,
    choices: Vec<Choice>,
}

/// One question, and what was found out so far.
pub(super) struct Prover<'s> {
    pub(super) atoms: Atoms,
    given: Reader<'s>,
    wanted: Reader<'s>,
    targets: HashMap<(Side, String), Id>,
    /// Compiled keywords that only the validator can judge.
    pub(super) leaves: HashMap<Id, Option<Schema>>,
    known: HashMap<Vec<Lit>, Outcome>,
    /// What is being looked for further out. A smallest value can't contain another one of its own kind, so within its
    /// own search the same question is answered by "none".
    open: Vec<Vec<Lit>>,
    /// The outermost of these that an answer leant on.
    leant: usize,
    depth: usize,
    budget: usize,
    steps: usize,
}

impl<'s> Prover<'s> {
    pub(super) fn new(given: &'s Value, wanted: &'s Value, budget: usize) -> Self {
        Self {
            atoms: Atoms::default(),
            given: Reader::new(given, Side::Given),
            wanted: Reader::new(wanted, Side::Wanted),
            targets: HashMap::new(),
            leaves: HashMap::new(),
            known: HashMap::new(),
            open: Vec::new(),
            leant: usize::MAX,
            depth: 0,
            budget,
            steps: 0,
        }
    }

    /// The two schemas.
    pub(super) fn read(&mut self) -> (Id, Id) {
        let given = self.given.whole(&mut self.atoms);
        (given, self.wanted.whole(&mut self.atoms))
    }

    pub(super) fn target(&mut self, side: Side, pointer: &str) -> Id {
        if let Some(id) = self.targets.get(&(side, pointer.to_owned())) {
            return *id;
        }
        let reader = match side {
            Side::Given => &mut self.given,
            Side::Wanted => &mut self.wanted,
        };
        let id = reader.target(pointer, &mut self.atoms);
        self.targets.insert((side, pointer.to_owned()), id);
        id
    }

    /// Takes this many steps; false once there are none left.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps);
        self.steps <= self.budget
    }

    /// How many steps were taken.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// The answer once the work ran out.
    pub(super) fn spent(&self) -> Option<Outcome> {
        (self.steps > self.budget).then(|| {
            Outcome::gap(Gap::here(
                "the two schemas have too many combinations to go through",
                "give alternatives a field that tells them apart (`kind: [a, b]`), or use the same type on both sides",
            ))
        })
    }

    fn deep(&self) -> Option<Outcome> {
        (self.depth > CONTAIN_DEPTH_MAX).then(|| {
            Outcome::gap(Gap::here("the schemas nest too deeply to follow", "flatten this part on one side"))
        })
    }

    /// A value of which all of these hold.
    pub(super) fn find(&mut self, lits: Vec<Lit>) -> Outcome {
        let mut lits = lits;
        lits.sort_unstable();
        lits.dedup();
        if let Some(known) = self.known.get(&lits) {
            return known.clone();
        }
        if let Some(place) = self.open.iter().position(|open| *open == lits) {
            self.leant = self.leant.min(place);
            return Outcome::Empty;
        }
        if !self.spend(1 + lits.len()) {
            return self.spent().unwrap_or(Outcome::Empty);
        }
        let before = std::mem::replace(&mut self.leant, usize::MAX);
        let place = self.open.len();
        self.open.push(lits.clone());
        self.depth += 1;
        let found = self.deep().unwrap_or_else(|| self.look(&lits));
        self.depth -= 1;
        self.open.pop();
        let leant = std::mem::replace(&mut self.leant, before);
        // "None" that leans on a question further out holds only there.
        let own = leant >= place;
        if !own {
            self.leant = self.leant.min(leant);
        }
        if own || !found.is_empty() {
            self.known.insert(lits, found.clone());
        }
        found
    }

    fn look(&mut self, lits: &[Lit]) -> Outcome {
        for lit in lits {
            if let (Atom::Among(values), true) = (&*self.atoms.get(lit.id), lit.holds) {
                return self.among(values, lits);
            }
        }
        let mut kinds = Kinds::ANY;
        for lit in lits {
            kinds = kinds.and(self.atoms.possible(*lit));
        }
        let mut state = State::default();
        if !lits.iter().all(|lit| self.take(*lit, &mut state)) {
            return Outcome::Empty;
        }
        for lit in state.simple.clone() {
            if let (Atom::Among(values), true) = (&*self.atoms.get(lit.id), lit.holds) {
                return self.among(values, lits);
            }
        }
        let each = Kinds::EACH.into_iter().filter(|kind| kinds.meets(*kind));
        first_of(each, |kind| self.search(kind, state.clone()))
    }

    /// One of these values, of which all hold.
    fn among(&mut self, values: &[Value], lits: &[Lit]) -> Outcome {
        first_of(values, |value| match self.hold(lits, value) {
            Some(true) => Outcome::Value(value.clone()),
            Some(false) => Outcome::Empty,
            None => self.spent().unwrap_or_else(|| opaque(self, lits)),
        })
    }

    /// Takes in one more; false where it contradicts another.
    fn take(&mut self, lit: Lit, state: &mut State) -> bool {
        self.spend(1);
        let atom = self.atoms.get(lit.id);
        match (&*atom, lit.holds) {
            (Atom::Not(id), holds) => self.take(Lit { id: *id, holds: !holds }, state),
            (Atom::Ref(side, pointer), holds) => {
                let id = self.target(*side, pointer);
                self.take(Lit { id, holds }, state)
            }
            // What is taken apart is noted as a whole, too, so that the other side's same schema is seen to contradict it.
            (Atom::All(ids), true) => {
                let fits = !state.simple.contains(&lit.flipped());
                state.simple.insert(lit);
                fits && ids.iter().all(|id| self.take(Lit::yes(*id), state))
            }
            (Atom::Any(ids), false) => ids.iter().all(|id| self.take(Lit::no(*id), state)),
            (Atom::All(ids), false) => {
                let choice = ids.iter().map(|id| vec![Lit::no(*id)]).collect();
                self.choose(lit, choice, state)
            }
            (Atom::Any(ids), true) => {
                let choice = ids.iter().map(|id| vec![Lit::yes(*id)]).collect();
                self.choose(lit, choice, state)
            }
            (Atom::Contains { id, min, max }, false) => {
                let choice = self.fewer_or_more(*id, *min, *max);
                self.choose(lit, choice, state)
            }
            // Past that many the pairs alone would fill the memory: left whole, it rules nothing out.
            (Atom::One(ids), holds) if ids.len() <= CONTAIN_ALTERNATIVES_MAX => {
                let choice = if holds { one_of(ids) } else { not_one_of(ids) };
                self.choose(lit, choice, state)
            }
            _ => {
                state.simple.insert(lit);
                !state.simple.contains(&lit.flipped())
            }
        }
    }

    fn choose(&mut self, lit: Lit, choice: Choice, state: &mut State) -> bool {
        if state.simple.contains(&lit.flipped()) || choice.is_empty() {
            return false;
        }
        self.spend(choice.len());
        if state.simple.insert(lit) {
            state.choices.push(choice);
        }
        true
    }

    /// What it means that a list does not hold so many of these: fewer, or more.
    fn fewer_or_more(&mut self, id: Id, min: u64, max: Option<u64>) -> Choice {
        let mut choice = Choice::new();
        if min == 1 {
            let none = self.atoms.not(id);
            choice.push(vec![Lit::yes(self.atoms.add(Atom::Rest(0, none)))]);
        } else if min > 1 {
            choice.push(vec![Lit::yes(self.atoms.add(Atom::Contains { id, min: 0, max: Some(min - 1) }))]);
        }
        if let Some(more) = max.and_then(|max| max.checked_add(1)) {
            choice.push(vec![Lit::yes(self.atoms.add(Atom::Contains { id, min: more, max: None }))]);
        }
        // A number of items is about lists only.
        for lits in &mut choice {
            lits.push(Lit::yes(self.atoms.add(Atom::Kinds(Kinds::LIST))));
        }
        choice
    }

    /// A value of this one kind.
    fn search(&mut self, kind: Kinds, mut state: State) -> Outcome {
        if !self.spend(1 + state.simple.len()) {
            return self.spent().unwrap_or(Outcome::Empty);
        }
        if let Some(deep) = self.deep() {
            return deep;
        }
        if !self.settle(kind, &mut state) {
            return Outcome::Empty;
        }
        if state.choices.len() > 1 && !self.probe(kind, &mut state) {
            return Outcome::Empty;
        }
        let smallest = (0..state.choices.len()).min_by_key(|at| state.choices.get(*at).map_or(0, Vec::len));
        let Some(at) = smallest else { return self.solve(kind, &state) };
        let choice = state.choices.swap_remove(at);
        self.depth += 1;
        let found = first_of(choice, |lits| {
            let mut state = state.clone();
            if lits.iter().all(|lit| self.take(*lit, &mut state)) {
                self.search(kind, state)
            } else {
                Outcome::Empty
            }
        });
        self.depth -= 1;
        found
    }

    /// Drops what is settled by the kind alone or by what is known already, until nothing changes; false where nothing
    /// is left to choose.
    fn settle(&mut self, kind: Kinds, state: &mut State) -> bool {
        loop {
            let simple: Vec<Lit> = state.simple.iter().copied().collect();
            if simple.iter().any(|lit| self.known_of(kind, *lit, &BTreeSet::new()) == Some(false)) {
                return false;
            }
            let (mut kept, mut forced) = (Vec::new(), Vec::new());
            for choice in std::mem::take(&mut state.choices) {
                let mut left: Choice = Vec::new();
                let mut satisfied = false;
                for lits in choice {
                    self.spend(lits.len());
                    let known: Vec<_> =
                        lits.iter().map(|lit| self.known_of(kind, *lit, &state.simple)).collect();
                    if known.iter().all(|known| *known == Some(true)) {
                        satisfied = true;
                        break;
                    }
                    if !known.contains(&Some(false)) {
                        left.push(lits);
                    }
                }
                match left.len() {
                    _ if satisfied => {}
                    0 => return false,
                    1 => forced.extend(left.into_iter().flatten()),
                    _ => kept.push(left),
                }
            }
            state.choices = kept;
            if forced.is_empty() {
                return true;
            }
            if !forced.into_iter().all(|lit| self.take(lit, state)) {
                return false;
            }
        }
    }

    /// Whether this holds of every value of the kind, or of none, as far as can be seen at a glance.
    fn known_of(&mut self, kind: Kinds, lit: Lit, simple: &BTreeSet<Lit>) -> Option<bool> {
        if simple.contains(&lit) {
            return Some(true);
        }
        if simple.contains(&lit.flipped()) || !self.atoms.possible(lit).meets(kind) {
            return Some(false);
        }
        (!self.atoms.possible(lit.flipped()).meets(kind)).then_some(true)
    }

    /// Tries each alternative on its own, without the other choices: what is impossible alone is dropped, and a choice is
    /// settled where one of its alternatives can't fail. It keeps many alternatives from multiplying.
    fn probe(&mut self, kind: Kinds, state: &mut State) -> bool {
        let alone = State { simple: state.simple.clone(), choices: Vec::new() };
        let mut kept = Vec::new();
        for choice in std::mem::take(&mut state.choices) {
            let mut left = Vec::new();
            for lits in choice {
                // It is kept as the only alternative: what shows that it can't fail may be this very choice.
                if self.surely(kind, &alone, &lits) {
                    left = vec![lits];
                    break;
                }
                if !self.without(kind, &alone, &lits) {
                    left.push(lits);
                }
            }
            if left.is_empty() {
                return false;
            }
            kept.push(left);
        }
        let single = kept.iter().any(|choice: &Choice| choice.len() == 1);
        state.choices = kept;
        !single || self.settle(kind, state)
    }

    /// Whether nothing of this kind has these as well.
    fn without(&mut self, kind: Kinds, alone: &State, lits: &[Lit]) -> bool {
        let mut state = alone.clone();
        if !lits.iter().all(|lit| self.take(*lit, &mut state)) {
            return true;
        }
        state.choices.clear();
        self.settle(kind, &mut state) && self.solve(kind, &state).is_empty()
    }

    /// Whether these hold of all that is left, each for itself.
    fn surely(&mut self, kind: Kinds, alone: &State, lits: &[Lit]) -> bool {
        lits.len() == 1 && lits.iter().all(|lit| self.without(kind, alone, &[lit.flipped()]))
    }

    /// A value of this kind, where nothing is left to choose.
    fn solve(&mut self, kind: Kinds, state: &State) -> Outcome {
        let compound = |lit: &Lit| {
            matches!(
                (&*self.atoms.get(lit.id), lit.holds),
                (Atom::All(_) | Atom::Any(_) | Atom::One(_), _) | (Atom::Contains { .. }, false)
            )
        };
        let simple: Vec<Lit> = state.simple.iter().copied().filter(|lit| !compound(lit)).collect();
        let mut lits = Vec::new();
        for lit in simple {
            if let (Atom::Among(values), true) = (&*self.atoms.get(lit.id), lit.holds) {
                let of_kind: Vec<Value> =
                    values.iter().filter(|value| Kinds::of(value) == kind).cloned().collect();
                let all: Vec<Lit> = state.simple.iter().copied().collect();
                return self.among(&of_kind, &all);
            }
            match self.known_of(kind, lit, &BTreeSet::new()) {
                Some(true) => {}
                Some(false) => return Outcome::Empty,
                None => lits.push(lit),
            }
        }
        let whole: Vec<Lit> = state.simple.iter().copied().collect();
        let mut grown = false;
        for _ in 0..CONTAIN_TRIES_MAX {
            let found = match kind {
                Kinds::NULL => self.among(&[Value::Null], &lits),
                Kinds::BOOL => self.among(&[Value::Bool(true), Value::Bool(false)], &lits),
                Kinds::INTEGER => number::integer(self, &lits),
                Kinds::FRACTION => number::fraction(self, &lits),
                Kinds::TEXT => text::find(self, &lits),
                Kinds::LIST => list::find(self, &lits),
                _ => object::find(self, &lits),
            };
            let value = match found {
                Outcome::Value(value) => value,
                // That nothing is larger says nothing about others as small.
                Outcome::Empty if grown => break,
                found => return found,
            };
            grown = true;
            // All of it, also what was left whole because it has too many alternatives.
            if self.hold(&lits, &value) == Some(true) && self.hold(&whole, &value) == Some(true) {
                return Outcome::Value(value);
            }
            // The smallest one may be a value that is left out; nothing follows if there is no larger one.
            let larger = match &value {
                Value::Array(items) => Atom::ItemsMin(items.len() as u64 + 1),
                Value::Object(fields) => Atom::FieldsMin(fields.len() as u64 + 1),
                _ => break,
            };
            let left_out = |lit: &Lit| !lit.holds && matches!(&*self.atoms.get(lit.id), Atom::Among(_));
            if !lits.iter().any(left_out) {
                break;
            }
            lits.push(Lit::yes(self.atoms.add(larger)));
        }
        self.spent().unwrap_or_else(|| opaque(self, &lits))
    }
}

/// The first of these, and none of the others; and so on.
fn one_of(ids: &[Id]) -> Choice {
    let other = |at: usize| move |(index, id): (usize, &Id)| Lit { id: *id, holds: index == at };
    (0..ids.len()).map(|at| ids.iter().enumerate().map(other(at)).collect()).collect()
}

/// None of these, or two.
fn not_one_of(ids: &[Id]) -> Choice {
    let mut choice: Choice = vec![ids.iter().map(|id| Lit::no(*id)).collect()];
    for (at, one) in ids.iter().enumerate() {
        let others = ids.iter().skip(at + 1);
        choice.extend(others.map(|other| vec![Lit::yes(*one), Lit::yes(*other)]));
    }
    choice
}

/// Why nothing more can be said of these.
fn opaque(prover: &Prover<'_>, lits: &[Lit]) -> Outcome {
    for lit in lits {
        if let Atom::Opaque { keyword, .. } = &*prover.atoms.get(lit.id) {
            return Outcome::gap(Gap::here(
                format!("`{keyword}` isn't compared"),
                "say it with `additionalProperties` and `properties`, or use the same schema on both sides",
            ));
        }
    }
    Outcome::gap(Gap::here(
        "no value was found that one side takes and the other doesn't, and none was ruled out",
        "use the same type on both sides, or a simpler one for the reader",
    ))
}
