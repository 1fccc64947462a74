//! Who can reach what: tools that nobody may use, obligations that nobody can meet, facts that nothing sets.

use std::collections::BTreeSet;

use super::Hits;
use crate::walk::{Part, each_expr, each_step, tool_of};
use crate::{Compensate, Contract, Happening, ModelChoice, Name, Reconcile, Rule, StepWork, Tool};

/// The tools that a tool leans on: those that look for it and take back what it did.
fn leans_on(tool: &Tool) -> Vec<&Name> {
    let mut names: Vec<&Name> = tool.probes.iter().map(|probe| &probe.tool).collect();
    if let Some(Reconcile::Look { tool, .. }) = &tool.reconcile {
        names.push(tool);
    }
    if let Some(Compensate::By { undo: Some((tool, _)), .. }) = &tool.compensate {
        names.push(tool);
    }
    names
}

/// The tools that somebody may call.
fn called(contract: &Contract) -> BTreeSet<Name> {
    let granted =
        contract.agents.values().flat_map(|agent| agent.may.iter().map(|grant| grant.tool.name.clone()));
    let mut called: BTreeSet<Name> = granted.collect();
    for workflow in contract.workflows.values() {
        each_step(&workflow.steps, &mut |step| called.extend(tool_of(step).map(|tool| tool.name.clone())));
    }
    called
}

/// Those and what they lean on.
fn used(contract: &Contract) -> BTreeSet<Name> {
    let mut open: Vec<Name> = called(contract).into_iter().collect();
    let mut used = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let (true, Some(tool)) = (used.insert(name.clone()), contract.tools.get(&name)) {
            open.extend(leans_on(tool).into_iter().cloned());
        }
    }
    used
}

/// Whether anything in this contract runs: one that only has tools is there to be included.
fn runs(contract: &Contract) -> bool {
    !contract.workflows.is_empty() || !contract.agents.is_empty()
}

/// What an include gives and isn't used is nobody's slip.
fn is_own(name: &str) -> bool {
    !name.contains('.')
}

pub(super) fn unused_tools(contract: &Contract, hits: &mut Hits) {
    if !runs(contract) {
        return;
    }
    let used = used(contract);
    for name in contract.tools.keys().filter(|name| is_own(name) && !used.contains(*name)) {
        let help = "grant it to an agent (`may:`), use it in a step, or take it out";
        hits.add(format!("tools.{name}"), format!("nobody may use the tool `{name}`"), help);
    }
}

pub(super) fn unused_names(contract: &Contract, hits: &mut Hits) {
    if !runs(contract) {
        return;
    }
    let mut unused = |section: &str, what: &str, names: Vec<&str>, used: BTreeSet<String>| {
        for name in names.into_iter().filter(|name| is_own(name) && !used.contains(*name)) {
            hits.add(
                format!("{section}.{name}"),
                format!("nothing uses the {what} `{name}`"),
                "use it, or take it out",
            );
        }
    };
    let servers = contract.tools.values().flat_map(|tool| {
        std::iter::once(&tool.via)
            .chain(tool.fallback.as_ref().map(|fallback| &fallback.via))
            .map(|via| via.server.to_string())
    });
    unused("servers", "server", contract.servers.keys().map(|name| &**name).collect(), servers.collect());
    let judges =
        contract.agents.values().flat_map(|agent| &agent.never).filter_map(|never| match &never.kept {
            crate::Kept::Judged(model) => Some(model.to_string()),
            _ => None,
        });
    let mut models: BTreeSet<String> = judges.collect();
    let chosen = |choices: &[ModelChoice]| -> Vec<String> {
        choices.iter().map(|choice| choice.model.to_string()).collect()
    };
    models.extend(contract.agents.values().flat_map(|agent| chosen(&agent.models)));
    for workflow in contract.workflows.values() {
        each_step(&workflow.steps, &mut |step| {
            models.extend(step.models.iter().flat_map(|choices| chosen(choices)));
        });
    }
    unused("models", "model", contract.models.keys().map(|name| &**name).collect(), models);
    unused("agents", "agent", contract.agents.keys().map(|name| &**name).collect(), agents_used(contract));
    unused("groups", "group", contract.groups.keys().map(|name| &**name).collect(), groups_used(contract));
}

fn agents_used(contract: &Contract) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    if contract.workflows.is_empty() {
        // Without a workflow nothing says who begins, and an embedding program may.
        used.extend(contract.agents.keys().map(ToString::to_string));
    }
    for workflow in contract.workflows.values() {
        used.extend(workflow.chat.iter().map(|chat| chat.agent.name.to_string()));
        each_step(&workflow.steps, &mut |step| {
            if let StepWork::Agent(agent) = &step.work {
                used.insert(agent.name.to_string());
            }
        });
    }
    used
}

fn groups_used(contract: &Contract) -> BTreeSet<String> {
    let members =
        contract.groups.values().filter(|group| !group.tools.is_empty()).map(|group| group.name.to_string());
    members.collect()
}

pub(super) fn demanded_and_unreached(contract: &Contract, hits: &mut Hits) {
    let called = called(contract);
    let reached = |happening: &Happening| match happening {
        Happening::Tool(name) => called.contains(name),
        Happening::Group(name) => contract
            .groups
            .get(name)
            .is_some_and(|group| group.tools.iter().any(|tool| called.contains(tool))),
        Happening::Step(_) => true,
    };
    for invariant in &contract.invariants {
        let (first, needed) = match &invariant.rule {
            Rule::Never { what, before: Some(before) } => (what, before),
            Rule::After { what, must, .. } => (what, must),
            Rule::Never { .. } | Rule::AtMost { .. } => continue,
        };
        if runs(contract) && reached(first) && !reached(needed) {
            let message = format!("`{}` demands {}, and nobody may call it", invariant.name, told(needed));
            hits.add(
                invariant.address.clone(),
                message,
                "grant it to an agent (`may:`), or use it in a step",
            );
        }
    }
}

fn told(happening: &Happening) -> String {
    match happening {
        Happening::Tool(name) => format!("a call of `{name}`"),
        Happening::Group(name) => format!("a call of the group `{name}`"),
        Happening::Step(path) => format!("the step `{}`", path.join(".")),
    }
}

pub(super) fn unestablished(contract: &Contract, hits: &mut Hits) {
    let called = used(contract);
    let established: BTreeSet<&str> = contract
        .tools
        .values()
        .filter(|tool| !runs(contract) || called.contains(&tool.name))
        .flat_map(|tool| tool.establishes.keys().map(|name| &**name))
        .collect();
    let mut told = BTreeSet::new();
    each_expr(contract, &mut |Part { address, expr }| {
        for path in expr.paths() {
            let [root, fact, ..] = path.as_slice() else { continue };
            if root == "facts"
                && !established.contains(fact.as_str())
                && told.insert((address.to_owned(), fact.clone()))
            {
                let message =
                    format!("this needs the fact `{fact}`, and no tool that can be called establishes it");
                let help =
                    format!("say in the tool that finds it out: `establishes: {{ {fact}: result.… }}`");
                hits.add(address, message, help);
            }
        }
    });
}
