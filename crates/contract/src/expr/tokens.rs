//! Where the parts of an expression stand. The parser keeps no places for what it parsed, so the text is cut into tokens
//! once more, and the walk over the parsed tree claims them in order: names, constants and opening brackets come in the
//! tree as they come in the text. Knows nothing of what they mean; where the two disagree, every place is the whole text.

use std::ops::Range;

/// A place in the source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From here to where the other ends.
    pub(super) fn to(self, end: u32) -> Self {
        Self { start: self.start, end }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// A name, also `true`, `false`, `null` and the names of functions.
    Name,
    Literal,
    /// The bracket that begins a list or an object, rather than an index, a call or a group.
    Open,
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    sort: Sort,
    at: Span,
    /// The other bracket of the pair, by its number.
    partner: Option<usize>,
}

/// The tokens of one source, claimed from left to right.
pub(super) struct Tokens<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    next: usize,
    lost: bool,
}

impl<'s> Tokens<'s> {
    pub(super) fn of(source: &'s str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
            let (length, sort) = token(rest, tokens.last().map(|last| (last, source)));
            if let Some(sort) = sort {
                let mut partner = None;
                match rest.chars().next() {
                    Some('(' | '[' | '{') => open.push(tokens.len()),
                    Some(')' | ']' | '}') if sort == Sort::Other => {
                        partner = open.pop();
                        let here = tokens.len();
                        if let Some(other) = partner.and_then(|other| tokens.get_mut(other)) {
                            other.partner = Some(here);
                        }
                    }
                    _ => {}
                }
                tokens.push(Token { sort, at: span(at, at + length), partner });
            }
            at += length;
        }
        Self { source, tokens, next: 0, lost: false }
    }

    fn text(&self, token: &Token) -> &'s str {
        self.source.get(token.at.range()).unwrap_or("")
    }

    /// The number of the token that comes next among those that are claimed.
    pub(super) fn mark(&self) -> usize {
        let waiting = self.tokens.iter().skip(self.next).position(|token| token.sort != Sort::Other);
        waiting.map_or(self.tokens.len(), |skipped| self.next + skipped)
    }

    fn claim(&mut self, fits: impl Fn(&Token, &str) -> bool) {
        let mark = self.mark();
        match self.tokens.get(mark) {
            Some(token) if fits(token, self.text(token)) => self.next = mark + 1,
            _ => self.lost = true,
        }
    }

    pub(super) fn name(&mut self, name: &str) {
        self.claim(|token, text| token.sort == Sort::Name && text.trim_matches('`') == name);
    }

    /// Claims a name that isn't known yet.
    pub(super) fn any_name(&mut self) -> &'s str {
        let name = self.tokens.get(self.mark()).map_or("", |token| self.text(token));
        self.claim(|token, _| token.sort == Sort::Name);
        name
    }

    pub(super) fn literal(&mut self) {
        self.claim(|token, text| token.sort == Sort::Literal || matches!(text, "true" | "false" | "null"));
    }

    pub(super) fn open(&mut self) {
        self.claim(|token, _| token.sort == Sort::Open);
    }

    /// Where the last claimed token ends.
    pub(super) fn end(&self) -> u32 {
        let last = self.next.checked_sub(1).and_then(|last| self.tokens.get(last));
        match last {
            Some(token) if !self.lost => token.at.end,
            _ => span(0, self.source.len()).end,
        }
    }

    /// What was claimed since the mark, with the brackets that belong to it and the signs before it.
    pub(super) fn since(&self, mark: usize, signed: bool) -> Span {
        let whole = span(0, self.source.len());
        if self.lost || self.next <= mark {
            return whole;
        }
        let (mut first, mut last) = (mark, self.next - 1);
        // `count()`: the brackets of a call without arguments hold nothing to claim.
        let called = |last: usize| {
            let is =
                |place: usize, sign: &str| self.tokens.get(place).is_some_and(|next| self.text(next) == sign);
            is(last + 1, "(") && is(last + 2, ")")
        };
        if called(last) {
            last += 2;
        }
        let mut seen = first;
        while seen <= last {
            if let Some(partner) = self.tokens.get(seen).and_then(|token| token.partner) {
                last = last.max(partner);
                if partner < first {
                    first = partner;
                    seen = partner;
                }
            }
            seen += 1;
        }
        let sign =
            |place: usize| self.tokens.get(place).is_some_and(|token| matches!(self.text(token), "!" | "-"));
        while signed && first.checked_sub(1).is_some_and(sign) {
            first -= 1;
        }
        match (self.tokens.get(first), self.tokens.get(last)) {
            (Some(first), Some(last)) => first.at.to(last.at.end),
            _ => whole,
        }
    }
}

