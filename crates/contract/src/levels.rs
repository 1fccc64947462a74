//! How far each clause is true, as far as that is known before anything runs.
//!
//! Derived from what a clause reads and who keeps it, never from what its author hopes. `at_least` is held against it.

use std::collections::HashMap;

use serde::Serialize;

use crate::loader::Loader;
use crate::yaml::Node;
use crate::{
    Clause, Compensate, Contract, Expr, IdempotencyRule, Kept, Level, ModelChoice, Reconcile, Rule, StepWork,
    Tool,
};

/// How far one clause is true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClauseLevel {
    /// Its address.
    pub address: String,
    /// How far.
    pub level: Level,
    /// Why no further, or why so far.
    pub why: &'static str,
}

impl Contract {
    /// How far each of its clauses is true, in the order of models, servers, tools, agents, workflows and invariants.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// let text = "handfast: 1\nname: x\nversion: \"1\"\nservers: { s: { rust: {} } }\ntools:\n  t:\n    via: s.t\n    \
    ///     description: Reads one page.\n    input: { n: integer }\n    effects: [ reads: page/* ]\n    \
    ///     requires: { it is a page: args.n > 0 }\n";
    /// let loaded = handfast_contract::load("x.yaml", ".", &BTreeMap::new(), &mut |_| Ok(text.to_owned()));
    /// let levels = loaded.contract.unwrap().levels();
    /// let requires = levels.iter().find(|one| one.address == "tools.t.requires.it-is-a-page").unwrap();
    /// assert_eq!(requires.level, handfast_contract::Level::Enforced);
    /// ```
    pub fn levels(&self) -> Vec<ClauseLevel> {
        let mut levels = Levels(Vec::new());
        let models =
            self.models.values().map(|model| (format!("models.{}.limits", model.name), &model.limits));
        let servers =
            self.servers.values().map(|server| (format!("servers.{}.limits", server.name), &server.limits));
        for (address, limits) in models.chain(servers) {
            levels.paced(address, limits);
        }
        for tool in self.tools.values() {
            levels.tool(tool);
        }
        for agent in self.agents.values() {
            levels.agent(agent);
        }
        for workflow in self.workflows.values() {
            let address = |part: &str| format!("workflows.{}.{part}", workflow.name);
            levels.add(address("input"), Level::Enforced, "what doesn't fit starts no run");
            levels.limits(&address("limits"), &workflow.limits);
            for (address, step) in workflow.all_steps() {
                levels.models(step.models.as_deref().unwrap_or_default());
                if matches!(step.work, StepWork::Approval(_)) {
                    let address = format!("{address}.approval");
                    levels.add(address, Level::Enforced, "nothing behind it starts without the answer");
                }
            }
        }
        for invariant in &self.invariants {
            let (level, why) = match invariant.rule {
                Rule::Never { .. } | Rule::AtMost { .. } => {
                    (Level::Enforced, "a call that would break it isn't sent")
                }
                Rule::After { .. } => (Level::Observed, "the journal shows whether it happened"),
            };
            levels.add(invariant.address.clone(), level, why);
        }
        levels.each_once()
    }
}

struct Levels(Vec<ClauseLevel>);

impl Levels {
    fn add(&mut self, address: String, level: Level, why: &'static str) {
        self.0.push(ClauseLevel { address, level, why });
    }

