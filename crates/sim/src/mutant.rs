//! Worlds that are wrong on purpose, two for each law at least: a law that no mutant breaks guards nothing.

use crate::{Fault, Law};

macro_rules! mutants {
    ($($(#[$doc:meta])* $mutant:ident breaks $law:ident,)+) => {
        /// What is wrong with a world. Nothing of it is in the product.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $($(#[$doc])* $mutant,)+
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$mutant),+];

            /// The law that it breaks.
            pub const fn breaks(self) -> Law {
                match self {
                    $(Self::$mutant => Law::$law,)+
                }
            }
        }
    };
}

mutants! {
    /// Each attempt goes out with a key of its own.
    FreshKeys breaks NeverTwice,
    /// A worker forgets that it performed a debt as soon as it hears of it, though the run owes it still.
    PerformsTwice breaks NeverTwice,
    /// The person settles at once, before the tool can have come to rest.
    HastyPerson breaks NeverTwice,
    /// A worker sends whenever it wakes, however late that is.
    SendsLate breaks NeverTwice,
    /// A worker forgets that a server has taken a call on, and sends it again.
    ForgetsHandles breaks NeverTwice,
    /// What a server has taken on is told as done.
    AcceptedIsDone breaks NeverUnsaid,
    /// The store acknowledges a commit now and then that it doesn't keep.
    ForgetfulStore breaks NeverLost,
    /// Nobody takes the run of a worker that died.
    NoTakeover breaks NeverLost,
    /// Nobody tells the worker that an attempt is over.
    NoTimeouts breaks NeverLost,
    /// A lost answer is told as a call that was turned away.
    LossIsFailure breaks NeverUnsaid,
    /// A failure is told as an answer.
    FailureIsAnswer breaks NeverUnsaid,
    /// The spend of lost answers is recorded as nothing.
    NothingForfeited breaks NeverOver,
    /// What an answer used is recorded as nothing.
    FreeAnswers breaks NeverOver,
    /// Debts are performed before the commit that names them is confirmed.
    ActsFirst breaks NeverUnasked,
    /// What goes out is not quite what was intended.
    OtherArguments breaks NeverUnasked,
    /// A worker hears a yes in whatever a person says.
    HearsYes breaks NeverUnasked,
    /// The yes of one of those who are asked is used for all of them.
    ReusesYes breaks NeverUnasked,
    /// What was done first is taken back first.
    UndoesForwards breaks NeverUnasked,
    /// What is stored is not quite what was decided.
    OtherBytes breaks SameAgain,
    /// Events bear the time of their worker's clock, wherever that stands.
    OwnClock breaks SameAgain,
    /// The store takes the commits of a worker that lost the run.
    NoFence breaks SameAgain,
}

impl Mutant {
    /// Where it shows best: the fault whose worlds are looked at first.
    pub(crate) const fn shows_at(self) -> Option<Fault> {
        match self {
            Self::FreshKeys => Some(Fault::AnswerLost),
            Self::HastyPerson => Some(Fault::Slow),
            Self::SendsLate => Some(Fault::SleepsPastLease),
            Self::ForgetsHandles => Some(Fault::TakenOn),
            Self::AcceptedIsDone => Some(Fault::TakenOnAndFails),
            Self::NoTakeover => Some(Fault::DiesAfterCommit),
            Self::NoTimeouts => Some(Fault::Hangs),
            Self::LossIsFailure => Some(Fault::StreamBroken),
            Self::FailureIsAnswer => Some(Fault::Fails),
            Self::NothingForfeited => Some(Fault::ModelTimeout),
            Self::OwnClock => Some(Fault::ClockBack),
            Self::NoFence => Some(Fault::SleepsBeforeCommit),
            _ => None,
        }
    }
}
