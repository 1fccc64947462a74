//! Literals of the language: times, counts, money.

use std::time::Duration;

use crate::limits::SECONDS_MAX;

/// Reads a time: `250ms`, `10s`, `5m`, `4h`, `1d`.
///
/// # Errors
/// What is wrong, and how it is written.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let wrong = || format!("`{text}` is no time: write it like `250ms`, `10s`, `5m`, `4h` or `1d`");
    let millis_each: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = number.checked_mul(millis_each).filter(|millis| *millis <= SECONDS_MAX * 1_000);
    match millis {
        None => Err(format!("`{text}` is longer than ten years, the longest time that can be written")),
        Some(0) => Err(format!("`{text}` is no time at all: it must be longer than nothing")),
        Some(millis) => Ok(Duration::from_millis(millis)),
    }
}

/// Reads a count: `12`, `200k`, `1M`.
///
/// # Errors
/// What is wrong, and how it is written.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let wrong = || format!("`{text}` is no count: write it like `12`, `200k` or `1M`");
    let times: u64 = match unit {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(times).filter(|count| i64::try_from(*count).is_ok()) {
        None => Err(format!("`{text}` is more than can be counted")),
        Some(0) => Err(format!("`{text}` would allow nothing at all: it must be 1 or more")),
        Some(count) => Ok(count),
    }
}

/// The digits and what follows them.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, millis) in
            [("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("4h", 14_400_000), ("1d", 86_400_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "10",
            "s",
            "1.5s",
            "-1s",
            "10 s",
            "1y",
            "0s",
            "99999999999999999999s",
            "9999d",
            "18446744073709551615d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts() {
        for (text, number) in [("12", 12), ("200k", 200_000), ("1M", 1_000_000)] {
            assert_eq!(count(text), Ok(number), "{text}");
        }
        for text in [
            "",
            "k",
            "1K",
            "1.5k",
            "-1",
            "0",
            "1m",
            "99999999999999999999",
            "18446744073709551615",
            "9223372036855M",
        ] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
