//! What a run runs from: a checked contract, and what must be known of its models.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_contract::{
    Agent, Contract, Lives, Name, Schema, ShownAgent, Step, StepWork, Tool, Wait, Workflow,
};
use serde_json::Value;

use crate::{Message, ModelSheet, Opening, Refusal};

/// A contract made ready to run. One serves every run of it.
#[derive(Debug)]
pub struct Plan {
    contract: Arc<Contract>,
    briefings: BTreeMap<Name, Briefing>,
    shares: bool,
    /// The tools that the contract makes of its memory.
    remembering: BTreeMap<Name, Arc<Tool>>,
    /// The facts that its runs begin with.
    facts: BTreeMap<String, Value>,
}

/// An agent made ready to be asked.
#[derive(Debug)]
pub(crate) struct Briefing {
    pub(crate) agent: Arc<Agent>,
    pub(crate) model: Name,
    pub(crate) sheet: ModelSheet,
    /// The head of its every request.
    pub(crate) opening: Arc<str>,
}

/// A step that waits for a signal.
pub(crate) struct SignalWait<'p> {
    pub(crate) step: &'p str,
    pub(crate) signal: &'p str,
    pub(crate) gives: Option<&'p Schema>,
}

impl Plan {
    /// Makes a contract ready, given the sheet of each model that it names. `only` is the one model of the contract that
    /// every agent uses, where somebody wants that.
    pub fn new(contract: Arc<Contract>, sheets: &BTreeMap<Name, ModelSheet>, only: Option<&str>) -> Self {
        let brief = |agent: &Arc<Agent>| {
            let name = only.or(agent.models.first().map(|name| &**name))?;
            let (name, model) = contract.models.get_key_value(name)?;
            let sheet = sheets.get(name)?;
            let ShownAgent { instructions, tools, output } = contract.shown_agent(&agent.name)?;
            let opening = Opening {
                model: &model.model,
                system: &instructions,
                tools: &tools,
                output: output.as_ref(),
            };
            let opening = sheet.dialect.open(&opening).into();
            let (model, sheet) = (name.clone(), sheet.clone());
            Some((agent.name.clone(), Briefing { agent: agent.clone(), model, sheet, opening }))
        };
        let briefings = contract.agents.values().filter_map(brief).collect();
        let lives_on = contract.memory.values().any(|memory| memory.lives != Lives::Run);
        let shares = lives_on || contract.tools.values().any(|tool| tool.once_per.is_some());
        let remembering = contract.agents.values().flat_map(|agent| &agent.memory);
        let remembering = remembering.map(|grant| (grant.tool.name.clone(), grant.tool.clone())).collect();
        Self { contract, briefings, shares, remembering, facts: BTreeMap::new() }
    }

    /// Its runs begin with these facts established, by their names in the contract: for tests of contracts. A journal
    /// doesn't tell them, so only the same plan can read it.
    #[must_use]
    pub fn with_facts(self, facts: BTreeMap<String, Value>) -> Self {
        Self { facts, ..self }
    }

    pub(crate) const fn facts(&self) -> &BTreeMap<String, Value> {
        &self.facts
    }

    /// Whether its runs may be about what other runs are about, too.
    pub const fn shares(&self) -> bool {
        self.shares
    }

    /// The contract.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    pub(crate) fn workflow(&self, name: &str) -> Option<Arc<Workflow>> {
        self.contract.workflows.get(name).cloned()
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Arc<Tool>> {
        self.contract.tools.get(name).or_else(|| self.remembering.get(name))
    }

    pub(crate) fn briefing(&self, agent: &str) -> Option<&Briefing> {
        self.briefings.get(agent)
    }

    pub(crate) fn settings(&self) -> &Value {
        &self.contract.settings
    }

    /// The steps that a workflow begins with: of a conversation the one that it is.
    pub(crate) fn first_steps(workflow: &Workflow) -> Vec<Arc<Step>> {
        workflow.own_steps().cloned().collect()
    }

    /// Every step of this workflow and of those that it starts, with its address. None starts itself, so this ends.
    fn all_steps<'p>(&'p self, workflow: &'p Workflow) -> Vec<(String, &'p Arc<Step>)> {
        let mut all = workflow.all_steps();
        all.extend(
            workflow.chat.iter().map(|chat| (format!("workflows.{}.chat", workflow.name), &chat.step)),
        );
        let mut seen = vec![&*workflow.name];
        let mut next = 0;
        while let Some((_, step)) = all.get(next).cloned() {
            next += 1;
            let StepWork::Workflow(name) = &step.work else { continue };
            if let Some(inner) = self.contract.workflows.get(name).filter(|_| !seen.contains(&&**name)) {
                seen.push(name);
                all.extend(inner.all_steps());
            }
        }
        all
    }

    /// The steps of this workflow, and of those that it starts, that wait for a signal.
    pub(crate) fn waits_for_signals<'p>(&'p self, workflow: &'p Workflow) -> Vec<SignalWait<'p>> {
        let wait = |(_, step): (String, &'p Arc<Step>)| match &step.work {
            StepWork::Wait(Wait::Signal { name, gives, .. }) => {
                Some(SignalWait { step: &step.name, signal: name, gives: gives.as_ref() })
            }
            _ => None,
        };
        self.all_steps(workflow).into_iter().filter_map(wait).collect()
    }

    /// The workflow, if all that it leans on is known.
    ///
    /// # Errors
    /// What is missing, with the remedy.
    pub(crate) fn ready(&self, name: &str) -> Result<Arc<Workflow>, Refusal> {
        let workflow = self.workflow(name).ok_or_else(|| Refusal::NoWorkflow {
            workflow: name.into(),
            known: self.contract.workflows.keys().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })?;
        for (_, step) in self.all_steps(&workflow) {
            let StepWork::Agent(agent) = &step.work else { continue };
            let model = || agent.models.first().map_or_else(String::new, ToString::to_string);
            let briefing = self.briefing(&agent.name).ok_or_else(|| Refusal::NoModel { model: model() })?;
            if briefing.sheet.rates.is_none() {
                return Err(Refusal::NoPrice { model: model() });
            }
        }
        Ok(workflow)
    }
}

impl Briefing {
    /// The first message behind the opening: what the agent is given.
    pub(crate) fn given(&self, input: &Value) -> String {
        let text = match input {
            Value::Object(fields) if fields.is_empty() => "Begin.".to_owned(),
            input => format!("Your input, as data:\n{input}"),
        };
        self.sheet.dialect.first(&Message::User(&text))
    }
}
