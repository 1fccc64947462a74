//! OpenAI Chat Completions, as the provider writes them: one document, or chunks with `[DONE]` behind them.
//!
//! Documented at developers.openai.com/api/reference/resources/chat. `reasoning_content` is DeepSeek's and vLLM's word for
//! thinking (api-docs.deepseek.com/guides/reasoning_model); OpenAI shows none here.

use serde_json::{Value, json};

use crate::asked::Asked;
use crate::pieces::{CREATED, data, deltas};
use crate::said::{Finish, Said, Usage};

/// What stands behind the last chunk.
const DONE: &str = "data: [DONE]\n\n";

/// The answer as one document.
pub(crate) fn whole(said: &Said, asked: &Asked) -> Value {
    let calls: Vec<Value> =
        (0..said.calls.len()).filter_map(|place| call(said, asked, place, true)).collect();
    let text = if said.text.is_empty() { Value::Null } else { json!(said.text) };
    let mut message =
        json!({"role": "assistant", "content": text, "refusal": said.refusal, "annotations": []});
    if let Some(thinking) = &said.thinking {
        set(&mut message, "reasoning_content", json!(thinking.text));
    }
    if !calls.is_empty() {
        set(&mut message, "tool_calls", json!(calls));
    }
    let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish(said)});
    let mut whole = frame(asked, "chat.completion");
    set(&mut whole, "choices", json!([choice]));
    if let Some(usage) = said.used(asked.tokens()) {
        set(&mut whole, "usage", usage_of(&usage));
    }
    whole
}

/// The answer as a stream: a chunk with the role, deltas, a chunk with the reason of the end, one with the use where
/// the request wants it, and the end.
pub(crate) fn stream(said: &Said, asked: &Asked) -> Vec<String> {
    let mut chunks: Vec<Value> = Vec::new();
    let opening = if said.calls.is_empty() || !said.text.is_empty() { json!("") } else { Value::Null };
    chunks.push(json!({"role": "assistant", "content": opening, "refusal": null}));
    if let Some(thinking) = &said.thinking {
        chunks.extend(deltas(&thinking.text).iter().map(|piece| json!({"reasoning_content": piece})));
    }
    chunks.extend(deltas(&said.text).iter().map(|piece| json!({"content": piece})));
    chunks.extend(
        deltas(said.refusal.as_deref().unwrap_or_default()).iter().map(|piece| json!({"refusal": piece})),
    );
    for (place, asks) in said.calls.iter().enumerate() {
        chunks.extend(call(said, asked, place, false).map(|call| json!({"tool_calls": [call]})));
        let piece =
            |piece: &String| json!({"tool_calls": [{"index": place, "function": {"arguments": piece}}]});
        chunks.extend(deltas(&asks.args).iter().map(piece));
    }
    let wants_usage =
        asked.json.pointer("/stream_options/include_usage").and_then(Value::as_bool) == Some(true);
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = frame(asked, "chat.completion.chunk");
        set(&mut chunk, "choices", choices);
        if wants_usage {
            set(&mut chunk, "usage", usage);
        }
        data(&chunk)
    };
    let choice = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
    let mut events: Vec<String> =
        chunks.into_iter().map(|delta| chunk(choice(delta, Value::Null), Value::Null)).collect();
    events.push(chunk(choice(json!({}), json!(finish(said))), Value::Null));
    if let Some(usage) = said.used(asked.tokens()).filter(|_| wants_usage) {
        events.push(chunk(json!([]), usage_of(&usage)));
    }
    events.push(DONE.into());
    events
}

/// An error within a stream: an event with its body, and nothing behind it (vLLM and llama.cpp do so; OpenRouter puts it
/// into a chunk: openrouter.ai/docs/api-reference/errors).
pub(crate) fn broken(body: &Value) -> Vec<String> {
    vec![data(body)]
}

/// What all documents and chunks begin with.
fn frame(asked: &Asked, object: &str) -> Value {
    json!({
        "id": format!("chatcmpl-double{}", asked.ordinal),
        "object": object,
        "created": CREATED + asked.ordinal,
        "model": asked.model(),
        "service_tier": "default",
        "system_fingerprint": "fp_double",
    })
}

/// One call: whole with its arguments, or as the delta that opens it.
fn call(said: &Said, asked: &Asked, place: usize, whole: bool) -> Option<Value> {
    let call = said.calls.get(place)?;
    let id = call.id_or("call", asked.ordinal, place);
    let args = if whole { call.args.as_str() } else { "" };
    let mut value = json!({"id": id, "type": "function", "function": {"name": call.tool, "arguments": args}});
    if !whole {
        set(&mut value, "index", json!(place));
    }
    Some(value)
}

fn finish(said: &Said) -> &str {
    match &said.finish {
        Finish::Natural if !said.calls.is_empty() => "tool_calls",
        Finish::Natural => "stop",
        Finish::Length | Finish::WindowFull => "length",
        Finish::Filtered => "content_filter",
        Finish::Word(word) => word,
    }
}

fn usage_of(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached, "cache_write_tokens": usage.cache_written, "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.thought, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}

/// Sets a key of an object.
pub(crate) fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}
