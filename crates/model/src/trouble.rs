//! What a provider's error means: a table, first row that fits.
//!
//! Only what says so decides: words about a rate limit count where the status agrees, because providers echo prompts.

use handfast_events::FailureClass;
use serde_json::Value;

/// What a provider said in place of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProviderError {
    /// The HTTP status; none where the error came within a stream.
    pub(crate) status: Option<u16>,
    /// Its code, and its type: the more exact comes first.
    pub(crate) codes: Vec<String>,
    /// Its sentence.
    pub(crate) message: String,
    /// How long to wait, as Google says it: `34s`.
    pub(crate) retry_delay: Option<String>,
}

/// What that means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Meaning {
    /// The class.
    pub(crate) class: FailureClass,
    /// Whether it was turned away at the door, so that nothing was used.
    pub(crate) turned_away: bool,
}

/// One row: every part that is not empty must fit.
struct Row {
    statuses: &'static [u16],
    codes: &'static [&'static str],
    words: &'static [&'static str],
    class: FailureClass,
    turned_away: bool,
}

/// Statuses of a request that was refused as a request; 0 stands for an error within a stream.
const REFUSED: &[u16] = &[0, 400, 402, 403, 413, 422, 429, 500];
const ANY: &[u16] = &[];
const NONE: &[&str] = &[];

const fn row(
    statuses: &'static [u16],
    codes: &'static [&'static str],
    words: &'static [&'static str],
    class: FailureClass,
    turned_away: bool,
) -> Row {
    Row { statuses, codes, words, class, turned_away }
}

/// Words of a rate: a sentence with one of them speaks of no prompt, whatever else it says.
const RATE_WORDS: &[&str] = &["rate limit", "too many requests", "throttl", "please wait before"];

