//! Requests to the letter, and the law that a conversation's prefix never changes.

use handfast_contract::{ShownTool, Speaks};
use handfast_engine::{Dialect, Message, Opening, ToolResult};
use handfast_events::Ask;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::setup::{open, scripted};
use handfast_model::{Models, Source};

fn tools() -> Vec<ShownTool> {
    vec![
        ShownTool {
            name: "find_order".into(),
            description: "Finds an order.\nFails: not_found".into(),
            input: json!({
                "type": "object",
                "properties": {"order_id": {"type": "string"}},
                "required": ["order_id"],
                "additionalProperties": false
            }),
        },
        ShownTool {
            name: "send_mail".into(),
            description: "Sends a mail.".into(),
            input: json!({
                "type": "object",
                "properties": {"to": {"type": "string", "minLength": 3}},
                "additionalProperties": false
            }),
        },
    ]
}

/// The dialect that a contract gets for `use: PROVIDER/MODEL`, over this wire.
fn dialect_of(provider: &str, speaks: Option<Speaks>) -> std::sync::Arc<dyn Dialect> {
    let used = handfast_contract::ModelUse { provider: provider.into(), speaks, ..scripted("m") };
    let models: Models = open(&used, Source::Contract).unwrap();
    models.sheets().get("main").unwrap().dialect.clone()
}

/// A conversation in which the model thought as it says here, before it asked for two tools.
fn conversation(dialect: &dyn Dialect, verbatim: Option<&str>) -> String {
    let output = json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false});
    let tools = tools();
    let opening =
        Opening {
            model: "m-1", system: "You are \"kind\".\nGrüße 🚚", tools: &tools, output: Some(&output)
        };
    let call = Ask { id: "c1".into(), tool: "find_order".into(), args: "{\"order_id\": \"1042\"}".into() };
    let torn = Ask { id: "c2".into(), tool: "send_mail".into(), args: "{\"to\": ".into() };
    let result = |id: &str, text: &str, is_error| ToolResult { id: id.into(), text: text.into(), is_error };
    let results = [
        result("c1", "{\"status\":\"shipped\"}", false),
        result("c2", "refused: the arguments are no JSON", true),
    ];
    let messages = [
        Message::Assistant { text: "", calls: &[call, torn], verbatim },
        Message::Results(&results),
        Message::Assistant { text: "On its way.", calls: &[], verbatim: None },
        Message::User("Thanks."),
    ];
    let messages = if verbatim.is_some() { &messages[..] } else { &messages[..3] };
    let mut request = dialect.open(&opening) + &dialect.first(&Message::User("Where is order 1042?"));
    for message in messages {
        request.push_str(&dialect.message(message));
    }
    request + &dialect.close(512)
}

/// The conversation with each of these, every one checked to be JSON.
fn golden(wires: &[(&str, Option<Speaks>, Option<&str>)]) -> String {
    let mut golden = String::new();
    for (provider, speaks, verbatim) in wires {
        let request = conversation(&*dialect_of(provider, *speaks), *verbatim);
        serde_json::from_str::<Value>(&request).unwrap();
        let thinks = if verbatim.is_some() { ", thinking" } else { "" };
        golden.push_str(&format!("{provider}{thinks}\n{request}\n\n"));
    }
    golden
}

#[test]
fn requests_are_written_to_the_letter() {
    insta::assert_snapshot!(golden(&[
        ("openai", None, None),
        ("anthropic", Some(Speaks::Chat), None),
        ("mistral", None, None),
        ("groq", None, None),
        ("openrouter", None, None),
        ("llamacpp", None, None),
    ]));
}

#[test]
fn thinking_goes_back_over_chat_completions_where_its_provider_wants_it() {
    let content = r#"{"reasoning_content":"Look it up."}"#;
    let details = r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"a"}]}"#;
    insta::assert_snapshot!(golden(&[
        ("deepseek", None, Some(content)),
        ("deepseek", None, None),
        ("openrouter", None, Some(details)),
        ("openai", None, Some(content)),
    ]));
}

#[test]
fn requests_of_messages_are_written_to_the_letter() {
    let thought = r#"[{"type":"thinking","thinking":"Look it up.","signature":"s="},{"type":"tool_use","id":"c1","name":"find_order","input":{}}]"#;
    insta::assert_snapshot!(golden(&[
        ("anthropic", None, None),
        ("anthropic", None, Some(thought)),
        ("ollama", Some(Speaks::Messages), None),
    ]));
}

#[test]
fn requests_of_responses_are_written_to_the_letter() {
    let thought = r#"[{"type":"reasoning","summary":[],"encrypted_content":"g="},{"type":"function_call","call_id":"c1","name":"find_order","arguments":"{}"}]"#;
    insta::assert_snapshot!(golden(&[
        ("openai", Some(Speaks::Responses), None),
        ("openai", Some(Speaks::Responses), Some(thought)),
        ("vllm", Some(Speaks::Responses), None),
    ]));
}

#[test]
fn openai_is_asked_for_encrypted_thinking_where_the_model_thinks() {
    let dialect = dialect_of("openai", Some(Speaks::Responses));
    let asks = |model: &str| {
        dialect.open(&Opening { model, system: "s", tools: &[], output: None }).contains("encrypted_content")
    };
    for model in ["o3", "o4-mini", "gpt-5", "gpt-5.4-mini", "gpt-6-sol", "ft:gpt-5-mini:org::id", "gpt-10"] {
        assert!(asks(model), "{model}");
    }
    for model in
        ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "gpt-oss-120b", "chatgpt-4o-latest", "our-own"]
    {
        assert!(!asks(model), "{model}");
    }
}

