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

mod form;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use handfast_engine::{ModelReply, ModelSaid, ModelTrouble};
use handfast_events::{Answer, Failure, FailureClass, Usage};

use crate::limits::SCRIPT_BYTES_MAX;
use crate::place::Place;

use form::{File, rule};

/// The code of the failure where a script has no decision: what was asked was foreseen by nobody.
pub const UNSCRIPTED: &str = "unscripted";

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
#[derive(Clone, Debug)]
pub struct Script {
    path: PathBuf,
    rules: Vec<Rule>,
    /// Rules by the step that they name.
    by_step: HashMap<String, Vec<usize>>,
    /// Rules that name no step.
    anywhere: Vec<usize>,
    otherwise: Option<Act>,
}

/// One decision, checked.
#[derive(Clone, Debug)]
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

#[derive(Clone, Debug)]
struct Act {
    latency: Duration,
    /// Whether somebody who hangs is waited for.
    waits: bool,
    kind: ActKind,
}

#[derive(Clone, Debug)]
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
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err(unreadable(std::io::Error::other("it is no file")));
        }
        if about.len() > SCRIPT_BYTES_MAX {
            return Err(ScriptError::TooLarge { path: path.to_owned(), bytes: about.len() });
        }
        let mut text = String::new();
        file.take(SCRIPT_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
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
        let mut script = Self::silent(path);
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

    /// A script that says nothing to anybody: whoever asks is told that there is no decision. `path` is what errors call it.
    pub fn silent(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            rules: Vec::new(),
            by_step: HashMap::new(),
            anywhere: Vec::new(),
            otherwise: None,
        }
    }

    /// The same script without waiting: what is slow answers now, and what hangs is given up now.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        for act in self.rules.iter_mut().map(|rule| &mut rule.act).chain(&mut self.otherwise) {
            act.latency = Duration::ZERO;
            act.waits = false;
        }
        self
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
            let failure =
                Failure { code: Some(UNSCRIPTED.into()), ..Failure::new(FailureClass::BadRequest, detail) };
            return reply(Err(trouble(failure, false)), Duration::ZERO);
        };
        let hangs = act.waits && matches!(act.kind, ActKind::Hang);
        let latency = if hangs { timeout } else { act.latency.min(timeout) };
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
        let step = place.step.as_str();
        let bare = place.step_bare();
        let bare = if bare == step { None } else { self.by_step.get(&bare) };
        let named = self.by_step.get(step).into_iter().chain(bare).flatten();
        let mut best: Option<(usize, usize)> = None;
        for at in named.chain(&self.anywhere).copied() {
            let Some(rule) = self.rules.get(at) else { continue };
            if !rule.fits(model, request, place) {
                continue;
            }
            if best.is_none_or(|(most, first)| rule.weight > most || (rule.weight == most && at < first)) {
                best = Some((rule.weight, at));
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

/// About four bytes a token, rounded up: what a script says nothing about must not be free.
fn estimate(request: &str, answer: &Answer) -> Usage {
    let calls: usize = answer.calls.iter().map(|call| call.tool.len() + call.args.len()).sum();
    let said = answer.text.len() + calls + answer.refusal.as_ref().map_or(0, String::len);
    Usage {
        input: request.len().div_ceil(4) as u64,
        input_cached: 0,
        input_written: 0,
        output: said.div_ceil(4) as u64,
    }
}

fn trouble(failure: Failure, may_have_cost: bool) -> ModelTrouble {
    ModelTrouble { failure, may_have_cost }
}

fn reply(outcome: Result<ModelSaid, ModelTrouble>, latency: Duration) -> ModelReply {
    let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    ModelReply { outcome, body: None, latency_ms, request_id: None }
}
