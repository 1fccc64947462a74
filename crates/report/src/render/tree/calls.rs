//! One call as a node: what it sent, what came of each try, whom it asked, what became of what it did.

use handfast_events::{Held, Idempotency, Money, Settled, Verdict};

use super::super::Paint;
use super::{Detail, Mark, Node, dollars};
use crate::explain_ended::party_name;
use crate::explain_late::heard;
use crate::journal::{failure as failure_told, kept, next as next_told, purpose as purpose_told, until};
use crate::people::Asked;
use crate::text::{duration, json, number_of};
use crate::trace::{Call, CallAttempt, CallState, Compensation, CompensationState, Late, Step};

pub(super) fn call(step: &Step, call: &Call) -> Node {
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
    details.extend(held(call));
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
    details.extend(call.late.iter().map(late));
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
    let cost: Money = call.attempts.iter().map(|attempt| attempt.costs).sum();
    let cost = if cost == Money::ZERO { String::new() } else { dollars(cost) };
    let name = match &call.purpose {
        None => call.tool.clone(),
        Some(purpose) => format!("{}: {}", purpose_told(purpose), call.tool),
    };
    Node {
        mark,
        name,
        text: format!(" {}", json(&call.args)),
        columns: [String::new(), String::new(), cost, time],
        details,
        children: call.side.iter().map(|side| self::call(step, side)).collect(),
    }
}

/// What kept a call from leaving: the newest hold, which others may have come before.
fn held(call: &Call) -> Option<Detail> {
    let hold = call.holds.last()?;
    let times = match call.holds.len() {
        1 => String::new(),
        times => format!(" {times} times"),
    };
    let text = format!("held{times}{}: {}", until(hold.held.until), hold.held.why);
    Some(Detail::story(Paint::Doubt, text))
}

/// What people were asked, and answered.
pub(super) fn asked(asked: Asked<'_>) -> Vec<Detail> {
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
        CompensationState::Standing { .. } => {
            let paint = if one.waits() { Paint::Doubt } else { Paint::Plain };
            Detail::story(paint, format!("left standing: {}", one.what_stands().unwrap_or_default()))
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
        CallState::Answered { text } => {
            details.push(Detail::labelled(Paint::Plain, "told", text));
            Mark::Good
        }
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

/// What came of an attempt once the doubt about it had been ended.
fn late(late: &Late) -> Detail {
    let paint = if late.waits() { Paint::Doubt } else { Paint::Plain };
    let by = late.accepted.as_ref().map(|(who, why)| format!("; accepted by {who}: {why}"));
    Detail::story(paint, format!("{}{}", heard(late), by.unwrap_or_default()))
}
