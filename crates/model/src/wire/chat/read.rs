//! An answer of Chat Completions as it grows: the pieces of one choice, put together.
//!
//! Lenient where servers differ and nothing is lost.

use handfast_engine::ModelSaid;
use handfast_events::{Answer, Ask, Finish, Usage};
use serde_json::{Map, Value};

use crate::assembly::{Assembly, Counted, count, ended_with, never_ended, reported, settled, words};
use crate::decode::Broken;
use crate::limits::CALLS_MAX;
use crate::provider::Thinking;

/// What has come so far.
#[derive(Debug)]
pub(crate) struct Said {
    text: String,
    refusal: Option<String>,
    calls: Vec<(Option<u64>, Ask)>,
    finish: Option<String>,
    usage: Option<Usage>,
    has_choice: bool,
    /// Whether any event was one of this wire; nothing before there was one.
    is_known: Option<bool>,
    /// Of its thinking, what must be given back.
    keeps: Thinking,
    thought: String,
    details: Vec<Map<String, Value>>,
}

impl Said {
    /// Nothing yet.
    pub(crate) const fn new(keeps: Thinking) -> Self {
        Self {
            text: String::new(),
            refusal: None,
            calls: Vec::new(),
            finish: None,
            usage: None,
            has_choice: false,
            is_known: None,
            keeps,
            thought: String::new(),
            details: Vec::new(),
        }
    }

    fn take(&mut self, value: &Value) -> Result<(), Broken> {
        reported(value)?;
        let choices = value.get("choices").and_then(Value::as_array);
        self.is_known = Some(choices.is_some() || self.is_known == Some(true));
        let choices = choices.map(Vec::as_slice).unwrap_or_default();
        let first = |choice: &&Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
        let choice = choices.iter().find(first);
        // Moonshot counts within the choice.
        if let Some(usage) = usage(value).or_else(|| usage(choice?)) {
            self.usage = Some(usage);
        }
        let Some(choice) = choice else { return Ok(()) };
        self.has_choice = true;
        reported(choice)?;
        if let Some(part) = choice.get("delta").or_else(|| choice.get("message")) {
            self.part(part)?;
        }
        let finish = words(choice, "finish_reason");
        if !finish.is_empty() {
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
                    self.text.push_str(words(part, "text"));
                }
            }
            _ => {}
        }
        if let Some(refusal) = part.get("refusal").and_then(Value::as_str) {
            self.refusal.get_or_insert_default().push_str(refusal);
        }
        self.think(part);
        for call in part.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call)?;
        }
        Ok(())
    }

    /// Adds to the call that this delta continues. It is the one with its index, unless it brings another id: some
    /// servers give every call the index 0, others give none.
    fn call(&mut self, delta: &Value) -> Result<(), Broken> {
        let index = delta.get("index").and_then(Value::as_u64);
        let id = words(delta, "id");
        let function = delta.get("function");
        let name = function.map_or("", |function| words(function, "name"));
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

    /// Keeps what of its thinking must be given back. OpenRouter streams its list in pieces: text that follows on text of
    /// the same kind continues it, all else stands for itself.
    fn think(&mut self, part: &Value) {
        match self.keeps {
            Thinking::Dropped => {}
            Thinking::Content => self.thought.push_str(words(part, "reasoning_content")),
            Thinking::Details => {
                let details = part.get("reasoning_details").and_then(Value::as_array).into_iter().flatten();
                for detail in details.filter_map(Value::as_object) {
                    let last = self.details.last_mut().filter(|last| last.get("type") == detail.get("type"));
                    match last {
                        Some(last) if continues(last, detail) => join(last, detail),
                        _ => self.details.push(detail.clone()),
                    }
                }
            }
        }
    }

    /// The thinking as members of the message that gives it back.
    fn verbatim(&self) -> Option<String> {
        if !self.details.is_empty() {
            return Some(serde_json::json!({ "reasoning_details": self.details }).to_string());
        }
        (!self.thought.is_empty())
            .then(|| serde_json::json!({ "reasoning_content": self.thought }).to_string())
    }
}

/// Where a detail of this type has its words.
fn words_of(detail: &Map<String, Value>) -> Option<&'static str> {
    match detail.get("type").and_then(Value::as_str) {
        Some("reasoning.text") => Some("text"),
        Some("reasoning.summary") => Some("summary"),
        _ => None,
    }
}

/// Whether this piece goes on where the last one ended: a text that has its signature is whole.
fn continues(last: &Map<String, Value>, detail: &Map<String, Value>) -> bool {
    let signed = last.get("signature").is_some_and(|signature| !signature.is_null());
    words_of(detail).is_some() && !signed && last.get("index") == detail.get("index")
}

fn join(last: &mut Map<String, Value>, detail: &Map<String, Value>) {
    let key = words_of(detail).unwrap_or_default();
    for (name, value) in detail.iter().filter(|(_, value)| !value.is_null()) {
        match (last.get_mut(name), value) {
            (Some(Value::String(known)), Value::String(more)) if name == key => known.push_str(more),
            (Some(known), _) if !known.is_null() => {}
            _ => drop(last.insert(name.clone(), value.clone())),
        }
    }
}

