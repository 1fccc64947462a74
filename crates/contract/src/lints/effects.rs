//! Effects: whether each can be repeated, settled and taken back, or is accepted by name.

use std::collections::BTreeSet;

use super::Hits;
use crate::{Compensate, Contract, EffectKind, IdempotencyRule, Name, Reconcile, Tool};

/// The tools that have effects.
fn effectful(contract: &Contract) -> impl Iterator<Item = &Tool> {
    contract.tools.values().map(|tool| &**tool).filter(|tool| !tool.only_reads())
}

/// The tools that take back what others did.
fn compensators(contract: &Contract) -> BTreeSet<&Name> {
    let by = |tool: &'_ std::sync::Arc<Tool>| match &tool.compensate {
        Some(Compensate::By { undo: Some((name, _)), .. }) => Some(name.clone()),
        _ => None,
    };
    let names: BTreeSet<Name> = contract.tools.values().filter_map(by).collect();
    contract.tools.keys().filter(|name| names.contains(*name)).collect()
}

fn is_blind(tool: &Tool) -> bool {
    tool.idempotency == IdempotencyRule::None && tool.reconcile.is_none()
}

pub(super) fn retried_blindly(contract: &Contract, hits: &mut Hits) {
    for tool in effectful(contract).filter(|tool| is_blind(tool)) {
        if tool.limits.attempts.is_some_and(|attempts| attempts > 1) {
            let message = format!(
                "`{}` asks for more attempts, and it can be neither repeated nor reconciled",
                tool.name
            );
            let help = "say how it may be repeated (`idempotency`) or looked for (`reconcile`), or take the attempts out";
            hits.add(tool.address("limits.attempts"), message, help)
                .label("only failures that promise that nothing took effect are tried again");
        }
    }
}

pub(super) fn uncompensated(contract: &Contract, hits: &mut Hits) {
    let compensators = compensators(contract);
    for tool in effectful(contract) {
        if tool.compensate.is_none() && !compensators.contains(&tool.name) {
            let message = format!("nothing says how what `{}` did is taken back", tool.name);
            let help = "say `compensate: { tool: …, with: { … } }`, `compensate: impossible`, or `compensate: { leaves: [ … ] }` for what may stay";
            hits.add(tool.address("effects"), message, help)
                .label("when a workflow fails behind it, this would stay, and nobody would know");
        }
    }
}

pub(super) fn leaves_unsaid(contract: &Contract, hits: &mut Hits) {
    for tool in effectful(contract) {
        let Some(Compensate::By { undo: Some(_), leaves }) = &tool.compensate else { continue };
        let told = |kind| matches!(kind, EffectKind::Notifies | EffectKind::Enqueues);
        if let (true, Some(effect)) =
            (leaves.is_empty(), tool.effects.iter().find(|effect| told(effect.kind)))
        {
            let message = format!(
                "`{}` tells somebody ({}), and its compensation doesn't say that this stays",
                tool.name,
                effect.target.source()
            );
            hits.add(
                tool.address("compensate"),
                message,
                "name what can't be taken back: `leaves: [ the email ]`",
            );
        }
    }
}

pub(super) fn unreconciled(contract: &Contract, hits: &mut Hits) {
    for tool in effectful(contract).filter(|tool| is_blind(tool)) {
        let message = format!("nobody can tell whether `{}` took effect once its answer is lost", tool.name);
        let help = "say `reconcile: { tool: …, applied: … }`, or who settles it: `reconcile: { ask: ROLE }`";
        hits.add(tool.address("idempotency"), message, help)
            .label("it can't be repeated, so its outcome has to be found out");
    }
}

pub(super) fn irreversible_unasked(contract: &Contract, hits: &mut Hits) {
    for agent in contract.agents.values().filter(|agent| !agent.accepts_irreversible) {
        for grant in &agent.may {
            let tool = &grant.tool;
            if matches!(tool.compensate, Some(Compensate::Impossible)) && tool.approval.is_none() {
                let message = format!(
                    "`{}` may do with `{}` what nothing takes back, and nobody is asked",
                    agent.name, tool.name
                );
                let help = format!(
                    "give `{}` an `approval:`, or say `accepts: [ irreversible ]` of the agent",
                    tool.name
                );
                hits.add(grant.address.clone(), message, help);
            }
        }
    }
}

pub(super) fn lookers_only_read(contract: &Contract, hits: &mut Hits) {
    let reads = |name: &Name| contract.tools.get(name).is_none_or(|tool| tool.only_reads());
    for tool in contract.tools.values() {
        for probe in tool.probes.iter().filter(|probe| !reads(&probe.tool)) {
            let message = format!("the probe `{}` looks by `{}`, which has effects", probe.name, probe.tool);
            hits.add(
                tool.address(&format!("probes.{}", probe.name)),
                message,
                "a probe only reads: name a tool whose effects are all `reads`",
            );
        }
        if let Some(Reconcile::Look { tool: by, .. }) = &tool.reconcile
            && !reads(by)
        {
            let message = format!("`{}` is reconciled by `{by}`, which has effects", tool.name);
            hits.add(
                tool.address("reconcile.tool"),
                message,
                "reconciling only reads: name a tool whose effects are all `reads`",
            );
        }
    }
}

pub(super) fn compensators_repeat(contract: &Contract, hits: &mut Hits) {
    for tool in contract.tools.values() {
        let Some(Compensate::By { undo: Some((by, _)), .. }) = &tool.compensate else { continue };
        let Some(undo) = contract.tools.get(by) else { continue };
        if matches!(undo.compensate, Some(Compensate::Impossible)) && undo.approval.is_some() {
            let message = format!("`{}` is taken back by `{by}`, which waits for a person's yes", tool.name);
            hits.add(
                tool.address("compensate.tool"),
                message,
                "a compensation must be able to run by itself",
            );
        } else if is_blind(undo) && !undo.only_reads() {
            let message = format!(
                "`{}` is taken back by `{by}`, which can be neither repeated nor reconciled",
                tool.name
            );
            hits.add(
                tool.address("compensate.tool"),
                message,
                format!("say how `{by}` may be repeated: a compensation is tried until it succeeds"),
            );
        } else if undo.only_reads() {
            let message = format!("`{}` is taken back by `{by}`, which only reads", tool.name);
            hits.add(tool.address("compensate.tool"), message, "name the tool that restores what was there");
        }
    }
}

pub(super) fn no_failure_named(contract: &Contract, hits: &mut Hits) {
    for tool in effectful(contract).filter(|tool| tool.failures.is_empty()) {
        let message = format!("`{}` names no way to fail", tool.name);
        let help =
            "name them under `failures:` of the tool or its server: every failure without a name is a doubt";
        hits.add(format!("tools.{}", tool.name), message, help);
    }
}
