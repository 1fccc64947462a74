//! Texts that are hard to read at all: bombs, depths, widths and letters that YAML or a terminal trips over.

use super::{Trial, contract, each, trial};

const MIB: usize = 1 << 20;

pub(crate) const TRIALS: &[fn() -> Trial] = &[
    || trial("nothing", "HF0001", ""),
    || trial("a byte order mark and nothing", "HF0001", "\u{feff}"),
    || trial("nul", "HF0001", "\0"),
    || trial("nul in a text", "HF0001", contract("owner: a\0b\n")),
    || trial("a bell in a text", "HF0001", contract("owner: a\u{7}b\n")),
    || trial("an escaped nul", None, contract("owner: \"a\\0b\"\n")),
    || trial("an escape sequence of terminals", "HF0008", contract("\"\\e[2J\\e]0;x\\a\": x\n")),
    || trial("writing that runs backwards", "HF0008", contract("\u{202e}ytiruces: \u{2066}x\n")),
    || trial("half of a surrogate", "HF0001", contract("owner: \"\\uD800\"\n")),
    || trial("half of a surrogate and another letter", "HF0001", contract("owner: \"\\uD83Dx\"\n")),
    || trial("an escape beyond Unicode", "HF0001", contract("owner: \"\\U00110000\"\n")),
    || trial("line ends of old", None, contract("owner: a\n").replace('\n', "\r")),
    || trial("a byte order mark in the middle", None, contract("owner: \"a\u{feff}b\"\n")),
    || {
        let bomb = each(9, |level| {
            format!("a{}: &a{} [{}]\n", level + 1, level + 1, vec![format!("*a{level}"); 9].join(", "))
        });
        trial("a thousand million laughs", "HF0002", contract(&format!("a0: &a0 [lol, lol]\n{bomb}")))
    },
    || trial("anchors alone", "HF0002", each(50_000, |number| format!("k{number}: &a x\n"))),
    || trial("aliases alone", "HF0002", format!("a: [{}]", "*a,".repeat(90_000))),
    || trial("merges", "HF0002", each(5_000, |_| "<<: {a: b}\n".to_owned())),
    || trial("tags", "HF0002", format!("a: [{}]", "!!x y,".repeat(90_000))),
    || {
        trial(
            "tags that are declared",
            "HF0004",
            format!("%TAG !e! {}\n---\na: !e!x y\n", "x".repeat(MIB / 2)),
        )
    },
    || trial("documents without end", "HF0002", "---\na: b\n".repeat(100_000)),
    || trial("deep in brackets", "HF0001", "[".repeat(MIB - 1)),
    || trial("deep in braces", "HF0001", "{a: ".repeat(MIB / 4 - 1)),
    || trial("deep in dashes", "HF0006", "- ".repeat(MIB / 2 - 1)),
    || trial("deep in question marks", "HF0006", "? ".repeat(MIB / 2 - 1)),
    || trial("deep in blocks", "HF0006", each(1_000, |depth| " ".repeat(depth) + "a:\n")),
    || trial("as deep as may be", "HF0008", format!("a: {}{}", "[".repeat(60), "]".repeat(60))),
    || trial("closing brackets", "HF0001", "]".repeat(MIB - 1)),
    || trial("colons", "HF0001", ":".repeat(MIB - 1)),
    || trial("colons in a list", "HF0007", format!("[{}", ": ".repeat(MIB / 2 - 1))),
    || trial("a list of keys that aren't closed", "HF0001", format!("a: [{}", "b: c ".repeat(MIB / 6))),
    || trial("quotes that never close", "HF0001", format!("a: \"{}", "x\n ".repeat(MIB / 4))),
    || trial("blanks", "HF0001", " ".repeat(MIB)),
    || trial("lines", "HF0001", "\n".repeat(MIB)),
    || trial("comments", "HF0001", "#\n".repeat(MIB / 2)),
    || trial("a comment of a megabyte", "HF0001", "#".repeat(MIB)),
    || trial("tabs", "HF0001", "\t".repeat(MIB - 1)),
    || trial("a word of a megabyte", "HF0007", "a".repeat(MIB)),
    || trial("a key of a megabyte", "HF0001", format!("{}: x", "a".repeat(MIB - 3))),
    || {
        trial(
            "a quoted key of a kilobyte, often",
            "HF0008",
            each(400, |number| format!("\"{number}{}\": x\n", "k".repeat(1_000))),
        )
    },
    || trial("ten megabytes", "HF0006", contract("owner: a\n").repeat(10 * MIB / 40)),
    || trial("two hundred thousand keys", "HF0006", each(200_000, |number| format!("k{number}: x\n"))),
    || trial("keys that are all the same", "HF0003", contract(&"name: a\n".repeat(130_000))),
    || trial("keys of nothing", "HF0007", "? \n".repeat(90_000)),
    || trial("a list of nothing", "HF0006", format!("a: [{}]", "a,".repeat(MIB / 2 - 10))),
    || trial("empty lists", "HF0006", format!("a: [{}]", "[],".repeat(MIB / 3 - 10))),
    || {
        trial(
            "values of a megabyte as a version",
            None,
            format!("handfast: 1\nname: a\nversion: {}\n", "v".repeat(MIB - 40)),
        )
    },
    || {
        trial(
            "a name of a megabyte",
            "HF0011",
            format!("handfast: 1\nversion: \"1\"\nname: {}\n", "n".repeat(MIB - 40)),
        )
    },
    || {
        trial(
            "a line of a megabyte with findings",
            "HF0006",
            format!(
                "{{handfast: 1, name: a, version: \"1\"{}}}",
                each(80_000, |number| format!(", k{number}: x"))
            ),
        )
    },
    || {
        trial(
            "a folded text of empty lines",
            "HF0001",
            contract(&format!(
                "settings: {{ a: string }}\nservers: {{ s: {{ mcp: {{ url: >\n{}     {{b\n}} }} }}\n",
                "\n".repeat(MIB / 2)
            )),
        )
    },
];
