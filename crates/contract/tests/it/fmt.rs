//! The canonical form: written twice it is the same, it says the same, and it keeps every comment where it belongs.

#![allow(clippy::panic, reason = "a panic here is a failed test")]

use std::collections::BTreeMap;

use handfast_contract::{Paint, format, load_environment};
use proptest::prelude::*;

use crate::{EXAMPLE, loaded};

/// The canonical form; that it is its own is checked each time.
pub(crate) fn canonical(text: &str) -> String {
    let told = |error: Box<handfast_contract::Loaded>| error.report(Paint::Plain);
    let once = format("x.yaml", text).map_err(told).unwrap_or_else(|told| panic!("{told}\n{text}"));
    let twice = format("x.yaml", &once).map_err(told).unwrap_or_else(|told| panic!("{told}\n{once}"));
    assert_eq!(twice, once, "not stable; from\n{text}");
    once
}

/// Compares what is written for a table of texts, each under its name, with a snapshot.
fn assert_written(name: &str, cases: &[(&str, &str)]) {
    let written: String =
        cases.iter().map(|(name, text)| format!("## {name}\n\n{}\n", canonical(text))).collect();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, written) });
}

#[test]
fn layout() {
    assert_written(
        "layout",
        &[
            (
                "keys in the order of the language, names in their own",
                "agents: { b: { model: m, purpose: x }, a: { model: m, purpose: y } }\nversion: '1'\nname: n\nhandfast: 1\nunknown: z\n",
            ),
            (
                "what fits on a line stands on one",
                "models:\n  main:\n    use: openai/x\n    api_key:\n      secret: K\n",
            ),
            (
                "what doesn't, has a line for each",
                "tools: { t: { sends: { a: aaaaaaaaaaaaaaaaaaaaaaaaaaa, b: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, c: cccccccccccccccccccccccccccc } } }\n",
            ),
            (
                "several effects, and grants with conditions",
                "tools: { t: { effects: [ { reads: a }, { writes: b, when: args.x } ] }, u: { effects: [ reads: a ] } }\nagents: { a: { may: [ t, u: args.x ] } }\n",
            ),
            (
                "named things have a line each",
                "tools: { t: { failures: { a: { when: x }, b: { when: y } }, probes: { a: { tool: t } } } }\n",
            ),
            (
                "sentences have a line each",
                "tools: { t: { requires: { it is so: a }, shows: { b: c } } }\nagents: { a: { never: { x: Lie. } } }\nallow: { HF0103: it is so }\n",
            ),
            (
                "quotes where some reader needs them",
                "a: 'plain'\nb: \"1.0\"\nc: 1.0\nd: 'yes'\ne: \"2026-11-21\"\nf: \"it's\"\ng: 'say \"x\"'\nh: \"a: b\"\ni: 'a #b'\nj: \"order/{args.id}\"\nk: '!x'\nl: \"\\t\"\nm: ''\nn: ~\no:\np: \"Order[]\"\nq: { a: \"Order[]\", b: 'http://x', c: 'Order?' }\nr: 'n'\ns: \"two\\nlines\"\n\"t u\": 'v'\n\"w: x\": y\n",
            ),
            (
                "long texts in lines",
                "agents:\n  a:\n    purpose: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen\n    instructions: \"First line of several, which is of some length and stands on.\\nSecond line.\\n\"\n    unsure: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
            ),
            (
                "block scalars keep their lines",
                "a: |\n    Look.\n\n      Deeper.\n\n\nb: >-\n  folded\n  as it was\nc: |2+\n   kept\n\nd: [ x ]\ne:\n- |\n  in a list\n- k: |-\n    deeper\n",
            ),
            ("empty things", "tools: {}\na: [ ]\nb: { c: [] }\nd:\ne: [ x, ]\n"),
            ("lists in lists", "a:\n- - x\n  - k: v\n    l: w\n- [ y ]\n"),
            ("a list, a text", "- a\n- b: c\n"),
            ("windows and tabs", "\u{feff}name:\tx\t# c\r\nhandfast: 1\r\nd: |\r\n  one\r\n  two\r\n"),
            ("no line break at the end", "a: b # c"),
            ("other letters", "größe: 'Übermaß'\nb: { ö: ü }\n"),
        ],
    );
}

