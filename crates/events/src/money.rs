//! Money: whole billionths of a US dollar, so that sums are exact in memory and in SQL.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An amount in nano US dollars. Written as a decimal string with its currency: `0.25 USD`.
///
/// ```
/// use handfast_events::Money;
/// let price: Money = "0.25 USD".parse().unwrap();
/// assert_eq!(price.nano_usd(), 250_000_000);
/// assert_eq!(price.to_string(), "0.25 USD");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// This many billionths of a dollar.
    pub const fn from_nano_usd(nano: i64) -> Self {
        Self(nano)
    }

    /// Billionths of a dollar.
    pub const fn nano_usd(self) -> i64 {
        self.0
    }

    /// The sum; an amount past what fits stays at the largest, so that no ceiling is ever passed by wrapping.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; saturates like [`Money::plus`].
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = self.0.unsigned_abs();
        let (whole, part) = (nano / 1_000_000_000, nano % 1_000_000_000);
        let part = format!("{part:09}");
        // Two digits at least, as people write money; the rest only where it says something.
        let trimmed = part.trim_end_matches('0');
        let shown = if trimmed.len() < 2 { part.get(..2).unwrap_or("00") } else { trimmed };
        write!(f, "{sign}{whole}.{shown} USD")
    }
}

/// The text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no amount of money: write it like `0.50 USD`")]
pub struct ParseMoneyError(String);

impl std::str::FromStr for Money {
    type Err = ParseMoneyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseMoneyError(text.chars().take(80).collect());
        let digits = text.trim().strip_suffix("USD").ok_or_else(wrong)?.trim();
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 9 {
            return Err(wrong());
        }
        let whole: i64 = whole.parse().map_err(|_| wrong())?;
        let part: i64 = format!("{part:0<9}").parse().map_err(|_| wrong())?;
        let nano =
            whole.checked_mul(1_000_000_000).and_then(|nano| nano.checked_add(part)).ok_or_else(wrong)?;
        Ok(Self(nano))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
