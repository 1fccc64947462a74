//! What follows when a call fails or nobody knows: repeating, recognising, settling, taking back.

use std::time::Duration;

use super::conditions::{same, same_values};
use super::rules::*;
use super::{Found, words};
use crate::{Compensate, Contract, FailureRule, IdempotencyRule, KeyPlace, Reconcile, Then, Tool};

pub(super) fn recovery(found: &mut Found, old: &Tool, new: &Tool) {
    idempotency(found, old, new);
    if !same(old.once_per.as_ref(), new.once_per.as_ref()) {
        let what = words::exprs(old.once_per.as_ref(), new.once_per.as_ref());
        found.add(&ONCE_CHANGED, new.address("once_per"), what);
    }
    compensate(found, old, new);
    reconcile(found, old, new);
}

fn idempotency(found: &mut Found, old: &Tool, new: &Tool) {
    if old.idempotency == new.idempotency {
        return;
    }
    let what = words::from_to(repeated(&old.idempotency), repeated(&new.idempotency));
    let is_won = match (&old.idempotency, &new.idempotency) {
        (IdempotencyRule::None, _) => true,
        (
            IdempotencyRule::Key { place, valid },
            IdempotencyRule::Key { place: new_place, valid: new_valid },
        ) => place == new_place && !is_shorter(*valid, *new_valid),
        // With a key, two calls with the same arguments are two; by nature they are one. Neither stands for the other.
        _ => false,
    };
    let rule = if is_won { &IDEMPOTENCY_WON } else { &IDEMPOTENCY_LOST };
    found.add(rule, new.address("idempotency"), what);
}

fn repeated(rule: &IdempotencyRule) -> String {
    match rule {
        IdempotencyRule::Natural => "natural".to_owned(),
        IdempotencyRule::None => "none".to_owned(),
        IdempotencyRule::Key { place, valid } => {
            let (kind, name) = match place {
                KeyPlace::Arg(name) => ("arg", name),
                KeyPlace::Header(name) => ("header", name),
                KeyPlace::Meta(name) => ("meta", name),
                KeyPlace::Env(name) => ("env", name),
            };
            let valid = valid.map_or(String::new(), |valid| format!(", valid {}", crate::show::span(valid)));
            format!("key in {kind} {name}{valid}")
        }
    }
}

/// No time said is one without end.
pub(super) fn is_shorter(old: Option<Duration>, new: Option<Duration>) -> bool {
    new.is_some_and(|new| old.is_none_or(|old| new < old))
}

fn compensate(found: &mut Found, old: &Tool, new: &Tool) {
    let address = new.address("compensate");
    let (was, is) = (old.compensate.as_ref(), new.compensate.as_ref());
    match (was, is) {
        (None, None) | (Some(Compensate::Impossible), Some(Compensate::Impossible)) => {}
        (Some(Compensate::Impossible), is) => {
            let what = words::from_to("impossible", is.map_or("left open".to_owned(), taken_back));
            found.add(&COMPENSATION_UNHELD, address, what);
        }
        (was, Some(Compensate::Impossible)) => {
            let what = words::from_to(was.map_or("left open".to_owned(), taken_back), "impossible");
            found.add(&COMPENSATION_LOST, address, what);
        }
        (None, Some(is)) => {
            found.add(&COMPENSATION_WON, address, words::from_to("left open", taken_back(is)))
        }
        (Some(was), None) => {
            found.add(&COMPENSATION_LOST, address, words::from_to(taken_back(was), "left open"))
        }
        (
            Some(was @ Compensate::By { undo, leaves }),
            Some(is @ Compensate::By { undo: new_undo, leaves: new_leaves }),
        ) => {
            let what = words::from_to(taken_back(was), taken_back(is));
            let more: Vec<&String> = new_leaves.iter().filter(|one| !leaves.contains(one)).collect();
            let same_undo = match (undo, new_undo) {
                (None, None) => true,
                (Some((tool, with)), Some((new_tool, new_with))) => {
                    tool == new_tool && same_values(with, new_with)
                }
                _ => false,
            };
            if !(same_undo || undo.is_none()) {
                found.add(&COMPENSATION_LOST, address, format!("{what}, or is given something else"));
            } else if !more.is_empty() {
                found.add(&COMPENSATION_LOST, address, format!("leaves {} too", words::listed(more)));
            } else if !same_undo || leaves.iter().any(|one| !new_leaves.contains(one)) {
                found.add(&COMPENSATION_WON, address, what);
            }
        }
    }
}

fn taken_back(how: &Compensate) -> String {
    match how {
        Compensate::Impossible => "impossible".to_owned(),
        Compensate::By { undo, leaves } => {
            let by = undo.as_ref().map_or("by nothing".to_owned(), |(tool, _)| format!("by {tool}"));
            if leaves.is_empty() { by } else { format!("{by}, leaving {}", leaves.join(", ")) }
        }
    }
}

