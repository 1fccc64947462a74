//! What a run runs from: a checked contract, and what must be known of its models.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{
    Agent, Contract, ModelChoice, Name, Schema, Server, ShownAgent, Step, StepWork, Tool, Transport, Wait,
    Workflow,
};
use serde_json::Value;

use crate::limits::MODEL_TIMEOUT;
use crate::pace::Paced;
use crate::{ModelSheet, Opening, Refusal};

/// A contract made ready to run. One serves every run of it.
#[derive(Debug)]
pub struct Plan {
    contract: Arc<Contract>,
    briefings: BTreeMap<Name, Briefing>,
    /// The tools that the contract makes of its memory.
    remembering: BTreeMap<Name, Arc<Tool>>,
    /// The facts that its runs begin with.
    facts: BTreeMap<String, Value>,
    /// Who is behind each server, whatever a contract calls it.
    servers: BTreeMap<Name, Arc<str>>,
    /// The table that prices are from which the contract doesn't give.
    prices: Option<Arc<str>>,
}

/// An agent made ready to be asked.
#[derive(Debug)]
pub(crate) struct Briefing {
    pub(crate) agent: Arc<Agent>,
    /// The models that may be asked for it, by their names in the contract.
    pub(crate) models: BTreeMap<Name, Briefed>,
    /// The one that it is asked through, whatever its contract chooses.
    pub(crate) only: Option<Name>,
}

/// One model of an agent, made ready to be asked.
#[derive(Debug)]
pub(crate) struct Briefed {
    pub(crate) sheet: ModelSheet,
    /// The head of its every request.
    pub(crate) opening: Arc<str>,
    /// When an attempt is given up.
    pub(crate) timeout: Duration,
    /// How much is asked of it at a time.
    pub(crate) paced: Option<Paced>,
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
            let ShownAgent { instructions, tools, output } = contract.shown_agent(&agent.name)?;
            let briefed = |name: &Name| {
                let (model, sheet) = (contract.models.get(name)?, sheets.get(name)?);
                let opening = Opening {
                    model: &model.model,
                    system: &instructions,
                    tools: &tools,
                    output: output.as_ref(),
                };
                let opening = sheet.dialect.open(&opening).into();
                let timeout = model.timeout.unwrap_or(MODEL_TIMEOUT);
                let paced = Paced::of(&model.limits, || format!("model/{}", sheet.identity));
                Some((name.clone(), Briefed { sheet: sheet.clone(), opening, timeout, paced }))
            };
            let only =
                only.and_then(|only| contract.models.get_key_value(only)).map(|(name, _)| name.clone());
            let named = choices_of(&contract, agent).map(|choice| &choice.model).chain(&only);
            let models = named.filter_map(briefed).collect();
            Some((agent.name.clone(), Briefing { agent: agent.clone(), models, only }))
        };
        let briefings = contract.agents.values().filter_map(brief).collect();
        let remembering = contract.agents.values().flat_map(|agent| &agent.memory);
        let remembering = remembering.map(|grant| (grant.tool.name.clone(), grant.tool.clone())).collect();
        let servers =
            contract.servers.values().map(|server| (server.name.clone(), identity(&contract, server)));
        let servers = servers.collect();
        Self { contract, briefings, remembering, facts: BTreeMap::new(), servers, prices: None }
    }

    /// Its runs begin with these facts established, by their names in the contract: for tests of contracts. A journal
    /// doesn't tell them, so only the same plan can read it.
    #[must_use]
    pub fn with_facts(self, facts: BTreeMap<String, Value>) -> Self {
        Self { facts, ..self }
    }

    /// The prices that the contract doesn't give are from this table; where it gives all, none is told.
    #[must_use]
    pub fn with_prices(self, table: &str) -> Self {
        let is_used = self.contract.models.values().any(|model| model.price.is_none());
        Self { prices: is_used.then(|| table.into()), ..self }
    }

    pub(crate) fn prices(&self) -> Option<&str> {
        self.prices.as_deref()
    }

    pub(crate) const fn facts(&self) -> &BTreeMap<String, Value> {
        &self.facts
    }

    /// The contract.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    pub(crate) fn briefings(&self) -> impl Iterator<Item = &Briefing> {
        self.briefings.values()
    }

    pub(crate) fn workflow(&self, name: &str) -> Option<Arc<Workflow>> {
        self.contract.workflows.get(name).cloned()
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Arc<Tool>> {
        self.contract.tools.get(name).or_else(|| self.remembering.get(name))
    }

    /// Who is behind the server of this tool; nobody where the runtime itself is.
    pub(crate) fn server_of(&self, tool: &str) -> Option<Arc<str>> {
        self.servers.get(&self.tool(tool)?.via.server).cloned()
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
            let briefing = self.briefing(&agent.name);
            let only = briefing.and_then(|briefing| briefing.only.as_ref());
            let all = step.models.as_ref().unwrap_or(&agent.models);
            let named = all.iter().map(|choice| &choice.model).filter(|_| only.is_none());
            for model in named.chain(only) {
                let known = briefing.and_then(|briefing| briefing.models.get(model));
                let known = known.ok_or_else(|| Refusal::NoModel { model: model.to_string() })?;
                if known.sheet.rates.is_none() {
                    return Err(Refusal::NoPrice { model: model.to_string() });
                }
            }
        }
        Ok(workflow)
    }
}

impl Briefing {
    /// What the agent is given, as its model is told it first.
    pub(crate) fn given(&self, input: &Value) -> String {
        match input {
            Value::Object(fields) if fields.is_empty() => "Begin.".to_owned(),
            input => format!("Your input, as data:\n{input}"),
        }
    }
}

/// Every choice of a model that an agent has: its own, and those of its steps.
fn choices_of<'c>(contract: &'c Contract, agent: &'c Agent) -> impl Iterator<Item = &'c ModelChoice> {
    let of_steps = contract.workflows.values().flat_map(|workflow| workflow.all_steps());
    let own = of_steps.filter(|(_, step)| matches!(&step.work, StepWork::Agent(of) if of.name == agent.name));
    own.filter_map(|(_, step)| step.models.as_ref()).flatten().chain(&agent.models)
}

/// Who is behind a server: its URL, which all contracts share; else what the contract calls it.
fn identity(contract: &Contract, server: &Server) -> Arc<str> {
    match &server.transport {
        Transport::McpHttp { url, .. } | Transport::Http { url, .. } => url.as_str().into(),
        _ => format!("{}/{}", contract.name, server.name).into(),
    }
}
