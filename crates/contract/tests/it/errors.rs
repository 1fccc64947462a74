//! What people read about a contract that is wrong: one report for each kind of mistake, as it is printed.

mod tools;

use std::fmt::Write as _;

use crate::{EXAMPLE, report};

/// Compares with the snapshot of the calling test's name.
fn assert_reports(name: &str, mistakes: &[(&str, &str, &str)]) {
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, reports(mistakes)) });
}

/// The reports of the example with one part replaced, each under the name of its mistake.
fn reports(mistakes: &[(&str, &str, &str)]) -> String {
    let mut all = String::new();
    for (name, from, to) in mistakes {
        assert!(EXAMPLE.contains(from), "{name}: the example has no `{from}`");
        let report = report(&EXAMPLE.replacen(from, to, 1));
        assert!(report.contains("HF"), "{name}: nothing is said of it");
        writeln!(all, "## {name}\n\n{report}").unwrap();
    }
    all
}

#[test]
fn yaml_traps() {
    assert_reports(
        "yaml_traps",
        &[
            ("an anchor", "reads: customer/*", "reads: &all customer/*"),
            ("an alias", "reads: customer/*", "reads: *all"),
            ("a tag", "when: steps.resolve.text != '' }", "when: !has(steps.resolve.refunded) }"),
            ("a merge", "output: Customer", "<<: { output: Customer }"),
            ("a key twice", "output: Customer", "via: shop.find_customer"),
            (
                "a condition cut by a comma in a list",
                "refund: args.amount <= 200.0",
                "refund: near(args.amount, 200.0)",
            ),
            (
                "a condition cut by a comma in a failure",
                "when: error.text.contains('not found')",
                "when: error.text.contains('a, b')",
            ),
            (
                "a condition cut by brackets",
                "when: error.text.contains('not found')",
                "when: error.code in ['a', 'b']",
            ),
            ("a value cut by an index", "with: { email: input.from }", "with: { email: input.from[0] }"),
            (
                "a condition cut by a comment",
                "near(result.amount, args.amount)",
                "result.refund_id != 'a #b'",
            ),
            ("a condition with a colon", "args.amount > 0.0", "args.amount > 0.0 ? true : false"),
            (
                "a condition with a colon in a failure",
                "when: error.text.contains('not found')",
                "when: error.text.contains('a: b')",
            ),
            (
                "a choice in a list",
                "refund: args.amount <= 200.0",
                "refund: args.amount > 1.0 ? true : false",
            ),
            ("a sentence with a colon", "it is more than nothing:", "note: it is more than nothing:"),
            (
                "a value that begins with a bang",
                "args.amount > 0.0",
                "!has(args.amount) || args.amount > 0.0",
            ),
            ("a value that begins with a bracket", "args.amount > 0.0", "[1, 2].exists(n, n == 1)"),
            ("a value that begins with a list", "args.amount > 0.0", "[args.amount > 0.0]"),
            (
                "a value that begins with a quote",
                "method: \"'refund'\", order: args.order_id, amount",
                "method: 'refund' + args.order_id, amount",
            ),
            ("a value that begins with a quote on its own line", "args.amount > 0.0", "'a' == 'a'"),
            ("a value that begins with an at sign", "args.amount > 0.0", "@args"),
            (
                "an unquoted list type",
                "text: string, customer: Customer",
                "text: string, customer: Customer[]",
            ),
            ("two documents", "models:", "---\nmodels:"),
            ("a tab", "  main:  {", "\tmain:  {"),
            ("a bracket that is never closed", "[ exchanges, store credit ]", "[ exchanges, store credit"),
        ],
    );
}

#[test]
fn texts_that_yaml_reads_as_something_else() {
    assert_reports(
        "texts_that_yaml_reads_as_something_else",
        &[
            ("a version that is a date", "\"2026-11-21\"", "2026-11-21"),
            ("a name that is a boolean", "name: support", "name: no"),
            ("a condition that is a boolean word", "args.amount > 0.0", "yes"),
            ("a value that is nothing", "order: args.order_id", "order: null"),
            ("a value left out", "args.amount > 0.0", ""),
            ("one of booleans", "[open, shipped, refunded]", "[yes, no]"),
            (
                "a text cut by a comment",
                "Sends one plain-text email.",
                "Sends mail about issue #5 to one reader.",
            ),
        ],
    );
}

