//! Everything that can be wrong with what a tool says, each with its report.

use std::fmt::Write as _;

use handfast_contract::{Loaded, Paint, Severity};

use crate::loaded;
use crate::tools::{TOOLS, including};

fn assert_snapshot(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, text) });
}

/// What is said of it, but for what this release doesn't run: that is the same each time.
fn said(loaded: &Loaded) -> String {
    let found = loaded.diagnostics.iter().filter(|found| found.severity != Severity::NotRun);
    let rendered: Vec<String> = found.map(|found| found.render(&loaded.sources, Paint::Plain)).collect();
    rendered.join("\n\n")
}

/// The reports of `TOOLS` with one part replaced, each under the name of its mistake.
fn assert_reports(name: &str, mistakes: &[(&str, &str, &str)]) {
    let mut all = String::new();
    for (mistake, from, to) in mistakes {
        assert!(TOOLS.contains(from), "{mistake}: the contract has no `{from}`");
        let said = said(&loaded(&TOOLS.replacen(from, to, 1)));
        assert!(!said.is_empty(), "{mistake}: nothing is said of it");
        writeln!(all, "## {mistake}\n\n{said}\n").unwrap();
    }
    assert_snapshot(name, &all);
}

#[test]
fn a_tool_says_more() {
    assert_reports(
        "tools",
        &[
            ("a label that isn't one", "label: [ private, untrusted ]", "label: secret"),
            ("an argument that isn't there", "from: { order_id:", "from: { order:"),
            ("nothing to come from", "[ input, steps.order.id ]", "[]"),
            ("a place that nothing comes from", "[ input, steps.order.id ]", "[ facts.customer ]"),
            ("a step that isn't there", "[ input, steps.order.id ]", "[ steps.ordr ]"),
            ("memory that isn't there", "relies: [ notes ]", "relies: [ note ]"),
            ("an effect's `when` alone", "- { notifies: the lead, when:", "- { when:"),
            (
                "an effect's `when` that is no condition",
                "when: args.amount > 100.0 }\n    relies",
                "when: args.amount }\n    relies",
            ),
            ("once per what isn't there", "once_per: args.order_id", "once_per: args.order"),
            ("a fact that isn't there", "establishes: { customer:", "establishes: { custmer:"),
            ("a fact of another type", "{ customer: result.id }", "{ customer: result }"),
            ("a level that isn't one", "at_least: observed", "at_least: seen"),
            ("a ceiling that isn't a tool's", "per_run: 5", "turns: 5"),
            ("an answer that doesn't fit", "gives: 'null'", "gives: \"'none'\""),
            ("a fallback to its own server", "via: spare.refund", "via: shop.refund"),
            ("a fallback to no server", "via: spare.refund", "via: other.refund"),
            (
                "an argument that isn't there in `shows`",
                "      it was for this customer: order.customer",
                "      it was for this customer: args.customer",
            ),
        ],
    );
}

#[test]
fn probes() {
    assert_reports(
        "tools_probes",
        &[
            ("a probe by no tool", "order: { tool: find_order, with:", "order: { with:"),
            ("a probe by an unknown tool", "order: { tool: find_order,", "order: { tool: find_ordr,"),
            ("a probe without what its tool needs", "with: { order_id: args.order_id } }", "with: {} }"),
            (
                "a probe that reads itself",
                "with: { order_id: args.order_id } }",
                "with: { order_id: order.id } }",
            ),
            (
                "a probe with too much",
                "with: { order_id: args.order_id } }",
                "with: { order_id: args.order_id, all: true } }",
            ),
            (
                "a probe of another type",
                "with: { order_id: args.order_id } }",
                "with: { order_id: args.amount } }",
            ),
            (
                "a probe given what may be absent",
                "with: { order_id: args.order_id } }",
                "with: { order_id: args.note } }",
            ),
            (
                "a probe named like a root",
                "      order: { tool",
                "      last: { tool: find_order, with: { order_id: args.order_id } }\n      order: { tool",
            ),
            ("a field that a probe doesn't give", "order.status != 'refunded'", "order.state != 'refunded'"),
            ("what was before, of no probe", "old.order.total", "old.refund.total"),
            (
                "a probe in its own circle",
                "effects: [ { reads: \"order/{args.order_id}\" } ]",
                "effects: [ { reads: \"order/{args.order_id}\" } ]\n    probes: { me: { tool: find_order, with: { order_id: args.order_id } } }",
            ),
        ],
    );
}

