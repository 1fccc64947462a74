//! A scripted model: a file of decisions, chosen by place. It keeps no count: the same place and prompt get the same
//! answer in every process, before and after a crash.
//!
//! ```json
//! { "handfast_script": 1,
//!   "decisions": [
//!     { "step": "resolve", "turn": 1, "calls": [{ "tool": "find_order", "args": { "order_id": "1042" } }] },
//!     { "step": "resolve", "turn": 2, "attempt": 1, "fail": "rate_limited", "retry_after_ms": 200 },
//!     { "step": "resolve", "turn": 2, "json": { "text": "On its way." }, "usage": { "input": 900, "output": 80 } } ],
//!   "otherwise": { "text": "?" } }
//! ```
//!
//! A decision holds where all that it names fits: `step` (its whole path, or the path without lanes), `lane`, `turn`,
//! `attempt`, `model`, `when_prompt_contains` (a text or several, all of which the prompt holds). Absent or `"*"` fits
//! anything. The one that names most wins; of equals the first. Then it speaks (`text` or `json`, `calls`, `refusal`,
//! `finish`), fails (`fail` with `detail`, `code`, `status`, `retry_after_ms`), hangs (`hang`) or drops the connection
//! (`drop`), after `latency_ms`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use handfast_engine::{ModelReply, ModelSaid, ModelTrouble};
use handfast_events::{Answer, Ask, Failure, FailureClass, Finish, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::limits::SCRIPT_BYTES_MAX;
use crate::place::Place;

/// A script can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file can't be read: check the path, which starts from the contract's folder.
    #[error("the script {path} can't be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file is larger than any script: is it the right one?
    #[error("the script {path} has {bytes} bytes, and {SCRIPT_BYTES_MAX} are the most")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// It is no JSON, or has a key that scripts don't have: mend the place that the source names.
    #[error("the script {path} is not of the form of scripts")]
    Form {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        cause: serde_json::Error,
    },
    /// It is for another release.
    #[error("the script {path} is of format {found}; this release reads format 1")]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: u32,
    },
    /// A decision contradicts itself: mend it as the reason says.
    #[error("{place} of the script {path}: {reason}")]
    Decision {
        /// The file.
        path: PathBuf,
        /// `decisions[3]` or `otherwise`.
        place: String,
        /// What is wrong, with the remedy.
        reason: String,
    },
}

/// A script, read and checked.
#[derive(Debug)]
pub struct Script {
    path: PathBuf,
    rules: Vec<Rule>,
    /// Rules by the step that they name.
    by_step: HashMap<String, Vec<usize>>,
    /// Rules that name no step.
    anywhere: Vec<usize>,
    otherwise: Option<Act>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    handfast_script: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    about: Option<String>,
    #[serde(default)]
    decisions: Vec<Decision>,
    otherwise: Option<Decision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    about: Option<String>,
    step: Option<String>,
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

/// One decision, checked.
#[derive(Debug)]
struct Rule {
    lane: Option<String>,
    turn: Option<u32>,
    attempt: Option<u32>,
    model: Option<String>,
    /// As JSON writes them, because that is how they stand in a request.
    needles: Vec<String>,
    /// How much it names.
    weight: usize,
    act: Act,
}

#[derive(Debug)]
struct Act {
    latency: Duration,
    kind: ActKind,
}

#[derive(Debug)]
enum ActKind {
    Say { answer: Answer, usage: Option<Usage> },
    Fail(ModelTrouble),
    Hang,
    Drop,
}

impl Script {
    /// Reads and checks a script.
    ///
    /// # Errors
    /// Each names the file, the place in it and what to mend.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let unreadable = |cause| ScriptError::Unreadable { path: path.to_owned(), cause };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > SCRIPT_BYTES_MAX {
            return Err(ScriptError::TooLarge { path: path.to_owned(), bytes });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(path, &text)
    }