#[test]
fn comments() {
    assert_written(
        "comments",
        &[
            (
                "behind and above",
                "# top\n\n# above a\na: 1 # behind a\n# above b\nb: # behind b\n  # above c\n  c: 2\n# end\n",
            ),
            (
                "of keys that change places",
                "tools:\n  t:\n    # about the effects\n    effects: [] # none\n    # about via\n    via: a.b # where\n",
            ),
            ("at the top of a file", "# the file\nname: x\n# the language\nhandfast: 1\n"),
            (
                "above a first key, about all",
                "tools:\n  t:\n    # about the tool\n\n    # about the effects\n    effects: []\n    via: a.b\n",
            ),
            (
                "in brackets",
                "a: { # open\n  b: c, # behind b\n  # above d\n  d: [ e, # behind e\n    f ] # closed\n} # very end\ng: {\n  # alone\n}\n",
            ),
            ("at the end of each depth", "a:\n  b:\n    c: d\n    # of b\n  # of a\n# of all\ne: f\n"),
            ("at the very end of each depth", "a:\n  b:\n    - c\n    # of b\n  # of a\n# of all\n"),
            (
                "in lists",
                "a: # a\n- # dash\n  b: 1 # b\n  # above c\n  c: 2\n# above d\n- d # d\n- # nothing\n- e\n# end\n",
            ),
            (
                "between a key and its value",
                "a:\n  # between\n  b\nc:\n  # deep\n  [ d ]\n? e # explicit\n# colon\n: # value\n  f\n",
            ),
            (
                "behind a block scalar",
                "a: | # header\n  # text, no comment\n  x\n  # text\n# comment\nb: >-   # folded\n  y\n",
            ),
            ("where nothing stands", "tools:\n  # none yet\nagents:\n  # nor here\n"),
            ("around the document", "# before\n---\na: b\n...\n# after\n"),
            ("without a blank, and many signs", "a: b #c\n##### d #####\ne: f # # g\n#\n"),
            ("blank lines", "\n\n# a\n\n\n\nb: c\n\n\n# d\n\ne:\n\n  f: g\n\n\n  h: i\n\n\n"),
            (
                "of a grant and an effect",
                "agents:\n  a:\n    may:\n      - b # no bound\n      - { c: d } # up to d\n      - e: f # up to f\n",
            ),
            ("in an empty document", "[ # open\n] # closed\n"),
            ("in a list of lists", "- - a # a\n  # above b\n  - b\n- # c\n  - # d\n    e\n"),
        ],
    );
}

#[test]
fn what_is_no_contract_s_yaml_is_told_and_not_touched() {
    for (text, code) in [
        ("a: [", "HF0001"),
        ("", "HF0001"),
        ("# nothing\n", "HF0001"),
        ("a: &x b\n", "HF0002"),
        ("a: 1\na: 2\n", "HF0003"),
        ("a: b\n---\nc: d\n", "HF0002"),
        // Written again, what YAML cut would look as if it had been meant.
        ("tools:\n  t:\n    failures: { a: { when: near(a, b) } }\n", "HF0004"),
        ("tools:\n  t:\n    requires:\n      x: a == 'b #c'\n", "HF0004"),
    ] {
        let found = format("x.yaml", text).unwrap_err();
        let codes: Vec<&str> = found.diagnostics.iter().map(|found| found.code.id()).collect();
        assert!(codes.contains(&code), "{text}: {codes:?}");
        assert!(found.report(Paint::Plain).contains(code), "{text}");
    }
}

/// All contracts of the repository.
fn contracts() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("the tests' example", EXAMPLE),
        ("support", include_str!("../../../../examples/support/handfast.yaml")),
        ("files", include_str!("../../../../examples/files/handfast.yaml")),
        ("init", include_str!("../../../cli/src/init/handfast.yaml")),
    ])
}

#[test]
fn what_we_write_ourselves_is_in_its_form() {
    let tests = [
        include_str!("../../../../examples/support/handfast.test.yaml"),
        include_str!("../../../../examples/files/handfast.test.yaml"),
    ];
    for text in contracts().into_values().filter(|text| *text != EXAMPLE).chain(tests) {
        assert_eq!(canonical(text), text, "`handfast fmt` writes it");
    }
}

#[test]
fn a_formatted_contract_is_the_same_contract() {
    // Everything but the digest.
    let shown = |text: &str| {
        let loaded = loaded(text);
        let contract = loaded.checked().unwrap_or_else(|| panic!("{}", loaded.report(Paint::Plain)));
        format!("{contract:?}").replace(&format!("{:?}", contract.digest), "").replace(", ", ",\n")
    };
    for (name, text) in contracts() {
        let formatted = canonical(text);
        pretty_eq(name, &shown(text), &shown(&formatted));
    }
}

fn pretty_eq(name: &str, left: &str, right: &str) {
    for (index, (left, right)) in left.lines().zip(right.lines()).enumerate() {
        assert_eq!(left, right, "{name}, line {index}");
    }
    assert_eq!(left.len(), right.len(), "{name}");
}

