//! Which clauses of a contract a set of tests exercised, counted from what stands in the journals of their runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_contract::{ClauseKind, Contract, FailureRule, Kept, ListedClause, Never, STAGED, Scope};
use handfast_events::{FailureClass, Held, PauseReason, StepKind};
use handfast_report::{Call, CallState, End, Note, Step, StepState, Trace};
use serde::Serialize;
use serde_json::{Value, json};

use super::judge::failure_address;
use super::play::Played;

/// What became of every clause.
pub(super) struct Coverage {
    clauses: Vec<ListedClause>,
    counts: BTreeMap<String, Count>,
}

/// How often a clause came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Count {
    /// It held; a failure was recognised; a step ran.
    pub(super) held: u64,
    /// It did not; a limit was reached; a step failed.
    pub(super) violated: u64,
    /// A step was not needed.
    pub(super) skipped: u64,
}

impl Count {
    /// Whether it was exercised at all.
    pub(super) const fn is_exercised(self) -> bool {
        self.held + self.violated + self.skipped > 0
    }
}

impl Coverage {
    /// Nothing exercised yet.
    pub(super) fn new(contract: &Contract) -> Self {
        Self { clauses: contract.clauses(), counts: BTreeMap::new() }
    }

    /// Every clause with its count.
    pub(super) fn clauses(&self) -> impl Iterator<Item = (&ListedClause, Count)> {
        self.clauses.iter().map(|clause| (clause, self.count(&clause.address)))
    }

    /// What became of one clause.
    pub(super) fn count(&self, address: &str) -> Count {
        self.counts.get(address).copied().unwrap_or_default()
    }

    /// Counts one run in.
    pub(super) fn add(&mut self, played: &Played) {
        let trace = &played.trace;
        for step in &trace.steps {
            if trace.workflow != STAGED {
                self.add_step(step, played);
            }
            for call in step.all_calls() {
                self.add_call(call, step, played);
            }
        }
        for (_, note) in &trace.notes {
            if let Note::Learned { fact, .. } = note {
                self.held(&format!("facts.{fact}"));
            }
        }
        if let Some(PauseReason::Limit { clause, .. }) = &trace.paused {
            self.violated(clause);
        }
        let workflow = format!("workflows.{}", trace.workflow);
        match &trace.end {
            Some(End::Succeeded { .. }) => {
                self.held(&format!("{workflow}.output"));
                self.held_limits(&workflow, trace);
            }
            Some(End::Failed { clause, step, .. }) => {
                if let (Some(clause), None) = (clause, step) {
                    self.violated(clause);
                }
                self.held_limits(&workflow, trace);
            }
            _ => {}
        }
    }

    fn held(&mut self, address: &str) {
        self.counts.entry(address.to_owned()).or_default().held += 1;
    }

    fn violated(&mut self, address: &str) {
        self.counts.entry(address.to_owned()).or_default().violated += 1;
    }

    /// The ceilings under this address that were not reached.
    fn held_limits(&mut self, owner: &str, trace: &Trace) {
        let under = format!("{owner}.limits.");
        let reached = match &trace.paused {
            Some(PauseReason::Limit { clause, .. }) => clause.as_str(),
            _ => "",
        };
        let kept = self.clauses.iter().map(|clause| clause.address.clone());
        let kept: Vec<String> =
            kept.filter(|address| address.starts_with(&under) && address != reached).collect();
        kept.iter().for_each(|address| self.held(address));
    }

    fn add_step(&mut self, step: &Step, played: &Played) {
        let trace = &played.trace;
        let address = format!("workflows.{}.steps.{}", trace.workflow, step.id);
        let count = self.counts.entry(address).or_default();
        match &step.state {
            StepState::Succeeded { .. } => count.held += 1,
            StepState::Skipped { .. } => count.skipped += 1,
            StepState::Failed { .. } => count.violated += 1,
            StepState::Running | StepState::Stopped { .. } => {}
        }
        let Some(StepKind::Agent(agent) | StepKind::Talk(agent)) = &step.kind else { return };
        let ensures = played.contract.agents.get(agent.as_str()).map(|agent| agent.ensures.as_slice());
        let ensures = ensures.unwrap_or_default().iter().map(|clause| clause.address.clone());
        for promise in std::iter::once(format!("agents.{agent}.output")).chain(ensures) {
            match &step.state {
                StepState::Succeeded { .. } => self.held(&promise),
                StepState::Failed { clause: Some(clause), .. } if *clause == promise => {
                    self.violated(&promise);
                }
                _ => {}
            }
        }
        if matches!(step.state, StepState::Succeeded { .. } | StepState::Failed { .. }) {
            self.held_limits(&format!("agents.{agent}"), trace);
        }
    }

