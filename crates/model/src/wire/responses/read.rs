//! An answer of Responses as it grows: items, each told in pieces and then whole.
//!
//! The whole item counts; pieces only where a server never tells the whole. Events of other kinds are passed over.

use std::collections::BTreeMap;

use handfast_engine::ModelSaid;
use handfast_events::{Answer, Ask, Finish, Usage};
use serde_json::{Value, json};

use crate::assembly::{Assembly, Counted, count, ended_with, never_ended, reported, settled, words};
use crate::decode::Broken;
use crate::limits::CALLS_MAX;
use crate::trouble::ProviderError;
use crate::wire::text::{arguments, id};

/// What has come so far.
#[derive(Debug, Default)]
pub(crate) struct Said {
    items: BTreeMap<u64, Item>,
    /// The places of items that are told by their ids alone.
    places: BTreeMap<String, u64>,
    /// The response as it was told last, once it had ended.
    response: Option<Value>,
    bytes: u64,
    /// Whether any event was one of this wire; nothing before there was one.
    is_known: Option<bool>,
}

/// One item of the output.
#[derive(Debug, Default)]
struct Item {
    /// As it was told: whole, or as it began.
    told: Value,
    is_whole: bool,
    text: String,
    refusal: String,
    args: String,
}

impl Item {
    /// The whole item, from its pieces where it never came as one.
    fn whole(self) -> Value {
        if self.is_whole {
            return self.told;
        }
        if words(&self.told, "type") == "function_call" {
            let mut call = self.told;
            if let (Some(call), false) = (call.as_object_mut(), self.args.is_empty()) {
                call.insert("arguments".into(), self.args.into());
            }
            return call;
        }
        let mut content = Vec::new();
        if !self.text.is_empty() {
            content.push(json!({ "type": "output_text", "text": self.text }));
        }
        if !self.refusal.is_empty() {
            content.push(json!({ "type": "refusal", "refusal": self.refusal }));
        }
        let kind = if content.is_empty() { "nothing" } else { "message" };
        json!({ "type": kind, "role": "assistant", "content": content })
    }
}

/// What the items come to.
#[derive(Default)]
struct Told {
    /// The texts of its messages, each with whether it is called the final one.
    texts: Vec<(bool, String)>,
    refusal: Option<String>,
    calls: Vec<Ask>,
    has_thinking: bool,
}

impl Told {
    fn of(items: &[Value]) -> Self {
        let mut told = Self::default();
        for item in items {
            match words(item, "type") {
                "message" => told.message(item),
                "function_call" => {
                    let [id, tool, args] =
                        ["call_id", "name", "arguments"].map(|name| words(item, name).into());
                    told.calls.push(Ask { id, tool, args });
                }
                "reasoning" => told.has_thinking |= goes_back(item),
                _ => {}
            }
        }
        told
    }

    fn message(&mut self, item: &Value) {
        let mut text = String::new();
        for part in item.get("content").and_then(Value::as_array).into_iter().flatten() {
            match words(part, "type") {
                "output_text" | "text" => text.push_str(words(part, "text")),
                "refusal" => self.refusal.get_or_insert_default().push_str(words(part, "refusal")),
                _ => {}
            }
        }
        self.texts.push((words(item, "phase") == "final_answer", text));
    }

    /// Its words: what it says along the way is none of an answer that is marked as the final one.
    fn text(&self) -> String {
        let has_final = self.texts.iter().any(|(is_final, _)| *is_final);
        let counts = |(is_final, text): &&(bool, String)| (*is_final || !has_final) && !text.is_empty();
        let texts: Vec<&str> = self.texts.iter().filter(counts).map(|(_, text)| text.as_str()).collect();
        texts.join("\n")
    }
}

/// Whether thinking can go back: a summary alone can't, it would be looked up at a server that stored nothing.
fn goes_back(item: &Value) -> bool {
    !words(item, "encrypted_content").is_empty()
        || item.get("content").and_then(Value::as_array).is_some_and(|content| !content.is_empty())
}