#[test]
fn anthropic_enforces_schemas_for_new_models_and_as_many_as_it_takes() {
    let dialect = dialect_of("anthropic", None);
    let tools: Vec<ShownTool> = (0..25).flat_map(|_| tools()).collect();
    let output = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let strict = |model: &str| {
        let opening = Opening { model, system: "", tools: &tools, output: Some(&output) };
        let head = dialect.open(&opening);
        (head.contains("output_config"), head.matches("\"strict\":true").count(), head.contains("\"system\""))
    };
    for (model, expected) in [
        ("claude-sonnet-4-5", (true, 20, false)),
        ("claude-opus-5", (true, 20, false)),
        ("claude-3-haiku-20240307", (false, 0, false)),
        ("claude-sonnet-4-20250514", (false, 0, false)),
        ("claude-opus-4-1", (false, 0, false)),
    ] {
        assert_eq!(strict(model), expected, "{model}");
    }
}

#[test]
fn what_anthropic_refuses_is_never_sent() {
    let dialect = dialect_of("anthropic", None);
    let foreign = "functions.find:0 …";
    let call = Ask { id: foreign.into(), tool: "find".into(), args: "[1]".into() };
    let result = ToolResult { id: foreign.into(), text: " ".into(), is_error: true };
    let written = [
        dialect.first(&Message::User(" \n")),
        dialect.message(&Message::Assistant { text: "", calls: &[], verbatim: None }),
        dialect.message(&Message::Assistant { text: " ", calls: &[call], verbatim: Some("no JSON") }),
        dialect.message(&Message::Results(&[result])),
    ];
    insta::assert_snapshot!(written.join("\n"), @r#"
    {"role":"user","content":[{"type":"text","text":"(nothing)"}]}
    ,{"role":"assistant","content":[{"type":"text","text":"(nothing)"}]}
    ,{"role":"assistant","content":[{"type":"tool_use","id":"call_fc35c0962d9de161d90b716a2fe96be0","name":"find","input":{"not_an_object":"[1]"}}]}
    ,{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_fc35c0962d9de161d90b716a2fe96be0","content":"(nothing)","is_error":true}]}
    "#);
}

#[test]
fn without_tools_a_local_server_gets_the_schema_of_the_answer() {
    let output = json!({"type": "object"});
    let opening = Opening { model: "m", system: "s", tools: &[], output: Some(&output) };
    insta::assert_snapshot!(
        dialect_of("llamacpp", None).open(&opening),
        @r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}},"messages":[{"role":"system","content":"s"}"#
    );
}

/// All that differs in how a request is written.
const WIRES: [(&str, Option<Speaks>, &str); 7] = [
    ("openai", None, "messages"),
    ("deepseek", None, "messages"),
    ("openrouter", None, "messages"),
    ("anthropic", None, "messages"),
    ("ollama", Some(Speaks::Messages), "messages"),
    ("openai", Some(Speaks::Responses), "input"),
    ("vllm", Some(Speaks::Responses), "input"),
];

#[derive(Clone, Debug)]
enum Said {
    User(String),
    Assistant(String, Vec<Ask>, Option<&'static str>),
    Results(Vec<ToolResult>),
}

impl Said {
    fn message(&self) -> Message<'_> {
        match self {
            Self::User(text) => Message::User(text),
            Self::Assistant(text, calls, verbatim) => Message::Assistant { text, calls, verbatim: *verbatim },
            Self::Results(results) => Message::Results(results),
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let ask =
        (any::<String>(), "[a-z_]{1,8}", any::<String>()).prop_map(|(id, tool, args)| Ask { id, tool, args });
    let verbatim = prop_oneof![
        Just(None),
        Just(Some("[]")),
        Just(Some("{}")),
        Just(Some("[{\"type\":\"reasoning\"}]")),
        Just(Some("{\"reasoning_content\":\"x\"}")),
        Just(Some("[torn")),
    ];
    prop_oneof![
        any::<String>().prop_map(Said::User),
        (any::<String>(), proptest::collection::vec(ask, 0..3), verbatim)
            .prop_map(|(text, calls, verbatim)| Said::Assistant(text, calls, verbatim)),
        proptest::collection::vec(
            (any::<String>(), any::<String>(), any::<bool>())
                .prop_map(|(id, text, is_error)| { ToolResult { id, text, is_error } }),
            1..3
        )
        .prop_map(Said::Results),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn each_request_begins_with_the_one_before_but_for_its_close(
        system in any::<String>(), said in proptest::collection::vec(said(), 1..8), caps in any::<[u32; 8]>(),
    ) {
        for (provider, speaks, list) in WIRES {
            let dialect = dialect_of(provider, speaks);
            let tools = tools();
            let opening = Opening { model: "m", system: &system, tools: &tools, output: None };
            let mut head = dialect.open(&opening);
            prop_assert_eq!(&head, &dialect.open(&opening));
            let mut before = (String::new(), 0);
            for (count, (said, cap)) in said.iter().zip(caps).enumerate() {
                let message = said.message();
                head.push_str(&if count == 0 { dialect.first(&message) } else { dialect.message(&message) });
                let close = dialect.close(u64::from(cap));
                let request = format!("{head}{close}");
                prop_assert!(request.starts_with(&before.0));
                let value: Value = serde_json::from_str(&request).unwrap();
                let messages = value[list].as_array().unwrap();
                prop_assert!(messages.len() > before.1, "{} {}", provider, request);
                if let Said::User(text) = said {
                    let last = messages.last().unwrap().to_string();
                    let told = Value::from(text.as_str()).to_string();
                    prop_assert!(last.contains(&told) || text.trim().is_empty(), "{} {}", provider, last);
                }
                before = (head.clone(), messages.len());
            }
        }
    }
}