#[test]
fn structure() {
    assert_reports(
        "structure",
        &[
            ("an unknown key", "requires:", "requries:"),
            ("an unknown key near nothing", "not_for:", "colour:"),
            (
                "more than anybody reads",
                "input: { summary: string }",
                "input: { summary: \"string[][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][]\" }",
            ),
            ("a missing key", "    via: shop.open_case\n", ""),
            ("a list where a map belongs", "settings:\n", "settings: []\nmodels2:\n"),
            ("another version of the language", "handfast: 1", "handfast: 2"),
            ("no version of the language", "handfast: 1\n", ""),
            ("a name with a capital letter", "  open_case:\n", "  openCase:\n"),
            ("a name that is a root", "tell:    {", "result:    {"),
            ("a time", "timeout: 10s", "timeout: ten seconds"),
            ("money", "cost: 0.50 USD", "cost: 0.50 EUR"),
            ("a count", "tokens: 200k", "tokens: lots"),
            ("a limit of something else", "attempts: 3", "turns: 3"),
            ("a word that isn't one", "idempotency: none", "idempotency: naturel"),
            ("an effect that isn't one", "- creates: refund/*", "- makes: refund/*"),
            ("no effects", "effects: [ creates: case/*, notifies: the support team ]\n", ""),
            ("effects without idempotency", "    idempotency: none\n", ""),
            (
                "an agent without limits",
                "    limits: { turns: 12, cost: 0.50 USD, tokens: 200k, time: 5m }\n",
                "",
            ),
            ("a secret in the contract", "api_key: { secret: OPENAI_API_KEY }", "api_key: sk-123"),
            (
                "a command for a shell",
                "[\"{settings.shop}\", \"--db\", \"{settings.db}\"]",
                "shop-server --db shop.db",
            ),
            ("a file outside", "file: policy.md", "file: ../policy.md"),
            ("a file that isn't there", "file: policy.md", "file: policies.md"),
            ("a setting without a value", "db: { type: string, default: shop.db }", "db: { type: string }"),
            ("a default that doesn't fit", "default: shop.db", "default: 5"),
            (
                "a key that the model fills in",
                "input: { to: email, body: string }",
                "input: { to: email, body: string, message_id: string }",
            ),
            ("a key that is sent", "dry_run: false", "idempotency_key: args.order_id"),
            (
                "a key in a variable of a server that isn't a process",
                "key: { arg: message_id }",
                "key: { env: MESSAGE_ID }",
            ),
            (
                "two clauses with one address",
                "args.amount > 0.0",
                "args.amount > 0.0\n      It is more than nothing!: args.amount > 1.0",
            ),
        ],
    );
}

#[test]
fn types() {
    assert_reports(
        "types",
        &[
            ("an unknown type", "output: Receipt", "output: Reciept"),
            ("another language's word", "total: number", "total: float"),
            (
                "a type that contains itself",
                "customer: string } }",
                "customer: string, parent?: \"Order?\" } }",
            ),
            ("an impossible list", "input: { summary: string }", "input: { summary: \"string[5..1]\" }"),
            ("a list of what", "input: { summary: string }", "input: { summary: \"string[few]\" }"),
            ("an impossible range", "total: number", "total: 1.0..0.0"),
            ("a pattern that isn't one", "input: { summary: string }", "input: { summary: \"string /(/\" }"),
            ("a pattern that never ends", "input: { summary: string }", "input: { summary: \"string /a\" }"),
            (
                "a schema that fetches",
                "total: number",
                "total: { schema: { $ref: \"https://example.com/x\" } }",
            ),
            ("an input without fields", "input: { summary: string }", "input: string"),
            ("a default that doesn't fit", "total: number", "total: { is: integer, default: many }"),
            ("a field twice", "refunded?: number", "text?: number"),
        ],
    );
}

