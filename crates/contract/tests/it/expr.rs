//! What expressions mean: tables of CEL over JSON, what the guard refuses, and that no text makes it panic.

use handfast_contract::{Expr, Scope, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

fn world() -> Value {
    json!({
        "amount": 150.5, "n": 1, "big": 9_007_199_254_740_993_u64, "id": u64::MAX, "name": "Ada Löve", "flag": true,
        "none": null, "empty": [], "tags": ["a", "b", "a"],
        "items": [{ "sku": "x", "price": 2 }, { "sku": "y", "price": 2.5 }],
        "order": { "total": 200, "status": "open", "deep": { "a": { "b": 1 } } },
    })
}

fn eval(source: &str) -> String {
    let args = world();
    let expr = match Expr::parse(source) {
        Ok(expr) => expr,
        Err(error) => return format!("refused: {error}"),
    };
    match expr.eval(&Scope::default().with("args", &args)) {
        Ok(Some(value)) => value.to_string(),
        Ok(None) => "absent".to_owned(),
        Err(error) => format!("error: {}", error.reason),
    }
}

#[track_caller]
pub(crate) fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<_> = rows.iter().filter(|(source, expected)| eval(source) != *expected).collect();
    let found: Vec<_> = wrong.iter().map(|(source, _)| (*source, eval(source))).collect();
    assert!(wrong.is_empty(), "expected {wrong:#?}, found {found:#?}");
}

#[test]
fn integers_beside_doubles_compare_and_compute_as_numbers() {
    check(&[
        ("args.amount <= 200", "true"),
        ("args.n <= 200", "true"),
        ("args.n == 1.0", "true"),
        ("1 == 1.5", "false"),
        ("args.amount <= args.order.total", "true"),
        ("args.n + 0.5", "1.5"),
        ("args.amount * 2", "301"),
        ("args.n / 2", "0.5"),
        ("4 / 2", "2"),
        ("7 % 3", "1"),
        ("int(7 / 2)", "3"),
        ("-args.n", "-1"),
        ("args.n in [1.0, 2.0]", "true"),
        ("[1, {'a': 2}] == [1.0, {'a': 2.0}]", "true"),
        ("args.big == 9007199254740992.0", "false"),
        ("args.id == 18446744073709551615u", "true"),
        ("args.id > 9223372036854775807", "true"),
        ("args.id + 1", "error: the integer is out of range"),
        ("1 / 0", "error: it divides by zero"),
        ("1.0 / 0", "error: it divides by zero"),
        ("1e308 * 10", "error: the number is out of range"),
        ("0.1 + 0.2 == 0.3", "false"),
        ("near(0.1 + 0.2, 0.3)", "true"),
        ("near(10, 10.4, 0.5)", "true"),
        ("near(10, 11)", "false"),
        ("args.n < 1e300 && args.n > -1e300", "true"),
    ]);
}

#[test]
fn a_bare_path_passes_absence_on_and_anything_else_needs_has() {
    check(&[
        ("args.amount", "150.5"),
        ("args.nothing", "absent"),
        ("args.none", "null"),
        ("args.none.field", "absent"),
        ("args.items[0].sku", "\"x\""),
        ("args.items[7].sku", "absent"),
        ("args['order'].total", "200"),
        ("args.name.first", "error: `args.name` is text and has no field `first`"),
        ("args.nothing == null", "error: `args.nothing` is absent; ask with `has(args.nothing)` first"),
        ("has(args.nothing)", "false"),
        ("has(args.nothing.deeper.still)", "false"),
        ("has(args.none)", "true"),
        ("has(args.order.deep.a.b)", "true"),
        ("has(args.nothing) && args.nothing > 1", "false"),
        ("has(args.nothing) ? args.nothing : 7", "7"),
        ("elsewhere.x", "error: there is no `elsewhere` here; this place reads args"),
    ]);
}

#[test]
fn logic_is_decided_by_the_side_that_decides_it() {
    check(&[
        ("true || args.nothing > 1", "true"),
        ("args.nothing > 1 || true", "true"),
        ("args.nothing > 1 && false", "false"),
        ("args.nothing > 1 || false", "error: `args.nothing` is absent; ask with `has(args.nothing)` first"),
        ("args.name && true", "error: `&&` wants true or false; this is text"),
        ("!args.flag", "false"),
        ("args.n ? 1 : 2", "error: `? :` wants true or false; this is an integer"),
    ]);
}

#[test]
fn values_of_different_kinds_are_unequal_and_have_no_order() {
    check(&[
        ("args.name == 1", "false"),
        ("args.none == null", "true"),
        ("args.name != null", "true"),
        ("'a' < 'b'", "true"),
        ("args.name < 1", "error: text and an integer have no order between them"),
        ("args.name + 1", "error: text and an integer can't be computed together"),
        ("args.none < 1", "error: null and an integer have no order between them"),
    ]);
}

