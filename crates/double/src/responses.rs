//! OpenAI Responses, as the provider writes them: one response, or numbered events that build it up item by item.
//!
//! Documented at developers.openai.com/api/reference/resources/responses/streaming-events. The encrypted content of reasoning
//! is given only where the request includes it, as the provider does.

use serde_json::{Value, json};

use crate::asked::Asked;
use crate::chat::set;
use crate::pieces::{CREATED, deltas, event};
use crate::said::{Finish, Said, Usage};

/// The answer as one response.
pub(crate) fn whole(said: &Said, asked: &Asked) -> Value {
    let output: Vec<Value> = items(said, asked).into_iter().map(|item| item.whole).collect();
    let mut response = frame(asked, "completed");
    if let Some(reason) = incomplete(said) {
        set(&mut response, "status", json!("incomplete"));
        set(&mut response, "incomplete_details", json!({"reason": reason}));
    }
    set(&mut response, "output", json!(output));
    set(&mut response, "usage", said.used(asked.tokens()).map_or(Value::Null, |usage| usage_of(&usage)));
    response
}

/// The answer as a stream of events, each with its number.
pub(crate) fn stream(said: &Said, asked: &Asked) -> Vec<String> {
    let mut stream = Stream::default();
    for kind in ["response.created", "response.in_progress"] {
        stream.say(kind, json!({"response": frame(asked, "in_progress")}));
    }
    for (index, item) in items(said, asked).into_iter().enumerate() {
        stream.say("response.output_item.added", json!({"output_index": index, "item": item.opening}));
        for (kind, mut data) in item.within {
            set(&mut data, "item_id", item.id.clone().into());
            set(&mut data, "output_index", json!(index));
            stream.say(kind, data);
        }
        stream.say("response.output_item.done", json!({"output_index": index, "item": item.whole}));
    }
    let last = if incomplete(said).is_some() { "response.incomplete" } else { "response.completed" };
    stream.say(last, json!({"response": whole(said, asked)}));
    stream.events
}

/// An error within a stream: an event `error`, then `response.failed` with the same code (both as seen in the tests of
/// openai/codex and in OpenAI's own streams; the SDK's flat `error` event is documented, too, and is not sent by it).
pub(crate) fn broken(body: &Value, asked: &Asked, before: usize) -> Vec<String> {
    let mut stream = Stream { events: Vec::new(), number: before };
    stream.say("error", json!({"error": body.get("error").unwrap_or(body)}));
    stream.say("response.failed", json!({"response": failed(&inner(body), asked)}));
    stream.events
}

/// What a failed response says of an error: its code, else its type, and its sentence.
pub(crate) fn inner(body: &Value) -> Value {
    let error = body.get("error").unwrap_or(body);
    let code = error.get("code").filter(|code| code.is_string()).or_else(|| error.get("type"));
    json!({"code": code, "message": error.get("message")})
}

/// A response that failed.
pub(crate) fn failed(error: &Value, asked: &Asked) -> Value {
    let mut response = frame(asked, "failed");
    set(&mut response, "error", error.clone());
    response
}

#[derive(Default)]
struct Stream {
    events: Vec<String>,
    number: usize,
}

impl Stream {
    fn say(&mut self, kind: &str, mut data: Value) {
        set(&mut data, "type", json!(kind));
        set(&mut data, "sequence_number", json!(self.number));
        self.number += 1;
        self.events.push(event(&data));
    }
}

