//! One request as it arrived, and what tests want to know of it.

use std::time::Duration;

use serde_json::Value;

use crate::wire::{Headers, Wire};

/// A request that the double was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which request of the double this is: the first is 1.
    pub ordinal: u64,
    /// When it was there as a whole, since the double started.
    pub at: Duration,
    /// The protocol that its path names.
    pub wire: Wire,
    /// Its path with its query, as sent.
    pub path: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// Its body as JSON; null where it is none.
    pub json: Value,
}

impl Asked {
    /// Whether a stream is wanted.
    #[must_use]
    pub fn is_streamed(&self) -> bool {
        self.json.get("stream").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The same without the wish for a stream.
    pub(crate) fn unstreamed(&self) -> Self {
        let mut asked = self.clone();
        if let Some(members) = asked.json.as_object_mut() {
            members.insert("stream".into(), false.into());
        }
        asked
    }

    /// The model that it names, else `model-of-no-name`.
    #[must_use]
    pub fn model(&self) -> &str {
        self.json.get("model").and_then(Value::as_str).unwrap_or("model-of-no-name")
    }

    /// Its body as text, with what is no text replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What its prompt takes in bytes: its body.
    #[must_use]
    pub fn prompt_bytes(&self) -> u64 {
        self.body.len() as u64
    }

    /// What its prompt takes in tokens, as the double counts: one for every four bytes.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.prompt_bytes().div_ceil(4)
    }

    /// The messages, or on Responses the items of its input; none where the input is one text.
    #[must_use]
    pub fn messages(&self) -> &[Value] {
        let key = if self.wire == Wire::Responses { "input" } else { "messages" };
        self.json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The names of the tools that it offers, in their order.
    #[must_use]
    pub fn tools(&self) -> Vec<&str> {
        let tools = self.json.get("tools").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        tools
            .iter()
            .filter_map(|tool| tool.get("name").or_else(|| tool.get("function")?.get("name"))?.as_str())
            .collect()
    }

    /// The text of the newest message of a user, with its parts joined; empty where there is none.
    #[must_use]
    pub fn newest(&self) -> String {
        if let Some(text) = self.json.get("input").and_then(Value::as_str) {
            return text.to_owned();
        }
        let of_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
        let texts =
            self.messages().iter().rev().filter(of_user).map(|message| text_of(message.get("content")));
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

/// The text of a message's content: a text, or the texts of its parts.
fn text_of(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}