#[test]
fn the_guard_refuses_what_it_does_not_know_by_name() {
    let (long, chain) = (format!("'{}'", "x".repeat(2_000)), vec!["1"; 200].join("+"));
    let (ternaries, deep) = ("true ? 1 : ".repeat(40) + "1", "[".repeat(60) + &"]".repeat(60));
    let (pattern, hungry) =
        (format!("'a'.matches('{}')", "b".repeat(501)), r"'a'.matches(r'(\w{200}){200}')");
    check(&[
        ("", "refused: an expression is missing here"),
        ("args.amount = 3", "refused: found `=` where the expression should end"),
        ("args.exec('rm')", "refused: there is no function `exec`"),
        ("zip(args.tags)", "refused: `zip` is written `zip(list, list)`"),
        ("contains('a', 'b')", "refused: `contains` is written `text.contains('part')`"),
        ("has(args)", "refused: invalid argument to has() macro"),
        ("args.tags.exists(t)", "refused: `exists` is written differently"),
        ("args.tags.map(args, 1)", "refused: `args` already means something here"),
        ("'a'.matches(args.name)", "refused: `matches` wants its pattern written out as a text"),
        (
            r"'a'.matches('(a)\\1')",
            "refused: the pattern of `matches` can't be used: backreferences are not supported",
        ),
        (
            hungry,
            "refused: the pattern of `matches` can't be used: Compiled regex exceeds size limit of 1048576 bytes.",
        ),
        (&pattern, "refused: the pattern is longer than 500 bytes"),
        ("b'abc'", "refused: there are no byte strings here"),
        ("Message{a: 1}", "refused: there are no message types here"),
        (".args.x", "refused: a name starts with a letter"),
        (
            "args.a.all(x, args.b.all(y, args.c.all(z, args.d.all(w, true))))",
            "refused: macros over lists nest deeper than 3",
        ),
        (&long, "refused: this expression is longer than 2000 bytes"),
        (&chain, "refused: this expression is a chain of more than 100 operators"),
        (&ternaries, "refused: this expression holds more than 32 `?`"),
        (&deep, "refused: the brackets nest deeper than 32"),
    ]);
}

#[test]
fn a_refusal_points_at_its_word() {
    let rows = [
        ("args.amount and true", "and", Some("write `&&`")),
        ("args.amount <= ", " ", None),
        ("1 + exec(2)", "exec", None),
        ("args.a ==\n  == 2", "=", Some("`==` compares")),
        ("'é' + ö", "ö", None),
    ];
    for (source, word, help) in rows {
        let error = Expr::parse(source).expect_err(source);
        assert_eq!(&source[error.range.clone()], word, "{source}: {error:?}");
        if help.is_some() {
            assert_eq!(error.help.as_deref(), help, "{source}");
        }
    }
}

#[test]
fn roots_and_paths_leave_a_macros_own_names_out() {
    let expr = Expr::parse(
        "steps.order.items[0].id == input.x && has(steps.who.id) && args.all(a, a.b == settings.c) && steps['tell'].y > 0",
    );
    let expr = expr.unwrap();
    assert_eq!(expr.roots().into_iter().collect::<Vec<_>>(), ["args", "input", "settings", "steps"]);
    let paths: Vec<_> = expr.paths().iter().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["steps.order.items", "input.x", "steps.who.id", "args", "settings.c", "steps.tell.y"]);
    assert!(Expr::parse("create").unwrap().literal_word());
    assert!(!Expr::parse("'create'").unwrap().literal_word());
    assert!(!Expr::parse("args.create").unwrap().literal_word());
}

#[test]
fn a_condition_is_a_boolean_or_fails_closed() {
    let args = world();
    let holds = |source: &str| Expr::parse(source).unwrap().holds(&Scope::default().with("args", &args));
    assert_eq!(holds("args.flag"), Ok(true));
    assert_eq!(holds("args.n == 2"), Ok(false));
    assert_eq!(holds("args.n").unwrap_err().reason, "a condition is true or false; this is an integer");
    assert!(holds("args.nothing").is_err());
}

#[test]
fn an_evaluation_that_would_not_end_ends() {
    let args = json!({ "l": (0..2_000).collect::<Vec<_>>(), "text": "x".repeat(600_000) });
    let refused = |source: &str, reason: &str| {
        let error = Expr::parse(source).unwrap().eval(&Scope::default().with("args", &args)).unwrap_err();
        assert!(error.reason.contains(reason), "{source}: {}", error.reason);
    };
    refused("args.l.all(a, args.l.all(b, a + b >= 0))", "more steps");
    refused("args.l.map(a, args.l).map(b, b.map(c, c))", "more steps");
    refused("args.text + args.text", "1 MiB");
    refused("args.l.map(a, args.text)", "more steps");
}