/// Writes a random document off a tape of choices, in every style that YAML has, with comments wherever one may stand.
struct Author<'t> {
    tape: std::slice::Iter<'t, u8>,
    out: String,
    comments: usize,
}

const KEYS: [&str; 24] = [
    "handfast",
    "name",
    "tools",
    "agents",
    "workflows",
    "steps",
    "via",
    "effects",
    "requires",
    "input",
    "with",
    "when",
    "types",
    "fields",
    "is",
    "default",
    "failures",
    "output",
    "limits",
    "it is so",
    "größe",
    "a?",
    "'x: y'",
    "\"é \\\"q\\\"\"",
];
const TEXTS: [&str; 24] = [
    "a",
    "plain text",
    "1",
    "1.0",
    "true",
    "~",
    "null",
    "2026-11-21",
    "'yes'",
    "\"1\"",
    "''",
    "\"two\\nlines\\n\"",
    "\"a\\tb\"",
    "'it''s'",
    "\"a: b\"",
    "'x #y'",
    "\"{args.id}/x\"",
    "\"f(a, b)\"",
    "args.a <= 2",
    "http://x/y",
    "\"- a\"",
    "\"[x\"",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "'äöü  ß'",
];
const BLOCKS: [&[&str]; 8] = [
    &["|", "one", "two"],
    &["|-", "one", "", "  deep"],
    &["|+", "kept", "", ""],
    &[">", "folded", "lines", "", "more"],
    &[">-", "x: y", "# no comment"],
    &["|2", "  begins deep", "less"],
    &["|", "", "after a blank"],
    &[">+", "a", "   more", "b", ""],
];

impl Author<'_> {
    fn pick(&mut self, many: u8) -> usize {
        usize::from(self.tape.next().copied().unwrap_or(0) % many)
    }

    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    /// Perhaps a comment; each has a text of its own.
    fn comment(&mut self) -> bool {
        let wanted = self.pick(4) == 1;
        if wanted {
            let spaces = self.pick(3);
            self.indent(spaces);
            self.out.push_str(&format!(" # c{}.", self.comments));
            self.comments += 1;
        }
        wanted
    }

    fn end_line(&mut self) {
        self.comment();
        self.out.push('\n');
    }

    /// Perhaps blank lines and comments of their own, at whatever column.
    fn between(&mut self, indent: usize) {
        for _ in 0..self.pick(4).saturating_sub(1) {
            if self.pick(2) == 0 {
                self.out.push('\n');
            } else {
                let other = self.pick(8);
                let columns = if other < 4 { indent } else { other - 4 };
                self.indent(columns);
                self.out.push_str(&format!("# c{}.\n", self.comments));
                self.comments += 1;
            }
        }
    }

    fn key(&mut self, used: &mut Vec<usize>) -> Option<&'static str> {
        let key = self.pick(24);
        let fresh = !used.contains(&key);
        used.push(key);
        fresh.then_some(KEYS[key])
    }

    fn block(&mut self, indent: usize, depth: usize) {
        let mut used = Vec::new();
        let list = self.pick(3) == 1;
        let mut any = false;
        for _ in 0..=self.pick(4) {
            let dash = list || any;
            let key = if list { None } else { self.key(&mut used) };
            if !list && key.is_none() && dash {
                continue;
            }
            self.between(indent);
            self.indent(indent);
            any = true;
            match key {
                Some(key) => self.out.push_str(&format!("{key}:")),
                None => self.out.push('-'),
            }
            self.value(indent, depth, key.is_none());
        }
        if self.pick(2) == 0 {
            self.between(indent);
        }
    }

    fn value(&mut self, indent: usize, depth: usize, item: bool) {
        match self.pick(if depth < 4 { 8 } else { 4 }) {
            0 | 1 => {
                let text = TEXTS[self.pick(24)];
                self.out.push_str(&format!(" {text}"));
                self.end_line();
            }
            2 => self.end_line(),
            3 => {
                let lines = BLOCKS[self.pick(8)];
                self.out.push_str(&format!(" {}", lines[0]));
                self.end_line();
                for line in &lines[1..] {
                    if !line.is_empty() {
                        self.indent(indent + 2);
                    }
                    self.out.push_str(line);
                    self.out.push('\n');
                }
            }
            4 => {
                self.out.push(' ');
                self.flow(indent + 1, depth + 1);
                self.end_line();
            }
            5 if item => {
                // The first part behind the dash.
                self.out.push(' ');
                let key = KEYS[self.pick(24)];
                self.out.push_str(&format!("{key}:"));
                self.value(indent + 2, depth + 1, false);
            }
            _ => {
                self.end_line();
                let deeper = 1 + self.pick(4);
                self.block(indent + deeper, depth + 1);
            }
        }
    }

    fn flow(&mut self, indent: usize, depth: usize) {
        let list = self.pick(2) == 0;
        let mut used = Vec::new();
        self.out.push(if list { '[' } else { '{' });
        self.flow_break(indent);
        for _ in 0..self.pick(4) {
            let key = if list { None } else { self.key(&mut used) };
            match key {
                Some(key) => self.out.push_str(&format!("{key}: ")),
                None if list => {}
                None => continue,
            }
            if depth < 4 && self.pick(4) == 3 {
                self.flow(indent, depth + 1);
            } else {
                let text = self.pick(24);
                self.out.push_str(TEXTS[text]);
            }
            self.flow_break(indent);
            self.out.push(',');
            self.flow_break(indent);
        }
        self.out.push(if list { ']' } else { '}' });
    }

    fn flow_break(&mut self, indent: usize) {
        if self.comment() || self.pick(3) == 1 {
            self.out.push('\n');
            self.between(indent);
            self.indent(indent);
        } else {
            self.out.push(' ');
        }
    }
}

