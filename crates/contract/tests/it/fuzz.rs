//! What holds whatever is read: bytes, words of the language thrown together by its own grammar, and good contracts spoilt.
//!
//! `FUZZ_CASES=200000 cargo test --release -p handfast-contract --test it fuzz::` looks longer than a test may.

use std::collections::BTreeMap;

use handfast_contract::{Form, Holds, Loaded, Paint, Severity, load};
use proptest::prelude::*;

use crate::EXAMPLE;
use crate::dice::Dice;

#[expect(clippy::disallowed_methods, reason = "a person may ask for more cases")]
fn cases(usual: u32) -> ProptestConfig {
    let wanted = std::env::var("FUZZ_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::with_cases(wanted.unwrap_or(usual)) }
}

/// Loads these files; the first is the contract.
fn load_all(files: &[(&str, &str)]) -> Loaded {
    let find = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
    load(files[0].0, ".", &BTreeMap::new(), &mut |path| find(path).ok_or_else(|| "no such file".to_owned()))
}

/// What holds of all that is read.
fn laws(files: &[(&str, &str)]) -> Result<(), TestCaseError> {
    let loaded = load_all(files);
    let texts = || files.iter().map(|(_, text)| *text).collect::<Vec<_>>().join("\n-----\n");
    prop_assert_eq!(&loaded.diagnostics, &load_all(files).diagnostics, "not the same twice: {}", texts());
    for found in &loaded.diagnostics {
        for label in &found.labels {
            let text = &loaded.sources.files[&label.file];
            let before = text.get(..label.span.start);
            prop_assert!(text.get(label.span.clone()).is_some(), "{found:?} lies in nothing: {}", texts());
            let before = before.unwrap_or("");
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            let place = (before.matches('\n').count() + 1, before[line..].chars().count() + 1);
            prop_assert_eq!((label.line, label.column), place, "{:?}: {}", found, texts());
        }
        // The sentence itself says how a literal is written, and which kind of value is wanted.
        let says_how = matches!(found.code.id(), "HF0012" | "HF0030");
        prop_assert!(says_how || !found.help.is_empty(), "no help in {found:?}: {}", texts());
        prop_assert!(found.message.chars().count() <= 1_000, "{found:?}: {}", texts());
    }
    let worst = loaded.diagnostics.iter().map(|found| found.severity).min();
    prop_assert_eq!(loaded.contract.is_some(), !matches!(worst, Some(Severity::Error | Severity::NotRun)));
    prop_assert_eq!(loaded.unrun.is_some(), worst == Some(Severity::NotRun), "{}", texts());
    let report = loaded.report(Paint::Plain);
    let odd = |letter: char| letter.is_control() && letter != '\n';
    prop_assert!(
        !report.contains(odd),
        "{:?} is printed: {}",
        report.chars().find(|letter| odd(*letter)),
        texts()
    );
    prop_assert_eq!(report.is_empty(), loaded.diagnostics.is_empty());
    let _ = loaded.report(Paint::Coloured);
    if let Some(contract) = loaded.checked() {
        let clauses: Vec<String> = contract.clauses().into_iter().map(|clause| clause.address).collect();
        let mut once = clauses.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), clauses.len(), "an address twice: {}", texts());
    }
    let formatted = handfast_contract::format(files[0].0, files[0].1);
    if let Err(refused) = &formatted {
        let ours =
            refused.diagnostics.iter().any(|found| found.help.concat().contains("a mistake of Handfast's"));
        prop_assert!(!ours, "{}: {}", refused.report(Paint::Plain), texts());
    }
    if let Ok(once) = formatted {
        let again = handfast_contract::format(files[0].0, &once);
        prop_assert_eq!(again.as_ref().ok(), Some(&once), "not the same when formatted again: {}", texts());
    }
    Ok(())
}

