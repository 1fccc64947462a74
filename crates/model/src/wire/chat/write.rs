//! How a request of Chat Completions is written, byte for byte.
//!
//! Written by hand in one order of keys, schemas in canonical form: the same value gives the same bytes in every build.
//! All that differs from turn to turn stands behind the messages.

use handfast_engine::{Dialect, Message, Opening};

use crate::provider::{Flavour, Thinking};
use crate::strict::strict_allows;
use crate::wire::text::{arguments, head, own_form, text, value};

/// Writes requests for `POST …/chat/completions`.
#[derive(Clone, Copy, Debug)]
pub struct ChatDialect {
    flavour: Flavour,
}

impl ChatDialect {
    /// The dialect as this provider speaks it.
    pub const fn new(flavour: Flavour) -> Self {
        Self { flavour }
    }

    fn tools(&self, opening: &Opening<'_>, out: &mut String) {
        if opening.tools.is_empty() {
            return;
        }
        out.push_str(",\"tools\":[");
        for (place, tool) in opening.tools.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            out.push_str("{\"type\":\"function\",\"function\":{\"name\":");
            text(out, &tool.name);
            out.push_str(",\"description\":");
            text(out, &tool.description);
            out.push_str(",\"parameters\":");
            value(out, &tool.input);
            if self.flavour.strict && strict_allows(&tool.input) {
                out.push_str(",\"strict\":true");
            }
            out.push_str("}}");
        }
        out.push(']');
    }

    fn answer_schema(&self, opening: &Opening<'_>, out: &mut String) {
        let Some(schema) = self.flavour.schema_of(opening) else { return };
        out.push_str(
            ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"schema\":",
        );
        value(out, schema);
        if self.flavour.strict && strict_allows(schema) {
            out.push_str(",\"strict\":true");
        }
        out.push_str("}}");
    }

    /// What the message holds beside words and calls: the thinking that this provider wants back. DeepSeek refuses a
    /// message with calls that lacks it, even where there was none.
    fn thinking(&self, verbatim: Option<&str>, has_calls: bool, out: &mut String) {
        let members = own_form(verbatim, '{').and_then(|form| form.strip_prefix('{')?.strip_suffix('}'));
        let members = members.filter(|members| !members.trim().is_empty());
        match (self.flavour.thinking, members) {
            (Thinking::Content | Thinking::Details, Some(members)) => {
                out.push(',');
                out.push_str(members);
            }
            (Thinking::Content, None) if has_calls => out.push_str(",\"reasoning_content\":\"\""),
            _ => {}
        }
    }
}

impl Dialect for ChatDialect {
    fn open(&self, opening: &Opening<'_>) -> String {
        let mut out = head(opening);
        if !self.flavour.stream_options.is_empty() {
            out.push_str(",\"stream_options\":");
            out.push_str(self.flavour.stream_options);
        }
        self.tools(opening, &mut out);
        self.answer_schema(opening, &mut out);
        out.push_str(",\"messages\":[{\"role\":\"system\",\"content\":");
        text(&mut out, opening.system);
        out.push('}');
        out
    }

    fn message(&self, message: &Message<'_>) -> String {
        let mut out = String::from(",");
        match message {
            Message::User(said) => {
                out.push_str("{\"role\":\"user\",\"content\":");
                text(&mut out, said);
            }
            Message::Assistant { text: said, calls, verbatim } => {
                out.push_str("{\"role\":\"assistant\",\"content\":");
                if said.is_empty() && !calls.is_empty() {
                    out.push_str("null")
                } else {
                    text(&mut out, said)
                }
                for (place, call) in calls.iter().enumerate() {
                    out.push_str(if place == 0 { ",\"tool_calls\":[" } else { "," });
                    out.push_str("{\"id\":");
                    text(&mut out, &call.id);
                    out.push_str(",\"type\":\"function\",\"function\":{\"name\":");
                    text(&mut out, &call.tool);
                    out.push_str(",\"arguments\":");
                    text(&mut out, &arguments(&call.args));
                    out.push_str("}}");
                }
                if !calls.is_empty() {
                    out.push(']');
                }
                self.thinking(*verbatim, !calls.is_empty(), &mut out);
            }
            Message::Results(results) => {
                for (place, result) in results.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { "}," });
                    out.push_str("{\"role\":\"tool\",\"tool_call_id\":");
                    text(&mut out, &result.id);
                    out.push_str(",\"content\":");
                    text(&mut out, &result.text);
                }
            }
        }
        out.push('}');
        out
    }

    fn close(&self, output_tokens_max: u64) -> String {
        format!("],\"{}\":{output_tokens_max}}}", self.flavour.cap)
    }
}
