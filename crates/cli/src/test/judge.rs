//! What was expected, held against what came.

use handfast_contract::{Action, Case, Contract, Expectation};
use handfast_events::{EndedAs, Held, Kept, PauseReason};
use handfast_model::UNSCRIPTED;
use handfast_report::{AttemptState, Call, CallState, End, Line, Speaker, StepState, Trace};
use serde::Serialize;
use serde_json::Value;

use super::coverage::Coverage;
use super::play::Played;
use super::{told, unrun};

/// Something that didn't come as it was expected.
#[derive(Debug, Serialize)]
pub(super) struct Miss {
    /// What was expected; none where the test itself is at fault.
    pub(super) expected: Option<String>,
    /// What came instead.
    pub(super) actual: String,
}

/// Everything that makes a test fail.
pub(super) fn misses(case: &Case, played: &Played) -> Vec<Miss> {
    let of_test = |actual: String| Miss { expected: None, actual };
    let mut misses: Vec<Miss> = played.trouble.iter().cloned().map(of_test).collect();
    misses.extend(played.log.unanswered.iter().cloned().map(of_test));
    misses.extend(unscripted(&played.trace).map(of_test));
    misses.extend(unrun::after(&played.trace, &played.contract).into_iter().map(of_test));
    // What follows from a hole in the test is no news.
    if misses.is_empty() {
        let facts = Facts { case, played };
        misses.extend(case.expect.iter().filter_map(|expected| facts.miss(expected)));
    }
    misses
}

/// What a model was asked that nobody foresaw.
fn unscripted(trace: &Trace) -> impl Iterator<Item = String> {
    let attempts = trace.steps.iter().flat_map(|step| {
        step.turns.iter().flat_map(move |turn| turn.attempts.iter().map(move |attempt| (step, turn, attempt)))
    });
    attempts.filter_map(|(step, turn, attempt)| match &attempt.state {
        AttemptState::Failed { failure, .. } if failure.code.as_deref() == Some(UNSCRIPTED) => Some(format!(
            "the model of step `{}` has nothing to say in turn {}: add it to `given.model.{}`",
            step.id, turn.turn, step.id
        )),
        _ => None,
    })
}

struct Facts<'a> {
    case: &'a Case,
    played: &'a Played,
}

impl Facts<'_> {
    fn miss(&self, expected: &Expectation) -> Option<Miss> {
        let held = match expected {
            Expectation::Done => self.is_done(),
            Expectation::Refused(clause) => self.calls().any(|call| refused_by(call) == Some(clause)),
            Expectation::Violated(clause) => self.is_violated(clause),
            Expectation::Held(clause) => return self.miss_held(clause),
            Expectation::Failed(clause) => self.is_failed(clause.as_deref()),
            Expectation::InDoubt(tool) => {
                self.calls().any(|call| call.tool == **tool && call.state == CallState::InDoubt)
            }
            Expectation::Paused(limit) => {
                matches!(&self.played.trace.paused, Some(PauseReason::Limit { clause, .. }) if clause == limit)
            }
            Expectation::Output(wanted) => return self.miss_output(wanted),
            Expectation::Said(words) => {
                let is_said = |line: &Line| line.by == Speaker::Agent && line.text.contains(words.as_str());
                self.played.trace.talk.iter().any(is_said)
            }
            Expectation::Calls(tool, wanted) => {
                let sent = self.asked_for().filter(|call| call.tool == **tool && call.sends.is_some()).count()
                    as u64;
                return miss_count(*wanted, sent, &format!("calls of `{tool}` that were sent"));
            }
            Expectation::Effects(tool, wanted) => {
                let count = self.played.log.effects(tool);
                return miss_count(*wanted, count, &format!("times that `{tool}` took effect"));
            }
        };
        (!held)
            .then(|| Miss { expected: Some(told::expectation(expected)), actual: told::ending(self.played) })
    }

    fn calls(&self) -> impl Iterator<Item = &Call> {
        self.played.trace.calls()
    }

    /// Those that a model or a step asked for: what looks at the world for them isn't counted.
    fn asked_for(&self) -> impl Iterator<Item = &Call> {
        self.calls().filter(|call| call.purpose.is_none())
    }

    /// The proposed call, where that is what is tried.
    fn proposed(&self) -> Option<&Call> {
        matches!(self.case.action, Action::Call { .. }).then(|| self.calls().next()).flatten()
    }

    fn is_done(&self) -> bool {
        match self.proposed() {
            Some(call) => match &call.state {
                CallState::Applied { verdicts, .. } => {
                    verdicts.iter().all(|verdict| verdict.held == Held::Held)
                }
                _ => false,
            },
            None => self.played.status.ended() == Some(EndedAs::Done),
        }
    }

    fn is_failed(&self, clause: Option<&str>) -> bool {
        let has_failed = match self.proposed() {
            Some(call) => call.state == CallState::Failed,
            None => self.played.status.ended() == Some(EndedAs::Failed),
        };
        let Some(wanted) = clause.filter(|_| has_failed) else { return has_failed };
        let of_run = match &self.played.trace.end {
            Some(End::Failed { clause: Some(clause), .. }) => is_at(clause, wanted),
            _ => false,
        };
        let failed = self.calls().filter(|call| call.state == CallState::Failed);
        of_run
            || failed.filter_map(|call| failed_by(&self.played.contract, call)).any(|clause| clause == wanted)
    }

    fn is_violated(&self, clause: &str) -> bool {
        let of_calls = self.calls().any(|call| {
            let is_withheld = call.withheld.as_ref().is_some_and(|withheld| withheld.clause == clause);
            let is_broken = matches!(&call.state, CallState::Applied { verdicts, .. }
                if verdicts.iter().any(|verdict| verdict.clause == clause && verdict.held == Held::Violated));
            is_withheld || is_broken
        });
        let of_steps = self.played.trace.steps.iter().any(
            |step| matches!(&step.state, StepState::Failed { clause: Some(broken), .. } if broken == clause),
        );
        let of_run = matches!(&self.played.trace.end, Some(End::Failed { clause: Some(broken), .. }) if broken == clause);
        of_calls || of_steps || of_run
    }

    fn miss_held(&self, clause: &str) -> Option<Miss> {
        let mut coverage = Coverage::new(&self.played.contract);
        coverage.add(self.played);
        let count = coverage.count(clause);
        let actual = match (count.held, count.violated) {
            (0, 0) => "it was never looked at".to_owned(),
            (_, 0) => return None,
            (_, violated) => format!("it was violated {violated}×"),
        };
        Some(Miss { expected: Some(format!("held: {clause}")), actual })
    }

    fn miss_output(&self, wanted: &Value) -> Option<Miss> {
        let found = match self.proposed() {
            Some(call) => match &call.state {
                CallState::Applied { result: Kept::Whole(value), .. } => Some(value),
                _ => None,
            },
            None => match &self.played.trace.end {
                Some(End::Succeeded { output }) => Some(output),
                _ => None,
            },
        };
        let actual = match found {
            Some(found) => difference(wanted, found, "output")?,
            None => told::ending(self.played),
        };
        Some(Miss { expected: Some(format!("output: {}", told::short(&wanted.to_string()))), actual })
    }
}