fn span(start: usize, end: usize) -> Span {
    // A source has at most a few thousand bytes.
    let small = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    Span { start: small(start), end: small(end) }
}

/// The length of the first token, and its sort; none for blanks and comments.
fn token(rest: &str, before: Option<(&Token, &str)>) -> (usize, Option<Sort>) {
    let Some(first) = rest.chars().next() else { return (rest.len(), None) };
    let run = |keep: fn(char) -> bool| rest.find(|sign: char| !keep(sign)).unwrap_or(rest.len());
    if first.is_whitespace() {
        return (run(char::is_whitespace), None);
    }
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if let Some(length) = string(rest) {
        return (length, Some(Sort::Literal));
    }
    if first.is_alphabetic() || first == '_' {
        let length = run(|sign| sign.is_alphanumeric() || sign == '_');
        // `in` stands between two values, unless it is a field's name.
        let dot = before.is_some_and(|(token, source)| source.get(token.at.range()) == Some("."));
        let sort = if rest.get(..length) == Some("in") && !dot { Sort::Other } else { Sort::Name };
        return (length, Some(sort));
    }
    if first == '`' {
        let close = rest.get(1..).and_then(|inner| inner.find('`'));
        return (close.map_or(rest.len(), |close| close + 2), Some(Sort::Name));
    }
    let behind_value = before.is_some_and(|(token, source)| {
        let text = source.get(token.at.range()).unwrap_or("");
        matches!(token.sort, Sort::Literal) || token.sort == Sort::Name || matches!(text, ")" | "]" | "}")
    });
    let digit_next = rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit());
    if first.is_ascii_digit() || first == '.' && digit_next && !behind_value {
        return (number(rest), Some(Sort::Literal));
    }
    let sort = if first == '{' || first == '[' && !behind_value { Sort::Open } else { Sort::Other };
    (first.len_utf8(), Some(sort))
}

fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let next_is_digit = bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        let exponent = !hex && length > 0 && matches!(bytes.get(length - 1), Some(b'e' | b'E'));
        let keep = byte.is_ascii_alphanumeric()
            || *byte == b'.' && next_is_digit && !hex
            || matches!(byte, b'+' | b'-') && exponent;
        if !keep {
            break;
        }
        length += 1;
    }
    length.max(1)
}

/// The length of the text literal that begins here: `'…'`, `r"…"`, `'''…'''`.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.bytes().take(2).take_while(|byte| matches!(byte, b'r' | b'R' | b'b' | b'B')).count();
    let raw = rest.bytes().take(prefix).any(|byte| matches!(byte, b'r' | b'R'));
    let body = rest.get(prefix..)?;
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| body.starts_with(quote))?;
    let inner = body.get(quote.len()..)?;
    let mut escaped = false;
    for (place, sign) in inner.char_indices() {
        if escaped {
            escaped = false;
        } else if sign == '\\' && !raw {
            escaped = true;
        } else if inner.get(place..).is_some_and(|rest| rest.starts_with(quote)) {
            return Some(prefix + quote.len() + place + quote.len());
        }
    }
    Some(rest.len())
}
