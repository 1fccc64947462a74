//! How a request of Responses is written, byte for byte.
//!
//! Nothing is stored there: the conversation is ours, and each request holds all of it.

use std::borrow::Cow;

use handfast_engine::{Dialect, Message, Opening};

use crate::provider::Flavour;
use crate::strict::strict_allows;
use crate::wire::text::{arguments, head, id, own_form, text, value};

/// Writes requests for `POST …/responses`.
#[derive(Clone, Copy, Debug)]
pub struct ResponsesDialect {
    flavour: Flavour,
}

impl ResponsesDialect {
    /// The dialect as this provider speaks it.
    pub const fn new(flavour: Flavour) -> Self {
        Self { flavour }
    }

    fn tools(self, opening: &Opening<'_>, out: &mut String) {
        for (place, tool) in opening.tools.iter().enumerate() {
            out.push_str(if place == 0 { ",\"tools\":[" } else { "," });
            out.push_str("{\"type\":\"function\",\"name\":");
            text(out, &tool.name);
            out.push_str(",\"description\":");
            text(out, &tool.description);
            out.push_str(",\"parameters\":");
            value(out, &tool.input);
            // Without the word OpenAI would make the schema strict by changing it.
            let is_strict = self.flavour.strict && strict_allows(&tool.input);
            out.push_str(if is_strict { ",\"strict\":true}" } else { ",\"strict\":false}" });
        }
        if !opening.tools.is_empty() {
            out.push(']');
        }
    }

    fn answer_schema(self, opening: &Opening<'_>, out: &mut String) {
        let Some(schema) = self.flavour.schema_of(opening) else { return };
        out.push_str(",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"answer\",\"schema\":");
        value(out, schema);
        if self.flavour.strict && strict_allows(schema) {
            out.push_str(",\"strict\":true");
        }
        out.push_str("}}");
    }

    /// Its items, without what parts them from others.
    fn bare(message: &Message<'_>) -> String {
        let items: Vec<String> = match message {
            Message::User(said) => vec![words("user", "input_text", said)],
            Message::Assistant { text: said, calls, verbatim } => {
                let form =
                    own_form(*verbatim, '[').and_then(|form| form.strip_prefix('[')?.strip_suffix(']'));
                if let Some(items) = form.filter(|items| !items.trim().is_empty()) {
                    return items.to_owned();
                }
                let speaks = calls.is_empty() || !said.is_empty();
                let said = speaks.then(|| words("assistant", "output_text", said));
                let calls = calls.iter().map(|call| {
                    let args = arguments(&call.args);
                    item(
                        "function_call",
                        &[("call_id", id(&call.id)), ("name", (&*call.tool).into()), ("arguments", args)],
                    )
                });
                said.into_iter().chain(calls).collect()
            }
            Message::Results(results) => results
                .iter()
                .map(|result| {
                    item(
                        "function_call_output",
                        &[("call_id", id(&result.id)), ("output", (&*result.text).into())],
                    )
                })
                .collect(),
        };
        items.join(",")
    }
}

impl Dialect for ResponsesDialect {
    fn open(&self, opening: &Opening<'_>) -> String {
        let mut out = head(opening);
        out.push_str(",\"store\":false");
        // Others refuse these, or know none of them.
        if self.flavour.strict {
            out.push_str(",\"truncation\":\"disabled\"");
            if thinks(opening.model) {
                out.push_str(",\"include\":[\"reasoning.encrypted_content\"]");
            }
        }
        self.tools(opening, &mut out);
        self.answer_schema(opening, &mut out);
        out.push_str(",\"instructions\":");
        text(&mut out, opening.system);
        out.push_str(",\"input\":[");
        out
    }

    fn message(&self, message: &Message<'_>) -> String {
        format!(",{}", Self::bare(message))
    }

    fn first(&self, message: &Message<'_>) -> String {
        Self::bare(message)
    }

    fn close(&self, output_tokens_max: u64) -> String {
        format!("],\"max_output_tokens\":{output_tokens_max}}}")
    }
}

/// Whether OpenAI has encrypted thinking for this model; asking another for it is refused. Who isn't known to think is
/// not asked: then its thinking is lost between turns, and nothing fails.
fn thinks(model: &str) -> bool {
    let model = model.strip_prefix("ft:").unwrap_or(model);
    let generation = |rest: &str| {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits).and_then(|digits| digits.parse::<u32>().ok())
    };
    let reasons = model.strip_prefix('o').and_then(generation).is_some();
    let is_new = model.strip_prefix("gpt-").and_then(generation).is_some_and(|generation| generation >= 5);
    reasons || is_new && !model.contains("-chat")
}

/// A message of the conversation.
fn words(role: &str, kind: &str, said: &str) -> String {
    let mut out = format!("{{\"type\":\"message\",\"role\":\"{role}\",\"content\":[");
    out.push_str(&item(kind, &[("text", said.into())]));
    out.push_str("]}");
    out
}

/// An object of this type with texts in it.
fn item(kind: &str, members: &[(&str, Cow<'_, str>)]) -> String {
    let mut out = format!("{{\"type\":\"{kind}\"");
    for (name, said) in members {
        out.push_str(&format!(",\"{name}\":"));
        text(&mut out, said);
    }
    out.push('}');
    out
}
