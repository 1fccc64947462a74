//! What the clauses of one call read beside its arguments: what the runtime knows of it, facts, and what its probes saw.

use handfast_contract::{Expr, Scope, Tool};
use handfast_events::Purpose;
use serde_json::{Map, Value};

use crate::decide::Draft;
use crate::state::{Call, CallState};

/// What the clauses of one call read beside its arguments. Before it took effect a probe's name means what was seen
/// before, afterwards what was seen anew; `old` is always what was seen before.
pub(crate) struct Ground {
    call: Value,
    probes: Vec<(String, Value)>,
    old: Value,
}

impl Draft {
    pub(crate) fn ground(&self, call: &Call) -> Ground {
        let mut ground = Ground { call: self.call_facts(&call.id), probes: Vec::new(), old: Value::Null };
        let Some(tool) = self.run.plan.tool(&call.tool).filter(|tool| !tool.probes.is_empty()) else {
            return ground;
        };
        let is_after = matches!(call.state, CallState::Applied(_) | CallState::Closed(_));
        let mut old = Map::new();
        for probe in &tool.probes {
            let name = probe.name.to_string();
            let before = call.seen(&Purpose::Before(name.clone()));
            let now = if is_after { call.seen(&Purpose::After(name.clone())) } else { before.clone() };
            ground.probes.extend(now.map(|value| (name.clone(), value)));
            old.extend(before.map(|value| (name, value)));
        }
        ground.old = Value::Object(old);
        ground
    }

    pub(crate) fn scope_of<'a>(&'a self, call: &'a Call, ground: &'a Ground) -> Scope<'a> {
        let scope = Scope::default()
            .with("args", &call.args)
            .with("call", &ground.call)
            .with("facts", &self.run.known.facts)
            .with("settings", self.run.plan.settings())
            .with("old", &ground.old);
        ground.probes.iter().fold(scope, |scope, (name, value)| scope.with(name, value))
    }
}

impl Call {
    /// What the newest call for this purpose behind it gave, if that can be used.
    pub(crate) fn seen(&self, purpose: &Purpose) -> Option<Value> {
        self.side.iter().rev().find(|side| side.purpose.as_ref() == Some(purpose))?.gave()
    }
}

/// Whether it reads what a probe of the tool saw.
pub(crate) fn reads_a_probe(tool: &Tool, expr: &Expr) -> bool {
    !tool.probes.is_empty() && expr.roots().iter().any(|root| tool.probe(root).is_some())
}
