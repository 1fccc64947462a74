//! An answer of Messages as it grows: blocks, begun, continued and ended by events.
//!
//! Events and blocks of other kinds are passed over: Anthropic adds some whenever it likes.

use handfast_engine::ModelSaid;
use handfast_events::{Answer, Ask, Finish, Usage};
use serde_json::{Map, Value, json};

use crate::assembly::{Assembly, count, ended_with, never_ended, reported, settled, words};
use crate::decode::Broken;
use crate::limits::CALLS_MAX;
use crate::wire::text::{arguments, id};

/// What has come so far.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Each with its index in the answer.
    blocks: Vec<(u64, Block)>,
    stop_reason: Option<String>,
    stop_details: Option<Value>,
    tokens: Tokens,
    /// Whether any event was one of this wire; nothing before there was one.
    is_known: Option<bool>,
}

#[derive(Debug)]
enum Block {
    Text(String),
    Call(Ask),
    /// Thinking, open or withheld, that goes back as it came: a signature is over it.
    Thinking(Map<String, Value>),
    Other,
}

/// Counts as they were said last; each only grows within an answer.
#[derive(Debug, Default)]
struct Tokens {
    fresh: u64,
    read: u64,
    written: u64,
    output: u64,
    are_said: bool,
}

impl Tokens {
    fn take(&mut self, usage: Option<&Value>) {
        let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
        self.are_said = true;
        for (known, name) in [
            (&mut self.fresh, "input_tokens"),
            (&mut self.read, "cache_read_input_tokens"),
            (&mut self.written, "cache_creation_input_tokens"),
            (&mut self.output, "output_tokens"),
        ] {
            *known = (*known).max(count(usage, name).unwrap_or(0));
        }
    }

    /// What is called input there leaves out the cache.
    fn usage(&self) -> Option<Usage> {
        let usage = Usage {
            input: self.fresh.saturating_add(self.read).saturating_add(self.written),
            input_cached: self.read,
            input_written: self.written,
            output: self.output,
        };
        self.are_said.then_some(usage)
    }
}

impl Block {
    /// A block as it begins, or as it is whole.
    fn of(block: &Value) -> Self {
        match words(block, "type") {
            "text" => Self::Text(words(block, "text").to_owned()),
            "tool_use" => {
                // Empty where it follows in pieces.
                let input =
                    block.get("input").filter(|input| input.as_object().is_none_or(|all| !all.is_empty()));
                let args = input.filter(|input| !input.is_null()).map_or_else(String::new, Value::to_string);
                Self::Call(Ask { id: words(block, "id").into(), tool: words(block, "name").into(), args })
            }
            "thinking" | "redacted_thinking" => {
                block.as_object().map_or(Self::Other, |members| Self::Thinking(members.clone()))
            }
            _ => Self::Other,
        }
    }

    fn grow(&mut self, delta: &Value) {
        match (self, words(delta, "type")) {
            (Self::Text(text), "text_delta") => text.push_str(words(delta, "text")),
            (Self::Call(call), "input_json_delta") => call.args.push_str(words(delta, "partial_json")),
            (Self::Thinking(members), "thinking_delta") => grow(members, "thinking", delta),
            (Self::Thinking(members), "signature_delta") => grow(members, "signature", delta),
            _ => {}
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Call(call) => call.tool.len() + call.args.len(),
            Self::Thinking(_) | Self::Other => 0,
        }
    }
}

fn grow(members: &mut Map<String, Value>, name: &str, delta: &Value) {
    let more = words(delta, name);
    match members.get_mut(name) {
        Some(Value::String(known)) => known.push_str(more),
        _ => drop(members.insert(name.into(), more.into())),
    }
}

impl Said {
    fn begin(&mut self, index: u64, block: &Value) -> Result<(), Broken> {
        let block = Block::of(block);
        let calls = self.blocks.iter().filter(|(_, block)| matches!(block, Block::Call(_))).count();
        if matches!(block, Block::Call(_)) && calls == CALLS_MAX {
            return Err(Broken::TooManyCalls);
        }
        self.blocks.push((index, block));
        Ok(())
    }

    fn stop(&mut self, said: &Value) {
        let reason = words(said, "stop_reason");
        if !reason.is_empty() {
            self.stop_reason = Some(reason.to_owned());
        }
        if let Some(details) = said.get("stop_details").filter(|details| !details.is_null()) {
            self.stop_details = Some(details.clone());
        }
    }

