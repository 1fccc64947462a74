//! What schemas are made of here: atoms, each said once and known by its number, so that what both sides say alike is
//! one thing. Knows no JSON Schema (that is `read`) and decides nothing.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::number::Num;

/// Kinds of values, as a set. Integers and other numbers are two kinds, so that every set has a complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    pub(super) const FRACTION: Self = Self(8);
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const TEXT: Self = Self(16);
    pub(super) const LIST: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ANY: Self = Self(127);

    /// One after the other, in the order in which a value is looked for: what is plain to read comes first.
    pub(super) const EACH: [Self; 7] =
        [Self::INTEGER, Self::TEXT, Self::OBJECT, Self::LIST, Self::BOOL, Self::NULL, Self::FRACTION];

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self) -> Self {
        Self(Self::ANY.0 & !self.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The kind of one value, as the validator has it: `1.0` is an integer.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOL,
            Value::Number(number) => {
                if Num::new(number).is_some_and(Num::is_integer) {
                    Self::INTEGER
                } else {
                    Self::FRACTION
                }
            }
            Value::String(_) => Self::TEXT,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::OBJECT,
        }
    }
}

/// The number of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(usize);

/// That an atom holds of a value, or that it doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lit {
    pub(super) id: Id,
    pub(super) holds: bool,
}

impl Lit {
    pub(super) fn yes(id: Id) -> Self {
        Self { id, holds: true }
    }

    pub(super) fn no(id: Id) -> Self {
        Self { id, holds: false }
    }

    pub(super) fn flipped(self) -> Self {
        Self { holds: !self.holds, ..self }
    }
}

/// Which of the two schemas a reference stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Given,
    Wanted,
}

/// One thing that may be said of a value. What is about one kind holds of every value of another kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Atom {
    All(Vec<Id>),
    Any(Vec<Id>),
    /// Exactly one of these.
    One(Vec<Id>),
    Not(Id),
    /// What stands at a pointer of one of the schemas: only where following it at once would never end.
    Ref(Side, String),
    Kinds(Kinds),
    Among(Vec<Value>),
    /// A keyword that isn't understood here, with the schema around it.
    Opaque {
        keyword: &'static str,
        schema: String,
    },

    Low {
        bound: Num,
        open: bool,
    },
    High {
        bound: Num,
        open: bool,
    },
    Multiple(Num),

    LengthMin(u64),
    LengthMax(u64),
    Pattern(String),
    Format(String),

    /// The item at this index, if there is one.
    Item(usize, Id),
    /// All items from this index on.
    Rest(usize, Id),
    ItemsMin(u64),
    ItemsMax(u64),
    Unique,
    Contains {
        id: Id,
        min: u64,
        max: Option<u64>,
    },

    /// The field of this name, if there is one.
    Field(String, Id),
    /// All fields whose names match.
    Matching(String, Id),
    /// All fields that are neither among these nor match one of these patterns.
    Others {
        fields: Vec<String>,
        patterns: Vec<String>,
        id: Id,
    },
    Required(String),
    Names(Id),
    FieldsMin(u64),
    FieldsMax(u64),
}

impl Atom {
    /// The kinds that this says something about.
    pub(super) fn about(&self) -> Kinds {
        match self {
            Self::Low { .. } | Self::High { .. } | Self::Multiple(_) => Kinds::NUMBER,
            Self::LengthMin(_) | Self::LengthMax(_) | Self::Pattern(_) | Self::Format(_) => Kinds::TEXT,
            Self::Item(..)
            | Self::Rest(..)
            | Self::ItemsMin(_)
            | Self::ItemsMax(_)
            | Self::Unique
            | Self::Contains { .. } => Kinds::LIST,
            Self::Field(..)
            | Self::Matching(..)
            | Self::Others { .. }
            | Self::Required(_)
            | Self::Names(_)
            | Self::FieldsMin(_)
            | Self::FieldsMax(_) => Kinds::OBJECT,
            Self::Opaque { keyword: "unevaluatedProperties", .. } => Kinds::OBJECT,
            Self::Opaque { keyword: "unevaluatedItems", .. } => Kinds::LIST,
            _ => Kinds::ANY,
        }
    }
}

