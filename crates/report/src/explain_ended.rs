//! What is said of a run that ended otherwise than promised: why, who is at fault, what to do next.

use handfast_events::{CallId, Party, StepId};

use crate::explain::{Explanation, NextStep, reasoned, step};
use crate::explain_remedies::before_failure;
use crate::people;
use crate::trace::{Call, CallState, End, Note, StepState, Trace};

/// A run that was ended at once: what was open is for a person to look after.
pub(crate) fn killed(trace: &Trace) -> Explanation {
    let Some(End::Killed { who, why, open }) = &trace.end else { return Explanation::bare(trace) };
    let told = open
        .iter()
        .map(|open| format!("{}: {}", people::place_of(&open.step, open.call.as_ref()), open.what));
    let mut evidence: Vec<String> = told.collect();
    evidence.push("nothing was settled, and nothing was taken back".to_owned());
    Explanation {
        headline: reasoned(&format!("killed by {who}"), why),
        evidence,
        next: vec![step("to see what it had done", format!("handfast trace {}", trace.run))],
        ..Explanation::bare(trace)
    }
}

/// A run that failed.
pub(crate) fn failed(trace: &Trace) -> Explanation {
    let Some(End::Failed { step: by, failure, clause, party }) = &trace.end else {
        return Explanation::bare(trace);
    };
    let place = by.as_ref().map_or("its output".to_owned(), |by| format!("step {by}"));
    let mut evidence = Vec::new();
    if let Some(code) = &failure.code {
        evidence.push(format!("it goes by the name {code}"));
    }
    if let Some(status) = failure.status {
        evidence.push(format!("the other side answered with HTTP {status}"));
    }
    for call in trace.calls() {
        if let CallState::Applied { verdicts, .. } = &call.state {
            let broken = verdicts.iter().filter(|verdict| verdict.held == handfast_events::Held::Violated);
            evidence.extend(
                broken.map(|verdict| format!("{} broke {}: {}", call.id, verdict.clause, verdict.evidence)),
            );
        }
    }
    let failing = by.as_ref().and_then(|by| trace.steps.iter().find(|one| one.id == *by));
    evidence.extend(failing.into_iter().flat_map(|step| before_failure(step, failure)));
    evidence.extend(people::decided(trace));
    let standing: Vec<&CallId> =
        trace.calls().filter(|call| changed_something(call)).map(|call| &call.id).collect();
    if !standing.is_empty() {
        let names = standing.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
        evidence.push(format!("what these calls changed still stands: {names}"));
    }
    Explanation {
        headline: format!("{place} failed: {}: {}", failure.class.name(), failure.detail),
        clause: clause.clone(),
        party: Some(*party),
        from: by.as_ref().map(|by| givers(trace, by)).unwrap_or_default(),
        evidence,
        next: failed_next(trace, *party),
        ..Explanation::bare(trace)
    }
}

/// What can be done once a run failed.
fn failed_next(trace: &Trace, party: Party) -> Vec<NextStep> {
    let run = trace.run;
    let looks = step("to see what came before", format!("handfast trace {run}"));
    match party {
        Party::Model => {
            vec![step("to see what the model was shown", format!("handfast trace {run} --prompts"))]
        }
        Party::Author => vec![step("once the contract is mended", "handfast check PATH".into()), looks],
        _ => vec![looks],
    }
}

/// Whether a call took effect, wasn't only a read, and nothing is said of what became of that: as in older journals.
fn changed_something(call: &Call) -> bool {
    let reads = call.idempotency == Some(handfast_events::Idempotency::Reads);
    let is_told = call.compensation.is_some() || call.id.takes_back().is_some();
    matches!(call.state, CallState::Applied { .. }) && !reads && !is_told
}

/// A run that was ended by request.
pub(crate) fn cancelled(trace: &Trace) -> Explanation {
    let request = trace.notes.iter().rev().find_map(|(_, note)| match note {
        Note::CancelRequested { who, why } => Some(format!("cancelled by {who}: {why}")),
        _ => None,
    });
    Explanation {
        headline: request.unwrap_or_else(|| "cancelled".into()),
        next: vec![step("to see what it had done", format!("handfast trace {}", trace.run))],
        ..Explanation::bare(trace)
    }
}

/// The steps that gave what a step failed by.
fn givers(trace: &Trace, step: &StepId) -> Vec<StepId> {
    let failed = trace.steps.iter().find(|one| one.id == *step).map(|one| &one.state);
    match failed {
        Some(StepState::Failed { from, .. }) => from.clone(),
        _ => Vec::new(),
    }
}

/// Who is at fault, in words; the steps by their names, where they are known.
pub(crate) fn fault(party: Party, from: &[StepId]) -> String {
    match (party, from) {
        (Party::Step, [one]) => format!("step {one}, which gave the value"),
        (Party::Step, [_, ..]) => {
            let names: Vec<&str> = from.iter().map(StepId::as_str).collect();
            format!("one of the steps {}, which gave the values", names.join(", "))
        }
        _ => party_name(party).to_owned(),
    }
}

/// The party in words.
pub(crate) const fn party_name(party: Party) -> &'static str {
    match party {
        Party::Model => "the model",
        Party::Step => "the step that the value came from",
        Party::Tool => "the tool",
        Party::Server => "the server",
        Party::Environment => "the environment",
        Party::Person => "a person",
        Party::Author => "the contract's author",
        Party::Runtime => "Handfast itself",
        Party::Unknown => "nobody can say who",
    }
}
