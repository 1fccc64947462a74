//! Literals of the language: times, counts, rates. Money reads itself.

use std::time::Duration;

use crate::Rate;
use crate::limits::{RATE_MAX, SECONDS_MAX};

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

/// Reads a rate: `10/s`, `60/m`, `1k/h`, `500/d`.
///
/// # Errors
/// What is wrong, and how it is written.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || {
        format!("`{text}` is no rate: write how many in which time, like `10/s`, `60/m`, `1k/h` or `500/d`")
    };
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number = number.trim();
    if !number.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    let count = count(number)?;
    if count > RATE_MAX {
        return Err(format!(
            "`{text}` is more than a rate counts: {RATE_MAX} is the most, in whichever time"
        ));
    }
    Ok(Rate { count, per: Duration::from_secs(seconds) })
}

/// Reads how far apart things are: `every 30s`.
///
/// # Errors
/// What is wrong, and how it is written.
pub(crate) fn every(text: &str) -> Result<Duration, String> {
    if let Some(time) = text.strip_prefix("every ") {
        return duration(time.trim());
    }
    match duration(text) {
        Ok(_) => Err(format!("`{text}` says how long, and not that it is a distance: write `every {text}`")),
        Err(_) => Err(format!("`{text}` doesn't say how far apart: write it like `every 30s` or `every 5m`")),
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
    fn rates() {
        for (text, count, seconds, said) in [
            ("10/s", 10, 1, "10/s"),
            ("60 / m", 60, 60, "60/m"),
            ("1k/h", 1_000, 3_600, "1000/h"),
            ("1M/d", 1_000_000, 86_400, "1000000/d"),
        ] {
            let read = rate(text).unwrap();
            assert_eq!(read, Rate { count, per: Duration::from_secs(seconds) }, "{text}");
            assert_eq!(read.to_string(), said);
            assert_eq!(rate(said), Ok(read));
        }
        for text in [
            "",
            "60",
            "60/",
            "/m",
            "0/m",
            "60/min",
            "60/2m",
            "-1/s",
            "1.5/s",
            "60 per m",
            "2M/s",
            "99999999999999999999/s",
        ] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_slower_of_two_rates_is_the_less() {
        let ascending = ["1/d", "1/h", "1/m", "59/m", "1/s", "60/m", "3600/h", "61/m", "2/s", "1000/s"];
        let rates: Vec<Rate> = ascending.iter().map(|text| rate(text).unwrap()).collect();
        assert!(rates.is_sorted_by(|one, next| one < next), "{rates:?}");
    }

    #[test]
    fn distances() {
        assert_eq!(every("every 30s"), Ok(Duration::from_secs(30)));
        for (text, told) in [
            ("30s", "write `every 30s`"),
            ("every", "doesn't say"),
            ("every 0s", "longer than nothing"),
            ("true", "doesn't say"),
        ] {
            assert!(every(text).unwrap_err().contains(told), "{text}");
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
