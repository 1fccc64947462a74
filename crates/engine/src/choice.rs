//! Which model is asked: the first choice, and whoever goes on where that one can't.

use std::time::Duration;

use handfast_contract::{Name, Scope};
use handfast_events::{Ceiling, Failure, ModelSwitched, StepId};

use crate::Refusal;
use crate::decide::Draft;
use crate::limits::{ATTEMPTS, PATIENCE};
use crate::plan::{Briefed, Briefing};
use crate::state::{AgentStep, Asked, Run, StepRun};

impl Run {
    /// The models that may be asked in this step, the first choice first.
    ///
    /// # Errors
    /// A condition can't be evaluated: its address, and why.
    pub(crate) fn choices(
        &self,
        step: &StepRun,
        agent: &AgentStep,
        briefing: &Briefing,
    ) -> Result<Vec<Name>, (String, String)> {
        if let Some(only) = &briefing.only {
            return Ok(vec![only.clone()]);
        }
        let scope = Scope::default()
            .with("input", &agent.input)
            .with("facts", &self.known.facts)
            .with("settings", self.plan.settings());
        let mut chosen = Vec::new();
        for choice in step.step.models.as_ref().unwrap_or(&briefing.agent.models) {
            let holds = match &choice.when {
                None => true,
                Some(when) => {
                    let holds = when.condition.holds(&scope);
                    holds.map_err(|fault| (when.address.clone(), fault.to_string()))?
                }
            };
            chosen.extend(holds.then(|| choice.model.clone()));
        }
        Ok(chosen)
    }

    /// The model that is asked next: the one that goes on, else the first of these choices.
    pub(crate) fn chosen<'p>(
        agent: &AgentStep,
        briefing: &'p Briefing,
        choices: &[Name],
    ) -> Option<(&'p Name, &'p Briefed)> {
        let first = || choices.first().map(|name| &**name);
        briefing.models.get_key_value(agent.model.as_deref().or_else(first)?)
    }
}

impl Draft {
    /// The model of this step, and who goes on where it can't: the next of the choices behind it.
    fn next_model(&self, id: &StepId) -> Option<(Name, Name)> {
        let agent = self.agent_step(id)?;
        let (step, briefing) = (self.run.step(id)?, self.run.plan.briefing(&agent.agent)?);
        let choices = self.run.choices(step, agent, briefing).ok()?;
        let (current, _) = Run::chosen(agent, briefing, &choices)?;
        let mut behind = choices.into_iter().skip_while(|name| name != current).skip(1);
        Some((current.clone(), behind.next()?))
    }

    /// Lets the next model go on, and tells whether there is one.
    pub(crate) fn switch(&mut self, step: &StepId, why: String) -> Result<bool, Refusal> {
        let Some((from, to)) = self.next_model(step) else { return Ok(false) };
        let Some(turn) = self.agent_step(step).and_then(|agent| agent.turn.number()) else {
            return Ok(false);
        };
        let switched = ModelSwitched { turn, from: from.to_string(), to: to.to_string(), why };
        self.tell_step(step, switched).map(|()| true)
    }

    /// Whether the next model is to go on instead of a further try of this one, where there is one: its tries are used up, or
    /// it asks to be left alone for long.
    pub(crate) fn is_given_up(
        &self,
        step: &StepId,
        asked: &Asked,
        tries_max: Option<u64>,
        failure: &Failure,
    ) -> bool {
        let Some(agent) = self.agent_step(step) else { return false };
        let Some(briefing) = self.run.plan.briefing(&agent.agent) else { return false };
        if self.next_model(step).is_none() {
            return false;
        }
        let limit = briefing.agent.limits.attempts.unwrap_or(ATTEMPTS);
        let limit = match tries_max {
            Some(most) => Ceiling::Count(most),
            None => {
                self.run.ceiling(&format!("agents.{}.limits.attempts", agent.agent), Ceiling::Count(limit))
            }
        };
        let wait = failure.retry_after_ms.map_or(Duration::ZERO, Duration::from_millis);
        Ceiling::Count(asked.due.tries) >= limit || wait > PATIENCE
    }
}
