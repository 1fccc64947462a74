//! How a request is written for a model: the one thing of `model` that must be known before a call is intended,
//! because the bytes are in the intent.

use std::fmt;
use std::sync::Arc;

use handfast_events::{Ask, Money};
use serde_json::Value;

/// Writes requests in one provider's form. Pure: the same value gives the same bytes, always.
///
/// A request is `open`, then each message, then `close`. Only `close` may differ from turn to turn, so the prefix of a
/// conversation stays byte-identical: providers' caches want that, and the journal keeps only what is new.
pub trait Dialect: Send + Sync + fmt::Debug {
    /// The head, up to and with the system message.
    fn open(&self, opening: &Opening<'_>) -> String;
    /// One message, with the separator that parts it from what stands before it.
    fn message(&self, message: &Message<'_>) -> String;
    /// The message right behind the head: as any other, but where the head ends at the begin of a list, which takes no
    /// separator.
    fn first(&self, message: &Message<'_>) -> String {
        self.message(message)
    }
    /// The end, with the cap on the answer's tokens.
    fn close(&self, output_tokens_max: u64) -> String;
}

/// What every request of one agent's step begins with.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The model's name at its provider.
    pub model: &'a str,
    /// The instructions.
    pub system: &'a str,
    /// The tools that it may ask for.
    pub tools: &'a [handfast_contract::ShownTool],
    /// The JSON Schema of its final answer; text where there is none.
    pub output: Option<&'a Value>,
}

/// One message behind the system's.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// What it is given, or told.
    User(&'a str),
    /// What it said itself.
    Assistant {
        /// Its words.
        text: &'a str,
        /// The calls that it asked for.
        calls: &'a [Ask],
        /// The same in its provider's own form, where this very model said it so.
        verbatim: Option<&'a str>,
    },
    /// What came of the calls that it asked for, in its order.
    Results(&'a [ToolResult]),
}

/// What came of a call that a model asked for.
#[derive(Clone, Debug)]
pub struct ToolResult {
    /// The provider's id of the ask.
    pub id: String,
    /// The result, marked as data, or why there is none.
    pub text: String,
    /// Whether there is none.
    pub is_error: bool,
}

/// What the engine must know of a model that a contract names.
#[derive(Clone, Debug)]
pub struct ModelSheet {
    /// How its requests are written.
    pub dialect: Arc<dyn Dialect>,
    /// Its price; none where nobody knows it, and then it is not called.
    pub rates: Option<Rates>,
    /// How many tokens its requests and answers may have together, where that is known.
    pub window: Option<u64>,
    /// Who answers, whatever a contract calls it: the host and the model's name there. What fails for one run fails for
    /// every run that asks the same.
    pub identity: Arc<str>,
}

/// The price of one token, in billionths of a dollar for a thousand tokens, so that the cheapest is still exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// For 1,000 tokens in.
    pub input: Money,
    /// For 1,000 tokens in that the provider had cached.
    pub input_cached: Money,
    /// For 1,000 tokens in that the provider wrote to its cache.
    pub input_written: Money,
    /// For 1,000 tokens out.
    pub output: Money,
    /// The dearest rate for 1,000 tokens in that can apply (long prompts, cache writes): what is reserved.
    pub input_max: Money,
    /// The dearest rate for 1,000 tokens out that can apply.
    pub output_max: Money,
}
