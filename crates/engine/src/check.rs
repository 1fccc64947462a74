//! A call is held against the contract before it is sent: its type, its authority, what it requires. In this order.

use handfast_contract::{Clause, Kept as NeverKept, Never, Scope, Tool};
use handfast_events::{CallId, CallRefused, call_key};
use serde_json::{Value, json};

use crate::decide::Draft;
use crate::ground::reads_a_probe;
use crate::request::{Unmade, request};
use crate::state::{AgentStep, Call, StepState};
use crate::{Refusal, evidence, problems_told};

/// How the reason of a refusal begins whose clause could not be evaluated.
pub const UNEVALUABLE: &str = "the clause can't be evaluated, and so refuses";

impl Draft {
    /// Refuses the call with the clause and the way to mend it, or lets it be.
    pub(crate) fn check(&mut self, id: &CallId) -> Result<(), Refusal> {
        match self.objection_to_call(id) {
            Some(refused) => self.tell_call(id, refused),
            None => Ok(()),
        }
    }

    pub(crate) fn objection_to_call(&self, id: &CallId) -> Option<CallRefused> {
        let call = self.run.call(id)?;
        if self.is_ask(call) {
            return self.objection_to_asking(call);
        }
        // What hangs behind another call is the contract's own, and needs no grant.
        let agent = self.agent_step(&id.step()).filter(|_| call.purpose.is_none());
        let granted = || agent.and_then(|agent| self.run.plan.briefing(&agent.agent));
        let tool = match agent {
            None => self.run.plan.tool(&call.tool),
            Some(_) => {
                granted().and_then(|briefing| briefing.agent.grant(&call.tool)).map(|grant| &grant.tool)
            }
        };
        // Before all else: who is refused the same for ever goes round in circles, too.
        if let Some(refused) = self.objection_to_circles(call, tool.map(|tool| &**tool)) {
            return Some(refused);
        }
        let Some(tool) = tool else { return Some(self.not_granted(agent, &call.tool)) };
        let out_of_reach = || self.objection_to_reach(call, tool);
        if let Some(refused) = objection_to_type(tool, &call.args).or_else(out_of_reach) {
            return Some(refused);
        }
        // What the contract itself asks for has its values from the contract.
        if call.purpose.is_none()
            && let Some(refused) = self.objection_to_origin(call, tool)
        {
            return Some(refused);
        }
        let known = self.call_facts(id);
        let none = Value::Null;
        let scope = Scope::default()
            .with("args", &call.args)
            .with("call", &known)
            .with("facts", &self.run.known.facts)
            .with("settings", self.run.plan.settings())
            .with("input", agent.map_or(&none, |agent| &agent.input));
        if let Some(refused) = objection_to_request(tool, &scope) {
            return Some(refused);
        }
        let never = granted().into_iter().flat_map(|briefing| &briefing.agent.never);
        let mut never = never.filter_map(|never| self.objection_to_never(never, &call.tool, &scope));
        if let Some(refused) = never.next() {
            return Some(refused);
        }
        let grant = granted().and_then(|briefing| briefing.agent.grant(&call.tool));
        let authority = grant.and_then(|grant| grant.condition.as_ref());
        // Those on probes are held against it when they have answered.
        let requires = tool.requires.iter().filter(|clause| !reads_a_probe(tool, &clause.condition));
        let clauses = authority.into_iter().chain(requires);
        let refused = clauses.filter_map(|clause| self.objection_to_clause(clause, &scope, call)).next();
        refused.or_else(|| {
            self.objection_to_ignorance(call, tool, |expr| matches!(expr.eval(&scope), Ok(Some(_))))
        })
    }

    /// A clause that doesn't hold, or that can't be evaluated: then it fails closed, and its author is to mend it.
    pub(crate) fn objection_to_clause(
        &self,
        clause: &Clause,
        scope: &Scope<'_>,
        call: &Call,
    ) -> Option<CallRefused> {
        let refused = |reason: String, mend: String| CallRefused {
            clause: clause.address.clone(),
            sentence: clause.sentence.clone(),
            reason,
            mend,
        };
        let source = clause.condition.source();
        match clause.condition.holds(scope) {
            Ok(true) => None,
            Ok(false) => Some(refused(
                format!(
                    "`{source}` does not hold for {}{}",
                    evidence(&call.args.to_string()),
                    self.whence(&call.id, &clause.condition)
                ),
                format!("Call again so that `{source}` holds, or do without."),
            )),
            Err(fault) => {
                let (reason, mend) = self.not_told(&clause.condition, &fault);
                let mend =
                    mend.unwrap_or_else(|| "Do without: the contract's author must mend this clause.".into());
                Some(refused(reason, mend))
            }
        }
    }

