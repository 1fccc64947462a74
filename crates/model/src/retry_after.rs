//! How long a provider asks to be left alone, in milliseconds, wherever it says so.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use regex::Regex;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::limits::RETRY_AFTER_MS_MAX;

/// What headers and message say: the header in milliseconds, then `Retry-After` in seconds or as a date (against the
/// provider's own clock: its `Date` header), then the words `try again in 1.5s`.
pub(crate) fn retry_after_ms(headers: &HeaderMap, message: &str) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = text("retry-after-ms")
        .and_then(|text| milliseconds(text, 1.0))
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(|text| milliseconds(text, 1000.0)))
        .or_else(|| until(text(RETRY_AFTER.as_str())?, text(DATE.as_str())?))
        .or_else(|| in_words(message))?;
    Some(wait.min(RETRY_AFTER_MS_MAX))
}

fn milliseconds(text: &str, unit: f64) -> Option<u64> {
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and not negative; it saturates"
    )]
    Some((number * unit).ceil() as u64)
}

fn until(date: &str, now: &str) -> Option<u64> {
    let (date, now): (SystemTime, SystemTime) =
        (httpdate::parse_http_date(date).ok()?, httpdate::parse_http_date(now).ok()?);
    let wait = date.duration_since(now).unwrap_or(Duration::ZERO);
    u64::try_from(wait.as_millis()).ok()
}

/// The forms of OpenAI (`6m0s`, `1.5s`, `20ms`), Azure (`35 seconds`) and Google (`retry in 12.3s`): milliseconds,
/// minutes with seconds, minutes, seconds.
const WORDS: &str = r"(?ix) (?: try\ again | retry )\ in\s* (?:
    (?<ms> \d+ (?:\.\d+)? ) \s* (?: ms | milliseconds? ) \b
  | (?<both> \d+ ) \s* m (?: in (?:ute)? s? )? \s* (?<rest> \d+ (?:\.\d+)? ) \s* s
  | (?<min> \d+ ) \s* m (?: in (?:ute)? s? )? \b
  | (?<sec> \d+ (?:\.\d+)? ) \s* s (?: ec (?:ond)? s? )? \b )";

fn in_words(message: &str) -> Option<u64> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let found = PATTERN.get_or_init(|| Regex::new(WORDS).ok()).as_ref()?.captures(message)?;
    let part = |name: &str, unit: f64| found.name(name).and_then(|text| milliseconds(text.as_str(), unit));
    let parts =
        [part("ms", 1.0), part("both", 60_000.0), part("rest", 1e3), part("min", 60_000.0), part("sec", 1e3)];
    Some(parts.into_iter().flatten().fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_found_wherever_it_stands() {
        let date = "Sat, 21 Nov 2026 06:00:00 GMT";
        for (headers, message, expected) in [
            (&[("retry-after-ms", "1500"), ("retry-after", "7")][..], "", Some(1500)),
            (&[("retry-after", "7")], "try again in 1s", Some(7000)),
            (&[("retry-after", "0.25")], "", Some(250)),
            (&[("retry-after", "Sat, 21 Nov 2026 06:00:30 GMT"), ("date", date)], "", Some(30_000)),
            (&[("retry-after", "Sat, 21 Nov 2026 05:00:00 GMT"), ("date", date)], "", Some(0)),
            (&[("retry-after", "Sat, 21 Nov 2026 06:00:30 GMT")], "", None),
            (&[("retry-after", "-3")], "", None),
            (&[("retry-after", "1e300")], "", Some(RETRY_AFTER_MS_MAX)),
            (&[], "Please try again in 11.054s. Visit …", Some(11_054)),
            (&[], "Please try again in 6m0s.", Some(360_000)),
            (&[], "please try again in 20ms", Some(20)),
            (&[], "try again in 5 minutes", Some(300_000)),
            (&[], "try again in 5 more turns", None),
            (&[], "Try again in 35 seconds", Some(35_000)),
            (&[], "Please retry in 12.5s.", Some(12_500)),
            (&[], "please try again in a while", None),
            (&[], "", None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(retry_after_ms(&map, message), expected, "{headers:?} {message}");
        }
    }
}
