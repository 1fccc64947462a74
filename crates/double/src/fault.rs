//! The failures that providers document: a closed list of names, with what each means in the provider's own words.
//!
//! Which wire knows which failure, and how it looks there, is in the tables of `fault/`. A meaning is neutral: it is read
//! off the provider's documentation, and nobody's idea of what to do about it.

mod answers;
mod anthropic;
mod anywhere;
mod openai;
mod row;
mod servers;

use std::fmt;

pub(crate) use row::{Content, Form};

use crate::wire::Wire;

macro_rules! list {
    ($(#[$about:meta])* $kind:ident { $($(#[$doc:meta])* $name:ident = $words:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kind { $($(#[$doc])* $name,)* }

        impl $kind {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in words.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

list! {
    /// What a failure means, in a neutral word.
    Meaning {
        /// Too many requests or tokens for now.
        RateLimited = "rate limited",
        /// No room for anybody, for now.
        Overloaded = "overloaded",
        /// No credit, or a limit on spending: waiting doesn't help.
        Billing = "billing",
        /// The key is missing, wrong, or not allowed to.
        Authentication = "authentication",
        /// More than the model's window or the provider's door lets through, or less of it read than was sent.
        ContextOverflow = "context overflow",
        /// The model declined.
        Refused = "refused",
        /// A filter of the provider stopped the request or the answer.
        ContentFiltered = "content filtered",
        /// The request is wrong.
        BadRequest = "bad request",
        /// It took too long.
        Timeout = "timeout",
        /// The provider, or what stands before it, is broken or down.
        Unavailable = "unavailable",
        /// The connection ended before the answer did.
        ConnectionLost = "connection lost",
        /// What came is no answer of this wire, or holds none that can be used.
        Malformed = "malformed",
        /// The answer ended because it had no more tokens.
        CutShort = "cut short",
        /// The provider is elsewhere.
        Redirected = "redirected",
        /// Nothing that anybody documents.
        Unknown = "unknown",
    }
}

list! {
    /// A failure that is documented, or was seen often enough.
    Fault {
        /// A rate limit with `retry-after` in seconds.
        RateLimitedSeconds = "rate limited, retry-after in seconds",
        /// A rate limit with `retry-after-ms`.
        RateLimitedMillis = "rate limited, retry-after-ms",
        /// A rate limit with `retry-after` as a date, beside the provider's own `date`.
        RateLimitedDate = "rate limited, retry-after as a date",
        /// A rate limit that says in its sentence when to come back.
        RateLimitedWords = "rate limited, try again in 11.054s",
        /// A rate limit that says in the headers of its counters when they are reset.
        RateLimitedReset = "rate limited, reset headers",
        /// A rate limit that doesn't say for how long.
        RateLimitedBare = "rate limited, without a wait",
        /// A rise in traffic that was too steep.
        RateLimitedSlowDown = "rate limited, slow down",
        /// No room.
        Overloaded = "overloaded",
        /// No room, in the older words for a steep rise.
        OverloadedSlowDown = "overloaded, slow down",
        /// No room, in a page of what stands before the provider.
        OverloadedPage = "overloaded, a page",
        /// The quota is used up.
        QuotaExceeded = "billing, quota",
        /// No credit left.
        CreditExhausted = "billing, credit",
        /// The organization's own limit.
        SpendLimit = "billing, limit of the organization",
        /// The limit of a project or workspace.
        ProjectSpendLimit = "billing, limit of a project",
        /// The limit that the provider set.
        UsageLimit = "billing, limit of the provider",
        /// A plan's allowance is used up.
        PlanLimit = "billing, limit of a plan",
        /// To be paid first.
        PaymentRequired = "billing, payment required",
        /// The key is wrong.
        KeyWrong = "authentication, wrong key",
        /// There is no key.
        KeyMissing = "authentication, no key",
        /// The key may not.
        KeyForbidden = "authentication, forbidden",
        /// The prompt is larger than the window.
        Overflow = "context overflow",
        /// The prompt would fit, but not with what may be answered.
        OverflowWithAnswer = "context overflow, with the answer",
        /// vLLM's words for it.
        OverflowVllm = "context overflow, vLLM",
        /// llama.cpp's words for it.
        OverflowLlamaCpp = "context overflow, llama.cpp",
        /// Ollama's words for it until 0.12.
        OverflowOllama = "context overflow, Ollama",
        /// Ollama's words for it in its cloud.
        OverflowOllamaCloud = "context overflow, Ollama's cloud",
        /// Ollama's words for it since it runs llama.cpp's server: that one's error, as text.
        OverflowOllamaWrapped = "context overflow, Ollama around llama.cpp",
        /// The body is larger than the door.
        TooLarge = "context overflow, 413",
        /// The same in a page of what stands before the provider.
        TooLargePage = "context overflow, 413 in a page",
        /// One request is more than a minute's tokens.
        TooLargePerMinute = "context overflow, more than a minute's tokens",
        /// An answer to what was left of the prompt, without a word on it: only the count of tokens tells.
        TruncatedSilently = "context overflow, truncated silently",
        /// The prompt left no room for an answer.
        WindowFilled = "context overflow, no room for an answer",
        /// The model declines.
        Refused = "refused",
        /// A filter stopped the answer.
        Filtered = "content filtered, the answer",
        /// A filter stopped the request.
        FilteredAtTheDoor = "content filtered, the request",
        /// Azure's filter stopped the request.
        FilteredByAzure = "content filtered, Azure",
        /// The prompt was flagged.
        FlaggedPrompt = "content filtered, a flagged prompt",
        /// The prompt was flagged for what could be an attack on computers.
        FlaggedCyber = "content filtered, cyber",
        /// The request is wrong.
        BadRequest = "bad request",
        /// The request has a field that is not known.
        FieldUnknown = "bad request, unknown field",
        /// No such model.
        ModelNotFound = "bad request, no such model",
        /// No such path.
        PathNotFound = "bad request, no such path",
        /// The server waited too long for the request.
        RequestTimeout = "timeout, 408",
        /// What stands before the provider waited too long for it.
        GatewayTimeout = "timeout, 504",
        /// The provider broke.
        ServerError = "unavailable, 500",
        /// The same in a page.
        ServerErrorPage = "unavailable, 500 in a page",
        /// What stands before the provider got nothing of use.
        BadGateway = "unavailable, 502 in a page",
        /// A router's word that the provider behind it broke, under a status of 200.
        ErrorUnderOk = "unavailable, an error under 200",
        /// Cloudflare: the provider gave something odd.
        Cloudflare520 = "unavailable, Cloudflare 520",
        /// Cloudflare: the provider refused the connection.
        Cloudflare521 = "unavailable, Cloudflare 521",
        /// Cloudflare: the connection timed out.
        Cloudflare522 = "unavailable, Cloudflare 522",
        /// Cloudflare: the provider can't be reached.
        Cloudflare523 = "unavailable, Cloudflare 523",
        /// Cloudflare: the provider took the request and gave no answer for 100 seconds.
        Cloudflare524 = "timeout, Cloudflare 524",
        /// A document that ends before it does, under a status of 200.
        JsonTorn = "malformed, a torn document",
        /// An event in the stream that is no JSON.
        EventTorn = "malformed, a torn event",
        /// A page in place of an answer, under a status of 200.
        PageInstead = "malformed, a page",
        /// Nothing, under a status of 200.
        Empty = "malformed, nothing",
        /// Nothing, and a status that says so.
        NoContent = "malformed, 204",
        /// JSON that is no answer.
        ShapeUnknown = "malformed, another document",
        /// Arguments of a call that are no JSON, though the answer is whole.
        ArgumentsTorn = "malformed, torn arguments",
        /// The answer had no more tokens.
        Length = "cut short",
        /// The same in the middle of a call's arguments.
        ArgumentsCut = "cut short, within arguments",
        /// A status and a body that nobody has seen before.
        StatusUnknown = "unknown, 418",
        /// A reason of the end that nobody has seen before.
        FinishUnknown = "unknown, a reason of the end",
        /// The provider is elsewhere.
        Redirected = "redirected",
        /// The connection ends before a byte of the answer.
        CutBeforeHead = "connection lost, before the head",
        /// The connection ends in the middle of the answer.
        CutWithin = "connection lost, within the answer",
        /// The answer stops in its middle, as if that were its end.
        ClosedEarly = "closed early",
        /// No byte ever comes.
        SilentBeforeHead = "timeout, silent before the head",
        /// Nothing more comes from the middle of the answer on.
        SilentWithin = "timeout, silent within the answer",
    }
}

/// For which kind of request a failure is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Any.
    Any,
    /// Those that want a stream.
    Streamed,
    /// Those that don't.
    Whole,
}

/// A failure as one wire knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Which.
    pub fault: Fault,
    /// What the provider says that it means.
    pub meaning: Meaning,
    /// Where it is documented, or was seen.
    pub source: &'static str,
    /// The kind of request that it is meant for.
    pub speech: Speech,
    /// Whether it is an error that can also come within a stream: see `Cue::within`.
    pub comes_within: bool,
}

/// All failures that a wire knows. One may stand there twice, for streams and for documents.
#[must_use]
pub fn faults(wire: Wire) -> Vec<Filed> {
    rows().filter(|row| row.wires.contains(&wire)).map(row::Row::filed).collect()
}

impl Fault {
    /// The failure as this wire knows it; none where it doesn't.
    #[must_use]
    pub fn on(self, wire: Wire, is_streamed: bool) -> Option<Filed> {
        self.row(wire, is_streamed).map(row::Row::filed)
    }

    pub(crate) fn form(self, wire: Wire, is_streamed: bool) -> Option<Form> {
        self.row(wire, is_streamed).map(|row| row.form)
    }

    fn row(self, wire: Wire, is_streamed: bool) -> Option<&'static row::Row> {
        let other = if is_streamed { Speech::Whole } else { Speech::Streamed };
        rows().find(|row| row.fault == self && row.wires.contains(&wire) && row.speech != other)
    }
}

fn rows() -> impl Iterator<Item = &'static row::Row> {
    let tables = [openai::ROWS, anthropic::ROWS, servers::ROWS, anywhere::ROWS, answers::ROWS];
    tables.into_iter().flatten()
}
