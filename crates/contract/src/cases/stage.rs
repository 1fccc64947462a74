//! A contract around one proposed call: one workflow, one step, one agent whose model proposes it.
//!
//! The tool, its servers, the types and the settings are the contract's own; so are the agent's grants. What bounds the
//! agent otherwise (limits, its answer's type) is left out: one call is judged, not what leads to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::{
    Agent, Contract, Expr, Given, Gives, Grant, Limits, ModelChoice, ModelUse, Name, Price, Schema, Step,
    StepWork, Workflow,
};

/// The workflow around one proposed call. Not a name that a contract can give, so it hides no workflow.
pub const STAGED: &str = "-";

/// An agent that may do everything: who proposes where a test names nobody.
const ANYBODY: &str = "-";

/// What the step and the model of a proposed call are called.
const CALL: &str = "call";

impl Contract {
    /// The contract around one proposed call: its workflow [`STAGED`] has the step `call`, of the agent that is named, who is
    /// given `input`; without one, of somebody who may call every tool. Its one model is to propose the call.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// let text = "handfast: 1\nname: c\nversion: \"1\"\n";
    /// let loaded = handfast_contract::load("c.yaml", ".", &BTreeMap::new(), &mut |_| Ok(text.to_owned()));
    /// let staged = loaded.contract.unwrap().staged_call(None, &serde_json::json!({}));
    /// assert_eq!(staged.workflows.keys().map(|name| &**name).collect::<Vec<_>>(), [handfast_contract::STAGED]);
    /// ```
    #[must_use]
    pub fn staged_call(&self, agent: Option<&str>, input: &Value) -> Self {
        let name: Name = CALL.into();
        let agent = Arc::new(self.proposer(agent, &name));
        let given = input.as_object().into_iter().flatten();
        let with =
            given.filter_map(|(key, _)| Some((key.clone(), Expr::parse(&format!("input.{key}")).ok()?)));
        let step = Step {
            name: name.clone(),
            work: StepWork::Agent(agent.clone()),
            with: Given::Fields(with.collect()),
            models: None,
            when: None,
            needs: Vec::new(),
            after: Vec::new(),
            gives: Gives::unknown(),
            otherwise: None,
            limits: Limits::default(),
            accepts_irreversible: false,
        };
        let workflow = Workflow {
            name: STAGED.into(),
            input: Schema::object(),
            chat: None,
            steps: vec![Arc::new(step)],
            output: None,
            gives: Gives::nothing(),
            limits: Limits::default(),
            accepts_irreversible: false,
            at_least: None,
        };
        let model = ModelUse {
            name: name.clone(),
            provider: "script".into(),
            model: CALL.into(),
            url: None,
            api_key: None,
            price: Some(Price::Free),
            timeout: None,
            speaks: None,
            window: None,
            limits: Limits::default(),
        };
        Self {
            models: BTreeMap::from([(name.clone(), model)]),
            agents: BTreeMap::from([(agent.name.clone(), agent)]),
            workflows: BTreeMap::from([(workflow.name.clone(), Arc::new(workflow))]),
            ..self.clone()
        }
    }

    fn proposer(&self, agent: Option<&str>, model: &Name) -> Agent {
        let own = agent.and_then(|name| self.agents.get(name));
        let any = |tool: &Arc<crate::Tool>| Grant {
            tool: tool.clone(),
            condition: None,
            address: format!("agents.{ANYBODY}.may.{}", tool.name),
        };
        Agent {
            name: own.map_or_else(|| ANYBODY.into(), |own| own.name.clone()),
            purpose: "Proposes one call.".into(),
            owner: None,
            talks_to: Vec::new(),
            instructions: String::new(),
            models: vec![ModelChoice { model: model.clone(), when: None }],
            may: own.map_or_else(|| self.tools.values().map(any).collect(), |own| own.may.clone()),
            memory: own.map_or_else(Vec::new, |own| own.memory.clone()),
            never: own.map_or_else(Vec::new, |own| own.never.clone()),
            unsure: None,
            handles: Vec::new(),
            escalates: None,
            refuses: None,
            input: Schema::object(),
            output: None,
            ensures: Vec::new(),
            limits: Limits::default(),
            accepts_irreversible: false,
            at_least: None,
        }
    }
}
