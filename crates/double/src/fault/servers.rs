//! What other servers and routers say that speak OpenAI's wires.

use super::row::{CHAT, Content, Form, OPENAI, Row, json};
use super::{Fault, Meaning, Speech};

/// openrouter.ai/docs/api-reference/errors.
const OPENROUTER: &str = "openrouter.ai/docs/api-reference/errors";

pub(crate) const ROWS: &[Row] = &[
    // vLLM: the code is the status, a number.
    json(
        OPENAI,
        Fault::OverflowVllm,
        Meaning::ContextOverflow,
        "vllm-project/vllm vllm/entrypoints/openai, VLLMValidationError (parameter=input_tokens)",
        (
            400,
            &[],
            r#"{"error":{"message":"This model's maximum context length is {window} tokens. However, you requested {answer} output tokens and your prompt contains at least {tokens} input tokens, for a total of at least {total} tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value={tokens})","type":"BadRequestError","param":"input_tokens","code":400}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::OverflowLlamaCpp,
        Meaning::ContextOverflow,
        "ggml-org/llama.cpp tools/server/server-context.cpp, ERROR_TYPE_EXCEED_CONTEXT_SIZE",
        (
            400,
            &[],
            r#"{"error":{"code":400,"message":"request ({tokens} tokens) exceeds the available context size ({window} tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":{tokens},"n_ctx":{window}}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::OverflowOllama,
        Meaning::ContextOverflow,
        "ollama/ollama 0.12 with `truncate: false`, behind openai/openai.go NewError",
        (
            400,
            &[],
            r#"{"error":{"message":"the input length exceeds the context length","type":"invalid_request_error","param":null,"code":null}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::OverflowOllamaCloud,
        Meaning::ContextOverflow,
        "ollama.com, as quoted by earendil-works/pi packages/ai/src/utils/overflow.ts",
        (
            400,
            &[],
            r#"{"error":{"message":"prompt too long; exceeded max context length by {over} tokens (ref: 632ffad5-0fd9-4bbc-935c-29e39693306c)","type":"invalid_request_error","param":null,"code":null}}"#,
        ),
    ),
    // The sentence that matters is JSON within the message: its quotes are escaped.
    json(
        OPENAI,
        Fault::OverflowOllamaWrapped,
        Meaning::ContextOverflow,
        "ollama/ollama 0.34 and 0.40, which hand on the error of llama.cpp's server as text",
        (
            400,
            &[],
            r#"{"error":{"message":"{\"error\":{\"code\":400,\"message\":\"request ({tokens} tokens) exceeds the available context size ({window} tokens), try increasing it\",\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":{tokens},\"n_ctx\":{window}}}","type":"invalid_request_error","param":null,"code":null}}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::PaymentRequired,
        Meaning::Billing,
        OPENROUTER,
        (
            402,
            &[],
            r#"{"error":{"code":402,"message":"Insufficient credits. Add more using https://openrouter.ai/settings/credits"}}"#,
        ),
    ),
    // FastAPI's shape, as Mistral and many servers of models give it.
    json(
        OPENAI,
        Fault::FieldUnknown,
        Meaning::BadRequest,
        "docs.mistral.ai/api, 422 Validation Error; fastapi.tiangolo.com/tutorial/handling-errors",
        (
            422,
            &[],
            r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"include_usage":true}}]},"type":"invalid_request_error","param":null,"code":null}"#,
        ),
    ),
    json(
        OPENAI,
        Fault::RequestTimeout,
        Meaning::Timeout,
        OPENROUTER,
        (408, &[], r#"{"error":{"code":408,"message":"Request timed out"}}"#),
    ),
    Row {
        wires: CHAT,
        fault: Fault::ErrorUnderOk,
        meaning: Meaning::Unavailable,
        source: OPENROUTER,
        form: Form::Reply {
            status: 200,
            headers: &[],
            content: Content::Json(
                r#"{"id":"gen-double","error":{"code":502,"message":"Provider returned error","metadata":{"provider_name":"Double","raw":"upstream is down"}}}"#,
            ),
        },
        speech: Speech::Any,
    },
];