/// A value that is to be written.
enum Thrown {
    Map(Vec<(String, Thrown)>),
    List(Vec<Thrown>),
    Text(&'static str),
}

/// Throws contracts by the table of the language.
struct Thrower {
    dice: Dice,
    /// How much more may be written.
    left: usize,
}

const NAMES: &[&str] = &["a", "b", "c"];
const CONDITIONS: &[&str] = &[
    "args.a != ''",
    "true",
    "args.n > 1 && args.a == 'ä'",
    "has(args.b) && args.b",
    "result.a == old.a",
    "error.text.contains('x')",
    "input.a == steps.a.a",
    "steps.b != null",
    "facts.a == args.a",
    "last.a == 1",
    "a.b > 2",
    "a != null",
    "call.attempt > 1",
    "[1].exists(x, x == args.n)",
    "args.",
    "'x",
    "settings.a == 'x'",
    "result != null",
    "error.status == 404",
    "args.rows.all(r, r != '')",
];
const VALUES: &[&str] = &[
    "args.a",
    "'x'",
    "input",
    "input.a",
    "steps.a",
    "steps.a.a",
    "steps.b",
    "result",
    "result.a",
    "1",
    "null",
    "[1, 2]",
    "{'a': 'x', 'n': 1}",
    "facts.a",
    "call.key",
    "args",
    "last",
    "a",
    "args.rows.map(r, r + 'x')",
    "steps.a.b",
    "size(steps.a)",
    "money('1 USD')",
    "input.rows",
];
const TEXTS: &[&str] = &[
    "order/{args.a}",
    "x/*",
    "the customer, by email",
    "{",
    "Pay {args.n} for {args.a}?",
    "{settings.a}",
    "**",
    "a//b",
    "größe",
    "{{x}}",
];
const TYPES: &[&str] = &[
    "string",
    "number",
    "integer",
    "a",
    "b",
    "c",
    "string?",
    "a?",
    "a[]",
    "string[1..3]",
    "json",
    "money",
    "email",
    "1..3",
    "0.0..1.0",
    "string /^x/",
    "float",
    "T",
    "a[]?[]",
];
const PROSE: &[&str] = &[
    "Does it.",
    "1",
    "a",
    "größer # als",
    "yes",
    "",
    "x: y",
    "file.md",
    "inc.yaml",
    "openai/gpt-5-mini",
    "2026-11-21",
    "for 30d",
];

impl Thrower {
    fn form(&mut self, form: &'static Form) -> Thrown {
        let mut entries = Vec::new();
        for key in form.keys {
            let there =
                if key.required { !self.dice.once_in(20) } else { self.left > 0 && self.dice.once_in(4) };
            if there {
                entries.push((key.name.to_owned(), self.held(key.holds)));
            }
        }
        if self.dice.once_in(40) {
            entries.push((self.dice.pick(&["todo", "<<", "requries", "a"]).to_owned(), Thrown::Text("x")));
        }
        Thrown::Map(entries)
    }