/// The inputs of cel-rust's issues 306 and 212, and the chains that our own limits are about.
#[test]
fn hostile_sources_are_answered_within_milliseconds() {
    let motif = "!!(!!!!!!(!!!!(((((!!(!!(!!!!((";
    let mut sources: Vec<String> = (1..=60).map(|count| motif.repeat(count) + "1").collect();
    for part in ["(", "[", "{", "!(", "-(", "a.b(", "a[", "{'a':", "f(g(", "1?", "a.map(x,"] {
        sources.push(part.repeat(1_900 / part.len()));
    }
    for part in ["a.", "a.f().", "1+", "1?1:", "!", "-", "a&&", "a||", "a==", "a[0]", "'", "\\", "é"] {
        sources.push(part.repeat(1_900 / part.len()) + "a");
    }
    sources.push("a".to_owned() + &".f()".repeat(470));
    sources.push("a".to_owned() + &".map(x,x)".repeat(210));
    for source in &sources {
        // The best of three, so that a busy machine doesn't decide.
        let took = (0..3).map(|_| {
            #[expect(clippy::disallowed_methods, reason = "how long the parser takes is what is asked")]
            let start = std::time::Instant::now();
            let _ = Expr::parse(source);
            start.elapsed().as_millis()
        });
        let (took, limit) = (took.min().unwrap(), if source.starts_with(motif) { 10 } else { 500 });
        assert!(took < limit, "{took} ms for {source}");
    }
}

#[test]
fn a_template_fills_its_holes_and_encodes_resources() {
    let args = json!({ "id": "A/7 *%\u{7}é", "amount": 20.0, "m": {"a": 1}, "none": null, "empty": "" });
    let scope = Scope::default().with("args", &args);
    let fill = |source: &str| Template::parse(source).unwrap().fill(&scope);
    let resource = |source: &str| Template::parse(source).unwrap().fill_resource(&scope);
    assert_eq!(fill("Refund {args.amount} for {args.id}?").unwrap(), "Refund 20.0 for A/7 *%\u{7}é?");
    assert_eq!(fill("{{literal}} {args.m} {{{args.none}}}").unwrap(), r#"{literal} {"a":1} {null}"#);
    assert_eq!(fill("{ {'}': args.amount > 1}['}'] ? '{yes}' : 'no' }").unwrap(), "{yes}");
    assert_eq!(resource("order/{args.id}/*").unwrap(), "order/A%2F7%20%2A%25%07%C3%A9/*");
    assert_eq!(resource("pay/{args.amount}").unwrap(), "pay/20");
    for empty in ["x/{args.none}", "x/{args.empty}", "x/{args.m}", "x/{args.missing}"] {
        assert!(resource(empty).is_err(), "{empty}");
    }
    assert!(fill("{args.missing}").is_err());
    let refused = |source: &str| Template::parse(source).map(|_| ()).unwrap_err();
    assert_eq!(refused("a {args.x").message, "a hole is not closed");
    assert_eq!(refused("a } b").message, "a `}` stands alone");
    assert_eq!(refused("é {}").message, "an expression is missing here");
    let error = refused("order {args.x and 1}");
    assert_eq!(&"order {args.x and 1}"[error.range], "and");
    let read: Vec<_> =
        Template::parse("{args.a}/{args.b}").unwrap().exprs().map(|expr| expr.source().to_owned()).collect();
    assert_eq!(read, ["args.a", "args.b"]);
}

#[test]
fn expressions_cross_threads() {
    fn shared<T: Send + Sync + std::fmt::Debug>() {}
    shared::<Expr>();
    shared::<Template>();
}

/// Pieces of CEL, so that many of the texts parse.
fn cel() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "args",
        "input",
        ".",
        "amount",
        "items",
        "name",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'a'",
        "\"é\"",
        "1",
        "2.5",
        "-",
        "!",
        "+",
        "*",
        "/",
        "%",
        "==",
        "<=",
        "&&",
        "||",
        "?",
        ":",
        ",",
        " in ",
        "has(",
        ".map(x,",
        ".all(x,",
        ".exists(y,",
        ".filter(z,",
        "x",
        "y",
        "size(",
        "sum(",
        "round(",
        "near(",
        "join(",
        ".matches('a+')",
        "null",
        "true",
        "u",
        "0x",
        "\\",
        "'",
        "b'",
        "r'",
        "\n",
        "//",
        "é",
        "\u{1F600}",
        "`",
        "@",
        "999999999999999999999",
        "1e309",
        "unique(",
        "json(",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(source in prop_oneof![3 => cel(), 1 => any::<String>()]) {
        let args = world();
        let scope = Scope::default().with("args", &args).with("input", &args);
        match Expr::parse(&source) {
            Ok(expr) => {
                let (value, holds) = (expr.eval(&scope), expr.holds(&scope));
                prop_assert_eq!(matches!(value, Ok(Some(Value::Bool(true)))), holds == Ok(true));
                prop_assert!(expr.roots().len() <= expr.paths().len());
            }
            Err(error) => prop_assert!(source.get(error.range.clone()).is_some(), "{:?} in {:?}", error, source),
        }
        match Template::parse(&source) {
            Ok(template) => { let _ = (template.fill(&scope), template.fill_resource(&scope)); }
            Err(error) => prop_assert!(source.get(error.range.clone()).is_some(), "{:?} in {:?}", error, source),
        }
    }

    /// What fills a hole is one segment and no pattern, and two different texts never make the same resource.
    #[test]
    fn a_filled_hole_stays_one_segment(one in "\\PC{1,12}", other in "\\PC{1,12}") {
        let resource = Template::parse("order/{args.id}").unwrap();
        let fill = |id: &str| resource.fill_resource(&Scope::default().with("args", &json!({ "id": id }))).unwrap();
        prop_assert_eq!(fill(&one).split('/').count(), 2);
        prop_assert!(!fill(&one).contains('*'));
        prop_assert_eq!(fill(&one) == fill(&other), one == other);
    }

    /// Our numbers agree with exact arithmetic wherever both are integers, and with doubles elsewhere.
    #[test]
    fn numbers_compare_exactly(a in any::<i64>(), b in any::<i64>(), d in -1e18..1e18_f64) {
        let args = json!({ "a": a, "b": b, "d": d });
        let holds = |source: &str| Expr::parse(source).unwrap().holds(&Scope::default().with("args", &args)).unwrap();
        prop_assert_eq!(holds("args.a < args.b"), a < b);
        prop_assert_eq!(holds("args.a == args.b"), a == b);
        let floor = d.floor() as i128;
        prop_assert_eq!(holds("args.a <= args.d"), i128::from(a) <= floor);
        prop_assert_eq!(holds("args.d < args.a"), !holds("args.a <= args.d"));
    }
}