/// The items as they go back. `calls` are those of the answer: one that came without an id has one here, too.
///
/// Their ids are left out: with `store: false` nobody can look them up, some servers try to all the same and refuse,
/// and OpenAI's own client sends none. What was encrypted stands for itself.
fn verbatim(items: Vec<Value>, calls: &[Ask]) -> String {
    let mut calls = calls.iter();
    let items = items.into_iter().filter_map(|item| {
        let Value::Object(mut members) = item else { return None };
        members.retain(|name, value| !matches!(name.as_str(), "id" | "status") && !value.is_null());
        let item = Value::Object(members);
        match words(&item, "type") {
            "message" => Some(item),
            "reasoning" => goes_back(&item).then_some(item),
            "function_call" => calls.next().map(|call| with_call(item, call)),
            _ => None,
        }
    });
    Value::Array(items.collect()).to_string()
}

fn with_call(mut item: Value, call: &Ask) -> Value {
    if let Some(members) = item.as_object_mut() {
        members.insert("call_id".into(), id(&call.id).into());
        members.insert("arguments".into(), arguments(&call.args).into());
    }
    item
}

impl Said {
    /// Takes in a response that has ended, well or badly.
    fn end(&mut self, response: &Value) -> Result<(), Broken> {
        if words(response, "status") == "failed"
            || response.get("error").is_some_and(|error| !error.is_null())
        {
            return Err(Broken::Provider(ProviderError::of(None, response)));
        }
        self.response = Some(response.clone());
        Ok(())
    }

    /// The item that an event tells of: the one with its number. llama.cpp gives none, and there it is the one with its id,
    /// or a new one.
    fn item(&mut self, event: &Value) -> &mut Item {
        let place = count(event, "output_index").unwrap_or_else(|| {
            let id = match words(event, "item_id") {
                "" => event.get("item").map_or("", |item| words(item, "id")),
                id => id,
            };
            let next = self.places.len() as u64;
            *self.places.entry(id.to_owned()).or_insert(next)
        });
        self.items.entry(place).or_default()
    }

    /// Adds a piece to one of an item's texts.
    fn grow(&mut self, event: &Value, text: impl FnOnce(&mut Item) -> &mut String) {
        let more = words(event, "delta");
        self.bytes += more.len() as u64;
        text(self.item(event)).push_str(more);
    }

    fn items(&mut self) -> Vec<Value> {
        let output = self.response.as_mut().and_then(|response| response.get_mut("output")).map(Value::take);
        let has_whole = self.items.values().any(|item| item.is_whole);
        match output {
            Some(Value::Array(output)) if !has_whole && !output.is_empty() => output,
            _ => std::mem::take(&mut self.items).into_values().map(Item::whole).collect(),
        }
    }
}

impl Assembly for Said {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn event(&mut self, value: &Value) -> Result<bool, Broken> {
        reported(value)?;
        let kind = words(value, "type");
        self.is_known = Some(kind.starts_with("response.") || self.is_known == Some(true));
        let response = value.get("response").unwrap_or(&Value::Null);
        match kind {
            "error" => return Err(Broken::Provider(ProviderError::of(None, value))),
            "response.failed" => return Err(Broken::Provider(ProviderError::of(None, response))),
            "response.completed" | "response.incomplete" | "response.cancelled" => {
                return self.end(response).map(|()| true);
            }
            "response.output_item.added" | "response.output_item.done" => {
                let told = value.get("item").cloned().unwrap_or_default();
                let is_whole = kind.ends_with("done");
                let item = self.item(value);
                (item.told, item.is_whole) = (told, is_whole);
            }
            "response.output_text.delta" => self.grow(value, |item| &mut item.text),
            "response.refusal.delta" => self.grow(value, |item| &mut item.refusal),
            "response.function_call_arguments.delta" => self.grow(value, |item| &mut item.args),
            "response.function_call_arguments.done" => {
                words(value, "arguments").clone_into(&mut self.item(value).args);
            }
            _ => {}
        }
        Ok(false)
    }

