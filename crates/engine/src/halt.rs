//! Halts: nothing leaves that an operator stopped. The run rests, and names who stopped what, and why.

use std::sync::Arc;

use handfast_contract::Tool;
use handfast_events::{Halt, HaltScope, PauseReason, RunPaused, StepId};

use crate::Refusal;
use crate::decide::Draft;
use crate::state::{Call, Phase, Run, StepState};

/// What is about to leave.
struct Leaving<'a> {
    agent: Option<&'a str>,
    tool: Option<&'a Tool>,
}

impl Run {
    /// Looks at what is halted now. What this run was told before about halts doesn't count any more.
    pub fn heed(&mut self, halts: Arc<[Halt]>) {
        self.halts = halts;
    }

    /// What has left of this scope and is not back yet, in words.
    pub fn left(&self, scope: &HaltScope) -> Vec<String> {
        let asks = self.steps.iter().filter_map(|step| {
            let asked = step.asked()?;
            let leaving = Leaving { agent: self.agent_of(&step.id), tool: None };
            self.concerns(scope, &leaving).then(|| {
                format!("run {}: step {} asked `{}` (turn {})", self.id, step.id, asked.model, asked.due.turn)
            })
        });
        let calls = self.calls().filter_map(|call| {
            let sent = call.under_way()?;
            let tool = self.plan.tool(&call.tool).map(|tool| &**tool);
            let leaving = Leaving { agent: self.agent_of(&call.id.step()), tool };
            self.concerns(scope, &leaving).then(|| {
                format!(
                    "run {}: {} called `{}` (attempt {})",
                    self.id, call.id, call.tool, sent.intent.attempt
                )
            })
        });
        asks.chain(calls).collect()
    }

    pub(crate) fn agent_of(&self, step: &StepId) -> Option<&str> {
        match &self.step(step)?.state {
            StepState::Agent(agent) => Some(&agent.agent),
            _ => None,
        }
    }

    fn concerns(&self, scope: &HaltScope, leaving: &Leaving<'_>) -> bool {
        match scope {
            HaltScope::Everything => true,
            HaltScope::Contract(name) => self.contract_name() == name,
            HaltScope::Agent(name) => leaving.agent == Some(name.as_str()),
            HaltScope::Tool(name) => leaving.tool.is_some_and(|tool| &*tool.name == name.as_str()),
            HaltScope::Server(name) => leaving.tool.is_some_and(|tool| &*tool.via.server == name.as_str()),
        }
    }
}

impl Draft {
    /// Whether a model may not be asked for this step now; then the run rests.
    pub(crate) fn is_ask_halted(&mut self, step: &StepId) -> Result<bool, Refusal> {
        let leaving = Leaving { agent: self.run.agent_of(step), tool: None };
        let halt = self.run.halts.iter().find(|halt| self.run.concerns(&halt.scope, &leaving)).cloned();
        self.heed(halt)
    }

    /// Whether a call may not leave now; then the run rests.
    ///
    /// What settles or takes back goes on in a run that is held or ending: else it would rest on nothing that it names.
    pub(crate) fn is_call_halted(&mut self, call: &Call, tool: &Tool) -> Result<bool, Refusal> {
        if call.is_aftermath() && self.run.phase != Phase::Running {
            return Ok(false);
        }
        let leaving = Leaving { agent: self.run.agent_of(&call.id.step()), tool: Some(tool) };
        let halt = self.run.halts.iter().find(|halt| self.run.concerns(&halt.scope, &leaving)).cloned();
        self.heed(halt)
    }

    fn heed(&mut self, halt: Option<Halt>) -> Result<bool, Refusal> {
        let Some(Halt { scope, who, why, .. }) = halt else { return Ok(false) };
        if self.run.phase == Phase::Running {
            let scope = scope.to_string();
            self.tell(RunPaused { reason: PauseReason::Halt { scope, who, why } })?;
        }
        Ok(true)
    }

    /// Why a run that was halted can't go on; none where the halt is lifted.
    pub(crate) fn objection_to_going_on(&self, scope: &str) -> Option<String> {
        let halt = self.run.halts.iter().find(|halt| halt.scope.to_string() == scope)?;
        Some(format!("{scope} is halted by {}: `handfast unhalt {scope}` lets it go on", halt.who))
    }
}