/// The table.
const ROWS: &[Row] = &[
    // Google calls a minute's allowance a quota, too, and then says when it is full again.
    row(&[429], &["resource_exhausted"], &["retry in"], FailureClass::RateLimited, true),
    // No credit: providers say it with 429, and waiting never helps.
    row(
        ANY,
        &[
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "enforced_spend_limit_reached",
            "usage_limit_reached",
            "insufficient_balance",
            "insufficient_credits",
            "exceeded_current_quota_error",
        ],
        NONE,
        FailureClass::Billing,
        true,
    ),
    row(&[402], NONE, NONE, FailureClass::Billing, true),
    row(
        &[0, 400, 403, 429],
        NONE,
        &[
            "credit balance is too low",
            "exceeded your current quota",
            "insufficient balance",
            "insufficient credit",
            "spend limit",
            "spending limit",
            "api usage limits",
            "credits are depleted",
        ],
        FailureClass::Billing,
        true,
    ),
    // One request over a per-minute allowance: no wait makes it fit, only a smaller prompt.
    row(&[0, 413, 429], NONE, &["request too large for"], FailureClass::ContextOverflow, true),
    // Reads like an overflow, is a rate.
    row(&[0, 400, 429, 503], NONE, &["too many tokens, please wait"], FailureClass::RateLimited, true),
    // One code for two things: where no status tells them apart, the sentence does, and else it is what OpenAI's own agent
    // takes it for.
    row(&[0], &["slow_down"], &["traffic increased"], FailureClass::RateLimited, true),
    row(&[0, 503], &["slow_down"], NONE, FailureClass::Overloaded, true),
    row(
        ANY,
        &[
            "server_is_overloaded",
            "overloaded_error",
            "overloaded",
            "engine_overloaded_error",
            "service_unavailable_error",
            "insufficient_system_resource",
        ],
        NONE,
        FailureClass::Overloaded,
        true,
    ),
    row(&[529], NONE, NONE, FailureClass::Overloaded, true),
    row(
        ANY,
        &[
            "rate_limit_exceeded",
            "rate_limit_error",
            "slow_down",
            "throttlingexception",
            "toomanyrequestsexception",
            "resource_exhausted",
        ],
        NONE,
        FailureClass::RateLimited,
        true,
    ),
    row(&[429], NONE, NONE, FailureClass::RateLimited, true),
    row(
        ANY,
        &[
            "context_length_exceeded",
            "exceed_context_size_error",
            "request_too_large",
            "model_context_window_exceeded",
            "context_window_exceeded",
            "string_above_max_length",
        ],
        NONE,
        FailureClass::ContextOverflow,
        true,
    ),
    row(
        REFUSED,
        NONE,
        &[
            "maximum context length",
            "exceeds the context window",
            "input tokens exceed the configured limit",
            "prompt is too long",
            "prompt too long",
            "exceed context limit",
            "exceeds the available context size",
            "exceeded max context length",
            "exceeded context length",
            "exceeds the context length",
            "greater than the context length",
            "context the overflows",
            "loaded with context length of only",
            "longer than the model's context length",
            "longer than the maximum model length",
            "exceeds the maximum number of tokens",
            "exceeds the maximum number of input tokens",
            "maximum allowed input length",
            "maximum prompt length is",
            "reduce the length of the messages",
            "reduce the length of the prompt",
            "input is too long for requested model",
            "input is too long for the model",
            "too large for model with",
            "exceeded model token limit",
            "prompt token count of",
            "context window exceeds",
            "exceeds model context window",
            "model's context window",
            "total number of tokens in the prompt cannot exceed",
            "`inputs` tokens + `max_new_tokens` must be",
        ],
        FailureClass::ContextOverflow,
        true,
    ),
    row(&[413], NONE, NONE, FailureClass::ContextOverflow, true),
    row(
        ANY,
        &[
            "content_policy_violation",
            "content_filter",
            "cyber_policy",
            "bio_policy",
            "responsibleaipolicyviolation",
            "data_inspection_failed",
        ],
        NONE,
        FailureClass::ContentFiltered,
        true,
    ),
    row(
        &[0, 400, 403],
        NONE,
        &[
            "content management policy",
            "content filtering policy",
            "content policy",
            "content exists risk",
            "violating our usage policy",
            "flagged by moderation",
            "requires moderation",
            "safety system",
        ],
        FailureClass::ContentFiltered,
        true,
    ),
    row(&[401, 403], NONE, NONE, FailureClass::Authentication, true),
    row(
        ANY,
        &[
            "invalid_api_key",
            "authentication_error",
            "permission_error",
            "unauthorized",
            "unsupported_country_region_territory",
        ],
        NONE,
        FailureClass::Authentication,
        true,
    ),
    // Google says 400 for a wrong key; a router hands on within its answer what somebody else said of one.
    row(
        &[0, 400],
        NONE,
        &["api key not valid", "invalid api key", "incorrect api key", "provide an api key"],
        FailureClass::Authentication,
        true,
    ),
    // Cloudflare's 524: the provider took the request, and may work on it still.
    row(&[408, 504, 524], NONE, NONE, FailureClass::Timeout, false),
    row(ANY, &["timeout_error", "timeout"], NONE, FailureClass::Timeout, false),
    row(&[0], NONE, &["request timed out"], FailureClass::Timeout, false),
    // Its one common cause is a server without room, or one that still loads its model.
    row(&[503], NONE, NONE, FailureClass::Overloaded, true),
    // It says that all is well, and there is no answer in it.
    row(&[201, 202, 203, 204, 205, 206], NONE, NONE, FailureClass::Malformed, false),
    row(&[409, 425], NONE, NONE, FailureClass::Unavailable, true),
    row(
        &[500, 501, 502, 520, 521, 522, 523, 525, 526, 527, 530],
        NONE,
        NONE,
        FailureClass::Unavailable,
        false,
    ),
    row(
        ANY,
        &["server_error", "api_error", "internal_server_error", "internal_error", "network_error"],
        NONE,
        FailureClass::Unavailable,
        false,
    ),
    row(
        ANY,
        &[
            "invalid_request_error",
            "not_found_error",
            "model_not_found",
            "invalid_prompt",
            // Where an answer fails, OpenAI names the code and no type.
            "invalid_function_parameters",
            "invalid_encrypted_content",
            "invalid_value",
            "unknown_parameter",
            "unsupported_parameter",
            "unsupported_value",
            "missing_required_parameter",
        ],
        NONE,
        FailureClass::BadRequest,
        true,
    ),
    row(
        &[400, 404, 405, 406, 410, 411, 412, 414, 415, 417, 421, 422, 431, 451],
        NONE,
        NONE,
        FailureClass::BadRequest,
        true,
    ),
];

impl ProviderError {
    /// Reads the body of an error, in any of the shapes that providers give it; what is none is its own message.
    pub(crate) fn read(status: Option<u16>, body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let mut error = Self::of(status, &value);
        if error.message.is_empty() {
            error.message = String::from_utf8_lossy(body).trim().to_owned();
        }
        error
    }

