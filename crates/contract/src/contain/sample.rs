//! Texts that a pattern is likely to match, read off a plain pattern. A guess only: the validator is asked about each, so
//! what isn't understood (classes of Unicode, word boundaries) costs a chance and no truth.

use std::iter::Peekable;
use std::str::Chars;

use crate::limits::CONTAIN_TEXT_MAX;

/// Depth of groups that is followed; a guess needs no more.
const DEPTH_MAX: usize = 16;

/// Repetitions of a `{n}` that are followed.
const TIMES_MAX: usize = 200;

enum Part {
    /// Ranges of letters to choose from.
    One(Vec<(char, char)>),
    Group(Vec<Vec<Part>>),
    Times(Box<Part>, usize, Option<usize>),
}

/// Texts that this pattern may match, some of them at least so long.
pub(super) fn texts(pattern: &str, least: usize) -> Vec<String> {
    let mut reader = Reader { rest: pattern.chars().peekable(), depth: 0 };
    let Some(alternatives) = reader.alternatives() else { return Vec::new() };
    let whole = Part::Group(alternatives);
    let mut texts = Vec::new();
    for more in [1, 0, 2, 5, least] {
        for turn in 0..5 {
            let mut text = String::new();
            if whole.write(more, turn, &mut text).is_some() && !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

impl Part {
    /// Writes one text: `more` repetitions than needed, the `turn`th of what can be chosen.
    fn write(&self, more: usize, turn: usize, text: &mut String) -> Option<()> {
        if text.len() > CONTAIN_TEXT_MAX as usize {
            return None;
        }
        match self {
            Self::One(ranges) => {
                let (from, to) = ranges.get(turn % ranges.len().max(1))?;
                // The first of a range, its last, and some in between.
                let letter = match turn {
                    0 => Some(*from),
                    1 => Some(*to),
                    turn => char::from_u32(*from as u32 + turn as u32).filter(|letter| letter <= to),
                };
                text.push(letter.unwrap_or(*from));
            }
            Self::Group(alternatives) => {
                for part in alternatives.get(turn % alternatives.len().max(1))? {
                    part.write(more, turn, text)?;
                }
            }
            Self::Times(part, least, most) => {
                let times = (least + more).min(most.unwrap_or(usize::MAX)).min(TIMES_MAX.max(more));
                for _ in 0..times {
                    part.write(more.min(1), turn, text)?;
                }
            }
        }
        Some(())
    }
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    depth: usize,
}

impl Reader<'_> {
    fn alternatives(&mut self) -> Option<Vec<Vec<Part>>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut all = vec![Vec::new()];
        while let Some(&letter) = self.rest.peek() {
            match letter {
                ')' => break,
                '|' => {
                    self.rest.next();
                    all.push(Vec::new());
                }
                '^' | '$' => {
                    self.rest.next();
                }
                _ => {
                    let part = self.part()?;
                    let part = self.repeated(part)?;
                    all.last_mut()?.push(part);
                }
            }
        }
        self.depth -= 1;
        Some(all)
    }

    fn part(&mut self) -> Option<Part> {
        Some(match self.rest.next()? {
            '(' => {
                if self.rest.next_if_eq(&'?').is_some() && self.rest.next() != Some(':') {
                    return None;
                }
                let inner = self.alternatives()?;
                self.rest.next_if_eq(&')')?;
                Part::Group(inner)
            }
            '[' => Part::One(self.class()?),
            '.' => Part::One(vec![('a', 'z'), ('0', '9')]),
            '\\' => Part::One(self.escaped()?),
            letter => Part::One(vec![(letter, letter)]),
        })
    }

    fn escaped(&mut self) -> Option<Vec<(char, char)>> {
        Some(match self.rest.next()? {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![(' ', ' ')],
            'D' | 'S' => vec![('a', 'z')],
            'W' => vec![(' ', ' '), ('-', '-')],
            'n' => vec![('\n', '\n')],
            't' => vec![('\t', '\t')],
            letter if letter.is_alphanumeric() => return None,
            letter => vec![(letter, letter)],
        })
    }

    fn class(&mut self) -> Option<Vec<(char, char)>> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let from = match self.rest.next()? {
                ']' if !ranges.is_empty() => break,
                '\\' => {
                    let mut escaped = self.escaped()?;
                    match escaped.as_slice() {
                        [(from, to)] if from == to => *from,
                        _ => {
                            ranges.append(&mut escaped);
                            continue;
                        }
                    }
                }
                letter => letter,
            };
            if self.rest.next_if_eq(&'-').is_none() {
                ranges.push((from, from));
                continue;
            }
            match self.rest.next()? {
                ']' => {
                    ranges.extend([(from, from), ('-', '-')]);
                    break;
                }
                '\\' => ranges.push((from, self.escaped()?.first()?.0)),
                to => ranges.push((from, to)),
            }
        }
        if negated {
            let within = |letter: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter));
            let free: Vec<(char, char)> =
                "aA0_- .é".chars().filter(|letter| !within(*letter)).map(|letter| (letter, letter)).collect();
            return Some(free);
        }
        Some(ranges)
    }

    fn repeated(&mut self, part: Part) -> Option<Part> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.rest.next();
                let bounds: String =
                    std::iter::from_fn(|| self.rest.next_if(|letter| *letter != '}')).collect();
                let (least, most) = match bounds.split_once(',') {
                    None => (bounds.parse().ok()?, Some(bounds.parse().ok()?)),
                    Some((least, "")) => (least.parse().ok()?, None),
                    Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
                };
                self.rest.next();
                self.rest.next_if_eq(&'?');
                return Some(Part::Times(Box::new(part), least, most));
            }
            _ => return Some(part),
        };
        self.rest.next();
        self.rest.next_if_eq(&'?');
        Some(Part::Times(Box::new(part), least, most))
    }
}
