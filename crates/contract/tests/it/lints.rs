//! Every lint fires where it should, is silent beside that, and is silenced by a reason.

use std::collections::{BTreeMap, BTreeSet};

use handfast_contract::{Code, Loaded, Paint, alone, check};

/// A contract that uses most of the language and that no lint finds anything in.
const WHOLE: &str = include_str!("whole.yaml");

fn loaded(text: &str) -> Loaded {
    check("whole.yaml", ".", &BTreeMap::new(), &mut alone("whole.yaml", text))
}

fn lints(text: &str) -> BTreeSet<&'static str> {
    let loaded = loaded(text);
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|found| !found.code.is_lint() && found.code.id() != "HF0050")
        .collect();
    assert!(errors.is_empty(), "{}", loaded.report(Paint::Plain));
    loaded.diagnostics.iter().map(|found| found.code.id()).filter(|id| id.starts_with("HF01")).collect()
}

fn with(change: &(&str, &str)) -> String {
    let (from, to) = change;
    assert!(WHOLE.contains(from), "the contract has no `{from}`");
    WHOLE.replacen(from, to, 1)
}

/// A lint, a change that makes it fire, and one near it that doesn't.
type Row = (&'static str, (&'static str, &'static str), (&'static str, &'static str));

const TABLE: &[Row] = &[
    (
        "HF0101",
        ("description: Reads one order by its id.", "description: Find the order."),
        ("description: Reads one order by its id.", "description: Finds the order with this id."),
    ),
    (
        "HF0102",
        ("description: Sends one plain-text email.", "description: Handles one plain-text email."),
        ("description: Sends one plain-text email.", "description: Sends an email to whoever handles it."),
    ),
    ("HF0103", ("    idempotency: natural\n", ""), ("    idempotency: natural\n", "    idempotency: none\n")),
    (
        "HF0104",
        ("    limits: { turns: 12, cost: 0.50 USD }\n", "    limits: { time: 5m }\n"),
        ("    limits: { turns: 12, cost: 0.50 USD }\n", "    limits: { turns: 12 }\n"),
    ),
    ("HF0105", ("Be kind and brief.", "Be kind #and brief."), ("Be kind and brief.", "Be kind # and brief.")),
    (
        "HF0106",
        ("    idempotency: natural\n", "    idempotency: none\n    limits: { attempts: 3 }\n"),
        ("    idempotency: natural\n", "    idempotency: natural\n    limits: { attempts: 3 }\n"),
    ),
    (
        "HF0107",
        (
            "never: { no_dates: { tool: refund, when: args.amount > 500.0 } }",
            "never: { no_dates: Promise a delivery date. }",
        ),
        (
            "never: { no_dates: { tool: refund, when: args.amount > 500.0 } }",
            "never: { no_dates: { says: Promise a delivery date., judge: small } }",
        ),
    ),
    (
        "HF0108",
        ("may: [ find_customer,", "may: [ send_mail, find_customer,"),
        ("may: [ find_customer,", "may: [ send_mail: args.to.endsWith('@shop.example'), find_customer,"),
    ),
    (
        "HF0109",
        (
            "    effects: [ reads: customer/* ]\n    establishes: { customer: result.id }\n",
            "    effects: [ reads: customer/* ]\n    establishes: { customer: result.id }\n    label: [ private, untrusted ]\n",
        ),
        (
            "    effects: [ reads: customer/* ]\n    establishes: { customer: result.id }\n",
            "    effects: [ reads: customer/* ]\n    establishes: { customer: result.id }\n    label: [ untrusted ]\n",
        ),
    ),
    (
        "HF0110",
        ("    compensate: { leaves: [ the email ] }\n  touch_order", "  touch_order"),
        (
            "    compensate: { leaves: [ the email ] }\n  touch_order",
            "    compensate: impossible\n  touch_order",
        ),
    ),
    (
        "HF0111",
        (", leaves: [ the email ] }\n    approval", " }\n    approval"),
        ("      - notifies: the customer, by email\n    idempotency", "    idempotency"),
    ),
    (
        "HF0112",
        ("    reconcile: { ask: lead }\n", ""),
        ("    idempotency: none\n    reconcile: { ask: lead }\n", "    idempotency: natural\n"),
    ),
    (
        "HF0113",
        ("may: [ find_customer, find_order,", "may: [ find_customer,"),
        (
            "never: tools.refund, before: tools.find_order, same: args.order_id",
            "at_most: 3, of: tools.refund",
        ),
    ),
    (
        "HF0114",
        ("may: [ find_customer,", "may: [ wipe: args.account == 'x', find_customer,"),
        (
            "may: [ find_customer,",
            "accepts: [ irreversible ]\n    may: [ wipe: args.account == 'x', find_customer,",
        ),
    ),
    (
        "HF0115",
        ("    establishes: { customer: result.id }\n", ""),
        (
            "shows: { the order is this customer's: result.customer == facts.customer }",
            "shows: { the order has an owner: result.customer != '' }",
        ),
    ),
    (
        "HF0116",
        ("queries: \"string[1..4]\"", "queries: \"string[]\""),
        ("queries: \"string[1..4]\"", "queries: \"string[..4]\""),
    ),
    (
        "HF0117",
        ("limits: { cost: 2.50 USD, deadline: 1d }", "limits: { cost: 2.49 USD, deadline: 1d }"),
        ("limits: { cost: 2.50 USD, deadline: 1d }", "limits: { cost: 2.51 USD, deadline: 1d }"),
    ),
    (
        "HF0117",
        (
            "    establishes: { customer: result.id }\n",
            "    establishes: { customer: result.id }\n    costs: 0.51 USD\n    limits: { attempts: 3 }\n",
        ),
        (
            "    establishes: { customer: result.id }\n",
            "    establishes: { customer: result.id }\n    costs: 0.50 USD\n    limits: { attempts: 3 }\n",
        ),
    ),
    (
        "HF0118",
        (
            "probes: { order: { tool: find_order, with: { order_id: args.order_id } } }",
            "probes: { order: { tool: touch_order, with: { order_id: args.order_id } } }",
        ),
        (
            "probes: { order: { tool: find_order, with: { order_id: args.order_id } } }",
            "probes: { order: { tool: find_order, with: { order_id: args.order_id, limit: 5 } } }",
        ),
    ),
    (
        "HF0119",
        (
            "effects: [ deletes: \"refund/{args.refund_id}\" ]\n    idempotency: natural\n",
            "effects: [ reads: \"refund/{args.refund_id}\" ]\n",
        ),
        (
            "effects: [ deletes: \"refund/{args.refund_id}\" ]",
            "effects: [ writes: \"refund/{args.refund_id}\" ]",
        ),
    ),
    (
        "HF0120",
        ("      mark: { tool: touch_order, with: { order_id: input.text } }\n", ""),
        ("description: Sends one plain-text email.", "description: Sends exactly one plain-text email."),
    ),
    (
        "HF0121",
        ("  small: { use", "  spare: { use: openai/gpt-5-nano, price: free }\n  small: { use"),
        ("  small: { use", "  small: { timeout: 10s, use"),
    ),
    (
        "HF0122",
        (
            "description: Finds the one customer with this email address.",
            "description: Reads one order by its id",
        ),
        (
            "description: Finds the one customer with this email address.",
            "description: Reads one order by its date.",
        ),
    ),
    ("HF0123", ("    unsure: refuse\n", ""), ("    unsure: refuse\n", "    unsure: escalate\n")),
    ("HF0124", ("owner: payments-team\n", ""), ("owner: payments-team\n", "owner: support\n")),
    (
        "HF0126",
        ("    failures: { overloaded: { when: error.code == 'overloaded', then: transient } }\n", ""),
        (
            "    failures: { overloaded: { when: error.code == 'overloaded', then: transient } }\n",
            "    failures: { any: { when: 'true' } }\n",
        ),
    ),
    (
        "HF0127",
        (
            "    mcp: { url: \"{settings.shop_url}\" }",
            "    mcp: { command: [ shop ], env: { TOKEN: sk-live-1234567890abcdef } }",
        ),
        (
            "    mcp: { url: \"{settings.shop_url}\" }",
            "    mcp: { command: [ shop ], env: { TOKEN: { secret: SHOP_TOKEN } } }",
        ),
    ),
    (
        "HF0128",
        (
            "    mcp: { url: \"{settings.shop_url}\" }",
            "    mcp: { url: \"http://shop.example/mcp\", bearer: { secret: SHOP } }",
        ),
        (
            "    mcp: { url: \"{settings.shop_url}\" }",
            "    mcp: { url: \"http://localhost:7400/mcp\", bearer: { secret: SHOP } }",
        ),
    ),
    (
        "HF0129",
        ("    not_for: [ exchanges ]\n", "    not_for: [ exchanges ]\n    at_least: observed\n"),
        ("    not_for: [ exchanges ]\n", "    not_for: [ exchanges ]\n    at_least: declared\n"),
    ),
    (
        "HF0130",
        ("    unsure: refuse\n", "    unsure: refuse\n    allow: { HF0104: it is watched }\n"),
        (
            "    limits: { turns: 12, cost: 0.50 USD }\n",
            "    limits: { time: 5m }\n    allow: { HF0104: it is watched }\n",
        ),
    ),
];

#[test]
fn the_whole_contract_is_clean() {
    assert_eq!(lints(WHOLE), BTreeSet::new(), "{}", loaded(WHOLE).report(Paint::Plain));
}

#[test]
fn every_lint_fires_where_it_should_and_nowhere_near() {
    for (code, fires, silent) in TABLE {
        let found = lints(&with(fires));
        assert!(found.contains(code), "{code} is silent on `{}`: {found:?}", fires.1);
        let text = with(silent);
        assert!(
            !lints(&text).contains(code),
            "{code} fires on `{}`:\n{}",
            silent.1,
            loaded(&text).report(Paint::Plain)
        );
    }
}

#[test]
fn every_lint_has_a_row() {
    let rows: BTreeSet<&str> = TABLE.iter().map(|(code, ..)| *code).collect();
    let missing: Vec<&str> = Code::all()
        .iter()
        .filter(|code| code.is_lint())
        .map(|code| code.id())
        .filter(|id| !rows.contains(id))
        .collect();
    // Thirty tools would make a table of their own; it stands in the test below.
    assert_eq!(missing, ["HF0125"]);
}

#[test]
fn many_tools_are_many_and_thirty_are_not() {
    let contract = |count: usize| {
        let tool = |index: usize| {
            format!(
                "  t{index}: {{ via: s.t{index}, description: Reads page number {index}., input: {{}}, effects: [ reads: page/{index} ] }}\n"
            )
        };
        let tools: String = (0..count).map(tool).collect();
        let may: Vec<String> = (0..count).map(|index| format!("t{index}")).collect();
        format!(
            "handfast: 1\nname: x\nversion: \"1\"\nowner: me\nmodels: {{ main: {{ use: openai/x, price: free }} }}\nservers: {{ s: {{ rust: {{}} }} }}\ntools:\n{tools}agents: {{ a: {{ purpose: Read., model: main, unsure: refuse, may: [ {} ], limits: {{ turns: 3 }} }} }}\n",
            may.join(", ")
        )
    };
    assert!(lints(&contract(31)).contains("HF0125"));
    assert_eq!(lints(&contract(30)), BTreeSet::new());
}

#[test]
fn a_reason_silences_a_lint_where_it_stands_and_is_told() {
    let fires =
        WHOLE.replacen("    limits: { turns: 12, cost: 0.50 USD }\n", "    limits: { time: 5m }\n", 1);
    assert!(lints(&fires).contains("HF0104"));
    for around in [
        fires.replacen("agents:\n  clerk:\n", "agents:\n  clerk:\n    allow: { HF0104: it is watched }\n", 1),
        fires.replacen(
            "owner: payments-team\n",
            "owner: payments-team\nallow: { HF0104: all are watched }\n",
            1,
        ),
    ] {
        let loaded = loaded(&around);
        assert!(!lints(&around).contains("HF0104"), "{}", loaded.report(Paint::Plain));
        let allowed = loaded.allowed.iter().find(|found| found.code.id() == "HF0104").unwrap();
        assert!(allowed.help[0].starts_with("allowed: "), "{allowed:?}");
    }
    let elsewhere = fires.replacen("  find_order:\n", "  find_order:\n    allow: { HF0104: not here }\n", 1);
    assert_eq!(lints(&elsewhere), BTreeSet::from(["HF0104", "HF0130"]));
}

#[test]
fn only_lints_can_be_allowed_and_only_with_a_reason() {
    for (allow, part) in [
        ("{ HF0008: I like it }", "`HF0008` is the code of no lint"),
        ("{ HF0204: I like it }", "`HF0204` is the code of no lint"),
        ("{ HF0104: }", "the reason must be a text"),
        ("[ HF0104 ]", "`allow` must be a map"),
    ] {
        let text =
            WHOLE.replacen("owner: payments-team\n", &format!("owner: payments-team\nallow: {allow}\n"), 1);
        let told = loaded(&text).report(Paint::Plain);
        assert!(told.contains(part), "{allow}:\n{told}");
    }
}

#[test]
fn what_people_read_of_each_lint() {
    let mut all = String::new();
    for (code, fires, _) in TABLE {
        let loaded = loaded(&with(fires));
        let own = loaded.diagnostics.iter().find(|found| found.code.id() == *code).unwrap();
        all.push_str(&own.render(&loaded.sources, Paint::Plain));
        all.push_str("\n\n");
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("lints", all) });
}

#[test]
fn no_finding_shows_a_secret_that_stands_in_its_line() {
    let secret = "sk-abcdefghijklmnop";
    // The misspelled key is an error, so that no lint is looked for; its line holds the secret.
    let text = format!(
        "handfast: 1\nname: x\nversion: \"1\"\nservers:\n  s: {{ mcp: {{ command: [s], env: {{ TOKEN: {secret} }}, enw: {secret} }} }}\nroles: {{ r: {{ reached: {secret} }} }}\n"
    );
    let loaded = crate::loaded(&text);
    assert!(loaded.diagnostics.len() >= 2, "{:?}", loaded.diagnostics);
    let json = serde_json::to_string(&loaded.diagnostics).unwrap();
    for shown in [loaded.report(handfast_contract::Paint::Plain), json] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
