//! Workflows: callers give the input and take the output; runs that are going stand in the steps.

use super::rules::*;
use super::{Found, pairs, schemas, steps, words, world};
use crate::{Chat, Contract, Workflow};

pub(super) fn workflows(found: &mut Found, old: &Contract, new: &Contract) {
    for (name, was, is) in pairs(&old.workflows, &new.workflows) {
        let at = format!("workflows.{name}");
        match (was, is) {
            (Some(was), Some(is)) => workflow(found, &at, was, is),
            (Some(_), None) => found.add(&PART_GONE, at, "is gone"),
            (None, Some(_)) => found.add(&WORKFLOW_ADDED, at, "is new"),
            (None, None) => {}
        }
    }
}

fn workflow(found: &mut Found, at: &str, old: &Workflow, new: &Workflow) {
    schemas::takes(found, &format!("{at}.input"), &old.input, &new.input, &INPUT_OPENS);
    chat(found, at, old.chat.as_ref(), new.chat.as_ref());
    steps::block(found, &format!("{at}.steps"), &old.steps, &new.steps);
    output(found, &format!("{at}.output"), old, new);
    world::limits(found, &format!("{at}.limits"), &old.limits, &new.limits);
    world::irreversible(found, &format!("{at}.accepts"), old.accepts_irreversible, new.accepts_irreversible);
    world::level(found, &format!("{at}.at_least"), old.at_least, new.at_least);
}

fn chat(found: &mut Found, at: &str, old: Option<&Chat>, new: Option<&Chat>) {
    let name = |chat: Option<&Chat>| chat.map(|chat| chat.agent.name.clone());
    if name(old) != name(new) {
        found.add(&STEP_CHANGED, format!("{at}.chat"), words::change(name(old), name(new)));
    } else if let (Some(old), Some(new)) = (old, new)
        && old.idle != new.idle
    {
        let rule = if super::recovery::is_shorter(old.idle, new.idle) {
            &APPROVAL_SHORTER
        } else {
            &APPROVAL_LONGER
        };
        found.add(
            rule,
            format!("{at}.idle"),
            format!("the time to go on {}", words::times(old.idle, new.idle)),
        );
    }
}

/// What it gives is what its expression says, of the type that follows from the parts it reads.
fn output(found: &mut Found, address: &str, old: &Workflow, new: &Workflow) {
    match (&old.output, &new.output) {
        (None, None) => return,
        (None, Some(_)) => return found.add(&OUTPUT_PROMISED, address, "gave nothing, and gives something"),
        (Some(was), Some(is)) if steps::same_given(was, is) => {}
        (Some(was), Some(is)) => return found.add(&WORKFLOW_OUTPUT, address, words::from_to(was, is)),
        (Some(was), None) => {
            return found.add(&WORKFLOW_OUTPUT, address, words::change(Some(was), None));
        }
    }
    schemas::given(found, address, &old.gives.schema, &new.gives.schema, &OUTPUT_NARROWS);
    match (old.gives.absent, new.gives.absent) {
        (false, true) => found.add(&OUTPUT_WIDENS, address, "may be absent now, which it couldn't be before"),
        (true, false) => found.add(&OUTPUT_NARROWS, address, "is never absent any more"),
        _ => {}
    }
}
