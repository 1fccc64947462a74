//! A script as it is written, and what a decision must be to count.

use std::time::Duration;

use handfast_engine::ModelTrouble;
use handfast_events::{Answer, Ask, Failure, FailureClass, Finish, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::{Act, ActKind, Rule, trouble};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
/// The whole file.
pub(super) struct File {
    pub(super) handfast_script: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    about: Option<String>,
    #[serde(default)]
    pub(super) decisions: Vec<Decision>,
    pub(super) otherwise: Option<Decision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
/// One decision, as it is written.
pub(super) struct Decision {
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    about: Option<String>,
    pub(super) step: Option<String>,
    lane: Option<String>,
    turn: Option<Count>,
    attempt: Option<Count>,
    model: Option<String>,
    when_prompt_contains: Option<Needles>,
    text: Option<String>,
    json: Option<Value>,
    #[serde(default)]
    calls: Vec<Call>,
    refusal: Option<String>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    #[serde(default)]
    latency_ms: u64,
    fail: Option<FailureClass>,
    detail: Option<String>,
    code: Option<String>,
    status: Option<u16>,
    retry_after_ms: Option<u64>,
    may_have_cost: Option<bool>,
    #[serde(default)]
    hang: bool,
    #[serde(default)]
    drop: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    tool: String,
    #[serde(default)]
    args: Option<Value>,
    /// Arguments to the letter, where they are to be no JSON.
    args_text: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u32),
    Any(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Needles {
    One(String),
    All(Vec<String>),
}

/// Checks a decision; the error says what is wrong with it and the remedy.
pub(super) fn rule(decision: Decision) -> Result<Rule, String> {
    let star = |text: Option<String>| text.filter(|text| text != "*");
    let step = star(decision.step.clone());
    let lane = star(decision.lane.clone());
    let model = star(decision.model.clone());
    let turn = count("turn", decision.turn.as_ref())?;
    let attempt = count("attempt", decision.attempt.as_ref())?;
    let needles: Vec<String> = match &decision.when_prompt_contains {
        None => Vec::new(),
        Some(Needles::One(needle)) => vec![in_json(needle)],
        Some(Needles::All(needles)) => needles.iter().map(|needle| in_json(needle)).collect(),
    };
    if needles.iter().any(String::is_empty) {
        return Err("an empty `when_prompt_contains` fits every prompt; leave it out".into());
    }
    let named = [step.is_some(), lane.is_some(), model.is_some(), turn.is_some(), attempt.is_some()];
    // A path that spells out its lane names the lane, too.
    let spelled = usize::from(step.as_ref().is_some_and(|step| step.contains('[')));
    let weight = named.into_iter().filter(|named| *named).count() + spelled + needles.len();
    Ok(Rule { lane, turn, attempt, model, needles, weight, act: act(decision)? })
}

fn count(name: &str, count: Option<&Count>) -> Result<Option<u32>, String> {
    match count {
        None => Ok(None),
        Some(Count::Any(star)) if star == "*" => Ok(None),
        Some(Count::Number(number)) if *number >= 1 => Ok(Some(*number)),
        Some(_) => Err(format!("`{name}` is a number from 1, or \"*\"")),
    }
}

/// The text as it stands within a JSON string.
fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

fn act(decision: Decision) -> Result<Act, String> {
    let says = decision.text.is_some()
        || decision.json.is_some()
        || !decision.calls.is_empty()
        || decision.refusal.is_some()
        || decision.finish.is_some();
    let kinds = [says, decision.fail.is_some(), decision.hang, decision.drop];
    if kinds.into_iter().filter(|is| *is).count() != 1 {
        return Err(
            "it must do one thing: speak (`text`, `json`, `calls`, `refusal`), `fail`, `hang` or `drop`"
                .into(),
        );
    }
    if decision.text.is_some() && decision.json.is_some() {
        return Err("`text` and `json` are both the answer's text; keep one".into());
    }
    let of_failure = decision.detail.is_some()
        || decision.code.is_some()
        || decision.status.is_some()
        || decision.retry_after_ms.is_some()
        || decision.may_have_cost.is_some();
    if of_failure && decision.fail.is_none() {
        return Err(
            "`detail`, `code`, `status`, `retry_after_ms` and `may_have_cost` belong to a `fail`".into()
        );
    }
    if decision.usage.is_some() && !says {
        return Err("`usage` belongs to an answer; leave it out".into());
    }
    let latency = Duration::from_millis(decision.latency_ms);
    let kind = match (decision.fail, decision.hang, decision.drop) {
        (Some(class), ..) => ActKind::Fail(failing(class, decision)?),
        (None, true, _) => ActKind::Hang,
        (None, false, true) => ActKind::Drop,
        (None, false, false) => saying(decision)?,
    };
    Ok(Act { latency, waits: true, kind })
}

fn saying(decision: Decision) -> Result<ActKind, String> {
    let mut calls = Vec::with_capacity(decision.calls.len());
    for call in decision.calls {
        let args = match (call.args, call.args_text) {
            (Some(_), Some(_)) => {
                return Err("`args` and `args_text` are both the arguments; keep one".into());
            }
            (Some(args), None) => args.to_string(),
            (None, Some(text)) => text,
            (None, None) => "{}".into(),
        };
        calls.push(Ask { id: String::new(), tool: call.tool, args });
    }
    let finish = decision.finish.unwrap_or(if calls.is_empty() { Finish::Stop } else { Finish::Calls });
    let text = decision.text.or_else(|| decision.json.map(|json| json.to_string())).unwrap_or_default();
    let answer = Answer { text, calls, refusal: decision.refusal, finish, verbatim: None };
    Ok(ActKind::Say { answer, usage: decision.usage })
}

fn failing(class: FailureClass, decision: Decision) -> Result<ModelTrouble, String> {
    use FailureClass as C;
    let costs = match class {
        C::RateLimited
        | C::Overloaded
        | C::ContextOverflow
        | C::Billing
        | C::Authentication
        | C::BadRequest => false,
        C::Timeout
        | C::ConnectionLost
        | C::Unavailable
        | C::Malformed
        | C::Refused
        | C::ContentFiltered
        | C::Unknown => true,
        _ => return Err(format!("`{}` is no failure of a model", class.name())),
    };
    let failure = Failure {
        class,
        detail: decision.detail.unwrap_or_else(|| format!("scripted: {}", class.name())),
        status: decision.status,
        code: decision.code,
        retry_after_ms: decision.retry_after_ms,
    };
    Ok(trouble(failure, decision.may_have_cost.unwrap_or(costs)))
}
