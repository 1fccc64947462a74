//! Chance, from a seed: SplitMix64, so that a world needs no crate and is the same on every machine.

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream that hangs on a place alone: asked again, it says the same, whatever else happened in between.
    pub(crate) fn at(seed: u64, place: &str) -> Self {
        let mut random = Self(seed);
        for chunk in place.as_bytes().chunks(8) {
            let word = chunk.iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
            random.0 ^= word;
            random.next();
        }
        random.0 = random.next();
        random
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` up to, but not with, `high`; `low` where there is nothing between them.
    pub(crate) const fn between(&mut self, low: u64, high: u64) -> u64 {
        let drawn = self.next();
        if high > low { low + drawn % (high - low) } else { low }
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) const fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.between(0, of.len() as u64)).unwrap_or(0);
        of.get(at)
    }
}