    /// Checks a script's text; `path` is what errors call it.
    ///
    /// # Errors
    /// Each names the place and what to mend.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ScriptError> {
        let file: File =
            serde_json::from_str(text).map_err(|cause| ScriptError::Form { path: path.to_owned(), cause })?;
        if file.handfast_script != 1 {
            return Err(ScriptError::Format { path: path.to_owned(), found: file.handfast_script });
        }
        let wrong = |place: String| {
            move |reason: String| ScriptError::Decision { path: path.to_owned(), place, reason }
        };
        let mut script = Self {
            path: path.to_owned(),
            rules: Vec::new(),
            by_step: HashMap::new(),
            anywhere: Vec::new(),
            otherwise: None,
        };
        for (place, decision) in file.decisions.into_iter().enumerate() {
            let step = decision.step.clone().filter(|step| step != "*");
            let rule = rule(decision).map_err(wrong(format!("decisions[{place}]")))?;
            match step {
                Some(step) => script.by_step.entry(step).or_default().push(place),
                None => script.anywhere.push(place),
            }
            script.rules.push(rule);
        }
        if let Some(decision) = file.otherwise {
            let rule = rule(decision).map_err(wrong("otherwise".into()))?;
            if rule.weight > 0 {
                return Err(wrong("otherwise".into())("it names a place; move it to `decisions`".into()));
            }
            script.otherwise = Some(rule.act);
        }
        Ok(script)
    }

    /// What the script says to this request at this place.
    pub(crate) async fn ask(
        &self,
        model: &str,
        request: &str,
        place: &Place,
        timeout: Duration,
    ) -> ModelReply {
        let Some(act) = self.choose(model, request, place) else {
            let detail = format!(
                "the script {} has no decision for {} of model `{model}`: add one, or an `otherwise`",
                self.path.display(),
                place.words(),
            );
            return reply(
                Err(trouble(Failure::new(FailureClass::BadRequest, detail), false)),
                Duration::ZERO,
            );
        };
        let latency = if matches!(act.kind, ActKind::Hang) { timeout } else { act.latency.min(timeout) };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        reply(self.perform(act, request, place, timeout), latency)
    }

    fn perform(
        &self,
        act: &Act,
        request: &str,
        place: &Place,
        timeout: Duration,
    ) -> Result<ModelSaid, ModelTrouble> {
        let failure = |class, what: &str| {
            Err(trouble(Failure::new(class, format!("scripted: {what} ({})", self.path.display())), true))
        };
        match &act.kind {
            ActKind::Hang => {
                failure(FailureClass::Timeout, &format!("no answer within {} ms", timeout.as_millis()))
            }
            _ if act.latency > timeout => {
                failure(FailureClass::Timeout, &format!("no answer within {} ms", timeout.as_millis()))
            }
            ActKind::Drop => {
                failure(FailureClass::ConnectionLost, "the connection broke before the answer was whole")
            }
            ActKind::Fail(trouble) => Err(trouble.clone()),
            ActKind::Say { answer, usage } => {
                let mut answer = answer.clone();
                for (ordinal, call) in answer.calls.iter_mut().enumerate() {
                    call.id = format!("script-{}-{ordinal}", place.turn);
                }
                let usage = usage.unwrap_or_else(|| estimate(request, &answer));
                Ok(ModelSaid { answer, usage: Some(usage) })
            }
        }
    }

    fn choose(&self, model: &str, request: &str, place: &Place) -> Option<&Act> {
        let whole = self.by_step.get(place.step.as_str());
        let bare = place.step_bare();
        let bare = if bare == place.step.as_str() { None } else { self.by_step.get(&bare) };
        let mut best: Option<(usize, usize)> = None;
        let named = whole.into_iter().chain(bare).flatten().map(|at| (*at, 1));
        for (at, named) in named.chain(self.anywhere.iter().map(|at| (*at, 0))) {
            let Some(rule) = self.rules.get(at) else { continue };
            if !rule.fits(model, request, place) {
                continue;
            }
            let weight = rule.weight.max(named);
            if best.is_none_or(|(most, first)| weight > most || (weight == most && at < first)) {
                best = Some((weight, at));
            }
        }
        match best {
            Some((_, at)) => self.rules.get(at).map(|rule| &rule.act),
            None => self.otherwise.as_ref(),
        }
    }
}

impl Rule {
    fn fits(&self, model: &str, request: &str, place: &Place) -> bool {
        self.turn.is_none_or(|turn| turn == place.turn)
            && self.attempt.is_none_or(|attempt| attempt == place.attempt)
            && self.lane.as_deref().is_none_or(|lane| place.lane() == Some(lane))
            && self.model.as_deref().is_none_or(|name| name == model)
            && self.needles.iter().all(|needle| request.contains(needle.as_str()))
    }
}

fn rule(decision: Decision) -> Result<Rule, String> {
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
    let weight = named.into_iter().filter(|named| *named).count() + needles.len();
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
    Ok(Act { latency, kind })
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
    let answer = Answer { text, calls, refusal: decision.refusal, finish };
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

/// About four bytes a token, rounded up: what a script says nothing about must not be free.
fn estimate(request: &str, answer: &Answer) -> Usage {
    let calls: usize = answer.calls.iter().map(|call| call.tool.len() + call.args.len()).sum();
    let said = answer.text.len() + calls + answer.refusal.as_ref().map_or(0, String::len);
    Usage { input: request.len().div_ceil(4) as u64, input_cached: 0, output: said.div_ceil(4) as u64 }
}

fn trouble(failure: Failure, may_have_cost: bool) -> ModelTrouble {
    ModelTrouble { failure, may_have_cost }
}

fn reply(outcome: Result<ModelSaid, ModelTrouble>, latency: Duration) -> ModelReply {
    let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    ModelReply { outcome, body: None, latency_ms, request_id: None }
}
