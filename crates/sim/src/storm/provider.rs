//! The provider of a storm: for a while it turns half of all calls away. What becomes of a call hangs on its run and on how
//! many the run made before it, so that two clients meet the same weather.

use handfast_events::{Failure, FailureClass};

use super::limits::{ALONE_MAX, ALONE_MIN, LATENCY_MAX, LATENCY_MIN};
use crate::random::Random;

/// A provider, and when it was asked.
pub(super) struct Provider {
    seed: u64,
    lasts: u64,
    /// When calls reached it, in milliseconds.
    pub(super) arrivals: Vec<u64>,
}

/// What it does with a call.
pub(super) struct Weather {
    /// Why it was turned away; nothing where it is answered.
    pub(super) failure: Option<Failure>,
    pub(super) latency: u64,
}

impl Provider {
    /// One that turns calls away for so long from the beginning on.
    pub(super) fn new(seed: u64, lasts: u64) -> Self {
        // Seeds that stand beside each other are weathers that have nothing to do with each other.
        let seed = Random::at(seed, "weather").next();
        Self { seed, lasts, arrivals: Vec::new() }
    }

    /// The call of this run before which it made so many reaches it now.
    pub(super) fn asked(&mut self, now: u64, run: u64, before: u64) -> Weather {
        self.arrivals.push(now);
        let mut random = Random::at(self.seed, &format!("call/{run}/{before}"));
        let latency = random.between(LATENCY_MIN, LATENCY_MAX + 1);
        let (is_struck, is_rate, is_stated) = (random.chance(50), random.chance(50), random.chance(50));
        let alone = random.between(ALONE_MIN, ALONE_MAX + 1);
        let class = if is_rate { FailureClass::RateLimited } else { FailureClass::Overloaded };
        let failure = (is_struck && now < self.lasts).then(|| Failure {
            status: Some(if is_rate { 429 } else { 529 }),
            retry_after_ms: is_stated.then_some(alone),
            ..Failure::new(class, "the provider said so")
        });
        Weather { failure, latency }
    }
}
