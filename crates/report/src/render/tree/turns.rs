//! The turns of an agent as nodes: each request, what came of it, what changed before the next.

use handfast_events::{ContextAdjusted, ModelHeld, Money};

use super::super::Paint;
use super::{Detail, Mark, Node, call, dollars};
use crate::journal::failure as failure_told;
use crate::text::{count, duration, number_of};
use crate::trace::{Attempt, AttemptState, Change, Changed, Step, Turn};

/// A turn: each attempt in turn, what changed in between, the calls below the last.
pub(super) fn turn(step: &Step, turn: &Turn) -> Vec<Node> {
    let mut nodes = changes(&turn.before, None);
    let mut calls = turn.calls.iter().map(|one| call(step, one));
    for (index, one) in turn.attempts.iter().enumerate() {
        let mut node = attempt(turn, one);
        if index + 1 == turn.attempts.len() {
            node.children.extend(calls.by_ref());
        }
        nodes.push(node);
        nodes.extend(changes(&one.then, Some(one)));
    }
    // Calls that nobody was asked about are shown all the same: journals may be damaged.
    nodes.extend(calls);
    nodes
}

/// What changed, behind an attempt or before the first one.
fn changes(changes: &[Change], behind: Option<&Attempt>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut left = changes.iter().peekable();
    let mut times = 1;
    while let Some(change) = left.next() {
        match &change.what {
            Changed::Adjusted(one) => nodes.extend(adjusted(one, behind)),
            Changed::Held(one) => {
                // A hold that is renewed for the same reason is one hold.
                let next = left.peek().map(|next| &next.what);
                if matches!(next, Some(Changed::Held(next)) if next.why == one.why) {
                    times += 1;
                    continue;
                }
                nodes.push(held(one, times));
                times = 1;
            }
            Changed::Switched(one) => nodes.push(changed(
                "model switched",
                format!(" · {} → {}", one.from, one.to),
                vec![Detail::labelled(Paint::Plain, "because", &one.why)],
            )),
            Changed::TakenAway(one) => {
                let until = match one.until {
                    Some(until) => format!("until {until}"),
                    None => "for the rest of the step".to_owned(),
                };
                nodes.push(changed(
                    "tool out of reach",
                    format!(" · {} {until}", one.tool),
                    vec![
                        Detail::labelled(Paint::Plain, "because", &one.why),
                        Detail::labelled(Paint::Plain, "told", &one.what),
                    ],
                ));
            }
        }
    }
    nodes
}

fn changed(name: &str, text: String, details: Vec<Detail>) -> Node {
    let (columns, children) = Default::default();
    Node { mark: Mark::Changed, name: name.into(), text, columns, details, children }
}

fn held(held: &ModelHeld, times: u32) -> Node {
    let times = if times == 1 { String::new() } else { format!(" · {times} times") };
    let until = held.until.map(|until| format!(" · until {until}")).unwrap_or_default();
    let because = Detail::labelled(Paint::Plain, "because", &held.why);
    changed("model held", format!("{times}{until}"), vec![because])
}

/// What a remedy changed in what a model sees; none where it only says that an answer doesn't count, which stands there.
fn adjusted(adjusted: &ContextAdjusted, behind: Option<&Attempt>) -> Option<Node> {
    let mut details = vec![Detail::labelled(Paint::Plain, "because", &adjusted.why)];
    let (name, text, label) = match (adjusted.replaces, adjusted.output_tokens_max) {
        (Some(replaced), _) => {
            let text = format!(" · {} replaced", passages(replaced));
            ("context changed", text, "instead")
        }
        (None, Some(cap)) => {
            let text = format!(" · an answer may hold {} tokens at most", count(cap));
            ("cap lowered", text, "told")
        }
        (None, None) if adjusted.what.is_empty() && behind.is_some_and(|one| is_said(one, adjusted)) => {
            return None;
        }
        (None, None) if behind.is_some() => ("context changed", String::new(), "told"),
        (None, None) => ("notice", String::new(), "told"),
    };
    if !adjusted.what.is_empty() {
        details.push(Detail::labelled(Paint::Plain, label, &adjusted.what));
    }
    Some(changed(name, text, details))
}

