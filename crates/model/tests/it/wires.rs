//! Each wire over HTTP: where its requests go, what carries the key, what comes back, and who speaks which.

use handfast_contract::{ModelUse, Speaks};
use handfast_double::{Asked, Cue};
use handfast_engine::ModelReply;
use handfast_events::FailureClass;
use handfast_model::Source;

use crate::setup::{KEY, PATIENCE, document, in_words, model, open, place, provider, stream};

const MESSAGES: &str = include_str!("streams/messages.sse");
const RESPONSES: &str = include_str!("streams/responses.sse");

/// Asks once over this wire, and gives what the provider was asked.
async fn ask(used: ModelUse, reply: Cue) -> (ModelReply, Asked) {
    let double = provider([reply]).await;
    let models = open(&ModelUse { url: Some(double.url().into()), ..used }, Source::Contract).unwrap();
    let reply = models.ask("main", "{}", &place("s", 2, 1), PATIENCE).await;
    let mut asked = double.asked();
    assert_eq!(asked.len(), 1, "{}", in_words(&reply));
    (reply, asked.remove(0))
}

fn speaking(speaks: Speaks) -> ModelUse {
    ModelUse { speaks: Some(speaks), ..model("") }
}

#[tokio::test]
async fn messages_go_to_their_path_with_their_headers_and_come_back_as_one_answer() {
    let (reply, asked) = ask(speaking(Speaks::Messages), stream(MESSAGES)).await;
    assert_eq!(
        in_words(&reply),
        r#"Calls "Grüße 🚚" find({"a": 1}) mail({}); 2312 (2000 cached) in, 50 out"#
    );
    assert_eq!(asked.path, "/v1/messages");
    assert_eq!(
        (asked.headers.get("x-api-key"), asked.headers.get("anthropic-version")),
        (Some(KEY), Some("2023-06-01"))
    );
    // It is not Anthropic who answers here: others look for the key where everybody has it.
    assert_eq!(asked.headers.get("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert!(reply.outcome.unwrap().answer.verbatim.unwrap().contains("EqQBCg"));
}

#[tokio::test]
async fn responses_go_to_their_path_and_come_back_as_one_answer() {
    let (reply, asked) = ask(speaking(Speaks::Responses), stream(RESPONSES)).await;
    assert_eq!(in_words(&reply), r#"Calls "Grüße 🚚" find({"a": 1}); 100 (64 cached) in, 50 out"#);
    assert_eq!(asked.path, "/v1/responses");
    assert_eq!(asked.headers.get("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert!(asked.headers.get("x-api-key").or(asked.headers.get("anthropic-version")).is_none());
    assert!(reply.outcome.unwrap().answer.verbatim.unwrap().contains("gAAAAA-whole"));
}

#[tokio::test]
async fn a_model_of_anthropic_speaks_messages_wherever_it_is_unless_the_contract_says_otherwise() {
    for (provider, speaks, path) in [
        ("anthropic", None, "/v1/messages"),
        ("anthropic", Some(Speaks::Chat), "/v1/chat/completions"),
        ("openai", None, "/v1/chat/completions"),
        ("ours", Some(Speaks::Messages), "/v1/messages"),
        ("groq", Some(Speaks::Messages), "/v1/messages"),
    ] {
        let used = ModelUse { provider: provider.into(), speaks, ..model("") };
        let (_, asked) = ask(used, document(400, "")).await;
        assert_eq!(asked.path, path, "{provider} {speaks:?}");
    }
}

#[tokio::test]
async fn an_answer_of_another_wire_is_told_as_such() {
    for (speaks, body) in [(Speaks::Messages, RESPONSES), (Speaks::Responses, MESSAGES), (Speaks::Chat, "[]")]
    {
        let (reply, _) = ask(speaking(speaks), stream(body)).await;
        let failure = reply.outcome.unwrap_err().failure;
        assert_eq!(failure.class, FailureClass::Malformed, "{}", failure.detail);
        assert!(failure.detail.contains("is `url` the base of such an interface"), "{}", failure.detail);
        assert_eq!(reply.body.as_deref(), Some(body));
    }
}

#[tokio::test]
async fn an_answer_in_which_a_secret_stands_loses_the_form_that_would_hold_it() {
    for (speaks, body) in [(Speaks::Messages, MESSAGES), (Speaks::Responses, RESPONSES)] {
        for spot in ["Grüße ", "EqQBCg", "gAAAAA-whole", "{\\\"a\\\":"] {
            let (reply, _) =
                ask(speaking(speaks), stream(&body.replace(spot, &format!("{spot}{KEY}")))).await;
            let told = format!("{reply:?}");
            assert!(!told.contains(KEY), "{told}");
            let has_form = reply.outcome.unwrap().answer.verbatim.is_some();
            assert_eq!(has_form, !body.contains(spot), "{spot}");
        }
    }
}

#[tokio::test]
async fn a_window_that_was_passed_in_silence_is_an_overflow_that_cost_something() {
    let body = r#"{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":9001,"output_tokens":1}}"#;
    let used = ModelUse { window: Some(9000), ..speaking(Speaks::Messages) };
    let (reply, _) = ask(used, document(200, body)).await;
    insta::assert_snapshot!(
        in_words(&reply),
        @"context overflow [silent_overflow], may have cost: model `main` (openai/gpt-test): it counts 9001 tokens in and its window has 9000; what didn't fit was dropped unsaid"
    );
    let roomy = ModelUse { window: Some(9002), ..speaking(Speaks::Messages) };
    assert!(ask(roomy, document(200, body)).await.0.outcome.is_ok());
}

#[test]
fn a_models_window_is_the_contracts_or_else_the_tables() {
    let window = |used: ModelUse| open(&used, Source::Contract).unwrap().sheets()["main"].window;
    let known =
        ModelUse { provider: "anthropic".into(), model: "claude-sonnet-4-5".into(), url: None, ..model("") };
    assert_eq!(window(known.clone()), Some(200_000));
    assert_eq!(window(ModelUse { window: Some(1_000), ..known }), Some(1_000));
    assert_eq!(window(model("http://127.0.0.1:8080/v1")), None);
}

/// As llama.cpp's server of October 2026 said it, byte for byte: `cargo xtask llama` asks it anew. It numbers no items of
/// Responses, and closes a block of Messages only when all have been told.
const LLAMACPP: [(Speaks, &str); 3] = [
    (Speaks::Chat, include_str!("streams/llamacpp-chat.sse")),
    (Speaks::Responses, include_str!("streams/llamacpp-responses.sse")),
    (Speaks::Messages, include_str!("streams/llamacpp-messages.sse")),
];

#[tokio::test]
async fn what_llamacpp_streams_is_one_answer_with_all_its_calls_over_every_wire() {
    let mut told = String::new();
    for (speaks, body) in LLAMACPP {
        let (reply, _) = ask(speaking(speaks), stream(body)).await;
        told.push_str(&format!("{speaks:?} → {}\n", in_words(&reply).escape_debug()));
    }
    insta::assert_snapshot!(told);
}
