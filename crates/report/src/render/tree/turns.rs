//! The turns of an agent as nodes: each request, what came of it, what changed before the next.

use handfast_events::Money;

use super::super::Paint;
use super::{Detail, Mark, Node, call, dollars};
use crate::journal::failure as failure_told;
use crate::text::{count, duration};
use crate::trace::{Attempt, AttemptState, Step, Turn};

/// A turn: each attempt in turn, what the model was told in between, the calls below the last.
pub(super) fn turn(step: &Step, turn: &Turn) -> Vec<Node> {
    let mut nodes = Vec::new();
    for one in &turn.attempts {
        nodes.push(attempt(turn, one));
        if let Some(adjusted) = &one.adjusted {
            nodes.push(Node {
                mark: Mark::Changed,
                name: "context changed".into(),
                text: String::new(),
                columns: Default::default(),
                details: vec![
                    Detail::labelled(Paint::Plain, "because", &adjusted.why),
                    Detail::labelled(Paint::Plain, "told", &adjusted.what),
                ],
                children: Vec::new(),
            });
        }
    }
    if let Some(last) = nodes.last_mut() {
        last.children.extend(turn.calls.iter().map(|one| call(step, one)));
    }
    nodes
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
    match &attempt.state {
        AttemptState::Asked => node.text.push_str(" is asked"),
        AttemptState::Answered { text, asks, usage, cost, latency_ms, unusable } => {
            node.mark = if unusable.is_some() { Mark::Bad } else { Mark::Good };
            node.columns = [count(usage.input), count(usage.output), dollars(*cost), duration(*latency_ms)];
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
                if attempt.adjusted.is_none() {
                    node.details.push(Detail::story(Paint::Bad, why.clone()));
                }
            }
        }
        AttemptState::Failed { failure, forfeited, latency_ms, retry } => {
            node.mark = Mark::Bad;
            node.text.push_str(" gives no answer");
            let [_, _, _, time] = &mut node.columns;
            *time = duration(*latency_ms);
            node.details.push(Detail::story(Paint::Bad, failure_told(failure)));
            if forfeited.tokens > 0 || forfeited.cost > Money::ZERO {
                let (tokens, cost) = (count(forfeited.tokens), forfeited.cost);
                node.details.push(Detail::line(
                    Paint::Doubt,
                    format!("forfeited {tokens} tokens, {cost}: nobody can know"),
                ));
            }
            if let Some(retry) = retry {
                node.details.push(Detail::line(Paint::Dim, format!("asked again: {}", retry.why)));
            }
        }
    }
    node
}