fn miss_count(wanted: u64, found: u64, what: &str) -> Option<Miss> {
    let expected = Some(format!("{wanted} {what}"));
    (wanted != found).then(|| Miss { expected, actual: found.to_string() })
}

/// The clause that refused a call.
fn refused_by(call: &Call) -> Option<&String> {
    match &call.state {
        CallState::Refused(refused) => Some(&refused.clause),
        _ => None,
    }
}

/// The address of the failure by which a call's last attempt was recognised.
pub(super) fn failed_by(contract: &Contract, call: &Call) -> Option<String> {
    let failure = call.attempts.last()?.failure.as_ref()?;
    failure_address(contract, call, failure.code.as_deref()?)
}

/// The address of the failure that an attempt's code begins with.
pub(super) fn failure_address(contract: &Contract, call: &Call, code: &str) -> Option<String> {
    let name = code.split(" (").next()?;
    contract.failure_address(contract.tools.get(call.tool.as_str())?, name)
}

/// Whether a clause is the one that is meant, or a part of it: a step's `with` is of the step.
fn is_at(clause: &str, wanted: &str) -> bool {
    clause.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Where a value lacks something of what is wanted. Of a map, what isn't named may be anything.
fn difference(wanted: &Value, found: &Value, place: &str) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, wanted)| {
            let place = format!("{place}.{key}");
            match found.get(key) {
                Some(found) => difference(wanted, found, &place),
                None => Some(format!("there is no `{place}`")),
            }
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .find_map(|(index, (wanted, found))| difference(wanted, found, &format!("{place}[{index}]"))),
        // 2 and 2.0 are one number.
        (Value::Number(wanted), Value::Number(found)) if wanted.as_f64() == found.as_f64() => None,
        (wanted, found) if wanted == found => None,
        (_, found) => Some(format!("`{place}` is {}", told::short(&found.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_output_needs_only_what_is_named() {
        let found = json!({ "a": 2.0, "b": [ { "c": "x", "d": 1 } ] });
        for wanted in [json!({}), json!({ "a": 2 }), json!({ "b": [ { "c": "x" } ] })] {
            assert_eq!(difference(&wanted, &found, "output"), None, "{wanted}");
        }
        for (wanted, told) in [
            (json!({ "e": 1 }), "there is no `output.e`"),
            (json!({ "b": [] }), "`output.b` is [{\"c\":\"x\",\"d\":1}]"),
            (json!({ "b": [ { "c": "y" } ] }), "`output.b[0].c` is \"x\""),
        ] {
            assert_eq!(difference(&wanted, &found, "output").as_deref(), Some(told));
        }
    }

    #[test]
    fn a_part_of_a_step_is_of_the_step_and_its_neighbour_is_not() {
        assert!(is_at("workflows.w.steps.a.with", "workflows.w.steps.a"));
        assert!(!is_at("workflows.w.steps.ab", "workflows.w.steps.a"));
    }
}
