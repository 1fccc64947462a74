//! Anthropic's failures, on Messages.

use super::row::{MESSAGES, Row, json};
use super::{Fault, Meaning};

/// platform.claude.com/docs/en/api/errors, the list of types, statuses and shapes.
const ERRORS: &str = "platform.claude.com/docs/en/api/errors";
/// platform.claude.com/docs/en/api/rate-limits, headers and spend limits.
const LIMITS: &str = "platform.claude.com/docs/en/api/rate-limits";
/// The waits that Anthropic's own SDK reads.
const SDK: &str = "anthropic-sdk-python src/anthropic/_base_client.py, _parse_retry_after_header";

const RATE: &str = r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization's rate limit of 50 requests per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits."},"request_id":"{id}"}"#;

pub(crate) const ROWS: &[Row] = &[
    json(
        MESSAGES,
        Fault::RateLimitedSeconds,
        Meaning::RateLimited,
        LIMITS,
        (429, &[("retry-after", "7")], RATE),
    ),
    json(
        MESSAGES,
        Fault::RateLimitedMillis,
        Meaning::RateLimited,
        SDK,
        (429, &[("retry-after-ms", "250")], RATE),
    ),
    json(
        MESSAGES,
        Fault::RateLimitedDate,
        Meaning::RateLimited,
        SDK,
        (
            429,
            &[("date", "Sat, 21 Nov 2026 06:00:00 GMT"), ("retry-after", "Sat, 21 Nov 2026 06:00:09 GMT")],
            RATE,
        ),
    ),
    json(
        MESSAGES,
        Fault::RateLimitedReset,
        Meaning::RateLimited,
        LIMITS,
        (
            429,
            &[
                ("date", "Sat, 21 Nov 2026 06:00:00 GMT"),
                ("anthropic-ratelimit-requests-limit", "50"),
                ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", "2026-11-21T06:00:12Z"),
                ("anthropic-ratelimit-input-tokens-limit", "30000"),
                ("anthropic-ratelimit-input-tokens-remaining", "29000"),
                ("anthropic-ratelimit-input-tokens-reset", "2026-11-21T06:00:02Z"),
            ],
            RATE,
        ),
    ),
    json(MESSAGES, Fault::RateLimitedBare, Meaning::RateLimited, LIMITS, (429, &[], RATE)),
    // A rise in traffic that is too steep: "you might see 429 errors due to acceleration limits on the API".
    json(
        MESSAGES,
        Fault::RateLimitedSlowDown,
        Meaning::RateLimited,
        ERRORS,
        (
            429,
            &[],
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed the acceleration limit of your organization. Please increase your usage more gradually."},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::Overloaded,
        Meaning::Overloaded,
        ERRORS,
        (
            529,
            &[("x-should-retry", "true")],
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::CreditExhausted,
        Meaning::Billing,
        "seen by many: anthropics/claude-code issues, \"credit balance is too low\"",
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::SpendLimit,
        Meaning::Billing,
        LIMITS,
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::ProjectSpendLimit,
        Meaning::Billing,
        LIMITS,
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."},"request_id":"{id}"}"#,
        ),
    ),
    // Its type is that of a rate limit; only the code in its details, and that there is no `retry-after`, tell.
    json(
        MESSAGES,
        Fault::UsageLimit,
        Meaning::Billing,
        LIMITS,
        (
            429,
            &[],
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set based on your organization's API tier. You will regain access on 2026-12-01 at 00:00 UTC.","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::PaymentRequired,
        Meaning::Billing,
        ERRORS,
        (
            402,
            &[],
            r#"{"type":"error","error":{"type":"billing_error","message":"There is an issue with your billing or payment information."},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::KeyWrong,
        Meaning::Authentication,
        ERRORS,
        (
            401,
            &[("x-should-retry", "false")],
            r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::KeyMissing,
        Meaning::Authentication,
        ERRORS,
        (
            401,
            &[("x-should-retry", "false")],
            r#"{"type":"error","error":{"type":"authentication_error","message":"x-api-key header is required"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::KeyForbidden,
        Meaning::Authentication,
        ERRORS,
        (
            403,
            &[],
            r#"{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::Overflow,
        Meaning::ContextOverflow,
        "seen by many: anthropics/claude-code issues, \"prompt is too long\"; earendil-works/pi overflow.ts",
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: {tokens} tokens > {window} maximum"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::OverflowWithAnswer,
        Meaning::ContextOverflow,
        "seen by many: anthropics/claude-code issues, \"exceed context limit\"",
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: {tokens} + {answer} > {window}, decrease input length or `max_tokens` and try again"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::TooLarge,
        Meaning::ContextOverflow,
        ERRORS,
        (
            413,
            &[],
            r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::FilteredAtTheDoor,
        Meaning::ContentFiltered,
        "anthropics/claude-code issues, \"Output blocked by content filtering policy\"",
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::BadRequest,
        Meaning::BadRequest,
        ERRORS,
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"tools.0.custom.input_schema: JSON schema is invalid. 'rate limit' is not of type 'object'"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::FieldUnknown,
        Meaning::BadRequest,
        ERRORS,
        (
            400,
            &[],
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"stream_options: Extra inputs are not permitted"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::ModelNotFound,
        Meaning::BadRequest,
        ERRORS,
        (
            404,
            &[],
            r#"{"type":"error","error":{"type":"not_found_error","message":"model: {model}"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::PathNotFound,
        Meaning::BadRequest,
        ERRORS,
        (
            404,
            &[],
            r#"{"type":"error","error":{"type":"not_found_error","message":"Not found"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::GatewayTimeout,
        Meaning::Timeout,
        ERRORS,
        (
            504,
            &[],
            r#"{"type":"error","error":{"type":"timeout_error","message":"Request timed out"},"request_id":"{id}"}"#,
        ),
    ),
    json(
        MESSAGES,
        Fault::ServerError,
        Meaning::Unavailable,
        ERRORS,
        (
            500,
            &[("x-should-retry", "true")],
            r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":"{id}"}"#,
        ),
    ),
];
