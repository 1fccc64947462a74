//! Holds the tree against its own rules, each finding with its place and its remedy.
//!
//! Start with `edges` for the table of who may use whom. Every list of exceptions here may only shrink: an entry that
//! isn't needed any more is a finding too.

mod edges;
mod invariants;
mod layout;
mod scan;
mod shape;
mod tree;
mod words;

use std::fmt;

use anyhow::bail;

pub(crate) use tree::Tree;

/// Something that isn't as the house has it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the root.
    pub(crate) file: String,
    /// From 1; 0 where it is about the whole file.
    pub(crate) line: usize,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, problem, remedy } = self;
        let place = if *line == 0 { file.clone() } else { format!("{file}:{line}") };
        write!(f, "{place}: {problem}\n    {remedy}")
    }
}

/// Everything that is not as it should be.
pub(crate) fn findings(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = edges::check(&edges::Package::all()?);
    findings.extend(words::check(tree));
    findings.extend(shape::check(tree));
    findings.extend(invariants::check(tree));
    findings.extend(layout::check(tree));
    findings.sort();
    Ok(findings)
}

pub(crate) fn report() -> anyhow::Result<()> {
    let tree = Tree::read(&crate::shell::root())?;
    let findings = findings(&tree)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings: the tree isn't tidy", findings.len());
    }
    println!("tidy: {} files of Rust, nothing found", tree.rust.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Tree, findings};

    #[test]
    fn the_tree_is_tidy() {
        let tree = Tree::read(&crate::shell::root()).unwrap();
        let findings: Vec<_> = findings(&tree).unwrap().iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
    }
}