/// One item of the output, whole and as it is streamed.
struct Item {
    id: String,
    whole: Value,
    opening: Value,
    within: Vec<(&'static str, Value)>,
}

fn items(said: &Said, asked: &Asked) -> Vec<Item> {
    let mut items = Vec::new();
    items.extend(reasoning(said, asked));
    if !said.text.is_empty() || said.refusal.is_some() || said.calls.is_empty() {
        items.push(message(said, asked));
    }
    items.extend((0..said.calls.len()).filter_map(|place| call(said, asked, place)));
    items
}

fn reasoning(said: &Said, asked: &Asked) -> Option<Item> {
    let thinking = said.thinking.as_ref()?;
    let id = format!("rs_double{}", asked.ordinal);
    let mut opening = json!({"id": id, "type": "reasoning", "summary": []});
    let mut whole = opening.clone();
    let part = |text: &str| json!({"type": "summary_text", "text": text});
    set(&mut whole, "summary", json!([part(&thinking.text)]));
    let includes = asked.json.get("include").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if includes.iter().any(|included| included == "reasoning.encrypted_content") {
        set(&mut opening, "encrypted_content", json!(thinking.sealed));
        set(&mut whole, "encrypted_content", json!(thinking.sealed));
    }
    let mut within =
        vec![("response.reasoning_summary_part.added", json!({"summary_index": 0, "part": part("")}))];
    within.extend(deltas(&thinking.text).into_iter().map(|delta| {
        (
            "response.reasoning_summary_text.delta",
            json!({"summary_index": 0, "delta": delta, "obfuscation": "double"}),
        )
    }));
    within.push(("response.reasoning_summary_text.done", json!({"summary_index": 0, "text": thinking.text})));
    within.push((
        "response.reasoning_summary_part.done",
        json!({"summary_index": 0, "part": part(&thinking.text)}),
    ));
    Some(Item { id, whole, opening, within })
}

fn message(said: &Said, asked: &Asked) -> Item {
    let id = format!("msg_double{}", asked.ordinal);
    let mut content = Vec::new();
    let mut within = Vec::new();
    let text = |text: &str| json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text});
    if !said.text.is_empty() || said.refusal.is_none() {
        within.push(("response.content_part.added", json!({"content_index": 0, "part": text("")})));
        within.extend(deltas(&said.text).into_iter().map(|delta| {
            let data = json!({"content_index": 0, "delta": delta, "logprobs": [], "obfuscation": "double"});
            ("response.output_text.delta", data)
        }));
        within.push((
            "response.output_text.done",
            json!({"content_index": 0, "text": said.text, "logprobs": []}),
        ));
        within.push(("response.content_part.done", json!({"content_index": 0, "part": text(&said.text)})));
        content.push(text(&said.text));
    }
    if let Some(sentence) = &said.refusal {
        let at = content.len();
        let part = |text: &str| json!({"type": "refusal", "refusal": text});
        within.push(("response.content_part.added", json!({"content_index": at, "part": part("")})));
        within.extend(
            deltas(sentence)
                .into_iter()
                .map(|delta| ("response.refusal.delta", json!({"content_index": at, "delta": delta}))),
        );
        within.push(("response.refusal.done", json!({"content_index": at, "refusal": sentence})));
        within.push(("response.content_part.done", json!({"content_index": at, "part": part(sentence)})));
        content.push(part(sentence));
    }
    let item = |status: &str, content: &[Value]| json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content});
    let status = if incomplete(said).is_some() { "incomplete" } else { "completed" };
    Item { whole: item(status, &content), opening: item("in_progress", &[]), within, id: id.clone() }
}

fn call(said: &Said, asked: &Asked, place: usize) -> Option<Item> {
    let call = said.calls.get(place)?;
    let id = format!("fc_double{}_{}", asked.ordinal, place + 1);
    let call_id = call.id_or("call", asked.ordinal, place);
    let item = |status: &str, args: &str| {
        json!({
            "id": id, "type": "function_call", "status": status,
            "call_id": call_id, "name": call.tool, "arguments": args,
        })
    };
    let mut within: Vec<(&str, Value)> = deltas(&call.args)
        .into_iter()
        .map(|delta| {
            ("response.function_call_arguments.delta", json!({"delta": delta, "obfuscation": "double"}))
        })
        .collect();
    within
        .push(("response.function_call_arguments.done", json!({"arguments": call.args, "name": call.tool})));
    let status = if incomplete(said).is_some() { "incomplete" } else { "completed" };
    Some(Item { whole: item(status, &call.args), opening: item("in_progress", ""), within, id: id.clone() })
}

fn incomplete(said: &Said) -> Option<&str> {
    match &said.finish {
        Finish::Natural => None,
        Finish::Length | Finish::WindowFull => Some("max_output_tokens"),
        Finish::Filtered => Some("content_filter"),
        Finish::Word(word) => Some(word),
    }
}

/// What all responses have, with the echo of the request kept to what clients read.
fn frame(asked: &Asked, status: &str) -> Value {
    let echo = |key: &str, otherwise: Value| asked.json.get(key).cloned().unwrap_or(otherwise);
    json!({
        "id": format!("resp_double{}", asked.ordinal),
        "object": "response",
        "created_at": CREATED + asked.ordinal,
        "status": status,
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": echo("max_output_tokens", Value::Null),
        "model": asked.model(),
        "output": [],
        "parallel_tool_calls": echo("parallel_tool_calls", json!(true)),
        "previous_response_id": echo("previous_response_id", Value::Null),
        "service_tier": "default",
        "store": echo("store", json!(true)),
        "tool_choice": echo("tool_choice", json!("auto")),
        "truncation": echo("truncation", json!("disabled")),
        "usage": null,
        "metadata": {},
    })
}

fn usage_of(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.thought},
        "total_tokens": usage.input + usage.output,
    })
}
