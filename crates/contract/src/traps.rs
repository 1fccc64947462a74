//! Where YAML reads something else than its author meant: said with the fix, instead of with the parser's words.

use std::ops::Range;

use crate::code;
use crate::diagnostic::Findings;
use crate::limits::SENTENCE_CHARS_MAX;
use crate::yaml::{Kind, Node, Style};

/// Explains a value that begins with a sign that YAML keeps for itself.
pub(crate) fn explain_sign(source: &str, at: Range<usize>, what: &str, findings: &mut Findings) {
    let rest = value_from(source, at.start);
    let sign = source.get(at.clone()).unwrap_or("");
    let behind = rest.strip_prefix(sign).unwrap_or("").trim_start();
    // A sign with a value of its own behind it is YAML's, not the beginning of somebody's text.
    let of_yaml = sign.starts_with('&') && behind.starts_with(['{', '[']) || sign.starts_with("!!");
    let found = findings.error(code::YAML_FEATURE, at, format!("{what}, and a contract has none"));
    if of_yaml {
        found.help(format!("leave `{sign}` out, and write the value where it is meant"));
    } else {
        found.help(format!("quote the text, if it is one: {}", quoted(rest)));
    }
}

/// Explains why the parser stopped: by the trap that the line holds, if it holds one. `open` is where the innermost
/// `{…}` or `[…]` that it was in begins.
pub(crate) fn explain_syntax(
    source: &str,
    at: usize,
    open: Option<usize>,
    info: &str,
    findings: &mut Findings,
) {
    let at = source.floor_char_boundary(at.min(source.len()));
    // The parser notices at the next token, which may be a line further on.
    let end = source.get(..at).map_or(0, |before| before.trim_end().len());
    let place = if source.get(at..).is_none_or(|rest| rest.is_empty() || rest.starts_with(['\n', '\r'])) {
        end
    } else {
        at
    };
    let start = source.get(..place).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1);
    let line = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let span =
        place..place + source.get(place..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let plain = format!("this can't be read as YAML: {info}");
    if is_seen(source, at, open, findings) {
        return;
    }
    if let Some(open) = open.filter(|open| *open < start) {
        let found = findings.error(code::SYNTAX, span, plain);
        found
            .also(open..open + 1, "this is still open")
            .help("close it, or quote the text that it belongs to");
        return;
    }
    let quote = source.get(..place).and_then(|before| before.trim_end().chars().next_back());
    let Some(value) = value_of(line) else {
        let unspaced = line.contains(':') && !line.contains(": ") && !line.trim_end().ends_with(':');
        let help = if unspaced { "put a blank behind the `:` of a key" } else { remedy(info) };
        findings.error(code::SYNTAX, span, plain).help(help);
        return;
    };
    let value_at = start + (value.as_ptr() as usize - line.as_ptr() as usize);
    let value_span = value_at..value_at + value.len();
    let first = value.chars().next().unwrap_or(' ');
    if "!&*@`%|>".contains(first) && !matches!(value, "|" | ">" | "|-" | ">-" | "|+" | ">+")
        || ends_early(value)
    {
        let found = findings.error(
            code::CUT,
            value_span,
            format!("YAML keeps `{first}` at the beginning of a value for itself"),
        );
        found.help(format!("quote it: {}", quoted(value)));
    } else if first_opens(first) && quote.is_some_and(|quote| matches!(quote, '\'' | '"')) {
        let found = findings.error(code::CUT, span, plain);
        found.label("the value ended at the quote before this");
        found.help(
            "a value that begins with a quote is quoted as a whole: `method: \"'refund' + args.kind\"`",
        );
    } else if !first_opens(first) && (value.contains(": ") || value.ends_with(':')) {
        let found =
            findings.error(code::CUT, value_span, "YAML reads the `:` in this value as the end of a key");
        found.help(format!("quote the whole value: {}", quoted(value)));
    } else if first_opens(first) && has_condition(value) {
        let found = findings.error(code::CUT, span, plain);
        found.label("inside `{…}` and `[…]` a comma, a bracket or `: ` ends a plain text");
        found.help("quote each condition that holds one of them: `when: \"x in ['a', 'b']\"`, `\"Order[]\"`");
    } else {
        findings.error(code::SYNTAX, span, plain).help(remedy(info));
    }
}

/// What helps most often with what the parser says.
fn remedy(info: &str) -> &'static str {
    if info.contains("bracket") {
        "give each bracket its partner, or quote the text that it belongs to"
    } else if info.contains("quote") {
        "close the quote, or quote the whole text in the other kind of quotes"
    } else if info.contains("character") || info.contains("escape") {
        "take it out; in double quotes it can be written as an escape, such as `\\t` or `\\u00e9`"
    } else {
        "look at the indentation, the `:` and the quotes of this line and the one above it"
    }
}