#[test]
fn how_much_at_a_time() {
    assert_reports(
        "tools_pace",
        &[
            ("a wire that nobody speaks", "speaks: responses", "speaks: response"),
            ("a window that is no count", "window: 200k", "window: 200kB"),
            ("a rate in no time", "rate: 60/m", "rate: 60"),
            ("a rate in a time that nobody writes", "rate: 60/m", "rate: 60/min"),
            ("a rate of nothing", "rate: 60/m", "rate: 0/m"),
            ("a rate of more than is counted", "rate: 60/m", "rate: 2M/s"),
            ("nothing at once", "at_once: 4", "at_once: 0"),
            ("a ceiling that isn't a model's", "at_once: 4", "turns: 4"),
            ("a ceiling that isn't a server's", "limits: { rate: 10/s }", "limits: { timeout: 10s }"),
            ("a ceiling that isn't one", "limits: { rate: 10/s }", "limits: { rates: 10/s }"),
            ("costs without a currency", "costs: 0.01 USD", "costs: 0.01"),
            ("a look that is no distance", "volatile: every 30s", "volatile: 30s"),
            ("a look that isn't apart", "volatile: every 30s", "volatile: true"),
            ("a look in no time", "volatile: every 30s", "volatile: every 0s"),
            (
                "a look that takes away",
                "    idempotency: natural\n",
                "    volatile: every 30s\n    idempotency: natural\n",
            ),
        ],
    );
}

#[test]
fn doubts_and_the_way_back() {
    assert_reports(
        "tools_settling",
        &[
            ("nobody who settles a doubt", "reconcile: { ask: lead }", "reconcile: { settle: 3s }"),
            ("a role that isn't there", "reconcile: { ask: lead }", "reconcile: { ask: led }"),
            (
                "a person who settles by a condition",
                "reconcile: { ask: lead }",
                "reconcile: { ask: lead, applied: result != null }",
            ),
            (
                "two who settle a doubt",
                "tool: find_refund, with: { key: call.key },",
                "tool: find_refund, ask: lead, with: { key: call.key },",
            ),
            ("no word on what took effect", " applied: result != null,", ""),
            ("no word on what it gave", " gives: result,", ""),
            ("what may be null is given", "applied: result != null,", "applied: \"true\","),
            ("a look with another type", "with: { key: call.key }", "with: { key: args.amount }"),
            ("facts in a look", "with: { key: call.key }", "with: { key: facts.customer }"),
            (
                "neither a tool nor what is left",
                "compensate: { leaves: [ the push message ] }",
                "compensate: {}",
            ),
            (
                "values for no tool",
                "compensate: { leaves: [ the push message ] }",
                "compensate: { with: { id: result.id }, leaves: [ x ] }",
            ),
            ("a word that isn't `impossible`", "compensate: impossible", "compensate: never"),
            (
                "a compensation without what its tool needs",
                "with: { refund_id: result.refund_id }",
                "with: { refund: result.refund_id }",
            ),
        ],
    );
}

