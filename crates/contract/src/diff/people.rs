//! People, facts, groups, memory and invariants: what is said over several tools and agents.

use std::collections::BTreeMap;
use std::time::Duration;

use super::conditions::{Judged, condition, same};
use super::recovery::is_shorter;
use super::rules::*;
use super::world::parts;
use super::{Found, pairs, schemas, words};
use crate::{
    Contract, Fact, Group, Happening, Holding, Invariant, Lives, Memory, Name, Reached, Role, Rule as Demand,
};

/// An invariant judges the events of which this holds.
const JUDGED_EVENTS: Judged =
    Judged { stronger: &INVARIANT_REMOVED, weaker: &INVARIANT_ADDED, unclear: &INVARIANT_CHANGED };

pub(super) fn people(found: &mut Found, old: &Contract, new: &Contract) {
    for (name, was, is) in pairs(&old.roles, &new.roles) {
        parts(found, format!("roles.{name}"), was, is, role);
    }
    for (name, was, is) in pairs(&old.facts, &new.facts) {
        parts(found, format!("facts.{name}"), was, is, fact);
    }
    for (name, was, is) in pairs(&old.groups, &new.groups) {
        parts(found, format!("groups.{name}"), was, is, group);
    }
    for (name, was, is) in pairs(&old.memory, &new.memory) {
        parts(found, format!("memory.{name}"), was, is, memory);
    }
    invariants(found, old, new);
}

fn role(found: &mut Found, at: &str, old: &Role, new: &Role) {
    if old.reached != new.reached {
        let said = |reached: Reached| match reached {
            Reached::Conversation => "conversation",
            Reached::Inbox => "inbox",
        };
        found.add(&OTHER_PERSON, at, words::from_to(said(old.reached), said(new.reached)));
    }
    if old.description != new.description {
        let what = words::change(old.description.as_ref(), new.description.as_ref());
        found.add(&HEAD, format!("{at}.description"), what);
    }
}

fn fact(found: &mut Found, at: &str, old: &Fact, new: &Fact) {
    schemas::given(found, at, old.schema.json(), new.schema.json(), &OUTPUT_NARROWS);
    if old.once != new.once {
        let said = |once: bool| if once { "once" } else { "anew" };
        found.add(
            &FACT_CHANGED,
            at,
            format!("how it is set {}", words::from_to(said(old.once), said(new.once))),
        );
    }
    if old.missing != new.missing {
        let what = words::change(old.missing.as_ref(), new.missing.as_ref());
        found.add(&MODEL_TEXT, format!("{at}.missing"), what);
    }
}

/// What it grants and demands is told where it does so: at agents, tools and invariants.
fn group(found: &mut Found, at: &str, old: &Group, new: &Group) {
    if old.description != new.description {
        let what = words::change(old.description.as_ref(), new.description.as_ref());
        found.add(&HEAD, format!("{at}.description"), what);
    }
}

fn memory(found: &mut Found, at: &str, old: &Memory, new: &Memory) {
    match (&old.holds, &new.holds) {
        (Holding::Value(was), Holding::Value(is)) => {
            schemas::kept(found, &format!("{at}.is"), was, is, &MEMORY_CHANGED);
        }
        (Holding::Log(was), Holding::Log(is)) => {
            schemas::kept(found, &format!("{at}.each"), was, is, &MEMORY_CHANGED);
        }
        _ => found.add(&MEMORY_CHANGED, at, "one value and a log are kept in different ways"),
    }
    if old.lives != new.lives {
        let rule = if is_kept_for_less(old.lives, new.lives) { &MEMORY_CHANGED } else { &MEMORY_ACCESS };
        found.add(rule, format!("{at}.lives"), words::from_to(lives(old.lives), lives(new.lives)));
    }
    let writes = |memory: &Memory| -> BTreeMap<Name, ()> {
        memory.writes.iter().map(|name| (name.clone(), ())).collect()
    };
    for (name, was, _) in
        pairs(&writes(old), &writes(new)).filter(|(_, was, is)| was.is_none() != is.is_none())
    {
        access(found, &format!("{at}.writes"), name, "write", was.is_some());
    }
    for (name, was, is) in pairs(&old.reads, &new.reads) {
        match (was, is) {
            (Some(was), Some(is)) if was != is => {
                let rule = if is_shorter(*was, *is) { &STEP_PACE } else { &MEMORY_STALE };
                let what = format!("how fresh `{name}` needs it {}", words::times(*was, *is));
                found.add(rule, format!("{at}.reads"), what);
            }
            (Some(_), Some(_)) => {}
            (was, _) => access(found, &format!("{at}.reads"), name, "read", was.is_some()),
        }
    }
}

