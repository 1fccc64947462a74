//! Why a run stands where it stands, and the exact command that goes on from there.

use handfast_events::{
    Ceiling, EndedAs, LimitKind, Money, Party, PauseReason, Status, StepId, StepKind, Timestamp, Waits,
};
use serde::Serialize;

use crate::explain_compensation::{standing, stuck};
use crate::explain_ended::{cancelled, failed, killed};
use crate::explain_remedies::models_tried;
use crate::people;
use crate::text::{json, shell_word};
use crate::trace::{Call, CallState, Step, Trace};

/// Why a run doesn't go on, or ended otherwise than promised.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// What it does or rests on.
    pub status: Status,
    /// In one sentence.
    pub headline: String,
    /// The clause that broke or holds it, where one does.
    pub clause: Option<String>,
    /// Who is at fault, where somebody is.
    pub party: Option<Party>,
    /// The steps that gave the values which broke the clause, where steps are at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<StepId>,
    /// What is known, one fact a line.
    pub evidence: Vec<String>,
    /// What can be done, the likeliest first.
    pub next: Vec<NextStep>,
}

/// Something that a person can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// When to do it, in words.
    pub when: String,
    /// The command, to be copied; words in capitals are to be filled in.
    pub command: String,
}

/// Explains a run that rests or ended otherwise than promised; none for one that is done or can move.
pub fn explain(trace: &Trace) -> Option<Explanation> {
    match trace.status() {
        Status::Waiting(Waits::Settlement) => Some(in_doubt(trace)),
        Status::Waiting(Waits::Retry { until }) => Some(Explanation {
            headline: match trace.held() {
                Some(held) => format!("{} is held until {until}: {}", held.place(), held.why),
                None => format!("it waits for its next attempt, due at {until}"),
            },
            next: vec![step("where no worker drives it any more", format!("handfast go {}", trace.run))],
            ..Explanation::bare(trace)
        }),
        Status::Waiting(Waits::Claim { by, until }) => Some(Explanation {
            headline: format!(
                "run {by} is about the same action: what came of it is looked for again at {until}"
            ),
            next: vec![step("to see what holds that one up", format!("handfast trace {by}"))],
            ..Explanation::bare(trace)
        }),
        Status::Waiting(Waits::Call { .. }) => Some(worked_on(trace)),
        Status::Waiting(Waits::Approval) => Some(people::waits(trace)),
        Status::Waiting(Waits::Time { until }) => Some(Explanation {
            headline: format!("it waits for a time that its contract names: {until}"),
            next: vec![
                step("where no worker drives it then", format!("handfast go {}", trace.run)),
                step("to end it", format!("handfast cancel {} --reason TEXT", trace.run)),
            ],
            ..Explanation::bare(trace)
        }),
        Status::Waiting(Waits::Message { until }) => Some(listens(trace, until)),
        Status::Waiting(Waits::Signal { name }) => Some(Explanation {
            headline: format!("it waits for the signal {name}"),
            next: vec![
                step(
                    "once that has happened; JSON is what it carries",
                    format!("handfast signal {} {} JSON", trace.run, shell_word(&name)),
                ),
                step("to end it", format!("handfast cancel {} --reason TEXT", trace.run)),
            ],
            ..Explanation::bare(trace)
        }),
        Status::PausedByLimit
        | Status::PausedForOperator
        | Status::PausedByPerson
        | Status::PausedByHalt { .. } => trace.paused.as_ref().map(|why| paused(trace, why)),
        Status::Killed => Some(killed(trace)),
        Status::Stuck => Some(stuck(trace)),
        Status::Failed | Status::Standing(EndedAs::Failed) => Some(standing(failed(trace), trace)),
        Status::Cancelled | Status::Standing(EndedAs::Cancelled) => Some(standing(cancelled(trace), trace)),
        Status::Standing(EndedAs::Done) => {
            let headline = "it gave what it promised; of what failed on the way, something stands".to_owned();
            Some(standing(Explanation { headline, ..Explanation::bare(trace) }, trace))
        }
        Status::Running | Status::Compensating | Status::Done | Status::Quarantined => None,
    }
}

impl Explanation {
    pub(crate) fn bare(trace: &Trace) -> Self {
        Self {
            status: trace.status(),
            headline: String::new(),
            clause: None,
            party: None,
            from: Vec::new(),
            evidence: Vec::new(),
            next: Vec::new(),
        }
    }
}

pub(crate) fn step(when: impl Into<String>, command: String) -> NextStep {
    NextStep { when: when.into(), command }
}

/// A call, in a sentence.
pub(crate) fn what_it_is(call: &Call) -> String {
    format!("{} is a call of `{}` with {}", call.id, call.tool, json(&call.args))
}

