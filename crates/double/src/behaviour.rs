//! Who decides what the double does: a list, a function, or one around another.

use std::collections::VecDeque;

use crate::asked::Asked;
use crate::cue::Cue;

/// Decides what the double does with each request. Requests are decided on one after the other, in the order of their
/// ordinals. A panic of it loses the connection of its request, and no other.
pub trait Behaviour: Send + 'static {
    /// What it does with this one.
    fn cue(&mut self, asked: &Asked) -> Cue;
}

impl<F: FnMut(&Asked) -> Cue + Send + 'static> Behaviour for F {
    fn cue(&mut self, asked: &Asked) -> Cue {
        self(asked)
    }
}

/// One cue for each request, in order; beyond them a 599, which no test expects.
#[derive(Clone, Debug)]
pub struct Giving(VecDeque<Cue>);

impl Giving {
    /// These.
    pub fn of(cues: impl IntoIterator<Item = impl Into<Cue>>) -> Self {
        Self(cues.into_iter().map(Into::into).collect())
    }
}

impl Behaviour for Giving {
    fn cue(&mut self, _: &Asked) -> Cue {
        self.0.pop_front().unwrap_or_else(|| {
            Cue::raw(599, &[("content-type", "text/plain")], "the double was asked once too often")
        })
    }
}
