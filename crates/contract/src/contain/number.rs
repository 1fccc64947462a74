//! Numbers, compared exactly, and values between two bounds. JSON's numbers are 64-bit integers and doubles; what is
//! shown empty here is shown for all real numbers, so it holds for those too.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::atoms::{Atom, Kinds, Lit};
use super::outcome::{Gap, Outcome};
use super::prover::Prover;
use crate::limits::CONTAIN_TRIES_MAX;

/// A number as written, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Num {
    Integer(i128),
    /// The bits of a double that is no integer, or one too large for the other form.
    Real(u64),
}

/// Doubles from here on are kept as doubles: well within what the other form holds.
const LARGE: f64 = 1e36;

/// Up to here doubles hold every integer, so that two ways to write a number divide alike.
const EXACT_MAX: i128 = 1 << 53;

impl Num {
    pub(super) fn new(number: &Number) -> Option<Self> {
        let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        integer.map(Self::Integer).or_else(|| number.as_f64().and_then(Self::real))
    }

    pub(super) fn real(double: f64) -> Option<Self> {
        if !double.is_finite() {
            return None;
        }
        if double.fract() == 0.0 && double.abs() < LARGE {
            return Some(Self::Integer(double as i128));
        }
        Some(Self::Real(double.to_bits()))
    }

    pub(super) fn is_integer(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Real(bits) => f64::from_bits(bits).fract() == 0.0,
        }
    }

    pub(super) fn double(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Real(bits) => f64::from_bits(bits),
        }
    }

    pub(super) fn value(self) -> Option<Value> {
        if let Self::Integer(integer) = self {
            if let Ok(small) = i64::try_from(integer) {
                return Some(small.into());
            }
            if let Ok(large) = u64::try_from(integer) {
                return Some(large.into());
            }
        }
        Number::from_f64(self.double()).map(Value::Number)
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one.cmp(&other),
            (Self::Real(one), Self::Real(other)) => f64::from_bits(one).total_cmp(&f64::from_bits(other)),
            (Self::Integer(one), Self::Real(other)) => against(one, f64::from_bits(other)),
            (Self::Real(one), Self::Integer(other)) => against(other, f64::from_bits(one)).reverse(),
        }
    }
}

/// An integer against a double that is none, or is too large to be one of ours.
fn against(integer: i128, double: f64) -> Ordering {
    if double >= LARGE {
        Ordering::Less
    } else if double <= -LARGE || integer > double.floor() as i128 {
        Ordering::Greater
    } else {
        Ordering::Less
    }
}

/// Equal as the validator has it: `1` and `1.0` are, and so are lists and objects of such.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (Num::new(one), Num::new(other)) {
            (Some(one), Some(other)) => one.compare(other) == Ordering::Equal,
            _ => false,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        (one, other) => one == other,
    }
}

/// A bound, and whether it is itself outside.
type Bound = Option<(Num, bool)>;

/// What is asked of a number.
#[derive(Default)]
struct Range {
    low: Bound,
    high: Bound,
    /// All divisors that are integers, as one; nothing where there is none.
    step: Option<i128>,
    /// Divisors that must not divide.
    undivided: Vec<i128>,
    /// Other divisors.
    parts: Vec<f64>,
    /// How many single values are left out.
    excluded: usize,
}

impl Range {
    fn of(prover: &Prover, lits: &[Lit]) -> Self {
        let mut range = Self::default();
        for lit in lits {
            match (&*prover.atoms.get(lit.id), lit.holds) {
                (Atom::Low { bound, open }, true) => range.raise(*bound, *open),
                (Atom::High { bound, open }, false) => range.raise(*bound, !open),
                (Atom::High { bound, open }, true) => range.lower(*bound, *open),
                (Atom::Low { bound, open }, false) => range.lower(*bound, !open),
                (Atom::Multiple(Num::Integer(step)), true) if (1..=EXACT_MAX).contains(step) => {
                    // A product past what is exact is left at one of its parts: a weaker demand, never a wrong one.
                    let both = lcm(range.step.unwrap_or(1), *step).filter(|both| *both <= EXACT_MAX);
                    range.step = Some(both.unwrap_or(*step));
                }
                (Atom::Multiple(Num::Integer(step)), false) => range.undivided.push(*step),
                (Atom::Multiple(part), true) => range.parts.push(part.double()),
                (Atom::Among(values), false) => range.excluded += values.len(),
                _ => {}
            }
        }
        range
    }

    fn raise(&mut self, bound: Num, open: bool) {
        let closer = self
            .low
            .is_none_or(|(low, was_open)| bound.compare(low).then(open.cmp(&was_open)) == Ordering::Greater);
        if closer {
            self.low = Some((bound, open));
        }
    }

    fn lower(&mut self, bound: Num, open: bool) {
        let closer = self
            .high
            .is_none_or(|(high, was_open)| bound.compare(high).then(was_open.cmp(&open)) == Ordering::Less);
        if closer {
            self.high = Some((bound, open));
        }
    }
}

fn lcm(one: i128, other: i128) -> Option<i128> {
    let (mut a, mut b) = (one, other);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (one / a).checked_mul(other)
}