/// A document and how many comments it has.
fn document(tape: &[u8]) -> (String, usize) {
    let mut author = Author { tape: tape.iter(), out: String::new(), comments: 0 };
    let style = author.pick(6);
    author.between(0);
    author.block(0, 0);
    let mut text = author.out;
    if style == 1 {
        text = text.replace('\n', "\r\n");
    }
    if style == 2 {
        text.insert(0, '\u{feff}');
    }
    if style == 3 && !text.contains('+') {
        text = text.trim_end().to_owned();
    }
    (text, author.comments)
}

/// What YAML says of a document, by the values of an environment that holds it; none where that isn't settled.
fn values(text: &str) -> Option<BTreeMap<String, serde_json::Value>> {
    load_environment("x.yaml", text).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_keeps_its_meaning_and_its_comments(tape in prop::collection::vec(any::<u8>(), 0..300)) {
        let (text, comments) = document(&tape);
        let once = match format("x.yaml", &text) {
            Ok(once) => once,
            Err(found) => {
                let report = found.report(Paint::Plain);
                prop_assert!(!report.contains("HF0095"), "{report}\n{text}");
                return Ok(());
            }
        };
        let twice = format("x.yaml", &once).map_err(|found| found.report(Paint::Plain));
        prop_assert_eq!(twice.as_ref(), Ok(&once), "from\n{}", text);
        for comment in 0..comments {
            let said = format!("# c{comment}.");
            prop_assert_eq!(once.matches(&said).count(), 1, "{} in\n{}\nfrom\n{}", said, once, text);
        }
        prop_assert!(once.lines().all(|line| line.trim_end() == line || line.contains("  ")), "{}", once);
    }

    #[test]
    fn values_stay_what_they_are(tape in prop::collection::vec(any::<u8>(), 0..200)) {
        let (text, _) = document(&tape);
        let text: String = text.trim_start_matches('\u{feff}').lines().map(|line| format!("    {line}\n")).collect();
        let text = format!("settings:\n  x:\n{text}");
        if let (Some(before), Ok(once)) = (values(&text), format("x.yaml", &text)) {
            prop_assert_eq!(Some(before), values(&once), "{}\nfrom\n{}", once, text);
        }
    }

    #[test]
    fn no_text_is_too_odd(text in "([a-c]{1,2}(: ?)?|[#\\-\\[\\]{},'\"|>?!&*~%:]| |\n|\n  |\t|\r|1|é| #c|- ){0,40}") {
        match format("x.yaml", &text) {
            Ok(once) => prop_assert_eq!(format("x.yaml", &once).ok(), Some(once)),
            Err(found) => {
                let report = found.report(Paint::Plain);
                prop_assert!(!report.contains("HF0095"), "{report}\n{text:?}");
            }
        }
    }

    #[test]
    fn nor_too_wild(text in any::<String>()) {
        if let Ok(once) = format("x.yaml", &text) {
            prop_assert_eq!(format("x.yaml", &once).ok(), Some(once));
        }
    }
}

#[test]
fn most_documents_of_the_author_can_be_read() {
    let mut tape = vec![0_u8; 200];
    let (mut read, mut seed) = (0, 7_u32);
    for _ in 0..500 {
        for byte in &mut tape {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (seed >> 24) as u8;
        }
        read += usize::from(format("x.yaml", &document(&tape).0).is_ok());
    }
    assert!(read > 250, "only {read} of 500: the laws above hold of little");
}
