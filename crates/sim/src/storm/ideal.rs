//! The client that a storm's runs are held against: it does to the letter what the provider says, and knows of nobody else.

use std::collections::BTreeSet;

use super::limits::{BACKOFF_FIRST, BACKOFF_MAX, CALLS};
use super::provider::Provider;
use crate::random::Random;

/// What it did.
pub(super) struct Obeyed {
    /// When its calls reached the provider.
    pub(super) arrivals: Vec<u64>,
    /// When the last of its runs had its last answer.
    pub(super) ended: u64,
}

/// One run of it: when its next call arrives, and what it has behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    at: u64,
    run: u64,
    before: u64,
    answered: u64,
    tries: u32,
}

/// Each call is made again exactly when the time is over that the provider stated; without one after exponential backoff with
/// full jitter. Nothing is given up.
pub(super) fn obey(seed: u64, lasts: u64, runs: u64) -> Obeyed {
    let mut provider = Provider::new(seed, lasts);
    let begun = (0..runs).map(|run| Next { at: 0, run, before: 0, answered: 0, tries: 0 });
    let mut queue: BTreeSet<Next> = begun.collect();
    let mut ended = 0;
    while let Some(next) = queue.pop_first() {
        let weather = provider.asked(next.at, next.run, next.before);
        let back = next.at + weather.latency;
        let next = Next { at: back, before: next.before + 1, ..next };
        match weather.failure {
            None if next.answered + 1 == CALLS => ended = ended.max(back),
            None => _ = queue.insert(Next { answered: next.answered + 1, tries: 0, ..next }),
            Some(failure) => {
                let ceiling = BACKOFF_FIRST.saturating_mul(1 << next.tries.min(16)).min(BACKOFF_MAX);
                let mut random = Random::at(seed, &format!("backoff/{}/{}", next.run, next.before));
                let wait = failure.retry_after_ms.unwrap_or_else(|| random.between(0, ceiling + 1));
                queue.insert(Next { at: back + wait, tries: next.tries + 1, ..next });
            }
        }
    }
    Obeyed { arrivals: provider.arrivals, ended }
}
