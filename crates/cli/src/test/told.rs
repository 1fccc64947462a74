//! What a person reads of tests, and what a program does.

use std::collections::BTreeSet;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use handfast_contract::{Contract, Expectation, STAGED};
use handfast_events::{Held, Kept, PauseReason, Status};
use handfast_report::{Call, CallState, End, visible};
use serde_json::{Value, json};

use super::Tried;
use super::coverage::{Coverage, words};
use super::judge::failed_by;
use super::play::Played;
use crate::limits::SHOWN_CHARS;
use crate::out;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();

/// Tells it all.
///
/// # Errors
/// Standard output can't be written.
pub(super) fn tell(
    file: &Path,
    contract: &Contract,
    tried: &[Tried],
    coverage: &Coverage,
    is_json: bool,
) -> anyhow::Result<()> {
    let failed = tried.iter().filter(|one| !one.misses.is_empty()).count();
    if is_json {
        return out::json(&document(file, contract, tried, coverage, failed));
    }
    let mut text = format!("{}\n", file.display());
    for one in tried {
        text.push_str(&line(one, file));
    }
    let sum = format!("{} passed, {failed} failed", tried.len() - failed);
    text.push_str(&format!("\n{sum}\n\n{}", covered(contract, coverage)));
    out::data(&text)
}

fn line(one: &Tried, file: &Path) -> String {
    let name = visible(&one.case.name);
    if one.misses.is_empty() {
        return format!("  {GREEN}ok{GREEN:#}      {name}\n");
    }
    let mut text = format!("  {RED}FAILED{RED:#}  {name}\n");
    text.push_str(&detail("at", &format!("{}:{}", file.display(), one.case.line)));
    // Several expectations that one outcome disappoints stand above it together.
    let mut actuals: Vec<&str> = one.misses.iter().map(|miss| miss.actual.as_str()).collect();
    let mut seen = BTreeSet::new();
    actuals.retain(|actual| seen.insert(*actual));
    for actual in actuals {
        let of_it = one.misses.iter().filter(|miss| miss.actual == actual);
        let expected: Vec<&str> = of_it.filter_map(|miss| miss.expected.as_deref()).collect();
        let head = if expected.is_empty() { "because" } else { "but" };
        text.extend(expected.into_iter().map(|expected| detail("expected", expected)));
        text.push_str(&detail(head, actual));
    }
    if one.played.trace.workflow != STAGED {
        for (index, call) in one.played.trace.calls().enumerate() {
            let head = if index == 0 { "calls" } else { "" };
            text.push_str(&detail(head, &story(&one.played, call)));
        }
    }
    text
}

/// What is said of a test that failed, under the word for it.
fn detail(head: &str, told: &str) -> String {
    let mut text = String::new();
    for (index, line) in told.lines().enumerate() {
        let head = if index == 0 { head } else { "" };
        text.push_str(&format!("          {head:<8}  {}\n", visible(line)));
    }
    text
}

/// One call in a line: who asked for what, and what came of it.
fn story(played: &Played, call: &Call) -> String {
    let attempts = match call.attempts.len() {
        0 | 1 => String::new(),
        several => format!(" after {several} attempts"),
    };
    format!("{} {}: {}{attempts}", call.tool, short(&call.args.to_string()), became(played, call))
}

fn became(played: &Played, call: &Call) -> String {
    if let Some(withheld) = &call.withheld {
        return format!("withheld: {} ({})", withheld.clause, withheld.reason);
    }
    let last = call.attempts.last().and_then(|attempt| attempt.failure.as_ref());
    match &call.state {
        CallState::Proposed => "was never sent".to_owned(),
        CallState::Asking => "waits for an answer".to_owned(),
        CallState::Intended => "was sent, and nothing came of it".to_owned(),
        CallState::Working(working) => format!("{} still works on it", working.server),
        CallState::Refused(refused) => format!("refused: {} ({})", refused.clause, refused.reason),
        CallState::InDoubt => {
            let why = last.map_or("", |failure| failure.detail.as_str());
            format!("in doubt ({why})")
        }
        CallState::Failed => match failed_by(&played.contract, call) {
            Some(clause) => format!("failed: {clause}"),
            None => format!("failed ({})", last.map_or("", |failure| failure.detail.as_str())),
        },
        CallState::Answered { text } => format!("answered: {}", short(text)),
        CallState::Given(given) => format!("not done again: call {} of run {} did it", given.call, given.run),
        CallState::Applied { result, verdicts } => match verdicts.iter().find(|one| one.held != Held::Held) {
            Some(verdict) => format!("violated: {} ({})", verdict.clause, verdict.evidence),
            None => match result {
                Kept::Whole(value) => format!("gave {}", short(&value.to_string())),
                Kept::Cut { bytes, .. } => format!("gave {bytes} bytes"),
            },
        },
    }
}

