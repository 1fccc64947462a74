//! The example loads clean, and every part of it arrives where the engine looks.

use std::time::Duration;

use handfast_contract::{EnvValue, IdempotencyRule, KeyPlace, Price, Then, Transport, Unsure, load_again};
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