/// All atoms of one question.
#[derive(Default)]
pub(super) struct Atoms {
    all: Vec<Rc<Atom>>,
    ids: HashMap<Rc<Atom>, Id>,
    /// What [`Atoms::possible`] found.
    possible: HashMap<Lit, Kinds>,
}

impl Atoms {
    pub(super) fn add(&mut self, atom: Atom) -> Id {
        if let Some(id) = self.ids.get(&atom) {
            return *id;
        }
        let (id, atom) = (Id(self.all.len()), Rc::new(atom));
        self.all.push(Rc::clone(&atom));
        self.ids.insert(atom, id);
        id
    }

    pub(super) fn get(&self, id: Id) -> Rc<Atom> {
        self.all.get(id.0).map_or_else(|| Rc::new(Atom::All(Vec::new())), Rc::clone)
    }

    /// What fits everything.
    pub(super) fn anything(&mut self) -> Id {
        self.add(Atom::All(Vec::new()))
    }

    /// What fits nothing.
    pub(super) fn nothing(&mut self) -> Id {
        self.add(Atom::Any(Vec::new()))
    }

    pub(super) fn not(&mut self, id: Id) -> Id {
        match &*self.get(id) {
            Atom::Not(inner) => *inner,
            _ => self.add(Atom::Not(id)),
        }
    }

    /// All of these at once.
    pub(super) fn all_of(&mut self, ids: impl IntoIterator<Item = Id>) -> Id {
        let mut flat = Vec::new();
        for id in ids {
            match &*self.get(id) {
                Atom::All(inner) => flat.extend(inner),
                _ => flat.push(id),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        match flat.as_slice() {
            [only] => *only,
            _ => self.add(Atom::All(flat)),
        }
    }

    /// At least one of these.
    pub(super) fn any_of(&mut self, ids: impl IntoIterator<Item = Id>) -> Id {
        let mut flat: Vec<Id> = ids.into_iter().collect();
        flat.sort_unstable();
        flat.dedup();
        match flat.as_slice() {
            [only] => *only,
            _ => self.add(Atom::Any(flat)),
        }
    }

    /// The kinds of which this may hold: never too few.
    pub(super) fn possible(&mut self, lit: Lit) -> Kinds {
        if let Some(known) = self.possible.get(&lit) {
            return *known;
        }
        let atom = self.get(lit.id);
        let found = match (&*atom, lit.holds) {
            (Atom::All(ids), true) => {
                ids.iter().fold(Kinds::ANY, |all, id| all.and(self.possible(Lit::yes(*id))))
            }
            (Atom::All(ids), false) => {
                ids.iter().fold(Kinds::NONE, |all, id| all.or(self.possible(Lit::no(*id))))
            }
            (Atom::Any(ids) | Atom::One(ids), true) => {
                ids.iter().fold(Kinds::NONE, |all, id| all.or(self.possible(Lit::yes(*id))))
            }
            (Atom::Any(ids), false) => {
                ids.iter().fold(Kinds::ANY, |all, id| all.and(self.possible(Lit::no(*id))))
            }
            (Atom::Not(id), holds) => self.possible(Lit { id: *id, holds: !holds }),
            (Atom::Kinds(kinds), true) => *kinds,
            (Atom::Kinds(kinds), false) => kinds.without(),
            (Atom::Among(values), true) => {
                values.iter().fold(Kinds::NONE, |all, value| all.or(Kinds::of(value)))
            }
            (_, true) => Kinds::ANY,
            (atom, false) => atom.about(),
        };
        self.possible.insert(lit, found);
        found
    }
}
