//! How long a server asks to be left alone.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// What `Retry-After` says, in milliseconds: seconds, or a date against the server's own clock (its `Date`).
pub(crate) fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let said = text(RETRY_AFTER)?;
    match said.parse::<u64>() {
        Ok(seconds) => Some(seconds.saturating_mul(1000)),
        Err(_) => until(said, text(DATE)?),
    }
}

fn until(date: &str, now: &str) -> Option<u64> {
    let (date, now): (SystemTime, SystemTime) =
        (httpdate::parse_http_date(date).ok()?, httpdate::parse_http_date(now).ok()?);
    let wait = date.duration_since(now).unwrap_or(Duration::ZERO);
    u64::try_from(wait.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let said = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
            });
            retry_after_ms(&headers.collect())
        };
        let now = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(said(&[("retry-after", "7")]), Some(7000));
        assert_eq!(said(&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"), now]), Some(30_000));
        assert_eq!(said(&[("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT"), now]), Some(0));
        assert_eq!(said(&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")]), None);
        assert_eq!(said(&[("retry-after", "soon")]), None);
        assert_eq!(said(&[]), None);
    }
}