    /// Reads an error from JSON: `{"error": {…}}`, `{"error": "…"}`, `[{"error": …}]`, `{"message": …}`,
    /// `{"detail": …}` or the inner object alone.
    pub(crate) fn of(status: Option<u16>, value: &Value) -> Self {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let inner = value.get("error").filter(|inner| !inner.is_null()).unwrap_or(value);
        let code = inner.get("code");
        // Some put the status where others put a code.
        let status =
            status.or_else(|| code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()));
        // Azure's filter and Anthropic's limits on spending name the cause one level down.
        let within = |name: &str, code: &str| inner.get(name).and_then(|inner| inner.get(code));
        let (azures, anthropics) = (within("innererror", "code"), within("details", "error_code"));
        let texts = [code, azures, anthropics, inner.get("type"), inner.get("status")];
        let codes = texts.into_iter().flatten().filter_map(Value::as_str);
        let codes = codes.filter(|code| !code.is_empty() && *code != "error").map(str::to_owned).collect();
        let said = |said: &Value| match said {
            Value::String(said) if !said.is_empty() => Some(said.clone()),
            Value::Array(said) if !said.is_empty() => Some(Value::from(said.clone()).to_string()),
            Value::Object(said) if !said.is_empty() => Some(Value::from(said.clone()).to_string()),
            _ => None,
        };
        let message = [inner.get("message"), inner.get("detail"), value.get("message")];
        let message =
            message.into_iter().flatten().find_map(said).or_else(|| inner.as_str().map(str::to_owned));
        let mut message = message.unwrap_or_default();
        // OpenRouter wraps the sentence that matters.
        if let Some(raw) =
            inner.get("metadata").and_then(|metadata| metadata.get("raw")).and_then(Value::as_str)
        {
            message = format!("{message}: {raw}");
        }
        let details = inner.get("details").and_then(Value::as_array).into_iter().flatten();
        let retry_delay =
            details.filter_map(|detail| detail.get("retryDelay")?.as_str()).next().map(str::to_owned);
        Self { status, codes, message, retry_delay }
    }

    /// What it means.
    pub(crate) fn meaning(&self) -> Meaning {
        let status = self.status.unwrap_or(0);
        let codes: Vec<String> = self.codes.iter().map(|code| code.to_lowercase()).collect();
        let message = self.message.to_lowercase();
        let is_rate = RATE_WORDS.iter().any(|words| message.contains(words));
        let fits = |row: &&Row| {
            let by_words = !row.words.is_empty() && row.class == FailureClass::ContextOverflow;
            !(by_words && is_rate)
                && (row.statuses.is_empty() || row.statuses.contains(&status))
                && (row.codes.is_empty() || codes.iter().any(|code| row.codes.contains(&code.as_str())))
                && (row.words.is_empty() || row.words.iter().any(|words| message.contains(words)))
        };
        let unknown = Meaning { class: FailureClass::Unknown, turned_away: false };
        let mut meaning = ROWS
            .iter()
            .find(fits)
            .map_or(unknown, |row| Meaning { class: row.class, turned_away: row.turned_away });
        // Within a stream the door was passed: tokens may have been used, whatever the row says.
        meaning.turned_away &= self.status.is_some_and(|status| status >= 300);
        meaning
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_within_a_stream_may_have_cost_and_words_count_only_where_the_status_agrees() {
        let of = |status: Option<u16>, error: Value| ProviderError::of(status, &error).meaning();
        let within = of(None, json!({"error": {"message": "x", "code": "rate_limit_exceeded"}}));
        assert_eq!(within, Meaning { class: FailureClass::RateLimited, turned_away: false });
        let echoed =
            of(Some(500), json!({"error": {"message": "can't parse: `you exceeded your current quota`"}}));
        assert_eq!(echoed.class, FailureClass::Unavailable);
    }

    #[test]
    fn every_shape_of_an_error_is_read() {
        for (body, codes, message) in [
            (r#"{"error":{"message":"m","type":"t","code":"c"}}"#, vec!["c", "t"], "m"),
            (r#"{"error":"m"}"#, vec![], "m"),
            (
                r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#,
                vec!["INVALID_ARGUMENT"],
                "m",
            ),
            (r#"{"object":"error","message":"m","type":"t","code":40303}"#, vec!["t"], "m"),
            (r#"{"object":"error","message":{"detail":"m"},"type":"t"}"#, vec!["t"], r#"{"detail":"m"}"#),
            (
                r#"{"type":"error","error":{"type":"t","message":"m","details":{"error_code":"c"}}}"#,
                vec!["c", "t"],
                "m",
            ),
            (r#"{"detail":"m"}"#, vec![], "m"),
            (r#"{"detail":[{"msg":"m"}]}"#, vec![], r#"[{"msg":"m"}]"#),
            ("<html>m</html>", vec![], "<html>m</html>"),
            ("", vec![], ""),
        ] {
            let error = ProviderError::read(Some(400), body.as_bytes());
            assert_eq!(
                (error.codes, error.message.as_str()),
                (codes.into_iter().map(String::from).collect(), message)
            );
        }
    }
}
