//! What came of looking for a value: one of three answers, and for the third the reason. Knows nothing of how it was
//! looked for.

use std::rc::Rc;

use serde_json::Value;

/// What came of looking.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// There is none.
    Empty,
    /// Here is one.
    Value(Value),
    /// Neither could be shown.
    Unknown(Rc<Gap>),
}

/// Why it can't be told.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    /// Where, from the inside out.
    pub(super) at: Vec<String>,
    pub(super) why: String,
    pub(super) add: String,
}

impl Gap {
    pub(super) fn here(why: impl Into<String>, add: impl Into<String>) -> Self {
        Self { at: Vec::new(), why: why.into(), add: add.into() }
    }
}

impl Outcome {
    pub(super) fn gap(gap: Gap) -> Self {
        Self::Unknown(Rc::new(gap))
    }

    /// The same, seen from one level further out.
    pub(super) fn within(self, step: &str) -> Self {
        match self {
            Self::Unknown(gap) => {
                let mut gap = (*gap).clone();
                gap.at.push(step.to_owned());
                Self::gap(gap)
            }
            other => other,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Tries one after the other until there is a value; empty only if all are.
pub(super) fn first_of<T>(
    tries: impl IntoIterator<Item = T>,
    mut attempt: impl FnMut(T) -> Outcome,
) -> Outcome {
    let mut unknown = None;
    for one in tries {
        match attempt(one) {
            Outcome::Empty => {}
            found @ Outcome::Value(_) => return found,
            gap @ Outcome::Unknown(_) => unknown = unknown.or(Some(gap)),
        }
    }
    unknown.unwrap_or(Outcome::Empty)
}
