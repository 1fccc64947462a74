//! Anthropic Messages, as the provider writes them: one message, or its blocks opened, filled and closed one by one.
//!
//! Documented at platform.claude.com/docs/en/build-with-claude/streaming and …/extended-thinking; the shapes of refusals are
//! those of the fixtures in anthropic-sdk-python (tests/lib/streaming/fixtures/refusal_response.txt).

use serde_json::{Value, json};

use crate::asked::Asked;
use crate::chat::set;
use crate::pieces::{deltas, event};
use crate::said::{Finish, Said, Usage};

/// The answer as one message.
pub(crate) fn whole(said: &Said, asked: &Asked) -> Value {
    let content: Vec<Value> = blocks(said, asked).into_iter().map(|block| block.whole).collect();
    let mut message = message(asked, &json!(content));
    set(&mut message, "stop_reason", json!(stop_reason(said)));
    set(&mut message, "stop_details", stop_details(said));
    if let Some(usage) = said.used(asked.tokens()) {
        set(&mut message, "usage", usage_of(&usage, usage.output));
    }
    message
}

/// The answer as a stream, with the `ping` that comes after the first block was opened.
pub(crate) fn stream(said: &Said, asked: &Asked) -> Vec<String> {
    let used = said.used(asked.tokens());
    let mut opening = message(asked, &json!([]));
    // What is known before the first word: all that was read, and one token that was written.
    set(&mut opening, "usage", used.map_or(Value::Null, |usage| usage_of(&usage, 1)));
    let mut events = vec![event(&json!({"type": "message_start", "message": opening}))];
    for (index, block) in blocks(said, asked).into_iter().enumerate() {
        events.push(event(
            &json!({"type": "content_block_start", "index": index, "content_block": block.opening}),
        ));
        if index == 0 {
            events.push(event(&json!({"type": "ping"})));
        }
        let delta =
            |delta: Value| event(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
        events.extend(block.deltas.into_iter().map(delta));
        events.push(event(&json!({"type": "content_block_stop", "index": index})));
    }
    let mut end = json!({
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason(said), "stop_sequence": null, "stop_details": stop_details(said)},
    });
    if let Some(usage) = used {
        set(&mut end, "usage", usage_of(&usage, usage.output));
    }
    events.push(event(&end));
    events.push(event(&json!({"type": "message_stop"})));
    events
}

/// An error within a stream: an event `error` with its body, and nothing behind it
/// (platform.claude.com/docs/en/build-with-claude/streaming#error-events).
pub(crate) fn broken(body: &Value) -> Vec<String> {
    // A body that is none of Anthropic's is the error in its frame.
    let framed = || json!({"type": "error", "error": body});
    vec![event(&if body.get("type").is_some() { body.clone() } else { framed() })]
}

/// One block of content, whole and as it is streamed.
struct Block {
    whole: Value,
    opening: Value,
    deltas: Vec<Value>,
}

fn blocks(said: &Said, asked: &Asked) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(thinking) = &said.thinking {
        let mut pieces: Vec<Value> = deltas(&thinking.text)
            .into_iter()
            .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
            .collect();
        pieces.push(json!({"type": "signature_delta", "signature": thinking.sealed}));
        blocks.push(Block {
            whole: json!({"type": "thinking", "thinking": thinking.text, "signature": thinking.sealed}),
            opening: json!({"type": "thinking", "thinking": "", "signature": ""}),
            deltas: pieces,
        });
    }
    if !said.text.is_empty() || (said.calls.is_empty() && said.refusal.is_none()) {
        blocks.push(Block {
            whole: json!({"type": "text", "text": said.text}),
            opening: json!({"type": "text", "text": ""}),
            deltas: deltas(&said.text)
                .into_iter()
                .map(|piece| json!({"type": "text_delta", "text": piece}))
                .collect(),
        });
    }
    for (place, call) in said.calls.iter().enumerate() {
        let id = call.id_or("toolu", asked.ordinal, place);
        let opening = json!({"type": "tool_use", "id": id, "name": call.tool, "input": {}});
        let mut whole = opening.clone();
        // Only a stream can carry arguments that are no JSON: whole, what was cut off is left out.
        set(&mut whole, "input", serde_json::from_str(&call.args).unwrap_or_else(|_| json!({})));
        let pieces = std::iter::once(String::new()).chain(deltas(&call.args));
        let deltas = pieces.map(|piece| json!({"type": "input_json_delta", "partial_json": piece})).collect();
        blocks.push(Block { whole, opening, deltas });
    }
    blocks
}

fn message(asked: &Asked, content: &Value) -> Value {
    json!({
        "id": format!("msg_double{}", asked.ordinal),
        "type": "message",
        "role": "assistant",
        "model": asked.model(),
        "content": content,
        "stop_reason": null,
        "stop_sequence": null,
    })
}

fn stop_reason(said: &Said) -> &str {
    match &said.finish {
        Finish::Natural if said.refusal.is_some() => "refusal",
        Finish::Natural if !said.calls.is_empty() => "tool_use",
        Finish::Natural => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Filtered => "refusal",
        Finish::WindowFull => "model_context_window_exceeded",
        Finish::Word(word) => word,
    }
}

fn stop_details(said: &Said) -> Value {
    let explanation = match (&said.refusal, &said.finish) {
        (Some(sentence), _) => sentence.as_str(),
        (None, Finish::Filtered) => "This request was refused due to policy.",
        _ => return Value::Null,
    };
    json!({"type": "refusal", "category": "general_harms", "explanation": explanation})
}

/// Anthropic counts what a cache took or gave apart from `input_tokens`.
fn usage_of(usage: &Usage, output: u64) -> Value {
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached).saturating_sub(usage.cache_written),
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_written, "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "output_tokens_details": {"thinking_tokens": usage.thought},
        "service_tier": "standard",
    })
}