/// Servers have taken calls on, and are asked how these stand.
fn worked_on(trace: &Trace) -> Explanation {
    let (mut names, mut evidence, mut next) = (Vec::new(), Vec::new(), Vec::new());
    let run = trace.run;
    for call in trace.calls() {
        let CallState::Working(working) = &call.state else { continue };
        let id = shell_word(call.id.as_str());
        names.push(format!("{} ({})", call.id, working.server));
        evidence.push(format!("{}, taken on at {}", what_it_is(call), working.since));
        let asked = format!("{} goes by {} there", call.id, working.handle);
        evidence.push(format!(
            "{asked}; it was asked {} times and is asked next at {}",
            working.polls, working.ask_at
        ));
        evidence
            .extend(working.says.iter().map(|says| format!("what {} says of it: {says}", working.server)));
        evidence
            .extend(working.trouble.iter().map(|why| format!("it could not be asked the last time: {why}")));
        next.push(step(
            format!("if it is known to have taken effect; JSON is what `{}` gave", call.tool),
            format!("handfast settle {run} {id} --applied JSON --evidence TEXT"),
        ));
    }
    evidence.extend(
        trace
            .paused
            .iter()
            .map(|reason| paused(trace, reason).headline)
            .map(|why| format!("beside that it is paused: {why}")),
    );
    next.insert(0, step("where no worker drives it any more", format!("handfast go {run}")));
    next.push(step(
        "to end it, once its server has finished",
        format!("handfast cancel {run} --reason TEXT"),
    ));
    let headline = format!(
        "a server works on what it was asked for, and is asked how that stands: {}",
        names.join(", ")
    );
    Explanation { headline, evidence, next, ..Explanation::bare(trace) }
}

/// A conversation in which nobody has said anything that is not answered.
fn listens(trace: &Trace, until: Option<Timestamp>) -> Explanation {
    let run = trace.run;
    let headline = match until {
        Some(until) => format!("it waits for the next message; without one it is over at {until}"),
        None => "it waits for the next message".to_owned(),
    };
    Explanation {
        headline,
        next: vec![
            step("to talk", format!("handfast chat --run {run}")),
            step("to say one thing", format!("handfast say {run} TEXT")),
            step("to end it", format!("handfast leave {run}")),
        ],
        ..Explanation::bare(trace)
    }
}

fn in_doubt(trace: &Trace) -> Explanation {
    doubted(trace, &trace.calls().filter(|call| call.state == CallState::InDoubt).collect::<Vec<_>>())
}

/// These calls are in doubt.
pub(crate) fn doubted(trace: &Trace, calls: &[&Call]) -> Explanation {
    let (mut evidence, mut next) = (Vec::new(), Vec::new());
    for call in calls {
        evidence.extend(doubt(call));
        let (run, id) = (trace.run, shell_word(call.id.as_str()));
        next.push(step(
            format!("if it took effect; JSON is what `{}` gave", call.tool),
            format!("handfast settle {run} {id} --applied JSON --evidence TEXT"),
        ));
        next.push(step(
            "if it did not; it is then made again",
            format!("handfast settle {run} {id} --not-applied --evidence TEXT"),
        ));
    }
    let names = calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>().join(", ");
    let headline = if calls.len() == 1 {
        format!("nobody can know whether call {names} took effect: a person must look and say")
    } else {
        format!("nobody can know whether calls {names} took effect: a person must look and say")
    };
    Explanation { headline, evidence, next, ..Explanation::bare(trace) }
}

/// What is known of a call in doubt.
fn doubt(call: &Call) -> Vec<String> {
    let mut facts = vec![what_it_is(call)];
    if let Some(sends) = call.sends.as_ref().filter(|sends| **sends != call.args) {
        facts.push(format!("its server was sent {}", json(sends)));
    }
    facts.push(match call.key() {
        Some(key) => format!("it carried the key {key}: look for that on the other side"),
        None => "it carried no key: look for what it would have changed".into(),
    });
    facts.extend(failed_attempts(call));
    facts.extend(call.stayed.iter().map(|why| format!("it stayed in doubt: {why}")));
    facts.extend(call.role.iter().map(|role| format!("the contract leaves it to {role} to say")));
    facts
}

/// The attempts of a call that gave no result, with what they said.
pub(crate) fn failed_attempts(call: &Call) -> impl Iterator<Item = String> {
    call.attempts.iter().filter_map(|attempt| {
        let failure = attempt.failure.as_ref()?;
        let (number, at) = (attempt.attempt, attempt.at);
        Some(format!("attempt {number} at {at}: {}: {}", failure.class.name(), failure.detail))
    })
}