    /// Its words where it declined: Anthropic's for it, or else the kind of reason.
    fn refusal(&self, text: &str) -> String {
        let said = |name: &str| self.stop_details.as_ref().map_or("", |details| words(details, name));
        match (said("explanation"), said("category")) {
            ("", "") if text.trim().is_empty() => "it gave no reason".into(),
            ("", "") => text.to_owned(),
            ("", category) => format!("its provider's rules on `{category}`"),
            (explanation, _) => explanation.to_owned(),
        }
    }

    /// The content as it goes back; none where it holds no thinking, for text and calls say the rest. `calls` are those
    /// of the answer: one that came without an id has one here, too.
    fn verbatim(&self, calls: &[Ask]) -> Option<String> {
        if !self.blocks.iter().any(|(_, block)| matches!(block, Block::Thinking(_))) {
            return None;
        }
        let mut calls = calls.iter();
        let mut parts: Vec<String> = Vec::new();
        for (_, block) in &self.blocks {
            match block {
                Block::Thinking(members) => parts.push(Value::from(members.clone()).to_string()),
                // Empty text is said at times, and refused when it comes back.
                Block::Text(text) if text.trim().is_empty() => {}
                Block::Text(text) => parts.push(json!({ "type": "text", "text": text }).to_string()),
                Block::Call(_) => {
                    let Some(call) = calls.next() else { continue };
                    let (id, tool) = (Value::from(id(&call.id)), Value::from(call.tool.as_str()));
                    let input = arguments(&call.args);
                    parts.push(format!(
                        "{{\"type\":\"tool_use\",\"id\":{id},\"name\":{tool},\"input\":{input}}}"
                    ));
                }
                Block::Other => {}
            }
        }
        Some(format!("[{}]", parts.join(",")))
    }
}

impl Assembly for Said {
    fn bytes(&self) -> u64 {
        self.blocks.iter().map(|(_, block)| block.bytes() as u64).sum()
    }

    fn event(&mut self, value: &Value) -> Result<bool, Broken> {
        reported(value)?;
        let index = count(value, "index").unwrap_or(0);
        let known = match words(value, "type") {
            "message_start" => {
                self.tokens.take(value.get("message").and_then(|message| message.get("usage")));
                true
            }
            "content_block_start" => {
                if let Some(block) = value.get("content_block") {
                    self.begin(index, block)?;
                }
                true
            }
            "content_block_delta" => {
                let block = self.blocks.iter_mut().rfind(|(known, _)| *known == index);
                if let (Some((_, block)), Some(delta)) = (block, value.get("delta")) {
                    block.grow(delta);
                }
                true
            }
            "message_delta" => {
                self.tokens.take(value.get("usage"));
                value.get("delta").into_iter().for_each(|delta| self.stop(delta));
                true
            }
            "message_stop" => return Ok(true),
            "ping" => true,
            _ => false,
        };
        self.is_known = Some(known || self.is_known == Some(true));
        Ok(false)
    }

    fn whole(&mut self, value: &Value) -> Result<(), Broken> {
        reported(value)?;
        let Some(content) = value.get("content").and_then(Value::as_array) else {
            return Err(Broken::Foreign("it has no `content`".into()));
        };
        self.tokens.take(value.get("usage"));
        for (index, block) in (0..).zip(content) {
            self.begin(index, block)?;
        }
        self.stop(value);
        Ok(())
    }

