//! Worlds that are wrong on purpose, one for each law at least: a law that no mutant breaks guards nothing.

use crate::Law;

/// What is wrong with a world. Nothing of it is in the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Each attempt goes out with a key of its own.
    FreshKeys,
    /// A worker forgets that it performed a debt as soon as it hears of it, though the run owes it still.
    PerformsTwice,
    /// The person settles at once, before the tool can have come to rest.
    HastyPerson,
    /// The store acknowledges a commit now and then that it doesn't keep.
    ForgetfulStore,
    /// Nobody takes the run of a worker that died.
    NoTakeover,
    /// A lost answer is told as a call that was turned away.
    LossIsFailure,
    /// The spend of lost answers is recorded as nothing.
    NothingForfeited,
    /// Debts are performed before the commit that names them is confirmed.
    ActsFirst,
    /// What is stored is not quite what was decided.
    OtherBytes,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::FreshKeys,
        Self::PerformsTwice,
        Self::HastyPerson,
        Self::ForgetfulStore,
        Self::NoTakeover,
        Self::LossIsFailure,
        Self::NothingForfeited,
        Self::ActsFirst,
        Self::OtherBytes,
    ];

    /// The law that it breaks.
    pub const fn breaks(self) -> Law {
        match self {
            Self::FreshKeys | Self::PerformsTwice | Self::HastyPerson => Law::NeverTwice,
            Self::ForgetfulStore | Self::NoTakeover => Law::NeverLost,
            Self::LossIsFailure => Law::NeverUnsaid,
            Self::NothingForfeited => Law::NeverOver,
            Self::ActsFirst => Law::NeverUnasked,
            Self::OtherBytes => Law::SameAgain,
        }
    }
}
