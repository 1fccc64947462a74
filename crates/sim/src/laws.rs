//! The six laws, and where one was broken.

use std::fmt;

/// What holds whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// An effect that is keyed, or must not be repeated, takes effect at most once.
    NeverTwice,
    /// What was acknowledged is there, and no run comes to a stop without naming why.
    NeverLost,
    /// Nothing silently becomes success or failure.
    NeverUnsaid,
    /// No call leaves unless it fits every ceiling at its worst.
    NeverOver,
    /// Every send has its intent and its grant, earlier in the journal, and what takes calls back goes last first.
    NeverUnasked,
    /// A journal replayed is the same run.
    SameAgain,
}

/// A law that was broken, with what was seen.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// When, in virtual milliseconds.
    pub at_ms: u64,
    /// What was seen.
    pub told: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} ms: {}", self.law, self.at_ms, self.told)
    }
}
