//! Who gave a value that broke a clause: the steps that it was made of, as the contract says and not as it looks.

use std::collections::BTreeSet;

use handfast_contract::{Expr, Given};
use handfast_events::{CallId, CallRefused, Failure, FailureClass, Party, StepId};

use crate::check::UNEVALUABLE;
use crate::decide::Draft;
use crate::state::StepRun;
use crate::{Refusal, evidence};

impl Draft {
    /// The steps that these expressions of a step read.
    pub(crate) fn givers<'e>(
        &self,
        step: &StepRun,
        exprs: impl IntoIterator<Item = &'e Expr>,
    ) -> Vec<StepId> {
        let named = |path: Vec<String>| {
            let mut parts = path.into_iter();
            let name = parts.next().filter(|root| root == "steps").and_then(|_| parts.next())?;
            let mut ids = step.frame.in_sight().map(|frame| frame.id_of(&name));
            ids.find(|id| self.run.step(id).is_some())
        };
        let ids: BTreeSet<StepId> = exprs.into_iter().flat_map(Expr::paths).filter_map(named).collect();
        ids.into_iter().collect()
    }

    /// Which steps the arguments come from that a clause reads, in words; nothing of an agent's call, whose values the model
    /// gave.
    pub(crate) fn whence(&self, id: &CallId, clause: &Expr) -> String {
        let step = self.run.step(&id.step()).filter(|_| id.behind().is_none() && !self.is_agents(id));
        let Some(step) = step else { return String::new() };
        let Given::Fields(with) = &step.step.with else { return String::new() };
        let told = args_read(clause).into_iter().filter_map(|name| {
            let givers = self.givers(step, with.get(&name));
            let givers: Vec<String> = givers.iter().map(|step| format!("`{step}`")).collect();
            (!givers.is_empty()).then(|| format!("`{name}` comes from step {}", givers.join(" and ")))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { String::new() } else { format!("; {}", told.join(", ")) }
    }

    /// A tool step fails by the clause that refused its call. Who gave the values that the clause is about is at fault.
    pub(crate) fn fail_refused(
        &mut self,
        step: &StepRun,
        tool: &str,
        refused: &CallRefused,
    ) -> Result<(), Refusal> {
        let clause = self.run.plan.tool(tool).and_then(|tool| {
            tool.requires
                .iter()
                .find(|clause| clause.address == refused.clause)
                .map(|clause| clause.condition.clone())
        });
        let from = match (&step.step.with, clause) {
            (Given::Fields(with), Some(clause)) => {
                let args = args_read(&clause);
                self.givers(step, with.iter().filter(|(name, _)| args.contains(*name)).map(|(_, expr)| expr))
            }
            (given, _) => self.givers(step, given.exprs()),
        };
        let party = if refused.reason.starts_with(UNEVALUABLE) { Party::Author } else { Party::Step };
        let from = if party == Party::Step { from } else { Vec::new() };
        let detail = evidence(&format!("{}: {}", refused.sentence, refused.reason));
        let failure = Failure::new(FailureClass::RefusedByClause, detail);
        self.fail_by(&step.id, failure, Some(refused.clause.clone()), party, from)
    }
}

/// The arguments that a clause reads.
fn args_read(clause: &Expr) -> BTreeSet<String> {
    let arg = |path: Vec<String>| {
        let mut parts = path.into_iter();
        parts.next().filter(|root| root == "args").and_then(|_| parts.next())
    };
    clause.paths().into_iter().filter_map(arg).collect()
}
