//! Requests to the letter, and the law that a conversation's prefix never changes.

use handfast_contract::ShownTool;
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

/// The dialect that a contract gets for `use: PROVIDER/MODEL`.
fn dialect_of(provider: &str) -> std::sync::Arc<dyn Dialect> {
    let used = handfast_contract::ModelUse { provider: provider.into(), ..scripted("m") };
    let models: Models = open(&used, Source::Contract).unwrap();
    models.sheets().get("main").unwrap().dialect.clone()
}

fn conversation(dialect: &dyn Dialect) -> String {
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
        Message::User("Where is order 1042?"),
        Message::Assistant { text: "", calls: &[call, torn], verbatim: None },
        Message::Results(&results),
        Message::Assistant { text: "On its way.", calls: &[], verbatim: None },
    ];
    let mut request = dialect.open(&opening);
    for message in &messages {
        request.push_str(&dialect.message(message));
    }
    request + &dialect.close(512)
}

#[test]
fn requests_are_written_to_the_letter() {
    let mut golden = String::new();
    for provider in ["openai", "anthropic", "mistral", "groq", "openrouter", "llamacpp"] {
        let request = conversation(&*dialect_of(provider));
        serde_json::from_str::<Value>(&request).unwrap();
        golden.push_str(&format!("{provider}\n{request}\n\n"));
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn without_tools_a_local_server_gets_the_schema_of_the_answer() {
    let output = json!({"type": "object"});
    let opening = Opening { model: "m", system: "s", tools: &[], output: Some(&output) };
    insta::assert_snapshot!(
        dialect_of("llamacpp").open(&opening),
        @r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}},"messages":[{"role":"system","content":"s"}"#
    );
}

#[derive(Clone, Debug)]
enum Said {
    User(String),
    Assistant(String, Vec<Ask>),
    Results(Vec<ToolResult>),
}

impl Said {
    fn message(&self) -> Message<'_> {
        match self {
            Self::User(text) => Message::User(text),
            Self::Assistant(text, calls) => Message::Assistant { text, calls, verbatim: None },
            Self::Results(results) => Message::Results(results),
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let ask =
        (any::<String>(), "[a-z_]{1,8}", any::<String>()).prop_map(|(id, tool, args)| Ask { id, tool, args });
    prop_oneof![
        any::<String>().prop_map(Said::User),
        (any::<String>(), proptest::collection::vec(ask, 0..3))
            .prop_map(|(text, calls)| Said::Assistant(text, calls)),
        proptest::collection::vec(
            (any::<String>(), any::<String>(), any::<bool>())
                .prop_map(|(id, text, is_error)| { ToolResult { id, text, is_error } }),
            1..3
        )
        .prop_map(Said::Results),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_request_begins_with_the_one_before_but_for_its_close(
        system in any::<String>(), said in proptest::collection::vec(said(), 1..8), caps in any::<[u32; 8]>(),
    ) {
        let dialect = dialect_of("openai");
        let tools = tools();
        let opening = Opening { model: "m", system: &system, tools: &tools, output: None };
        let mut head = dialect.open(&opening);
        prop_assert_eq!(&head, &dialect.open(&opening));
        let mut before = String::new();
        for (count, (said, cap)) in said.iter().zip(caps).enumerate() {
            head.push_str(&dialect.message(&said.message()));
            let close = dialect.close(u64::from(cap));
            let request = format!("{head}{close}");
            prop_assert!(request.starts_with(&before));
            let value: Value = serde_json::from_str(&request).unwrap();
            let messages = value["messages"].as_array().unwrap();
            prop_assert_eq!(messages.len(), count + 2);
            prop_assert_eq!(&messages[0]["content"], &Value::from(system.as_str()));
            if let Said::User(text) = said {
                prop_assert_eq!(&messages[count + 1]["content"], &Value::from(text.as_str()));
            }
            before = head.clone();
        }
    }
}
