//! What a contract promises, read from it once more: the laws never ask the engine what was allowed.

use std::sync::Arc;

use handfast_contract::{
    Agent, Clause, Compensate, Contract, IdempotencyRule, Kept, Limits, Scope, Step, StepWork, Tool, Workflow,
};
use handfast_events::{CallId, RunId, StepId, call_key};
use serde_json::{Value, json};

/// A contract's promises, as the laws read them.
#[derive(Debug)]
pub(crate) struct Rules {
    contract: Arc<Contract>,
    workflow: Arc<Workflow>,
}

/// Whether doing it twice is worse than doing it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It changes nothing.
    Reads,
    /// Twice is as good as once.
    Natural,
    /// The tool knows the call by its key, so long.
    Keyed { valid_ms: Option<u64> },
    /// Twice is once too often.
    None,
}

/// One owner of limits, by the address of these.
pub(crate) struct Ceilings<'a> {
    pub(crate) owner: String,
    pub(crate) limits: &'a Limits,
}

impl Rules {
    pub(crate) const fn new(contract: Arc<Contract>, workflow: Arc<Workflow>) -> Self {
        Self { contract, workflow }
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Arc<Tool>> {
        self.contract.tools.get(name)
    }

    pub(crate) fn settings(&self) -> &Value {
        &self.contract.settings
    }

    /// How bad it is if a tool's effect happens twice.
    pub(crate) fn class(&self, tool: &str) -> Class {
        let Some(tool) = self.tool(tool) else { return Class::None };
        if tool.only_reads() {
            return Class::Reads;
        }
        match &tool.idempotency {
            IdempotencyRule::Natural => Class::Natural,
            IdempotencyRule::Key { valid, .. } => {
                let ms = |valid: std::time::Duration| u64::try_from(valid.as_millis()).unwrap_or(u64::MAX);
                Class::Keyed { valid_ms: valid.map(ms) }
            }
            IdempotencyRule::None => Class::None,
        }
    }

    /// The step of the contract that a step of a run is one of: `write#2/draft` is the `draft` within `write`.
    pub(crate) fn step(&self, id: &StepId) -> Option<Arc<Step>> {
        self.steps(id).into_iter().next()
    }

    /// The steps of the contract that it may be: branches of a `choose` may share names, and a path doesn't say which of
    /// them was chosen.
    fn steps(&self, id: &StepId) -> Vec<Arc<Step>> {
        let mut within: Vec<Arc<Step>> = self.workflow.own_steps().cloned().collect();
        let mut found = Vec::new();
        for part in id.as_str().split('/') {
            let is_instead = part.ends_with("~otherwise");
            let name = part.split(['[', '#', '~']).next().unwrap_or_default();
            let named = within.iter().filter(|step| &*step.name == name);
            found = named
                .map(|step| match &step.otherwise {
                    Some(handfast_contract::Otherwise::Step(other)) if is_instead => other.clone(),
                    _ => step.clone(),
                })
                .collect();
            within = found.iter().flat_map(|step| self.within(step)).collect();
        }
        found
    }

    fn within(&self, step: &Step) -> Vec<Arc<Step>> {
        match &step.work {
            StepWork::Workflow(name) => {
                self.contract.workflows.get(name).map(|workflow| workflow.steps.clone()).unwrap_or_default()
            }
            work => work.blocks().into_iter().flat_map(|(_, block)| block.steps.iter().cloned()).collect(),
        }
    }

    /// The agent that works on a step.
    pub(crate) fn agent(&self, id: &StepId) -> Option<Arc<Agent>> {
        match &self.step(id)?.work {
            StepWork::Agent(agent) => Some(agent.clone()),
            _ => None,
        }
    }

    /// What a step's own spend may come to: that of its agent.
    pub(crate) fn ceilings_of_step(&self, id: &StepId) -> Option<(String, Limits)> {
        let agent = self.agent(id)?;
        Some((format!("agents.{}.limits", agent.name), agent.limits.clone()))
    }

    /// What the run's spend may come to.
    pub(crate) fn ceilings_of_run(&self) -> Ceilings<'_> {
        Ceilings { owner: format!("workflows.{}.limits", self.workflow.name), limits: &self.workflow.limits }
    }

    /// Whether something takes back what the tool does.
    pub(crate) fn undoes(&self, tool: &str) -> bool {
        let way_back = self.tool(tool).and_then(|tool| tool.compensate.as_ref());
        matches!(way_back, Some(Compensate::By { undo: Some(_), .. }))
    }

    /// Whether a call needs somebody's yes.
    pub(crate) fn asks(&self, tool: &str, args: &Value) -> bool {
        let Some(approval) = self.tool(tool).and_then(|tool| tool.approval.as_ref()) else { return false };
        let scope = Scope::default().with("args", args).with("settings", self.settings());
        approval.by.iter().any(|by| by.when.as_ref().is_none_or(|when| when.holds(&scope) != Ok(false)))
    }

    /// Why a call may not be sent; nothing where its contract grants it.
    pub(crate) fn objection(
        &self,
        run: RunId,
        id: &CallId,
        (tool, args, input): (&str, &Value, &Value),
    ) -> Option<String> {
        if id.behind().is_some() {
            return self.objection_aside(tool);
        }
        let Some(found) = self.tool(tool) else {
            return Some("of a tool that its contract doesn't have".into());
        };
        let steps = self.steps(&id.step());
        let granted = steps.iter().find_map(|step| match &step.work {
            StepWork::Agent(agent) => agent.grant(tool).map(|grant| grant.condition.clone()),
            StepWork::Tool(own) if &*own.name == tool => Some(None),
            _ => None,
        });
        let Some(grant) = granted else { return Some("by a step that may not call it".into()) };
        if !found.input.fits(args) {
            return Some("with arguments that don't fit its type".into());
        }
        let call = json!({ "key": call_key(run, id), "id": id.as_str(), "run": run.to_string(), "started": "", "attempt": 1 });
        let scope = Scope::default()
            .with("args", args)
            .with("input", input)
            .with("call", &call)
            .with("settings", self.settings());
        let never = steps.iter().find_map(|step| match &step.work {
            StepWork::Agent(agent) => agent.never.iter().find(|never| match &never.kept {
                Kept::Enforced { tool: own, when } if **own == *tool => {
                    when.as_ref().is_none_or(|when| when.holds(&scope) == Ok(true))
                }
                _ => false,
            }),
            _ => None,
        });
        if let Some(never) = never {
            return Some(format!("though `{}` forbids it", never.address));
        }
        let is_broken =
            |clause: &&Clause| self.is_plain(clause) && !clause.condition.holds(&scope).unwrap_or(false);
        let broken = grant.iter().chain(&found.requires).find(is_broken)?;
        Some(format!("though `{}` does not hold", broken.address))
    }

    /// A call that hangs behind another one looks, or takes back: some tool's contract must name its tool for that.
    fn objection_aside(&self, tool: &str) -> Option<String> {
        let undoes = |other: &Arc<Tool>| matches!(&other.compensate, Some(Compensate::By { undo: Some((name, _)), .. }) if &**name == tool);
        let is_known = self.class(tool) == Class::Reads || self.contract.tools.values().any(undoes);
        (!is_known).then(|| "behind another one, though it neither looks nor takes back".to_owned())
    }

    /// Whether a clause reads nothing but the call itself.
    fn is_plain(&self, clause: &Clause) -> bool {
        let known = ["args", "input", "call", "settings"];
        clause.condition.roots().iter().all(|root| known.contains(&root.as_str()))
            && !clause.condition.source().contains("call.started")
    }
}
