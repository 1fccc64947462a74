//! What stands in the tree: a step's turns and calls, each with what it took and what came of it.

mod calls;
mod turns;

use std::collections::BTreeMap;

use handfast_events::{Money, StepId, StepKind};

use super::Paint;
use crate::explain_ended::fault;
use crate::journal::failure as failure_told;
use crate::limits::STORY_LINES_MAX;
use crate::people::Asked;
use crate::text::{count, duration, json, number_of};
use crate::trace::{CallState, Question, Step, StepState, Wait};
use calls::{asked, call};
use turns::turn;

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    Bad,
    Doubt,
    Open,
    Skipped,
    Changed,
}

impl Mark {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Doubt => "?",
            Self::Open => "…",
            Self::Skipped => "–",
            Self::Changed => "+",
        }
    }

    pub(super) const fn paint(self) -> Paint {
        match self {
            Self::Good => Paint::Good,
            Self::Bad => Paint::Bad,
            Self::Doubt | Self::Changed => Paint::Doubt,
            Self::Open | Self::Skipped => Paint::Dim,
        }
    }
}

/// A place in the tree.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) columns: [String; 4],
    pub(super) details: Vec<Detail>,
    pub(super) children: Vec<Node>,
}

/// More on a place, below it.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) paint: Paint,
    pub(super) text: String,
    pub(super) lines_max: usize,
    /// How far the lines behind the first are moved in.
    pub(super) hang: usize,
}

/// The room of the word that a labelled detail begins with.
const LABEL: usize = 9;

impl Detail {
    /// On one line, cut where it is longer.
    const fn line(paint: Paint, text: String) -> Self {
        Self { paint, text, lines_max: 1, hang: 0 }
    }

    /// A word, and beside it a part of the story.
    fn labelled(paint: Paint, label: &str, text: &str) -> Self {
        Self { paint, text: format!("{label:<LABEL$}{text}"), lines_max: STORY_LINES_MAX, hang: LABEL }
    }

    /// Part of the story: on as many lines as it takes, within reason.
    const fn story(paint: Paint, text: String) -> Self {
        Self { paint, text, lines_max: STORY_LINES_MAX, hang: 0 }
    }
}

/// One step, without those within it.
fn step(step: &Step) -> Node {
    let totals = step.totals();
    let is_agent = matches!(step.kind, Some(StepKind::Agent(_) | StepKind::Talk(_)));
    let is_whole = is_agent || matches!(step.kind, Some(StepKind::Workflow(_)));
    let work = work(step);
    let time = step.elapsed_ms().filter(|_| step.kind.is_some()).map(duration).unwrap_or_default();
    let mut details = Vec::new();
    if is_whole {
        details.push(Detail::line(Paint::Dim, format!("given {}", json(&step.input))));
    }
    details.extend(step.questions.iter().flat_map(|question| asked(Asked { question, step, call: None })));
    if let Some(failed) = &step.otherwise {
        details.push(Detail::story(Paint::Doubt, format!("{failed} failed: what `otherwise` says follows")));
    }
    let mark = match &step.state {
        StepState::Running if step.questions.iter().any(Question::is_open) => Mark::Doubt,
        StepState::Running if step.all_calls().any(|call| call.state == CallState::InDoubt) => Mark::Doubt,
        StepState::Running => Mark::Open,
        StepState::Succeeded { output } => {
            if !matches!(step.kind, Some(StepKind::Tool(_))) && !output.is_null() {
                details.push(Detail::line(Paint::Plain, format!("gave {}", json(output))));
            }
            Mark::Good
        }
        StepState::Stopped { failed } => {
            details.push(Detail::story(Paint::Dim, format!("stopped: {failed} failed")));
            Mark::Skipped
        }
        StepState::Skipped { why } => {
            details.push(Detail::story(Paint::Dim, why.clone()));
            Mark::Skipped
        }
        StepState::Failed { failure, clause, party, from } => {
            details.push(Detail::story(Paint::Bad, failure_told(failure)));
            let fault = format!("at fault: {}", fault(*party, from));
            let clause = clause.as_ref().map(|clause| format!("broke {clause}; {fault}"));
            details.push(Detail::story(Paint::Bad, clause.unwrap_or(fault)));
            Mark::Bad
        }
    };
    let [tokens_in, tokens_out, dollars] = if is_agent {
        [count(totals.usage.input), count(totals.usage.output), dollars(totals.cost)]
    } else {
        Default::default()
    };
    let mut children: Vec<Node> = step.calls.iter().map(|one| call(step, one)).collect();
    children.extend(step.turns.iter().flat_map(|one| turn(step, one)));
    Node {
        mark,
        name: place(&step.id).1.to_owned(),
        text: work,
        columns: [tokens_in, tokens_out, dollars, time],
        details,
        children,
    }
}

