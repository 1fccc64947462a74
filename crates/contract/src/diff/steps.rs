//! Steps: runs that are going stand in them as they were, so that nearly every change of one breaks. The order in which
//! they are written says nothing; what comes after what follows from what they read and need.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::conditions::{same, value, values};
use super::rules::*;
use super::{Found, agents, approvals, pairs, schemas, words, world};
use crate::{ApprovalStep, Block, Branch, Given, Name, Otherwise, Schema, Step, StepWork, Wait};

pub(super) fn block(found: &mut Found, at: &str, old: &[Arc<Step>], new: &[Arc<Step>]) {
    let by_name = |steps: &[Arc<Step>]| -> BTreeMap<Name, Arc<Step>> {
        steps.iter().map(|step| (step.name.clone(), step.clone())).collect()
    };
    for (name, was, is) in pairs(&by_name(old), &by_name(new)) {
        let address = format!("{at}.{name}");
        match (was, is) {
            (Some(was), Some(is)) => step(found, &address, was, is),
            (Some(was), None) => found.add(&STEP_REMOVED, address, format!("{} is gone", said(was))),
            (None, Some(is)) => found.add(&STEP_ADDED, address, format!("{} is new", said(is))),
            (None, None) => {}
        }
    }
}

fn said(step: &Step) -> String {
    match who(&step.work) {
        Some(who) => format!("the step with the {} `{who}`", step.work.kind()),
        None => format!("the step `{}`", step.work.kind()),
    }
}

fn who(work: &StepWork) -> Option<&Name> {
    match work {
        StepWork::Agent(agent) => Some(&agent.name),
        StepWork::Tool(tool) => Some(&tool.name),
        StepWork::Workflow(name) => Some(name),
        _ => None,
    }
}

fn step(found: &mut Found, at: &str, old: &Step, new: &Step) {
    let (kind, new_kind) = (old.work.kind(), new.work.kind());
    if kind != new_kind {
        return found.add(&STEP_CHANGED, at, format!("its kind {}", words::from_to(kind, new_kind)));
    }
    if let (Some(was), Some(is)) = (who(&old.work), who(&new.work))
        && was != is
    {
        found.add(&STEP_CHANGED, format!("{at}.{kind}"), words::from_to(was, is));
    }
    given(found, &format!("{at}.with"), &old.with, &new.with);
    agents::models(found, &format!("{at}.model"), old.models.as_ref(), new.models.as_ref());
    value(found, &format!("{at}.when"), "", old.when.as_ref(), new.when.as_ref(), &STEP_CHANGED);
    let sorted = |names: &[Name]| {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        names.join(", ")
    };
    if sorted(&old.needs) != sorted(&new.needs) {
        let what = words::from_to(sorted(&old.needs), sorted(&new.needs));
        found.add(&STEP_CHANGED, format!("{at}.needs"), what);
    }
    work(found, at, &old.work, &new.work);
    otherwise(found, &format!("{at}.otherwise"), old.otherwise.as_ref(), new.otherwise.as_ref());
    world::limits(found, &format!("{at}.limits"), &old.limits, &new.limits);
    world::irreversible(found, &format!("{at}.accepts"), old.accepts_irreversible, new.accepts_irreversible);
}

fn given(found: &mut Found, at: &str, old: &Given, new: &Given) {
    match (old, new) {
        (Given::Fields(was), Given::Fields(is)) => values(found, at, was, is, &STEP_CHANGED),
        (was, is) if same_given(was, is) => {}
        (was, is) => found.add(&STEP_CHANGED, at, words::from_to(was, is)),
    }
}

pub(super) fn same_given(old: &Given, new: &Given) -> bool {
    match (old, new) {
        (Given::Fields(was), Given::Fields(is)) => super::conditions::same_values(was, is),
        (Given::Whole(was), Given::Whole(is)) => was.same(is),
        _ => false,
    }
}

fn work(found: &mut Found, at: &str, old: &StepWork, new: &StepWork) {
    match (old, new) {
        (StepWork::Approval(was), StepWork::Approval(is)) => approval(found, at, was, is),
        (StepWork::Wait(was), StepWork::Wait(is)) => wait(found, at, was, is),
        (StepWork::Choose(was), StepWork::Choose(is)) => choose(found, at, was, is),
        (
            StepWork::Repeat { times, until, block },
            StepWork::Repeat { times: new_times, until: new_until, block: new_block },
        ) => {
            if times != new_times {
                let rule = if new_times < times { &LIMIT_FALLS } else { &LIMIT_RISES };
                found.add(rule, format!("{at}.repeat"), words::from_to(times, new_times));
            }
            value(found, &format!("{at}.until"), "", Some(until), Some(new_until), &STEP_CHANGED);
            inner(found, at, block, new_block);
        }
        (
            // How many lanes there may be follows from the type of the list.
            StepWork::Each { over, item, at_once, enough, block, lanes_max: _ },
            StepWork::Each {
                over: new_over,
                item: new_item,
                at_once: new_at_once,
                enough: new_enough,
                block: new_block,
                lanes_max: _,
            },
        ) => {
            value(found, &format!("{at}.each"), "", Some(over), Some(new_over), &STEP_CHANGED);
            if item != new_item {
                found.add(&STEP_CHANGED, format!("{at}.as"), words::from_to(item, new_item));
            }
            if at_once != new_at_once {
                found.add(&STEP_PACE, format!("{at}.at_once"), words::change(*at_once, *new_at_once));
            }
            if enough != new_enough {
                found.add(&STEP_CHANGED, format!("{at}.enough"), words::change(*enough, *new_enough));
            }
            inner(found, at, block, new_block);
        }
        _ => {}
    }
}

