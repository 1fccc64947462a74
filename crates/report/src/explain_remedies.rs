//! What was tried of a model before its step failed or came to rest: which models, what was left out, what it was told.

use handfast_events::{Failure, FailureClass};

use crate::journal::failure as failure_told;
use crate::journal::kept;
use crate::limits::{CIRCLE_CALLS_MAX, CIRCLE_CHARS_MAX};
use crate::text::{count, json, number_of, shorten};
use crate::trace::{Attempt, AttemptState, Call, CallState, Change, Changed, Step, Turn};

/// What came before a failure of this step, as far as it says why.
pub(crate) fn before_failure(step: &Step, failure: &Failure) -> Vec<String> {
    match failure.class {
        FailureClass::Stalled => circles(step),
        FailureClass::ContextOverflow => {
            let turn = step.turns.last();
            turn.into_iter().flat_map(shortened).chain(switches(step)).collect()
        }
        // Who was asked is news only where it was more than one.
        _ if switches(step).is_empty() => Vec::new(),
        _ => models_tried(step),
    }
}

/// The models that were tried in the newest turn, and why each gave way to the next.
pub(crate) fn models_tried(step: &Step) -> Vec<String> {
    let Some(turn) = step.turns.last() else { return Vec::new() };
    let mut groups: Vec<(&str, u64, &Attempt)> = Vec::new();
    for attempt in turn.attempts.iter().filter(|attempt| attempt.summarises.is_none()) {
        match groups.last_mut().filter(|(model, ..)| *model == attempt.model) {
            Some((_, times, newest)) => (*times, *newest) = (*times + 1, attempt),
            None => groups.push((&attempt.model, 1, attempt)),
        }
    }
    let told = groups.into_iter().map(|(model, times, newest)| {
        let times = number_of(times, "time", "times");
        format!("{model} was asked {times} in turn {}, the last time: {}", turn.turn, came(newest))
    });
    switches(step).into_iter().chain(told).collect()
}

/// The switches that led to the model which was asked last.
fn switches(step: &Step) -> Vec<String> {
    let Some(turn) = step.turns.last() else { return Vec::new() };
    let switched = |change: &Change| match &change.what {
        Changed::Switched(switched) => Some(switched.clone()),
        _ => None,
    };
    // A switch of an earlier turn counts where its model is the one that this turn began with.
    let mut earlier = step.turns.iter().rev().skip(1).flat_map(|turn| {
        let mut of_turn: Vec<_> = turn.changes().filter_map(switched).collect();
        of_turn.reverse();
        of_turn
    });
    let began_with = turn.attempts.first().map(|attempt| attempt.model.as_str());
    let is_in_turn = turn.before.iter().any(|change| switched(change).is_some());
    let led_here = earlier.next().filter(|switch| !is_in_turn && Some(switch.to.as_str()) == began_with);
    let all = led_here.into_iter().chain(turn.changes().filter_map(switched));
    all.map(|switch| {
        format!("since turn {} {} goes on instead of {}: {}", switch.turn, switch.to, switch.from, switch.why)
    })
    .collect()
}

/// What came of an attempt, in a phrase.
fn came(attempt: &Attempt) -> String {
    match &attempt.state {
        AttemptState::Asked => "no answer yet".to_owned(),
        AttemptState::Answered { unusable: Some(why), .. } => format!("its answer could not be used: {why}"),
        AttemptState::Answered { .. } => "it answered".to_owned(),
        AttemptState::Failed { failure, .. } => failure_told(failure),
    }
}

/// What was done in a turn to make its request fit.
fn shortened(turn: &Turn) -> Vec<String> {
    let place = format!("turn {}", turn.turn);
    let change = |change: &Change| match &change.what {
        Changed::Adjusted(adjusted)
            if adjusted.replaces.is_some() || adjusted.output_tokens_max.is_some() =>
        {
            Some(format!("{place}: {}", adjusted.why))
        }
        _ => None,
    };
    let mut told: Vec<String> = turn.before.iter().filter_map(change).collect();
    for attempt in &turn.attempts {
        let what = match (attempt.summarises, &attempt.state) {
            (Some(oldest), AttemptState::Failed { failure, .. }) => {
                let passages = number_of(u64::from(oldest), "passage", "passages");
                let why = failure_told(failure);
                Some(format!("to sum up the oldest {passages} failed: {why}"))
            }
            (None, AttemptState::Failed { failure, .. })
                if failure.class == FailureClass::ContextOverflow =>
            {
                let cap = count(attempt.output_tokens_max);
                Some(format!("it did not fit, with an answer of at most {cap} tokens: {}", failure.detail))
            }
            _ => None,
        };
        let number = attempt.attempt;
        told.extend(what.map(|what| format!("{place}, attempt {number} ({}): {what}", attempt.model)));
        told.extend(attempt.then.iter().filter_map(change));
    }
    told
}

/// How an agent went round in circles: what it was told of that, and its last calls with what they told.
fn circles(step: &Step) -> Vec<String> {
    let notices = step.turns.iter().flat_map(|turn| {
        turn.before.iter().filter_map(move |change| match &change.what {
            Changed::Adjusted(adjusted) if adjusted.replaces.is_none() && !adjusted.what.is_empty() => {
                Some(format!("before turn {} it was told: {}", turn.turn, adjusted.why))
            }
            _ => None,
        })
    });
    let newest = step.turns.iter().rev().flat_map(|turn| turn.calls.iter().rev());
    let last: Vec<&Call> = newest.take(CIRCLE_CALLS_MAX).collect();
    let calls = last.into_iter().rev().map(|call| {
        let told = match &call.state {
            CallState::Applied { result, .. } => kept(result),
            CallState::Given(given) => kept(&given.result),
            CallState::Refused(refused) => format!("refused: {}", refused.reason),
            CallState::Answered { text } => text.clone(),
            CallState::Failed => {
                let failure = call.attempts.iter().rev().find_map(|attempt| attempt.failure.as_ref());
                failure.map_or_else(|| "failed".to_owned(), failure_told)
            }
            _ => "no result".to_owned(),
        };
        let told = shorten(&told, CIRCLE_CHARS_MAX).into_owned();
        format!("{}: {} {} → {told}", call.id, call.tool, json(&call.args))
    });
    notices.chain(calls).collect()
}
