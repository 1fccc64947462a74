//! Conditions, values and texts with holes, checked where they stand: what they may read, and that it exists.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::expr::ExprError;
use crate::expr::types::{Checked, Typed, Wanted, check};
use crate::grammar;
use crate::limits::EXPANDED_CONDITIONS_MAX;
use crate::loader::{Loader, meant};
use crate::reads::{Reads, Shape, error_schema, other_word, place};
use crate::yaml::{Entry, Kind, Node, Style};
use crate::{Clause, Expr, FailureRule, Schema, Scope, Template, Then, code, suggest, traps};

impl<'a> Loader<'a> {
    /// A condition: true or false, whatever it reads.
    pub(crate) fn condition(&mut self, node: &'a Node, reads: &Reads) -> Option<Expr> {
        self.typed(node, reads, Wanted::Condition).map(|typed| typed.expr)
    }

    /// A value, with what is known of it. A bare path to what may be absent passes absence on.
    pub(crate) fn value(&mut self, node: &'a Node, reads: &Reads) -> Option<Typed> {
        self.typed(node, reads, Wanted::Value)
    }

    /// A value whose type nobody asks for.
    pub(crate) fn expression(&mut self, node: &'a Node, reads: &Reads) -> Option<Expr> {
        self.value(node, reads).map(|typed| typed.expr)
    }

    fn typed(&mut self, node: &'a Node, reads: &Reads, wanted: Wanted) -> Option<Typed> {
        if self.findings.is_full() {
            return None;
        }
        let Some((text, style)) = node.said() else {
            self.no_expression(node, reads);
            return None;
        };
        if traps::explain_cut(node, self.source, &mut self.findings) {
            return None;
        }
        let norway = style == Style::Plain
            && matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off");
        if norway {
            let message = format!("some YAML readers take `{text}` for a boolean");
            let found = self.error(code::OTHER_READING, &node.span, message);
            found.help(format!("for a boolean write `true` or `false`; for a text, \"'{text}'\""));
            return None;
        }
        if !self.may_compile(text) {
            return None;
        }
        match Expr::parse(text) {
            Ok(expr) => {
                if !self.spend_patterns(expr.pattern_memory(), &node.span) {
                    return None;
                }
                let checked = self.check_types(&expr, node, 0..text.len(), reads, wanted)?;
                let expr = self.of_the_whole(expr, Expr::nested);
                Some(Typed { expr, schema: checked.schema, absent: checked.absent })
            }
            Err(error) => {
                self.bad_expression(node, &error, 0);
                None
            }
        }
    }

    fn no_expression(&mut self, node: &Node, reads: &Reads) {
        let place = reads.place();
        match &node.kind {
            Kind::Refused => {}
            Kind::List(_) | Kind::Map(_) => {
                let source = self.source.get(node.span.clone()).unwrap_or("").to_owned();
                let sign = if matches!(node.kind, Kind::List(_)) { "[" } else { "{" };
                if source.starts_with(sign) && !source.contains('\n') {
                    let message = format!(
                        "YAML reads a value that begins with `{sign}` as its own, and {place} is CEL"
                    );
                    let found = self.error(code::CUT, &node.span, message);
                    found.help(format!("quote it: {}", traps::quoted(&source)));
                } else {
                    self.wrong_kind(node, place, "a condition or value in CEL, which is a text");
                }
            }
            Kind::Text { text, .. } => {
                let message = format!("{place} is CEL, and YAML reads nothing here");
                let found = self.error(code::OTHER_READING, &node.span, message);
                found.help(if text.is_empty() {
                    "write a condition or value"
                } else {
                    "for nothing, write `'null'`"
                });
            }
        }
    }

    fn bad_expression(&mut self, node: &Node, error: &ExprError, offset: usize) {
        let within = error.range.start + offset..error.range.end + offset;
        let span = node.place(self.source, within);
        let (message, help) = (error.message.clone(), error.help.clone());
        let found = self.error(code::BAD_EXPRESSION, &span, message);
        found.help(help.unwrap_or_else(|| {
            "conditions and values are CEL: `args.amount <= 200.0 && args.note != 'none'`".to_owned()
        }));
    }