/// Expressions of small integers, texts and lists: where CEL and this language mean the same.
fn agreed() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "0", "1", "-2", "3", "'a'", "'ab'", "true", "false", "[1, 2]", "['a']", "[]", "{'a': 1}", "null",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
        ]);
        let with = prop::sample::select(vec![
            ".all(x, x == 1)",
            ".exists(x, x > 1)",
            ".exists_one(x, x == 'a')",
            ".map(x, [x])",
            ".filter(x, x != 2)",
            ".size()",
            "[0]",
            ".contains('a')",
            ".startsWith('a')",
            ".a",
        ]);
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), with).prop_map(|(a, with)| format!("({a}){with}")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[({a}), ({b})]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The `cel` crate's own interpreter is the witness: no value of ours is another than CEL's. (It has values where the
    /// specification has none, such as a list plus an object, so we may refuse more.)
    #[test]
    fn it_means_what_cel_means(source in agreed()) {
        let ours = Expr::parse(&source).unwrap().eval(&Scope::default());
        let tree = cel::parser::PrattParser::new().parse(&source).unwrap();
        let theirs = cel::Value::resolve(&tree, &cel::Context::default()).ok().map(|value| value.json().unwrap());
        if let Ok(Some(ours)) = ours {
            prop_assert_eq!(Some(ours), theirs, "{}", source);
        }
    }
}

/// Prints nanoseconds per evaluation: `cargo xtask bench conditions`. A condition such as the first is to take less than
/// 2,000 on a small machine.
#[test]
#[ignore = "a measure, not a check"]
fn speed() {
    let (args, order) =
        (json!({ "amount": 150.5 }), json!({ "total": 200, "status": "open", "items": [1, 2, 3] }));
    for source in [
        "args.amount <= order.total",
        "order.status != 'refunded'",
        "has(order.status) && order.status in ['open', 'shipped'] && args.amount > 0.0",
        "order.items.all(i, i > 0)",
        "money('0.50 USD') <= money('2 USD')",
    ] {
        let expr = Expr::parse(source).unwrap();
        const ROUNDS: u32 = 200_000;
        #[expect(clippy::disallowed_methods, reason = "a measure")]
        let start = std::time::Instant::now();
        for _ in 0..ROUNDS {
            assert!(expr.holds(&Scope::default().with("args", &args).with("order", &order)).unwrap());
        }
        println!("{source}: {} ns", start.elapsed().as_nanos() / u128::from(ROUNDS));
    }
}
