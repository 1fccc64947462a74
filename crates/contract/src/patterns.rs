//! What a contract may take of memory and work as a whole, above all for its patterns: each is small, and thousands aren't.
//!
//! It knows the sum, not the places; who spends says where it was too much.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::code;
use crate::limits::{PATTERNS_MEMORY_MAX, SCHEMA_PATTERN_MEMORY_MAX, TYPED_PARTS_MAX};
use crate::loader::Loader;
use std::ops::Range;

/// How much more there may be of something.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Option<usize>,
}

/// What became of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spent {
    Within,
    /// Just now: to be said once.
    JustTooMuch,
    TooMuch,
}

impl Budget {
    pub(crate) const fn new(most: usize) -> Self {
        Self { left: Some(most) }
    }

    fn spend(&mut self, amount: usize) -> Spent {
        let Some(left) = self.left else { return Spent::TooMuch };
        self.left = left.checked_sub(amount);
        if self.left.is_some() { Spent::Within } else { Spent::JustTooMuch }
    }

    const fn is_spent(&self) -> bool {
        self.left.is_none()
    }
}

impl Loader<'_> {
    /// Whether an expression of this text may be read at all: not one with a pattern, once there were too many.
    pub(crate) fn may_compile(&self, text: &str) -> bool {
        !(self.patterns.is_spent() && text.contains("matches"))
    }

    /// Counts the patterns of an expression; whether it may be kept.
    pub(crate) fn spend_patterns(&mut self, memory: usize, at: &Range<usize>) -> bool {
        let spent = self.patterns.spend(memory);
        if spent == Spent::JustTooMuch {
            let most = PATTERNS_MEMORY_MAX >> 20;
            let message = format!("the patterns of this contract take more than {most} MB of memory");
            let found = self.error(code::TOO_LARGE, at, message);
            found.help("use fewer, or smaller ones: `[a-z]` takes less than `\\w`, `+` less than `{1,90}`");
        }
        spent == Spent::Within
    }

    /// Counts the patterns of a schema before it is compiled; whether it may be.
    pub(crate) fn spend_schema(&mut self, schema: &Value, at: &Range<usize>) -> bool {
        let memory = if self.patterns.is_spent() { 1 } else { of_schema(schema) };
        memory == 0 || self.spend_patterns(memory, at)
    }

    /// Counts what the type of an expression copied; whether more expressions may be typed.
    pub(crate) fn spend_typing(&mut self, parts: usize, at: &Range<usize>) -> bool {
        let spent = self.typed.spend(parts);
        if spent == Spent::JustTooMuch {
            let message = format!("the types that conditions read come to more than {TYPED_PARTS_MAX} parts");
            let found = self.error(code::TOO_LARGE, at, message);
            found.help("use `json` for what no condition reads, or split the contract");
        }
        spent == Spent::Within
    }

    /// Whether expressions are typed at all any more.
    pub(crate) const fn may_type(&self) -> bool {
        !self.typed.is_spent()
    }
}

/// The pattern, with the memory that it takes at most: the smallest of a few ceilings that it fits under, since nobody
/// tells how much it is.
///
/// # Errors
/// It is no pattern, or takes more than `most`.
pub(crate) fn compiled(pattern: &str, most: usize) -> Result<(Regex, usize), regex::Error> {
    let build = |most: usize| RegexBuilder::new(pattern).size_limit(most).dfa_size_limit(most).build();
    for small in [most >> 8, most >> 5, most >> 2] {
        if let Ok(built) = build(small) {
            return Ok((built, small));
        }
    }
    build(most).map(|built| (built, most))
}

/// The memory of a schema's patterns, at most. What can't be measured counts as the largest that there may be.
fn of_schema(schema: &Value) -> usize {
    match schema {
        Value::Array(items) => items.iter().map(of_schema).fold(0, usize::saturating_add),
        Value::Object(fields) => {
            let own = fields.get("pattern").and_then(Value::as_str).into_iter();
            let by_name = fields.get("patternProperties").and_then(Value::as_object);
            let names = by_name.into_iter().flat_map(|fields| fields.keys().map(String::as_str));
            let patterns = own.chain(names).map(|pattern| {
                // JSON Schema means ECMAScript's classes, which are ASCII.
                let pattern = pattern.replace(r"\w", "[0-9A-Za-z_]").replace(r"\d", "[0-9]");
                compiled(&pattern, SCHEMA_PATTERN_MEMORY_MAX)
                    .map_or(SCHEMA_PATTERN_MEMORY_MAX, |(_, memory)| memory)
            });
            fields.values().map(of_schema).chain(patterns).fold(0, usize::saturating_add)
        }
        _ => 0,
    }
}
