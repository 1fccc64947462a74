//! How a request of Messages is written, byte for byte.
//!
//! What is cached is marked once, behind tools and instructions; the growing conversation is left to Anthropic's own
//! mark, which it moves by itself, so that no byte of ours ever moves.

use handfast_engine::{Dialect, Message, Opening, ToolResult};
use handfast_events::Ask;

use crate::strict::unions_allowed;
use crate::wire::text::{arguments, head, id, own_form, text, value};

/// Writes requests for `POST …/messages`.
#[derive(Clone, Copy, Debug)]
pub struct MessagesDialect {
    is_own: bool,
}

/// Models from before schemas were enforced: they refuse a request that has one.
const BEFORE_SCHEMAS: [&str; 10] = [
    "claude-2",
    "claude-3",
    "claude-instant",
    "claude-4-",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2025",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2025",
    "claude-v2",
];

/// Strict tools in one request, and unions in all its strict schemas: beyond, Anthropic refuses the request.
const STRICT_MAX: usize = 20;
const UNIONS_MAX: usize = 16;

/// What stands where Anthropic refuses empty text and something must stand.
const NOTHING: &str = "(nothing)";

const MARK: &str = "\"cache_control\":{\"type\":\"ephemeral\"}";

/// How much of what may be enforced in one request is left.
struct Room {
    tools: usize,
    unions: usize,
}

impl Room {
    /// What this model enforces; nothing where it is an old one, or another than Anthropic answers.
    fn of(is_own: bool, model: &str) -> Option<Self> {
        let is_old = BEFORE_SCHEMAS.iter().any(|old| model.starts_with(old));
        (is_own && !is_old).then_some(Self { tools: STRICT_MAX, unions: UNIONS_MAX })
    }

    /// Whether this schema, of so many tools, is enforced, too.
    fn takes(&mut self, schema: &serde_json::Value, tools: usize) -> bool {
        let unions = unions_allowed(schema).and_then(|unions| self.unions.checked_sub(unions));
        let Some((unions, tools)) = unions.zip(self.tools.checked_sub(tools)) else { return false };
        *self = Self { tools, unions };
        true
    }
}

impl MessagesDialect {
    /// The dialect as Anthropic itself speaks it (`is_own`), or another server that answers like it.
    pub const fn new(is_own: bool) -> Self {
        Self { is_own }
    }

    /// The message without what parts it from another.
    fn bare(message: &Message<'_>) -> String {
        let mut out = String::new();
        match message {
            Message::User(said) => {
                out.push_str("{\"role\":\"user\",\"content\":[");
                text_block(&mut out, some(said));
            }
            Message::Assistant { text: said, calls, verbatim } => {
                out.push_str("{\"role\":\"assistant\",\"content\":");
                if let Some(form) = own_form(*verbatim, '[') {
                    out.push_str(form);
                    out.push('}');
                    return out;
                }
                out.push('[');
                assistant(&mut out, said, calls);
            }
            Message::Results(results) => {
                out.push_str("{\"role\":\"user\",\"content\":[");
                self::results(&mut out, results);
            }
        }
        out.push_str("]}");
        out
    }
}

impl Dialect for MessagesDialect {
    fn open(&self, opening: &Opening<'_>) -> String {
        let mut out = head(opening);
        if self.is_own {
            // Another server may refuse a word at this place that it doesn't know.
            out.push(',');
            out.push_str(MARK);
        }
        let mut room = Room::of(self.is_own, opening.model);
        let mut is_enforced = |schema, tools| room.as_mut().is_some_and(|room| room.takes(schema, tools));
        // The answer's schema first: what it saves is a whole turn.
        let output = opening.output.filter(|schema| is_enforced(schema, 0));
        for (place, tool) in opening.tools.iter().enumerate() {
            out.push_str(if place == 0 { ",\"tools\":[{\"name\":" } else { ",{\"name\":" });
            text(&mut out, &tool.name);
            out.push_str(",\"description\":");
            text(&mut out, &tool.description);
            out.push_str(",\"input_schema\":");
            value(&mut out, &tool.input);
            if is_enforced(&tool.input, 1) {
                out.push_str(",\"strict\":true");
            }
            out.push('}');
        }
        if !opening.tools.is_empty() {
            out.push(']');
        }
        if let Some(schema) = output {
            out.push_str(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":");
            value(&mut out, schema);
            out.push_str("}}");
        }
        if !opening.system.trim().is_empty() {
            out.push_str(",\"system\":[{\"type\":\"text\",\"text\":");
            text(&mut out, opening.system);
            out.push(',');
            out.push_str(MARK);
            out.push_str("}]");
        }
        out.push_str(",\"messages\":[");
        out
    }

    fn message(&self, message: &Message<'_>) -> String {
        format!(",{}", Self::bare(message))
    }

    fn first(&self, message: &Message<'_>) -> String {
        Self::bare(message)
    }

    fn close(&self, output_tokens_max: u64) -> String {
        format!("],\"max_tokens\":{output_tokens_max}}}")
    }
}

/// Words that Anthropic takes: text without a letter is refused.
fn some(said: &str) -> &str {
    if said.trim().is_empty() { NOTHING } else { said }
}

fn text_block(out: &mut String, said: &str) {
    out.push_str("{\"type\":\"text\",\"text\":");
    text(out, said);
    out.push('}');
}

fn assistant(out: &mut String, said: &str, calls: &[Ask]) {
    let speaks = calls.is_empty() || !said.trim().is_empty();
    if speaks {
        text_block(out, some(said));
    }
    for (place, call) in calls.iter().enumerate() {
        out.push_str(if place > 0 || speaks { "," } else { "" });
        out.push_str("{\"type\":\"tool_use\",\"id\":");
        text(out, &id(&call.id));
        out.push_str(",\"name\":");
        text(out, &call.tool);
        out.push_str(",\"input\":");
        out.push_str(&arguments(&call.args));
        out.push('}');
    }
}

/// All in one message: results that are spread over several teach the model to ask one at a time.
fn results(out: &mut String, results: &[ToolResult]) {
    for (place, result) in results.iter().enumerate() {
        out.push_str(if place > 0 { "," } else { "" });
        out.push_str("{\"type\":\"tool_result\",\"tool_use_id\":");
        text(out, &id(&result.id));
        out.push_str(",\"content\":");
        text(out, some(&result.text));
        if result.is_error {
            out.push_str(",\"is_error\":true");
        }
        out.push('}');
    }
}
