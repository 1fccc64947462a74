//! Conditions: clauses by their addresses, single ones by whether one follows from the other. What can't be compared breaks.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::rules::{RENAMED, REWORDED, Rule};
use super::{Found, words};
use crate::expr::Compared;
use crate::{Clause, Expr};

/// The rules for a condition that changes.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    /// It holds of less, or stands where none stood.
    pub(super) stronger: &'static Rule,
    /// It holds of more, or is gone.
    pub(super) weaker: &'static Rule,
    /// Nobody can tell.
    pub(super) unclear: &'static Rule,
}

/// One condition; none means always.
pub(super) fn condition(
    found: &mut Found,
    address: &str,
    what: &str,
    old: Option<&Expr>,
    new: Option<&Expr>,
    judged: Judged,
) {
    let rule = match Compared::between(old, new) {
        Compared::Same => return,
        Compared::Stronger => judged.stronger,
        Compared::Weaker => judged.weaker,
        Compared::Unclear => judged.unclear,
    };
    found.add(rule, address, format!("{what}{}", words::exprs(old, new)));
}

/// Clauses by address. `place` says where one that is only in one of them is told: at its own address unless said.
pub(super) fn clauses(
    found: &mut Found,
    old: &[Clause],
    new: &[Clause],
    judged: Judged,
    place: impl Fn(&Clause) -> Option<String>,
) {
    fn by_address(clauses: &[Clause]) -> BTreeMap<&str, &Clause> {
        clauses.iter().map(|clause| (clause.address.as_str(), clause)).collect()
    }
    let (old, new) = (by_address(old), by_address(new));
    let mut gone: Vec<&Clause> =
        old.values().filter(|was| !new.contains_key(&*was.address)).copied().collect();
    let at = |clause: &Clause| place(clause).unwrap_or_else(|| clause.address.clone());
    for clause in new.values() {
        let Some(was) = old.get(&*clause.address) else {
            let before = gone.iter().position(|was| was.condition.same(&clause.condition));
            match before.map(|before| gone.remove(before)) {
                Some(was) => {
                    let what =
                        format!("the same condition {}", words::from_to(&was.sentence, &clause.sentence));
                    found.add(&RENAMED, at(clause), what);
                }
                None => found.add(judged.stronger, at(clause), said(clause, "is demanded now")),
            }
            continue;
        };
        if was.sentence != clause.sentence {
            found.add(&REWORDED, at(clause), words::from_to(&was.sentence, &clause.sentence));
        }
        condition(found, &at(clause), "", Some(&was.condition), Some(&clause.condition), judged);
    }
    for clause in gone {
        found.add(judged.weaker, at(clause), said(clause, "isn't demanded any more"));
    }
}

fn said(clause: &Clause, what: &str) -> String {
    match clause.sentence == clause.condition.source() {
        true => format!("{} {what}", words::listed([&clause.condition])),
        false => format!("\"{}\" {what}: {}", clause.sentence, words::listed([&clause.condition])),
    }
}

/// Values that have to stay what they are, by name; `at` is the address before their names.
pub(super) fn values<K: Ord + Display>(
    found: &mut Found,
    at: &str,
    old: &BTreeMap<K, Expr>,
    new: &BTreeMap<K, Expr>,
    rule: &'static Rule,
) {
    for (name, was, is) in super::pairs(old, new) {
        value(found, &format!("{at}.{name}"), "", was, is, rule);
    }
}

/// A value that has to stay what it is.
pub(super) fn value(
    found: &mut Found,
    address: &str,
    what: &str,
    old: Option<&Expr>,
    new: Option<&Expr>,
    rule: &'static Rule,
) {
    if !same(old, new) {
        found.add(rule, address, format!("{what}{}", words::exprs(old, new)));
    }
}

/// Whether both are there and the same, or neither is.
pub(super) fn same(old: Option<&Expr>, new: Option<&Expr>) -> bool {
    match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => old.same(new),
        _ => false,
    }
}

/// The same of values by name.
pub(super) fn same_values(old: &BTreeMap<String, Expr>, new: &BTreeMap<String, Expr>) -> bool {
    super::pairs(old, new).all(|(_, was, is)| same(was, is))
}
