//! What a run has learned: the facts that results of its tools set, and how often it called each tool.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_events::{Body, Event};
use serde_json::{Map, Value};

use super::{Run, Shared};

/// What a run has learned.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The facts as conditions read them: those of an included contract under its name.
    pub(crate) facts: Arc<Value>,
    /// How many calls of each tool were sent, each counted once however often it was tried; what hangs behind another
    /// call isn't counted.
    sent: Arc<BTreeMap<String, u64>>,
    /// What agents share.
    pub(crate) memory: Shared,
}

impl Known {
    /// Nothing but these facts.
    pub(crate) fn given(facts: &BTreeMap<String, Value>) -> Self {
        let mut all = Value::Object(Map::new());
        facts.iter().for_each(|(fact, value)| set(&mut all, fact, value));
        Self { facts: Arc::new(all), sent: Arc::default(), memory: Shared::default() }
    }

    /// The value of a fact, by its name in the contract.
    pub(crate) fn fact(&self, name: &str) -> Option<&Value> {
        name.split('.').try_fold(&*self.facts, |facts, part| facts.get(part))
    }

    /// How many calls of this tool were sent.
    pub(crate) fn sent(&self, tool: &str) -> u64 {
        self.sent.get(tool).copied().unwrap_or(0)
    }
}

impl Run {
    /// What it has learned becomes what the event says.
    pub(crate) fn learn(&mut self, event: &Event) {
        self.known.memory.follow(event, self.id);
        match (&event.body, &event.call) {
            (Body::FactSet(fact), _) => set(Arc::make_mut(&mut self.known.facts), &fact.fact, &fact.value),
            (Body::CallIntended(intent), Some(call)) if intent.attempt == 1 && call.behind().is_none() => {
                let Some(tool) = self.call(call).map(|call| call.tool.to_string()) else { return };
                *Arc::make_mut(&mut self.known.sent).entry(tool).or_default() += 1;
            }
            _ => {}
        }
    }
}

/// Sets one fact: `cms.author` is the field `author` of the object `cms`.
fn set(facts: &mut Value, name: &str, value: &Value) {
    let mut at = facts;
    for part in name.split('.') {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(fields) = at else { return };
        at = fields.entry(part).or_insert(Value::Null);
    }
    *at = value.clone();
}
