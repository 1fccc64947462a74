//! The example loads clean, and every part of it arrives where the engine looks.

use std::collections::BTreeMap;
use std::time::Duration;

use handfast_contract::{
    EnvValue, IdempotencyRule, KeyPlace, Paint, Price, Scope, Then, Transport, Unsure, load, load_again,
};
use serde_json::json;

use crate::{EXAMPLE, loaded, report};

#[test]
fn the_example_loads_clean() {
    assert_eq!(report(EXAMPLE), "");
    let loaded = loaded(EXAMPLE);
    let contract = loaded.contract.unwrap();
    assert_eq!((contract.name.as_str(), contract.version.as_str()), ("support", "2026-11-21"));
    assert_eq!(contract.digest, loaded.sources.digest());
    assert_eq!(loaded.sources.files.keys().collect::<Vec<_>>(), ["policy.md", "support.yaml"]);
    assert_eq!(contract.settings, json!({ "shop": "shop-server", "db": "shop.db" }));
    assert_eq!(contract.models["local"].price, Some(Price::Free));
    assert_eq!(contract.models["local"].timeout, Some(Duration::from_secs(120)));
    let Transport::McpCommand { command, env } = &contract.servers["shop"].transport else { panic!() };
    assert_eq!(command, &["shop-server", "--db", "shop.db"]);
    assert_eq!(env.get("none"), None::<&EnvValue>);
}

#[test]
fn a_tool_carries_its_own_failures_and_then_its_server_s() {
    let contract = loaded(EXAMPLE).contract.unwrap();
    let refund = &contract.tools["refund"];
    let names: Vec<(&str, Then)> = refund.failures.iter().map(|rule| (&*rule.name, rule.then)).collect();
    assert_eq!(
        names,
        [("card_expired", Then::Permanent), ("not_found", Then::Permanent), ("overloaded", Then::Transient)]
    );
    assert_eq!(refund.requires[0].address, "tools.refund.requires.it-is-more-than-nothing");
    let place = KeyPlace::Arg("idempotency_key".into());
    assert_eq!(refund.idempotency, IdempotencyRule::Key { place, valid: Some(Duration::from_secs(86_400)) });
    assert_eq!(contract.tools["find_order"].idempotency, IdempotencyRule::Natural);
}

#[test]
fn an_agent_is_granted_what_the_contract_says_and_up_to_where() {
    let contract = loaded(EXAMPLE).contract.unwrap();
    let clerk = &contract.agents["clerk"];
    let grants: Vec<(&str, Option<&str>)> = clerk
        .may
        .iter()
        .map(|grant| (&*grant.tool.name, grant.condition.as_ref().map(|clause| clause.condition.source())))
        .collect();
    assert_eq!(grants, [("find_order", None), ("refund", Some("args.amount <= 200.0")), ("open_case", None)]);
    assert_eq!(clerk.grant("refund").unwrap().address, "agents.clerk.may.refund");
    assert_eq!(clerk.instructions, "Be kind and brief.");
    assert_eq!(clerk.unsure, Some(Unsure::Escalate));
    assert_eq!(clerk.limits.tokens, Some(200_000));
}

#[test]
fn steps_come_after_what_they_read_and_need() {
    let text = EXAMPLE.replace("with: { text: input.text, customer: steps.who } }", "with: { text: input.text, customer: steps.who } }\n      late: { tool: open_case, with: { summary: input.text }, needs: [ who ] }");
    let contract = loaded(&text).contract.unwrap();
    let after: Vec<(&str, Vec<&str>)> = contract.workflows["ticket"]
        .steps
        .iter()
        .map(|step| (&*step.name, step.after.iter().map(|name| &**name).collect()))
        .collect();
    assert_eq!(
        after,
        [("who", vec![]), ("resolve", vec!["who"]), ("late", vec!["who"]), ("tell", vec!["resolve"])]
    );
}