/// The smallest integer from this bound on, of those that `step` divides; None where it is out of reach.
fn first(bound: Num, open: bool, step: i128) -> Option<i128> {
    let from = match bound {
        Num::Integer(bound) => bound.checked_add(i128::from(open))?,
        Num::Real(bits) => {
            let ceiling = f64::from_bits(bits).ceil();
            (ceiling.abs() < LARGE).then_some(ceiling as i128)?
        }
    };
    let rest = from.rem_euclid(step);
    if rest == 0 { Some(from) } else { from.checked_add(step - rest) }
}

fn negated(bound: Num) -> Num {
    match bound {
        Num::Integer(integer) => Num::Integer(-integer),
        Num::Real(bits) => Num::Real((-f64::from_bits(bits)).to_bits()),
    }
}

fn gap() -> Outcome {
    Outcome::gap(Gap::here(
        "no number was found that one side takes and the other doesn't, and none was ruled out",
        "say `minimum`, `maximum` or the same `multipleOf` on both sides",
    ))
}

/// An integer of which all these hold.
pub(super) fn integer(prover: &mut Prover, lits: &[Lit]) -> Outcome {
    let range = Range::of(prover, lits);
    let step = range.step.unwrap_or(1);
    if range.undivided.iter().any(|part| (1..=EXACT_MAX).contains(part) && step % part == 0) {
        return Outcome::Empty;
    }
    let low = range.low.map(|(bound, open)| first(bound, open, step));
    let high = range.high.map(|(bound, open)| first(negated(bound), open, step).map(|high| -high));
    let tries = (range.excluded + CONTAIN_TRIES_MAX) as i128;
    let (from, to, all) = match (low, high) {
        (Some(Some(low)), Some(Some(high))) if low > high => return Outcome::Empty,
        (Some(Some(low)), Some(Some(high))) => {
            let all = (high - low) / step < tries;
            (low, high, all)
        }
        (Some(Some(low)), _) => (low, i128::MAX, false),
        (_, Some(Some(high))) => (i128::MIN, high, false),
        _ => (0, i128::MAX, false),
    };
    let mut sure = all;
    for index in 0..tries {
        let up = from.checked_add(index * step).filter(|value| from != i128::MIN && *value <= to);
        let down = to.checked_sub(index * step).filter(|value| to != i128::MAX && *value >= from);
        if up.is_none() && down.is_none() {
            break;
        }
        for value in up.into_iter().chain(down).filter_map(|value| Num::Integer(value).value()) {
            match prover.hold(lits, &value) {
                Some(true) => return Outcome::Value(value),
                Some(false) => {}
                None => sure = false,
            }
        }
    }
    // Whether a part such as 0.1 divides is the validator's to say, and it may differ in how a number is written.
    let written = range.parts.is_empty() && undivided_parts(prover, lits);
    if sure && written { Outcome::Empty } else { prover.spent().unwrap_or_else(gap) }
}

fn undivided_parts(prover: &Prover, lits: &[Lit]) -> bool {
    lits.iter().all(|lit| !matches!(&*prover.atoms.get(lit.id), Atom::Multiple(Num::Real(_))))
}

/// A number that is no integer, of which all these hold.
pub(super) fn fraction(prover: &mut Prover, lits: &[Lit]) -> Outcome {
    let range = Range::of(prover, lits);
    if range.step.is_some() {
        return Outcome::Empty;
    }
    if let (Some((low, low_open)), Some((high, high_open))) = (range.low, range.high) {
        match low.compare(high) {
            Ordering::Greater => return Outcome::Empty,
            Ordering::Equal if low_open || high_open || low.is_integer() => return Outcome::Empty,
            Ordering::Equal => {
                let only = low.value().unwrap_or_default();
                return match prover.hold(lits, &only) {
                    Some(true) => Outcome::Value(only),
                    Some(false) if undivided_parts(prover, lits) => Outcome::Empty,
                    _ => gap(),
                };
            }
            Ordering::Less => {}
        }
    }
    let (low, high) = (range.low.map(|(low, _)| low.double()), range.high.map(|(high, _)| high.double()));
    let near = |bound: f64| [bound, bound + 0.5, bound - 0.5, bound + 0.001, bound - 0.001];
    let mut tries = vec![0.5, -0.5];
    tries.extend(low.into_iter().flat_map(near));
    tries.extend(high.into_iter().flat_map(near));
    if let (Some(low), Some(high)) = (low, high) {
        tries.extend((1..8).map(|part| low + (high - low) * f64::from(part) / 7.3));
    }
    for part in &range.parts {
        let from = low.or(high).map_or(0.0, |bound| (bound / part).round());
        tries.extend((-20..20).map(|index| (from + f64::from(index)) * part));
    }
    let start = low.unwrap_or_else(|| high.map_or(0.5, |high| high - 1e6)).floor();
    let more = u32::try_from(range.excluded.min(1000)).unwrap_or(0);
    tries.extend((0..=more).map(|index| start + f64::from(index) + 0.5));
    for value in tries.into_iter().filter(|value| value.fract() != 0.0) {
        let Some(value) = Number::from_f64(value).map(Value::Number) else { continue };
        if Kinds::of(&value) == Kinds::FRACTION && prover.hold(lits, &value) == Some(true) {
            return Outcome::Value(value);
        }
    }
    prover.spent().unwrap_or_else(gap)
}