#[test]
fn approvals() {
    assert_reports(
        "tools_approvals",
        &[
            ("nobody is asked", "by: [ customer, { role: lead, when: args.amount > 100.0 } ]", "by: []"),
            ("a role that isn't there", "by: [ customer,", "by: [ custmer,"),
            ("a role asked twice", "by: [ customer,", "by: [ lead,"),
            ("a question about nothing", "Refund {args.amount} for", "Refund {args.sum} for"),
            ("silence without end", "      within: 4h\n", ""),
            ("silence that means something else", "unanswered: deny", "unanswered: ask"),
            ("asked less and never more again", "back_on: [ \"no\", breach ]", "back_on: []"),
            ("asked less from the start", "after: 50", "after: 0"),
        ],
    );
}

#[test]
fn tools_and_their_servers() {
    assert_reports(
        "tools_servers",
        &[
            ("a tool of an HTTP API", "via: shop.charge", "via: cms.charge"),
            ("a request to an MCP server", "      server: cms\n", "      server: shop\n"),
            ("no method", "      post: /articles/{args.slug}\n", ""),
            ("two methods", "      query:", "      put: /x\n      query:"),
            ("a path without its beginning", "post: /articles", "post: articles"),
            ("a path with a query", "post: /articles/{args.slug}", "post: \"/articles/{args.slug}?a=1\""),
            ("a path that leads up", "post: /articles/{args.slug}", "post: /articles/../{args.slug}"),
            ("a path that reads nothing", "post: /articles/{args.slug}", "post: /articles/{args.id}"),
            ("a body for GET", "      post: /articles", "      get: /articles"),
            ("a header that isn't one", "headers: { X-Run:", "headers: { X Run:"),
            ("a header of the connection", "headers: { X-Run:", "headers: { Content-Length:"),
            ("a token in a request", "headers: { X-Run:", "headers: { Authorization:"),
            ("a header that the server gives", "headers: { X-Run:", "headers: { x-team:"),
            (
                "sent twice",
                "    description: Publishes",
                "    sends: { a: args.slug }\n    description: Publishes",
            ),
            ("a key in an argument of an HTTP API", "key: { header: Idempotency-Key }", "key: { arg: key }"),
            (
                "a key in a header of every request",
                "key: { header: Idempotency-Key }",
                "key: { header: Host }",
            ),
            (
                "a key in a header of this request",
                "key: { header: Idempotency-Key }",
                "key: { header: x-run }",
            ),
            (
                "schemas that are pinned by no word",
                "spare: { mcp: { command: [spare-server] } }",
                "spare: { mcp: { command: [spare-server], schemas: fixed } }",
            ),
            ("an address that isn't one", "url: \"{settings.cms_url}\"", "url: cms.example"),
            ("an address with a query", "url: \"{settings.cms_url}\"", "url: \"https://cms.example?key=1\""),
            (
                "an address with a password",
                "url: \"{settings.cms_url}\"",
                "url: \"https://me:pw@cms.example\"",
            ),
            ("a header of the connection for all", "headers: { Accept:", "headers: { Host:"),
            ("a token beside another", "headers: { Accept:", "headers: { Authorization:"),
            (
                "an HTTP API and a process",
                "    failures: { gone:",
                "    process: { command: [x] }\n    failures: { gone:",
            ),
        ],
    );
}

#[test]
fn groups() {
    assert_reports(
        "groups",
        &[
            ("a group that isn't there", "in: [ money ]", "in: [ mony ]"),
            ("a group named twice", "in: [ money ]", "in: [ money, money ]"),
            (
                "a clause that one of its tools can't keep",
                "it is more than nothing: args.amount > 0.0",
                "it is of an order: args.order_id != ''",
            ),
            (
                "a clause that none of its tools can keep",
                "it is more than nothing: args.amount > 0.0",
                "it is of an order: args.customer != ''",
            ),
            (
                "a clause that isn't CEL",
                "it is more than nothing: args.amount > 0.0",
                "it is more than nothing: args.amount >",
            ),
            ("a group without tools", "  quick: {", "  none: { requires: { it is so: arg.x } }\n  quick: {"),
            ("a group called like a tool", "  quick: {", "  charge: {}\n  quick: {"),
            ("a role that isn't there", "approval: { by: lead }", "approval: { by: led }"),
        ],
    );
    let text = TOOLS.replacen("in: [ money ]", "in: [ money, more ]", 1);
    let text = text.replacen("  quick: {", "  more: { approval: { by: customer } }\n  quick: {", 1);
    assert_snapshot("groups_two_approvals", &said(&loaded(&text)));
}