    /// A text with `{…}` holes.
    pub(crate) fn template(&mut self, node: &'a Node, what: &str, reads: &Reads) -> Option<Template> {
        // The holes are read from the text as it stands, so blanks around it count for places, not for the value.
        let text = self.prose(node, what)?;
        let lead = match &node.kind {
            Kind::Text { text: raw, .. } => raw.find(text.as_str()).unwrap_or(0),
            _ => 0,
        };
        if !self.may_compile(&text) {
            return None;
        }
        let template = match Template::parse(&text) {
            Ok(template) => template,
            Err(error) => {
                self.bad_expression(node, &error, lead);
                return None;
            }
        };
        let memory = template.exprs().map(Expr::pattern_memory).fold(0, usize::saturating_add);
        let mut good = self.spend_patterns(memory, &node.span);
        for (expr, at) in template.holes() {
            let at = at + lead;
            let within = at..at + expr.source().len();
            good &= self.check_types(expr, node, within, reads, Wanted::Hole).is_some();
        }
        good.then(|| self.of_the_whole(template, Template::nested))
    }

    /// Counts one reading of a condition that is read for each of several tools; whether it may be read. Too many are
    /// reported once.
    pub(crate) fn may_expand(&mut self, node: &Node) -> bool {
        self.expanded += 1;
        if self.expanded == EXPANDED_CONDITIONS_MAX + 1 {
            let message = format!(
                "more than {EXPANDED_CONDITIONS_MAX} conditions, each counted for every tool that it is about"
            );
            self.error(code::TOO_LARGE, &node.span, message)
                .help("say it of fewer tools, or split the contract");
        }
        self.expanded <= EXPANDED_CONDITIONS_MAX
    }

    /// What an included file reads as its own settings and facts, as a run has them: under the include's name.
    fn of_the_whole<T>(&self, read: T, nested: impl Fn(T, &[&str], &[&str]) -> T) -> T {
        let path: Vec<&str> = self.prefix.split_terminator('.').collect();
        if path.is_empty() { read } else { nested(read, &["settings", "facts"], &path) }
    }

    /// The settings as expressions of the file at hand read them while it is loaded.
    pub(crate) fn settings_scope(&self) -> Value {
        let names = self.prefix.split_terminator('.').rev();
        names.fold(self.settings.clone(), |inner, name| json!({ name: inner }))
    }

    /// A text whose holes read settings, filled.
    pub(crate) fn filled(&mut self, node: &'a Node, what: &str) -> Option<String> {
        let settings = Reads::new(place::SETTINGS, &self.settings_schema);
        let template = self.template(node, what, &settings)?;
        if !self.settings_whole {
            // It is checked all the same; what has no value can't be run, and says so.
            return Some(template.source().to_owned());
        }
        match template.fill(&Scope::default().with("settings", &self.settings_scope())) {
            Ok(text) => Some(text),
            Err(error) => {
                let found = self.error(code::BAD_EXPRESSION, &node.span, error.to_string());
                found.help("a hole is filled with a text, a number or a boolean");
                None
            }
        }
    }

    /// What the expression gives, unless something is wrong with it. `within` is where it stands in the node's text.
    fn check_types(
        &mut self,
        expr: &Expr,
        node: &Node,
        within: Range<usize>,
        reads: &Reads,
        wanted: Wanted,
    ) -> Option<Checked> {
        if expr.literal_word() && expr.roots().iter().all(|root| reads.names().all(|name| name != root)) {
            let word = expr.source().trim();
            let span = node.place(self.source, within);
            if let Some(ours) = other_word(word) {
                self.error(code::BAD_READ, &span, format!("there is no `{word}`")).meant(Some(ours));
                return None;
            }
            let within_one = reads.within(word);
            let meant = within_one.as_deref().or_else(|| suggest(word, reads.names()));
            let found = self.error(
                code::BAD_READ,
                &span,
                format!("`{word}` is read as a name here, and there is none"),
            );
            found.meant(meant).help(format!("for the text, write \"'{word}'\""));
            return None;
        }
        if !self.may_type() {
            return None;
        }
        let checked = check(expr, reads, wanted);
        if !self.spend_typing(checked.copied, &node.span) {
            return None;
        }
        let mut good = true;
        for problem in &checked.problems {
            let place = within.start + problem.range.start..within.start + problem.range.end;
            let span = node.place(self.source, place);
            good &= problem.warning;
            let found = if problem.warning {
                self.findings.warning(problem.code, span, problem.message.clone())
            } else {
                self.error(problem.code, &span, problem.message.clone())
            };
            for help in &problem.help {
                found.help(help.clone());
            }
        }
        good.then_some(checked)
    }

