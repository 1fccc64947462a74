//! Text as a terminal may be given it: nothing that a model or a tool wrote can move the cursor, hide or turn round.

use std::borrow::Cow;
use std::fmt::Write as _;

/// How a view is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone: for pipes, files and NO_COLOR.
    Plain,
    /// With ANSI colours: for terminals.
    Colour,
}

/// Spells out every character that does something to a terminal or can't be seen: `\n`, `\u{1b}`, `\u{202e}`.
///
/// ```
/// use handfast_report::visible;
/// assert_eq!(visible("paid\u{1b}[2K \u{202e}0001"), r"paid\u{1b}[2K \u{202e}0001");
/// assert_eq!(visible("Ada Löwe ✓"), "Ada Löwe ✓");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // Writing to a string can't fail.
            c if is_hidden(c) => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Controls, what turns the direction of writing, and what takes no room: each could make a line say another thing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// A character's columns: combining marks take none, East Asian wide ones and most pictures two.
const fn char_width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1100}'..='\u{115e}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{33ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{a000}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// The text within this many columns; what is cut ends with `…`.
pub(crate) fn shorten(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let (mut used, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        used += char_width(c);
        if used >= columns {
            break;
        }
        end = at + c.len_utf8();
    }
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default().trim_end()))
}

/// Breaks a text at spaces into lines of this many columns; the last of them says where something was left out.
pub(crate) fn wrap(text: &str, columns: usize, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let is_full = !line.is_empty() && width(&line) + 1 + width(word) > columns;
        if is_full {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    let is_cut = lines.len() > lines_max;
    lines.truncate(lines_max);
    if let Some(last) = lines.last_mut().filter(|_| is_cut) {
        last.push_str(" …");
    }
    lines.iter().map(|line| shorten(line, columns).into_owned()).collect()
}

/// The same for what must be seen whole: a word that is wider than a line goes on in the next one.
pub(crate) fn wrap_whole(text: &str, columns: usize, lines_max: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ') {
        let is_full = used > 0 && used + width(word.trim_end()) > columns;
        if is_full {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        for c in word.chars() {
            let wide = char_width(c);
            if used + wide > columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    lines.push(line.trim_end().to_owned());
    if lines.len() > lines_max {
        lines.truncate(lines_max);
        lines.push("… (cut here: `handfast trace RUN --json` shows all of it)".to_owned());
    }
    lines
}

/// A JSON value on one line, cut where it is too long to be looked at.
pub(crate) fn json(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(crate::limits::VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A count with its thousands parted: `12,345`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Something with its number: `1 retry`, `2 retries`.
pub(crate) fn number_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A time as people say it: `12 ms`, `3.4 s`, `2 m 05 s`.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} m {:02} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {:02} m", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// A time (UTC) as people say it who look at `now`: with its day only where that is another one.
pub(crate) fn moment(at: handfast_events::Timestamp, now: handfast_events::Timestamp) -> String {
    let day = |time: handfast_events::Timestamp| time.strftime("%Y-%m-%d").to_string();
    let format = if day(at) == day(now) { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.strftime(format).to_string()
}

/// Money in a column: to a hundredth of a cent, and never nothing where it was something.
pub(crate) fn cost(money: handfast_events::Money) -> String {
    match money.nano_usd() {
        0 => "0.00 USD".into(),
        1..50_000 => "<0.0001 USD".into(),
        nano => {
            let shown = (nano.unsigned_abs() + 50_000) / 100_000;
            format!("{}{}.{:04} USD", if nano < 0 { "-" } else { "" }, shown / 10_000, shown % 10_000)
        }
    }
}

/// A word of a shell: quoted where the shell would read more into it.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@,+=~".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('~') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use handfast_events::Money;

    use super::{cost, count, duration, shell_word, shorten, visible, width, wrap, wrap_whole};

    #[test]
    fn nothing_hidden_reaches_a_terminal() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            let shown = visible(&text);
            let is_format = matches!(u32::from(c), 0..=0x1f | 0x7f..=0x9f | 0xad | 0x200b..=0x200f | 0x202a..=0x202e
                | 0x2066..=0x2069 | 0xfeff | 0xe0001..=0xe007f);
            assert!(!is_format || shown.starts_with('\\'), "U+{:04X} is shown as itself", u32::from(c));
            assert!(shown.chars().all(|c| !c.is_control()));
        }
    }

    #[test]
    fn a_line_never_takes_more_columns_than_it_was_given() {
        for text in [
            "",
            "a",
            "Wo ist mein Paket?",
            "注文はどこですか",
            "e\u{301}e\u{301}e\u{301}e\u{301}",
            "📦📦📦📦📦",
        ] {
            for columns in 0..12 {
                assert!(width(&shorten(text, columns)) <= columns, "{text} in {columns}");
                assert!(
                    wrap(text, columns, 2).iter().all(|line| width(line) <= columns),
                    "{text} in {columns}"
                );
            }
        }
        assert_eq!(wrap_whole("ab{\"c\":\"12345678\"} d", 8, 9), ["ab{\"c\":\"", "12345678", "\"} d"]);
        assert_eq!(wrap("one two three four", 9, 9), ["one two", "three", "four"]);
        assert_eq!(wrap("one two three four", 9, 2), ["one two", "three …"]);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let times = [7, 1_000, 59_999, 65_000, 3_660_000].map(duration);
        assert_eq!(times, ["7 ms", "1.0 s", "59.9 s", "1 m 05 s", "1 h 01 m"]);
        let moments = [62, 172_800].map(|second| {
            super::moment(handfast_events::Timestamp::new(second, 0).unwrap(), Default::default())
        });
        assert_eq!(moments, ["00:01:02", "1970-01-03 00:00:00"]);
        let money =
            [0, 1, 1_230_000, 2_500_000_000, -10_000_000].map(|nano| cost(Money::from_nano_usd(nano)));
        assert_eq!(money, ["0.00 USD", "<0.0001 USD", "0.0012 USD", "2.5000 USD", "-0.0100 USD"]);
        assert_eq!(["resolve@1.0", "it's", ""].map(shell_word), ["resolve@1.0", r"'it'\''s'", "''"]);
    }
}