/// Who or what does a step's work.
fn work(step: &Step) -> String {
    match &step.kind {
        Some(StepKind::Agent(name)) => format!(" · agent {name}"),
        Some(StepKind::Tool(name)) => format!(" · tool {name}"),
        Some(StepKind::Workflow(name)) => format!(" · workflow {name}"),
        Some(StepKind::Wait) => match &step.wait {
            Some(Wait { signal: Some(signal), .. }) => format!(" · waits for the signal {signal}"),
            Some(Wait { until: Some(until), .. }) => format!(" · waits until {until}"),
            _ => " · wait".to_owned(),
        },
        Some(StepKind::Choose) => match &step.branch {
            Some(branch) => format!(" · choose {branch}"),
            None => " · choose".to_owned(),
        },
        Some(StepKind::Repeat) => " · repeat".to_owned(),
        Some(StepKind::Approval) => " · approval".to_owned(),
        Some(StepKind::Talk(name)) => format!(" · talk with {name}"),
        Some(StepKind::Each) => {
            let items = step.input.as_array().map_or(0, Vec::len);
            format!(" · each of {}", number_of(items as u64, "item", "items"))
        }
        None => String::new(),
    }
}

/// The steps as a tree: those within a step below it, by round and lane.
pub(super) fn steps(steps: &[Step]) -> Vec<Node> {
    let mut below: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        below.entry(place(&step.id).0).or_default().push(step);
    }
    let mut roots = nodes("", &below);
    // What lies below a step that was never heard of is shown all the same: journals may be damaged.
    let is_shown =
        |holder: &str| holder.is_empty() || steps.iter().any(|step| step.id.as_str() == holder_of(holder).0);
    let lost: Vec<&str> = below.keys().copied().filter(|holder| !is_shown(holder)).collect();
    roots.extend(lost.into_iter().flat_map(|holder| nodes(holder, &below)));
    roots
}

/// The steps directly below a holder: a step, one of its rounds or lanes, or the run.
fn nodes(holder: &str, below: &BTreeMap<&str, Vec<&Step>>) -> Vec<Node> {
    let own = below.get(holder).into_iter().flatten();
    own.map(|own| {
        let mut node = step(own);
        let id = own.id.as_str();
        node.children.extend(nodes(id, below));
        let inner = below.keys().copied().filter(|inner| holder_of(inner) == (id, true));
        let mut groups: Vec<(u32, &str)> = inner.map(|inner| (number(inner), inner)).collect();
        groups.sort_unstable();
        node.children.extend(groups.into_iter().map(|(at, inner)| group(own, at, nodes(inner, below))));
        node
    })
    .collect()
}

/// A round or a lane.
fn group(holder: &Step, at: u32, children: Vec<Node>) -> Node {
    let (name, text) = match holder.kind {
        Some(StepKind::Each) => {
            let item = usize::try_from(at).ok().and_then(|at| holder.input.get(at));
            (format!("lane {at}"), item.map(|item| format!(" · {}", json(item))).unwrap_or_default())
        }
        _ => (format!("round {at}"), String::new()),
    };
    let has = |mark: Mark| children.iter().any(|child| child.mark == mark);
    let mark = [Mark::Bad, Mark::Doubt, Mark::Open].into_iter().find(|mark| has(*mark));
    let (columns, details) = Default::default();
    Node { mark: mark.unwrap_or(Mark::Good), name, text, columns, details, children }
}

/// Where a step stands: the step, round or lane that holds it, and its own name there.
fn place(id: &StepId) -> (&str, &str) {
    match id.as_str() {
        id if id.ends_with("~otherwise") => (id.strip_suffix("~otherwise").unwrap_or(id), "otherwise"),
        id => id.rsplit_once('/').unwrap_or(("", id)),
    }
}

/// The step whose round or lane this is, or the step itself; and whether it is one of a round or lane.
fn holder_of(path: &str) -> (&str, bool) {
    let from = path.rfind('/').map_or(0, |slash| slash + 1);
    let group = path.get(from..).and_then(|last| last.find(['[', '#']));
    match group.and_then(|at| path.get(..from + at)) {
        Some(step) => (step, true),
        None => (path, false),
    }
}

/// The number of a round or lane.
fn number(path: &str) -> u32 {
    path.rsplit(['[', '#']).next().and_then(|last| last.trim_end_matches(']').parse().ok()).unwrap_or(0)
}

/// Dollars in a column, whose head says that they are dollars.
fn dollars(money: Money) -> String {
    crate::text::cost(money).trim_end_matches(" USD").to_owned()
}
