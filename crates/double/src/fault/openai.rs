//! OpenAI's failures, on Chat and Responses.

use super::row::{CHAT, OPENAI, RESPONSES, Row, json};
use super::{Fault, Meaning};

/// developers.openai.com/api/docs/guides/error-codes, the list of codes with what to do about each.
const CODES: &str = "developers.openai.com/api/docs/guides/error-codes";
/// developers.openai.com/api/docs/guides/rate-limits, the headers and what to do without one.
const LIMITS: &str = "developers.openai.com/api/docs/guides/rate-limits";
/// help.openai.com on 429s, of which some mean money.
const MONEY: &str =
    "help.openai.com/en/articles/5955604 and 6614457; developers.openai.com/api/docs/guides/spend-limits";
/// The waits that OpenAI's own SDK reads.
const SDK: &str = "openai-python src/openai/_base_client.py, _parse_retry_after_header";
/// The errors that OpenAI's own agent handles, in its tests.
const CODEX: &str = "openai/codex codex-rs/codex-api/src/{api_bridge.rs, sse/responses.rs}";

const RATE: &str = r#"{"error":{"message":"Rate limit reached for {model} in organization org-double on requests per min (RPM): Limit 500, Used 500, Requested 1. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;

pub(crate) const ROWS: &[Row] = &[
    json(
        OPENAI,
        Fault::RateLimitedSeconds,
        Meaning::RateLimited,
        LIMITS,
        (429, &[("retry-after", "7")], RATE),
    ),
    json(
        OPENAI,
        Fault::RateLimitedMillis,
        Meaning::RateLimited,
        SDK,
        (429, &[("retry-after-ms", "250")], RATE),
    ),
    json(
        OPENAI,
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
        OPENAI,
        Fault::RateLimitedWords,
        Meaning::RateLimited,
        CODEX,
        (
            429,
            &[],
            r#"{"error":{"message":"Rate limit reached for {model} in organization org-double on tokens per min (TPM): Limit 30000, Used 22999, Requested 12528. Please try again in 11.054s. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::RateLimitedReset,
        Meaning::RateLimited,
        LIMITS,
        (
            429,
            &[
                ("x-ratelimit-limit-requests", "500"),
                ("x-ratelimit-limit-tokens", "30000"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-remaining-tokens", "149984"),
                ("x-ratelimit-reset-requests", "1.2s"),
                ("x-ratelimit-reset-tokens", "6m0s"),
            ],
            RATE,
        ),
    ),
    json(OPENAI, Fault::RateLimitedBare, Meaning::RateLimited, LIMITS, (429, &[], RATE)),
    json(
        OPENAI,
        Fault::RateLimitedSlowDown,
        Meaning::RateLimited,
        CODES,
        (
            429,
            &[],
            r#"{"error":{"message":"Your traffic increased too quickly. Slow down, and ramp up gradually.","type":"rate_limit_error","param":null,"code":"slow_down"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::Overloaded,
        Meaning::Overloaded,
        CODES,
        (
            503,
            &[],
            r#"{"error":{"message":"Our servers are currently overloaded. Please try again later.","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::OverloadedSlowDown,
        Meaning::Overloaded,
        CODEX,
        (
            503,
            &[],
            r#"{"error":{"message":"Slow down.","type":"service_unavailable_error","param":null,"code":"slow_down"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::QuotaExceeded,
        Meaning::Billing,
        CODES,
        (
            429,
            &[],
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::CreditExhausted,
        Meaning::Billing,
        MONEY,
        (
            429,
            &[],
            r#"{"error":{"message":"You have no credits remaining. Add credits to continue using the API at https://platform.openai.com/settings/organization/billing/.","type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::SpendLimit,
        Meaning::Billing,
        MONEY,
        (
            429,
            &[],
            r#"{"error":{"message":"Your organization has reached its monthly spend limit.","type":"insufficient_quota","param":null,"code":"organization_spend_limit_exceeded"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::ProjectSpendLimit,
        Meaning::Billing,
        MONEY,
        (
            429,
            &[],
            r#"{"error":{"message":"Your project has reached its monthly spend limit.","type":"insufficient_quota","param":null,"code":"project_spend_limit_exceeded"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::UsageLimit,
        Meaning::Billing,
        MONEY,
        (
            429,
            &[],
            r#"{"error":{"message":"Your organization has reached its approved monthly usage limit.","type":"insufficient_quota","param":null,"code":"organization_usage_limit_exceeded"}}"#,
        ),
    ),
    // A plan's allowance, with the time at which there is more: the code stands in `type`, and there is no `code`.
    json(
        RESPONSES,
        Fault::PlanLimit,
        Meaning::Billing,
        CODEX,
        (
            429,
            &[],
            r#"{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":1795008899,"resets_in_seconds":8899}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::KeyWrong,
        Meaning::Authentication,
        CODES,
        (
            401,
            &[],
            r#"{"error":{"message":"Incorrect API key provided: sk-doub******le. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::KeyMissing,
        Meaning::Authentication,
        CODES,
        (
            401,
            &[],
            r#"{"error":{"message":"You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).","type":"invalid_request_error","param":null,"code":null}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::KeyForbidden,
        Meaning::Authentication,
        CODES,
        (
            403,
            &[],
            r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}}"#,
        ),
    ),
    json(
        CHAT,
        Fault::Overflow,
        Meaning::ContextOverflow,
        "community.openai.com, many threads; earendil-works/pi packages/ai/src/utils/overflow.ts",
        (
            400,
            &[],
            r#"{"error":{"message":"This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        ),
    ),
    json(
        RESPONSES,
        Fault::Overflow,
        Meaning::ContextOverflow,
        CODEX,
        (
            400,
            &[],
            r#"{"error":{"message":"Your input exceeds the context window of this model. Please adjust your input and try again.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#,
        ),
    ),
    json(
        CHAT,
        Fault::OverflowWithAnswer,
        Meaning::ContextOverflow,
        "community.openai.com, many threads",
        (
            400,
            &[],
            r#"{"error":{"message":"This model's maximum context length is {window} tokens. However, you requested {total} tokens ({tokens} in the messages, {answer} in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        ),
    ),
    // It is worded as a rate, and no wait makes it fit: "the input or output tokens must be reduced".
    json(
        OPENAI,
        Fault::TooLargePerMinute,
        Meaning::ContextOverflow,
        CODES,
        (
            429,
            &[],
            r#"{"error":{"message":"Request too large for {model} in organization org-double on tokens per min (TPM): Limit 30000, Requested {tokens}. The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::FilteredAtTheDoor,
        Meaning::ContentFiltered,
        "BerriAI/litellm exception_mapping_utils.py; community.openai.com",
        (
            400,
            &[],
            r#"{"error":{"message":"Your request was rejected as a result of our safety system.","type":"invalid_request_error","param":null,"code":"content_policy_violation"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::FilteredByAzure,
        Meaning::ContentFiltered,
        "learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter",
        (
            400,
            &[],
            r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"violence":{"filtered":true,"severity":"medium"}}}}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::FlaggedPrompt,
        Meaning::ContentFiltered,
        "developers.openai.com/api/docs/guides/reasoning, advice on prompting; community.openai.com",
        (
            400,
            &[],
            r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::FlaggedCyber,
        Meaning::ContentFiltered,
        CODEX,
        (
            400,
            &[],
            r#"{"error":{"message":"This request has been flagged for possible cybersecurity risk.","type":"invalid_request_error","param":null,"code":"cyber_policy"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::BadRequest,
        Meaning::BadRequest,
        CODES,
        (
            400,
            &[],
            // It quotes what was sent, and so the words of another failure.
            r#"{"error":{"message":"Invalid schema for function 'find_rate_limit': 'rate limit' is not valid under any of the given schemas.","type":"invalid_request_error","param":"tools[0].function.parameters","code":"invalid_function_parameters"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::ModelNotFound,
        Meaning::BadRequest,
        CODES,
        (
            404,
            &[],
            r#"{"error":{"message":"The model `{model}` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::PathNotFound,
        Meaning::BadRequest,
        "api.openai.com, asked for a path that it doesn't have",
        (
            404,
            &[],
            r#"{"error":{"message":"Invalid URL (POST /v2/chat/completions)","type":"invalid_request_error","param":null,"code":null}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::ServerError,
        Meaning::Unavailable,
        CODES,
        (
            500,
            &[],
            r#"{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}"#,
        ),
    ),
];
