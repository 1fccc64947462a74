//! Tools: what they take, do, require and give.

use std::collections::BTreeMap;
use std::time::Duration;

use super::conditions::{Judged, clauses, same, same_values, values};
use super::rules::*;
use super::{Found, approvals, effects, pairs, recovery, schemas, words, world};
use crate::{Clause, Contract, DataLabel, Request, Tool, Via};

const REQUIRES: Judged =
    Judged { stronger: &REQUIRES_STRONGER, weaker: &REQUIRES_WEAKER, unclear: &REQUIRES_UNCLEAR };
pub(super) const ENSURES: Judged =
    Judged { stronger: &ENSURES_STRONGER, weaker: &ENSURES_WEAKER, unclear: &ENSURES_UNCLEAR };
const SHOWS: Judged = Judged { stronger: &SHOWS_STRONGER, weaker: &SHOWS_WEAKER, unclear: &SHOWS_UNCLEAR };

pub(super) fn tools(found: &mut Found, old: &Contract, new: &Contract) {
    for (name, was, is) in pairs(&old.tools, &new.tools) {
        match (was, is) {
            (Some(was), Some(is)) => {
                tool(found, was, is);
                recovery::failures(found, (old, was), (new, is));
            }
            (Some(_), None) => found.add(&PART_GONE, format!("tools.{name}"), "is gone"),
            (None, Some(_)) => found.add(&PART_ADDED, format!("tools.{name}"), "is new"),
            (None, None) => {}
        }
    }
}

fn tool(found: &mut Found, old: &Tool, new: &Tool) {
    let at = |part: &str| new.address(part);
    texts(found, old, new);
    schemas::takes(found, &at("input"), &old.input, &new.input, &INPUT_WIDENS);
    schemas::gives(found, &at("output"), old.output.as_ref(), new.output.as_ref(), &OUTPUT_NARROWS);
    if is_text(old) != is_text(new) {
        let said = |tool: &Tool| if is_text(tool) { "text" } else { "JSON" };
        let what = format!("how a text is read {}", words::from_to(said(old), said(new)));
        found.add(&OUTPUT_READ, at("output"), what);
    }
    effects::effects(found, old, new);
    reached(found, old, new);
    let place = |clause: &Clause| regrouped(old, new, clause);
    clauses(found, &old.requires, &new.requires, REQUIRES, place);
    clauses(found, &old.ensures, &new.ensures, ENSURES, place);
    clauses(found, &old.shows, &new.shows, SHOWS, place);
    for (name, was, is) in pairs(&old.establishes, &new.establishes) {
        let rule = if was.is_none() { &FACT_SOURCE } else { &FACT_SOURCE_CHANGED };
        super::conditions::value(found, &at(&format!("establishes.{name}")), "", was, is, rule);
    }
    probes(found, old, new);
    recovery::recovery(found, old, new);
    approvals::approval(found, &at("approval"), old.approval.as_ref(), new.approval.as_ref());
    sources(found, old, new);
    relies(found, old, new);
    volatile(found, &at("volatile"), old.volatile, new.volatile);
    world::costs(found, &at("costs"), old.costs, new.costs);
    world::limits(found, &at("limits"), &old.limits, &new.limits);
    world::level(found, &at("at_least"), old.at_least, new.at_least);
}

/// As whoever calls it decides: only where the whole output is a text, a text is taken as it is.
fn is_text(tool: &Tool) -> bool {
    tool.output.as_ref().is_some_and(|schema| schema.json().get("type").is_some_and(|kind| kind == "string"))
}

/// What the model reads, and who answers for the tool.
fn texts(found: &mut Found, old: &Tool, new: &Tool) {
    if old.description != new.description {
        let what = words::from_to(&old.description, &new.description);
        found.add(&MODEL_TEXT, new.address("description"), what);
    }
    if old.not_for != new.not_for {
        let what = words::from_to(old.not_for.join("; "), new.not_for.join("; "));
        found.add(&MODEL_TEXT, new.address("not_for"), what);
    }
    if old.owner != new.owner {
        found.add(&HEAD, new.address("owner"), words::change(old.owner.as_ref(), new.owner.as_ref()));
    }
}

/// Where a clause that stands with only one of them is told, if it is a group's that the tool joined or left.
fn regrouped(old: &Tool, new: &Tool, clause: &Clause) -> Option<String> {
    let of =
        |tool: &Tool| tool.groups.iter().any(|group| clause.address.starts_with(&format!("groups.{group}.")));
    (of(old) != of(new)).then(|| new.address("in"))
}