    /// Clauses: sentences and their conditions.
    pub(crate) fn clauses(&mut self, node: &'a Node, prefix: &str, reads: &Reads) -> Vec<Clause> {
        let Some(entries) = self.map(node, reads.place()) else {
            self.findings.explain(
                &node.span,
                "write a sentence for each: `it is more than nothing: args.amount > 0.0`",
            );
            return Vec::new();
        };
        let mut seen: HashMap<String, &Entry> = HashMap::new();
        let mut clauses = Vec::new();
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let part = slug(&entry.key);
            if part.is_empty() {
                let found =
                    self.error(code::BAD_NAME, &entry.at, "this sentence has no letter to be addressed by");
                found.help("write what holds: `the order is not refunded yet`");
                continue;
            }
            if let Some(first) = seen.get(&part) {
                let at = first.at.clone();
                let found = self.error(
                    code::CLASH,
                    &entry.at,
                    format!("two clauses have the address `{prefix}.{part}`"),
                );
                found.label("this one").also(at, "and this one").help("reword one of them");
                continue;
            }
            seen.insert(part.clone(), entry);
            if let Some(condition) = self.condition(&entry.value, reads) {
                clauses.push(Clause {
                    address: format!("{prefix}.{part}"),
                    sentence: entry.key.trim().to_owned(),
                    condition,
                });
            }
        }
        clauses
    }

    /// How failures are recognised. A value that makes one an answer fits the `output`, where there is one.
    pub(crate) fn failures(
        &mut self,
        node: &'a Node,
        args: &Shape,
        output: Option<&Schema>,
    ) -> Vec<Arc<FailureRule>> {
        let Some(entries) = self.map(node, "`failures`") else { return Vec::new() };
        let reads = Reads::new(place::FAILURE, &self.settings_schema)
            .with("args", args)
            .with("error", &error_schema().into())
            .with("result", &Shape::unknown());
        let mut rules = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let name = self.name(entry);
            let Some(fields) = self.entry_fields(entry, "the failure", &grammar::FAILURE) else { continue };
            let when = self.required(&fields, "when", "error.text.contains('not found')");
            let when = when.and_then(|when| self.condition(when, &reads));
            let words = [
                ("permanent", Then::Permanent),
                ("transient", Then::Transient),
                ("doubtful", Then::Doubtful),
            ];
            let then = fields.get("then").map(|then| self.choice(then, "`then`", &words));
            // It is given only where the failure was recognised.
            let known = when.iter().fold(reads.clone(), |reads, when| reads.given(when));
            let gives = fields.get("gives").map(|gives| match output {
                Some(output) => self.handed_whole(gives, "the tool's `output`", output.json(), &known),
                None => self.expression(gives, &known),
            });
            let settles =
                fields.get("settles").map(|settles| self.choice(settles, "`settles`", &[("call", true)]));
            let (Some(name), Some(when)) = (name, when) else { continue };
            rules.push(Arc::new(FailureRule {
                name,
                when,
                then: then.flatten().unwrap_or(Then::Permanent),
                gives: gives.flatten(),
                settles_call: settles.flatten().unwrap_or(false),
            }));
        }
        rules
    }
}

/// A sentence as a part of an address: lower case, dashes.
pub(crate) fn slug(sentence: &str) -> String {
    let lower = sentence.to_lowercase();
    lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_become_addresses() {
        for (sentence, address) in [
            ("the order is not refunded yet", "the-order-is-not-refunded-yet"),
            ("The order's total, at most 200!", "the-order-s-total-at-most-200"),
            ("Größe stimmt", "größe-stimmt"),
            ("…", ""),
        ] {
            assert_eq!(slug(sentence), address);
        }
    }
}