fn reconcile(found: &mut Found, old: &Tool, new: &Tool) {
    let address = new.address("reconcile");
    let (was, is) = match (old.reconcile.as_ref(), new.reconcile.as_ref()) {
        (None, None) => return,
        (None, Some(is)) => {
            return found.add(&RECONCILE_WON, address, format!("is settled by {} now", settled(is)));
        }
        (Some(was), None) => {
            return found.add(
                &RECONCILE_LOST,
                address,
                format!("isn't settled by {} any more", settled(was)),
            );
        }
        (Some(was), Some(is)) => (was, is),
    };
    let what = words::from_to(settled(was), settled(is));
    match (was, is) {
        (Reconcile::Ask { role }, Reconcile::Ask { role: new }) if role == new => {}
        (Reconcile::Ask { .. }, Reconcile::Look { .. }) => found.add(&RECONCILE_ALONE, address, what),
        (Reconcile::Look { settle, .. }, Reconcile::Look { settle: new_settle, .. })
            if same_look(was, is) =>
        {
            let (before, after) = (settle.unwrap_or_default(), new_settle.unwrap_or_default());
            if before != after {
                let rule = if after < before { &RECONCILE_LOST } else { &RECONCILE_WON };
                let what = words::times(*settle, *new_settle);
                found.add(
                    rule,
                    format!("{address}.settle"),
                    format!("the time until the answer is trusted {what}"),
                );
            }
        }
        _ => found.add(&RECONCILE_LOST, address, format!("{what}, or is judged otherwise")),
    }
}

fn settled(by: &Reconcile) -> String {
    match by {
        Reconcile::Look { tool, .. } => format!("a look with {tool}"),
        Reconcile::Ask { role } => format!("asking {role}"),
    }
}

fn same_look(old: &Reconcile, new: &Reconcile) -> bool {
    let (
        Reconcile::Look { tool, with, applied, not_applied, gives, .. },
        Reconcile::Look {
            tool: new_tool,
            with: new_with,
            applied: new_applied,
            not_applied: new_not_applied,
            gives: new_gives,
            ..
        },
    ) = (old, new)
    else {
        return false;
    };
    tool == new_tool
        && same_values(with, new_with)
        && applied.same(new_applied)
        && same(not_applied.as_ref(), new_not_applied.as_ref())
        && same(gives.as_ref(), new_gives.as_ref())
}

/// A tool's own failures and those of its groups; its server's are compared once, there.
pub(super) fn failures(found: &mut Found, old: (&Contract, &Tool), new: (&Contract, &Tool)) {
    let own = |(contract, tool): (&Contract, &Tool)| contract.failures_before_servers(tool);
    let was = old.1.failures.get(..own(old)).unwrap_or_default();
    let is = new.1.failures.get(..own(new)).unwrap_or_default();
    named_failures(found, &new.1.address("failures"), was, is);
}

/// Failures by name; the first that fits counts, so that their order does.
pub(super) fn named_failures(
    found: &mut Found,
    at: &str,
    old: &[std::sync::Arc<FailureRule>],
    new: &[std::sync::Arc<FailureRule>],
) {
    let find =
        |all: &[std::sync::Arc<FailureRule>], name: &str| all.iter().position(|rule| &*rule.name == name);
    for is in new {
        let address = format!("{at}.{}", is.name);
        match find(old, &is.name).and_then(|place| old.get(place)) {
            None => found.add(&FAILURE_ADDED, address, format!("is new: {}", words::listed([&is.when]))),
            Some(was) => failure(found, &address, was, is),
        }
    }
    for was in old.iter().filter(|was| find(new, &was.name).is_none()) {
        found.add(&FAILURE_REMOVED, format!("{at}.{}", was.name), "is gone");
    }
    let kept =
        |some: &[std::sync::Arc<FailureRule>], all: &[std::sync::Arc<FailureRule>]| -> Vec<crate::Name> {
            let kept = some.iter().filter(|rule| find(all, &rule.name).is_some());
            kept.map(|rule| rule.name.clone()).collect()
        };
    let (before, after) = (kept(old, new), kept(new, old));
    if before != after {
        let what = words::from_to(before.join(", "), after.join(", "));
        found.add(&FAILURE_CHANGED, at, format!("their order {what}, and the first that fits counts"));
    }
}

fn failure(found: &mut Found, address: &str, old: &FailureRule, new: &FailureRule) {
    if !old.when.same(&new.when) {
        found.add(&FAILURE_CHANGED, address, words::from_to(&old.when, &new.when));
    }
    if old.then != new.then {
        let what = words::from_to(means(old.then), means(new.then));
        found.add(&FAILURE_CHANGED, address, format!("what it means {what}"));
    }
    if !same(old.gives.as_ref(), new.gives.as_ref()) {
        let what = words::exprs(old.gives.as_ref(), new.gives.as_ref());
        found.add(&FAILURE_CHANGED, address, format!("the answer that it makes {what}"));
    }
    match (old.settles_call, new.settles_call) {
        (false, true) => found.add(&FAILURE_SETTLES, address, "speaks for earlier attempts too"),
        (true, false) => found.add(&FAILURE_CHANGED, address, "doesn't speak for earlier attempts any more"),
        _ => {}
    }
}

fn means(then: Then) -> &'static str {
    match then {
        Then::Permanent => "permanent",
        Then::Transient => "transient",
        Then::Doubtful => "doubtful",
    }
}
