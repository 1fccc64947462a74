//! Texts made from their type: of a format, of a pattern, or one of a few words that come again and again.

use serde_json::{Map, Value};

use super::Maker;
use crate::limits::PATTERN_REPEATS;

/// Few, so that two calls often mean the same thing.
const WORDS: [&str; 5] = ["o1", "o2", "o3", "ada", "all is well"];

impl Maker<'_> {
    /// A word of those that come again and again, or one that a condition speaks of.
    pub(super) fn word(&mut self) -> String {
        if self.random.chance(25)
            && let Some(word) = self.random.pick(&self.literals.words)
        {
            return word.clone();
        }
        self.random.pick(&WORDS).copied().unwrap_or("o1").to_owned()
    }

    pub(super) fn text(&mut self, keywords: &Map<String, Value>) -> String {
        let person = if self.random.chance(60) { "ada" } else { "bob" };
        if let Some(format) = keywords.get("format").and_then(Value::as_str) {
            let text = match format {
                "email" | "idn-email" => format!("{person}@example.org"),
                "uri" | "uri-reference" | "iri" => format!("https://example.org/{person}"),
                "date-time" => "2026-11-29T10:00:00Z".to_owned(),
                "date" => "2026-11-29".to_owned(),
                "time" => "10:00:00Z".to_owned(),
                "uuid" => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
                "hostname" => "example.org".to_owned(),
                "ipv4" => "192.0.2.1".to_owned(),
                "ipv6" => "2001:db8::1".to_owned(),
                "duration" => "PT1H".to_owned(),
                "money" => format!("{}.50 USD", self.random.between(0, 40)),
                _ => self.word(),
            };
            return text;
        }
        if let Some(pattern) = keywords.get("pattern").and_then(Value::as_str) {
            return self.of_pattern(pattern);
        }
        let length =
            |key: &str| keywords.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let mut text = self.word();
        while text.chars().count() < length("minLength").unwrap_or(0) {
            text.push('x');
        }
        match length("maxLength") {
            Some(most) => text.chars().take(most).collect(),
            None => text,
        }
    }

    /// A text of this regular expression, if it is of the simple kind that contracts hold.
    fn of_pattern(&mut self, pattern: &str) -> String {
        let mut made = String::new();
        let chars: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        self.alternatives(&chars, &mut at, &mut made);
        made
    }

    /// Reads alternatives up to the end or a closing parenthesis, and writes one of them.
    fn alternatives(&mut self, chars: &[char], at: &mut usize, made: &mut String) {
        let mut ways = vec![String::new()];
        while let Some(next) = chars.get(*at) {
            match next {
                ')' => break,
                '|' => {
                    *at += 1;
                    ways.push(String::new());
                }
                _ => {
                    let start = *at;
                    let mut one = String::new();
                    self.atom(chars, at, &mut one);
                    let after = *at;
                    let (least, most) = repeats(chars, at);
                    let times = self.random.between(least, most + 1);
                    let Some(way) = ways.last_mut() else { return };
                    for round in 0..times {
                        if round > 0 {
                            one.clear();
                            *at = start;
                            self.atom(chars, at, &mut one);
                            *at = after;
                            repeats(chars, at);
                        }
                        way.push_str(&one);
                    }
                }
            }
        }
        made.push_str(self.random.pick(&ways).map_or("", String::as_str));
    }

    fn atom(&mut self, chars: &[char], at: &mut usize, made: &mut String) {
        let Some(next) = chars.get(*at).copied() else { return };
        *at += 1;
        match next {
            '^' | '$' => {}
            '.' => made.push('x'),
            '(' => {
                if chars.get(*at) == Some(&'?') {
                    *at += 2;
                }
                self.alternatives(chars, at, made);
                *at += 1;
            }
            '[' => {
                let of = class(chars, at);
                made.push(self.random.pick(&of).copied().unwrap_or('x'));
            }
            '\\' => {
                let escaped = chars.get(*at).copied().unwrap_or('x');
                *at += 1;
                match escaped {
                    'd' => {
                        made.push(char::from(b'0' + u8::try_from(self.random.between(0, 10)).unwrap_or(0)))
                    }
                    'w' => made.push('w'),
                    's' => made.push(' '),
                    'b' | 'A' | 'z' => {}
                    other => made.push(other),
                }
            }
            other => made.push(other),
        }
    }
}

/// How often what stands before may come.
fn repeats(chars: &[char], at: &mut usize) -> (u64, u64) {
    let bounds = match chars.get(*at) {
        Some('*') => (0, PATTERN_REPEATS),
        Some('+') => (1, PATTERN_REPEATS),
        Some('?') => (0, 1),
        Some('{') => {
            let close = chars.iter().skip(*at).position(|c| *c == '}').map_or(chars.len(), |end| *at + end);
            let inner: String = chars.get(*at + 1..close).unwrap_or_default().iter().collect();
            *at = close;
            let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
            let least: u64 = least.trim().parse().unwrap_or(0);
            (least, most.trim().parse().unwrap_or(least + PATTERN_REPEATS))
        }
        _ => return (1, 1),
    };
    *at += 1;
    if chars.get(*at) == Some(&'?') {
        *at += 1;
    }
    bounds
}

/// The characters of a class, up to its bracket; of one that says what isn't in it, a few that rarely are.
fn class(chars: &[char], at: &mut usize) -> Vec<char> {
    let mut of = Vec::new();
    let is_not = chars.get(*at) == Some(&'^');
    if is_not {
        *at += 1;
    }
    while let Some(next) = chars.get(*at).copied() {
        *at += 1;
        match next {
            ']' if !of.is_empty() => break,
            '\\' => {
                match chars.get(*at).copied().unwrap_or('x') {
                    'd' => of.extend('0'..='9'),
                    'w' => of.extend('a'..='z'),
                    's' => of.push(' '),
                    other => of.push(other),
                }
                *at += 1;
            }
            '-' if !of.is_empty() && chars.get(*at).is_some_and(|next| *next != ']') => {
                let from = of.pop().unwrap_or('a');
                of.extend(from..=chars.get(*at).copied().unwrap_or(from));
                *at += 1;
            }
            other => of.push(other),
        }
    }
    if is_not { ['x', '1', 'Z', '_', ' '].into_iter().filter(|c| !of.contains(c)).collect() } else { of }
}
