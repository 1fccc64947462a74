//! What follows a call that went wrong: how one in doubt is settled, and how one that took effect is taken back.

use super::head::Draft;
use super::places::Places;
use crate::grammar;
use crate::handoff::Giver;
use crate::loader::{Fields, Loader};
use crate::reads::place;
use crate::yaml::{Entry, Kind, Node};
use crate::{Compensate, Reconcile, code};

impl<'a> Loader<'a> {
    /// How a call in doubt is settled: by a tool that looks, or by a person.
    pub(super) fn reconcile(
        &mut self,
        node: &'a Node,
        draft: &Draft<'a>,
        places: &Places,
    ) -> Option<Reconcile> {
        let fields = self.fields(node, "`reconcile`", &grammar::RECONCILE)?;
        match (fields.entry("tool"), fields.entry("ask")) {
            (Some(tool), None) => self.look(tool, &fields, draft, places),
            (None, Some(ask)) => {
                for key in ["with", "applied", "not_applied", "gives", "settle"] {
                    self.refuse_misplaced(&fields, key, "goes with `tool`: a person says all of it");
                }
                Some(Reconcile::Ask { role: self.role(&ask.value)? })
            }
            (Some(_), Some(ask)) => {
                let found = self.error(code::CLASH, &ask.at, "a doubt is settled by a tool or by a person");
                found.help("keep one: what the tool leaves in doubt goes to a person anyway");
                None
            }
            (None, None) => {
                let found = self.error(
                    code::MISSING_KEY,
                    &fields.span,
                    "`reconcile` doesn't say who settles a doubt",
                );
                found.help("add a `tool:` that looks, or `ask: ROLE`");
                None
            }
        }
    }

    fn look(
        &mut self,
        tool: &'a Entry,
        fields: &Fields<'a>,
        draft: &Draft<'a>,
        places: &Places,
    ) -> Option<Reconcile> {
        let looks = self.named_tool(&tool.value);
        let taker = looks.as_ref().and_then(|(name, head)| head.taker(name));
        let what = format!("the `reconcile` of {}", draft.fields.what);
        let giver = Giver { what: &what, key: "with", span: &tool.at };
        let with = self.handed(fields.get("with"), giver, taker.as_ref(), &places.at(place::RECONCILE_WITH));
        let seen = looks.as_ref().map(|(_, head)| head.result()).unwrap_or_else(crate::reads::Shape::unknown);
        let reads = places.at(place::RECONCILE).with("result", &seen);
        let applied = self.required(fields, "applied", "result != null");
        let applied = applied.and_then(|node| self.condition(node, &reads));
        let not_applied = fields.get("not_applied").map(|node| self.condition(node, &reads));
        // What is given is only given where it was found.
        let found = applied.iter().fold(reads, |reads, applied| reads.given(applied));
        let gives = match (fields.get("gives"), &draft.head.output) {
            (Some(node), Some(output)) => {
                let what = format!("the `output` of {}", draft.fields.what);
                Some(self.handed_whole(node, &what, output.json(), &found))
            }
            (Some(node), None) => Some(self.expression(node, &found)),
            (None, Some(_)) => {
                let message = format!("`reconcile` doesn't say what {} gave", draft.fields.what);
                let found = self.error(code::MISSING_KEY, &fields.span, message);
                found.help(
                    "add `gives:`, a value that fits its `output`: whoever waits for the result gets that",
                );
                None
            }
            (None, None) => None,
        };
        let settle = fields.get("settle").map(|node| self.duration(node, "`settle`"));
        let ((tool, _), with, applied) = (looks?, with?, applied?);
        let (not_applied, gives, settle) = (not_applied.flatten(), gives.flatten(), settle.flatten());
        Some(Reconcile::Look { tool, with, applied, not_applied, gives, settle })
    }

    /// How what a tool did is taken back.
    pub(super) fn compensate(
        &mut self,
        node: &'a Node,
        draft: &Draft<'a>,
        places: &Places,
    ) -> Option<Compensate> {
        if !matches!(node.kind, Kind::Map(_)) {
            if self.choice(node, "`compensate`", &[("impossible", ())]).is_none() {
                self.findings.explain(
                    &node.span,
                    "or `{ tool: NAME, with: { … } }`, or `{ leaves: [ … ] }` for what may stay",
                );
                return None;
            }
            return Some(Compensate::Impossible);
        }
        let fields = self.fields(node, "`compensate`", &grammar::COMPENSATE)?;
        let leaves = fields.get("leaves").map(|node| self.texts(node, "`leaves`")).unwrap_or_default();
        let Some(tool) = fields.entry("tool") else {
            self.refuse_misplaced(&fields, "with", "goes with `tool`");
            if leaves.is_empty() {
                let found = self.error(
                    code::MISSING_KEY,
                    &fields.span,
                    "`compensate` names neither a tool nor what is left",
                );
                found.help("add a `tool:` that takes it back, or `leaves:` with what can't be; `compensate: impossible` if nothing may follow it");
            }
            return Some(Compensate::By { undo: None, leaves });
        };
        let undoes = self.named_tool(&tool.value);
        let taker = undoes.as_ref().and_then(|(name, head)| head.taker(name));
        let what = format!("the `compensate` of {}", draft.fields.what);
        let giver = Giver { what: &what, key: "with", span: &tool.at };
        let with = self.handed(fields.get("with"), giver, taker.as_ref(), &places.at(place::COMPENSATE));
        let ((tool, _), with) = (undoes?, with?);
        Some(Compensate::By { undo: Some((tool, with)), leaves })
    }
}
