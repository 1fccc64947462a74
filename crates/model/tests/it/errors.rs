//! Errors as providers word them, and what each is told as: the table that decides every remedy.

use handfast_model::Source;

use crate::double::{Double, Reply};
use crate::setup::{PATIENCE, in_words, model, open, place};

type Headers = &'static [(&'static str, &'static str)];

/// Status, body and a header or two, as seen in the wild.
const SEEN: &[(u16, &str, Headers)] = &[
    (
        429,
        r#"{"error":{"message":"Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s. Visit https://platform.openai.com","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        &[],
    ),
    (
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your rate limit."},"request_id":"req_1"}"#,
        &[("retry-after", "37")],
    ),
    (429, "slow down", &[("retry-after-ms", "250")]),
    (
        429,
        r#"{"error":{"message":"Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 41000.","type":"tokens","code":"rate_limit_exceeded"}}"#,
        &[],
    ),
    (
        429,
        r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        &[],
    ),
    (
        429,
        r#"{"error":{"message":"Your project has reached its limit.","type":"insufficient_quota","code":"project_spend_limit_exceeded"}}"#,
        &[],
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
        &[],
    ),
    (402, r#"{"error":{"message":"Insufficient credits","code":402}}"#, &[]),
    (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, &[]),
    (
        503,
        r#"{"error":{"message":"The server is currently overloaded","type":"server_error","code":"server_is_overloaded"}}"#,
        &[],
    ),
    (503, r#"{"error":{"message":"Slow down","type":"rate_limit_error","code":"slow_down"}}"#, &[]),
    (503, "<html>503 Service Unavailable</html>", &[("retry-after", "3")]),
    (
        400,
        r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        &[],
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}"#,
        &[],
    ),
    (
        400,
        r#"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 512 output tokens and your prompt contains at least 4000 input tokens","type":"BadRequestError","param":null,"code":400}"#,
        &[],
    ),
    (413, "", &[]),
    (
        400,
        r#"[{"error":{"code":400,"message":"The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        &[],
    ),
    (
        403,
        r#"{"error":{"code":403,"message":"Your chosen model requires moderation and your input was flagged","metadata":{"reasons":["violence"]}}}"#,
        &[],
    ),
    (
        401,
        r#"{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","code":"invalid_api_key"}}"#,
        &[],
    ),
    (
        403,
        r#"{"error":{"message":"Country, region, or territory not supported","code":"unsupported_country_region_territory"}}"#,
        &[],
    ),
    (
        400,
        r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
        &[],
    ),
    (
        404,
        r#"{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","type":"invalid_request_error","code":"model_not_found"}}"#,
        &[],
    ),
    (404, "404 page not found", &[]),
    (
        400,
        r#"{"error":{"message":"Invalid schema for function 'refund': rate limit is not a type","type":"invalid_request_error","param":"tools[0]","code":"invalid_function_parameters"}}"#,
        &[],
    ),
    (
        422,
        r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#,
        &[],
    ),
    (408, r#"{"error":{"message":"Request timed out"}}"#, &[]),
    (504, "upstream request timeout", &[]),
    (
        500,
        r#"{"error":{"message":"The server had an error while processing your request.","type":"server_error"}}"#,
        &[],
    ),
    (
        502,
        r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"raw":"upstream is down"}}}"#,
        &[],
    ),
    (409, r#"{"error":"conflict"}"#, &[]),
    (418, "I'm a teapot", &[]),
    (200, r#"{"error":{"message":"No capacity","code":503}}"#, &[]),
    (200, "<html>Sign in</html>", &[]),
    (204, "", &[]),
];

#[tokio::test]
async fn every_error_that_providers_word_has_its_class_its_wait_and_its_sentence() {
    let mut told = String::new();
    for (status, body, headers) in SEEN {
        let reply =
            headers.iter().fold(Reply::json(*status, body), |reply, (name, value)| reply.with(name, value));
        let double = Double::giving([reply]).await;
        let models = open(&model(&double.url), Source::Contract).unwrap();
        let reply = models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await;
        assert_eq!(double.asked().len(), 1);
        assert_eq!(reply.body.as_deref().unwrap_or_default(), *body);
        told.push_str(&format!("{status} → {}\n", in_words(&reply)));
    }
    insta::assert_snapshot!(told.replace("model `main` (openai/gpt-test)", "…"));
}
