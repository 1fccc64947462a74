//! Walks over a checked contract: every step, every expression, each with its address.

use std::sync::Arc;

use crate::{
    Approval, Approver, Compensate, Contract, Expr, Given, Kept, ModelChoice, Otherwise, Reconcile, Request,
    Step, StepWork, Tool, Wait,
};

/// One expression of a contract.
pub(crate) struct Part<'p> {
    /// Where it stands: `tools.refund.requires.the-order-is-not-refunded-yet`.
    pub(crate) address: &'p str,
    pub(crate) expr: &'p Expr,
}

/// Visits these steps and all within them.
pub(crate) fn each_step<'s>(steps: &'s [Arc<Step>], visit: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        match &step.work {
            StepWork::Repeat { block, .. } | StepWork::Each { block, .. } => each_step(&block.steps, visit),
            StepWork::Choose(branches) => {
                branches.iter().for_each(|branch| each_step(&branch.block.steps, visit));
            }
            _ => {}
        }
        if let Some(Otherwise::Step(other)) = &step.otherwise {
            each_step(std::slice::from_ref(other), visit);
        }
    }
}

/// The tool that a step calls itself.
pub(crate) fn tool_of(step: &Step) -> Option<&Arc<Tool>> {
    match &step.work {
        StepWork::Tool(tool) => Some(tool),
        _ => None,
    }
}

/// Visits every expression of a contract.
pub(crate) fn each_expr(contract: &Contract, visit: &mut dyn FnMut(Part<'_>)) {
    let mut walk = Walk { visit };
    for tool in contract.tools.values() {
        walk.tool(contract, tool);
    }
    for agent in contract.agents.values() {
        walk.models(&agent.models);
        for grant in &agent.may {
            walk.all(&grant.address, grant.condition.as_ref().map(|clause| &clause.condition));
        }
        for never in &agent.never {
            if let Kept::Enforced { when, .. } = &never.kept {
                walk.all(&never.address, when);
            }
        }
        for clause in &agent.ensures {
            walk.one(&clause.address, &clause.condition);
        }
    }
    for workflow in contract.workflows.values() {
        let address = format!("workflows.{}", workflow.name);
        walk.steps(&address, &workflow.steps);
        walk.output(&address, workflow.output.as_ref());
    }
    for invariant in &contract.invariants {
        walk.all(&invariant.address, invariant.same.iter().chain(&invariant.when));
    }
}

struct Walk<'v> {
    visit: &'v mut dyn FnMut(Part<'_>),
}

impl Walk<'_> {
    fn one(&mut self, address: &str, expr: &Expr) {
        (self.visit)(Part { address, expr });
    }

    fn all<'e>(&mut self, address: &str, exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            self.one(address, expr);
        }
    }

    fn tool(&mut self, contract: &Contract, tool: &Tool) {
        for clause in tool.requires.iter().chain(&tool.ensures).chain(&tool.shows) {
            self.one(&clause.address, &clause.condition);
        }
        for effect in &tool.effects {
            self.all(&tool.address("effects"), effect.target.exprs().chain(&effect.when));
        }
        self.all(&tool.address("sends"), tool.sends.iter().flat_map(|sends| sends.values()));
        self.all(&tool.address("once_per"), &tool.once_per);
        self.all(&tool.address("establishes"), tool.establishes.values());
        for rule in &tool.failures {
            // It may be its server's or its group's, and then it stands there.
            let address = contract.failure_address(tool, &rule.name);
            let address = address.unwrap_or_else(|| tool.address("failures"));
            self.all(&address, std::iter::once(&rule.when).chain(&rule.gives));
        }
        for probe in &tool.probes {
            self.all(&tool.address(&format!("probes.{}", probe.name)), probe.with.values());
        }
        if let Some(Reconcile::Look { with, applied, not_applied, gives, .. }) = &tool.reconcile {
            let conditions = std::iter::once(applied).chain(not_applied).chain(gives);
            self.all(&tool.address("reconcile"), with.values().chain(conditions));
        }
        if let Some(Compensate::By { undo: Some((_, with)), .. }) = &tool.compensate {
            self.all(&tool.address("compensate"), with.values());
        }
        if let Some(Approval { by, saying, .. }) = &tool.approval {
            self.approvers(&tool.address("approval"), by);
            self.all(&tool.address("approval.saying"), saying.iter().flat_map(|saying| saying.exprs()));
        }
        if let Some(fallback) = &tool.fallback {
            self.all(&tool.address("fallback"), fallback.sends.iter().flat_map(|sends| sends.values()));
        }
        if let Some(Request { path, query, headers, body, .. }) = &tool.via.request {
            let values = path.exprs().chain(query.values()).chain(headers.values()).chain(body);
            self.all(&tool.address("via"), values);
        }
    }

    fn models(&mut self, choices: &[ModelChoice]) {
        for when in choices.iter().filter_map(|choice| choice.when.as_ref()) {
            self.one(&when.address, &when.condition);
        }
    }

    fn approvers(&mut self, address: &str, by: &[Approver]) {
        self.all(address, by.iter().filter_map(|approver| approver.when.as_ref()));
    }

    fn given(&mut self, address: &str, given: &Given) {
        match given {
            Given::Whole(whole) => self.one(address, whole),
            Given::Fields(fields) => {
                for (name, expr) in fields {
                    self.one(&format!("{address}.{name}"), expr);
                }
            }
        }
    }

    fn output(&mut self, around: &str, output: Option<&Given>) {
        if let Some(output) = output {
            self.given(&format!("{around}.output"), output);
        }
    }

    fn steps(&mut self, around: &str, steps: &[Arc<Step>]) {
        for step in steps {
            self.step(&format!("{around}.steps.{}", step.name), step);
        }
    }

    fn step(&mut self, address: &str, step: &Step) {
        self.given(&format!("{address}.with"), &step.with);
        self.models(step.models.as_deref().unwrap_or_default());
        self.all(&format!("{address}.when"), &step.when);
        match &step.work {
            StepWork::Agent(_) | StepWork::Tool(_) | StepWork::Workflow(_) => {}
            StepWork::Approval(approval) => {
                self.approvers(&format!("{address}.approval"), &approval.by);
                let saying = approval.saying.iter().flat_map(|saying| saying.exprs());
                self.all(&format!("{address}.approval"), saying.chain(&approval.presents));
            }
            StepWork::Wait(wait) => {
                if let Wait::Until(until) = wait {
                    self.one(&format!("{address}.wait"), until);
                }
            }
            StepWork::Choose(branches) => {
                for branch in branches {
                    let address = format!("{address}.choose.{}", branch.name);
                    self.all(&address, &branch.when);
                    self.output(&address, branch.block.output.as_ref());
                    self.steps(&address, &branch.block.steps);
                }
            }
            StepWork::Repeat { until, block, .. } => {
                self.one(&format!("{address}.until"), until);
                self.steps(address, &block.steps);
                self.output(address, block.output.as_ref());
            }
            StepWork::Each { over, block, .. } => {
                self.one(&format!("{address}.each"), over);
                self.steps(address, &block.steps);
                self.output(address, block.output.as_ref());
            }
        }
        match &step.otherwise {
            Some(Otherwise::Value(value)) => self.one(&format!("{address}.otherwise"), value),
            Some(Otherwise::Step(other)) => self.step(&format!("{address}.otherwise"), other),
            Some(Otherwise::Skip | Otherwise::Collect) | None => {}
        }
    }
}
