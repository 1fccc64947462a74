//! An answer as it grows: text, refusal, calls and tokens, put together from the pieces of one choice.
//!
//! Lenient where servers differ and nothing is lost.

use handfast_engine::ModelSaid;
use handfast_events::{Answer, Ask, Finish, Usage};
use serde_json::Value;

use crate::decode::Broken;
use crate::limits::CALLS_MAX;
use crate::trouble::ProviderError;

#[derive(Debug, Default)]
/// What has come so far.
pub(crate) struct Assembly {
    text: String,
    refusal: Option<String>,
    calls: Vec<(Option<u64>, Ask)>,
    pub(crate) finish: Option<String>,
    usage: Option<Usage>,
    pub(crate) has_choice: bool,
}

impl Assembly {
    /// Bytes of text and arguments so far.
    pub(crate) fn bytes(&self) -> u64 {
        let calls: usize = self.calls.iter().map(|(_, call)| call.tool.len() + call.args.len()).sum();
        (self.text.len() + calls + self.refusal.as_ref().map_or(0, String::len)) as u64
    }

    /// Takes in one event of a stream; whether it was the last.
    pub(crate) fn event(&mut self, data: &[u8]) -> Result<bool, Broken> {
        if data.trim_ascii() == b"[DONE]" {
            return Ok(true);
        }
        if data.trim_ascii().is_empty() {
            return Ok(false);
        }
        let value: Value = serde_json::from_slice(data)
            .map_err(|cause| Broken::NotChat(format!("an event of the stream is no JSON ({cause})")))?;
        self.take(&value)?;
        Ok(false)
    }

    /// Takes in a chunk, or a whole answer.
    pub(crate) fn take(&mut self, value: &Value) -> Result<(), Broken> {
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(Broken::Provider(ProviderError::of(None, value)));
        }
        if let Some(usage) = usage(value) {
            self.usage = Some(usage);
        }
        let choices = value.get("choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let first = |choice: &&Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
        let Some(choice) = choices.iter().find(first) else { return Ok(()) };
        self.has_choice = true;
        if let Some(error) = choice.get("error").filter(|error| !error.is_null()) {
            return Err(Broken::Provider(ProviderError::of(None, error)));
        }
        if let Some(part) = choice.get("delta").or_else(|| choice.get("message")) {
            self.part(part)?;
        }
        if let Some(finish) =
            choice.get("finish_reason").and_then(Value::as_str).filter(|finish| !finish.is_empty())
        {
            self.finish = Some(finish.to_owned());
        }
        Ok(())
    }

    fn part(&mut self, part: &Value) -> Result<(), Broken> {
        match part.get("content") {
            Some(Value::String(text)) => self.text.push_str(text),
            // Thinking models of some servers send typed parts; what isn't text is thinking.
            Some(Value::Array(parts)) => {
                for part in parts {
                    self.text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
                }
            }
            _ => {}
        }
        if let Some(refusal) = part.get("refusal").and_then(Value::as_str) {
            self.refusal.get_or_insert_default().push_str(refusal);
        }
        for call in part.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call)?;
        }
        Ok(())
    }

    /// Adds to the call that this delta continues. It is the one with its index, unless it brings another id: some
    /// servers give every call the index 0, others give none.
    fn call(&mut self, delta: &Value) -> Result<(), Broken> {
        let index = delta.get("index").and_then(Value::as_u64);
        let id = delta.get("id").and_then(Value::as_str).unwrap_or_default();
        let function = delta.get("function");
        let name =
            function.and_then(|function| function.get("name")).and_then(Value::as_str).unwrap_or_default();
        let args = match function.and_then(|function| function.get("arguments")) {
            Some(Value::String(args)) => args.clone(),
            Some(Value::Null) | None => String::new(),
            Some(args) => args.to_string(),
        };
        let at_index = |known: &(Option<u64>, Ask)| index.is_none() || known.0 == index;
        let same =
            |known: &&mut (Option<u64>, Ask)| id.is_empty() || known.1.id.is_empty() || known.1.id == id;
        // Without index and id, a name begins a call and a piece of arguments continues the last.
        let begins = index.is_none() && id.is_empty() && !name.is_empty();
        let known = self.calls.iter_mut().rfind(|known| at_index(known)).filter(same).filter(|_| !begins);
        let Some((_, call)) = known else {
            if self.calls.len() == CALLS_MAX {
                return Err(Broken::TooManyCalls);
            }
            self.calls.push((index, Ask { id: id.to_owned(), tool: name.to_owned(), args }));
            return Ok(());
        };
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        // A name comes in pieces, or whole with every piece of the arguments.
        if call.tool != name {
            call.tool.push_str(name);
        }
        call.args.push_str(&args);
        Ok(())
    }

    /// The answer, if it had ended. `done`: the server has said so.
    pub(crate) fn finish(self, turn: u32, done: bool) -> Result<ModelSaid, Broken> {
        let reason = match self.finish.as_deref() {
            Some(reason) => reason,
            // A server that ends its stream in good order but names no reason.
            None if done && self.has_choice => "stop",
            None => return Err(Broken::Cut),
        };
        let mut calls: Vec<Ask> = self.calls.into_iter().map(|(_, call)| call).collect();
        for (ordinal, call) in calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call-{turn}-{ordinal}");
            }
            if call.args.trim().is_empty() {
                call.args = "{}".into();
            }
        }
        let finish = match reason {
            "length" | "max_tokens" | "model_length" => Finish::Length,
            "content_filter" => Finish::Filtered,
            "model_context_window_exceeded" | "error" => {
                let message = format!("the provider ended the answer with `{reason}`");
                return Err(Broken::Provider(ProviderError {
                    status: None,
                    codes: vec![reason.into()],
                    message,
                }));
            }
            _ if calls.is_empty() => Finish::Stop,
            _ => Finish::Calls,
        };
        let refusal = self.refusal.filter(|words| !words.is_empty());
        let answer = Answer { text: self.text, calls, refusal, finish, verbatim: None };
        Ok(ModelSaid { answer, usage: self.usage })
    }
}

/// The tokens, wherever the server counts them. Where output and total disagree the larger counts: some leave thinking
/// out of the output, and none bills less than it says.
fn usage(value: &Value) -> Option<Usage> {
    let usage = value
        .get("usage")
        .filter(|usage| usage.is_object())
        .or_else(|| value.get("x_groq").and_then(|groq| groq.get("usage")))?;
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let input = count("prompt_tokens")?;
    let output = count("completion_tokens").unwrap_or(0);
    let output = output.max(count("total_tokens").unwrap_or(0).saturating_sub(input));
    let details = usage.get("prompt_tokens_details");
    let cached = details
        .and_then(|details| details.get("cached_tokens"))
        .and_then(Value::as_u64)
        .or_else(|| count("prompt_cache_hit_tokens"))
        .unwrap_or(0);
    Some(Usage { input, input_cached: cached.min(input), input_written: 0, output })
}
