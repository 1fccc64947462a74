//! Agents: what they may do and must never do, what users may expect, what their models read.

use std::collections::BTreeMap;

use super::conditions::{Judged, clauses, condition, same};
use super::rules::*;
use super::{Found, pairs, schemas, words, world};
use crate::{Agent, Contract, Kept, ModelChoice, Name, Schema, Unsure};

const GRANTED: Judged = Judged { stronger: &GRANT_STRONGER, weaker: &GRANT_WEAKER, unclear: &GRANT_UNCLEAR };
/// What is forbidden where it holds.
const FORBIDDEN: Judged = Judged { stronger: &NEVER_LOST, weaker: &NEVER_ENFORCED, unclear: &NEVER_ENFORCED };

pub(super) fn agents(found: &mut Found, old: &Contract, new: &Contract) {
    for (name, was, is) in pairs(&old.agents, &new.agents) {
        let at = format!("agents.{name}");
        match (was, is) {
            (Some(was), Some(is)) => agent(found, &at, was, is),
            (Some(_), None) => found.add(&PART_GONE, at, "is gone"),
            (None, Some(is)) => {
                let may = words::listed(is.may.iter().map(|grant| &grant.tool.name));
                let may = if may.is_empty() { "no tool".to_owned() } else { may };
                found.add(&AGENT_ADDED, at, format!("is new, and may call {may}"));
            }
            (None, None) => {}
        }
    }
}

fn agent(found: &mut Found, at: &str, old: &Agent, new: &Agent) {
    let place = |part: &str| format!("{at}.{part}");
    texts(found, at, old, new);
    schemas::takes(found, &place("input"), &old.input, &new.input, &INPUT_WIDENS);
    answer(found, &place("output"), old.output.as_ref(), new.output.as_ref());
    clauses(found, &old.ensures, &new.ensures, super::tools::ENSURES, |_| None);
    grants(found, at, old, new);
    nevers(found, old, new);
    for role in new.talks_to.iter().filter(|role| !old.talks_to.contains(role)) {
        found.add(&PERSON_ADDED, place("talks_to"), format!("talks to `{role}` too"));
    }
    for role in old.talks_to.iter().filter(|role| !new.talks_to.contains(role)) {
        found.add(&EXPECTATION_LOST, place("talks_to"), format!("doesn't talk to `{role}` any more"));
    }
    users(found, at, old, new);
    world::limits(found, &place("limits"), &old.limits, &new.limits);
    world::irreversible(found, &place("accepts"), old.accepts_irreversible, new.accepts_irreversible);
    world::level(found, &place("at_least"), old.at_least, new.at_least);
}

/// What the model reads, which model it is, and who answers for the agent.
fn texts(found: &mut Found, at: &str, old: &Agent, new: &Agent) {
    for (part, was, is) in
        [("purpose", &old.purpose, &new.purpose), ("instructions", &old.instructions, &new.instructions)]
    {
        if was.trim() != is.trim() {
            found.add(&MODEL_TEXT, format!("{at}.{part}"), words::from_to(was.trim(), is.trim()));
        }
    }
    models(found, &format!("{at}.model"), Some(&old.models), Some(&new.models));
    if old.owner != new.owner {
        found.add(&HEAD, format!("{at}.owner"), words::change(old.owner.as_ref(), new.owner.as_ref()));
    }
}

/// Which models are asked, in which order, and where.
pub(super) fn models(
    found: &mut Found,
    address: &str,
    old: Option<&Vec<ModelChoice>>,
    new: Option<&Vec<ModelChoice>>,
) {
    let when = |choice: &ModelChoice| choice.when.as_ref().map(|when| when.condition.clone());
    let same_choice = |(old, new): (&ModelChoice, &ModelChoice)| {
        old.model == new.model && same(when(old).as_ref(), when(new).as_ref())
    };
    let is_same = match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => old.len() == new.len() && old.iter().zip(new).all(same_choice),
        _ => false,
    };
    if !is_same {
        let told = |choices: Option<&Vec<ModelChoice>>| choices.map(|choices| ModelChoice::told(choices));
        found.add(&MODEL_CHANGED, address, words::change(told(old), told(new)));
    }
}

/// Without an output an agent gives text.
fn answer(found: &mut Found, address: &str, old: Option<&Schema>, new: Option<&Schema>) {
    let text = serde_json::json!({ "type": "string" });
    let json = |schema: Option<&Schema>| schema.map_or(text.clone(), |schema| schema.json().clone());
    let (old, new) = (json(old), json(new));
    schemas::given(found, address, &old, &new, &ANSWER_NARROWS);
}

fn grants(found: &mut Found, at: &str, old: &Agent, new: &Agent) {
    for is in &new.may {
        match old.grant(&is.tool.name) {
            None => {
                let bound = is.condition.as_ref().map_or(String::new(), |clause| {
                    format!(", where {}", words::listed([&clause.condition]))
                });
                found.add(&GRANT_ADDED, &is.address, format!("may call `{}` now{bound}", is.tool.name));
            }
            Some(was) => {
                let [was, bound] = [was, is].map(|grant| grant.condition.as_ref());
                if let (Some(was), Some(bound)) = (was, bound)
                    && was.sentence != bound.sentence
                    && was.condition.same(&bound.condition)
                    && bound.sentence != bound.condition.source()
                {
                    found.add(&MODEL_TEXT, &is.address, words::from_to(&was.sentence, &bound.sentence));
                }
                let [was, bound] = [was, bound].map(|clause| clause.map(|clause| &clause.condition));
                condition(found, &is.address, "the bound ", was, bound, GRANTED);
            }
        }
    }
    for was in old.may.iter().filter(|was| new.grant(&was.tool.name).is_none()) {
        found.add(&GRANT_REMOVED, &was.address, format!("may not call `{}` any more", was.tool.name));
    }
    let kept = |some: &Agent, all: &Agent| -> Vec<Name> {
        let kept = some.may.iter().filter(|grant| all.grant(&grant.tool.name).is_some());
        kept.map(|grant| grant.tool.name.clone()).collect()
    };
    let (before, after) = (kept(old, new), kept(new, old));
    if before != after {
        let what = words::from_to(before.join(", "), after.join(", "));
        found.add(&MODEL_TEXT, format!("{at}.may"), format!("the order of its tools {what}"));
    }
}

