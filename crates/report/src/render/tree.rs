//! What stands in the tree: a step's turns and calls, each with what it took and what came of it.

use std::collections::BTreeMap;

use handfast_events::{Held, Idempotency, Money, Settled, StepId, StepKind, Verdict};

use super::Paint;
use crate::explain::party_name;
use crate::journal::{
    failure as failure_told, kept, next as next_told, purpose as purpose_told, standing as why_it_stands,
};
use crate::limits::STORY_LINES_MAX;
use crate::people::Asked;
use crate::text::{count, duration, json, number_of};
use crate::trace::{
    Attempt, AttemptState, Call, CallAttempt, CallState, Compensation, CompensationState, Question, Step,
    StepState, Turn, Wait,
};

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
    let is_agent = matches!(step.kind, Some(StepKind::Agent(_)));
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
        StepState::Failed { failure, clause, party } => {
            details.push(Detail::story(Paint::Bad, failure_told(failure)));
            let fault = format!("at fault: {}", party_name(*party));
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

/// A turn: each attempt in turn, what the model was told in between, the calls below the last.
fn turn(step: &Step, turn: &Turn) -> Vec<Node> {
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

fn call(step: &Step, call: &Call) -> Node {
    let mut details = Vec::new();
    if call.sends.as_ref().is_some_and(|sends| *sends != call.args) {
        details.push(Detail::line(
            Paint::Dim,
            format!("sent {}", call.sends.as_ref().map(json).unwrap_or_default()),
        ));
    }
    for (behind, resource) in &call.queued {
        details
            .push(Detail::line(Paint::Dim, format!("waited for {behind}, which goes first on {resource}")));
    }
    details
        .extend(call.questions.iter().flat_map(|question| asked(Asked { question, step, call: Some(call) })));
    let is_plain = call.attempts.iter().all(|attempt| attempt.failure.is_none());
    if !is_plain {
        details.extend(call.attempts.iter().map(tried));
    }
    details
        .extend(call.stayed.iter().map(|why| Detail::story(Paint::Doubt, format!("still in doubt: {why}"))));
    if let Some((settled, who, evidence)) = &call.settled {
        let way = if matches!(settled, Settled::Applied(_)) { "applied" } else { "not applied" };
        details.push(Detail::story(Paint::Doubt, format!("settled as {way} by {who}: {evidence}")));
    }
    let mark = came(call, &mut details);
    match &call.idempotency {
        Some(Idempotency::Key(key)) => details.push(Detail::line(Paint::Dim, format!("key {key}"))),
        Some(Idempotency::None) => {
            details.push(Detail::line(Paint::Dim, "no key: never repeated blindly".into()))
        }
        Some(Idempotency::Reads | Idempotency::Natural) | None => {}
    }
    details.extend(call.compensation.as_ref().map(became));
    let time: u64 = call.attempts.iter().filter_map(|attempt| attempt.latency_ms).sum();
    let is_timed = call.attempts.iter().any(|attempt| attempt.latency_ms.is_some());
    let time = if is_timed { duration(time) } else { String::new() };
    let name = match &call.purpose {
        None => call.tool.clone(),
        Some(purpose) => format!("{}: {}", purpose_told(purpose), call.tool),
    };
    Node {
        mark,
        name,
        text: format!(" {}", json(&call.args)),
        columns: [String::new(), String::new(), String::new(), time],
        details,
        children: call.side.iter().map(|side| self::call(step, side)).collect(),
    }
}

/// What people were asked, and answered.
fn asked(asked: Asked<'_>) -> Vec<Detail> {
    let question = asked.question;
    let told = match asked.told() {
        Some(told) => told,
        None => {
            let roles = question.open_roles().map(|role| role.role.as_str()).collect::<Vec<_>>();
            format!("{} is asked ({})", roles.join(" and "), question.asked.id)
        }
    };
    let paint = match (question.is_open(), question.is_yes()) {
        (true, _) => Paint::Doubt,
        (false, true) => Paint::Good,
        (false, false) => Paint::Bad,
    };
    vec![
        Detail::labelled(Paint::Plain, "asked", &question.asked.question),
        Detail::labelled(paint, "answer", &told),
    ]
}

/// What became of what a call did.
fn became(one: &Compensation) -> Detail {
    match &one.state {
        CompensationState::Due => Detail::line(Paint::Doubt, "to be taken back".into()),
        CompensationState::Compensated { leaves } if leaves.is_empty() => {
            Detail::line(Paint::Plain, "compensated: taken back".into())
        }
        CompensationState::Compensated { leaves } => {
            Detail::story(Paint::Plain, format!("compensated: taken back but for {}", leaves.join(", ")))
        }
        CompensationState::Stuck { failure, .. } => {
            Detail::story(Paint::Bad, format!("stuck: can't be taken back: {}", failure_told(failure)))
        }
        CompensationState::Standing { what, why, accepted } => {
            let by = accepted.as_ref().filter(|_| why.waits());
            let by = by.map(|(who, why)| format!("; accepted by {who}: {why}")).unwrap_or_default();
            let what = if what.is_empty() { "what it did".to_owned() } else { what.join(", ") };
            let paint = if one.waits() { Paint::Doubt } else { Paint::Plain };
            Detail::story(paint, format!("left standing: {what}; {}{by}", why_it_stands(why)))
        }
    }
}

/// What came of a call, in its mark and below it.
fn came(call: &Call, details: &mut Vec<Detail>) -> Mark {
    let mark = came_of(call, details);
    let Some(withheld) = &call.withheld else { return mark };
    let sentence = format!("{} ({})", withheld.sentence, withheld.clause);
    details.push(Detail::labelled(Paint::Bad, "withheld", &sentence));
    details.push(Detail::labelled(Paint::Plain, "because", &withheld.reason));
    Mark::Bad
}

fn came_of(call: &Call, details: &mut Vec<Detail>) -> Mark {
    match &call.state {
        CallState::Proposed | CallState::Intended => Mark::Open,
        CallState::Working(working) => {
            let (server, handle, ask_at) = (&working.server, &working.handle, working.ask_at);
            let text = format!("{server} works on it: {handle}, asked again at {ask_at}");
            details.push(Detail::story(Paint::Plain, text));
            Mark::Open
        }
        CallState::Asking => Mark::Doubt,
        CallState::Refused(refused) => {
            let sentence = format!("{} ({})", refused.sentence, refused.clause);
            details.push(Detail::labelled(Paint::Bad, "refused", &sentence));
            details.push(Detail::labelled(Paint::Plain, "because", &refused.reason));
            details.push(Detail::labelled(Paint::Plain, "mend", &refused.mend));
            Mark::Bad
        }
        CallState::InDoubt => {
            let text = format!("in doubt: nobody can know whether {} took effect", call.id);
            details.push(Detail::story(Paint::Doubt, text));
            Mark::Doubt
        }
        CallState::Failed => Mark::Bad,
        CallState::Given(given) => {
            let text =
                format!("done before, by {} of run {}: {}", given.call, given.run, kept(&given.result));
            details.push(Detail::line(Paint::Plain, text));
            Mark::Good
        }
        CallState::Applied { result, verdicts } => {
            details.push(Detail::line(Paint::Plain, format!("→ {}", kept(result))));
            let held = verdicts.iter().filter(|verdict| verdict.held == Held::Held).count();
            if held > 0 {
                let clauses = number_of(u64::try_from(held).unwrap_or(u64::MAX), "clause", "clauses");
                details.push(Detail::line(Paint::Dim, format!("{clauses} held")));
            }
            details.extend(verdicts.iter().filter(|verdict| verdict.held != Held::Held).map(verdict));
            match verdicts.iter().any(|verdict| verdict.held == Held::Violated) {
                true => Mark::Bad,
                false => Mark::Good,
            }
        }
    }
}

fn verdict(verdict: &Verdict) -> Detail {
    let fault = verdict.party.map(|party| format!("; at fault: {}", party_name(party))).unwrap_or_default();
    match verdict.held {
        Held::Violated => {
            Detail::story(Paint::Bad, format!("violated {}: {}{fault}", verdict.clause, verdict.evidence))
        }
        Held::Unverified | Held::Held => {
            Detail::story(Paint::Doubt, format!("unverified {}: {}{fault}", verdict.clause, verdict.evidence))
        }
    }
}

/// One attempt of a call that took more than one, or gave nothing.
fn tried(attempt: &CallAttempt) -> Detail {
    let time = attempt.latency_ms.map(|ms| format!(" ({})", duration(ms))).unwrap_or_default();
    let number = attempt.attempt;
    let Some(failure) = &attempt.failure else {
        return Detail::line(Paint::Dim, format!("attempt {number}{time}"));
    };
    let doubt = if attempt.is_doubtful { ", may have taken effect" } else { "" };
    let next = attempt.next.as_ref().map(|next| format!("; {}", next_told(next))).unwrap_or_default();
    Detail::story(Paint::Doubt, format!("attempt {number}{time}: {}{doubt}{next}", failure_told(failure)))
}

/// Dollars in a column, whose head says that they are dollars.
fn dollars(money: Money) -> String {
    crate::text::cost(money).trim_end_matches(" USD").to_owned()
}
