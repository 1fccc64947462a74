//! Tests beside a contract: what they become, and what is said of those that are wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use handfast_contract::{
    Action, Code, Contract, Expectation, Given, LoadedCases, Paint, STAGED, load, load_cases,
};
use serde_json::json;

use crate::{EXAMPLE, loaded};

const SCRIPT: &str = r#"{ "handfast_script": 1, "otherwise": { "text": "Hello." } }"#;

fn contract() -> Contract {
    loaded(EXAMPLE).contract.unwrap()
}

fn cases(text: &str) -> LoadedCases {
    load_cases("support.test.yaml", text, &contract(), &mut |path| match path {
        "scripts/hello.json" => Ok(SCRIPT.to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

/// What is said of one test, whose keys these are.
fn told(keys: &str) -> String {
    cases(&format!("handfast_test: 1\ntests:\n  it is so:\n{keys}")).found.report(Paint::Plain)
}

#[test]
fn a_file_of_tests_becomes_what_it_says() {
    let loaded = cases(
        "
handfast_test: 1
given:
  tools: { find_customer: { returns: { id: c-1, name: Ada } } }
  settings: { db: tests.db }
tests:
  a refund of nothing is refused:
    call: { tool: refund, as: clerk, with: { order_id: o-1, amount: 0 }, input: { text: hello } }
    expect: { refused: tools.refund.requires.it-is-more-than-nothing, calls: { refund: 0 } }
  a ticket is answered:
    given:
      settings: { shop: other }
      tools: { find_order: [ { fails: { code: overloaded } }, { when: args.order_id == 'o-1', times: any, gives: \"{'id': args.order_id}\" } ] }
      model: { resolve: [ { calls: [ { tool: find_order, with: { order_id: o-1 } } ] }, { json: { text: done } } ] }
    run: { input: { text: hello, from: ada@example.com } }
    expect: { done: true, output: { text: done }, held: [ tools.find_order.output ] }
",
    );
    assert_eq!(loaded.found.report(Paint::Plain), "");
    let [refused, answered] = loaded.cases.unwrap().try_into().unwrap();
    assert_eq!((refused.name.as_str(), refused.line), ("a refund of nothing is refused", 7));
    assert_eq!(refused.settings["db"], "tests.db");
    assert_eq!(
        refused.expect,
        [
            Expectation::Refused("tools.refund.requires.it-is-more-than-nothing".into()),
            Expectation::Calls("refund".into(), 0)
        ]
    );
    let Action::Call { tool, agent, with, input } = &refused.action else { panic!("it is a call") };
    assert_eq!((&**tool, agent.as_deref()), ("refund", Some("clerk")));
    assert_eq!((with, input), (&json!({ "order_id": "o-1", "amount": 0 }), &json!({ "text": "hello" })));

    assert_eq!(answered.settings.keys().collect::<Vec<_>>(), ["db", "shop"], "its own beside the shared");
    assert_eq!(
        answered.tools.keys().map(|name| &**name).collect::<Vec<_>>(),
        ["find_customer", "find_order"]
    );
    let times: Vec<Option<u64>> = answered.tools["find_order"].iter().map(|answer| answer.times).collect();
    assert_eq!(times, [Some(1), None]);
    assert_eq!(answered.tools["find_customer"][0].times, None, "an answer that stands alone is always given");
    let script: serde_json::Value = serde_json::from_str(&answered.model.unwrap().script).unwrap();
    assert_eq!(
        script["decisions"],
        json!([
            { "step": "resolve", "turn": 1, "calls": [{ "tool": "find_order", "args": { "order_id": "o-1" } }] },
            { "step": "resolve", "turn": 2, "json": { "text": "done" } },
        ])
    );
}

#[test]
fn a_script_beside_the_tests_is_read() {
    let text = |file: &str| {
        format!(
            "handfast_test: 1\ntests:\n  t:\n    given: {{ model: \"script:{file}\" }}\n    run: {{ input: {{ text: a, from: a@b.cd }} }}\n    \
             expect: {{ done: true }}\n"
        )
    };
    assert_eq!(cases(&text("scripts/hello.json")).cases.unwrap()[0].model.as_ref().unwrap().script, SCRIPT);
    for away in ["scripts/bye.json", "../hello.json", "/etc/passwd"] {
        let loaded = cases(&text(away));
        assert!(loaded.cases.is_none());
        assert_eq!(loaded.found.diagnostics[0].code, Code::find("HF0018").unwrap(), "{away}");
    }
}

#[test]
fn every_clause_of_the_example_has_one_address() {
    let clauses: Vec<String> = contract().clauses().into_iter().map(|clause| clause.address).collect();
    let mut unique = clauses.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), clauses.len());
    insta::assert_snapshot!(clauses.join("\n"));
}

#[test]
fn a_failure_is_addressed_where_it_is_written() {
    let contract = contract();
    let refund = &contract.tools["refund"];
    let address = |failure| contract.failure_address(refund, failure);
    assert_eq!(address("card_expired").as_deref(), Some("tools.refund.failures.card_expired"));
    assert_eq!(address("overloaded").as_deref(), Some("servers.shop.failures.overloaded"));
    assert_eq!(address("unnamed"), None);
}

#[test]
fn a_proposed_call_is_staged_with_the_grants_of_its_agent_and_nothing_that_bounds_it_otherwise() {
    let contract = contract();
    let staged = contract.staged_call(Some("clerk"), &json!({ "text": "hello" }));
    let clerk = &staged.agents["clerk"];
    assert!(clerk.grant("refund").unwrap().condition.is_some());
    assert!(clerk.grant("send_mail").is_none());
    assert_eq!((clerk.limits.turns, clerk.output.is_none()), (None, true));
    let step = &staged.workflows[STAGED].steps[0];
    let Given::Fields(with) = &step.with else { panic!("its fields are given one by one") };
    assert_eq!(with.keys().collect::<Vec<_>>(), ["text"]);
    let anybody = contract.staged_call(None, &json!({}));
    let agent = anybody.agents.values().next().unwrap();
    assert!(agent.grant("send_mail").is_some_and(|grant| grant.condition.is_none()));
}

const CALL: &str = "    call: { tool: refund, with: { order_id: o-1, amount: 1 } }\n";
const DONE: &str = "    expect: { done: true }\n";

#[test]
fn what_is_said_of_wrong_tests() {
    let given = |given: &str| format!("    given: {given}\n{CALL}{DONE}");
    let expect = |expect: &str| format!("{CALL}    expect: {expect}\n");
    let run = |run: &str| format!("    run: {run}\n{DONE}");
    let mistakes = [
        ("a key that no test has", format!("    expects: {{}}\n{CALL}{DONE}")),
        ("nothing is tried", DONE.to_owned()),
        ("two things are tried", format!("{CALL}    run: {{ workflow: ticket }}\n{DONE}")),
        ("nothing is expected", expect("{}")),
        ("no expectation at all", CALL.to_owned()),
        ("facts", given("{ facts: { customer: c-1 } }")),
        ("an unknown setting", given("{ settings: { shopp: x } }")),
        ("an unknown fake tool", given("{ tools: { find_orders: { returns: 1 } } }")),
        ("an answer that says nothing", given("{ tools: { refund: { times: 2 } } }")),
        ("an answer that does two things", given("{ tools: { refund: { returns: 1, fails: gone } } }")),
        ("a failure that says nothing", given("{ tools: { refund: { fails: {} } } }")),
        ("a status that is none", given("{ tools: { refund: { fails: { status: 7 } } } }")),
        ("a way to time out that isn't there", given("{ tools: { refund: { times_out: after } } }")),
        (
            "a condition that reads what isn't there",
            given("{ tools: { refund: { when: args.sum > 1.0, returns: 1 } } }"),
        ),
        ("a value that reads the result", given("{ tools: { refund: { gives: result.amount } } }")),
        ("an answer that does not fit", given("{ tools: { refund: { returns: { amount: much } } } }")),
        ("a model that is no script", given("{ model: gpt }")),
        ("a model of a step that isn't there", given("{ model: { resolv: [ { text: hi } ] } }")),
        ("a model of a step without one", given("{ model: { who: [ { text: hi } ] } }")),
        ("a model that says nothing", given("{ model: { resolve: [ {} ] } }")),
        ("an unknown tool", format!("    call: {{ tool: refnd }}\n{DONE}")),
        ("an unknown agent", format!("    call: {{ tool: refund, as: clark }}\n{DONE}")),
        ("arguments that are a list", format!("    call: {{ tool: refund, with: [ 1 ] }}\n{DONE}")),
        ("an unknown workflow", run("{ workflow: tickets }")),
        ("an input that does not fit", run("{ input: { text: hello } }")),
        ("an address with a slip", expect("{ refused: tools.refund.requires.it-is-more-then-nothing }")),
        (
            "an address in another section",
            expect("{ refused: tools.refund.require.it-is-more-than-nothing }"),
        ),
        ("an address of nothing", expect("{ refused: tools.refund.requires.whatever-comes }")),
        ("an address of no section", expect("{ refused: clerks }")),
        ("a clause that judges what came back", expect("{ refused: tools.refund.output }")),
        ("a clause that refuses", expect("{ violated: tools.refund.requires.it-is-more-than-nothing }")),
        ("a failure that is held", expect("{ held: tools.refund.failures.card_expired }")),
        ("done, or not", expect("{ done: false }")),
        ("two ways to end", expect("{ done: true, in_doubt: refund }")),
        ("a count that is none", expect("{ calls: { refund: once } }")),
        ("a count of an unknown tool", expect("{ effects: { refunds: 1 } }")),
    ];
    let mut all = String::new();
    for (name, keys) in &mistakes {
        let told = told(keys);
        assert!(told.contains("HF"), "{name}: nothing is said of it");
        writeln!(all, "## {name}\n\n{told}").unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_said_of_a_wrong_file_of_tests() {
    let files = [
        ("empty", ""),
        ("of another version", "handfast_test: 2\ntests: {}\n"),
        ("without tests", "handfast_test: 1\n"),
        ("a contract", "handfast: 1\nname: c\n"),
        ("cut", "handfast_test: 1\ntests: { a: { call: { tool: refund"),
    ];
    let told = files.map(|(name, text)| format!("## {name}\n\n{}", cases(text).found.report(Paint::Plain)));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_answer_that_breaks_its_promise_is_no_slip_where_that_is_expected() {
    let broken = "    given: { tools: { refund: { returns: { amount: much } } } }\n";
    let text = format!("{broken}{CALL}    expect: {{ violated: tools.refund.output }}\n");
    assert_eq!(told(&text), "");
}

#[test]
fn a_contract_names_the_parts_that_this_release_does_not_run() {
    assert_eq!(contract().unrun, Vec::<String>::new());
    let text = EXAMPLE
        .replace(
            "    limits: { timeout: 10s, attempts: 3 }\n",
            "    limits: { timeout: 10s, attempts: 3 }\n    fallback: { via: spare.other }\n",
        )
        .replace("servers:\n", "servers:\n  spare: { process: { command: [spare] } }\n")
        .replace("settings:\n", "include: { cms: ./cms.yaml }\n\nsettings:\n");
    let cms = "handfast: 1\nname: cms\nversion: \"1\"\nservers: { cms: { process: { command: [cms] } }, spare: { process: { command: [spare] } } }\ntools:\n  publish:\n    \
               via: cms.publish\n    description: Publishes one page.\n    input: { page: string }\n    effects: [ writes: page/* ]\n    \
               idempotency: natural\n    fallback: { via: spare.other }\n";
    let loaded = load("support.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "support.yaml" => Ok(text.clone()),
        "cms.yaml" => Ok(cms.to_owned()),
        "policy.md" => Ok("Be kind.".to_owned()),
        _ => Err("no such file".to_owned()),
    });
    let told = loaded.report(Paint::Plain);
    let unrun = loaded.unrun.expect(&told).unrun;
    assert_eq!(unrun, ["tools.cms.publish.fallback", "tools.refund.fallback"], "{told}");
}
