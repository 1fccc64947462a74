//! Which model is asked: the first choice, and whoever goes on where that one can't.

use std::time::Duration;

use handfast_contract::Name;
use handfast_events::{Ceiling, Failure, ModelSwitched, StepId};

use crate::Refusal;
use crate::decide::Draft;
use crate::limits::{ATTEMPTS, PATIENCE};
use crate::plan::{Briefed, Briefing};
use crate::state::{AgentStep, Asked};

impl Draft {
    /// The models that may be asked for this agent's step, the first choice first.
    fn choices<'p>(&self, briefing: &'p Briefing) -> Vec<&'p Name> {
        match &briefing.only {
            Some(only) => vec![only],
            None => briefing.agent.models.iter().collect(),
        }
    }

    /// The model that is asked next, with what is known of it.
    pub(crate) fn chosen<'p>(
        &self,
        agent: &AgentStep,
        briefing: &'p Briefing,
    ) -> Option<(&'p Name, &'p Briefed)> {
        let name = match &agent.model {
            Some(model) => &**model,
            None => self.choices(briefing).into_iter().next()?,
        };
        briefing.models.get_key_value(name)
    }

    /// Who goes on where the model so far can't: the next of the choices behind it.
    pub(crate) fn next_model<'p>(&self, agent: &AgentStep, briefing: &'p Briefing) -> Option<&'p Name> {
        let (current, _) = self.chosen(agent, briefing)?;
        let mut behind = self.choices(briefing).into_iter().skip_while(|name| *name != current).skip(1);
        behind.next()
    }

    /// Lets the next model go on, and tells whether there is one.
    pub(crate) fn switch(&mut self, step: &StepId, why: String) -> Result<bool, Refusal> {
        let plan = self.run.plan.clone();
        let Some(agent) = self.agent_step(step) else { return Ok(false) };
        let Some(briefing) = plan.briefing(&agent.agent) else { return Ok(false) };
        let (Some((from, _)), Some(to)) = (self.chosen(agent, briefing), self.next_model(agent, briefing))
        else {
            return Ok(false);
        };
        let Some(turn) = agent.turn.number() else { return Ok(false) };
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
        if self.next_model(agent, briefing).is_none() {
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