/// Tells of what the eye misses, whatever the parser says of it: a tab, a ` #` within a text.
fn is_seen(source: &str, at: usize, open: Option<usize>, findings: &mut Findings) -> bool {
    if let Some(tab) = tab_near(source, at) {
        let found = findings.error(code::SYNTAX, tab, "this can't be read as YAML: a tab indents this line");
        found.help("indent with blanks: YAML takes no tabs there");
        return true;
    }
    if let Some(open) = open
        && let Some(comment) = comment_within(source, open, at)
    {
        let found = findings.error(code::CUT, comment, "YAML takes ` #` for the beginning of a comment");
        found.also(open..open + 1, "so this stays open").help("quote the whole text that it belongs to");
        return true;
    }
    false
}

/// The tab that indents the line where the parser stopped, or the next: it may notice at the end of what stands before.
fn tab_near(source: &str, at: usize) -> Option<Range<usize>> {
    let start = source.get(..at)?.rfind('\n').map_or(0, |line| line + 1);
    let mut begin = start;
    for line in source.get(start..)?.split_inclusive('\n').take(2) {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        if line.get(blanks..)?.starts_with('\t') && !line.trim().is_empty() {
            return Some(begin + blanks..begin + blanks + 1);
        }
        begin += line.len();
    }
    None
}

/// The ` #` that hid the end of what was opened here, where the line before it leaves a quote open.
fn comment_within(source: &str, open: usize, at: usize) -> Option<Range<usize>> {
    let mut begin = open;
    for line in source.get(open..at)?.split_inclusive('\n') {
        if let Some(sign) = line.find(" #")
            && line.get(..sign)?.matches('\'').count() % 2 == 1
        {
            let end = begin + line.trim_end().len();
            return Some(begin + sign + 1..end);
        }
        begin += line.len();
    }
    None
}

/// Whether a value begins with a bracket or quote that closes before the value ends: `[1, 2].size()`, `'a' + b`.
fn ends_early(value: &str) -> bool {
    let mut depth = 0_i64;
    let mut quote = None;
    for (index, letter) in value.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => continue,
            None => match letter {
                '\'' | '"' => quote = Some(letter),
                '[' | '{' => depth += 1,
                ']' | '}' => depth -= 1,
                _ => {}
            },
        }
        if depth == 0 && quote.is_none() {
            // Only what opened at the very beginning counts; a plain first letter ends at once.
            return index > 0 && index + letter.len_utf8() < value.len();
        }
    }
    false
}

fn first_opens(first: char) -> bool {
    matches!(first, '{' | '[' | '"' | '\'')
}

/// Whether a line of flow YAML holds what looks like an unquoted condition or type with brackets.
fn has_condition(value: &str) -> bool {
    let letters: Vec<char> = value.chars().collect();
    let index = |pair: &[char]| matches!(pair, [before, '['] if before.is_alphanumeric() || *before == '_');
    ["(", "in [", " ? ", "&&", "||", "==", "/{", "{args."].iter().any(|sign| value.contains(sign))
        || letters.windows(2).any(index)
}

/// The value of a line `key: value` or `- value`.
fn value_of(line: &str) -> Option<&str> {
    let line = line.split(" #").next()?.trim();
    let line = line.trim_start_matches("- ").trim_start();
    if line.starts_with(['{', '[', '!', '&', '*', '@', '`', '%']) {
        return Some(line);
    }
    let value = line.split_once(": ")?.1.trim();
    (!value.is_empty()).then_some(value)
}

/// What stands from here to the end of the line, without a comment.
fn value_from(source: &str, start: usize) -> &str {
    let line = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let line = line.get(..line.floor_char_boundary(SENTENCE_CHARS_MAX)).unwrap_or(line);
    line.split(" #").next().unwrap_or("").trim_end().trim_end_matches([',', '}', ']']).trim_end()
}

/// The text in the quotes that need the fewest escapes.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) { format!("'{}'", text.replace('\'', "''")) } else { format!("\"{text}\"") }
}