fn nevers(found: &mut Found, old: &Agent, new: &Agent) {
    let by_address = |agent: &Agent| -> BTreeMap<String, crate::Never> {
        agent.never.iter().map(|never| (never.address.clone(), never.clone())).collect()
    };
    for (address, was, is) in pairs(&by_address(old), &by_address(new)) {
        match (was, is) {
            (Some(was), None) => {
                found.add(&NEVER_LOST, address, format!("\"{}\" isn't forbidden any more", was.sentence))
            }
            (None, Some(is)) => {
                let rule = match is.kept {
                    Kept::Declared => &NEVER_ADDED,
                    Kept::Judged(_) | Kept::Enforced { .. } => &NEVER_ENFORCED,
                };
                found.add(rule, address, format!("\"{}\" is forbidden now", is.sentence));
            }
            (Some(was), Some(is)) => {
                if was.sentence != is.sentence {
                    found.add(&MODEL_TEXT, address, words::from_to(&was.sentence, &is.sentence));
                }
                never(found, address, &was.kept, &is.kept);
            }
            (None, None) => {}
        }
    }
}

fn never(found: &mut Found, address: &str, old: &Kept, new: &Kept) {
    match (old, new) {
        (Kept::Declared, Kept::Declared) => {}
        (Kept::Judged(was), Kept::Judged(is)) => {
            if was != is {
                found.add(&NEVER_ENFORCED, address, format!("who judges it {}", words::from_to(was, is)));
            }
        }
        (Kept::Enforced { tool, when }, Kept::Enforced { tool: new_tool, when: new_when }) => {
            if tool != new_tool {
                found.add(&NEVER_ENFORCED, address, words::from_to(tool, new_tool));
            }
            condition(found, address, "when ", when.as_ref(), new_when.as_ref(), FORBIDDEN);
        }
        (_, Kept::Declared) => found.add(&NEVER_LOST, address, "was held, and is only declared now"),
        (Kept::Enforced { .. }, _) => {
            found.add(&NEVER_LOST, address, "couldn't be done, and is only judged now")
        }
        _ => found.add(&NEVER_ENFORCED, address, "wasn't held by this, and is held now"),
    }
}

/// What users may expect, and the words for it.
fn users(found: &mut Found, at: &str, old: &Agent, new: &Agent) {
    let place = |part: &str| format!("{at}.{part}");
    let what = "doesn't handle";
    lists(
        found,
        &place("handles"),
        &old.handles,
        &new.handles,
        (what, &EXPECTATION_LOST),
        ("handles", &EXPECTATION_WON),
    );
    let none = Vec::new();
    let about = |about: Option<&Vec<String>>| about.cloned().unwrap_or_else(|| none.clone());
    let (was, is) = (old.escalates.as_ref(), new.escalates.as_ref());
    let address = place("escalates");
    let (before, after) = (about(was.map(|one| &one.about)), about(is.map(|one| &one.about)));
    let gone = ("doesn't hand over", &EXPECTATION_LOST);
    lists(found, &address, &before, &after, gone, ("hands over", &EXPECTATION_WON));
    if let (Some(was), Some(is)) = (was, is) {
        if was.to != is.to {
            let what = format!("whom it hands over to {}", words::change(was.to.as_ref(), is.to.as_ref()));
            found.add(&OTHER_PERSON, &address, what);
        }
        saying(found, &address, was.saying.as_ref(), is.saying.as_ref());
    }
    let (was, is) = (old.refuses.as_ref(), new.refuses.as_ref());
    let address = place("refuses");
    let (before, after) = (about(was.map(|one| &one.about)), about(is.map(|one| &one.about)));
    let gone = ("doesn't decline", &REFUSAL_LOST);
    lists(found, &address, &before, &after, gone, ("declines", &EXPECTATION_LOST));
    if let (Some(was), Some(is)) = (was, is) {
        saying(found, &address, was.saying.as_ref(), is.saying.as_ref());
    }
    if old.unsure != new.unsure {
        let said = |unsure: Option<Unsure>| {
            unsure.map(|unsure| match unsure {
                Unsure::Ask => "ask",
                Unsure::Escalate => "escalate",
                Unsure::Refuse => "refuse",
            })
        };
        found.add(&EXPECTATION_LOST, place("unsure"), words::change(said(old.unsure), said(new.unsure)));
    }
}

/// Topics that are gone, and new ones, each way with its rule.
fn lists(
    found: &mut Found,
    address: &str,
    old: &[String],
    new: &[String],
    gone: (&str, &'static Rule),
    added: (&str, &'static Rule),
) {
    for topic in old.iter().filter(|topic| !new.contains(topic)) {
        found.add(gone.1, address, format!("{} `{topic}` any more", gone.0));
    }
    for topic in new.iter().filter(|topic| !old.contains(topic)) {
        found.add(added.1, address, format!("{} `{topic}` now", added.0));
    }
}

fn saying(found: &mut Found, address: &str, old: Option<&String>, new: Option<&String>) {
    if old != new {
        found.add(&WORDS_TO_USERS, address, format!("the words for it {}", words::change(old, new)));
    }
}
