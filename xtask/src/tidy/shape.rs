//! The shape of a file: it says what it is for, stays within a length, and tables of contents hold no logic.

use super::scan::{Source, line_of, words};
use super::{Finding, Tree};

/// A function fits a screen.
const FUNCTION_LINES_MAX: usize = 70;

/// Past this there is a second idea in the file; 400 is where to look for it.
const FILE_LINES_MAX: usize = 500;

/// State tables, which may be as long as their rows. May only shrink.
const LONG_FUNCTIONS: [(&str, &str); 4] = [
    ("crates/engine/src/state/call.rs", "evolve"),
    ("crates/engine/src/state/run.rs", "apply"),
    ("crates/engine/src/state/turn.rs", "evolve"),
    ("crates/engine/tests/it/journal.rs", "more"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.rust.iter().flat_map(check_one).collect();
    for (path, name) in LONG_FUNCTIONS {
        let source = tree.rust.iter().find(|source| source.path == path);
        let functions = source.map(Source::functions).unwrap_or_default();
        if !functions.iter().any(|function| function.name == name && function.lines > FUNCTION_LINES_MAX) {
            findings.push(Finding {
                file: "xtask/src/tidy/shape.rs".into(),
                line: 0,
                problem: format!("`{name}` in {path} is short enough now, or gone"),
                remedy: "take it off the list: it may only shrink".into(),
            });
        }
    }
    findings
}

fn check_one(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, problem: String, remedy: &str| {
        findings.push(Finding { file: source.path.clone(), line, problem, remedy: remedy.into() });
    };
    if !source.text.starts_with("//!") {
        find(1, "the file doesn't say what it is for".into(), "begin it with `//!` and a sentence");
    }
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        find(
            0,
            format!("{lines} lines, past {FILE_LINES_MAX}"),
            "look for the second idea and give it a file of its own",
        );
    }
    for function in source.functions() {
        let is_table = LONG_FUNCTIONS.contains(&(source.path.as_str(), function.name.as_str()));
        if function.lines > FUNCTION_LINES_MAX && !is_table {
            let problem =
                format!("`{}` has {} lines, past {FUNCTION_LINES_MAX}", function.name, function.lines);
            find(
                function.line,
                problem,
                "split it by what it does; a state table goes on the list in xtask/src/tidy/shape.rs",
            );
        }
    }
    if source.path.ends_with("/lib.rs") || source.path.ends_with("/mod.rs") {
        for word in ["fn", "struct", "enum", "impl", "trait", "macro_rules!", "static"] {
            if let Some(at) = words(&source.code, word).next() {
                let problem = format!("a table of contents holds logic (`{word}`)");
                find(
                    line_of(&source.code, at),
                    problem,
                    "move it to the file of its idea; leave `mod` and `use` here",
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::scan::Source;
    use super::check_one;

    #[test]
    fn shape_is_held() {
        let problems = |path: &str, text: &str| {
            let found = check_one(&Source::new(path, text));
            found.into_iter().map(|finding| (finding.line, finding.problem)).collect::<Vec<_>>()
        };
        assert_eq!(problems("a.rs", "//! Says.\nfn a() {}\n"), []);
        assert_eq!(problems("a.rs", "fn a() {}"), [(1, "the file doesn't say what it is for".into())]);
        let long = format!("//! Says.\nfn long() {{\n{}}}\n", "    a();\n".repeat(69));
        assert_eq!(problems("a.rs", &long), [(2, "`long` has 71 lines, past 70".into())]);
        let huge = format!("//! Says.\n{}", "\n".repeat(500));
        assert_eq!(problems("a.rs", &huge), [(0, "501 lines, past 500".into())]);
        let logic = [(2, "a table of contents holds logic (`fn`)".into())];
        assert_eq!(problems("a/lib.rs", "//! Says.\nfn a() {}"), logic);
        assert_eq!(problems("a/lib.rs", "//! Says a fn.\nmod a;\npub use a::A;\n"), []);
    }
}
