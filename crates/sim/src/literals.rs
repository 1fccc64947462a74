//! The texts and numbers that a contract's conditions speak of: where chance looks for values that matter.

use std::collections::BTreeSet;

use handfast_contract::{Contract, Expr};

/// What stands in conditions, as it would have to stand in a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Literals {
    pub(crate) words: Vec<String>,
    pub(crate) numbers: Vec<f64>,
}

impl Literals {
    /// Those of these expressions, each once, in order.
    pub(crate) fn of<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Self {
        let (mut words, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for expr in exprs {
            scan(expr.source(), &mut words, &mut numbers);
        }
        let numbers = numbers.iter().filter_map(|number: &String| number.parse().ok()).collect();
        Self { words: words.into_iter().collect(), numbers }
    }

    /// Those of a whole contract.
    pub(crate) fn of_contract(contract: &Contract) -> Self {
        let clauses = contract.tools.values().flat_map(|tool| tool.requires.iter().chain(&tool.ensures));
        let grants = contract.agents.values().flat_map(|agent| &agent.may);
        let grants = grants.filter_map(|grant| grant.condition.as_ref());
        let steps = contract.workflows.values().flat_map(|workflow| workflow.all_steps());
        let steps: Vec<_> = steps.collect();
        let conditions = clauses.chain(grants).map(|clause| &clause.condition);
        Self::of(conditions.chain(steps.iter().flat_map(|(_, step)| step.exprs())))
    }
}

/// A little of CEL: enough to see where a text or a number begins and ends.
fn scan(source: &str, words: &mut BTreeSet<String>, numbers: &mut BTreeSet<String>) {
    let mut rest = source;
    let mut is_inside_word = false;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        if first == '\'' || first == '"' {
            let end = after.find(first).unwrap_or(after.len());
            words.insert(after.get(..end).unwrap_or_default().to_owned());
            rest = after.get(end + 1..).unwrap_or_default();
        } else if first.is_ascii_digit() && !is_inside_word {
            let is_more = |c: char| !c.is_ascii_digit() && c != '.';
            let end = rest.find(is_more).unwrap_or(rest.len());
            numbers.insert(rest.get(..end).unwrap_or_default().to_owned());
            rest = rest.get(end..).unwrap_or_default();
        } else {
            is_inside_word = first.is_alphanumeric() || first == '_';
            rest = after;
        }
    }
}