    fn held(&mut self, holds: Holds) -> Thrown {
        self.left = self.left.saturating_sub(1);
        if self.dice.once_in(30) {
            return match self.dice.roll(5) {
                0 => Thrown::List(Vec::new()),
                1 => Thrown::Map(Vec::new()),
                2 => Thrown::Map(vec![("todo".to_owned(), Thrown::Text("say"))]),
                3 => Thrown::Text(""),
                _ => Thrown::Text(self.dice.pick(VALUES)),
            };
        }
        let one_of = |thrower: &mut Self, from: &[&'static str]| Thrown::Text(thrower.dice.pick(from));
        match holds {
            Holds::Condition => one_of(self, CONDITIONS),
            Holds::Value => one_of(self, VALUES),
            Holds::Text => one_of(self, TEXTS),
            Holds::Prose => one_of(self, PROSE),
            Holds::Name("servers") => one_of(self, &["a.x", "b.y", "c.x", "a"]),
            Holds::Name(_) => one_of(self, &["a", "b", "c", "i.a"]),
            Holds::Event => {
                one_of(self, &["tools.a", "tools.b", "groups.a", "steps.a", "steps.a.b", "tools"])
            }
            Holds::Path => one_of(self, &["input", "steps.a", "input.a", "args"]),
            Holds::Type => match self.dice.roll(4) {
                0 => Thrown::Map(vec![("fields".to_owned(), self.fields())]),
                1 => Thrown::List(vec![Thrown::Text("x"), Thrown::Text("y")]),
                _ => one_of(self, TYPES),
            },
            Holds::Fields => self.fields(),
            Holds::Word(words) => one_of(self, words),
            Holds::Count => one_of(self, &["1", "12", "200k", "0", "-1", "1.5"]),
            Holds::Duration => one_of(self, &["10s", "4h", "1d", "0s", "10", "99999d"]),
            Holds::Every => one_of(self, &["every 30s", "every 5m", "30s", "every", "every 0s"]),
            Holds::Rate => one_of(self, &["10/s", "60/m", "1k/h", "0/d", "60", "60/min"]),
            Holds::Money => one_of(self, &["0.50 USD", "2 USD", "1 EUR", "-1 USD"]),
            Holds::Json => match self.dice.roll(3) {
                0 => Thrown::Map(vec![
                    ("type".to_owned(), Thrown::Text("string")),
                    ("pattern".to_owned(), Thrown::Text("^a")),
                ]),
                1 => Thrown::List(vec![Thrown::Text("1"), Thrown::Text("null")]),
                _ => one_of(self, &["x", "1", "true", "null", "1.5"]),
            },
            Holds::Clauses => {
                self.named(&["it holds", "It holds!", "größer", "…", "the other"], Holds::Condition)
            }
            Holds::Reasons => self.named(&["HF0103", "HF0104", "HF9999", "x"], Holds::Prose),
            Holds::List(item) => Thrown::List((0..self.many()).map(|_| self.held(*item)).collect()),
            Holds::Map(item) => self.named(NAMES, *item),
            Holds::Either(ways) => {
                let way = self.dice.pick(ways);
                self.held(way)
            }
            Holds::Form(form) => self.form(form),
        }
    }

    fn many(&mut self) -> usize {
        if self.left == 0 { self.dice.roll(2) } else { 1 + self.dice.roll(3) }
    }

    fn fields(&mut self) -> Thrown {
        let mut fields =
            vec![("a".to_owned(), Thrown::Text("string")), ("n".to_owned(), Thrown::Text("integer"))];
        for name in ["b?", "rows", "o?"] {
            if self.left > 0 && self.dice.once_in(3) {
                fields.push((name.to_owned(), self.held(Holds::Type)));
            }
        }
        Thrown::Map(fields)
    }

    fn named(&mut self, names: &[&str], item: Holds) -> Thrown {
        let mut entries = Vec::new();
        for name in names.iter().take(self.many()) {
            let name =
                if self.dice.once_in(30) { self.dice.pick(&["A", "result", "ä", "a", "i"]) } else { name };
            entries.push((name.to_owned(), self.held(item)));
        }
        Thrown::Map(entries)
    }

    fn write(&mut self, thrown: &Thrown, indent: usize, flow: bool, out: &mut String) {
        let flow = flow || self.dice.once_in(6);
        match thrown {
            Thrown::Text(text) => self.write_text(text, out),
            Thrown::Map(entries) if flow || entries.is_empty() => {
                out.push_str("{ ");
                for (key, value) in entries {
                    self.write_text(key, out);
                    out.push_str(": ");
                    self.write(value, indent, true, out);
                    out.push_str(", ");
                }
                out.push('}');
            }
            Thrown::List(items) if flow || items.is_empty() => {
                out.push('[');
                for item in items {
                    self.write(item, indent, true, out);
                    out.push_str(", ");
                }
                out.push(']');
            }
            Thrown::Map(entries) => {
                for (key, value) in entries {
                    out.push_str(&format!("\n{}", " ".repeat(indent)));
                    self.write_text(key, out);
                    out.push_str(": ");
                    self.write(value, indent + 2, false, out);
                }
            }
            Thrown::List(items) => {
                for item in items {
                    out.push_str(&format!("\n{}- ", " ".repeat(indent)));
                    self.write(item, indent + 2, true, out);
                }
            }
        }
    }

    fn write_text(&mut self, text: &str, out: &mut String) {
        let plain = text.chars().all(|letter| letter.is_alphanumeric() || "._/-? ".contains(letter))
            && !text.is_empty();
        match self.dice.roll(30) {
            0 => out.push_str(text),
            1 => out.push_str(&format!("'{}'", text.replace('\'', "''"))),
            _ if plain => out.push_str(text),
            _ => out.push_str(&serde_json::to_string(text).unwrap()),
        }
    }

    /// A whole file.
    fn file(&mut self) -> String {
        let thrown = self.form(Form::contract());
        let mut text = String::new();
        self.write(&thrown, 0, false, &mut text);
        text.trim_start().to_owned()
    }
}

/// Contracts that are in order, to be spoilt.
const GOOD: &[&str] =
    &[EXAMPLE, include_str!("show.yaml"), include_str!("../../../../examples/support/handfast.yaml")];

/// A good contract with lines or words of it, or of another one, deleted, doubled, swapped and put elsewhere.
fn spoilt(dice: &mut Dice) -> String {
    let text = dice.pick(GOOD);
    let by_line = dice.once_in(2);
    let cut = |text: &'static str| -> Vec<&'static str> {
        if by_line {
            text.split_inclusive('\n').collect()
        } else {
            text.split_inclusive([' ', '\n', ',', '(', '.', '{', '[']).collect()
        }
    };
    let mut parts = cut(text);
    let others = cut(dice.pick(GOOD));
    for _ in 0..=dice.roll(4) {
        let (one, other) = (dice.roll(parts.len()), dice.roll(parts.len()));
        match dice.roll(5) {
            0 => drop(parts.remove(one)),
            1 => parts.insert(one, parts[one]),
            2 => parts.swap(one, other),
            3 => {
                let from = dice.roll(others.len());
                let some = others.iter().skip(from).take(1 + dice.roll(6)).copied();
                parts.splice(one..one, some);
            }
            _ => parts.insert(one, parts[other]),
        }
    }
    parts.concat()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        laws(&[("main.yaml", &String::from_utf8_lossy(&bytes))])?;
    }

    #[test]
    fn letters_that_yaml_knows(text in "(handfast: 1\nname: a\nversion: '1'\n)?[ \\n\\t\\r\\-:{}\\[\\],&*!|>'\"#%@?\\\\a-z0-9ä東\u{feff}\u{202e}\u{85}\u{2028}\u{1b}]{0,160}") {
        laws(&[("main.yaml", &text)])?;
    }

    #[test]
    fn words_of_the_language(seed in any::<u64>()) {
        let mut thrower = Thrower { dice: Dice::new(seed), left: 150 };
        let (main, other) = (thrower.file(), thrower.file());
        laws(&[("main.yaml", &main), ("inc.yaml", &other), ("file.md", "Be kind.")])?;
    }

    #[test]
    fn good_contracts_spoilt(seed in any::<u64>()) {
        let text = spoilt(&mut Dice::new(seed));
        laws(&[("main.yaml", &text), ("policy.md", "Be kind.")])?;
    }
}