#[test]
fn a_contract_loads_again_from_what_was_read() {
    let first = loaded(EXAMPLE);
    let again = load_again(&first.sources, &Default::default());
    assert_eq!(again.contract.unwrap().digest, first.contract.unwrap().digest);
}

/// The example with another server in place of its own.
fn with_server(server: &str) -> String {
    let mcp = "    mcp: { command: [\"{settings.shop}\", \"--db\", \"{settings.db}\"] }\n";
    assert!(EXAMPLE.contains(mcp));
    EXAMPLE.replace(mcp, server)
}

#[test]
fn servers_are_reached_by_address_by_process_and_in_rust() {
    let text = with_server(
        "    mcp: { url: \"http://127.0.0.1:7400/{settings.db}\", bearer: { secret: SHOP_TOKEN } }\n",
    );
    let contract = loaded(&text).contract.unwrap();
    let Transport::McpHttp { url, bearer } = &contract.servers["shop"].transport else { panic!() };
    assert_eq!(
        (url.as_str(), bearer.as_ref().unwrap().0.as_str()),
        ("http://127.0.0.1:7400/shop.db", "SHOP_TOKEN")
    );

    let text = with_server(
        "    process: { command: [shop], env: { DB: \"{settings.db}\", TOKEN: { secret: SHOP_TOKEN } } }\n    directory: tools\n",
    )
    .replace("key: { arg: message_id }", "key: { env: MESSAGE_ID }");
    let contract = loaded(&text).contract.unwrap();
    let Transport::Process { env, .. } = &contract.servers["shop"].transport else { panic!() };
    assert_eq!(env["DB"], EnvValue::Plain("shop.db".into()));
    assert!(matches!(&env["TOKEN"], EnvValue::Secret(secret) if secret.0 == "SHOP_TOKEN"));
    assert_eq!(contract.servers["shop"].directory.as_deref(), Some("tools"));
    let place = KeyPlace::Env("MESSAGE_ID".into());
    assert!(
        matches!(&contract.tools["send_mail"].idempotency, IdempotencyRule::Key { place: found, .. } if *found == place)
    );

    let contract = loaded(&with_server("    rust: {}\n")).contract.unwrap();
    assert!(matches!(contract.servers["shop"].transport, Transport::Rust));
}

