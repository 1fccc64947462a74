//! What the places of one tool read.

use crate::loader::Loader;
use crate::reads::{Place, Presence, Reads, Shape, call_schema, record};
use crate::{Name, Tool};

/// The names that belong to one tool, wherever its clauses were written.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) args: Shape,
    pub(crate) result: Shape,
    pub(crate) probes: Vec<(Name, Shape)>,
}

impl Parts {
    /// Of no tool in particular.
    pub(crate) fn unknown() -> Self {
        Self { args: Shape::unknown(), result: Shape::unknown(), probes: Vec::new() }
    }
}

/// All that one tool's places may read; each reads what the language's table says.
pub(crate) struct Places(Reads);

impl Places {
    pub(crate) fn at(&self, place: Place) -> Reads {
        self.0.clone().at(place)
    }
}

impl Loader<'_> {
    /// What the places of a tool of these parts read in the file at hand.
    pub(crate) fn places(&self, parts: &Parts) -> Places {
        let reads = Reads::new(crate::reads::place::SETTINGS, &self.settings_schema)
            .with("args", &parts.args)
            .with("call", &call_schema().into())
            .with("result", &parts.result);
        let facts = self.declared.get("facts").is_some_and(|facts| !facts.is_empty());
        let reads = if facts { reads.with("facts", &self.facts_shape()) } else { reads };
        let probes = || parts.probes.iter();
        let old = record(probes().map(|(name, shape)| (name.clone(), shape.clone(), Presence::Always)));
        let reads = if parts.probes.is_empty() { reads } else { reads.with("old", &old) };
        Places(probes().fold(reads, |reads, (name, shape)| reads.with_probe(name.clone(), shape)))
    }

    /// What the places of a tool that was read read.
    pub(crate) fn parts_of(&self, tool: &Tool) -> Parts {
        let looked = |tool: &Name| self.tool_heads.get(tool).map_or(Shape::unknown(), super::Head::result);
        Parts {
            args: Shape::from(crate::after_defaults(tool.input.json())),
            result: tool.output.clone().map_or(Shape::unknown(), Shape::Schema),
            probes: tool.probes.iter().map(|probe| (probe.name.clone(), looked(&probe.tool))).collect(),
        }
    }
}