impl Assembly for Said {
    fn bytes(&self) -> u64 {
        let calls: usize = self.calls.iter().map(|(_, call)| call.tool.len() + call.args.len()).sum();
        (self.text.len() + calls + self.refusal.as_ref().map_or(0, String::len)) as u64
    }

    fn event(&mut self, value: &Value) -> Result<bool, Broken> {
        self.take(value).map(|()| false)
    }

    fn whole(&mut self, value: &Value) -> Result<(), Broken> {
        self.take(value)?;
        if !self.has_choice {
            return Err(Broken::Foreign("it has no `choices`".into()));
        }
        // Whole documents need no word for their end.
        self.finish.get_or_insert_with(|| "stop".into());
        Ok(())
    }

    fn finish(self: Box<Self>, turn: u32, ended: bool) -> Result<ModelSaid, Broken> {
        let reason = match self.finish.as_deref() {
            Some(reason) => reason,
            // A server that ends its stream in good order but names no reason.
            None if ended && self.has_choice => "stop",
            None => return Err(never_ended(self.is_known)),
        };
        let finish = match why(reason).ok_or_else(|| ended_with(reason))? {
            Finish::Stop if !self.calls.is_empty() => Finish::Calls,
            finish => finish,
        };
        let verbatim = self.verbatim().map(Into::into);
        let calls = settled(self.calls.into_iter().map(|(_, call)| call).collect(), turn);
        let refusal = self.refusal.filter(|words| !words.is_empty());
        Ok(ModelSaid {
            answer: Answer { text: self.text, calls, refusal, finish, verbatim },
            usage: self.usage,
        })
    }
}

/// Why an answer ended, in the words that servers have for it; of a word that nobody knows nothing: half of the answer may
/// be missing, and it must not count as whole.
fn why(reason: &str) -> Option<Finish> {
    match reason.to_ascii_lowercase().as_str() {
        "stop" | "eos" | "eos_token" | "stop_sequence" | "end_turn" | "complete" => Some(Finish::Stop),
        "tool_calls" | "tool_call" | "tool_use" | "function_call" => Some(Finish::Stop),
        "length" | "max_tokens" | "max_output_tokens" | "model_length" => Some(Finish::Length),
        "content_filter" | "safety" | "sensitive" | "recitation" | "prohibited_content" => {
            Some(Finish::Filtered)
        }
        _ => None,
    }
}

/// The tokens, wherever the server counts them.
fn usage(value: &Value) -> Option<Usage> {
    let usage = value
        .get("usage")
        .filter(|usage| usage.is_object())
        .or_else(|| value.get("x_groq").and_then(|groq| groq.get("usage")))?;
    let details = usage.get("prompt_tokens_details");
    let counted = Counted {
        input: count(usage, "prompt_tokens")?,
        cached: details
            .and_then(|details| count(details, "cached_tokens"))
            .or_else(|| count(usage, "prompt_cache_hit_tokens"))
            .or_else(|| count(usage, "cached_tokens")),
        written: details.and_then(|details| count(details, "cache_write_tokens")),
        output: count(usage, "completion_tokens"),
        total: count(usage, "total_tokens"),
    };
    Some(counted.usage())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::streamed_as;

    fn verbatim(keeps: Thinking, deltas: &[&str]) -> Option<String> {
        let mut events: Vec<String> =
            deltas.iter().map(|delta| format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#)).collect();
        events.push(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.into());
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let said = streamed_as(Box::new(Said::new(keeps)), &events).unwrap();
        said.answer.verbatim.map(|form| form.to_string())
    }

    #[test]
    fn thinking_is_kept_where_its_provider_wants_it_back() {
        let content =
            [r#"{"reasoning_content":"First "}"#, r#"{"reasoning_content":"this.","content":"Hi"}"#];
        let kept = verbatim(Thinking::Content, &content);
        assert_eq!(kept.as_deref(), Some(r#"{"reasoning_content":"First this."}"#));
        assert_eq!(verbatim(Thinking::Dropped, &content), None);
        assert_eq!(verbatim(Thinking::Details, &content), None);
    }

    #[test]
    fn details_of_thinking_are_joined_where_one_continues_the_other() {
        let details = [
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"First ","signature":null,"index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"this.","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"","signature":"s=","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"Then.","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"a","id":"rs_1","index":1}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"b","id":"rs_2","index":1}]}"#,
        ];
        insta::assert_snapshot!(
            verbatim(Thinking::Details, &details).unwrap(),
            @r#"{"reasoning_details":[{"index":0,"signature":"s=","text":"First this.","type":"reasoning.text"},{"index":0,"text":"Then.","type":"reasoning.text"},{"data":"a","id":"rs_1","index":1,"type":"reasoning.encrypted"},{"data":"b","id":"rs_2","index":1,"type":"reasoning.encrypted"}]}"#
        );
    }
}