/// What some YAML reader makes of this plain text, if that isn't a text.
pub(crate) fn other_reading(text: &str) -> Option<&'static str> {
    if crate::yaml::is_nothing(text) {
        return Some("nothing");
    }
    if matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off") {
        return Some("a boolean");
    }
    let digits = text.trim_start_matches(['-', '+']);
    let infinite = matches!(digits.to_ascii_lowercase().as_str(), ".inf" | ".nan");
    let numeric =
        |allowed: &str| digits.chars().all(|letter| letter.is_ascii_digit() || allowed.contains(letter));
    let begins = digits.starts_with(|letter: char| letter.is_ascii_digit())
        || digits
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()));
    if infinite || begins && (digits.replace('_', "").parse::<f64>().is_ok() || is_radix(digits)) {
        return Some("a number");
    }
    if begins && is_date(digits) {
        return Some("a date");
    }
    // 12:30:00 is a number of seconds in YAML 1.1.
    if begins && digits.contains(':') && numeric(":._") {
        return Some("a number");
    }
    None
}

fn is_radix(digits: &str) -> bool {
    let hex = |rest: &str| {
        !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '_')
    };
    ["0x", "0o", "0b"].iter().any(|prefix| digits.strip_prefix(prefix).is_some_and(hex))
}

fn is_date(digits: &str) -> bool {
    let mut parts = digits.splitn(3, '-');
    let mut number = |len: Range<usize>| {
        parts
            .next()
            .is_some_and(|part| len.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !(number(4..5) && number(1..3)) {
        return false;
    }
    // A time may follow the day.
    let time = |byte: u8| byte.is_ascii_digit() || b"Tt Zz:.+-".contains(&byte);
    parts
        .next()
        .is_some_and(|day| day.starts_with(|first: char| first.is_ascii_digit()) && day.bytes().all(time))
}

/// Explains a condition that can't be parsed by how YAML cut it, if it did. Says whether it was that.
pub(crate) fn explain_cut(node: &Node, source: &str, findings: &mut Findings) -> bool {
    let Kind::Text { text, style: Style::Plain } = &node.kind else { return false };
    if balanced(text) {
        return false;
    }
    if let Some(comment) = node.comment_behind(source) {
        let span = node.span.start..node.span.end + 2;
        let found = findings.error(code::CUT, span, "YAML cut this condition at ` #`");
        found.label(format!("read as `{text}`; the rest, `{comment}`, became a comment"));
        found.help("quote the whole condition");
        return true;
    }
    if node.in_flow {
        let next =
            source.get(node.span.end..).and_then(|rest| rest.trim_start().chars().next()).unwrap_or(',');
        let message = format!("YAML cut this condition at `{next}`");
        let found = findings.error(code::CUT, node.span.clone(), message);
        found.label(format!("read as `{text}`"));
        found.help("inside `{…}` and `[…]` a comma or bracket ends a plain text: quote the whole condition");
        return true;
    }
    false
}

/// Whether YAML cut this value: unquoted, within `{…}` or `[…]`, and something that it opens never closes.
pub(crate) fn was_cut(node: &Node) -> bool {
    matches!(&node.kind, Kind::Text { text, style: Style::Plain } if node.in_flow && !balanced(text))
}

/// Whether brackets and quotes close. CEL's strings take backslash escapes.
fn balanced(text: &str) -> bool {
    let mut depth = 0_i64;
    let mut quote = None;
    let mut escaped = false;
    for letter in text.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None => match letter {
                '\'' | '"' => quote = Some(letter),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            },
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && quote.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_that_are_none_to_some_reader() {
        for (text, reading) in [
            ("yes", Some("a boolean")),
            ("NO", Some("a boolean")),
            ("null", Some("nothing")),
            ("~", Some("nothing")),
            ("", Some("nothing")),
            ("1.0", Some("a number")),
            ("-3", Some("a number")),
            ("1_000", Some("a number")),
            ("0x1F", Some("a number")),
            (".5", Some("a number")),
            ("1e3", Some("a number")),
            (".inf", Some("a number")),
            ("12:30", Some("a number")),
            ("2026-11-21", Some("a date")),
            ("2026-11-21T10:00:00Z", Some("a date")),
            ("2026-11-21, or later", None),
            ("1.0.0", None),
            ("v1", None),
            ("nobody", None),
            ("10s", None),
            ("0.50 USD", None),
            ("support", None),
            ("2026-11", None),
            ("a-b", None),
            ("inf", None),
            ("nan", None),
        ] {
            assert_eq!(other_reading(text), reading, "{text}");
        }
    }

    #[test]
    fn brackets_in_quotes_do_not_count() {
        for (text, closes) in
            [("a('b)')", true), ("a('b'", false), (r"'it\'s ('", true), ("x]", false), ("", true)]
        {
            assert_eq!(balanced(text), closes, "{text}");
        }
    }
}
