//! What came of a storm, in figures and as people read it.

use std::collections::BTreeMap;
use std::fmt;

use super::limits::BAR;

/// What came of a storm.
#[derive(Clone, Debug)]
pub struct Stormed {
    /// The seed.
    pub seed: u64,
    /// Its runs.
    pub runs: u64,
    /// When calls reached the provider, in milliseconds from the beginning on, in order.
    pub arrivals: Vec<u64>,
    /// When the last run ended.
    pub ended: u64,
    /// The same of a client that does to the letter what the provider says, in the same weather.
    pub ideal_arrivals: Vec<u64>,
    /// When the last run of that client had its answer.
    pub ideal_ended: u64,
    /// What became of the breaker's row, one after the other.
    pub shifts: Vec<Shifted>,
    /// The most trials that were under way at once, over all workers.
    pub trials_at_once: u64,
    /// Calls that were intended while the breaker was open, by workers that had not heard of it yet.
    pub strays: u64,
    /// How long after it opened the last of these was, in milliseconds.
    pub stray_latest: u64,
    /// Calls of runs that had been asked to leave the provider alone for longer.
    pub impatient: u64,
    /// The most calls that one run made.
    pub calls_max: u64,
    /// How many runs ended how.
    pub ends: BTreeMap<&'static str, u64>,
    /// The digest over all journals: the same seed gives the same.
    pub chain: String,
}

/// The breaker's row was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shifted {
    /// When, in milliseconds.
    pub at: u64,
    /// What became of it.
    pub shift: Shift,
    /// How often in a row the provider was found to be down.
    pub trips: u32,
}

/// What becomes of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Nobody asks any more.
    Opens,
    /// One call tries whether the provider is back.
    Tries,
    /// It isn't.
    Stays,
    /// It is.
    Closes,
}

impl Stormed {
    /// Calls in all, for each call of the client that obeys.
    #[expect(clippy::cast_precision_loss, reason = "calls are counted in thousands")]
    pub fn ratio(&self) -> f64 {
        self.arrivals.len() as f64 / (self.ideal_arrivals.len() as f64).max(1.0)
    }

    /// When the breaker opened first.
    pub fn first_opened(&self) -> Option<u64> {
        self.of(Shift::Opens).next()
    }

    /// When this became of the breaker.
    pub fn of(&self, shift: Shift) -> impl Iterator<Item = u64> + '_ {
        self.shifts.iter().filter(move |shifted| shifted.shift == shift).map(|shifted| shifted.at)
    }

    /// The most calls that reached the provider within any second that began after the breaker had opened first.
    pub fn peak_after_opening(&self) -> usize {
        let from = self.first_opened().unwrap_or(0);
        let after: Vec<u64> = self.arrivals.iter().copied().filter(|at| *at > from).collect();
        let within = |(from, at): (usize, &u64)| {
            let later = after.iter().skip(from);
            later.take_while(|other| **other < at + 1_000).count()
        };
        after.iter().enumerate().map(within).max().unwrap_or(0)
    }

    /// How many calls reached the provider in each second.
    fn curve(arrivals: &[u64]) -> BTreeMap<u64, u64> {
        let mut curve = BTreeMap::new();
        arrivals.iter().for_each(|at| *curve.entry(at / 1_000).or_default() += 1);
        curve
    }
}

impl fmt::Display for Stormed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, ideal) = (self.arrivals.len(), self.ideal_arrivals.len());
        writeln!(f, "a storm of seed {}, {} runs\n", self.seed, self.runs)?;
        writeln!(
            f,
            "calls a second: those of the runs, and of a client that does to the letter what it is told"
        )?;
        let (own, other) = (Self::curve(&self.arrivals), Self::curve(&self.ideal_arrivals));
        let most = own.values().chain(other.values()).copied().max().unwrap_or(1).max(1);
        let last = own.keys().chain(other.keys()).copied().max().unwrap_or(0);
        for second in 0..=last {
            let (count, others) = (of(&own, second), of(&other, second));
            let bar = "#".repeat(usize::try_from((count * BAR).div_ceil(most)).unwrap_or(0));
            let shifts = self.shifts.iter().filter(|shifted| shifted.at / 1_000 == second);
            let shifts: Vec<&str> = shifts.map(|shifted| shifted.shift.sign()).collect();
            if count + others > 0 || !shifts.is_empty() {
                writeln!(f, "{second:4} s {count:4} {others:4}  {bar} {}", shifts.concat())?;
            }
        }
        writeln!(f, "  ( it opens  ? one call tries  ! still down  ) it closes\n")?;
        for shifted in &self.shifts {
            writeln!(
                f,
                "  {:8} ms the breaker {}{}",
                shifted.at,
                shifted.shift.words(),
                times(shifted.trips)
            )?;
        }
        let ends: Vec<String> = self.ends.iter().map(|(end, runs)| format!("{runs} {end}")).collect();
        writeln!(f, "\ncalls            {calls}, at most {} of one run", self.calls_max)?;
        writeln!(f, "of who obeys     {ideal}, so {:.2} for each of them", self.ratio())?;
        writeln!(f, "runs             {}", ends.join(", "))?;
        writeln!(f, "last end         {} ms, of who obeys {} ms", self.ended, self.ideal_ended)?;
        writeln!(
            f,
            "peak             {} calls within a second, once the breaker had opened",
            self.peak_after_opening()
        )?;
        writeln!(f, "trials at once   {}", self.trials_at_once)?;
        writeln!(
            f,
            "too soon         {} calls before the time was over that the provider stated",
            self.impatient
        )?;
        write!(
            f,
            "strays           {} asked before they had heard, the last {} ms after it opened",
            self.strays, self.stray_latest
        )
    }
}

impl Shift {
    const fn sign(self) -> &'static str {
        match self {
            Self::Opens => "(",
            Self::Tries => "?",
            Self::Stays => "!",
            Self::Closes => ")",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Tries => "lets one call try",
            Self::Stays => "stays open",
            Self::Closes => "closes",
        }
    }
}

fn times(trips: u32) -> String {
    if trips > 1 { format!(", {trips} times in a row") } else { String::new() }
}

fn of(curve: &BTreeMap<u64, u64>, second: u64) -> u64 {
    curve.get(&second).copied().unwrap_or(0)
}
