//! Limits that can't hold together: parts that may cost more than the whole, loops without a bound.

use std::sync::Arc;

use handfast_events::Money;

use super::Hits;
use crate::walk::each_step;
use crate::{Contract, Limits, Otherwise, Step, StepWork, Tool, Workflow};

/// Tools that one agent is shown: with more, models choose worse, and each costs tokens at every turn.
const TOOLS_SHOWN_MANY: usize = 30;

/// Steps within steps that are added up.
const WORKFLOW_DEPTH_MAX: usize = 64;

pub(super) fn many_tools(contract: &Contract, hits: &mut Hits) {
    for agent in contract.agents.values().filter(|agent| agent.may.len() > TOOLS_SHOWN_MANY) {
        let message = format!("`{}` is shown {} tools at every turn", agent.name, agent.may.len());
        hits.add(
            format!("agents.{}.may", agent.name),
            message,
            "split the agent by what it is for: models choose worse among many",
        );
    }
}

pub(super) fn unbounded_lanes(contract: &Contract, hits: &mut Hits) {
    for workflow in contract.workflows.values() {
        each_step(&workflow.steps, &mut |step| {
            if let StepWork::Each { lanes_max: None, .. } = &step.work {
                let message = format!("nothing bounds how many lanes `{}` has", step.name);
                let help = "give the list's type a longest length: `\"string[..12]\"`";
                hits.add(format!("workflows.{}", workflow.name), message, help);
            }
        });
    }
}

/// What steps may come to at most, in billionths of a dollar or in tokens; none where a part of them has no limit.
struct Worst<'c> {
    contract: &'c Contract,
    what: Ceiling,
}

#[derive(Clone, Copy)]
enum Ceiling {
    Cost,
    Tokens,
}

impl Worst<'_> {
    fn steps(&self, steps: &[Arc<Step>], depth: usize) -> Option<u128> {
        steps.iter().try_fold(0, |sum: u128, step| Some(sum.saturating_add(self.step(step, depth)?)))
    }

    fn step(&self, step: &Step, depth: usize) -> Option<u128> {
        // Workflows can't call themselves; this only keeps a broken one from being followed for ever.
        let depth = depth.checked_sub(1)?;
        if let Some(own) = self.limit(&step.limits) {
            return Some(own);
        }
        let work = match &step.work {
            StepWork::Agent(agent) => self.limit(&agent.limits)?,
            StepWork::Tool(tool) => self.tool(tool),
            StepWork::Approval(_) | StepWork::Wait(_) => 0,
            StepWork::Workflow(name) => self.workflow(self.contract.workflows.get(name)?, depth)?,
            StepWork::Choose(branches) => {
                let worst = branches.iter().map(|branch| self.steps(&branch.block.steps, depth));
                worst.collect::<Option<Vec<u128>>>()?.into_iter().max().unwrap_or(0)
            }
            StepWork::Repeat { times, block, .. } => {
                self.steps(&block.steps, depth)?.saturating_mul(u128::from(*times))
            }
            StepWork::Each { lanes_max, block, .. } => match self.steps(&block.steps, depth)? {
                0 => 0,
                lane => lane.saturating_mul(u128::from((*lanes_max)?)),
            },
        };
        let other = match &step.otherwise {
            Some(Otherwise::Step(other)) => self.step(other, depth)?,
            _ => 0,
        };
        Some(work.saturating_add(other))
    }

    /// What its attempts cost, as many as its contract writes; one where it writes none.
    fn tool(&self, tool: &Tool) -> u128 {
        let costs = match self.what {
            Ceiling::Cost => tool.costs.map_or(0, Money::nano_usd),
            Ceiling::Tokens => 0,
        };
        u128::try_from(costs).unwrap_or(0).saturating_mul(u128::from(tool.limits.attempts.unwrap_or(1)))
    }

    fn workflow(&self, workflow: &Workflow, depth: usize) -> Option<u128> {
        self.limit(&workflow.limits).or_else(|| self.steps(&workflow.steps, depth))
    }

    fn limit(&self, limits: &Limits) -> Option<u128> {
        match self.what {
            Ceiling::Cost => u128::try_from(limits.cost?.nano_usd()).ok(),
            Ceiling::Tokens => limits.tokens.map(u128::from),
        }
    }

    fn told(&self, amount: u128) -> String {
        match self.what {
            Ceiling::Cost => Money::from_nano_usd(i64::try_from(amount).unwrap_or(i64::MAX)).to_string(),
            Ceiling::Tokens => format!("{amount} tokens"),
        }
    }
}

pub(super) fn parts_exceed_the_whole(contract: &Contract, hits: &mut Hits) {
    for workflow in contract.workflows.values() {
        for (what, key) in [(Ceiling::Cost, "cost"), (Ceiling::Tokens, "tokens")] {
            let worst = Worst { contract, what };
            let parts = worst.steps(&workflow.steps, WORKFLOW_DEPTH_MAX);
            if let (Some(whole), Some(parts)) = (worst.limit(&workflow.limits), parts)
                && parts > whole
            {
                let (parts, whole) = (worst.told(parts), worst.told(whole));
                let message = format!(
                    "the steps of `{}` may come to {parts} together, past its {whole}",
                    workflow.name
                );
                let help = "lower the limits of its agents, the rounds of a `repeat` or the lanes of an `each`, or raise the workflow's";
                hits.add(format!("workflows.{}.limits.{key}", workflow.name), message, help);
            }
        }
    }
}
