//! Every clause of a contract by its address: what an expectation may name, and what coverage counts.
//!
//! It says which clauses there are, not what became of one: that stands in the events of runs.

use std::collections::HashSet;

use crate::{Agent, Contract, Group, Kept, Limits, Server, Tool, Workflow};

/// A clause where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClause {
    /// Its stable address: `tools.refund.requires.the-order-is-not-refunded-yet`.
    pub address: String,
    /// What kind of promise it is.
    pub kind: ClauseKind,
}

/// What kind of promise a clause is: what can become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClauseKind {
    /// The type of a tool's arguments: a call that doesn't fit is refused.
    Input,
    /// A grant, with its condition: a call beyond it is refused.
    Authority,
    /// What must hold before a call: else it is refused.
    Requires,
    /// The type of what comes back.
    Output,
    /// What must hold afterwards.
    Ensures,
    /// What must hold of a result for it to be shown: else it is withheld.
    Shows,
    /// What a run establishes: what needs it before is refused, and what would set it anew is withheld where it is set once.
    Fact,
    /// A failure that is recognised.
    Failure,
    /// A ceiling.
    Limit,
    /// A step of a workflow, with what is handed to it.
    Step,
}

impl ClauseKind {
    /// The kind in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Authority => "authority",
            Self::Requires => "requires",
            Self::Output => "output",
            Self::Ensures => "ensures",
            Self::Shows => "shows",
            Self::Fact => "fact",
            Self::Failure => "failure",
            Self::Limit => "limit",
            Self::Step => "step",
        }
    }

    /// Whether a call that breaks it is refused before it is sent.
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Input | Self::Authority | Self::Requires | Self::Fact)
    }

    /// Whether it judges what came back.
    pub const fn judges(self) -> bool {
        matches!(self, Self::Output | Self::Ensures | Self::Shows | Self::Fact)
    }
}

impl Contract {
    /// Every clause with an address, section by section.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// let text = "handfast: 1
    /// name: words
    /// version: \"1\"
    /// servers: { words: { process: { command: [wc, -w] } } }
    /// tools:
    ///   count:
    ///     via: words.count
    ///     description: Counts the words of a text.
    ///     input: { text: string }
    ///     output: integer
    ///     effects: []
    ///     requires: { there is something to count: args.text != '' }
    /// ";
    /// let loaded = handfast_contract::load("words.yaml", ".", &BTreeMap::new(), &mut |_| Ok(text.to_owned()));
    /// let clauses: Vec<String> = loaded.contract.unwrap().clauses().into_iter().map(|clause| clause.address).collect();
    /// assert_eq!(
    ///     clauses,
    ///     ["tools.count.input", "tools.count.requires.there-is-something-to-count", "tools.count.output"],
    /// );
    /// ```
    pub fn clauses(&self) -> Vec<ListedClause> {
        let models = self.models.values();
        let models =
            models.flat_map(|model| of_limits(&format!("models.{}.limits", model.name), &model.limits));
        let servers = self.servers.values().flat_map(of_server);
        let tools = self.tools.values().flat_map(|tool| self.of_tool(tool));
        let agents = self.agents.values().flat_map(|agent| of_agent(agent));
        let workflows = self.workflows.values().flat_map(|workflow| of_workflow(workflow));
        let groups = self.groups.values().flat_map(of_group);
        let memory =
            self.memory.keys().map(|memory| clause(format!("memory.{memory}"), ClauseKind::Requires));
        let facts = self.facts.keys().map(|fact| clause(format!("facts.{fact}"), ClauseKind::Fact));
        let all = models
            .chain(servers)
            .chain(facts)
            .chain(memory)
            .chain(groups)
            .chain(tools)
            .chain(agents)
            .chain(workflows);
        // A group's clause stands with each of its tools, and is one.
        let mut known = HashSet::new();
        all.filter(|clause| known.insert(clause.address.clone())).collect()
    }

    /// The address of a failure by which a tool's attempt was recognised; none where the contract doesn't name it.
    pub fn failure_address(&self, tool: &Tool, failure: &str) -> Option<String> {
        let at = tool.failures.iter().position(|rule| &*rule.name == failure)?;
        let mut behind = self.own_failures(tool);
        if at < behind {
            return Some(tool.address(&format!("failures.{failure}")));
        }
        for group in self.groups_of(tool) {
            behind += group.failures.len();
            if at < behind {
                return Some(format!("groups.{}.failures.{failure}", group.name));
            }
        }
        Some(format!("servers.{}.failures.{failure}", tool.via.server))
    }

    fn groups_of<'c>(&'c self, tool: &'c Tool) -> impl Iterator<Item = &'c Group> {
        tool.groups.iter().filter_map(|name| self.groups.get(name))
    }

