//! How long a provider asks to be left alone, in milliseconds, wherever it says so.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use regex::Regex;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::limits::RETRY_AFTER_MS_MAX;
use crate::trouble::ProviderError;

/// What headers and body say: the header in milliseconds, then `Retry-After` in seconds or as a date (against the
/// provider's own clock: its `Date` header), then Google's `retryDelay`, then the words `try again in 1.5s`. A 429
/// without any of these is waited for until the allowance that is used up is full again.
pub(crate) fn retry_after_ms(headers: &HeaderMap, error: &ProviderError) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = text("retry-after-ms")
        .and_then(|text| milliseconds(text, 1.0))
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(|text| milliseconds(text, 1000.0)))
        .or_else(|| until(text(RETRY_AFTER.as_str())?, text(DATE.as_str())?))
        .or_else(|| span(error.retry_delay.as_deref()?))
        .or_else(|| in_words(&error.message))
        .or_else(|| if error.status == Some(429) { until_allowed(text) } else { None })?;
    Some(wait.min(RETRY_AFTER_MS_MAX))
}

/// Allowances as headers name them: how much remains, and when it is full again.
const ALLOWANCES: [(&str, &str); 6] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
];

/// The longest wait for an allowance of which nothing remains: a span (`6m0s`), or a time against the `Date` header.
fn until_allowed<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Option<u64> {
    let used_up = ALLOWANCES.iter().filter(|(remaining, _)| text(remaining) == Some("0"));
    let waits = used_up.filter_map(|(_, reset)| {
        let reset = text(reset)?;
        span(reset).or_else(|| {
            let at: SystemTime = reset.parse::<jiff::Timestamp>().ok()?.into();
            wait(at, httpdate::parse_http_date(text(DATE.as_str())?).ok()?)
        })
    });
    waits.max()
}

/// A span as Go and Google write it: `6m0s`, `20ms`, `34.07s`.
fn span(text: &str) -> Option<u64> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    u64::try_from(span.as_millis()).ok()
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
    wait(httpdate::parse_http_date(date).ok()?, httpdate::parse_http_date(now).ok()?)
}

fn wait(until: SystemTime, now: SystemTime) -> Option<u64> {
    u64::try_from(until.duration_since(now).unwrap_or(Duration::ZERO).as_millis()).ok()
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
            let error = ProviderError { message: message.into(), ..ProviderError::default() };
            assert_eq!(retry_after_ms(&map, &error), expected, "{headers:?} {message}");
        }
    }

    #[test]
    fn an_allowance_that_is_used_up_is_waited_for_where_nothing_else_is_said() {
        let date = ("date", "Sat, 21 Nov 2026 06:00:00 GMT");
        let reset = ("anthropic-ratelimit-tokens-reset", "2026-11-21T06:00:12Z");
        let open = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")];
        for (status, headers, expected) in [
            (429, &open[..], Some(360_000)),
            (503, &open, None),
            (429, &[open[0], open[1], ("retry-after", "2")], Some(2000)),
            (429, &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "20ms")], Some(20)),
            (429, &[("x-ratelimit-remaining-tokens", "7"), ("x-ratelimit-reset-tokens", "20ms")], None),
            (429, &[("anthropic-ratelimit-tokens-remaining", "0"), reset, date], Some(12_000)),
            (429, &[("anthropic-ratelimit-tokens-remaining", "0"), reset], None),
            (429, &[("anthropic-ratelimit-tokens-remaining", "900"), reset, date], None),
            (429, &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "soon")], None),
        ] {
            let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let error = ProviderError { status: Some(status), ..ProviderError::default() };
            assert_eq!(retry_after_ms(&map.collect(), &error), expected, "{status} {headers:?}");
        }
        let delayed = serde_json::json!({"error": {"code": 429, "details": [{"@type": "type.googleapis.com/google.rpc.Help"}, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]}});
        let error = ProviderError::of(Some(429), &delayed);
        assert_eq!(retry_after_ms(&HeaderMap::new(), &error), Some(34_070));
    }
}
