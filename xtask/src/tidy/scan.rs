//! A Rust file as its rules see it: code without comments and strings, on the same lines as before.
//!
//! A scanner, no parser: it knows comments, strings, characters and braces, which is all that these rules need.

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the root.
    pub(crate) path: String,
    /// As written.
    pub(crate) text: String,
    /// Comments and what stands in strings blanked out.
    pub(crate) code: String,
    /// Comments and `#[cfg(test)]` items blanked out; strings are there.
    pub(crate) shipped_text: String,
    /// Both: what is shipped, without its strings.
    pub(crate) shipped_code: String,
}

/// A function by its name, from the line of its `fn` to that of its last brace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, without_comments) = blank(text);
        let tests = test_items(&code);
        Self {
            path: path.into(),
            text: text.into(),
            shipped_text: without(&without_comments, &tests),
            shipped_code: without(&code, &tests),
            code,
        }
    }

    /// Whether it is a test, an example or a measurement, which no user runs.
    pub(crate) fn is_beside(&self) -> bool {
        ["/tests/", "/examples/", "/benches/"].iter().any(|folder| self.path.contains(folder))
            || self.path.ends_with("/tests.rs")
    }

    /// The functions that have a body.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let code = &self.code;
        words(code, "fn").filter_map(|at| function(code, at)).collect()
    }
}

/// The line, from 1, of a byte.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Where this stands in the text with nothing of a name right before or behind it.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
        let open = word.starts_with(is_name) && before.is_some_and(is_name);
        let shut = word.ends_with(is_name) && behind.is_some_and(is_name);
        !open && !shut
    })
}

fn function(code: &str, at: usize) -> Option<Function> {
    let rest = code.get(at + 2..)?;
    let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let (mut depth, mut open) = (0_i32, None);
    for (index, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            // Only declared.
            b';' if depth == 0 => return None,
            b'{' if depth == 0 => {
                open = Some(index);
                break;
            }
            _ => {}
        }
    }
    let end = at + 2 + closing(rest, open?)?;
    let (line, last) = (line_of(code, at), line_of(code, end));
    (!name.is_empty()).then(|| Function { name, line, lines: last - line + 1 })
}

/// Where the brace that opens here closes.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (index, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(index),
            b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The items that only tests are built with, as ranges of bytes.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let starts = code.match_indices("#[cfg(test)]").map(|(at, _)| at);
    let item = |at: usize| {
        let rest = code.get(at..)?;
        let (semicolon, brace) = (rest.find(';'), rest.find('{'));
        match (semicolon, brace) {
            (Some(semicolon), Some(brace)) if semicolon < brace => Some(at + semicolon),
            (_, Some(brace)) => Some(at + closing(rest, brace)?),
            (Some(semicolon), None) => Some(at + semicolon),
            (None, None) => None,
        }
    };
    starts.filter_map(|at| Some((at, item(at)?))).collect()
}

/// The text with these ranges blanked out, on the same lines.
fn without(text: &str, ranges: &[(usize, usize)]) -> String {
    let is_in = |at: usize| ranges.iter().any(|(from, to)| (*from..=*to).contains(&at));
    text.char_indices().map(|(at, c)| if is_in(at) && c != '\n' { ' ' } else { c }).collect()
}

/// What the scanner is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    Line,
    /// How many block comments are open.
    Block(u32),
    /// A string that ends with a quote and this many `#`; none of them where backslashes escape.
    Text(Option<usize>),
}

/// The text without comments and strings, and without comments alone. Both keep the lines, and every byte's place, so
/// what is blanked is blanked byte by byte.
fn blank(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut code, mut strings) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let (mut at, mut within) = (0, Within::Code);
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| bytes.get(before).copied());
        let (taken, next) = step(within, rest, before);
        let is_comment = |within| matches!(within, Within::Line | Within::Block(_));
        let is_text = |within| matches!(within, Within::Text(_));
        // A quote is part of the code, what it quotes isn't. Only characters are more than two bytes of code at once.
        let comment = is_comment(within) || is_comment(next);
        let quoted = (is_text(within) && is_text(next)) || (within == next && taken > 2);
        for byte in rest.iter().take(taken) {
            let keep = |hidden: bool| if hidden && *byte != b'\n' { b' ' } else { *byte };
            code.push(keep(comment || quoted));
            strings.push(keep(comment));
        }
        (at, within) = (at + taken.max(1), next);
    }
    // Characters are blanked whole or kept whole, so this loses nothing.
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(code), text(strings))
}