    /// How many of a tool's failures are its own: its groups' and its server's stand behind them.
    fn own_failures(&self, tool: &Tool) -> usize {
        let of_groups: usize = self.groups_of(tool).map(|group| group.failures.len()).sum();
        self.failures_before_servers(tool).saturating_sub(of_groups)
    }

    /// How many of a tool's failures are its own or its groups'.
    pub(crate) fn failures_before_servers(&self, tool: &Tool) -> usize {
        let of_server = self.servers.get(&tool.via.server).map_or(0, |server| server.failures.len());
        tool.failures.len().saturating_sub(of_server)
    }

    fn of_tool(&self, tool: &Tool) -> Vec<ListedClause> {
        let mut listed = vec![clause(tool.address("input"), ClauseKind::Input)];
        let of = |clauses: &[crate::Clause], kind| -> Vec<ListedClause> {
            clauses.iter().map(|one| clause(one.address.clone(), kind)).collect()
        };
        let from = tool.from.keys().map(|name| tool.address(&format!("from.{name}")));
        listed.extend(from.map(|address| clause(address, ClauseKind::Requires)));
        listed.extend(of(&tool.requires, ClauseKind::Requires));
        listed.extend(tool.output.iter().map(|_| clause(tool.address("output"), ClauseKind::Output)));
        listed.extend(of(&tool.ensures, ClauseKind::Ensures));
        listed.extend(of(&tool.shows, ClauseKind::Shows));
        let own = tool.failures.iter().take(self.own_failures(tool));
        listed.extend(
            own.map(|rule| clause(tool.address(&format!("failures.{}", rule.name)), ClauseKind::Failure)),
        );
        listed.extend(of_limits(&tool.address("limits"), &tool.limits));
        listed
    }
}

fn clause(address: String, kind: ClauseKind) -> ListedClause {
    ListedClause { address, kind }
}

fn of_server(server: &Server) -> Vec<ListedClause> {
    let address = |rule: &crate::FailureRule| format!("servers.{}.failures.{}", server.name, rule.name);
    let failures = server.failures.iter().map(|rule| clause(address(rule), ClauseKind::Failure));
    failures.chain(of_limits(&format!("servers.{}.limits", server.name), &server.limits)).collect()
}

fn of_group(group: &Group) -> Vec<ListedClause> {
    let address = |failure: &crate::Name| format!("groups.{}.failures.{failure}", group.name);
    group.failures.iter().map(|failure| clause(address(failure), ClauseKind::Failure)).collect()
}

fn of_agent(agent: &Agent) -> Vec<ListedClause> {
    let base = format!("agents.{}", agent.name);
    let grants = agent.may.iter().map(|grant| clause(grant.address.clone(), ClauseKind::Authority));
    let mut listed = vec![clause(format!("{base}.may"), ClauseKind::Authority)];
    listed.extend(grants);
    let never = agent.never.iter().filter(|never| matches!(never.kept, Kept::Enforced { .. }));
    listed.extend(never.map(|never| clause(never.address.clone(), ClauseKind::Authority)));
    listed.extend(agent.output.iter().map(|_| clause(format!("{base}.output"), ClauseKind::Output)));
    listed.extend(agent.ensures.iter().map(|one| clause(one.address.clone(), ClauseKind::Ensures)));
    listed.extend(of_limits(&format!("{base}.limits"), &agent.limits));
    listed
}

fn of_workflow(workflow: &Workflow) -> Vec<ListedClause> {
    let base = format!("workflows.{}", workflow.name);
    let mut listed = Vec::new();
    for (address, step) in workflow.all_steps() {
        let limits = of_limits(&format!("{address}.limits"), &step.limits);
        listed.push(clause(address, ClauseKind::Step));
        listed.extend(limits);
    }
    listed.extend(workflow.output.iter().map(|_| clause(format!("{base}.output"), ClauseKind::Output)));
    listed.extend(of_limits(&format!("{base}.limits"), &workflow.limits));
    listed
}

fn of_limits(address: &str, limits: &Limits) -> Vec<ListedClause> {
    let Limits { turns, attempts, tokens, cost, time, deadline, timeout, per_run, rate, at_once } = limits;
    let written = [
        ("turns", turns.is_some()),
        ("attempts", attempts.is_some()),
        ("tokens", tokens.is_some()),
        ("cost", cost.is_some()),
        ("time", time.is_some()),
        ("deadline", deadline.is_some()),
        ("timeout", timeout.is_some()),
        ("per_run", per_run.is_some()),
        ("rate", rate.is_some()),
        ("at_once", at_once.is_some()),
    ];
    let written = written.into_iter().filter(|(_, is_written)| *is_written);
    written.map(|(limit, _)| clause(format!("{address}.{limit}"), ClauseKind::Limit)).collect()
}
