//! Errors point at the right bytes, however the text was written; and no text makes the loader panic.

use handfast_contract::{Diagnostic, Severity};
use proptest::prelude::*;

use crate::{EXAMPLE, loaded};

/// The text that the first error points at, its line and its column.
fn pointed_at(text: &str) -> (String, usize, usize) {
    let loaded = loaded(text);
    let found: &Diagnostic =
        loaded.diagnostics.iter().find(|found| found.severity == Severity::Error).expect("an error");
    let label = &found.labels[0];
    (text[label.span.clone()].to_owned(), label.line, label.column)
}

/// The example with this in place of the refund's first condition.
fn with_condition(written: &str) -> String {
    EXAMPLE.replacen("      it is more than nothing: args.amount > 0.0\n", written, 1)
}

#[test]
fn a_wrong_path_is_pointed_at_in_every_style() {
    for (style, written, line, column) in [
        ("plain", "      it is more: args.amuont > 0.0\n", 56, 19),
        ("plain, behind another", "      it is more: 1 == 1 && args.amuont > 0.0\n", 56, 29),
        ("double-quoted", "      it is more: \"args.amuont > 0.0\"\n", 56, 20),
        ("single-quoted", "      it is more: '''a'' == ''a'' && args.amuont > 0.0'\n", 56, 38),
        ("literal block", "      it is more: |\n        1 == 1 &&\n        args.amuont > 0.0\n", 58, 9),
        ("folded block", "      it is more: >\n        1 == 1 &&\n        args.amuont > 0.0\n", 58, 9),
        ("plain over two lines", "      it is more: 1 == 1 &&\n        args.amuont > 0.0\n", 57, 9),
        (
            "behind letters that take more than a byte",
            "      größer als nichts: 'ä' != 'ö' && args.amuont > 0.0\n",
            0,
            0,
        ),
        ("a longer name first", "      it is more: has(args.amount) && args.amuont > 0.0\n", 56, 39),
        ("flow", "      { it is more: args.amuont > 0.0 }\n", 56, 21),
    ] {
        // A plain text that begins with a quote is YAML's, not CEL's.
        if style.starts_with("behind") {
            let text =
                with_condition("      größer als nichts: args.order_id != 'äö' && args.amuont > 0.0\n");
            assert_eq!(pointed_at(&text), ("args.amuont".to_owned(), 56, 51), "{style}");
            continue;
        }
        assert_eq!(pointed_at(&with_condition(written)), ("args.amuont".to_owned(), line, column), "{style}");
    }
}

#[test]
fn an_escape_hides_the_place_and_the_whole_text_is_shown() {
    let text = with_condition("      it is more: \"args.order_id != '\\x41' && args.amuont > 0.0\"\n");
    assert_eq!(pointed_at(&text).0, "\"args.order_id != '\\x41' && args.amuont > 0.0\"");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = with_condition("      it is more: args.amuont > 0.0\n").replace('\n', "\r\n");
    assert_eq!(pointed_at(&text), ("args.amuont".to_owned(), 56, 19));
    assert!(loaded(&EXAMPLE.replace('\n', "\r\n")).contract.is_some());
    assert!(loaded(&format!("\u{feff}{EXAMPLE}")).contract.is_some());
}

#[test]
fn diagnostics_serialise_with_their_places() {
    let loaded = loaded(&EXAMPLE.replace("may: [ find_order,", "may: [ find_ordre,"));
    let json = serde_json::to_value(&loaded.diagnostics).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "code": "HF0010", "severity": "error", "message": "there is no tool `find_ordre`",
            "labels": [{ "file": "support.yaml", "span": { "start": json[0]["labels"][0]["span"]["start"], "end": json[0]["labels"][0]["span"]["end"] }, "line": 81, "column": 12, "text": "" }],
            "help": ["did you mean `find_order`?"],
        }])
    );
}

#[test]
fn hostile_texts_end_in_one_error_soon() {
    let mut doubling =
        String::from("handfast: 1\nname: x\nversion: \"1\"\ntypes:\n  T0: { fields: { a: string } }\n");
    for level in 1..40 {
        doubling += &format!("  T{level}: {{ fields: {{ a: T{0}, b: T{0} }} }}\n", level - 1);
    }
    let wide: String = (0..5_000).map(|key| format!("k{key}: x\n")).collect();
    for (name, text, part) in [
        ("deep flow", "[".repeat(10_000), "HF00"),
        ("deep blocks", (0..200).map(|depth| " ".repeat(depth) + "a:\n").collect(), "HF0006"),
        ("types that double", doubling, "HF0006"),
        (
            "nullable without end",
            format!("handfast: 1\nname: x\nversion: \"1\"\ntypes: {{ A: string{} }}\n", "?".repeat(5_000)),
            "HF0006",
        ),
        ("a wide map", wide, "HF0006"),
        ("too many bytes", "a".repeat(2 << 20), "HF0006"),
        ("many values", format!("a: [{}]", "a,".repeat(200_000)), "HF0006"),
    ] {
        let loaded = loaded(&text);
        assert!(loaded.contract.is_none(), "{name}");
        assert!(loaded.diagnostics.len() <= 100, "{name}");
        assert!(
            loaded.diagnostics.iter().any(|found| found.code.id().starts_with(part)),
            "{name}: {:?}",
            loaded.diagnostics.first()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_the_loader_panic(text in "[ \\n\\t\\-:{}\\[\\],&*!|>'\"#%@?a-z0-9ä]{0,200}") {
        let loaded = loaded(&text);
        let _ = loaded.report(handfast_contract::Paint::Coloured);
        prop_assert!(loaded.contract.is_none());
    }

    #[test]
    fn no_change_of_the_example_makes_the_loader_panic(
        at in 0..EXAMPLE.len(),
        removed in 0_usize..40,
        put in "[ \\n\\-:{}\\[\\],&*!|>'\"#?$a-z0-9.ä]{0,12}",
    ) {
        let start = EXAMPLE.floor_char_boundary(at);
        let end = EXAMPLE.floor_char_boundary((at + removed).min(EXAMPLE.len()));
        let text = format!("{}{put}{}", &EXAMPLE[..start], &EXAMPLE[end.max(start)..]);
        let loaded = loaded(&text);
        let errors = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
        // Refused with a reason, or usable: never neither.
        prop_assert_eq!(loaded.contract.is_none(), errors);
        prop_assert_eq!(loaded.report(handfast_contract::Paint::Plain).is_empty(), loaded.diagnostics.is_empty());
        for label in loaded.diagnostics.iter().flat_map(|found| &found.labels) {
            prop_assert!(text.get(label.span.clone()).is_some());
        }
    }
}