/// The steps within a step, and what they give together.
fn inner(found: &mut Found, at: &str, old: &Block, new: &Block) {
    block(found, &format!("{at}.steps"), &old.steps, &new.steps);
    let same = match (&old.output, &new.output) {
        (None, None) => true,
        (Some(was), Some(is)) => same_given(was, is),
        _ => false,
    };
    if !same {
        let what = words::change(old.output.as_ref(), new.output.as_ref());
        found.add(&STEP_CHANGED, format!("{at}.output"), what);
    }
}

fn choose(found: &mut Found, at: &str, old: &[Branch], new: &[Branch]) {
    let names = |branches: &[Branch]| branches.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let (was, is) = (names(old), names(new));
    if was != is {
        let what = words::from_to(was.join(", "), is.join(", "));
        let what = format!("the branches, of which the first that holds is taken: {what}");
        found.add(&STEP_CHANGED, format!("{at}.choose"), what);
    }
    for is in new {
        let Some(was) = old.iter().find(|was| was.name == is.name) else { continue };
        let at = format!("{at}.choose.{}", is.name);
        value(found, &format!("{at}.when"), "", was.when.as_ref(), is.when.as_ref(), &STEP_CHANGED);
        inner(found, &at, &was.block, &is.block);
    }
}

fn approval(found: &mut Found, at: &str, old: &ApprovalStep, new: &ApprovalStep) {
    let address = format!("{at}.approval");
    approvals::asked(found, &address, &old.by, &new.by);
    approvals::saying(found, &address, old.saying.as_ref(), new.saying.as_ref());
    approvals::within(found, &address, old.within, new.within);
    let (was, is) = (old.presents.as_ref(), new.presents.as_ref());
    if !same(was, is) {
        found.add(&APPROVAL_WORDS, &address, format!("what is shown {}", words::exprs(was, is)));
    }
    if old.asks != new.asks {
        let what = words::from_to(old.asks.join(", "), new.asks.join(", "));
        found.add(&STEP_CHANGED, &address, format!("the answers: {what}"));
    }
    if old.unanswered != new.unanswered {
        let what = words::change(old.unanswered.as_ref(), new.unanswered.as_ref());
        found.add(&STEP_CHANGED, &address, format!("what silence means {what}"));
    }
}

fn wait(found: &mut Found, at: &str, old: &Wait, new: &Wait) {
    let address = format!("{at}.wait");
    match (old, new) {
        (
            Wait::Signal { name, gives, within },
            Wait::Signal { name: new_name, gives: new_gives, within: new_within },
        ) if name == new_name => {
            // Whoever sends the signal gives its value; the steps behind it are held to the new type by `check`.
            let any = Schema::any();
            let schema = |gives: &Option<Schema>| gives.clone().unwrap_or_else(|| any.clone());
            schemas::takes(found, &address, &schema(gives), &schema(new_gives), &INPUT_OPENS);
            approvals::within(found, &address, *within, *new_within);
        }
        (Wait::For(was), Wait::For(is)) => {
            if was != is {
                found.add(&STEP_CHANGED, address, words::times(Some(*was), Some(*is)));
            }
        }
        (Wait::Until(was), Wait::Until(is)) => {
            value(found, &address, "", Some(was), Some(is), &STEP_CHANGED);
        }
        _ => found.add(&STEP_CHANGED, address, "something else is waited for"),
    }
}

fn otherwise(found: &mut Found, at: &str, old: Option<&Otherwise>, new: Option<&Otherwise>) {
    let said = |one: &Otherwise| match one {
        Otherwise::Skip => "skip".to_owned(),
        Otherwise::Collect => "collect".to_owned(),
        Otherwise::Value(value) => value.source().to_owned(),
        Otherwise::Step(step) => said(step),
    };
    match (old, new) {
        (None, None)
        | (Some(Otherwise::Skip), Some(Otherwise::Skip))
        | (Some(Otherwise::Collect), Some(Otherwise::Collect)) => {}
        (Some(Otherwise::Value(was)), Some(Otherwise::Value(is))) if was.same(is) => {}
        (Some(Otherwise::Step(was)), Some(Otherwise::Step(is))) => step(found, at, was, is),
        (was, is) => {
            found.add(&STEP_CHANGED, at, words::change(was.map(said), is.map(said)));
        }
    }
}
