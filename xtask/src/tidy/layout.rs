//! What lies where: nothing unexpected in the root, nothing large anywhere, every document of the house in place.

use super::{Finding, Tree};

/// Larger than this is generated, or data: it doesn't belong into a repository that people read.
const FILE_BYTES_MAX: u64 = 300_000;

/// What stands in the root, and nothing else. Folders end with `/`.
const ROOT: [&str; 22] = [
    ".cargo/",
    ".ci/",
    ".gitignore",
    ".typos.toml",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "DESIGN.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "bench/",
    "clippy.toml",
    "crates/",
    "deny.toml",
    "docs/",
    "examples/",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "xtask/",
    ".github/",
];

/// Must be there.
const NEEDED: [&str; 9] = [
    ".ci/run",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "DESIGN.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "deny.toml",
    "docs/GLOSSARY.md",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let finding = |file: &str, problem: String, remedy: &str| Finding {
        file: file.into(),
        line: 0,
        problem,
        remedy: remedy.into(),
    };
    let mut findings = Vec::new();
    let mut strangers: Vec<String> = Vec::new();
    for entry in &tree.files {
        let top =
            entry.path.split_once('/').map_or_else(|| entry.path.clone(), |(folder, _)| format!("{folder}/"));
        if !ROOT.contains(&top.as_str()) && !strangers.contains(&top) {
            strangers.push(top);
        }
        if entry.bytes > FILE_BYTES_MAX {
            let problem = format!("{} KB, past {} KB", entry.bytes / 1000, FILE_BYTES_MAX / 1000);
            findings.push(finding(
                &entry.path,
                problem,
                "generate it where it is needed, or keep it elsewhere",
            ));
        }
    }
    let remedy = "move it where it belongs, or add it to the list in xtask/src/tidy/layout.rs";
    findings
        .extend(strangers.iter().map(|top| finding(top, "nobody expects this in the root".into(), remedy)));
    let missing = NEEDED.iter().filter(|path| !tree.files.iter().any(|entry| entry.path == **path));
    findings.extend(missing.map(|path| finding(path, "it is missing".into(), "write it: others link to it")));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::Entry;
    use super::{NEEDED, Tree, check};

    #[test]
    fn strangers_and_giants_are_found() {
        let entry = |path: &str, bytes| Entry { path: path.into(), bytes };
        let mut files: Vec<Entry> = NEEDED.iter().map(|path| entry(path, 1)).collect();
        files.extend([
            entry("notes.txt", 1),
            entry("attic/a", 1),
            entry("attic/b", 1),
            entry("docs/all.json", 300_001),
        ]);
        let found = check(&Tree { files, ..Tree::default() });
        let found: Vec<_> = found.iter().map(|finding| finding.file.as_str()).collect();
        assert_eq!(found, ["docs/all.json", "notes.txt", "attic/"]);
    }
}
