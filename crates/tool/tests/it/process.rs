//! Tools that are programs.

use std::time::Duration;

use handfast_events::FailureClass;
use serde_json::json;

use crate::kit::{Kit, MODEL_KEY, failed, gone, lost, not_sent, pids, returned};

const SCRIPTS: &str = r#"
servers:
  desk: { process: { command: [./tool.sh], env: { TOKEN: { secret: SHOP_SECRET } } } }
tools:
  work: { via: desk.work, description: Works., input: { schema: { type: object } }, effects: [ { writes: "desk" } ], idempotency: { key: { env: SHOP_KEY } } }
  text: { via: desk.text, description: Speaks., input: { schema: { type: object } }, output: string, effects: [ { reads: "desk" } ] }
"#;

fn kit(script: &str) -> Kit {
    let kit = Kit::new(SCRIPTS);
    kit.script("tool.sh", script);
    kit
}

#[tokio::test]
async fn json_goes_in_and_comes_out_with_the_key_in_its_variable() {
    let kit = kit(
        "#!/bin/sh\nprintf '{\"in\": %s, \"key\": \"%s\", \"tool\": \"%s\", \"call\": \"%s\"}' \"$(cat)\" \"$SHOP_KEY\" \"$HANDFAST_TOOL\" \"$HANDFAST_CALL\"\n",
    );
    let key = kit.attempt("work", json!({})).key;
    let result = returned(kit.call("work", json!({ "a": 1 })).await);
    assert_eq!(result, json!({ "in": { "a": 1 }, "key": key, "tool": "work", "call": "step@1.0" }));
    assert_eq!(kit.tools.list("desk").await.unwrap(), None);
}

#[tokio::test]
async fn output_that_is_no_json_stays_a_text() {
    let kit = kit("#!/bin/sh\necho 42\n");
    assert_eq!(returned(kit.call("work", json!({})).await), json!(42));
    assert_eq!(returned(kit.call("text", json!({})).await), json!("42"));
}

#[tokio::test]
async fn an_exit_code_is_a_failure_in_the_tools_own_words_without_secrets() {
    let kit = kit("#!/bin/sh\necho \"no more $TOKEN\" >&2\nexit 7\n");
    let error = failed(kit.call("work", json!({})).await);
    assert_eq!((error.text.as_str(), error.code.as_deref()), ("no more [secret SHOP_SECRET]", Some("7")));
}

#[tokio::test]
async fn a_models_key_that_a_tool_finds_is_masked_in_results_and_failures() {
    let contract = format!(
        "models:\n  main: {{ use: openai/gpt-5-mini, api_key: {{ secret: MODEL_KEY }} }}\n{}",
        SCRIPTS.trim_start()
    );
    let kit = Kit::new(&contract);
    kit.script("tool.sh", &format!("#!/bin/sh\necho 'OPENAI={MODEL_KEY}'\n"));
    assert_eq!(returned(kit.call("text", json!({})).await), json!("OPENAI=[secret MODEL_KEY]"));
    kit.script("tool.sh", &format!("#!/bin/sh\necho 'no {MODEL_KEY}' >&2\nexit 1\n"));
    assert_eq!(failed(kit.call("text", json!({})).await).text, "no [secret MODEL_KEY]");
}

#[tokio::test]
async fn a_secret_where_a_text_is_cut_is_masked_first() {
    let kit = kit("#!/bin/sh\nprintf '%3990s%s and more than fits' '' \"$TOKEN\" | tr ' ' x\nexit 7\n");
    let error = failed(kit.call("work", json!({})).await);
    assert!(error.text.starts_with("xxx") && error.text.contains("x[secret SH…"), "{}", error.text);
}

#[tokio::test]
async fn a_process_that_is_killed_or_says_too_much_is_lost() {
    let error = lost(kit("#!/bin/sh\nkill -9 $$\n").call("work", json!({})).await);
    assert_eq!(error.class, Some(FailureClass::ConnectionLost));
    let error = lost(kit("#!/bin/sh\nyes too much\n").call("work", json!({})).await);
    assert!(error.text.contains("wrote more than"), "{}", error.text);
}

#[tokio::test]
async fn a_timeout_ends_the_process_with_all_that_it_started() {
    let kit = kit("#!/bin/sh\nsleep 600 &\necho \"$$ $!\" > pids\nwait\n");
    let mut call = kit.attempt("work", json!({}));
    call.timeout = Duration::from_millis(500);
    let error = lost(kit.tools.call(&call).await.outcome);
    assert_eq!(error.class, Some(FailureClass::Timeout));
    gone(&pids(&kit.path("pids")).await).await;
}

#[tokio::test]
async fn what_a_process_leaves_behind_goes_with_it() {
    let kit = kit("#!/bin/sh\nsleep 600 &\necho \"$$ $!\" > pids\necho '{}'\n");
    assert_eq!(returned(kit.call("work", json!({})).await), json!({}));
    gone(&pids(&kit.path("pids")).await).await;
}

#[tokio::test]
async fn a_program_that_is_not_there_sends_nothing() {
    let kit = Kit::new(SCRIPTS);
    let error = not_sent(kit.call("work", json!({})).await);
    assert!(error.text.contains("`./tool.sh` of `servers.desk` can't be started"), "{}", error.text);
}