pub(crate) fn paused(trace: &Trace, reason: &PauseReason) -> Explanation {
    let run = trace.run;
    match reason {
        PauseReason::Limit { clause, limit, ceiling, used, needs, step: by } => Explanation {
            headline: if trace.steps.iter().any(|step| step.id == *by && step.kind == Some(StepKind::Wait)) {
                format!("step {by} still waits, and a limit on {} around it is reached", limit.name())
            } else {
                format!("the next call of step {by} could pass its limit on {}", limit.name())
            },
            clause: Some(clause.clone()),
            evidence: [
                format!("the limit is {ceiling}"),
                format!("used up so far: {used}"),
                format!("the next call could take {needs} at worst"),
            ]
            .into_iter()
            .chain(tried_in_vain(trace, *limit, by))
            .collect(),
            next: vec![
                step(
                    "to let it go on",
                    format!(
                        "handfast raise {run} --{} {}",
                        limit.name(),
                        higher(*limit, *ceiling, *used, *needs)
                    ),
                ),
                step("to end it", format!("handfast cancel {run} --reason TEXT")),
            ]
            .into_iter()
            .chain(still_in_doubt(trace))
            .collect(),
            ..Explanation::bare(trace)
        },
        PauseReason::Operator { why } => Explanation {
            headline: why.clone(),
            next: vec![
                step("once that is mended", format!("handfast go {run}")),
                step("to end it", format!("handfast cancel {run} --reason TEXT")),
            ],
            ..Explanation::bare(trace)
        },
        PauseReason::Person { who, why } => Explanation {
            headline: reasoned(&format!("paused by {who}"), why),
            next: vec![
                step("to let it go on", format!("handfast resume {run}")),
                step("to end it", format!("handfast cancel {run} --reason TEXT")),
            ],
            ..Explanation::bare(trace)
        },
        PauseReason::Halt { scope, who, why } => Explanation {
            headline: reasoned(&format!("{scope} is halted by {who}"), why),
            evidence: vec![format!(
                "nothing of {scope} leaves, in this run or any other, until it is unhalted"
            )],
            next: vec![
                step("to let all go on that it holds", format!("handfast unhalt {}", shell_word(scope))),
                step("to end this run", format!("handfast cancel {run} --reason TEXT")),
            ],
            ..Explanation::bare(trace)
        },
    }
}

pub(crate) fn reasoned(what: &str, why: &str) -> String {
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") }
}

/// Where tries ran out: why the step's open calls gave nothing, or which models were tried.
fn tried_in_vain(trace: &Trace, limit: LimitKind, by: &StepId) -> Vec<String> {
    let steps = trace.steps.iter().filter(|step| step.id == *by && limit == LimitKind::Attempts);
    let tried = |step: &Step| {
        let open = step.all_calls().filter(|call| call.state == CallState::Proposed);
        let calls: Vec<String> = open.flat_map(failed_attempts).collect();
        // While a call is open its agent's model isn't tried.
        if calls.is_empty() { models_tried(step) } else { calls }
    };
    steps.flat_map(tried).collect()
}

/// What a person can say of calls that are in doubt, though it is the limit that holds the run.
fn still_in_doubt(trace: &Trace) -> Vec<NextStep> {
    let calls: Vec<&Call> = trace.calls().filter(|call| trace.is_for_a_person(call)).collect();
    if calls.is_empty() { Vec::new() } else { doubted(trace, &calls).next }
}

/// A ceiling that the next call fits under for certain, with as much room again as there was: a bare fit would hold the
/// run again one call later.
fn higher(limit: LimitKind, ceiling: Ceiling, used: Ceiling, needs: Ceiling) -> String {
    let room =
        |ceiling: u64, used: u64, needs: u64| ceiling.saturating_mul(2).max(used.saturating_add(needs));
    match (ceiling, used, needs) {
        (Ceiling::Money(ceiling), Ceiling::Money(used), Ceiling::Money(needs)) => {
            let money = ceiling.plus(ceiling).max(used.plus(needs));
            const CENT: i64 = 10_000_000;
            let cents = money.nano_usd().saturating_add(CENT - 1) / CENT;
            Money::from_nano_usd(cents.saturating_mul(CENT)).to_string().replace(' ', "")
        }
        // Said from now on.
        (Ceiling::Ms(ceiling), ..) => format!("{}s", ceiling.div_ceil(1_000)),
        (Ceiling::Count(ceiling), Ceiling::Count(used), Ceiling::Count(needs)) => {
            room(ceiling, used, needs).to_string()
        }
        // Recorded amounts of one limit are of one kind; if not, the person chooses.
        _ => limit.name().to_uppercase(),
    }
}
