//! A mistake is pointed at exactly, however its contract is laid out: the same contract with one planted mistake, written
//! in blocks and in flow, quoted and folded, with Windows' line ends, behind comments in other scripts, in an included file.

use std::collections::BTreeMap;
use std::ops::Range;

use handfast_contract::{Paint, Severity, load};
use proptest::prelude::*;

use crate::dice::Dice;

/// What is written. «…» in a text or key is the mistake.
enum Tree {
    Map(Vec<(&'static str, Tree)>),
    List(Vec<Tree>),
    Text(&'static str),
}

use Tree::{List, Map, Text};

/// A contract with these in it.
fn with(
    key: &'static str,
    may: &'static str,
    target: &'static str,
    clause: &'static str,
    total: &'static str,
) -> Tree {
    Map(vec![
        ("handfast", Text("1")),
        ("name", Text("layouts")),
        ("version", Text("2026.11-a")),
        ("owner", Text("Zoë's team, 東京 🦀")),
        (
            "servers",
            Map(vec![(
                "shop",
                Map(vec![("mcp", Map(vec![("command", List(vec![Text("shop"), Text("--größe")]))]))]),
            )]),
        ),
        ("models", Map(vec![("main", Map(vec![("use", Text("openai/gpt-5-mini"))]))])),
        (
            "types",
            Map(vec![(
                "Order",
                Map(vec![("fields", Map(vec![("id", Text("string")), ("total", Text(total))]))]),
            )]),
        ),
        (
            "tools",
            Map(vec![(
                "refund",
                Map(vec![
                    ("via", Text("shop.refund")),
                    ("description", Text("Zahlt Geld zurück — on the customer's card: once.")),
                    ("input", Map(vec![("order_id", Text("string")), ("amount", Text("number"))])),
                    ("output", Text("Order")),
                    (
                        "effects",
                        List(vec![
                            Map(vec![("writes", Text(target))]),
                            Map(vec![("notifies", Text("die Kundin, 東京"))]),
                        ]),
                    ),
                    ("idempotency", Text("natural")),
                    (
                        key,
                        Map(vec![
                            ("größer als nichts", Text("args.order_id != 'ä'")),
                            ("it is more", Text(clause)),
                        ]),
                    ),
                ]),
            )]),
        ),
        (
            "agents",
            Map(vec![(
                "clerk",
                Map(vec![
                    ("purpose", Text("Löst ein Problem.")),
                    ("model", List(vec![Text("main")])),
                    ("may", List(vec![Text(may)])),
                    ("limits", Map(vec![("turns", Text("3")), ("cost", Text("1 USD"))])),
                ]),
            )]),
        ),
    ])
}

/// The mistakes: the code of each, and the contract that has it.
fn mistakes() -> Vec<(&'static str, Tree)> {
    let (may, target, clause, total) = ("refund", "order/{args.order_id}", "args.amount > 0.0", "number");
    vec![
        ("HF0008", with("«requries»", may, target, clause, total)),
        ("HF0010", with("requires", "«refnud»", target, clause, total)),
        ("HF0017", with("requires", may, "ordre/{ args.order_id }/größe/{«args.ordre_id»}", clause, total)),
        ("HF0017", with("requires", may, target, "args.order_id != 'äö 東' && «args.amuont» > 0.0", total)),
        (
            "HF0016",
            with("requires", may, target, "args.order_id != 'äö' && «close»(args.amount, 1.0)", total),
        ),
        ("HF0030", with("requires", may, target, "args.amount > 0.0 && «args.order_id < 3»", total)),
        ("HF0015", with("requires", may, target, clause, "«nubmer»")),
    ]
}

struct Writer<'d> {
    out: String,
    dice: &'d mut Dice,
    /// Where the mistake came to stand, and whether within a text rather than as the whole of it.
    planted: Option<Range<usize>>,
}

impl Writer<'_> {
    fn line(&mut self, indent: usize) {
        for _ in 0..self.dice.roll(3) {
            let comments = ["", "# ein Kommentar: größer, [ { \"", "#", "# 東京 🦀", "# e\u{301}"];
            let comment = self.dice.pick(&comments);
            if !self.out.is_empty() || comment.starts_with('#') {
                self.out.push_str(if self.out.is_empty() || self.out.ends_with('\n') { "" } else { "\n" });
                self.out.push_str(comment);
                self.out.push('\n');
            }
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.push_str(&" ".repeat(indent));
    }

    fn block(&mut self, tree: &Tree, indent: usize) {
        match tree {
            Map(entries) => {
                for (key, value) in entries {
                    self.line(indent);
                    self.key(key);
                    self.behind(value, indent);
                }
            }
            List(items) => {
                for item in items {
                    self.line(indent);
                    self.out.push('-');
                    self.behind(item, indent);
                }
            }
            Text(_) => unreachable!("a text stands behind something"),
        }
    }

    /// What stands behind a key or dash.
    fn behind(&mut self, value: &Tree, indent: usize) {
        let deeper = indent + 1 + self.dice.roll(3);
        match value {
            Text(text) => {
                self.out.push(' ');
                self.text(text, Some(deeper));
            }
            _ if self.dice.once_in(3) => {
                self.out.push(' ');
                self.flow(value);
            }
            _ => self.block(value, deeper),
        }
    }

    fn flow(&mut self, tree: &Tree) {
        let [open, close] = if matches!(tree, Map(_)) { ["{ ", " }"] } else { ["[", "]"] };
        let break_at = self.dice.roll(6);
        self.out.push_str(open);
        let gap = |writer: &mut Self, index: usize| {
            if index > 0 {
                writer.out.push_str(if index == break_at { ",\n              " } else { ", " });
            }
        };
        match tree {
            Map(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    gap(self, index);
                    self.key(key);
                    self.out.push(' ');
                    self.flow(value);
                }
            }
            List(items) => {
                for (index, item) in items.iter().enumerate() {
                    gap(self, index);
                    self.flow(item);
                }
            }
            Text(text) => {
                self.out.truncate(self.out.len() - open.len());
                return self.text(text, None);
            }
        }
        self.out.push_str(close);
    }

    fn key(&mut self, key: &str) {
        let quote = self.dice.pick(&["", "", "\"", "'"]);
        self.whole(key, quote);
        self.out.push(':');
    }

    /// A text in one of the styles that keep it what it is. `indent` is that of a block; in flow there is none.
    fn text(&mut self, text: &str, indent: Option<usize>) {
        // A mistake that is the whole text is pointed at with its quotes.
        let whole = text.starts_with('«') && text.ends_with('»');
        let plain = !text.contains([',', '[', ']', '{', '}', '#'])
            && !text.contains(": ")
            && (text.contains(' ') || !text.contains(".."))
            && text != "2026.11-a";
        let number = text.chars().all(|letter| letter.is_ascii_digit());
        match (self.dice.roll(5), indent) {
            (1, _) if !number && whole => self.whole(text, "'"),
            (1, _) if !number => self.quoted(&text.replace('\'', "''"), "'", indent),
            (2, Some(indent)) if !whole && !number => self.scalar_block(text, indent, "|"),
            (3, Some(indent)) if !whole && !number => self.scalar_block(text, indent, ">"),
            (0, _) if plain => self.quoted(text, "", indent),
            _ if number => self.quoted(text, "", None),
            _ if whole => self.whole(text, "\""),
            _ => self.quoted(text, "\"", indent),
        }
    }

    /// A text whose place is all of it, quotes included.
    fn whole(&mut self, text: &str, quote: &str) {
        let start = self.out.len();
        self.out.push_str(quote);
        self.out.push_str(&text.replace(['«', '»'], ""));
        self.out.push_str(quote);
        if text.contains('«') {
            self.planted = Some(start..self.out.len());
        }
    }

    fn quoted(&mut self, text: &str, quote: &str, indent: Option<usize>) {
        self.out.push_str(quote);
        let fold = indent.filter(|_| self.dice.once_in(2)).map(|indent| format!("\n{}", " ".repeat(indent)));
        self.marked(text, fold.as_deref());
        self.out.push_str(quote);
    }

    fn scalar_block(&mut self, text: &str, indent: usize, sign: &str) {
        let chomp = self.dice.pick(&["", "-", "+"]);
        let lead = format!("\n{}", " ".repeat(indent));
        self.out.push_str(sign);
        self.out.push_str(chomp);
        self.out.push_str(self.dice.pick(&["", " # größer"]));
        self.out.push_str(&lead);
        // A literal block keeps its line ends, which CEL takes for blanks and prose doesn't.
        let fold = (sign == ">" || text.contains("&&")).then_some(lead);
        self.marked(text, fold.as_deref());
        self.out.push('\n');
    }

    /// The text without its marks; a blank may become `fold`.
    fn marked(&mut self, text: &str, fold: Option<&str>) {
        let mut start = None;
        let mut quoted = false;
        for letter in text.chars() {
            quoted ^= letter == '\'';
            match letter {
                '«' => start = Some(self.out.len()),
                '»' => self.planted = Some(start.expect("it opens first")..self.out.len()),
                ' ' if !quoted && fold.is_some() && self.dice.once_in(3) => {
                    self.out.push_str(fold.unwrap_or(" "))
                }
                letter => self.out.push(letter),
            }
        }
    }
}

/// The text laid out by chance, and where the mistake is.
fn laid_out(tree: &Tree, dice: &mut Dice) -> (String, Range<usize>) {
    let mut writer = Writer { out: String::new(), dice, planted: None };
    if writer.dice.once_in(10) {
        writer.flow(tree);
    } else {
        writer.block(tree, 0);
    }
    let Writer { mut out, planted, .. } = writer;
    let planted = planted.expect("a mistake");
    out.push('\n');
    let (mark, windows) = (dice.once_in(5), dice.once_in(3));
    let moved = |text: &str, at: usize| {
        at + if windows { text[..at].matches('\n').count() } else { 0 } + if mark { 3 } else { 0 }
    };
    let place = moved(&out, planted.start)..moved(&out, planted.end);
    let out = if windows { out.replace('\n', "\r\n") } else { out };
    (if mark { format!("\u{feff}{out}") } else { out }, place)
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
}

fn points_at_the_mistake(seed: u64) -> Result<(), TestCaseError> {
    let mut dice = Dice::new(seed);
    let all = mistakes();
    let (code, tree) = &all[dice.roll(all.len())];
    let (text, place) = laid_out(tree, &mut dice);
    let included = dice.once_in(2);
    let main =
        "# größer als 東京\nhandfast: 1\nname: outer\nversion: \"1\"\ninclude: { shop: ./teil/läden.yaml }\n";
    let read = &mut |path: &str| match path {
        "main.yaml" if included => Ok(main.to_owned()),
        "teil/läden.yaml" if included => Ok(text.clone()),
        "main.yaml" => Ok(text.clone()),
        _ => Err("no such file".to_owned()),
    };
    let loaded = load("main.yaml", ".", &BTreeMap::new(), read);
    let errors: Vec<_> =
        loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    let report = || format!("{}\nin\n{text}", loaded.report(Paint::Plain));
    prop_assert_eq!(errors.len(), 1, "{}", report());
    let label = &errors[0].labels[0];
    prop_assert_eq!(errors[0].code.id(), *code, "{}", report());
    prop_assert_eq!(&text[label.span.clone()], &text[place.clone()], "{}", report());
    prop_assert_eq!(&label.span, &place, "{}", report());
    prop_assert_eq!((label.line, label.column), line_and_column(&text, place.start), "{}", report());
    prop_assert_eq!(&*label.file, if included { "teil/läden.yaml" } else { "main.yaml" }, "{}", report());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_mistake_is_pointed_at_however_its_contract_is_laid_out(seed in any::<u64>()) {
        points_at_the_mistake(seed)?;
    }
}
