//! What a world is about: one workflow of one contract, made ready once for all its worlds.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_contract::{Contract, Name, Workflow};
use handfast_engine::{ModelSheet, Plan};
use serde_json::Value;

use crate::dialect::{Plain, RATES};
use crate::failing::{Failing, failings};
use crate::literals::Literals;
use crate::make::Maker;
use crate::random::Random;
use crate::rules::Rules;

/// The contracts that are built in, by name: between them they hold all that a run can do.
const BUILT_IN: [(&str, &str); 8] = [
    ("ticket", include_str!("contracts/ticket.yaml")),
    ("parallel", include_str!("contracts/parallel.yaml")),
    ("lanes", include_str!("contracts/lanes.yaml")),
    ("saga", include_str!("contracts/saga.yaml")),
    ("approval", include_str!("contracts/approval.yaml")),
    ("press", include_str!("contracts/press.yaml")),
    ("parts", include_str!("contracts/parts.yaml")),
    ("talk", include_str!("contracts/talk.yaml")),
];

/// One workflow of one contract, made ready to be run in worlds.
#[derive(Debug)]
pub struct Subject {
    /// The contract's name and the workflow's: `support.ticket`.
    pub name: String,
    pub(crate) plan: Arc<Plan>,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) contract: Arc<Contract>,
    pub(crate) rules: Rules,
    pub(crate) literals: Literals,
    /// How each tool can fail, as its contract names it.
    pub(crate) failings: BTreeMap<String, Vec<Failing>>,
}

/// A built-in contract that this release can't run, and why.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// What it holds that isn't run.
    pub why: String,
}

impl Subject {
    /// Makes a workflow of a loaded contract ready. Its models and tools are made up: no server, no secret is needed.
    pub fn new(contract: Arc<Contract>, workflow: Arc<Workflow>) -> Self {
        let sheet = |name: &Name| ModelSheet {
            dialect: Arc::new(Plain),
            rates: Some(RATES),
            window: None,
            identity: name.to_string().into(),
        };
        let sheets = contract.models.keys().map(|name| (name.clone(), sheet(name))).collect();
        let literals = Literals::of_contract(&contract);
        let failings = contract
            .tools
            .values()
            .map(|tool| (tool.name.to_string(), failings(tool, &contract.settings, &literals)))
            .collect();
        Self {
            name: format!("{}.{}", contract.name, workflow.name),
            plan: Arc::new(Plan::new(contract.clone(), &sheets, None)),
            rules: Rules::new(contract.clone(), workflow.clone()),
            workflow,
            contract,
            literals,
            failings,
        }
    }

    /// Every workflow of a contract that can be run in a world.
    pub fn all(contract: &Arc<Contract>) -> Vec<Self> {
        let workflows = contract.workflows.values();
        workflows.map(|workflow| Self::new(contract.clone(), workflow.clone())).collect()
    }

    /// The built-in contracts: those that this release runs, and those that it doesn't.
    pub fn built_in() -> (Vec<Self>, Vec<Skipped>) {
        let (mut subjects, mut skipped) = (Vec::new(), Vec::new());
        for (name, text) in BUILT_IN {
            match load(name, text) {
                // A contract's last workflow by name may be a part of the first: each names its own as the contract is named.
                Ok(contract) => match contract.workflows.get(name).cloned() {
                    Some(workflow) => subjects.push(Self::new(contract, workflow)),
                    None => {
                        skipped.push(Skipped { name: name.into(), why: "it has no such workflow".into() })
                    }
                },
                Err(why) => skipped.push(Skipped { name: name.into(), why }),
            }
        }
        (subjects, skipped)
    }

    /// The workflow's name.
    pub fn workflow_name(&self) -> &str {
        &self.workflow.name
    }

    /// The failures that its contract names and of which none could be made: they are not tried.
    pub fn unmade(&self) -> Vec<String> {
        let rules = self.contract.tools.values().flat_map(|tool| {
            let made = self.failings.get(&*tool.name).map(Vec::as_slice).unwrap_or_default();
            let is_made = move |name: &str| made.iter().any(|failing| failing.name == name);
            tool.failures
                .iter()
                .filter(move |rule| !is_made(&rule.name))
                .map(|rule| tool.address(&format!("failures.{}", rule.name)))
        });
        rules.collect()
    }

    /// An input that its workflow takes.
    pub(crate) fn input(&self, seed: u64) -> Value {
        let mut random = Random::at(seed, "input");
        Maker { random: &mut random, literals: &self.literals }.fitting(&self.workflow.input)
    }
}

pub(crate) fn load(name: &str, text: &str) -> Result<Arc<Contract>, String> {
    let file = format!("{name}.yaml");
    let mut read = handfast_contract::alone(&file, text);
    let loaded = handfast_contract::load(&file, "/sim", &BTreeMap::new(), &mut read);
    if let Some(unrun) = &loaded.unrun {
        return Err(format!("this release doesn't run {}", unrun.unrun.join(", ")));
    }
    let found = loaded.report(handfast_contract::Paint::Plain);
    loaded.contract.map(Arc::new).ok_or(found)
}
