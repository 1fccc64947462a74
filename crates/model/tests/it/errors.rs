//! Errors as providers word them, and what each is told as: the table that decides every remedy.

use handfast_contract::Speaks;
use handfast_model::Source;

use crate::setup::{PATIENCE, document, in_words, model, open, place, provider, stream};

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
        413,
        r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
        &[],
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 195000 + 16000 > 200000, decrease input length or `max_tokens` and try again"}}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"Your input exceeds the context window of this model. Please adjust your input and try again.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#,
        &[],
    ),
    (400, r#"{"error":"prompt too long; exceeded max context length by 12 tokens"}"#, &[]),
    (
        400,
        r#"{"error":"Trying to keep the first 5083 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens"}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"Please reduce the length of the messages or completion.","type":"invalid_request_error"}}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"The input (40000 tokens) is longer than the model's context length (32768 tokens).","type":"invalid_request_error"}}"#,
        &[],
    ),
    (
        400,
        r#"{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","code":"3051"}"#,
        &[],
    ),
    (400, r#"{"message":"Input is too long for requested model."}"#, &[]),
    (
        400,
        r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"Invalid request: Your request exceeded model token limit: 262144 (requested: 300000)","type":"invalid_request_error"}}"#,
        &[],
    ),
    (
        500,
        r#"{"error":{"message":"The decoder prompt (length 9000) is longer than the maximum model length of 8192.","type":"Internal Server Error"}}"#,
        &[],
    ),
    (429, r#"{"message":"Too many tokens, please wait before trying again."}"#, &[]),
    (
        400,
        r#"{"message":"Throttling: the rate limit on input is exceeded, reduce the length of the prompt or wait"}"#,
        &[],
    ),
    (
        429,
        r#"[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}]"#,
        &[],
    ),
    (
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}}"#,
        &[
            ("date", "Sun, 29 Nov 2026 12:00:00 GMT"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-29T12:00:21Z"),
        ],
    ),
    (
        402,
        r#"{"type":"error","error":{"type":"billing_error","message":"Your account has an unpaid invoice."}}"#,
        &[],
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."}}"#,
        &[],
    ),
    (401, r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, &[]),
    (
        403,
        r#"{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."}}"#,
        &[],
    ),
    (404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#, &[]),
    (500, r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#, &[]),
    (504, r#"{"type":"error","error":{"type":"timeout_error","message":"Request timed out"}}"#, &[]),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.","type":"invalid_request_error","code":"invalid_prompt"}}"#,
        &[],
    ),
    (
        400,
        r#"{"error":{"message":"The encrypted content for item rs_1 could not be verified.","type":"invalid_request_error","code":"invalid_encrypted_content"}}"#,
        &[],
    ),
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

/// Errors after the status was 200, over each wire: the event, as it stands in a stream.
const WITHIN: &[(Speaks, &str)] = &[
    (Speaks::Messages, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
    (
        Speaks::Messages,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your rate limit."}}"#,
    ),
    (Speaks::Messages, r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#),
    (Speaks::Messages, r#"{"type":"error","error":{"type":"novelty_error","message":"Nobody knows"}}"#),
    (
        Speaks::Messages,
        r#"{"type":"message_delta","delta":{"stop_reason":"model_context_window_exceeded"},"usage":{"output_tokens":5}}"#,
    ),
    (
        Speaks::Messages,
        r#"{"type":"message_delta","delta":{"stop_reason":"pause_turn"},"usage":{"output_tokens":5}}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"Your input exceeds the context window of this model. Please adjust your input and try again."}}}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Rate limit reached for gpt-5.1. Please try again in 11.054s."}}}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"insufficient_quota","message":"You exceeded your current quota."}}}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_is_overloaded","message":"Our servers are currently overloaded."}}}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"cyber_policy","message":"This request was flagged."}}}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"error","code":"server_error","message":"Something went wrong.","param":null,"sequence_number":2}"#,
    ),
    (
        Speaks::Responses,
        r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"novelty"},"output":[]}}"#,
    ),
    (
        Speaks::Chat,
        r#"{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (8192 tokens)","type":"exceed_context_size_error"}}"#,
    ),
    (Speaks::Chat, r#"{"error":{"message":"Provider disconnected","code":502}}"#),
];

#[tokio::test]
async fn an_error_within_an_answer_has_its_class_over_every_wire_and_may_have_cost() {
    let mut told = String::new();
    for (speaks, event) in WITHIN {
        let double = provider([stream(&format!("data: {event}\n\n"))]).await;
        let used = handfast_contract::ModelUse { speaks: Some(*speaks), ..model(double.url()) };
        let reply =
            open(&used, Source::Contract).unwrap().ask("main", "{}", &place("s", 1, 1), PATIENCE).await;
        assert!(reply.outcome.as_ref().unwrap_err().may_have_cost);
        assert!(reply.body.as_deref().unwrap().contains(event));
        told.push_str(&format!("{speaks:?} → {}\n", in_words(&reply)));
    }
    insta::assert_snapshot!(told.replace("model `main` (openai/gpt-test)", "…"));
}

#[tokio::test]
async fn every_error_that_providers_word_has_its_class_its_wait_and_its_sentence() {
    let mut told = String::new();
    for (status, body, headers) in SEEN {
        let reply =
            headers.iter().fold(document(*status, body), |reply, (name, value)| reply.header(name, *value));
        let double = provider([reply]).await;
        let models = open(&model(double.url()), Source::Contract).unwrap();
        let reply = models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await;
        assert_eq!(double.asked().len(), 1);
        assert_eq!(reply.body.as_deref().unwrap_or_default(), *body);
        told.push_str(&format!("{status} → {}\n", in_words(&reply)));
    }
    insta::assert_snapshot!(told.replace("model `main` (openai/gpt-test)", "…"));
}
