//! Amounts as people type them: counts, times, money, moments.

use handfast_events::{Money, Timestamp};

/// Reads `12`, `200k` or `1M`.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no count: write it like 12, 200k or 1M");
    let (digits, scale) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('M').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(scale)).ok_or_else(wrong)
}

/// Reads `90s`, `10m`, `4h` or `1d`, to milliseconds.
pub(crate) fn time_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time: write it like 90s, 10m, 4h or 1d");
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let read =
        |(unit, scale): &(&str, u64)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*scale);
    units.iter().find_map(read).ok_or_else(wrong)
}

/// Reads `5USD` or `0.50 USD`.
pub(crate) fn money(text: &str) -> Result<Money, String> {
    text.parse().map_err(|error: handfast_events::ParseMoneyError| error.to_string())
}

/// Reads `2h` (ago), or a moment such as `2026-11-21T06:00:00Z` or `2026-11-21`.
pub(crate) fn since(text: &str) -> Result<Timestamp, String> {
    let wrong =
        || format!("`{text}` is no moment: write it like 2h (ago), 2026-11-21 or 2026-11-21T06:00:00Z");
    if let Ok(ms) = time_ms(text) {
        let ago = i64::try_from(ms).map_err(|_| wrong())?;
        let now = handfast_host::now().as_millisecond();
        return Timestamp::from_millisecond(now.saturating_sub(ago)).map_err(|_| wrong());
    }
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    day.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

/// Reads `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` is no setting: write NAME=VALUE"))?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_contracts_write_them_and_nothing_else_is() {
        assert_eq!((count("12"), count("200k"), count("1M")), (Ok(12), Ok(200_000), Ok(1_000_000)));
        assert_eq!(
            (time_ms("90s"), time_ms("10m"), time_ms("1d")),
            (Ok(90_000), Ok(600_000), Ok(86_400_000))
        );
        assert_eq!(money("5USD").map(Money::nano_usd), Ok(5_000_000_000));
        for wrong in ["", "k", "-1", "1.5", "99999999999999999999", "18446744073709551615M"] {
            assert!(count(wrong).is_err(), "{wrong}");
            assert!(time_ms(&format!("{wrong}h")).is_err(), "{wrong}h");
        }
        assert!(money("5").is_err() && money("5EUR").is_err());
        assert_eq!(since("2026-11-21"), since("2026-11-21T00:00:00Z"));
        assert!(since("yesterday").is_err());
    }
}
