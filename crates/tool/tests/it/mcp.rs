//! Servers over standard input and output.

use std::time::Duration;

use handfast_contract::KeyPlace;
use handfast_events::FailureClass;
use serde_json::json;

use crate::kit::{Kit, failed, gone, lost, not_sent, pids, returned, runs, turned_away};

const SHOP: &str = r#"
servers:
  shop: { mcp: { command: ["{double}", --starts, starts], env: { GREETING: hello, TOKEN: { secret: SHOP_SECRET } } } }
tools:
  echo: { via: shop.echo, description: Says it back., input: { schema: { type: object } }, effects: [ { reads: "echo" } ] }
  keyed: { via: shop.echo, description: Says it back., input: { schema: { type: object } }, effects: [ { writes: "echo" } ], idempotency: { key: { arg: idempotency_key } } }
  meta: { via: shop.echo, description: Says it back., input: { schema: { type: object } }, effects: [ { writes: "echo" } ], idempotency: { key: { meta: "shop/key" } } }
  text: { via: shop.text, description: Says a text., input: { text: string }, effects: [ { reads: "echo" } ] }
  plain: { via: shop.text, description: Says a text., input: { text: string }, output: string, effects: [ { reads: "echo" } ] }
  blocks: { via: shop.blocks, description: Says two texts., input: { schema: { type: object } }, effects: [ { reads: "echo" } ] }
  environment: { via: shop.environment, description: Says its environment., input: { schema: { type: object } }, effects: [ { reads: "echo" } ] }
  fail: { via: shop.fail, description: Fails., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  refuse: { via: shop.refuse, description: Refuses., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  ask_back: { via: shop.ask_back, description: Asks back., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  absent: { via: shop.absent, description: Is not there., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  die: { via: shop.die, description: Dies., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  hang: { via: shop.hang, description: Hangs., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
  large: { via: shop.large, description: Says much., input: { schema: { type: object } }, effects: [ { reads: "echo" } ] }
"#;

fn starts(kit: &Kit) -> usize {
    std::fs::read_to_string(kit.path("starts")).unwrap_or_default().lines().count()
}

#[tokio::test]
async fn a_result_is_structured_content_else_its_one_text_else_its_blocks() {
    let kit = Kit::new(SHOP);
    assert_eq!(
        returned(kit.call("echo", json!({ "a": [1] })).await),
        json!({ "args": { "a": [1] }, "meta": {} })
    );
    assert_eq!(returned(kit.call("text", json!({ "text": "{\"n\": 1}" })).await), json!({ "n": 1 }));
    assert_eq!(returned(kit.call("text", json!({ "text": "no json" })).await), json!("no json"));
    assert_eq!(returned(kit.call("plain", json!({ "text": "42" })).await), json!("42"));
    let blocks = json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }]);
    assert_eq!(returned(kit.call("blocks", json!({})).await), blocks);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn the_key_arrives_where_the_contract_says() {
    let kit = Kit::new(SHOP);
    let key = kit.attempt("keyed", json!({})).key.unwrap();
    let keyed = returned(kit.call("keyed", json!({ "a": 1 })).await);
    assert_eq!(keyed, json!({ "args": { "a": 1, "idempotency_key": key }, "meta": {} }));
    let meta = returned(kit.call("meta", json!({ "a": 1 })).await);
    assert_eq!(meta, json!({ "args": { "a": 1 }, "meta": { "shop/key": key } }));
    let keyless = handfast_tool::ToolCall { key: None, ..kit.attempt("keyed", json!({})) };
    let error = not_sent(kit.tools.call(&keyless).await.outcome);
    assert_eq!(error.class, Some(FailureClass::Author));
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_key_whose_place_is_not_there_sends_nothing() {
    for (place, words) in [
        (KeyPlace::Header("X-Key".to_owned()), "the header `X-Key`"),
        (KeyPlace::Env("KEY".to_owned()), "the variable `KEY`"),
    ] {
        let mut kit = Kit::new(SHOP);
        kit.put_key("echo", place);
        let error = not_sent(kit.call("echo", json!({})).await);
        assert_eq!(error.class, Some(FailureClass::Author));
        assert!(error.text.contains(words), "{}", error.text);
        assert_eq!(starts(&kit), 0);
    }
}

#[tokio::test]
async fn a_child_sees_a_small_base_and_its_contract_and_its_secret_comes_back_masked() {
    let kit = Kit::new(SHOP);
    let seen = returned(kit.call("environment", json!({})).await);
    let names: Vec<&str> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    for name in &names {
        assert!(["PATH", "HOME", "GREETING", "TOKEN"].contains(name), "{name} leaks");
    }
    assert_eq!(seen["GREETING"], "hello");
    assert_eq!(seen["TOKEN"], "[secret SHOP_SECRET]");
    let error = failed(kit.call("fail", json!({ "text": format!("bad {}", crate::kit::SECRET) })).await);
    assert_eq!(error.text, "bad [secret SHOP_SECRET]");
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn each_kind_of_no_says_whether_the_tool_saw_the_call() {
    let kit = Kit::new(SHOP);
    let error = failed(kit.call("fail", json!({ "text": "sold out", "code": "sold_out" })).await);
    assert_eq!((error.text.as_str(), error.code.as_deref()), ("sold out", Some("sold_out")));
    let error = failed(kit.call("refuse", json!({ "code": -32602, "text": "bad arguments" })).await);
    assert_eq!((error.text.as_str(), error.code.as_deref()), ("bad arguments", Some("-32602")));
    assert_eq!(error.class, Some(FailureClass::BadRequest));
    let error = turned_away(kit.call("refuse", json!({ "code": -32601, "text": "no such method" })).await);
    assert_eq!((error.text.as_str(), error.code.as_deref()), ("no such method", Some("-32601")));
    let error = failed(kit.call("absent", json!({})).await);
    assert_eq!(error.text, "no tool absent");
    let error = failed(kit.call("refuse", json!({ "code": -32603, "text": "half done" })).await);
    assert_eq!((error.text.as_str(), error.code.as_deref()), ("half done", Some("-32603")));
    let error = failed(kit.call("ask_back", json!({})).await);
    assert_eq!(error.code.as_deref(), Some("input_required"));
    assert_eq!(starts(&kit), 1, "a failure is no reason to start a server again");
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn calls_side_by_side_share_one_server() {
    let kit = Kit::new(SHOP);
    let calls = (0..20).map(|n| kit.call("echo", json!({ "n": n })));
    let results = futures_util::future::join_all(calls).await;
    for (n, outcome) in results.into_iter().enumerate() {
        assert_eq!(returned(outcome)["args"]["n"], n);
    }
    assert_eq!(starts(&kit), 1);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_loses_it_and_is_started_again_by_the_next() {
    let kit = Kit::new(SHOP);
    let error = lost(kit.call("die", json!({ "on": crate::kit::SECRET })).await);
    assert_eq!(error.class, Some(FailureClass::ConnectionLost));
    assert_eq!(
        error.text,
        "`servers.shop` ended with exit code 3 while the call was under way; it said: the roof came down on [secret \
         SHOP_SECRET]"
    );
    assert_eq!(returned(kit.call("text", json!({ "text": "\"again\"" })).await), json!("again"));
    assert_eq!(starts(&kit), 2);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_server_killed_from_outside_loses_the_calls_under_way() {
    let kit = Kit::new(SHOP);
    let file = kit.path("pids");
    let hanging = kit.call("hang", json!({ "file": file }));
    let killing = async {
        let pids = pids(&file).await;
        assert!(pids.iter().all(|pid| runs(*pid)));
        std::process::Command::new("kill").args(["-9", &pids[0].to_string()]).status().unwrap();
        pids
    };
    let (outcome, pids) = tokio::join!(hanging, killing);
    assert_eq!(lost(outcome).class, Some(FailureClass::ConnectionLost));
    gone(&pids).await;
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_timeout_ends_the_server_with_all_that_it_started() {
    let kit = Kit::new(SHOP);
    let file = kit.path("pids");
    // The server is up before the clock of the call runs.
    returned(kit.call("echo", json!({})).await);
    let mut call = kit.attempt("hang", json!({ "file": file }));
    call.timeout = Duration::from_millis(500);
    let error = lost(kit.tools.call(&call).await.outcome);
    assert_eq!(error.class, Some(FailureClass::Timeout));
    gone(&pids(&file).await).await;
    returned(kit.call("echo", json!({})).await);
    assert_eq!(starts(&kit), 2);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_message_beyond_all_bounds_ends_the_server_and_the_call_is_lost() {
    let kit = Kit::new(SHOP);
    let text = returned(kit.call("large", json!({ "bytes": 1_000_000 })).await);
    assert_eq!(text.as_str().unwrap().len(), 1_000_000);
    let error = lost(kit.call("large", json!({ "bytes": 20_000_000 })).await);
    assert_eq!(error.class, Some(FailureClass::ConnectionLost));
    returned(kit.call("echo", json!({})).await);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_listing_is_read_to_its_last_page() {
    let kit = Kit::new(SHOP);
    let listed = kit.tools.list("shop").await.unwrap().unwrap().tools;
    let names: Vec<&str> = listed.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["echo", "text", "hang"]);
    assert_eq!(listed[0].input_schema, json!({ "type": "object" }));
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn an_old_server_that_leaves_at_a_new_word_is_asked_in_its_own() {
    let kit = Kit::new(&SHOP.replace("--starts", "--strict, --starts"));
    returned(kit.call("echo", json!({})).await);
    assert_eq!(starts(&kit), 2);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_server_that_cannot_start_is_named_with_its_words_and_the_remedy() {
    let kit = Kit::new(&SHOP.replace("--starts", "--broken, --starts"));
    let error = not_sent(kit.call("echo", json!({})).await);
    assert_eq!(error.class, Some(FailureClass::Unavailable));
    assert!(error.text.contains("`servers.shop`"), "{}", error.text);
    assert!(error.text.contains("ended with exit code 4; it said: the shelves are empty"), "{}", error.text);

    let kit = Kit::new(&SHOP.replace("\"{double}\"", "no-such-program"));
    let error = not_sent(kit.call("echo", json!({})).await);
    assert!(
        error.text.starts_with("the program `no-such-program` of `servers.shop` can't be started:")
            && error.text.ends_with("install it, or give its path in `servers.shop`"),
        "{}",
        error.text
    );
}

#[tokio::test]
async fn a_secret_that_is_missing_or_too_short_sends_nothing_and_is_named() {
    let kit = Kit::new(&SHOP.replace("SHOP_SECRET", "NO_SECRET"));
    let error = not_sent(kit.call("echo", json!({})).await);
    assert_eq!(error.class, Some(FailureClass::Authentication));
    assert!(error.text.contains("set NO_SECRET"), "{}", error.text);
    let kit = Kit::new(&SHOP.replace("SHOP_SECRET", "SHORT_SECRET"));
    let error = not_sent(kit.call("echo", json!({})).await);
    assert!(error.text.contains("`SHORT_SECRET` has fewer than 4 bytes"), "{}", error.text);
    assert_eq!(starts(&kit), 0);
}
