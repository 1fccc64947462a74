//! What is known of a tool before its clauses are read: enough for the clauses of other tools to speak of it.

use std::ops::Range;

use serde_json::Value;

use crate::grammar;
use crate::handoff::Taker;
use crate::loader::{Fields, Loader};
use crate::reads::Shape;
use crate::yaml::{Entry, Node};
use crate::{Name, Schema, Via};

/// What others need of a tool. Parts that were reported are none.
#[derive(Clone, Default)]
pub(crate) struct Head {
    pub(crate) input: Option<Schema>,
    pub(crate) output: Option<Schema>,
}

impl Head {
    /// As one that is given values; none where nobody knows what it takes.
    pub(crate) fn taker(&self, name: &str) -> Option<Taker> {
        let input = self.input.clone()?;
        Some(Taker { who: format!("the tool `{name}`"), input })
    }

    /// What conditions read of its result.
    pub(crate) fn result(&self) -> Shape {
        self.output.clone().map_or(Shape::unknown(), Shape::Schema)
    }
}

/// A tool as it is read.
pub(super) struct Draft<'a> {
    pub(super) name: Name,
    /// Where its name stands.
    pub(super) at: Range<usize>,
    pub(super) fields: Fields<'a>,
    /// Without its request, which reads what isn't known yet.
    pub(super) via: Option<Via>,
    pub(super) head: Head,
}

impl<'a> Loader<'a> {
    pub(super) fn draft(&mut self, name: Name, entry: &'a Entry) -> Option<Draft<'a>> {
        let fields = self.entry_fields(entry, "the tool", &grammar::TOOL)?;
        let via = self.required(&fields, "via", "SERVER.TOOL").and_then(|via| self.via(via));
        let input = self.tool_input(&fields, via.as_ref());
        let input = input.and_then(|(schema, span)| self.compiled(schema, &span));
        let output = self.tool_output(&fields, via.as_ref());
        let output = output.and_then(|(schema, span)| self.compiled(schema, &span));
        let head = Head { input, output };
        self.tool_heads.insert(name.clone(), head.clone());
        Some(Draft { name, at: entry.at.clone(), fields, via, head })
    }

    fn tool_input(&mut self, fields: &Fields<'a>, via: Option<&Via>) -> Option<(Value, Range<usize>)> {
        let Some(node) = fields.get("input") else { return self.locked_input(fields, via) };
        Some((self.input_type(node)?, node.span.clone()))
    }

    fn tool_output(&mut self, fields: &Fields<'a>, via: Option<&Via>) -> Option<(Value, Range<usize>)> {
        let Some(node) = fields.get("output") else {
            return self.locked_output(via).map(|schema| (schema, fields.span.clone()));
        };
        Some((self.type_of(node)?, node.span.clone()))
    }

    /// The tool that is named here, and what is known of it.
    pub(super) fn named_tool(&mut self, node: &'a Node) -> Option<(Name, Head)> {
        let text = self.text(node, "a tool's name")?;
        let name = self.resolve(&node.span, "tools", "tool", &text)?;
        let head = self.tool_heads.get(&name).cloned().unwrap_or_default();
        Some((name, head))
    }
}
