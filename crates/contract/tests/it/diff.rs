//! What changes between two contracts: each change is found where it is, weighs what the rules say, and nothing else does.

mod more;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use handfast_contract::diff::{Change, Rule, Weight, diff, heaviest};
use handfast_contract::{Contract, Loaded, Paint, Schema, Severity, load};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::dice::Dice;
use table::Row;

const WHOLE: &str = include_str!("whole.yaml");
const FLOW: &str = include_str!("flow.yaml");
const TOOLS: &str = include_str!("tools.yaml");
const PAGE: &str = include_str!("../../../../docs/reference/diff.md");

fn loaded(text: &str) -> Loaded {
    load("support.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "support.yaml" => Ok(text.to_owned()),
        "policy.md" => Ok("Be kind and brief.".to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

fn checked(text: &str) -> Result<Contract, String> {
    let loaded = loaded(text);
    loaded.checked().cloned().ok_or_else(|| {
        let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        errors.map(|error| error.render(&loaded.sources, Paint::Plain)).collect()
    })
}

fn changed(base: &str, from: &str, to: &str) -> Result<Contract, String> {
    let mut text = base.to_owned();
    for (from, to) in from.split(" … ").zip(to.split(" … ")) {
        if text.matches(from).count() != 1 {
            return Err(format!("`{from}` stands there {} times", text.matches(from).count()));
        }
        text = text.replacen(from, to, 1);
    }
    checked(&text)
}

fn told(changes: &[Change]) -> String {
    let line = |change: &Change| {
        format!("    {} {}: {} ({})\n", change.weight().name(), change.address, change.what, change.rule.name)
    };
    changes.iter().map(line).collect()
}

/// What is wrong with one row; nothing where its verdict is the one found.
fn wrong(base: &str, old: &Contract, (_, from, to, address, weight): &Row) -> Option<String> {
    let new = match changed(base, from, to) {
        Ok(new) => new,
        Err(report) => return Some(report),
    };
    let changes = diff(old, &new);
    let there = changes.iter().filter(|change| change.address == *address);
    let found = there.map(Change::weight).max();
    if found == Some(*weight) && heaviest(&changes) == Some(*weight) {
        return None;
    }
    Some(format!("  wanted {} {address}, found\n{}", weight.name(), told(&changes)))
}

fn assert_rows(base: &str, rows: &[Row]) {
    let old = checked(base).unwrap();
    let mut failed = String::new();
    for row in rows {
        if let Some(wrong) = wrong(base, &old, row) {
            write!(failed, "{}\n{wrong}", row.0).unwrap();
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}

#[test]
fn each_change_weighs_what_the_rules_say() {
    assert_rows(WHOLE, table::TABLE);
}

#[test]
fn so_does_each_change_of_what_else_the_language_has() {
    assert_rows(WHOLE, more::WHOLE);
}

#[test]
fn so_does_each_change_of_a_step() {
    assert_rows(FLOW, more::FLOW);
}

#[test]
fn so_does_each_change_of_what_tools_say() {
    assert_rows(TOOLS, more::TOOLS);
}

#[test]
fn what_means_the_same_is_no_change() {
    let mut failed = String::new();
    for (what, base, from, to) in more::NOTHING {
        let base = base.replace("types:\n", "types:\n  Found: { fields: { id: string } }\n");
        let changes = changed(&base, from, to).map(|new| told(&diff(&checked(&base).unwrap(), &new)));
        if changes != Ok(String::new()) {
            writeln!(failed, "{what}: {changes:?}").unwrap();
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}

#[test]
fn failures_in_another_order_break() {
    let both = |first: &str, second: &str| {
        let (a, b) = (
            format!("{first}: {{ when: error.text.contains('a') }}"),
            format!("{second}: {{ when: error.text.contains('a') }}"),
        );
        checked(&WHOLE.replace("failures: { card_expired:", &format!("failures: {{ {a}, {b}, card_expired:")))
            .unwrap()
    };
    let changes = diff(&both("one", "two"), &both("two", "one"));
    assert_eq!(told(&changes).lines().count(), 1, "{}", told(&changes));
    assert_eq!((&*changes[0].address, changes[0].weight()), ("tools.refund.failures", Weight::Breaking));
}

#[test]
fn what_an_included_contract_changes_is_told_by_its_full_name() {
    let main = "handfast: 1\nname: outer\nversion: \"1\"\ninclude: { shop: shop.yaml }\n";
    let including = |shop: &str| {
        let loaded = load("outer.yaml", ".", &BTreeMap::new(), &mut |path| match path {
            "outer.yaml" => Ok(main.to_owned()),
            "shop.yaml" => Ok(shop.to_owned()),
            _ => Err("no such file".to_owned()),
        });
        loaded.checked().cloned().unwrap_or_else(|| panic!("{}", loaded.report(Paint::Plain)))
    };
    let new = TOOLS
        .replace("version: \"1\"", "version: \"2\"")
        .replace("valid: 24h }\n    once_per", "valid: 2h }\n    once_per");
    let changes = diff(&including(TOOLS), &including(&new));
    let found: Vec<(&str, Weight)> =
        changes.iter().map(|change| (&*change.address, change.weight())).collect();
    assert_eq!(
        found,
        [("tools.shop.refund.idempotency", Weight::Breaking), ("include.shop", Weight::Compatible)]
    );
}

/// Every contract that the project has.
fn examples() -> Vec<(String, Contract)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut folders = vec![std::path::PathBuf::from(root)];
    let mut all: Vec<(String, Contract)> = [("whole", WHOLE), ("flow", FLOW), ("tools", TOOLS)]
        .map(|(name, text)| (name.to_owned(), checked(text).unwrap()))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with(".venv") {
                folders.push(path);
            } else if path.ends_with("handfast.yaml") {
                let read = |name: &str| {
                    std::fs::read_to_string(folder.join(name)).map_err(|cause| cause.to_string())
                };
                let loaded = load("handfast.yaml", ".", &BTreeMap::new(), &mut |name| read(name));
                all.extend(loaded.checked().map(|contract| (path.display().to_string(), contract.clone())));
            }
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn a_contract_differs_in_nothing_from_itself_and_any_two_can_be_compared() {
    let all = examples();
    assert!(all.len() >= 6, "{} contracts", all.len());
    for (name, old) in &all {
        assert_eq!(told(&diff(old, old)), "", "{name}");
        for (other, new) in &all {
            assert_eq!(diff(old, new).is_empty(), name == other, "{name} {other}");
        }
    }
}

#[test]
fn what_is_called_compatible_accepts_what_was_accepted() {
    let tool = |input: &str, output: &str| {
        format!(
            "handfast: 1\nname: t\nversion: \"1\"\nservers: {{ s: {{ mcp: {{ command: [s] }} }} }}\ntools:\n  t:\n    via: s.t\n    \
             description: Reads.\n    input: {{ x: {{ schema: {input} }} }}\n    output: {{ schema: {output} }}\n    effects: [ reads: x ]\n"
        )
    };
    let contract = |input: &serde_json::Value, output: &serde_json::Value| {
        checked(&tool(&input.to_string(), &output.to_string())).ok()
    };
    let mut runner = TestRunner::new(Config { failure_persistence: None, cases: 128, ..Config::default() });
    let decided = std::cell::Cell::new(0);
    let run = runner.run(&any::<u64>(), |seed| {
        let mut dice = Dice::new(seed);
        let (a, b) = (dice.schema(), dice.schema());
        let (Some(old), Some(new)) = (contract(&a, &b), contract(&b, &a)) else { return Ok(()) };
        let changes = diff(&old, &new);
        let breaks = |address: &str| {
            changes.iter().any(|change| change.address == address && change.weight() == Weight::Breaking)
        };
        let reader = Schema::compile(b.clone()).unwrap();
        for (address, given) in [("tools.t.input", &a), ("tools.t.output", &a)] {
            if breaks(address) {
                continue;
            }
            decided.set(decided.get() + 1);
            for _ in 0..8 {
                let value = dice.fitting(given, given, 4);
                let fits = !Schema::compile(given.clone()).unwrap().fits(&value) || reader.fits(&value);
                prop_assert!(fits, "{}: {} no longer fits {}", address, value, b);
            }
        }
        Ok(())
    });
    run.unwrap();
    assert!(decided.get() > 0, "nothing was decided");
}

/// Two versions in which much has changed.
fn rich() -> String {
    let pairs = [
        ("version: \"1\"", "version: \"2\""),
        ("limit?: 1..50", "limit?: 1..20"),
        ("args.amount <= 200.0", "args.amount <= 300.0"),
        ("valid: 24h", "valid: 1h"),
        (
            "      the order is not refunded yet:",
            "      it is some money: args.amount > 0.0\n      the order is not refunded yet:",
        ),
        ("status: [ open, shipped, refunded ]", "status: [ open, shipped, refunded, lost ]"),
        ("Be kind and brief.", "Be brief."),
        ("body: steps.resolve.text }", "body: input.text }"),
        ("handles: [ refunds, order status ]", "handles: [ refunds ]"),
        ("within: 4h", "within: 8h"),
    ];
    pairs.iter().fold(WHOLE.to_owned(), |text, (from, to)| text.replacen(from, to, 1))
}

#[test]
fn a_rich_pair_reads_well() {
    let changes = diff(&checked(WHOLE).unwrap(), &checked(&rich()).unwrap());
    insta::assert_snapshot!(handfast_contract::diff::report(&changes));
}

/// The table of rules as the reference has it.
fn rules() -> String {
    let row = |rule: &&Rule| {
        let breaks: Vec<&str> = rule.breaks.iter().map(|breaks| breaks.name()).collect();
        format!(
            "| `{}` | {} | {} | {} | {} |\n",
            rule.name,
            rule.weight.name(),
            breaks.join(", "),
            rule.why,
            rule.remedy
        )
    };
    let rows: String = Rule::all().iter().map(row).collect();
    format!("| rule | weight | breaks | why | what to do |\n|---|---|---|---|---|\n{rows}")
        .replace("||", "\\|\\|")
}

#[test]
fn the_reference_has_every_rule() {
    let (before, rest) = PAGE.split_once("<!-- rules -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let page = format!("{before}<!-- rules -->\n{}<!-- end -->{after}", rules());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/diff.md"), &page).unwrap();
        return;
    }
    assert_eq!(PAGE, page, "run `BLESS=1 cargo test -p handfast-contract --test it diff`");
}

#[test]
fn the_examples_of_the_reference_weigh_what_it_says() {
    let rows = PAGE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ").collect();
        let [from, to, address, weight, ..] = cells.as_slice() else { return None };
        let (from, to) = (from.strip_suffix('`')?, to.strip_prefix('`')?.strip_suffix('`')?);
        Some((from, to, address.trim_matches('`'), *weight))
    });
    let old = checked(WHOLE).unwrap();
    let mut examples = 0;
    for (from, to, address, weight) in rows.filter(|row| WHOLE.contains(row.0)) {
        let new = changed(WHOLE, from, to).unwrap();
        let changes = diff(&old, &new);
        let found =
            changes.iter().find(|change| change.address == address).map(|change| change.weight().name());
        assert_eq!(found, Some(weight), "{from}: {}", told(&changes));
        examples += 1;
    }
    assert!(examples >= 8, "{examples} examples");
}