fn access(found: &mut Found, address: &str, agent: &str, what: &str, is_gone: bool) {
    match is_gone {
        true => found.add(&GRANT_REMOVED, address, format!("`{agent}` may not {what} it any more")),
        false => found.add(&MEMORY_ACCESS, address, format!("`{agent}` may {what} it now")),
    }
}

fn lives(lives: Lives) -> String {
    match lives {
        Lives::Run => "run".to_owned(),
        Lives::Contract => "contract".to_owned(),
        Lives::For(time) => crate::show::span(time),
    }
}

/// A run may be longer than any time, and a time longer than any run: only a contract outlives both.
fn is_kept_for_less(old: Lives, new: Lives) -> bool {
    match (old, new) {
        (Lives::Contract, _) => true,
        (_, Lives::Contract) => false,
        (Lives::For(old), Lives::For(new)) => new < old,
        _ => true,
    }
}

fn invariants(found: &mut Found, old: &Contract, new: &Contract) {
    let by_name = |contract: &Contract| -> BTreeMap<Name, Invariant> {
        contract.invariants.iter().map(|one| (one.name.clone(), one.clone())).collect()
    };
    for (name, was, is) in pairs(&by_name(old), &by_name(new)) {
        let address = format!("invariants.{name}");
        match (was, is) {
            (None, Some(_)) => found.add(&INVARIANT_ADDED, address, "is demanded now"),
            (Some(_), None) => found.add(&INVARIANT_REMOVED, address, "isn't demanded any more"),
            (Some(was), Some(is)) => invariant(found, &address, (old, was), (new, is)),
            (None, None) => {}
        }
    }
}

fn invariant(found: &mut Found, at: &str, old: (&Contract, &Invariant), new: (&Contract, &Invariant)) {
    demand(found, at, &old.1.rule, &new.1.rule);
    for group in groups(&new.1.rule) {
        let tools = |contract: &Contract| -> Vec<Name> {
            let mut tools = contract.groups.get(group).map(|group| group.tools.clone()).unwrap_or_default();
            tools.sort();
            tools
        };
        let (was, is) = (tools(old.0), tools(new.0));
        if was != is {
            let what = words::from_to(was.join(", "), is.join(", "));
            found.add(&INVARIANT_CHANGED, at, format!("the tools of `{group}` {what}"));
        }
    }
    if !same(old.1.same.as_ref(), new.1.same.as_ref()) {
        let what = words::exprs(old.1.same.as_ref(), new.1.same.as_ref());
        found.add(&INVARIANT_CHANGED, at, format!("what belongs together {what}"));
    }
    condition(found, at, "when it is judged ", old.1.when.as_ref(), new.1.when.as_ref(), JUDGED_EVENTS);
}

fn demand(found: &mut Found, at: &str, old: &Demand, new: &Demand) {
    match (old, new) {
        (Demand::AtMost { count, of }, Demand::AtMost { count: new, of: new_of }) if of == new_of => {
            if count != new {
                let rule = if new > count { &INVARIANT_REMOVED } else { &INVARIANT_ADDED };
                found.add(rule, at, format!("how often {}", words::from_to(count, new)));
            }
        }
        (Demand::Never { what, before }, Demand::Never { what: new, before: new_before })
            if what == new && before == new_before => {}
        (
            Demand::After { what, must, within },
            Demand::After { what: new, must: new_must, within: new_within },
        ) if what == new && must == new_must => time(found, at, *within, *new_within),
        _ => found.add(&INVARIANT_CHANGED, at, "demands something else"),
    }
}

fn time(found: &mut Found, at: &str, old: Option<Duration>, new: Option<Duration>) {
    if old != new {
        let rule = if is_shorter(old, new) { &INVARIANT_ADDED } else { &INVARIANT_REMOVED };
        found.add(rule, at, format!("the time {}", words::times(old, new)));
    }
}

fn groups(rule: &Demand) -> Vec<&Name> {
    let all = match rule {
        Demand::Never { what, before } => vec![Some(what), before.as_ref()],
        Demand::After { what, must, .. } => vec![Some(what), Some(must)],
        Demand::AtMost { of, .. } => vec![Some(of)],
    };
    all.into_iter()
        .flatten()
        .filter_map(|one| match one {
            Happening::Group(name) => Some(name),
            _ => None,
        })
        .collect()
}
