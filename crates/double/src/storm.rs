//! A storm: for a while, half of all requests are turned away.

use std::time::Duration;

use crate::asked::Asked;
use crate::behaviour::Behaviour;
use crate::cue::Cue;
use crate::fault::Fault;

/// A time in which requests are turned away. Which ones depends on their ordinals alone, so that it is the same again.
#[derive(Clone, Debug)]
pub struct Storm<B = fn(&Asked) -> Cue> {
    fault: Fault,
    lasts: Duration,
    struck: Struck,
    retry_after: Option<String>,
    /// When it began: at the first request.
    began: Option<Duration>,
    calm: B,
}

/// Which requests a storm turns away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// The first, the third, and so on.
    EachSecond,
    /// Half of them, as this seed has it.
    Half(u64),
    /// All.
    All,
}

impl Storm {
    /// A storm of this failure that lasts so long from the first request on, and turns away each second one. In between and
    /// afterwards all is well.
    #[must_use]
    pub fn of(fault: Fault, lasts: Duration) -> Self {
        let calm: fn(&Asked) -> Cue = |_| Cue::said("All is well.");
        Self { fault, lasts, struck: Struck::EachSecond, retry_after: None, began: None, calm }
    }
}

impl<B> Storm<B> {
    /// The same for these requests.
    #[must_use]
    pub fn strikes(mut self, struck: Struck) -> Self {
        self.struck = struck;
        self
    }

    /// The same with this `retry-after`; without, it is as the failure has it.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }

    /// The same around another behaviour, which decides on what is not turned away.
    #[must_use]
    pub fn over<C: Behaviour>(self, calm: C) -> Storm<C> {
        let Self { fault, lasts, struck, retry_after, began, calm: _ } = self;
        Storm { fault, lasts, struck, retry_after, began, calm }
    }
}

impl<B: Behaviour> Behaviour for Storm<B> {
    fn cue(&mut self, asked: &Asked) -> Cue {
        let began = *self.began.get_or_insert(asked.at);
        if asked.at.saturating_sub(began) >= self.lasts || !self.struck.hits(asked.ordinal) {
            return self.calm.cue(asked);
        }
        let cue = Cue::fault(self.fault);
        match &self.retry_after {
            Some(value) => cue.header("retry-after", value),
            None => cue,
        }
    }
}

impl Struck {
    fn hits(self, ordinal: u64) -> bool {
        match self {
            Self::EachSecond => !ordinal.is_multiple_of(2),
            Self::Half(seed) => mixed(seed, ordinal).is_multiple_of(2),
            Self::All => true,
        }
    }
}

/// splitmix64, whose lowest bit is as good as a coin.
fn mixed(seed: u64, ordinal: u64) -> u64 {
    let mut mixed = seed.wrapping_add(ordinal.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
