//! A tool that doesn't work is taken out of its agent's reach: the agent is told so, and what else it may use, and goes on.
//!
//! Its schema stays in the prompt, whose beginning never changes; a call of it is refused before anything is done.

use handfast_contract::Tool;
use handfast_events::{CallRefused, Failure, StepId, Timestamp, ToolTakenAway};

use crate::Refusal;
use crate::decide::Draft;
use crate::limits::ATTEMPTS;
use crate::remedy::{Remedy, remedy};
use crate::state::{AgentStep, Call};

impl Draft {
    /// Whether an agent's call has failed as often as it may, of something that passes: its agent is told then, where a step
    /// of its own would rest until somebody raises the limit.
    pub(crate) fn is_worn_out(&self, call: &Call, tries: u64, failure: &Failure) -> bool {
        let limit = self.run.plan.tool(&call.tool).and_then(|tool| tool.limits.attempts).unwrap_or(ATTEMPTS);
        self.is_agents(&call.id)
            && remedy(failure) == Remedy::Retry
            && tries >= self.attempts_max(&call.tool, limit)
    }

    /// Takes a tool out of an agent's reach, and says so once.
    pub(crate) fn take_away(
        &mut self,
        step: &StepId,
        tool: &str,
        until: Option<Timestamp>,
        why: String,
    ) -> Result<(), Refusal> {
        let Some(agent) = self.agent_step(step).filter(|agent| !agent.is_away(tool, self.now)) else {
            return Ok(());
        };
        let for_how_long =
            until.map_or_else(|| "for the rest of this task".to_owned(), |until| format!("until {until}"));
        let what =
            format!("Note: `{tool}` is out of reach {for_how_long}: {why}. {}", self.instead(agent, tool));
        self.tell_step(step, ToolTakenAway { tool: tool.into(), until, why, what })
    }

    /// Refuses a call of a tool that is out of its agent's reach.
    pub(crate) fn objection_to_reach(&self, call: &Call, tool: &Tool) -> Option<CallRefused> {
        let agent = self.agent_step(&call.id.step()).filter(|_| call.purpose.is_none())?;
        agent.is_away(&tool.name, self.now).then(|| CallRefused {
            clause: tool.address("limits.attempts"),
            sentence: format!("`{}` works", tool.shown_name()),
            reason: "it failed again and again, or its server did, and it was taken out of reach".into(),
            mend: self.instead(agent, &tool.name),
        })
    }

    /// What an agent may use instead.
    fn instead(&self, agent: &AgentStep, tool: &str) -> String {
        let briefing = self.run.plan.briefing(&agent.agent);
        let grants = briefing.into_iter().flat_map(|briefing| briefing.agent.grants());
        let others =
            grants.filter(|grant| *grant.tool.name != *tool && !agent.is_away(&grant.tool.name, self.now));
        let others: Vec<String> = others.map(|grant| format!("`{}`", grant.tool.shown_name())).collect();
        match others.as_slice() {
            [] => "There is no other: answer with what you have, and say what could not be done.".into(),
            others => {
                format!("You may still use {}; or answer, and say what could not be done.", others.join(", "))
            }
        }
    }
}

impl AgentStep {
    /// Whether this tool is out of its reach now.
    fn is_away(&self, tool: &str, now: Timestamp) -> bool {
        self.taken_away.get(tool).is_some_and(|until| until.is_none_or(|until| until > now))
    }
}