#[test]
fn names_and_conditions() {
    assert_reports(
        "names_and_conditions",
        &[
            ("an unknown server", "via: shop.open_case", "via: shp.open_case"),
            ("a server alone", "via: shop.open_case", "via: open_case"),
            ("an unknown tool", "may: [ find_order,", "may: [ find_ordre,"),
            ("an unknown model", "model: [ main, local ]", "model: [ mian ]"),
            ("an unknown agent", "agent: clerk", "agent: clark"),
            ("a tool granted twice", "open_case ]", "refund ]"),
            ("no CEL", "args.amount > 0.0", "args.amount >"),
            (
                "a function that isn't there",
                "near(result.amount, args.amount)",
                "close(result.amount, args.amount)",
            ),
            ("a plain word", "method: \"'refund'\"", "method: refund"),
            ("a root that isn't there", "args.amount > 0.0", "order.total > 0.0"),
            ("a root that nothing gives", "args.amount > 0.0", "facts.customer != ''"),
            ("a root of another place", "args.amount > 0.0", "result.amount > 0.0"),
            ("a field that isn't there", "args.amount > 0.0", "args.amuont > 0.0"),
            ("a field of a text", "args.amount > 0.0", "args.order_id.total > 0.0"),
            ("a hole that reads nothing", "order/{args.order_id}\" } ]", "order/{args.order}\" } ]"),
            ("a hole that isn't closed", "order/{args.order_id}\" } ]", "order/{args.order_id\" } ]"),
            ("a setting that isn't there", "{settings.db}", "{settings.database}"),
        ],
    );
}

#[test]
fn workflows() {
    assert_reports(
        "workflows",
        &[
            (
                "a missing input",
                "with: { text: input.text, customer: steps.who }",
                "with: { text: input.text }",
            ),
            (
                "an input that isn't known",
                "with: { email: input.from }",
                "with: { email: input.from, mail: input.from }",
            ),
            ("an input of another type", "customer: steps.who }", "customer: input.text }"),
            ("a step that isn't there", "customer: steps.who }", "customer: steps.whom }"),
            ("a field that a step doesn't give", "body: steps.resolve.text", "body: steps.resolve.txt"),
            ("a step below", "with: { email: input.from }", "with: { email: input.from }, needs: tell"),
            ("a text that may be no email", "to: input.from", "to: input.text"),
            (
                "a step after itself",
                "with: { email: input.from }",
                "with: { email: steps.who.id + steps.who.name }",
            ),
            (
                "a step that needs nobody",
                "with: { email: input.from }",
                "with: { email: input.from }, needs: resolv",
            ),
            (
                "a step below that leads nowhere",
                "who:     {",
                "first: { tool: open_case, with: { summary: steps.who.id } }\n      who:     {",
            ),
            (
                "a step without work",
                "tool: find_customer, with: { email: input.from }",
                "with: { email: input.from }",
            ),
            ("an output that isn't there", "output: steps.resolve\n", "output: steps.resolved\n"),
            ("all steps at once", "output: steps.resolve\n", "output: size(steps)\n"),
        ],
    );
}

#[test]
fn what_is_not_run_yet() {
    assert_reports(
        "what_is_not_run_yet",
        &[
            (
                "a section",
                "models:\n",
                "invariants: { first: { never: tools.refund, before: tools.find_order } }\nmodels:\n",
            ),
            (
                "a judge",
                "unsure: escalate",
                "unsure: escalate\n    never: { advice: { says: Give legal advice., judge: local } }",
            ),
            ("unsure: ask", "unsure: escalate", "unsure: ask"),
            ("a kind of step", "tell:    { tool: send_mail,", "tell:    { approval: { by: lead },"),
        ],
    );
}

#[test]
fn words_of_other_languages() {
    assert_reports(
        "words_of_other_languages",
        &[
            ("a name without its root", "with: { email: input.from }", "with: { email: from }"),
            ("prose as a value", "with: { email: input.from }", "with: { email: Thank you very much }"),
            ("a hole in a value", "with: { email: input.from }", "with: { email: \"Dear {input.from}\" }"),
            ("a template", "with: { email: input.from }", "with: { email: \"{{ input.from }}\" }"),
            ("another null", "args.amount > 0.0", "args.amount == None"),
            ("another true", "args.amount > 0.0", "True"),
            ("another function", "args.amount > 0.0", "abs(args.amount) > 0.0"),
            ("a tool in camels", "  find_customer:", "  findCustomer:"),
            ("a boolean for a word", "idempotency: none", "idempotency: yes"),
            ("a tab", "    requires:", "\trequires:"),
            ("an anchor before a map", "with: { email: input.from }", "with: &all { email: input.from }"),
        ],
    );
}