fn reached(found: &mut Found, old: &Tool, new: &Tool) {
    if !same_via(&old.via, &new.via) {
        found.add(&REACHED_OTHERWISE, new.address("via"), words::from_to(via(&old.via), via(&new.via)));
    }
    match (&old.sends, &new.sends) {
        (None, None) => {}
        (Some(was), Some(is)) => values(found, &new.address("sends"), was, is, &REACHED_OTHERWISE),
        (was, _) => {
            let what = if was.is_some() { "isn't said any more" } else { "wasn't said, and is" };
            found.add(
                &REACHED_OTHERWISE,
                new.address("sends"),
                format!("what the server gets {what}; unsaid it is the input"),
            );
        }
    }
    let address = new.address("fallback");
    match (&old.fallback, &new.fallback) {
        (None, None) => {}
        (None, Some(is)) => found.add(&FALLBACK_ADDED, address, format!("is new: `{}`", via(&is.via))),
        (Some(was), None) => {
            found.add(&REACHED_OTHERWISE, address, format!("`{}` isn't tried any more", via(&was.via)))
        }
        (Some(was), Some(is)) => {
            let none = BTreeMap::new();
            let sends = |one: &Option<BTreeMap<String, crate::Expr>>| one.is_some();
            let same = sends(&was.sends) == sends(&is.sends)
                && same_values(was.sends.as_ref().unwrap_or(&none), is.sends.as_ref().unwrap_or(&none))
                && same_via(&was.via, &is.via);
            if !same {
                let what = format!("{}, or gets something else", words::from_to(via(&was.via), via(&is.via)));
                found.add(&REACHED_OTHERWISE, address, what);
            }
        }
    }
}

fn via(via: &Via) -> String {
    format!("{}.{}", via.server, via.tool)
}

fn same_via(old: &Via, new: &Via) -> bool {
    let same_request = match (&old.request, &new.request) {
        (None, None) => old.tool == new.tool,
        (Some(old), Some(new)) => same_request(old, new),
        _ => false,
    };
    old.server == new.server && same_request
}

fn same_request(old: &Request, new: &Request) -> bool {
    old.method == new.method
        && old.path.same(&new.path)
        && same_values(&old.query, &new.query)
        && same_values(&old.headers, &new.headers)
        && same(old.body.as_ref(), new.body.as_ref())
}

fn probes(found: &mut Found, old: &Tool, new: &Tool) {
    for is in &new.probes {
        let address = new.address(&format!("probes.{}", is.name));
        match old.probe(&is.name) {
            None => found.add(&PART_ADDED, address, format!("looks with `{}`", is.tool)),
            Some(was) if was.tool != is.tool => {
                found.add(&PROBE_CHANGED, address, words::from_to(&was.tool, &is.tool))
            }
            Some(was) => values(found, &format!("{address}.with"), &was.with, &is.with, &PROBE_CHANGED),
        }
    }
    for was in old.probes.iter().filter(|was| new.probe(&was.name).is_none()) {
        let address = new.address(&format!("probes.{}", was.name));
        found.add(&PROBE_GONE, address, format!("`{}` isn't asked any more", was.tool));
    }
}

fn sources(found: &mut Found, old: &Tool, new: &Tool) {
    for (name, was, is) in pairs(&old.from, &new.from) {
        let address = new.address(&format!("from.{name}"));
        let listed = |from: Option<&Vec<String>>| from.map(|from| from.join(", "));
        let what = words::change(listed(was), listed(is));
        // Where nothing is said, a value may come from anywhere.
        let within = |some: Option<&Vec<String>>, all: Option<&Vec<String>>| match (some, all) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(some), Some(all)) => some.iter().all(|one| all.contains(one)),
        };
        match (within(was, is), within(is, was)) {
            (true, true) => {}
            (true, false) => found.add(&SOURCE_WIDENED, address, what),
            _ => found.add(&SOURCE_NARROWED, address, what),
        }
    }
    let label = |label: &DataLabel| match label {
        DataLabel::Untrusted => "untrusted",
        DataLabel::Private => "private",
    };
    for is in new.labels.iter().filter(|is| !old.labels.contains(is)) {
        found.add(&LABEL_ADDED, new.address("label"), format!("its results are `{}` now", label(is)));
    }
    for was in old.labels.iter().filter(|was| !new.labels.contains(was)) {
        let what = format!("its results aren't `{}` any more", label(was));
        found.add(&LABEL_REMOVED, new.address("label"), what);
    }
}

/// Whether it may be looked at again and again, and how far apart: the model reads both.
fn volatile(found: &mut Found, address: &str, old: Option<Duration>, new: Option<Duration>) {
    let rule = match (old, new) {
        (old, new) if old == new => return,
        (Some(_), None) => &VOLATILE_LOST,
        _ => &MODEL_TEXT,
    };
    found.add(rule, address, words::times(old, new));
}

fn relies(found: &mut Found, old: &Tool, new: &Tool) {
    for is in new.relies.iter().filter(|is| !old.relies.contains(is)) {
        found.add(&RELIES_ADDED, new.address("relies"), format!("relies on `{is}` now"));
    }
    for was in old.relies.iter().filter(|was| !new.relies.contains(was)) {
        found.add(&RELIES_REMOVED, new.address("relies"), format!("doesn't rely on `{was}` any more"));
    }
}