    /// A call that the agent must never make.
    fn objection_to_never(&self, never: &Never, called: &str, scope: &Scope<'_>) -> Option<CallRefused> {
        let NeverKept::Enforced { tool, when } = &never.kept else { return None };
        if **tool != *called {
            return None;
        }
        let reason = match when.as_ref().map(|when| (when, when.holds(scope))) {
            Some((_, Ok(false))) => return None,
            Some((when, Ok(true))) => format!("`{}` holds of this call", when.source()),
            Some((when, Err(fault))) => self.not_told(when, &fault).0,
            None => format!("`{tool}` is never called by it"),
        };
        Some(CallRefused {
            clause: never.address.clone(),
            sentence: never.sentence.clone(),
            reason,
            mend: "Do without, or call in a way of which this isn't said.".into(),
        })
    }

    /// The model asks for what it was never shown.
    fn not_granted(&self, agent: Option<&AgentStep>, tool: &str) -> CallRefused {
        let name = agent.map_or("", |agent| &agent.agent);
        let may = self.run.plan.briefing(name).map(|briefing| briefing.agent.grants());
        let asking = self.run.plan.briefing(name).and_then(|briefing| briefing.agent.asking());
        let known = may.into_iter().flatten().map(|grant| grant.tool.shown_name());
        let known: Vec<String> = known.chain(asking.map(|tool| tool.name)).collect();
        let mend = match known.as_slice() {
            [] => "Answer without tools.".to_owned(),
            known => format!("Use one of: {}.", known.join(", ")),
        };
        CallRefused {
            clause: format!("agents.{name}.may"),
            sentence: format!("`{tool}` is not among what it may use"),
            reason: format!("no tool `{tool}` is granted"),
            mend,
        }
    }

    /// What conditions see as `call`.
    pub(crate) fn call_facts(&self, id: &CallId) -> Value {
        json!({
            "key": call_key(self.run.id, id),
            "id": id.as_str(),
            "run": self.run.id.to_string(),
            "started": self.run.since.to_string(),
        })
    }

    /// Whether an agent asks for the call, so that it can be told to mend it.
    pub(crate) fn is_agents(&self, id: &CallId) -> bool {
        id.behind().is_none()
            && self.run.step(&id.step()).is_some_and(|step| matches!(step.state, StepState::Agent(_)))
    }
}

fn objection_to_type(tool: &Tool, args: &Value) -> Option<CallRefused> {
    let refused = |reason: String| CallRefused {
        clause: tool.address("input"),
        sentence: format!("the arguments of `{}` fit its type", tool.shown_name()),
        reason,
        mend: format!("Call again with arguments of this JSON Schema: {}", tool.input.json()),
    };
    if let Value::String(text) = args {
        return Some(refused(format!("the arguments are no JSON object: {}", evidence(text))));
    }
    let problems = tool.input.check(args);
    (!problems.is_empty()).then(|| refused(problems_told(&problems)))
}

/// A part of a tool's contract that can't be evaluated keeps its call from being made.
pub(crate) fn unevaluable(clause: String, part: &str, fault: String) -> CallRefused {
    CallRefused {
        clause,
        sentence: format!("its `{part}` can be evaluated"),
        reason: format!("{UNEVALUABLE}: {fault}"),
        mend: "Do without: the contract's author must mend this.".into(),
    }
}

/// Values that fit the tool's type and into no request: `..` in a path, a line's end in a header.
fn objection_to_request(tool: &Tool, scope: &Scope<'_>) -> Option<CallRefused> {
    let Err(Unmade::Unfit(reason)) = request(tool.via.request.as_ref()?, scope) else { return None };
    Some(CallRefused {
        clause: tool.address("via"),
        sentence: format!("the arguments of `{}` fit into its request", tool.name),
        reason,
        mend: "Call again with other arguments, or do without.".into(),
    })
}
