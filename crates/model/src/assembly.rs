//! An answer as it grows, whatever wire it comes over: what each reader does, and what all have in common.

use std::fmt;

use handfast_engine::ModelSaid;
use handfast_events::{Ask, Usage};
use serde_json::Value;

use crate::decode::Broken;
use crate::trouble::ProviderError;

/// Puts one answer together.
pub(crate) trait Assembly: fmt::Debug + Send {
    /// Takes in one event of a stream; whether it was the last.
    fn event(&mut self, value: &Value) -> Result<bool, Broken>;
    /// Takes in a whole answer.
    fn whole(&mut self, value: &Value) -> Result<(), Broken>;
    /// Bytes of text and arguments so far.
    fn bytes(&self) -> u64;
    /// The answer, if it had ended. `ended`: the server has said that nothing more comes.
    fn finish(self: Box<Self>, turn: u32, ended: bool) -> Result<ModelSaid, Broken>;
}

/// The text under this name; empty where there is none.
pub(crate) fn words<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The number under this name.
pub(crate) fn count(value: &Value, name: &str) -> Option<u64> {
    value.get(name).and_then(Value::as_u64)
}

/// An error that stands where an answer should: in every wire under the same name, but for servers that give it bare.
pub(crate) fn reported(value: &Value) -> Result<(), Broken> {
    let is_bare = words(value, "object") == "error";
    match value.get("error").filter(|error| !error.is_null()) {
        None if !is_bare => Ok(()),
        _ => Err(Broken::Provider(ProviderError::of(None, value))),
    }
}

/// The answer ended with a reason that makes it none.
pub(crate) fn ended_with(reason: &str) -> Broken {
    let message = format!("the provider ended the answer with `{reason}`");
    Broken::Provider(ProviderError { codes: vec![reason.into()], message, ..ProviderError::default() })
}

/// A stream has no end. Where events came and none was of this wire (`is_known`), something else answered.
pub(crate) fn never_ended(is_known: Option<bool>) -> Broken {
    match is_known {
        Some(false) => Broken::Foreign("none of its events is known".into()),
        _ => Broken::Cut,
    }
}

/// The calls as they are told: each with an id, and with arguments.
pub(crate) fn settled(mut calls: Vec<Ask>, turn: u32) -> Vec<Ask> {
    for (ordinal, call) in calls.iter_mut().enumerate() {
        if call.id.is_empty() {
            call.id = format!("call-{turn}-{ordinal}");
        }
        if call.args.trim().is_empty() {
            call.args = "{}".into();
        }
    }
    calls
}

/// Tokens as OpenAI's wires count them: the input with what was cached in it.
pub(crate) struct Counted {
    pub(crate) input: u64,
    pub(crate) cached: Option<u64>,
    pub(crate) written: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) total: Option<u64>,
}

impl Counted {
    /// The same in our words. Where output and total disagree the larger counts: some leave thinking out of the output,
    /// and none bills less than it says.
    pub(crate) fn usage(&self) -> Usage {
        let input_cached = self.cached.unwrap_or(0).min(self.input);
        Usage {
            input: self.input,
            input_cached,
            input_written: self.written.unwrap_or(0).min(self.input - input_cached),
            output: self.output.unwrap_or(0).max(self.total.unwrap_or(0).saturating_sub(self.input)),
        }
    }
}
