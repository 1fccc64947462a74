//! How often something may begin. What has to wait, and for how long, is decided elsewhere.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

/// So many may begin in so long a time: `60/m`. Of two, the slower one is the less.
///
/// ```
/// use handfast_contract::Rate;
/// use std::time::Duration;
///
/// let (one, many) = (Rate { count: 1, per: Duration::from_secs(1) }, Rate { count: 100, per: Duration::from_secs(60) });
/// assert!(one < many);
/// assert_eq!(many.to_string(), "100/m");
/// assert_eq!(many.spacing(), Duration::from_millis(600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many, one at least.
    pub count: u64,
    /// In so long a time: a second, a minute, an hour or a day.
    pub per: Duration,
}

impl Rate {
    /// How far apart they begin, if they begin evenly.
    pub fn spacing(self) -> Duration {
        let nanos = self.per.as_nanos() / u128::from(self.count.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Ord for Rate {
    /// By how many begin in the long run; of equals that one is slower which lets fewer begin at once.
    fn cmp(&self, other: &Self) -> Ordering {
        let across = |one: &Self, other: &Self| u128::from(one.count).saturating_mul(other.per.as_nanos());
        across(self, other).cmp(&across(other, self)).then(self.per.cmp(&other.per))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Rate {
    /// As a contract writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = crate::show::span(self.per);
        let one =
            per.strip_prefix('1').filter(|unit| !unit.starts_with(|first: char| first.is_ascii_digit()));
        write!(f, "{}/{}", self.count, one.unwrap_or(&per))
    }
}
