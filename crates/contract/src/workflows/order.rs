//! The order of a block's steps: each stands in the file behind all that it reads and needs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::loader::Loader;
use crate::{Expr, Name, Step, code};

/// The steps that an expression reads.
fn steps_read(expr: &Expr) -> impl Iterator<Item = String> {
    let step = |path: Vec<String>| match path.as_slice() {
        [root, step, ..] if root == "steps" => Some(step.clone()),
        _ => None,
    };
    expr.paths().into_iter().filter_map(step)
}

/// The steps that this one itself comes after, wherever they stand.
fn own(step: &Step) -> BTreeSet<String> {
    step.exprs().into_iter().flat_map(steps_read).chain(step.needs.iter().map(ToString::to_string)).collect()
}

/// The steps that this one or one within it comes after.
fn whole(step: &Step) -> BTreeSet<String> {
    let mut all = own(step);
    for inner in step.within() {
        all.extend(whole(inner));
    }
    all
}

/// Those `siblings` that a step comes after, in their order.
pub(super) fn after(step: &Step, siblings: &[(Name, Range<usize>)]) -> Vec<Name> {
    let wanted = whole(step);
    siblings.iter().filter(|(name, _)| wanted.contains(&**name)).map(|(name, _)| name.clone()).collect()
}

/// The step within `step` because of which that comes after `other`; none where it is the step itself.
fn because<'s>(step: &'s Step, other: &str) -> Option<&'s Step> {
    if own(step).contains(other) {
        return None;
    }
    let inner = step.within().into_iter().find(|inner| whole(inner).contains(other))?;
    Some(because(inner, other).unwrap_or(inner))
}

impl Loader<'_> {
    /// Reports steps that stand in an order in which they couldn't run.
    pub(super) fn step_order(&mut self, siblings: &[(Name, Range<usize>)], steps: &[Option<Step>]) {
        let steps: BTreeMap<&str, &Step> = steps.iter().flatten().map(|step| (&*step.name, step)).collect();
        let mut before = BTreeMap::new();
        for (index, (name, at)) in siblings.iter().enumerate() {
            let Some(step) = steps.get(&**name) else { continue };
            for other in &step.after {
                let below = siblings.iter().skip(index).find(|(sibling, _)| sibling == other);
                if self.findings.is_full() {
                    return;
                }
                if let Some((_, there)) = below {
                    let before = before.entry(&**other).or_insert_with(|| all_before(&steps, other));
                    self.out_of_order(step, at, other, there, before);
                }
            }
        }
    }

    fn out_of_order(
        &mut self,
        step: &Step,
        at: &Range<usize>,
        other: &Name,
        there: &Range<usize>,
        before: &BTreeSet<&str>,
    ) {
        let name = &step.name;
        let inner = because(step, other);
        let through = inner.map(|inner| format!(" (by `{}` within it)", inner.name)).unwrap_or_default();
        if other == name {
            let message = format!("the step `{name}`{through} comes after itself");
            self.error(code::STEP_ORDER, at, message).help(match inner {
                None => "read an earlier step, or the workflow's `input`",
                Some(_) => "read the steps beside it; in a `repeat`, `last` has what the round before gave",
            });
        } else if before.contains(&**name) {
            let message = format!("the steps `{name}`{through} and `{other}` each come after the other");
            let found = self.error(code::STEP_ORDER, at, message);
            found.also(there.clone(), "and this one comes after the first");
            found.help("let one of them read what comes before both");
        } else {
            let message = format!("the step `{name}`{through} comes after `{other}`, which stands below it");
            let found = self.error(code::STEP_ORDER, at, message);
            found.also(there.clone(), "this comes first").help(format!("move `{other}` above it"));
        }
    }
}

/// The steps that this one comes after, by however many others.
fn all_before<'s>(steps: &BTreeMap<&str, &'s Step>, from: &'s str) -> BTreeSet<&'s str> {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(name) = open.pop() {
        let after = steps.get(name).into_iter().flat_map(|step| &step.after);
        open.extend(after.map(|name| &**name).filter(|name| seen.insert(*name)));
    }
    seen
}