#[test]
fn who_includes_may_narrow_and_never_loosen() {
    let mut all = String::new();
    for (name, tools) in [
        ("a tool that isn't there", "  shop.refnd: { not_for: [ tips ] }\n"),
        ("another tool", "  shop.refund: { via: shop.other }\n"),
        ("other effects", "  shop.refund: { effects: [] }\n"),
        ("another input", "  shop.refund: { input: { amount: number } }\n"),
        ("a failure more", "  shop.refund: { failures: { x: { when: \"true\", then: transient } } }\n"),
        ("another way to settle a doubt", "  shop.charge: { reconcile: { ask: boss } }\n"),
        ("to take it back", "  shop.charge: { compensate: { leaves: [ x ] } }\n"),
        ("another approval", "  shop.refund: { approval: { by: boss } }\n"),
        ("higher ceilings", "  shop.refund: { limits: { timeout: 1m, attempts: 9, per_run: 9 } }\n"),
        ("a faster rate", "  shop.refund: { limits: { rate: 10/s, at_once: 3 } }\n"),
        ("other costs", "  shop.charge: { costs: 0.02 USD }\n"),
        ("a lower level", "  shop.refund: { at_least: declared }\n"),
        (
            "a clause again",
            "  shop.refund: { requires: { the order is not refunded yet: args.amount > 1.0 } }\n",
        ),
        ("a clause that reads nothing", "  shop.refund: { requires: { it is so: args.sum > 1.0 } }\n"),
        ("a key that isn't one", "  shop.refund: { require: { it is so: args.amount > 1.0 } }\n"),
    ] {
        let loaded = including(tools);
        let said = self::said(&loaded);
        assert!(!said.is_empty(), "{name}: nothing is said of it");
        writeln!(all, "## {name}\n\n{said}\n").unwrap();
    }
    assert_snapshot("narrowing", &all);
}

#[test]
fn near_misses_load() {
    for (name, from, to) in [
        ("one label", "label: [ private, untrusted ]", "label: untrusted"),
        (
            "an approver alone with a condition",
            "approval: { by: lead }",
            "approval: { by: { role: lead, when: args.amount > 1.0 } }",
        ),
        ("one approver", "by: [ customer, { role: lead, when: args.amount > 100.0 } ]", "by: lead"),
        (
            "a probe that gives less",
            "with: { order_id: args.order_id } }",
            "with: { order_id: args.order_id, depth: 2 } }",
        ),
        (
            "an argument that is only given where it is there",
            "order: { tool: find_order, with: { order_id: args.order_id } }",
            "order: { tool: find_order, with: { order_id: \"has(args.note) ? args.note : args.order_id\" } }",
        ),
        ("nothing left by a compensation", ", leaves: [ the message ] }", " }"),
        (
            "a group without a word of its own",
            "  quick: { limits: { timeout: 5s, attempts: 5 } }",
            "  quick: {}",
        ),
        ("no group", "    in: [ money ]\n", ""),
        ("GET with a query", "      post: /articles/{args.slug}\n", "      get: /articles/{args.slug}\n"),
        ("a step that nothing labels", "[ input, steps.order.id ]", "[ steps.who ]"),
    ] {
        assert!(TOOLS.contains(from), "{name}: the contract has no `{from}`");
        let text = TOOLS.replacen(from, to, 1);
        let text = if name.starts_with("GET") { text.replacen("      body: args\n", "", 1) } else { text };
        let loaded = loaded(&text);
        assert_eq!(said(&loaded), "", "{name}");
        assert!(loaded.checked().is_some(), "{name}");
    }
}