/// Whether the attempt says by itself what the adjustment says.
fn is_said(attempt: &Attempt, adjusted: &ContextAdjusted) -> bool {
    matches!(&attempt.state, AttemptState::Answered { unusable: Some(why), .. } if *why == adjusted.why)
}

/// The oldest of a conversation's passages.
fn passages(oldest: u32) -> String {
    match oldest {
        1 => "the oldest passage".to_owned(),
        oldest => format!("the oldest {}", number_of(u64::from(oldest), "passage", "passages")),
    }
}

fn attempt(turn: &Turn, attempt: &Attempt) -> Node {
    let is_one = turn.attempts.len() == 1 && attempt.attempt == 1;
    let number = if is_one { String::new() } else { format!(", attempt {}", attempt.attempt) };
    let mut node = Node {
        mark: Mark::Open,
        name: format!("turn {}{number}", turn.turn),
        text: format!(" · {}", attempt.model),
        columns: Default::default(),
        details: Vec::new(),
        children: Vec::new(),
    };
    if attempt.is_anew && attempt.summarises.is_none() {
        let bytes = count(attempt.prompt_bytes);
        node.details.push(Detail::line(Paint::Dim, format!("sent anew: {bytes} bytes")));
    }
    match &attempt.state {
        AttemptState::Asked => match attempt.summarises {
            Some(oldest) => node.text.push_str(&format!(" is asked to sum up {}", passages(oldest))),
            None => node.text.push_str(" is asked"),
        },
        AttemptState::Answered { usage, cost, latency_ms, .. } => {
            node.columns = [count(usage.input), count(usage.output), dollars(*cost), duration(*latency_ms)];
            answered(&mut node, attempt);
        }
        AttemptState::Failed { .. } => failed(&mut node, attempt),
    }
    node
}

fn answered(node: &mut Node, attempt: &Attempt) {
    let AttemptState::Answered { text, asks, unusable, .. } = &attempt.state else { return };
    if let Some(oldest) = attempt.summarises {
        // No answer of the agent: its words stand in place of what they sum up, which is shown next.
        node.mark = Mark::Changed;
        node.text.push_str(&format!(" sums up {}", passages(oldest)));
        return;
    }
    node.mark = if unusable.is_some() { Mark::Bad } else { Mark::Good };
    if !asks.is_empty() {
        node.text.push_str(&format!(" asks for {}", asks.join(", ")));
    } else if unusable.is_none() {
        node.text.push_str(" answers");
    }
    if !text.is_empty() {
        node.details.push(Detail::line(Paint::Plain, format!("said {text}")));
    }
    if let Some(why) = unusable {
        node.text.push_str(" gives an answer that can't be used");
        // What the model or the next one is told of it says why.
        let is_told = |change: &Change| match &change.what {
            Changed::Adjusted(adjusted) => adjusted.why == *why && !adjusted.what.is_empty(),
            Changed::Switched(switched) => switched.why == *why,
            Changed::Held(_) | Changed::TakenAway(_) => false,
        };
        if !attempt.then.iter().any(is_told) {
            node.details.push(Detail::story(Paint::Bad, why.clone()));
        }
    }
}

fn failed(node: &mut Node, attempt: &Attempt) {
    let AttemptState::Failed { failure, forfeited, latency_ms, retry } = &attempt.state else { return };
    node.mark = Mark::Bad;
    match attempt.summarises {
        Some(oldest) => node.text.push_str(&format!(" does not sum up {}", passages(oldest))),
        None => node.text.push_str(" gives no answer"),
    }
    let [_, _, _, time] = &mut node.columns;
    *time = duration(*latency_ms);
    node.details.push(Detail::story(Paint::Bad, failure_told(failure)));
    if forfeited.tokens > 0 || forfeited.cost > Money::ZERO {
        let (tokens, cost) = (count(forfeited.tokens), forfeited.cost);
        node.details
            .push(Detail::line(Paint::Doubt, format!("forfeited {tokens} tokens, {cost}: nobody can know")));
    }
    if let Some(retry) = retry {
        node.details.push(Detail::line(Paint::Dim, format!("asked again: {}", retry.why)));
    }
}
