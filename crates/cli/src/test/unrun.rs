//! What a test can't show yet: where a part of the contract that this release checks and doesn't run would have its say.
//!
//! A call that a clause refuses needs nothing else. One that is sent may have needed more than was looked at.

use std::collections::BTreeSet;

use handfast_contract::{ANY_PART, Action, Case, Contract, StepWork};
use handfast_engine::UNEVALUABLE;
use handfast_report::{CallState, Trace};

/// Parts of a tool that change nothing about what comes of one call.
const OF_A_TOOL: [&str; 1] = ["at_least"];
/// The part of an agent that changes what comes of its work.
const OF_AN_AGENT: [&str; 1] = ["never"];
/// Parts of a workflow that change nothing about how it runs.
const OF_A_WORKFLOW: [&str; 2] = ["accepts", "at_least"];

/// Why a test can't be tried at all.
pub(super) fn before(case: &Case, contract: &Contract) -> Option<String> {
    let part = contract.unrun.iter().find(|part| hinders(part, case, contract))?;
    let what = if part == ANY_PART { "a part of the contract" } else { part.as_str() };
    Some(format!("this release checks {what} and doesn't run it yet, so this test would show nothing"))
}

fn hinders(part: &str, case: &Case, contract: &Contract) -> bool {
    // A setting without its value is of no use to anybody.
    if part == ANY_PART || part.starts_with("settings.") {
        return true;
    }
    let Action::Run { workflow, .. } = &case.action else { return false };
    let is_of = |base: &str| part.strip_prefix(base).and_then(|rest| rest.strip_prefix('.'));
    if ["memory", "invariants"].iter().any(|section| part == *section || is_of(section).is_some()) {
        return true;
    }
    if let Some(rest) = is_of(&format!("workflows.{workflow}")) {
        return !OF_A_WORKFLOW.contains(&rest);
    }
    let Some(workflow) = contract.workflows.get(workflow) else { return false };
    workflow.own_steps().any(|step| match &step.work {
        StepWork::Agent(agent) => is_of(&format!("agents.{}", agent.name))
            .is_some_and(|rest| OF_AN_AGENT.iter().any(|part| rest.split('.').next() == Some(part))),
        _ => false,
    })
}

/// Why what came of a test shows nothing.
pub(super) fn after(trace: &Trace, contract: &Contract) -> BTreeSet<String> {
    trace.calls().filter_map(|call| {
        if let CallState::Refused(refused) = &call.state {
            let is_by_fault = refused.reason.starts_with(UNEVALUABLE);
            return is_by_fault.then(|| format!("{} refused without being looked at: {}", refused.clause, refused.reason));
        }
        let base = format!("tools.{}.", call.tool);
        let mut parts = contract.unrun.iter().filter_map(|part| Some((part, part.strip_prefix(&base)?)));
        let (part, _) = parts.find(|(_, rest)| !OF_A_TOOL.contains(rest)).filter(|_| !call.attempts.is_empty())?;
        Some(format!(
            "`{}` was sent, and this release checks {part} and doesn't run it yet: what came of the call shows nothing",
            call.tool
        ))
    }).collect()
}
