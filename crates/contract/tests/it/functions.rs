//! What the macros and functions of the language give, row by row.

use handfast_contract::{Expr, Scope};
use serde_json::json;

use crate::expr::check;

#[test]
fn macros_and_functions_do_what_cel_says() {
    check(&[
        ("args.tags.exists(t, t == 'b')", "true"),
        ("args.tags.all(t, t == 'b')", "false"),
        ("args.empty.all(t, t)", "true"),
        ("args.tags.exists_one(t, t == 'a')", "false"),
        ("args.items.map(i, i.price)", "[2,2.5]"),
        ("args.items.map(i, i.price > 2, i.sku)", "[\"y\"]"),
        ("args.items.filter(i, i.price > 2).map(i, i.sku)[0]", "\"y\""),
        ("args.order.exists(field, field == 'total')", "true"),
        ("args.tags.all(t, args.items.exists(i, i.sku == t))", "false"),
        ("sum(args.items.map(i, i.price))", "4.5"),
        ("sum([])", "0"),
        ("count(args.tags) + size(args.name) + size(args.order)", "14"),
        ("unique(args.tags + ['c'])", "[\"a\",\"b\",\"c\"]"),
        ("unique([1, 1.0, '1'])", "[1,\"1\"]"),
        ("join(args.tags, ', ')", "\"a, b, a\""),
        ("['a', 1].join()", "\"a1\""),
        ("lower(args.name)", "\"ada löve\""),
        ("args.name.startsWith('Ada') && args.name.endsWith('e') && args.name.contains('Lö')", "true"),
        ("args.name.matches('^A[a-z]+ ')", "true"),
        ("round(2.5)", "3"),
        ("round(1.255, 1)", "1.3"),
        ("string(args.amount) + '/' + string(args.n)", "\"150.5/1\""),
        ("int('42') + int(2.9)", "44"),
        ("double('2.5')", "2.5"),
        ("bool('true')", "true"),
        ("json({'b': 1, 'a': [2.0]})", r#""{\"a\":[2],\"b\":1}""#),
        ("{'a': args.amount, 'b': [args.n]}", r#"{"a":150.5,"b":[1]}"#),
        ("'a' in {'a': 1}", "true"),
        ("[1, 2][1]", "2"),
        ("{'a': 1, 'a': 2}", "error: the object names `a` twice"),
        ("sum(args.tags)", "error: `sum` wants a list of numbers; this is text"),
        ("args.tags.map(t, t.x)", "error: `t` is text and has no field `x`"),
    ]);
}

#[test]
fn helpers_do_what_their_table_says() {
    check(&[
        ("zip(args.tags, [1, 2, 3])", r#"[["a",1],["b",2],["a",3]]"#),
        ("zip([], [])", "[]"),
        ("zip(args.tags, [1]).all(p, true)", "error: `zip` wants lists of one length; these have 3 and 1"),
        ("flatten([[1, 2], [], 3, [[4]]])", "[1,2,3,[4]]"),
        ("sorted([3, 1.5, 2])", "[1.5,2,3]"),
        ("args.tags.sorted()", r#"["a","a","b"]"#),
        ("sorted([true, false])", "[false,true]"),
        (
            "sorted([1, 'a'])",
            "error: `sorted` wants a list of numbers, of texts or of booleans; this is text",
        ),
        ("sorted([null])", "error: `sorted` wants a list of numbers, of texts or of booleans; this is null"),
        ("pick(args.order, ['total', 'nothing'])", r#"{"total":200}"#),
        ("pick(args.order, args.tags)", "{}"),
        ("money('0.50 USD') < money('0.5000001 USD')", "true"),
        ("money('0.1 USD') + money('0.2 USD') == money('0.3 USD')", "true"),
        ("money('1 USD') - money('2.50 USD')", "\"-1.50 USD\""),
        ("money('5 JPY')", "\"5.00 JPY\""),
        (
            "money('1 USD') < money('1 EUR')",
            "error: USD and EUR can't be compared or added: nobody said at which rate",
        ),
        (
            "money('1 USD') == money('1 EUR')",
            "error: USD and EUR can't be compared or added: nobody said at which rate",
        ),
        ("money('1 USD') == '1 USD'", "error: an amount of money and text have no order between them"),
        ("money('1 usd')", "error: `1 usd` is no amount of money: write it like `0.50 USD`"),
        ("money('1e9 USD')", "error: `1e9 USD` is no amount of money: write it like `0.50 USD`"),
        ("money(args.n)", "error: `money` wants a text; this is an integer"),
        ("[money('1 USD')]", "[\"1.00 USD\"]"),
        ("timestamp('2026-11-21T09:00:00Z') < timestamp('2026-11-21T09:00:00-01:00')", "true"),
        ("timestamp('2026-11-21T09:00:00Z') == timestamp('2026-11-21T10:00:00+01:00')", "true"),
        ("timestamp('2026-11-21T09:00:00Z') - timestamp('2026-11-20T09:00:00Z') == duration('1d')", "true"),
        ("timestamp('2026-11-21T09:00:00Z') + duration('90m')", "\"2026-11-21T10:30:00Z\""),
        (
            "timestamp('2026-11-21')",
            "error: `2026-11-21` is no time: write it like `2026-11-21T09:00:00Z`, with its zone",
        ),
        ("duration('1h30m') == duration('5400s')", "true"),
        ("duration('1.5h') - duration('2h')", "\"-1800s\""),
        ("duration('250ms') + duration('0.25s')", "\"0.5s\""),
        ("duration('5 minutes')", "error: `5 minutes` is no duration: write it like `90s`, `1h30m` or `7d`"),
        ("duration('s')", "error: `s` is no duration: write it like `90s`, `1h30m` or `7d`"),
        ("string(duration('1m'))", "\"60s\""),
        ("args.tags[1.0]", "\"b\""),
    ]);
}

#[test]
fn a_path_under_a_folder_never_leads_out_of_it() {
    let under = |path: &str, folder: &str| {
        let args = json!({ "path": path, "folder": folder });
        let found =
            Expr::parse("under(args.path, args.folder)").unwrap().eval(&Scope::default().with("args", &args));
        found.map_or_else(|error| format!("error: {}", error.reason), |value| value.unwrap().to_string())
    };
    for path in ["docs/a.md", "docs/a/b", "docs/a/", "docs/..a/b...", "docs/a%20b"] {
        for folder in ["docs", "docs/"] {
            assert_eq!(under(path, folder), "true", "{path} in {folder}");
        }
    }
    for path in [
        "docs",
        "docs/",
        "docsx/a",
        "doc/a",
        "/docs/a",
        "docs/../a",
        "docs/a/..",
        "docs//a",
        "docs/./a",
        "../docs/a",
        "",
        "docs/..%2fa",
        "docs/%2E%2E/a",
        "docs/%252e%252e/a",
        "docs\\..\\a",
        "docs/a\\b",
        "docs/a\\nb",
        "docs/\\x00",
    ] {
        assert_eq!(under(path, "docs"), "false", "{path}");
    }
    assert_eq!(under("/a/b", "/"), "true");
    assert_eq!(under("a", "/"), "false");
    assert_eq!(under("a", ""), "true");
    assert_eq!(under("../a", ""), "false");
    assert_eq!(under("a", ".."), "error: `under` wants a plain folder; `..` leads elsewhere");
}