    fn add_call(&mut self, call: &Call, step: &Step, played: &Played) {
        let looked_at = looked_at(call, step, &played.contract);
        match &call.state {
            CallState::Refused(refused) => {
                looked_at.iter().take_while(|clause| **clause != refused.clause).for_each(|clause| {
                    self.held(clause);
                });
                self.violated(&refused.clause);
            }
            _ => looked_at.iter().for_each(|clause| self.held(clause)),
        }
        if let CallState::Applied { verdicts, .. } = &call.state {
            let memory = call.tool.strip_prefix("memory.").and_then(|rest| rest.rsplit_once('.'));
            if let Some((memory, _)) = memory {
                self.held(&format!("memory.{memory}"));
            }
            for verdict in verdicts {
                match verdict.held {
                    Held::Held => self.held(&verdict.clause),
                    Held::Violated => self.violated(&verdict.clause),
                    Held::Unverified => {}
                }
            }
            let shows = played.contract.tools.get(call.tool.as_str()).map(|tool| tool.shows.as_slice());
            let shows = shows.unwrap_or_default().iter().map(|clause| clause.address.as_str());
            let withheld = call.withheld.as_ref().map(|withheld| withheld.clause.as_str());
            shows.take_while(|clause| Some(*clause) != withheld).for_each(|clause| self.held(clause));
            withheld.into_iter().for_each(|clause| self.violated(clause));
        }
        self.add_failures(call, played);
    }

    fn add_failures(&mut self, call: &Call, played: &Played) {
        let timeout = format!("tools.{}.limits.timeout", call.tool);
        let mut timed_out = false;
        for attempt in &call.attempts {
            let code = attempt.failure.as_ref().and_then(|failure| failure.code.as_deref());
            let named = code.and_then(|code| failure_address(&played.contract, call, code));
            let named = named.or_else(|| turned_into_an_answer(call, attempt.attempt, played));
            if let Some(address) = named {
                self.held(&address);
            }
            timed_out |=
                attempt.failure.as_ref().is_some_and(|failure| failure.class == FailureClass::Timeout);
        }
        if timed_out {
            self.violated(&timeout);
        }
        if matches!(call.state, CallState::Applied { .. } | CallState::Failed) {
            let attempts = format!("tools.{}.limits.attempts", call.tool);
            self.held(&attempts);
            if !timed_out {
                self.held(&timeout);
            }
        }
    }
}

/// The clauses that are looked at before a call is sent, in the engine's order: its type, its authority, what it requires.
fn looked_at(call: &Call, step: &Step, contract: &Contract) -> Vec<String> {
    let Some(tool) = contract.tools.get(call.tool.as_str()) else { return Vec::new() };
    let mut clauses = Vec::new();
    if let Some(StepKind::Agent(agent) | StepKind::Talk(agent)) = &step.kind {
        let grant = contract.agents.get(agent.as_str()).and_then(|agent| agent.grant(&call.tool));
        clauses.push(format!("agents.{agent}.may"));
        clauses.push(tool.address("input"));
        clauses.extend(tool.from.keys().map(|name| tool.address(&format!("from.{name}"))));
        let never = contract.agents.get(agent.as_str()).into_iter().flat_map(|agent| &agent.never);
        let speaks =
            |never: &&Never| matches!(&never.kept, Kept::Enforced { tool, .. } if **tool == *call.tool);
        clauses.extend(never.filter(speaks).map(|never| never.address.clone()));
        clauses.extend(grant.map(|grant| grant.address.clone()));
    } else {
        clauses.push(tool.address("input"));
        clauses.extend(tool.from.keys().map(|name| tool.address(&format!("from.{name}"))));
    }
    clauses.extend(tool.requires.iter().map(|clause| clause.address.clone()));
    clauses
}

/// A failure that its rule made an answer leaves no trace of its own: the rule is found as the engine found it.
fn turned_into_an_answer(call: &Call, attempt: u32, played: &Played) -> Option<String> {
    let error = played.log.failure(&call.id, attempt)?;
    let tool = played.contract.tools.get(call.tool.as_str())?;
    let facts = json!({
        "text": error.text, "code": error.code.as_deref().unwrap_or(""), "status": error.status.unwrap_or(0)
    });
    let scope = Scope::default()
        .with("args", &call.args)
        .with("error", &facts)
        .with("result", &Value::Null)
        .with("settings", &played.contract.settings);
    let fits = |rule: &&Arc<FailureRule>| rule.gives.is_some() && rule.when.holds(&scope) == Ok(true);
    let rule = tool.failures.iter().find(fits)?;
    played.contract.failure_address(tool, &rule.name)
}

/// What a count says of a clause of this kind.
pub(super) fn words(kind: ClauseKind, count: Count) -> String {
    let (held, violated) = match kind {
        ClauseKind::Failure => ("seen", "seen"),
        ClauseKind::Limit => ("held", "reached"),
        ClauseKind::Step => ("ran", "failed"),
        _ => ("held", "violated"),
    };
    let parts = [(count.held, held), (count.violated, violated), (count.skipped, "skipped")];
    let told: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{word} {number}×"))
        .collect();
    told.join(", ")
}
