//! Everything of a run that waits for a person, each with its verbs.

use handfast_events::{ApprovalId, RunId, Timestamp};
use serde::Serialize;

use crate::explain::{Explanation, doubted, paused};
use crate::explain_compensation::{stands, stuck_at};
use crate::explain_late::contradicted;
use crate::people::asked;
use crate::trace::{Call, Trace};

/// One thing that waits for a person.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What it goes by, where it is answered by that; else by its run and its place.
    pub id: Option<ApprovalId>,
    /// In one word: `approval`, `doubt`, `stuck`, `standing`, `contradicted`, `paused`.
    pub kind: &'static str,
    /// The run.
    pub run: RunId,
    /// The call or step that it is about; none where it is about the run.
    pub place: Option<String>,
    /// Since when it waits.
    pub since: Option<Timestamp>,
    /// What it is about, and what can be done.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Everything of this run that waits for a person.
pub fn inbox(trace: &Trace) -> Vec<Item> {
    let bare =
        |kind, explanation| Item { id: None, kind, run: trace.run, place: None, since: None, explanation };
    let of_call =
        |kind, call: &Call, explanation| Item { place: Some(call.id.to_string()), ..bare(kind, explanation) };
    let standing = trace.compensations().filter(|(_, one)| one.waits());
    let standing = standing.map(|(call, _)| of_call("standing", call, stands(trace, call)));
    let contradicted = trace.contradictions().map(|(call, late)| Item {
        since: Some(late.at),
        ..of_call("contradicted", call, contradicted(trace, call, late))
    });
    let standing = standing.chain(contradicted);
    if trace.status().is_ended() {
        return standing.collect();
    }
    let stuck = trace.compensations().filter(|(_, one)| one.is_stuck());
    let stuck = stuck.map(|(call, _)| of_call("stuck", call, stuck_at(trace, call)));
    let questions = trace.questions().filter(|asked| asked.question.is_open()).map(|one| Item {
        id: Some(one.question.asked.id.clone()),
        place: Some(one.place().to_owned()),
        since: Some(one.question.at),
        ..bare("approval", asked(trace, &[one]))
    });
    let in_doubt = trace
        .calls()
        .filter(|call| trace.is_for_a_person(call))
        .map(|call| Item { since: since(call), ..of_call("doubt", call, doubted(trace, &[call])) });
    let pause = trace.paused.iter().map(|reason| {
        let at = trace.notes.iter().rev().find(|(_, note)| matches!(note, crate::trace::Note::Paused(_)));
        Item { since: at.map(|(at, _)| *at), ..bare("paused", paused(trace, reason)) }
    });
    questions.chain(in_doubt).chain(stuck).chain(standing).chain(pause).collect()
}

fn since(call: &Call) -> Option<Timestamp> {
    call.attempts.last().map(|attempt| attempt.at)
}
