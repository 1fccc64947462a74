//! The wires that models speak: which one counts, where its requests go, and what carries the key.
//!
//! How each is written and read stands below, one folder a wire: `write` is its dialect, `read` its answer.

mod chat;
mod messages;
mod responses;
mod text;

use std::sync::Arc;

use handfast_contract::Speaks;
use handfast_engine::Dialect;

use crate::assembly::Assembly;
use crate::provider::Flavour;

pub use chat::ChatDialect;
pub use messages::MessagesDialect;
pub use responses::ResponsesDialect;

/// A wire as one provider speaks it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    /// Chat Completions.
    Chat(Flavour),
    /// Responses.
    Responses(Flavour),
    /// Messages.
    Messages {
        /// Whether Anthropic itself answers.
        is_own: bool,
    },
}

impl Wire {
    /// This wire at a place with this flavour; Anthropic's own or not.
    pub(crate) const fn new(speaks: Speaks, flavour: Flavour, is_own: bool) -> Self {
        match speaks {
            Speaks::Chat => Self::Chat(flavour),
            Speaks::Responses => Self::Responses(flavour),
            Speaks::Messages => Self::Messages { is_own },
        }
    }

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chat(_) => "Chat Completions",
            Self::Responses(_) => "Responses",
            Self::Messages { .. } => "Messages",
        }
    }

    /// Where requests go, below the base URL.
    pub(crate) const fn path(self) -> &'static [&'static str] {
        match self {
            Self::Chat(_) => &["chat", "completions"],
            Self::Responses(_) => &["responses"],
            Self::Messages { .. } => &["messages"],
        }
    }

    /// Headers that every request has.
    pub(crate) const fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Chat(_) | Self::Responses(_) => &[],
            Self::Messages { .. } => &[("anthropic-version", "2023-06-01")],
        }
    }

    /// The headers that carry the key, each with what stands before it. Servers that only speak like Anthropic look in
    /// either place; Anthropic itself takes the second for another kind of credential.
    pub(crate) const fn key_headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Chat(_) | Self::Responses(_) => &[("authorization", "Bearer ")],
            Self::Messages { is_own: true } => &[("x-api-key", "")],
            Self::Messages { is_own: false } => &[("x-api-key", ""), ("authorization", "Bearer ")],
        }
    }

    /// How its requests are written.
    pub(crate) fn dialect(self) -> Arc<dyn Dialect> {
        match self {
            Self::Chat(flavour) => Arc::new(ChatDialect::new(flavour)),
            Self::Responses(flavour) => Arc::new(ResponsesDialect::new(flavour)),
            Self::Messages { is_own } => Arc::new(MessagesDialect::new(is_own)),
        }
    }

    /// An answer over it, of which nothing has come yet.
    pub(crate) fn answer(self) -> Box<dyn Assembly> {
        match self {
            Self::Chat(flavour) => Box::new(chat::Said::new(flavour.thinking)),
            Self::Responses(_) => Box::new(responses::Said::default()),
            Self::Messages { .. } => Box::new(messages::Said::default()),
        }
    }
}
