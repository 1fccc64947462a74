//! What a model says, in no provider's words: text, calls, thinking, a refusal, why it ended, what it used.

use serde_json::Value;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// What it thought before, where its provider shows that.
    pub thinking: Option<Thinking>,
    /// Its text; none is the empty text.
    pub text: String,
    /// The sentence with which it declines.
    pub refusal: Option<String>,
    /// The tools that it wants called, in their order.
    pub calls: Vec<Call>,
    /// Why it ended.
    pub finish: Finish,
    /// What it says of its use.
    pub tally: Tally,
}

/// Thinking as a provider hands it over: it must come back unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thinking {
    /// What is shown of it.
    pub text: String,
    /// What nobody but its provider can read: Anthropic's `signature`, OpenAI's `encrypted_content`.
    pub sealed: String,
}

/// One tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its id; the double makes one up where there is none.
    pub id: Option<String>,
    /// The tool's name.
    pub tool: String,
    /// Its arguments as the model wrote them: JSON, unless you want to see what becomes of something else.
    pub args: String,
}

/// Why an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// It was done, or waits for its calls: `stop` or `tool_calls`, in the words of its wire.
    #[default]
    Natural,
    /// It had no more tokens: `length`, `max_output_tokens`, `max_tokens`.
    Length,
    /// A filter stopped it: `content_filter`; on Messages `refusal`.
    Filtered,
    /// The window was full: `model_context_window_exceeded` on Messages, elsewhere `length`.
    WindowFull,
    /// A word of your own, that no provider has said yet.
    Word(String),
}

/// What an answer says of its use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tally {
    /// Counted: a token for every four bytes of the request and of the answer.
    #[default]
    Counted,
    /// These numbers.
    Exactly(Usage),
    /// Nothing, as some local servers do.
    Untold,
}

/// Tokens that were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All that was read, with what was in a cache or went into it.
    pub input: u64,
    /// Of these, read from a cache.
    pub cached: u64,
    /// Of these, written to a cache.
    pub cache_written: u64,
    /// All that was written, with the thinking.
    pub output: u64,
    /// Of these, thought.
    pub thought: u64,
}

impl Said {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A JSON value as its text.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self::text(value.to_string())
    }

    /// Tool calls, each a name and its arguments.
    pub fn calls<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::default().and_calls(calls)
    }

    /// A refusal.
    pub fn refusal(sentence: impl Into<String>) -> Self {
        Self { refusal: Some(sentence.into()), ..Self::default() }
    }

    /// The same with these calls added.
    #[must_use]
    pub fn and_calls<'a>(mut self, calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.calls.extend(calls.into_iter().map(|(tool, args)| Call {
            id: None,
            tool: tool.into(),
            args: args.into(),
        }));
        self
    }

    /// The same with thinking before it.
    #[must_use]
    pub fn thinking(mut self, text: &str, sealed: &str) -> Self {
        self.thinking = Some(Thinking { text: text.into(), sealed: sealed.into() });
        self
    }

    /// The same, ended for this reason.
    #[must_use]
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    /// The same with this use.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.tally = Tally::Exactly(usage);
        self
    }

    /// The same without a word on its use.
    #[must_use]
    pub fn without_usage(mut self) -> Self {
        self.tally = Tally::Untold;
        self
    }

    /// What it says of its use, asked with this many tokens.
    pub(crate) fn used(&self, asked: u64) -> Option<Usage> {
        match self.tally {
            Tally::Untold => None,
            Tally::Exactly(usage) => Some(usage),
            Tally::Counted => {
                let thought = self.thinking.as_ref().map_or(0, |thinking| thinking.text.len());
                let calls: usize = self.calls.iter().map(|call| call.tool.len() + call.args.len()).sum();
                let said = self.text.len() + self.refusal.as_ref().map_or(0, String::len) + calls;
                let tokens = |bytes: usize| (bytes as u64).div_ceil(4);
                let thought = tokens(thought);
                Some(Usage { input: asked, output: thought + tokens(said), thought, ..Usage::default() })
            }
        }
    }
}

impl Call {
    /// Its id, else one that its place gives it.
    pub(crate) fn id_or(&self, prefix: &str, ordinal: u64, place: usize) -> String {
        self.id.clone().unwrap_or_else(|| format!("{prefix}_{ordinal}_{}", place + 1))
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Value> for Said {
    fn from(value: Value) -> Self {
        Self::json(&value)
    }
}
