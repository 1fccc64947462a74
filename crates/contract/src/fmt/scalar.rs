//! How one text is written: plain where every YAML reader agrees on it, else quoted; long ones in lines.
//!
//! What looks like a number, a date or nothing to some reader keeps its quotes, or its lack of them: they say what it is.

use std::ops::Range;

use super::piece::Text;
use super::write::WIDTH;
use crate::traps::other_reading;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Block,
    /// Within `{…}` or `[…]`.
    Flow,
}

/// The lines of a block scalar, without their indentation.
#[derive(Clone, Debug)]
pub(super) struct Block {
    folded: bool,
    lines: Vec<String>,
    /// `-` for no line break at its end, `+` for more than one.
    chomp: &'static str,
}

impl Block {
    /// The lines as they were written. None where they can't be had exactly; its text is quoted then.
    pub(super) fn read(source: &str, span: &Range<usize>, text: &str, folded: bool) -> Option<Self> {
        let said = text.trim_start_matches('\n');
        let leading = text.len() - said.len();
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let line_start = source.get(..span.start)?.rfind(['\n', '\r']).map_or(0, |line| line + 1);
        // The span leaves out blanks at its end; they may be meant.
        let behind = source.get(span.end..)?;
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let written = source.get(line_start..span.end + blanks)?.replace("\r\n", "\n").replace('\r', "\n");
        let written: Vec<&str> = written.split('\n').skip_while(|line| line.trim().is_empty()).collect();
        let deep = indent(written.first()?).checked_sub(indent(said.lines().next()?))?;
        let strip = |line: &&str| line.get(deep.min(indent(line))..).unwrap_or("").to_owned();
        let mut lines = vec![String::new(); leading];
        lines.extend(written.iter().map(strip));
        while lines.last()?.is_empty() {
            lines.pop();
        }
        let ends = text.len() - text.trim_end_matches('\n').len();
        let exact = if folded {
            let last = lines.last()?.trim_start();
            !said.starts_with([' ', '\t']) && !last.is_empty() && text.trim_end_matches('\n').ends_with(last)
        } else {
            lines.join("\n") == text.trim_end_matches('\n')
        };
        lines.extend((1..ends).map(|_| String::new()));
        let chomp = if ends == 0 { "-" } else { ["", "+"].get(usize::from(ends > 1))? };
        exact.then_some(Self { folded, lines, chomp })
    }

    /// A text in lines: where it has breaks of its own, at these, else at blanks.
    fn of(text: &str, width: usize) -> Option<Self> {
        let (said, chomp) = text.strip_suffix('\n').map_or((text, "-"), |said| (said, ""));
        let whole = said.lines().all(|line| line.trim_end() == line) && !said.contains("  ");
        if !whole || said.starts_with(char::is_whitespace) || said.ends_with(char::is_whitespace) {
            return None;
        }
        if said.contains('\n') {
            let good = said.chars().all(|letter| letter == '\n' || !is_odd(letter));
            let lines = said.split('\n').map(str::to_owned).collect();
            return good.then_some(Self { folded: false, lines, chomp });
        }
        let fits = said.contains(' ') && !said.chars().any(is_odd);
        fits.then(|| Self { folded: true, lines: filled(said, width), chomp })
    }

    /// Whether blank lines behind it would be part of it.
    pub(super) fn keeps_blanks(&self) -> bool {
        self.chomp == "+"
    }

    /// What stands where the text would.
    pub(super) fn header(&self) -> String {
        let sign = if self.folded { '>' } else { '|' };
        let first = self.lines.iter().find(|line| !line.trim().is_empty());
        let odd_blank =
            self.lines.iter().take_while(|line| line.trim().is_empty()).any(|line| !line.is_empty());
        let indented = odd_blank || first.is_some_and(|line| line.starts_with([' ', '\t']));
        format!("{sign}{}{}", if indented { "2" } else { "" }, self.chomp)
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// Words in lines of this width, as many in each as fit.
fn filled(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split(' ') {
        let long = word.chars().count();
        match lines.last_mut().filter(|_| long < room) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
                room -= long + 1;
            }
            None => {
                lines.push(word.to_owned());
                room = width.saturating_sub(long);
            }
        }
    }
    lines
}

/// A text on one line; none where it can't stand there.
pub(super) fn inline(text: &Text, place: Place) -> Option<String> {
    if text.plain && other_reading(&text.text).is_some() {
        let splits =
            place == Place::Flow && (text.text.is_empty() || text.text.contains([',', '[', ']', '{', '}']));
        return (!splits).then(|| text.text.clone());
    }
    Some(key(&text.text, place))
}

/// A text as a key, or as a value that is a text whatever it looks like.
pub(super) fn key(text: &str, place: Place) -> String {
    if is_plain(text, place) { text.to_owned() } else { quoted(text) }
}

/// A text in lines, where it is too long for one.
pub(super) fn in_lines(text: &Text, indent: usize) -> Option<Block> {
    let typed = text.plain && other_reading(&text.text).is_some();
    if typed { None } else { Block::of(&text.text, WIDTH.saturating_sub(indent)) }
}

/// Whether every reader takes it, unquoted, for this very text.
fn is_plain(text: &str, place: Place) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let marks = ",[]{}#&*!|>'\"%@`?:".contains(first)
        || text == "-"
        || text.starts_with("- ")
        || text.starts_with("---")
        || text.starts_with("...");
    let cut = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    // A text with holes is quoted everywhere, so that it needs no change where it moves.
    let holes = text.contains(['{', '}']);
    // Within brackets a `:` ends the text for some readers, wherever it stands.
    let flow = place == Place::Flow && text.contains([',', '[', ']', ':']);
    // YAML 1.1 has these as a boolean, a default and a merge.
    let words = matches!(text, "y" | "Y" | "n" | "N" | "=" | "<<");
    let odd = text.trim() != text || text.chars().any(is_odd);
    !(marks || cut || holes || flow || words || odd) && other_reading(text).is_none()
}

/// Whether it can only be written by an escape.
fn is_odd(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// In double quotes; in single ones where that saves escapes.
fn quoted(text: &str) -> String {
    if !text.chars().any(is_odd) {
        return crate::traps::quoted(text);
    }
    let mut said = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => said.extend(['\\', letter]),
            '\n' => said.push_str("\\n"),
            '\t' => said.push_str("\\t"),
            '\r' => said.push_str("\\r"),
            odd if is_odd(odd) && u32::from(odd) < 0x100 => {
                said.push_str(&format!("\\x{:02x}", u32::from(odd)))
            }
            odd if is_odd(odd) => said.push_str(&format!("\\u{:04x}", u32::from(odd))),
            other => said.push(other),
        }
    }
    said + "\""
}
