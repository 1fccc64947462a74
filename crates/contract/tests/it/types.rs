//! What types say of conditions and values before anything runs: each kind of problem fires, and its near neighbour
//! doesn't; the caret stands under the part that is meant.

use std::fmt::Write as _;

use handfast_contract::Severity;

use crate::{loaded, report};

/// A contract with this condition, written as YAML, in the place of a tool's first clause.
fn contract(written: &str) -> String {
    format!(
        "handfast: 1
name: typed
version: \"1\"
settings: {{ limit: {{ type: number, default: 9 }} }}
servers: {{ shop: {{ mcp: {{ command: [shop] }} }} }}
types:
  Order: {{ fields: {{ id: string, total: number, status: [open, shipped, refunded], note?: string, tags: \"string[]\", by: Person?, lines: \"Line[]\" }} }}
  Line: {{ fields: {{ sku: string, count: integer, price?: number }} }}
  Person: {{ fields: {{ name: string, mail: string?, age?: integer }} }}
tools:
  t:
    via: shop.t
    description: Tries one condition.
    input: {{ order: Order, amount: number, n: integer, flag: boolean, name?: string, open: json, size: {{ is: integer, default: 3 }}, words: \"string[]\", cost: money, at: string, rows: \"integer[][]\", of: {{ schema: {{ anyOf: [ {{ type: object, properties: {{ a: {{ type: string }} }}, required: [a], additionalProperties: false }}, {{ type: object, properties: {{ b: {{ type: string }} }}, required: [b], additionalProperties: false }} ] }} }} }}
    effects: [ reads: x ]
    requires:
      it holds: {written}
"
    )
}

/// What is said of a condition: the code, and what is pointed at.
fn said(source: &str) -> Vec<(String, String, String)> {
    let text = contract(&format!("'{}'", source.replace('\'', "''")));
    let loaded = loaded(&text);
    let found = loaded.diagnostics.iter().filter(|found| found.severity != Severity::NotRun);
    found
        .map(|found| {
            let at = text[found.labels[0].span.clone()].replace("''", "'");
            (found.code.id().to_owned(), at, found.message.clone())
        })
        .collect()
}

#[track_caller]
fn check(code: &str, rows: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (bad, at, good) in rows {
        let found = said(bad);
        if found.len() != 1 || found[0].0 != code || found[0].1 != *at {
            writeln!(wrong, "{bad}\n    should be {code} at `{at}`, is {found:?}").unwrap();
        }
        let found = said(good);
        if !found.is_empty() {
            writeln!(wrong, "{good}\n    should be fine, is {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_read_has_to_be_there_by_its_type() {
    check(
        "HF0017",
        &[
            ("args.order.totl > 1", "args.order.totl", "args.order.total > 1"),
            ("args.amount.x == 1", "args.amount.x", "args.open.x == 1"),
            (
                "args.flag && args.order.lines[0].sko == 'a'",
                "args.order.lines[0].sko",
                "args.order.lines[0].sku == 'a'",
            ),
            ("args.order.lines.exists(l, l.prize > 1)", "l.prize", "args.order.lines.exists(l, l.count > 1)"),
            ("has(args.order.nte)", "args.order.nte", "has(args.order.note)"),
            ("settings.limt > 1", "settings.limt", "settings.limit > 1"),
            ("order.total > 1", "order", "args.order.total > 1"),
            ("args['ordre'].total > 1", "args['ordre']", "args['order'].total > 1"),
            ("pick(args.order, ['idd']) == args.open", "'idd'", "pick(args.order, ['id']) == args.open"),
            ("args.words['a'] == 'a'", "args.words['a']", "args.open['a'] == 'a'"),
            ("{'a': 1}.b == 1", "{'a': 1}.b", "{'a': 1}.a == 1"),
        ],
    );
}

#[test]
fn values_of_different_kinds_are_neither_compared_nor_computed() {
    check(
        "HF0030",
        &[
            ("args.order.id == 1", "args.order.id == 1", "args.order.id == '1'"),
            ("args.n < args.order.id", "args.n < args.order.id", "args.n < args.amount"),
            ("args.flag == 'true'", "args.flag == 'true'", "args.flag == true"),
            (
                "(args.order.id + args.n) == 'a'",
                "args.order.id + args.n",
                "(args.order.id + string(args.n)) == 'a'",
            ),
            ("args.order.id - 1 > 2", "args.order.id", "args.amount - 1 > 2"),
            ("args.amount in args.words", "args.amount", "args.order.id in args.words"),
            ("args.n in ['a', 1]", "'a'", "args.n in [1, 2]"),
            ("args.n in args.order.id", "args.order.id", "args.order.id in args.order"),
            ("(args.flag ? 'a' : 1) == args.open", "1", "(args.flag ? 'a' : args.order.id) == args.open"),
            ("lower(args.n) == 'a'", "args.n", "lower(args.order.id) == 'a'"),
            ("args.n.contains('a')", "args.n", "args.order.id.contains('a')"),
            ("args.order.id.contains(1)", "1", "args.order.id.contains('1')"),
            ("args.n.matches('a')", "args.n", "args.order.id.matches('a')"),
            ("sum(args.words) > 1", "args.words", "sum(args.order.lines.map(l, l.count)) > 1"),
            ("size(args.n) > 1", "args.n", "size(args.order.id) > 1"),
            ("!args.n", "args.n", "!args.flag"),
            ("args.flag && args.n", "args.n", "args.flag && args.n > 1"),
            ("args.order < args.order", "args.order", "args.order == args.order"),
            ("args.words[args.amount] == 'a'", "args.amount", "args.words[args.n] == 'a'"),
            ("args.order.id[0] == 'a'", "args.order.id", "args.words[0] == 'a'"),
            ("args.order.id.exists(x, x == 'a')", "args.order.id", "args.words.exists(x, x == 'a')"),
            ("args.words.exists(x, x + 'a')", "x + 'a'", "args.words.exists(x, x + 'a' == 'b')"),
            ("money(args.cost) < '1 USD'", "money(args.cost) < '1 USD'", "money(args.cost) < money('1 USD')"),
            ("money('a lot') < money(args.cost)", "money('a lot')", "money('1.5 EUR') < money(args.cost)"),
            (
                "timestamp(args.at) - timestamp(call.started) < 60",
                "timestamp(args.at) - timestamp(call.started) < 60",
                "timestamp(args.at) - timestamp(call.started) < duration('60s')",
            ),
            (
                "timestamp(args.at) + timestamp(args.at) == args.open",
                "timestamp(args.at) + timestamp(args.at)",
                "timestamp(args.at) + duration('1h') > timestamp(call.started)",
            ),
            (
                "zip(args.words, args.rows)[0][0] + 1 == 2",
                "zip(args.words, args.rows)[0][0] + 1",
                "zip(args.words, args.rows)[0][0] + 'a' == 'b'",
            ),
            ("flatten(args.rows).exists(x, x == 'a')", "x == 'a'", "flatten(args.rows).exists(x, x == 1)"),
            ("sorted(args.order.lines) == args.open", "args.order.lines", "sorted(args.words) == args.open"),
            ("under(args.n, 'a')", "args.n", "under(args.order.id, 'a')"),
            ("-args.order.id == args.open", "args.order.id", "-args.n == args.open"),
        ],
    );
}

#[test]
fn a_value_that_the_type_does_not_list_is_told() {
    check(
        "HF0031",
        &[
            ("args.order.status == 'refund'", "'refund'", "args.order.status == 'refunded'"),
            ("'refund' != args.order.status", "'refund'", "'refunded' != args.order.status"),
            (
                "args.order.status in ['open', 'closed']",
                "'closed'",
                "args.order.status in ['open', 'shipped']",
            ),
            (
                "(args.flag ? 'a' : 'b') == args.order.status",
                "args.order.status",
                "(args.flag ? 'open' : 'b') == args.order.status",
            ),
        ],
    );
}

#[test]
fn what_may_be_absent_or_null_is_asked_for_first() {
    check(
        "HF0032",
        &[
            ("args.name == 'a'", "args.name", "has(args.name) && args.name == 'a'"),
            (
                "size(args.order.note) > 1",
                "args.order.note",
                "has(args.order.note) && size(args.order.note) > 1",
            ),
            ("has(args.name) || args.name == 'a'", "args.name", "!has(args.name) || args.name == 'a'"),
            ("!has(args.name) && args.name == 'a'", "args.name", "args.name == 'a' && has(args.name)"),
            (
                "(has(args.name) ? 'a' : args.name) == 'a'",
                "args.name",
                "(has(args.name) ? args.name : 'a') == 'a'",
            ),
            (
                "has(args.order.note) && args.name == 'a'",
                "args.name",
                "has(args.order.note) && has(args.name) && args.name == args.order.note",
            ),
            (
                "args.order.by.name == 'a'",
                "args.order.by.name",
                "args.order.by != null && args.order.by.name == 'a'",
            ),
            (
                "args.order.by.name == 'b'",
                "args.order.by.name",
                "null == args.order.by || args.order.by.name == 'b'",
            ),
            (
                "args.order.by.name == 'c'",
                "args.order.by.name",
                "has(args.order.by.name) && args.order.by.name == 'c'",
            ),
            (
                "args.order.by != null && args.order.by.age > 1",
                "args.order.by.age",
                "has(args.order.by.age) && args.order.by.age > 1",
            ),
            (
                "args.order.by != null && args.order.by.mail.contains('a')",
                "args.order.by.mail",
                "args.order.by != null && args.order.by.mail != null && args.order.by.mail.contains('a')",
            ),
            (
                "args.order.lines.exists(l, l.price > 1)",
                "l.price",
                "args.order.lines.exists(l, has(l.price) && l.price > 1)",
            ),
            (
                "args.order.lines.map(l, l.price) == args.open",
                "l.price",
                "args.order.lines.filter(l, has(l.price)).map(l, l.price) == args.open",
            ),
            (
                "args.order.lines.all(l, l.price > 1)",
                "l.price",
                "args.order.lines.all(l, !has(l.price) || l.price > 1)",
            ),
            ("args.of.a == 'x'", "args.of.a", "has(args.of.a) && args.of.a == 'x'"),
            ("args.name == null", "args.name", "'name' in args && args.name == 'x'"),
            ("args.name.contains('a')", "args.name", "args.open.name.contains('a') && args.size > 2"),
        ],
    );
}

#[test]
fn a_hole_is_filled_with_what_is_there() {
    let said = |hole: &str| {
        let text = contract("args.flag").replace("reads: x", &format!("reads: \"x/{hole}\""));
        report(&text).lines().next().unwrap_or("").to_owned()
    };
    assert_eq!(said("{args.n}"), "");
    assert_eq!(said("{args.name}"), "error[HF0032]: `args.name` may be absent");
    assert_eq!(
        said("{args.order.by.mail}"),
        "error[HF0032]: `args.order.by` may be null, and then it has no field `mail`"
    );
    assert_eq!(said("{has(args.name) ? args.name : 'nobody'}"), "");
    // The hole is pointed at, not the first letters that look like it.
    let text = contract("args.flag").replace("reads: x", "reads: \"args.nam/args.nam/{args.nam}\"");
    let found = &loaded(&text).diagnostics[0].labels[0].span;
    assert_eq!(&text[found.start - 1..found.end + 1], "{args.nam}");
}

#[test]
fn a_step_may_rely_on_its_own_when() {
    let said = |when: &str| {
        let text = contract("args.flag")
            + &format!(
                "workflows:\n  w:\n    input: {{ name?: string, deep?: Person? }}\n    steps:\n      one: {{ tool: u, with: {{ text: input.name + 'x' }}{when} }}\n"
            );
        let tool = "  u:\n    via: shop.u\n    description: Takes a text.\n    input: { text: string }\n    effects: [ reads: x ]\nworkflows:";
        report(&text.replace("workflows:", tool)).lines().next().unwrap_or("").to_owned()
    };
    assert_eq!(said(", when: has(input.name)"), "");
    assert_eq!(said(", when: \"input.name != 'a' && has(input.name)\""), "");
    assert_eq!(said(""), "error[HF0032]: `input.name` may be absent");
    assert_eq!(said(", when: has(input.deep)"), "error[HF0032]: `input.name` may be absent");
}

/// Schemas that an expression would copy a hundred times, and conditions that would double a schema each time.
#[test]
fn hostile_expressions_are_typed_in_bounded_steps() {
    let facts = (0..60).map(|n| format!("has(l.price) && has(l.x{n}.y)")).collect::<Vec<_>>().join(" && ");
    let copies = (0..150).map(|n| format!("'k{n}':args")).collect::<Vec<_>>().join(",");
    let sources = [
        format!("args.open.filter(l, {facts}).map(l, l.price).exists(p, p > 1)"),
        format!(
            "args.order.lines.filter(l, {}).map(l, l.sku)[0] == 'a'",
            vec!["has(l.price)"; 80].join(" && ")
        ),
        format!("size({{{copies}}}) > 1"),
        format!("size({}args.order{}) > 1", "{'a':[".repeat(14), "]}".repeat(14)),
        format!("{}args.flag{}", "(args.flag ? ".repeat(30), " : args.flag)".repeat(30)),
        format!("{}1 == 1", "string(".repeat(30) + "1" + &")".repeat(30) + " == '1' && "),
        format!("{}[1]{} == args.open", "[2 in ".repeat(30), "]".repeat(30)),
        vec!["args.flag"; 180].join(" && "),
        vec!["!has(args.name)"; 110].join(" || "),
        format!("args.order.lines{}[0].sku == 'a'", ".filter(l, has(l.price))".repeat(70)),
    ];
    for source in &sources {
        let text = contract(&format!("\"{source}\""));
        // That it ends is what is asked: one that multiplied would not, within anybody's patience.
        let _ = loaded(&text);
    }
}

#[test]
fn a_condition_is_a_boolean_that_can_differ() {
    check(
        "HF0033",
        &[
            ("args.n", "args.n", "args.flag"),
            ("args.order.id + 'a'", "args.order.id + 'a'", "args.open.x"),
            ("args.words.map(w, w == 'a')", "args.words.map(w, w == 'a')", "args.words.all(w, w == 'a')"),
            ("args.flag ? 'a' : 'b'", "args.flag ? 'a' : 'b'", "args.flag ? true : args.n > 1"),
        ],
    );
    check("HF0034", &[("args.order.id != null", "args.order.id != null", "args.order.by != null")]);
    check("HF0034", &[("args.flag && args.words == null", "args.words == null", "true")]);
}

#[test]
fn each_kind_of_problem_reads_well_in_every_style() {
    let mut all = String::new();
    for (what, written) in [
        ("an unknown field", "args.order.totl > 1"),
        ("a name of another place", "result.total > 1"),
        ("a field without its root", "order.total > 1"),
        ("a text compared with a number, in a flow map", "{ it too: \"args.order.id == 1\" }"),
        (
            "a list that holds something else, behind other letters",
            "args.order.id != 'äö→🙂' && args.n in args.words",
        ),
        (
            "a text added to a number, folded",
            ">\n        args.flag &&\n        'n' + args.n ==\n        'n1'",
        ),
        ("a value that never comes", "args.order.status == 'refund'"),
        (
            "a value that never comes, in a block",
            "|\n        args.flag\n        && args.order.status in ['open',\n          'closed']",
        ),
        ("a field that may be absent", "\"args.flag || args.name == 'é'\""),
        ("a value that may be null", "args.order.by != null && args.order.by.mail.contains('@')"),
        ("a field of what may be null", "args.order.by.name == 'Ada'"),
        ("no condition", "args.words"),
        ("a comparison that decides nothing", "args.order.id != null"),
        ("different kinds of money", "money(args.cost) <= args.amount"),
    ] {
        let written = if written.starts_with('{') {
            format!("args.flag\n    ensures: {written}")
        } else {
            written.to_owned()
        };
        writeln!(all, "## {what}\n\n{}", report(&contract(&written))).unwrap();
    }
    insta::assert_snapshot!("each_kind_of_problem", all);
}

#[test]
fn a_name_with_a_dot_is_no_path() {
    check(
        "HF0032",
        &[(
            "'by.name' in args.order && args.order.by.name == 'd'",
            "args.order.by.name",
            "'by' in args.order && args.order.by != null && args.order.by.name == 'd'",
        )],
    );
}
