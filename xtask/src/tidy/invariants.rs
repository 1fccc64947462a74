//! Every invariant in `ARCHITECTURE.md` names the test that guards it, and that test exists.

use super::{Finding, Tree};

const FILE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Invariants";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let finding = |line: usize, problem: String, remedy: &str| Finding {
        file: FILE.into(),
        line,
        problem,
        remedy: remedy.into(),
    };
    let rows = rows(&tree.architecture);
    if rows.is_empty() {
        let remedy = "list them under that heading, one row of a table each: `| sentence | path::test |`";
        return vec![finding(0, format!("no invariants under `{HEADING}`"), remedy)];
    }
    let mut findings = Vec::new();
    for (line, row) in rows {
        let tests: Vec<&str> =
            row.split('`').skip(1).step_by(2).filter(|name| name.contains(".rs::")).collect();
        if tests.is_empty() {
            findings.push(finding(
                line,
                "an invariant without its test".into(),
                "name it: `crates/x/tests/it/y.rs::test`",
            ));
        }
        for test in tests {
            let (path, name) = test.split_once("::").unwrap_or((test, ""));
            let source = tree.rust.iter().find(|source| source.path == path);
            let is_there = source.is_some_and(|source| {
                source.functions().iter().any(|function| function.name == name) && is_test(&source.code, name)
            });
            if !is_there {
                findings.push(finding(
                    line,
                    format!("there is no test `{test}`"),
                    "name the test that guards it now",
                ));
            }
        }
    }
    findings
}

/// The rows of the table under the heading, with their lines.
fn rows(architecture: &str) -> Vec<(usize, &str)> {
    let lines = architecture.lines().enumerate().map(|(index, line)| (index + 1, line));
    let section = lines
        .skip_while(|(_, line)| *line != HEADING)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "));
    let is_row =
        |line: &str| line.starts_with('|') && !line.starts_with("|--") && !line.starts_with("| invariant");
    section.filter(|(_, line)| is_row(line)).collect()
}

/// Whether the function of this name is a test: its attribute stands right before it, or a macro makes it one.
fn is_test(code: &str, name: &str) -> bool {
    let Some(at) = code.find(&format!("fn {name}(")) else { return false };
    let before = code.get(..at).unwrap_or_default();
    let item = before.rfind(['}', ';', '{']).and_then(|from| before.get(from..)).unwrap_or(before);
    item.contains("test]") || item.contains("test(") || item.contains("proptest!")
}

#[cfg(test)]
mod tests {
    use super::super::scan::Source;
    use super::{Tree, check};

    #[test]
    fn an_invariant_names_a_test_that_exists() {
        let problems = |row: &str| {
            let architecture =
                format!("# A\n## Invariants\n\n| invariant | test |\n|---|---|\n{row}\n## B\n| a | b |\n");
            let rust = vec![Source::new("a.rs", "#[test]\nfn holds() {}\nfn helper() {}")];
            let tree = Tree { architecture, rust, ..Tree::default() };
            check(&tree).into_iter().map(|finding| (finding.line, finding.problem)).collect::<Vec<_>>()
        };
        assert_eq!(problems("| it holds | `a.rs::holds` |"), []);
        assert_eq!(problems("| it holds | |"), [(6, "an invariant without its test".into())]);
        assert_eq!(
            problems("| it holds | `a.rs::helper` |"),
            [(6, "there is no test `a.rs::helper`".into())]
        );
        assert_eq!(problems("| it holds | `b.rs::holds` |"), [(6, "there is no test `b.rs::holds`".into())]);
        assert_eq!(problems(""), [(0, "no invariants under `## Invariants`".into())]);
    }
}