/// How a test ended, in a sentence.
pub(super) fn ending(played: &Played) -> String {
    let trace = &played.trace;
    // A run around one proposed call ends well whatever became of the call.
    if let (STAGED, Some(call)) = (trace.workflow.as_str(), trace.calls().next()) {
        return became(played, call);
    }
    match (&trace.end, &trace.paused) {
        (Some(End::Succeeded { output }), _) => format!("done: {}", short(&output.to_string())),
        (Some(End::Failed { failure, clause, .. }), _) => match clause {
            Some(clause) => format!("failed: {clause} ({})", failure.detail),
            None => format!("failed ({})", failure.detail),
        },
        (Some(End::Cancelled), _) => "cancelled".to_owned(),
        (Some(End::Killed { .. }), _) => "killed".to_owned(),
        (None, Some(PauseReason::Limit { clause, .. })) => format!("paused: {clause}"),
        (None, Some(PauseReason::Operator { why })) => format!("paused ({why})"),
        (None, Some(PauseReason::Person { who, .. })) => format!("paused (by {who})"),
        (None, Some(PauseReason::Halt { scope, .. })) => format!("paused ({scope} is halted)"),
        (None, None) => match played.status {
            Status::Waiting(_) => {
                let doubted = trace.calls().filter(|call| call.state == CallState::InDoubt);
                let tools: Vec<&str> = doubted.map(|call| call.tool.as_str()).collect();
                format!("in_doubt: {}", tools.join(", "))
            }
            _ => played.status.name().to_owned(),
        },
    }
}

/// An expectation as a test writes it.
pub(super) fn expectation(expected: &Expectation) -> String {
    match expected {
        Expectation::Done => "done: true".to_owned(),
        Expectation::Refused(clause) => format!("refused: {clause}"),
        Expectation::Violated(clause) => format!("violated: {clause}"),
        Expectation::Held(clause) => format!("held: {clause}"),
        Expectation::Failed(Some(clause)) => format!("failed: {clause}"),
        Expectation::Failed(None) => "failed: true".to_owned(),
        Expectation::InDoubt(tool) => format!("in_doubt: {tool}"),
        Expectation::Paused(clause) => format!("paused: {clause}"),
        Expectation::Output(value) => format!("output: {}", short(&value.to_string())),
        Expectation::Said(words) => format!("said: {}", short(words)),
        Expectation::Calls(tool, number) => format!("calls: {{ {tool}: {number} }}"),
        Expectation::Effects(tool, number) => format!("effects: {{ {tool}: {number} }}"),
    }
}

/// A text as long as a line bears.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Every clause, and what became of it.
fn covered(contract: &Contract, coverage: &Coverage) -> String {
    let exercised = coverage.clauses().filter(|(_, count)| count.is_exercised()).count();
    let all = coverage.clauses().count();
    let width = coverage.clauses().map(|(clause, _)| clause.address.chars().count()).max().unwrap_or(0);
    let mut text =
        format!("{exercised} of {all} clauses of {} {} exercised\n", contract.name, contract.version);
    for (clause, count) in coverage.clauses() {
        let told = if count.is_exercised() { words(clause.kind, count) } else { "never".to_owned() };
        text.push_str(&format!("  {:<width$}  {told}\n", clause.address));
    }
    if !contract.unrun.is_empty() {
        text.push_str("\nchecked, and not run by this release, so no test shows anything of\n");
        contract.unrun.iter().for_each(|part| text.push_str(&format!("  {part}\n")));
    }
    text
}

fn document(file: &Path, contract: &Contract, tried: &[Tried], coverage: &Coverage, failed: usize) -> Value {
    let test = |one: &Tried| {
        json!({
            "name": one.case.name,
            "line": one.case.line,
            "ok": one.misses.is_empty(),
            "misses": one.misses,
            "ended": ending(&one.played),
            "calls": one.played.trace.calls().map(|call| story(&one.played, call)).collect::<Vec<_>>(),
        })
    };
    let clause = |(clause, count): (&handfast_contract::ListedClause, super::coverage::Count)| {
        json!({
            "address": clause.address, "kind": clause.kind.name(), "exercised": count.is_exercised(),
            "held": count.held, "violated": count.violated, "skipped": count.skipped,
        })
    };
    json!({
        "file": file.display().to_string(),
        "contract": contract.name,
        "version": contract.version,
        "ok": failed == 0,
        "passed": tried.len() - failed,
        "failed": failed,
        "tests": tried.iter().map(test).collect::<Vec<_>>(),
        "unrun": contract.unrun,
        "clauses": coverage.clauses().map(clause).collect::<Vec<_>>(),
    })
}
