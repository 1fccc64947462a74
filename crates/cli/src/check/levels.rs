//! How far each clause is true, as people read it: a count for each level, and what is only declared.

use std::collections::BTreeMap;

use handfast_contract::{Contract, Level};

/// All clauses by level, strongest first: what `--levels` prints.
pub(crate) fn table(contract: &Contract) -> String {
    let mut levels = contract.levels();
    levels.sort_by_key(|clause| std::cmp::Reverse(clause.level));
    let width = levels.iter().map(|clause| clause.address.chars().count()).max().unwrap_or(0);
    let line = |clause: &handfast_contract::ClauseLevel| {
        format!("{:<9} {:<width$}  {}", word(clause.level), clause.address, clause.why)
    };
    levels.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One line: how many clauses are how far true.
pub(crate) fn sum(contract: &Contract) -> String {
    let mut counts: BTreeMap<Level, usize> = BTreeMap::new();
    for clause in contract.levels() {
        *counts.entry(clause.level).or_default() += 1;
    }
    let counts = counts.iter().rev().map(|(level, count)| format!("{count} {}", word(*level)));
    counts.collect::<Vec<_>>().join(", ")
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Declared => "declared",
        Level::Judged => "judged",
        Level::Probed => "probed",
        Level::Observed => "observed",
        Level::Enforced => "enforced",
    }
}