    fn finish(self: Box<Self>, turn: u32, _ended: bool) -> Result<ModelSaid, Broken> {
        let Some(reason) = self.stop_reason.as_deref() else {
            return Err(never_ended(self.is_known));
        };
        let mut text = String::new();
        let mut calls = Vec::new();
        for (_, block) in &self.blocks {
            match block {
                Block::Text(said) => text.push_str(said),
                Block::Call(call) => calls.push(call.clone()),
                Block::Thinking(_) | Block::Other => {}
            }
        }
        let calls = settled(calls, turn);
        let (finish, refusal) = match reason {
            "max_tokens" => (Finish::Length, None),
            "refusal" => (Finish::Stop, Some(self.refusal(&text))),
            "end_turn" | "stop_sequence" | "tool_use" if calls.is_empty() => (Finish::Stop, None),
            "end_turn" | "stop_sequence" | "tool_use" => (Finish::Calls, None),
            // A pause asks to be sent back as it is, which only tools of Anthropic's own lead to: nobody asked for one.
            reason => return Err(ended_with(reason)),
        };
        let verbatim = self.verbatim(&calls).map(Into::into);
        Ok(ModelSaid {
            answer: Answer { text, calls, refusal, finish, verbatim },
            usage: self.tokens.usage(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{read_by, streamed_by};

    #[test]
    fn a_stream_becomes_one_answer_with_its_calls_tokens_and_signed_thinking() {
        let stream = include_str!("../../../tests/it/streams/messages.sse");
        let ModelSaid { answer, usage } = read_by::<Said>(stream).unwrap();
        assert_eq!(answer.text, "Grüße 🚚");
        let ask =
            |id: &str, tool: &str, args: &str| Ask { id: id.into(), tool: tool.into(), args: args.into() };
        assert_eq!(answer.calls, [ask("toolu_1", "find", "{\"a\": 1}"), ask("toolu_2", "mail", "{}")]);
        assert_eq!(answer.finish, Finish::Calls);
        assert_eq!(usage, Some(Usage { input: 2312, input_cached: 2000, input_written: 300, output: 50 }));
        assert_eq!(
            answer.verbatim.as_deref(),
            Some(concat!(
                r#"[{"signature":"EqQBCg/IARgC+w==","thinking":"Two orders – look both up.","type":"thinking"},"#,
                r#"{"data":"EmwKAhgB","type":"redacted_thinking"},{"text":"Grüße 🚚","type":"text"},"#,
                r#"{"type":"tool_use","id":"toolu_1","name":"find","input":{"a": 1}},"#,
                r#"{"type":"tool_use","id":"toolu_2","name":"mail","input":{}}]"#,
            ))
        );
    }

    #[test]
    fn a_whole_document_reads_like_a_stream_and_plain_words_need_no_form_of_their_own() {
        let body = r#"{"type":"message","content":[{"type":"text","text":"Hi"},{"type":"tool_use","id":"","name":"find","input":{"n":1}}],
            "stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":1}}"#;
        let said = read_by::<Said>(body).unwrap();
        assert_eq!((said.answer.text.as_str(), said.answer.verbatim), ("Hi", None));
        assert_eq!(
            said.answer.calls,
            [Ask { id: "call-2-0".into(), tool: "find".into(), args: "{\"n\":1}".into() }]
        );
        assert_eq!(said.usage, Some(Usage { input: 3, input_cached: 0, input_written: 0, output: 1 }));
        assert!(matches!(read_by::<Said>(r#"{"choices":[]}"#), Err(Broken::Foreign(_))));
        assert!(matches!(streamed_by::<Said>(&[r#"{"choices":[]}"#]), Err(Broken::Foreign(_))));
        assert_eq!(
            streamed_by::<Said>(&[]),
            Err(Broken::Foreign(
                "it is neither JSON nor a stream of it (EOF while parsing a value at line 1 column 0)".into()
            ))
        );
    }

    #[test]
    fn every_reason_to_stop_is_told_apart() {
        let stopped = |reason: &str, details: &str| {
            read_by::<Said>(&format!(
                r#"{{"content":[{{"type":"text","text":"No."}}],"stop_reason":"{reason}","stop_details":{details}}}"#
            ))
        };
        let finish = |reason: &str| stopped(reason, "null").unwrap().answer.finish;
        assert_eq!(finish("end_turn"), Finish::Stop);
        assert_eq!(finish("stop_sequence"), Finish::Stop);
        assert_eq!(finish("max_tokens"), Finish::Length);
        let refused = |details: &str| stopped("refusal", details).unwrap().answer.refusal.unwrap();
        assert_eq!(
            refused(r#"{"type":"refusal","category":"cyber","explanation":"It may harm."}"#),
            "It may harm."
        );
        assert_eq!(
            refused(r#"{"type":"refusal","category":"bio","explanation":null}"#),
            "its provider's rules on `bio`"
        );
        assert_eq!(refused("null"), "No.");
        for reason in ["pause_turn", "model_context_window_exceeded", "novelty"] {
            let broken = stopped(reason, "null").unwrap_err();
            assert!(matches!(broken, Broken::Provider(error) if error.codes == [reason]), "{reason}");
        }
    }

    #[test]
    fn an_error_after_the_begin_is_the_providers_and_not_the_answer() {
        let begin = r#"{"type":"message_start","message":{"usage":{"input_tokens":1,"output_tokens":1}}}"#;
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let broken = streamed_by::<Said>(&[begin, error]).unwrap_err();
        assert!(matches!(broken, Broken::Provider(error) if error.codes == ["overloaded_error"]));
        assert_eq!(streamed_by::<Said>(&[begin]), Err(Broken::Cut));
        let call = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"a","input":{}}}"#;
        assert_eq!(streamed_by::<Said>(&vec![call; CALLS_MAX + 1]), Err(Broken::TooManyCalls));
    }
}