    fn whole(&mut self, value: &Value) -> Result<(), Broken> {
        self.end(value)?;
        if value.get("output").is_none_or(|output| !output.is_array()) {
            return Err(Broken::Foreign("it has no `output`".into()));
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, turn: u32, _ended: bool) -> Result<ModelSaid, Broken> {
        let items = self.items();
        let Some(response) = &self.response else {
            return Err(never_ended(self.is_known));
        };
        let told = Told::of(&items);
        let cut = response.get("incomplete_details").map_or("", |details| words(details, "reason"));
        let finish = match (words(response, "status"), cut) {
            ("incomplete", "max_output_tokens") => Finish::Length,
            ("incomplete", "content_filter") => Finish::Filtered,
            ("completed" | "", _) if told.calls.is_empty() => Finish::Stop,
            ("completed" | "", _) => Finish::Calls,
            ("incomplete", reason) if !reason.is_empty() => return Err(ended_with(reason)),
            (status, _) => return Err(ended_with(status)),
        };
        if told.calls.len() > CALLS_MAX {
            return Err(Broken::TooManyCalls);
        }
        let text = told.text();
        let calls = settled(told.calls, turn);
        let verbatim = told.has_thinking.then(|| verbatim(items, &calls).into());
        let refusal = told.refusal.filter(|words| !words.is_empty());
        Ok(ModelSaid { answer: Answer { text, calls, refusal, finish, verbatim }, usage: usage(response) })
    }
}

/// The tokens of a response.
fn usage(response: &Value) -> Option<Usage> {
    let usage = response.get("usage")?;
    let details = usage.get("input_tokens_details");
    let counted = Counted {
        input: count(usage, "input_tokens")?,
        cached: details.and_then(|details| count(details, "cached_tokens")),
        written: details.and_then(|details| count(details, "cache_write_tokens")),
        output: count(usage, "output_tokens"),
        total: count(usage, "total_tokens"),
    };
    Some(counted.usage())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{read_by, streamed_by};

    /// What a response with these items, ended so, comes to.
    fn ended(output: &str, status: &str, reason: &str) -> Result<ModelSaid, Broken> {
        let details = format!(r#""status":"{status}","incomplete_details":{{"reason":"{reason}"}}"#);
        read_by::<Said>(&format!(r#"{{"object":"response","error":null,{details},"output":[{output}]}}"#))
    }

    #[test]
    fn a_stream_becomes_one_answer_with_its_calls_tokens_and_encrypted_thinking() {
        let ModelSaid { answer, usage } =
            read_by::<Said>(include_str!("../../../tests/it/streams/responses.sse")).unwrap();
        assert_eq!(answer.text, "Grüße 🚚");
        assert_eq!(
            answer.calls,
            [Ask { id: "call_1".into(), tool: "find".into(), args: "{\"a\": 1}".into() }]
        );
        assert_eq!(answer.finish, Finish::Calls);
        assert_eq!(usage, Some(Usage { input: 100, input_cached: 64, input_written: 8, output: 50 }));
        assert_eq!(
            answer.verbatim.as_deref(),
            Some(concat!(
                r#"[{"encrypted_content":"gAAAAA-whole==","summary":[],"type":"reasoning"},"#,
                r#"{"content":[{"annotations":[],"text":"Grüße 🚚","type":"output_text"}],"role":"assistant","type":"message"},"#,
                r#"{"arguments":"{\"a\": 1}","call_id":"call_1","name":"find","type":"function_call"}]"#,
            ))
        );
    }

    #[test]
    fn items_count_whole_or_else_in_pieces_or_else_from_the_end() {
        let end = r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#;
        let added = r#"{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"c","name":"find","arguments":""}}"#;
        let args = r#"{"type":"response.function_call_arguments.delta","output_index":1,"item_id":"fc_1","delta":"{}"}"#;
        let text = r#"{"type":"response.output_text.delta","output_index":0,"item_id":"msg_1","delta":"Hi"}"#;
        let said = streamed_by::<Said>(&[text, added, args, end]).unwrap().answer;
        let call = Ask { id: "c".into(), tool: "find".into(), args: "{}".into() };
        assert_eq!((said.text.as_str(), said.calls), ("Hi", vec![call.clone()]));
        let unnumbered =
            [added, args, text, &added.replace("fc_1", "fc_2"), &args.replace("fc_1", "fc_2"), end]
                .map(|event| event.replace("\"output_index\":1,", "").replace("\"output_index\":0,", ""));
        let said = streamed_by::<Said>(&unnumbered.each_ref().map(String::as_str)).unwrap().answer;
        assert_eq!((said.text.as_str(), said.calls), ("Hi", vec![call.clone(), call]));
        let late = r#"{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Late"}]}]}}"#;
        assert_eq!(streamed_by::<Said>(&[late]).unwrap().answer.text, "Late");
        assert_eq!(streamed_by::<Said>(&[text]), Err(Broken::Cut));
        assert!(matches!(streamed_by::<Said>(&[r#"{"choices":[]}"#]), Err(Broken::Foreign(_))));
        assert!(matches!(read_by::<Said>(r#"{"choices":[]}"#), Err(Broken::Foreign(_))));
    }

    #[test]
    fn every_end_is_told_apart() {
        let words = r#"{"type":"message","content":[{"type":"output_text","text":"x"}]}"#;
        let finish = |reason| ended(words, "incomplete", reason).unwrap().answer.finish;
        assert_eq!(
            (finish("max_output_tokens"), finish("content_filter")),
            (Finish::Length, Finish::Filtered)
        );
        assert_eq!(ended(words, "completed", "").unwrap().answer.finish, Finish::Stop);
        for (status, reason, code) in
            [("incomplete", "novelty", "novelty"), ("cancelled", "", "cancelled"), ("queued", "", "queued")]
        {
            let broken = ended(words, status, reason).unwrap_err();
            assert!(matches!(broken, Broken::Provider(error) if error.codes == [code]), "{status}");
        }
        let refusal = r#"{"type":"message","content":[{"type":"refusal","refusal":"I can't."}]}"#;
        assert_eq!(ended(refusal, "completed", "").unwrap().answer.refusal.as_deref(), Some("I can't."));
        let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}"#;
        let flat =
            r#"{"type":"error","code":"rate_limit_exceeded","message":"m","param":null,"sequence_number":3}"#;
        for event in [failed, flat] {
            let broken = streamed_by::<Said>(&[event]).unwrap_err();
            assert!(
                matches!(broken, Broken::Provider(error) if error.codes == ["rate_limit_exceeded"] && error.message == "m")
            );
        }
    }

    #[test]
    fn thinking_goes_back_only_where_it_stands_for_itself() {
        let thinking = |members: &str| format!(r#"{{"type":"reasoning","id":"rs_1",{members}}}"#);
        let verbatim = |members: &str| ended(&thinking(members), "completed", "").unwrap().answer.verbatim;
        assert_eq!(
            verbatim(r#""summary":[{"type":"summary_text","text":"s"}],"encrypted_content":null"#),
            None
        );
        assert!(verbatim(r#""summary":[],"encrypted_content":"g=""#).is_some());
        assert!(verbatim(r#""summary":[],"content":[{"type":"reasoning_text","text":"t"}]"#).is_some());
    }

    #[test]
    fn what_is_said_along_the_way_is_no_part_of_the_final_answer() {
        let said = |phase: &str, text: &str| {
            format!(
                r#"{{"type":"message","phase":"{phase}","content":[{{"type":"output_text","text":"{text}"}}]}}"#
            )
        };
        let both = [said("commentary", "Looking."), said("final_answer", "Done.")].join(",");
        assert_eq!(ended(&both, "completed", "").unwrap().answer.text, "Done.");
        assert_eq!(ended(&said("commentary", "Looking."), "completed", "").unwrap().answer.text, "Looking.");
    }
}