/// How many bytes are taken together, and what the scanner is in behind them.
fn step(within: Within, rest: &[u8], before: Option<u8>) -> (usize, Within) {
    match (within, rest) {
        (Within::Code, [b'/', b'/', ..]) => (2, Within::Line),
        (Within::Code, [b'/', b'*', ..]) => (2, Within::Block(1)),
        (Within::Code, [b'"', ..]) => (1, Within::Text(None)),
        (Within::Code, [b'r', ..]) if !before.is_some_and(is_name) => {
            let hashes = rest.iter().skip(1).take_while(|byte| **byte == b'#').count();
            match rest.get(1 + hashes) {
                Some(b'"') => (hashes + 2, Within::Text(Some(hashes))),
                _ => (1, Within::Code),
            }
        }
        // A character, not a lifetime: a quote closes it. Its inside could be a quote or a brace.
        (Within::Code, [b'\'', b'\\', escaped, ..]) => {
            let behind = rest.iter().skip(3).position(|byte| *byte == b'\'').unwrap_or(0);
            (if escaped.is_ascii() { 4 + behind } else { 1 }, Within::Code)
        }
        (Within::Code, [b'\'', inner, ..]) if rest.get(1 + width(*inner)) == Some(&b'\'') => {
            (2 + width(*inner), Within::Code)
        }
        (Within::Line, [b'\n', ..]) => (1, Within::Code),
        (Within::Block(1), [b'*', b'/', ..]) => (2, Within::Code),
        (Within::Block(depth), [b'*', b'/', ..]) => (2, Within::Block(depth - 1)),
        (Within::Block(depth), [b'/', b'*', ..]) => (2, Within::Block(depth + 1)),
        (Within::Text(None), [b'\\', _, ..]) => (2, within),
        (Within::Text(None), [b'"', ..]) => (1, Within::Code),
        (Within::Text(Some(hashes)), [b'"', behind @ ..])
            if behind.iter().take_while(|byte| **byte == b'#').count() >= hashes =>
        {
            (1 + hashes, Within::Code)
        }
        (within, _) => (1, within),
    }
}

/// Whether an `r` behind this byte is part of a name; behind a `b` it may open a raw string of bytes.
const fn is_name(byte: u8) -> bool {
    byte == b'_' || (byte.is_ascii_alphanumeric() && byte != b'b')
}

/// How many bytes the character has that begins with this one.
const fn width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Source};

    #[test]
    fn comments_strings_and_tests_are_no_code() {
        let text = "fn a() { let x = \"fn b() {\"; } // fn c() {\n/* { /* */ fn d */ let r = r#\"\"{\"#; let c = '{';\n\
                    #[cfg(test)]\nmod tests { fn e() {} }\nfn f<'a>(g: &'a str) {}";
        let source = Source::new("x.rs", text);
        assert!(
            !source.code.contains("fn b") && !source.code.contains("fn c") && !source.code.contains("fn d")
        );
        assert!(source.shipped_text.contains("fn b") && !source.shipped_text.contains("fn c"));
        assert!(source.code.contains("fn e") && !source.shipped_code.contains("fn e"));
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.code.lines().count(), text.lines().count());
    }

    #[test]
    fn functions_are_measured_from_their_name_to_their_last_brace() {
        let text = "trait T { fn declared(&self); }\nstruct S { f: fn(u8) -> u8 }\n\
                    fn long(\n  x: [u8; 2],\n) {\n  if true { '}' } else { b'\\'' };\n}\nfn short() {}";
        let found = Source::new("x.rs", text).functions();
        let expected = [("long", 3, 5), ("short", 8, 1)];
        let expected = expected.map(|(name, line, lines)| Function { name: name.into(), line, lines });
        assert_eq!(found, expected);
    }
}
