//! Values that are no JSON: money, points in time, durations. Read from texts, compared and added exactly, and written
//! back as texts where they are kept. Knows no clock and no rate of exchange.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Special {
    /// Billionths of one unit of a currency, which has three letters.
    Money {
        nano: i128,
        currency: Box<str>,
    },
    Time(Timestamp),
    /// Nanoseconds.
    Duration(i128),
}

const SECOND: i128 = 1_000_000_000;
/// A thousand million millions of anything: nobody's money, and far from overflow.
const NANO_MAX: i128 = 1_000_000_000_000_000 * SECOND;

impl Special {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Money { .. } => "an amount of money",
            Self::Time(_) => "a time",
            Self::Duration(_) => "a duration",
        }
    }

    /// How the two stand to each other.
    ///
    /// # Errors
    /// Different currencies have no order, and neither have values of different kinds.
    pub(super) fn order(&self, other: &Self) -> Result<Ordering, String> {
        match (self, other) {
            (Self::Money { nano, .. }, Self::Money { nano: others, .. }) => {
                self.same_currency(other)?;
                Ok(nano.cmp(others))
            }
            (Self::Time(time), Self::Time(other)) => Ok(time.cmp(other)),
            (Self::Duration(nano), Self::Duration(other)) => Ok(nano.cmp(other)),
            _ => Err(format!("{} and {} have no order between them", self.kind(), other.kind())),
        }
    }

    fn same_currency(&self, other: &Self) -> Result<(), String> {
        match (self, other) {
            (Self::Money { currency, .. }, Self::Money { currency: others, .. }) if currency != others => {
                Err(format!("{currency} and {others} can't be compared or added: nobody said at which rate"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Result<Self, String> {
        match (self, other) {
            (Self::Money { nano, currency }, Self::Money { nano: others, .. }) => {
                self.same_currency(other)?;
                Ok(Self::Money { nano: fitting(nano + others)?, currency: currency.clone() })
            }
            (Self::Duration(nano), Self::Duration(others)) => Ok(Self::Duration(fitting(nano + others)?)),
            (Self::Time(time), Self::Duration(nano)) | (Self::Duration(nano), Self::Time(time)) => {
                Timestamp::from_nanosecond(time.as_nanosecond() + nano)
                    .map(Self::Time)
                    .map_err(|_| "the time is out of range".to_owned())
            }
            _ => Err(format!("{} and {} can't be computed together", self.kind(), other.kind())),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Result<Self, String> {
        match (self, other) {
            (Self::Time(time), Self::Time(other)) => {
                Ok(Self::Duration(time.as_nanosecond() - other.as_nanosecond()))
            }
            (_, Self::Money { nano, currency }) => {
                self.plus(&Self::Money { nano: -nano, currency: currency.clone() })
            }
            (Self::Money { .. } | Self::Time(_) | Self::Duration(_), Self::Duration(nano)) => {
                self.plus(&Self::Duration(-nano))
            }
            _ => Err(format!("{} and {} can't be computed together", self.kind(), other.kind())),
        }
    }
}

fn fitting(nano: i128) -> Result<i128, String> {
    if nano.abs() <= NANO_MAX { Ok(nano) } else { Err("the amount is out of range".to_owned()) }
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money { nano, currency } => write!(f, "{} {currency}", decimal(*nano, 2)),
            Self::Time(time) => write!(f, "{time}"),
            Self::Duration(nano) => write!(f, "{}s", decimal(*nano, 0)),
        }
    }
}

/// Billionths as a decimal number with at least this many digits behind the point.
fn decimal(nano: i128, least: usize) -> String {
    let sign = if nano < 0 { "-" } else { "" };
    let (whole, part) = (nano.unsigned_abs() / 1_000_000_000, nano.unsigned_abs() % 1_000_000_000);
    let part = format!("{part:09}");
    let kept = part.trim_end_matches('0').len().max(least);
    match part.get(..kept).filter(|digits| !digits.is_empty()) {
        Some(digits) => format!("{sign}{whole}.{digits}"),
        None => format!("{sign}{whole}"),
    }
}

/// Digits with an optional part behind a point, as billionths.
fn billionths(text: &str) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 || whole.len() > 18 {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let part: i128 = format!("{part:0<9}").parse().ok()?;
    Some(whole * SECOND + part).filter(|nano| *nano <= NANO_MAX)
}

/// `0.50 USD`: exact decimals, up to nine behind the point.
///
/// # Errors
/// What is wrong, and how it is written.
pub(super) fn money(text: &str) -> Result<Special, String> {
    let wrong = || format!("`{}` is no amount of money: write it like `0.50 USD`", cut(text));
    let (amount, currency) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let (negative, digits) = match amount.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, amount),
    };
    let currency = currency.trim_start();
    if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(wrong());
    }
    let nano = billionths(digits).ok_or_else(wrong)?;
    Ok(Special::Money { nano: if negative { -nano } else { nano }, currency: currency.into() })
}

/// RFC 3339, with its zone: `2026-11-21T09:00:00Z`.
///
/// # Errors
/// What is wrong, and how it is written.
pub(super) fn time(text: &str) -> Result<Special, String> {
    let time = text.trim().parse::<Timestamp>();
    time.map(Special::Time).map_err(|_| {
        format!("`{}` is no time: write it like `2026-11-21T09:00:00Z`, with its zone", cut(text))
    })
}

/// `90s`, `1h30m`, `-1.5h`: numbers with `ms`, `s`, `m`, `h` or `d`, added up. A day has 24 hours.
///
/// # Errors
/// What is wrong, and how it is written.
pub(super) fn duration(text: &str) -> Result<Special, String> {
    let wrong = || format!("`{}` is no duration: write it like `90s`, `1h30m` or `7d`", cut(text));
    let (negative, mut rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim()),
    };
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut nano: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.').ok_or_else(wrong)?;
        let (number, behind) = rest.split_at(end);
        let unit_end = behind.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit_end);
        let each_milli: i128 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = billionths(number).ok_or_else(wrong)?;
        nano = fitting(nano + part * each_milli / 1_000)?;
        rest = next;
    }
    Ok(Special::Duration(if negative { -nano } else { nano }))
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
