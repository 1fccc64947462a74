//! What is said of what was taken back, of what stands, and of what can't be taken back without a person.

use handfast_events::Idempotency;

use crate::explain::{Explanation, NextStep, failed_attempts, step, what_it_is};
use crate::explain_late::contradicted;
use crate::journal::failure as failure_told;
use crate::text::{json, shell_word};
use crate::trace::{Call, CallState, Compensation, CompensationState, Note, StepState, Trace};

/// A run that can't take back what it did.
pub(crate) fn stuck(trace: &Trace) -> Explanation {
    let first = trace.compensations().find(|(_, one)| one.is_stuck());
    first.map_or_else(|| Explanation::bare(trace), |(call, _)| stuck_at(trace, call))
}

/// The same of one call.
pub(crate) fn stuck_at(trace: &Trace, call: &Call) -> Explanation {
    let Some(CompensationState::Stuck { failure, clause, party }) =
        call.compensation.as_ref().map(|one| &one.state)
    else {
        return Explanation::bare(trace);
    };
    let mut evidence = vec![what_it_is(call)];
    if let CallState::Applied { result, .. } = &call.state {
        evidence.push(format!("it gave {}", crate::journal::kept(result)));
    }
    if let Some(by) = call.taken_back_by() {
        evidence.push(format!("{} takes it back, by `{}` with {}", by.id, by.tool, json(&by.args)));
        if let Some(key) = by.key() {
            evidence.push(format!("it carries the key {key}: look for that on the other side"));
        }
        evidence.extend(failed_attempts(by));
    }
    evidence.extend(because(trace));
    evidence.extend(taken_back(trace));
    let behind: Vec<&str> = trace
        .compensations()
        .filter(|(_, other)| other.state == CompensationState::Due)
        .map(|(call, _)| call.id.as_str())
        .collect();
    if !behind.is_empty() {
        evidence
            .push(format!("behind it wait, to be taken back in reverse order: {}", newest_first(&behind)));
    }
    Explanation {
        headline: format!(
            "what call {} did can't be taken back without you: {}",
            call.id,
            failure_told(failure)
        ),
        clause: clause.clone(),
        party: Some(*party),
        evidence,
        next: remedies(trace, call),
        ..Explanation::bare(trace)
    }
}

/// What one call did stands, and nobody has accepted that yet.
pub(crate) fn stands(trace: &Trace, call: &Call) -> Explanation {
    let bare = Explanation::bare(trace);
    let Some(one) = &call.compensation else { return bare };
    let Some(told) = stands_told(call, one) else { return bare };
    let mut evidence = vec![what_it_is(call)];
    if let CallState::Applied { result, .. } = &call.state {
        evidence.push(format!("it gave {}", crate::journal::kept(result)));
    }
    evidence.extend(because(trace));
    Explanation { headline: told, evidence, next: vec![accepting(trace, call)], ..bare }
}

fn stands_told(call: &Call, one: &Compensation) -> Option<String> {
    Some(format!("of {} ({}) stands: {}", call.id, call.tool, one.what_stands()?))
}

fn accepting(trace: &Trace, call: &Call) -> NextStep {
    let (run, id) = (trace.run, shell_word(call.id.as_str()));
    step(
        format!("once you have seen to what {} left", call.id),
        format!("handfast accept {run} {id} --reason TEXT"),
    )
}

/// Calls as they are taken back: the trace has them in the order in which they were made.
fn newest_first(calls: &[&str]) -> String {
    calls.iter().rev().copied().collect::<Vec<_>>().join(", ")
}

fn remedies(trace: &Trace, call: &Call) -> Vec<NextStep> {
    let (run, id) = (trace.run, shell_word(call.id.as_str()));
    let by = call.taken_back_by();
    let has_applied = by.is_some_and(|by| matches!(by.state, CallState::Applied { .. }));
    let is_once = by.is_some_and(|by| by.idempotency == Some(Idempotency::None));
    let mut next = Vec::new();
    if !(has_applied && is_once) {
        next.push(step(
            "once what stopped it is mended; it is tried again",
            format!("handfast retry {run} {id} --reason TEXT"),
        ));
    }
    next.push(step(
        "if you took it back yourself, or it may stand",
        format!("handfast accept {run} {id} --reason TEXT"),
    ));
    next
}

/// What the run is taken back for.
fn because(trace: &Trace) -> Vec<String> {
    let failed = trace.steps.iter().filter_map(|step| match &step.state {
        StepState::Failed { failure, .. } => {
            Some(format!("step {} failed: {}", step.id, failure_told(failure)))
        }
        _ => None,
    });
    let asked = trace.notes.iter().filter_map(|(_, note)| match note {
        Note::CancelRequested { who, why } => Some(format!("{who} cancelled the run: {why}")),
        _ => None,
    });
    failed.chain(asked).collect()
}

/// The calls that were taken back so far.
fn taken_back(trace: &Trace) -> Option<String> {
    let done = trace.compensations().filter_map(|(call, one)| match &one.state {
        CompensationState::Compensated { leaves } if leaves.is_empty() => Some(call.id.to_string()),
        CompensationState::Compensated { leaves } => {
            Some(format!("{} (but for {})", call.id, leaves.join(", ")))
        }
        _ => None,
    });
    let done: Vec<String> = done.collect();
    (!done.is_empty()).then(|| format!("taken back: {}", done.join(", ")))
}

/// Adds what was taken back and what stands to what is said of an end.
pub(crate) fn standing(mut explanation: Explanation, trace: &Trace) -> Explanation {
    explanation.evidence.extend(taken_back(trace));
    let (mut told, mut next) = (Vec::new(), Vec::new());
    for (call, one) in trace.compensations() {
        told.extend(stands_told(call, one));
        next.extend(one.waits().then(|| accepting(trace, call)));
    }
    explanation.evidence.extend(told);
    for (call, late) in trace.contradictions() {
        let Explanation { headline, next: more, .. } = contradicted(trace, call, late);
        explanation.evidence.push(headline);
        next.extend(more);
    }
    if !next.is_empty() {
        next.append(&mut explanation.next);
        explanation.next = next;
    }
    explanation
}