    /// Each clause once: that of a group is every tool's of it, and as true as it is where it is least so.
    fn each_once(self) -> Vec<ClauseLevel> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut once: Vec<ClauseLevel> = Vec::new();
        for found in self.0 {
            let place = *places.entry(found.address.clone()).or_insert(once.len());
            match once.get_mut(place) {
                Some(known) if found.level < known.level => *known = found,
                Some(_) => {}
                None => once.push(found),
            }
        }
        once
    }

    fn limits(&mut self, address: &str, limits: &crate::Limits) {
        if *limits != crate::Limits::default() {
            self.add(address.to_owned(), Level::Enforced, "what would pass it isn't done");
        }
    }

    /// What never stops a run, and only makes it wait.
    fn paced(&mut self, address: String, limits: &crate::Limits) {
        if *limits != crate::Limits::default() {
            self.add(address, Level::Enforced, "what would pass it waits its turn");
        }
    }

    fn tool(&mut self, tool: &Tool) {
        self.add(tool.address("input"), Level::Enforced, "a call that doesn't fit isn't sent");
        if tool.output.is_some() {
            self.add(
                tool.address("output"),
                Level::Observed,
                "every result is checked, and one that breaks it isn't passed on",
            );
        }
        self.add(tool.address("effects"), Level::Declared, "nothing watches what the server does");
        let (level, why) = match tool.idempotency {
            IdempotencyRule::None => (Level::Enforced, "it is never repeated blindly"),
            _ if tool.only_reads() => (Level::Declared, "that it only reads is taken on trust"),
            _ => (Level::Declared, "that the server keeps to it is taken on trust"),
        };
        self.add(tool.address("idempotency"), level, why);
        for clause in &tool.requires {
            let (level, why) = match self.looks(tool, &clause.condition) {
                true => (Level::Probed, "a read says so, and the world may change behind it"),
                false => (Level::Enforced, "a call that breaks it isn't sent"),
            };
            self.clause(clause, level, why);
        }
        for clause in &tool.ensures {
            let (level, why) = match self.looks(tool, &clause.condition) {
                true => (Level::Probed, "a read afterwards says so"),
                false => (Level::Observed, "every result is judged by it"),
            };
            self.clause(clause, level, why);
        }
        for clause in &tool.shows {
            self.clause(clause, Level::Enforced, "what breaks it is withheld");
        }
        if tool.once_per.is_some() {
            self.add(tool.address("once_per"), Level::Enforced, "a second time gets the first one's result");
        }
        for arg in tool.from.keys() {
            self.add(
                tool.address(&format!("from.{arg}")),
                Level::Enforced,
                "a value from elsewhere isn't sent",
            );
        }
        if tool.volatile.is_some() {
            self.add(
                tool.address("volatile"),
                Level::Enforced,
                "the same call waits until it is so far from the last",
            );
        }
        if tool.costs.is_some() {
            self.add(
                tool.address("costs"),
                Level::Declared,
                "what an attempt really costs is taken on trust",
            );
        }
        self.afterwards(tool);
        self.limits(&tool.address("limits"), &tool.limits);
    }

    /// What follows a call, and whom it waits for.
    fn afterwards(&mut self, tool: &Tool) {
        match &tool.reconcile {
            Some(Reconcile::Look { .. }) => {
                self.add(tool.address("reconcile"), Level::Probed, "a read settles it, or a person");
            }
            Some(Reconcile::Ask { .. }) => {
                self.add(tool.address("reconcile"), Level::Declared, "a person's word settles it")
            }
            None => {}
        }
        match &tool.compensate {
            Some(Compensate::Impossible) => {
                self.add(
                    tool.address("compensate"),
                    Level::Enforced,
                    "it is held back until nothing else can fail",
                );
            }
            Some(Compensate::By { undo: Some(_), .. }) => {
                self.add(
                    tool.address("compensate"),
                    Level::Observed,
                    "the call that takes it back is judged by its own promises",
                );
            }
            Some(Compensate::By { undo: None, .. }) | None => {}
        }
        if tool.approval.is_some() {
            self.add(tool.address("approval"), Level::Enforced, "without the yes it isn't sent");
        }
    }

    /// Whether a condition reads what a probe saw.
    fn looks(&self, tool: &Tool, condition: &Expr) -> bool {
        condition.roots().iter().any(|root| &**root == "old" || tool.probe(root).is_some())
    }

    fn models(&mut self, choices: &[ModelChoice]) {
        for when in choices.iter().filter_map(|choice| choice.when.as_ref()) {
            self.clause(when, Level::Enforced, "where it doesn't hold, that model isn't asked");
        }
    }

    fn clause(&mut self, clause: &Clause, level: Level, why: &'static str) {
        self.add(clause.address.clone(), level, why);
    }

    fn agent(&mut self, agent: &crate::Agent) {
        let address = |part: &str| format!("agents.{}.{part}", agent.name);
        self.add(address("purpose"), Level::Declared, "it is told to the model");
        self.models(&agent.models);
        for grant in &agent.may {
            self.add(grant.address.clone(), Level::Enforced, "what isn't granted is neither shown nor sent");
        }
        for never in &agent.never {
            let (level, why) = match never.kept {
                Kept::Declared => (Level::Declared, "it is told to the model"),
                Kept::Judged(_) => (Level::Judged, "a model judges what leaves"),
                Kept::Enforced { .. } => (Level::Enforced, "such a call isn't sent"),
            };
            self.add(never.address.clone(), level, why);
        }
        for (part, said) in [
            ("unsure", agent.unsure.is_some()),
            ("handles", !agent.handles.is_empty()),
            ("escalates", agent.escalates.is_some()),
            ("refuses", agent.refuses.is_some()),
        ] {
            if said {
                self.add(address(part), Level::Declared, "it is told to the model");
            }
        }
        if agent.output.is_some() {
            self.add(
                address("output"),
                Level::Observed,
                "every answer is checked, and one that breaks it isn't passed on",
            );
        }
        for clause in &agent.ensures {
            self.clause(clause, Level::Observed, "every answer is judged by it");
        }
        self.limits(&address("limits"), &agent.limits);
    }
}

impl<'a> Loader<'a> {
    /// How far a clause must be true.
    pub(crate) fn level(&mut self, node: &'a Node) -> Option<Level> {
        let words = [
            ("declared", Level::Declared),
            ("judged", Level::Judged),
            ("probed", Level::Probed),
            ("observed", Level::Observed),
            ("enforced", Level::Enforced),
        ];
        self.choice(node, "`at_least`", &words)
    }
}
