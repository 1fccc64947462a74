//! What conditions and values of steps read: the steps before them, in their own frame and those around, and no other.

use std::sync::Arc;

use handfast_contract::{Expr, Name, Scope};
use serde_json::{Map, Value};

use crate::Plan;
use crate::state::{Frame, Run, StepState};

/// Values that expressions of one frame read.
pub(crate) struct Sight {
    plan: Arc<Plan>,
    input: Arc<Value>,
    steps: Value,
    names: Vec<(Name, Arc<Value>)>,
}

impl Sight {
    /// As expressions are given them.
    pub(crate) fn scope(&self) -> Scope<'_> {
        let scope = Scope::default()
            .with("input", &self.input)
            .with("steps", &self.steps)
            .with("settings", self.plan.settings());
        // What is named within hides what is named around it: the round of an inner loop, that of the outer one.
        self.names.iter().fold(scope, |scope, (name, value)| scope.with(name, value))
    }
}

impl Run {
    /// What these expressions read in this frame. Only the steps that they name are copied.
    pub(crate) fn sight<'e>(&self, frame: &Arc<Frame>, exprs: impl IntoIterator<Item = &'e Expr>) -> Sight {
        let mut steps = Map::new();
        for path in exprs.into_iter().flat_map(Expr::paths) {
            let [root, name, ..] = path.as_slice() else { continue };
            if root != "steps" || steps.contains_key(name) {
                continue;
            }
            let found = frame.in_sight().find_map(|frame| self.step(&frame.id_of(name)));
            if let Some(StepState::Succeeded(Some(value))) = found.map(|step| &step.state) {
                steps.insert(name.clone(), (**value).clone());
            }
        }
        Sight {
            plan: self.plan.clone(),
            input: frame.input.clone(),
            steps: Value::Object(steps),
            names: frame.names.clone(),
        }
    }
}