#[test]
fn given_settings_count_over_defaults_and_must_fit() {
    let text = "handfast: 1\nname: x\nversion: \"1\"\nsettings: { port: { type: 1..65535 }, host: { type: string, default: localhost }, debug: { type: boolean, default: false } }\n";
    let with = |given: &[(&str, serde_json::Value)]| {
        let given: BTreeMap<String, serde_json::Value> =
            given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let loaded = load("x.yaml", ".", &given, &mut handfast_contract::alone("x.yaml", text));
        let messages =
            loaded.diagnostics.into_iter().map(|found| found.message).collect::<Vec<_>>().join("; ");
        loaded.contract.map(|contract| contract.settings).ok_or(messages)
    };
    assert_eq!(
        with(&[("port", json!("7400"))]),
        Ok(json!({ "port": 7400, "host": "localhost", "debug": false }))
    );
    assert_eq!(
        with(&[("port", json!(1)), ("host", json!(5)), ("debug", json!("true"))]),
        Ok(json!({ "port": 1, "host": "5", "debug": true }))
    );
    assert_eq!(with(&[]), Err("the setting `port` has no value here".to_owned()));
    for (given, part) in [
        ([("port", json!("many"))].as_slice(), "doesn't fit"),
        (&[("port", json!(0))], "doesn't fit"),
        (&[("port", json!(1)), ("hots", json!("x"))], "no such setting"),
    ] {
        let told = with(given).unwrap_err();
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn types_are_the_schemas_that_they_mean() {
    let text = json!({ "type": "string" });
    let list = |items: serde_json::Value| json!({ "type": "array", "items": items });
    for (written, schema) in [
        ("string", text.clone()),
        ("string?", json!({ "anyOf": [text, { "type": "null" }] })),
        ("json?", json!({})),
        ("email", json!({ "type": "string", "format": "email" })),
        ("\"string[]\"", list(text.clone())),
        ("\"string?[]\"", list(json!({ "anyOf": [text, { "type": "null" }] }))),
        (
            "\"integer[1..12]\"",
            json!({ "type": "array", "items": { "type": "integer" }, "minItems": 1, "maxItems": 12 }),
        ),
        ("\"integer[1..]\"", json!({ "type": "array", "items": { "type": "integer" }, "minItems": 1 })),
        ("\"string /^[a-z0-9-]{3,60}$/\"", json!({ "type": "string", "pattern": "^[a-z0-9-]{3,60}$" })),
        ("0.0..1.0", json!({ "type": "number", "minimum": 0.0, "maximum": 1.0 })),
        ("1..10", json!({ "type": "integer", "minimum": 1, "maximum": 10 })),
        ("-5..5", json!({ "type": "integer", "minimum": -5, "maximum": 5 })),
        ("[a, b]", json!({ "type": "string", "enum": ["a", "b"] })),
        ("[1, 2]", json!({ "enum": [1, 2] })),
        ("{ is: integer, default: 8 }", json!({ "type": "integer", "default": 8 })),
        ("{ schema: { type: string, minLength: 3 } }", json!({ "type": "string", "minLength": 3 })),
        (
            "{ fields: { a: Receipt, b?: { is: string, default: x } } }",
            json!({ "type": "object", "required": ["a"], "additionalProperties": false, "properties": {
                "a": { "type": "object", "required": ["refund_id", "amount"], "additionalProperties": false,
                    "properties": { "refund_id": text, "amount": { "type": "number" } } },
                "b": { "type": "string", "default": "x" } } }),
        ),
    ] {
        let loaded = loaded(&EXAMPLE.replacen(
            "input: { summary: string }",
            &format!("input: {{ summary: string }}\n    output: {written}"),
            1,
        ));
        assert_eq!(loaded.report(Paint::Plain), "", "{written}");
        assert_eq!(
            loaded.contract.unwrap().tools["open_case"].output.as_ref().unwrap().json(),
            &schema,
            "{written}"
        );
    }
    let money = EXAMPLE.replacen("input: { summary: string }", "input: { summary: money }", 1);
    let contract = loaded(&money).contract.unwrap();
    for (value, fits) in [("0.50 USD", true), ("12 EUR", true), ("12", false), ("USD 12", false)] {
        assert_eq!(
            contract.tools["open_case"].input.check(&json!({ "summary": value })).is_empty(),
            fits,
            "{value}"
        );
    }
}

#[test]
fn a_workflow_s_output_may_be_a_map_of_values() {
    let text = EXAMPLE.replace(
        "output: steps.resolve\n",
        "output: { said: steps.resolve.text, \"to whom\": steps.who.name }\n",
    );
    let contract = loaded(&text).contract.unwrap();
    let steps = json!({ "resolve": { "text": "done" }, "who": { "name": "Ada" } });
    let output = contract.workflows["ticket"].output.as_ref().unwrap();
    let value = output.eval(&Scope::default().with("steps", &steps)).unwrap();
    assert_eq!(value, Some(json!({ "said": "done", "to whom": "Ada" })));
}

#[test]
fn what_is_not_run_is_not_lost_behind_a_hundred_warnings() {
    let unlimited = |n: usize| format!("  a{n}: {{ purpose: Say yes., model: main }}\n");
    let agents: String = (0..150).map(unlimited).collect();
    let text = format!(
        "handfast: 1\nname: many\nversion: \"1\"\nmodels: {{ main: {{ use: openai/gpt-5-mini, price: free }} }}\nagents:\n{agents}  z: {{ purpose: Say no., model: main, never: {{ advice: {{ says: Give advice., judge: main }} }} }}\n"
    );
    let loaded = loaded(&text);
    assert!(loaded.contract.is_none(), "what nobody keeps would be run");
    assert!(loaded.unrun.is_some(), "{}", loaded.report(handfast_contract::Paint::Plain));
}
