//! Amounts, times and lists in words. It knows no promise.

use std::time::Duration;

use crate::{Clause, IdempotencyRule, Limits, Template, Tool};

/// The limits in words; none where the contract sets none.
pub(super) fn limits(limits: &Limits) -> Option<String> {
    let told: Vec<String> = [
        limits.turns.map(|turns| format!("{turns} answers of yours")),
        limits.tokens.map(|tokens| format!("{} tokens", grouped(tokens))),
        limits.cost.map(|cost| cost.to_string()),
        limits.time.map(span),
    ]
    .into_iter()
    .flatten()
    .collect();
    if told.is_empty() { None } else { Some(told.join(", ")) }
}

/// `200,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A length of time as a contract writes it: `90s` as `90s`, `300s` as `5m`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if time.subsec_millis() > 0 {
        return format!("{}ms", time.as_millis());
    }
    match [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
    {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// How a tool may be repeated, for people.
pub(crate) fn repeats(tool: &Tool) -> &'static str {
    match &tool.idempotency {
        _ if tool.only_reads() => "only reads",
        IdempotencyRule::Natural => "may be repeated",
        IdempotencyRule::Key { .. } => "repeated under a key",
        IdempotencyRule::None => "never repeated blindly",
    }
}

/// The ceilings of a workflow or a step, for people.
pub(crate) fn ceilings(given: &Limits) -> Option<String> {
    let deadline = given.deadline.map(|deadline| format!("done within {}", span(deadline)));
    let told: Vec<String> = limits(given).into_iter().chain(deadline).collect();
    if told.is_empty() { None } else { Some(told.join(", ")) }
}

/// The model knows its arguments by their names alone.
pub(super) fn holes(template: &Template) -> String {
    template.source().replace("{args.", "{")
}

/// A title and its clauses, each with its condition; nothing where there are none.
pub(super) fn clauses(lines: &mut Vec<String>, title: &str, clauses: &[Clause]) {
    if clauses.is_empty() {
        return;
    }
    lines.push(title.to_owned());
    lines.extend(clauses.iter().map(|clause| format!("- {} (`{}`)", clause.sentence, clause.condition)));
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
