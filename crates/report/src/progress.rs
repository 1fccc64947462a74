//! What a run is doing right now, in a line or a few: for a live display.

use handfast_events::{CallId, Status, StepId, StepKind, Timestamp};
use serde::Serialize;

use crate::limits::{DOING_MAX, WIDTH_MAX, WIDTH_MIN};
use crate::text::{cost, count, duration, number_of, shorten, visible};
use crate::trace::{AttemptState, Call, CallState, Step, StepState, Totals, Trace, Wait, between};

/// Where a run stands.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// What it does or rests on, in words: `running`, `paused (limit)`.
    pub status: Status,
    /// Since it began, in milliseconds.
    pub elapsed_ms: u64,
    /// What it took so far.
    pub totals: Totals,
    /// Steps that ended.
    pub steps_ended: usize,
    /// What is under way.
    pub doing: Vec<Doing>,
}

/// Something that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doing {
    /// For which step.
    pub step: StepId,
    /// The call, where it is one of a tool.
    pub call: Option<CallId>,
    /// What, in words: `main is asked (turn 2)`.
    pub what: String,
    /// For how long, in milliseconds.
    pub for_ms: u64,
    /// Why it waits, where something holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Progress {
    /// Where the run stands at this time; for one that rests or ended, time stands still.
    pub fn at(trace: &Trace, now: Timestamp) -> Self {
        let status = trace.status();
        let until = if status.rests() { trace.newest } else { Some(now).max(trace.newest) };
        Self {
            elapsed_ms: between(trace.began, until),
            totals: trace.totals(),
            steps_ended: trace.steps.iter().filter(|step| step.ended.is_some()).count(),
            doing: doing(trace, now),
            status,
        }
    }

    /// One line: `running · 3.4 s · 4,210 tokens · 0.0182 USD · resolve: main is asked (turn 2)`.
    pub fn line(&self, width: usize) -> String {
        let doing = match self.doing.as_slice() {
            [] => String::new(),
            [one] => format!(" · {}", one.text()),
            [one, others @ ..] => format!(" · {} and {} more", one.text(), others.len()),
        };
        let line = format!("{}{doing}", self.head());
        shorten(&line, width.clamp(WIDTH_MIN, WIDTH_MAX)).into_owned()
    }

    /// A few lines: the sums, then what is under way.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
        let mut lines = vec![self.head()];
        lines.extend(self.doing.iter().take(DOING_MAX).map(|doing| format!("  … {}", doing.text())));
        if let Some(more @ 1..) = self.doing.len().checked_sub(DOING_MAX) {
            lines.push(format!("  … and {more} more"));
        }
        lines.iter().map(|line| shorten(line, width).into_owned()).collect()
    }

    fn head(&self) -> String {
        let totals = self.totals;
        format!(
            "{} · {} · {} · {} · {}",
            self.status.name(),
            duration(self.elapsed_ms),
            number_of(u64::try_from(self.steps_ended).unwrap_or(u64::MAX), "step done", "steps done"),
            format_args!("{} tokens", count(totals.usage.total())),
            cost(totals.cost.plus(totals.cost_forfeited)),
        )
    }
}

impl Doing {
    fn of_step(step: &StepId, what: String, for_ms: u64) -> Self {
        Self { step: step.clone(), call: None, what, for_ms, why: None }
    }

    fn text(&self) -> String {
        let place = self.call.as_ref().map_or(self.step.as_str(), CallId::as_str);
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        visible(&format!("{place}: {} {}{why}", self.what, duration(self.for_ms))).into_owned()
    }
}

fn doing(trace: &Trace, now: Timestamp) -> Vec<Doing> {
    let mut all = Vec::new();
    let since = |from: Timestamp| between(Some(from), Some(now));
    for step in trace.steps.iter().filter(|step| step.state == StepState::Running) {
        let before = all.len();
        all.extend(asked(step, now));
        let own = step.all_calls().filter(|call| call.id.takes_back().is_none());
        all.extend(own.filter_map(|call| called(call, now)));
        if all.len() == before {
            let what = match &step.kind {
                Some(StepKind::Agent(name) | StepKind::Tool(name)) => format!("{name} is at work"),
                // Steps within it say what is done for it.
                Some(StepKind::Workflow(_) | StepKind::Choose | StepKind::Repeat | StepKind::Each) => {
                    continue;
                }
                Some(StepKind::Wait) => match &step.wait {
                    Some(Wait { signal: Some(signal), .. }) => {
                        format!("waits for the signal {signal}, since")
                    }
                    Some(Wait { until: Some(until), .. }) => format!("waits until {until}, since"),
                    _ => "waits".into(),
                },
                Some(StepKind::Talk(_)) if step.listening.is_some() => "waits for a message, since".into(),
                Some(StepKind::Talk(name)) => format!("{name} is at work"),
                Some(StepKind::Approval) => "people are asked, since".into(),
                None => "is at work".into(),
            };
            all.push(Doing::of_step(&step.id, what, since(step.began)));
        }
    }
    // What is taken back belongs to steps that ended long since.
    let taking_back = trace.calls().filter(|call| call.id.takes_back().is_some());
    all.extend(taking_back.filter_map(|call| called(call, now)));
    all
}

/// What an agent's model does, and for how long.
fn asked(step: &Step, now: Timestamp) -> Option<Doing> {
    let turn = step.turns.last()?;
    if let Some((since, held)) = step.held() {
        let (how, for_ms) = match held.until {
            Some(until) => ("asked in", between(Some(now), Some(until))),
            None => ("since", between(Some(since), Some(now))),
        };
        let doing = Doing::of_step(&step.id, format!("turn {} is held, {how}", turn.turn), for_ms);
        return Some(Doing { why: Some(held.why.clone()), ..doing });
    }
    let attempt = turn.attempts.last()?;
    let (what, for_ms) = match &attempt.state {
        AttemptState::Asked => {
            let to = if attempt.summarises.is_some() { "to sum up, " } else { "" };
            let what = format!("{} is asked ({to}turn {})", attempt.model, turn.turn);
            (what, between(Some(attempt.at), Some(now)))
        }
        AttemptState::Failed { failure, retry: Some(retry), .. } => {
            (format!("{}, asked again in", failure.class.name()), between(Some(now), Some(retry.at)))
        }
        _ => return None,
    };
    Some(Doing::of_step(&step.id, what, for_ms))
}

/// What an open call does, and for how long.
fn called(call: &Call, now: Timestamp) -> Option<Doing> {
    let at = call.attempts.last().map_or(now, |attempt| attempt.at);
    let since = between(Some(at), Some(now));
    let hold = call.hold();
    let (what, for_ms) = match &call.state {
        CallState::Intended => (format!("{} is called", call.tool), since),
        CallState::Working(working) => {
            let since = between(Some(working.since), Some(now));
            (format!("{} works on {}", working.server, call.tool), since)
        }
        CallState::Proposed => {
            let (how, for_ms) = match (hold, call.due()) {
                (Some(_), Some(due)) => ("held, called in", between(Some(now), Some(due))),
                (Some(hold), None) => ("held, since", between(Some(hold.at), Some(now))),
                (None, due) => ("called again in", between(Some(now), Some(due?))),
            };
            (format!("{} is {how}", call.tool), for_ms)
        }
        CallState::InDoubt => (format!("{} is in doubt", call.tool), since),
        _ => return None,
    };
    let why = hold.map(|hold| hold.held.why.clone());
    Some(Doing { call: Some(call.id.clone()), why, ..Doing::of_step(&call.id.step(), what, for_ms) })
}
