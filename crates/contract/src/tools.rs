//! Tools: what each one promises, read and checked against itself, its server and the tools that it names.
//!
//! A file's tools are read twice: first what others need of each (its server, input and output), so that a clause may
//! speak of a tool that stands below it; then the rest.

mod approval;
mod effects;
mod head;
mod idempotency;
mod limits;
mod narrow;
mod origins;
mod places;
mod probes;
mod settling;
mod via;

pub(crate) use self::head::Head;
pub(crate) use self::origins::Origin;
pub(crate) use self::places::Parts;
pub(crate) use self::via::{CONNECTION_HEADERS, wrong_path};

use std::collections::BTreeMap;
use std::sync::Arc;

use self::head::Draft;
use crate::grammar;
use crate::groups::Shared;
use crate::loader::{Loader, meant};
use crate::reads::{Reads, place};
use crate::yaml::Node;
use crate::{Clause, Expr, Name, Schema, Tool, code};

/// What a tool's own clauses say.
#[derive(Default)]
struct Clauses {
    requires: Vec<Clause>,
    ensures: Vec<Clause>,
    shows: Vec<Clause>,
}

impl<'a> Loader<'a> {
    /// Reads the section `tools`.
    pub(crate) fn read_tools(&mut self, node: &'a Node) {
        let Some(entries) = self.map(node, "`tools`") else { return };
        let named = entries.iter().filter(|entry| !entry.key.is_empty());
        let (narrowed, own): (Vec<_>, Vec<_>) = named.partition(|entry| entry.key.contains('.'));
        let mut drafts = Vec::new();
        for entry in own {
            let Some(name) = self.name(entry) else { continue };
            let name = self.full(&name);
            drafts.extend(self.draft(name, entry));
        }
        for draft in &drafts {
            if let Some(tool) = self.tool(draft) {
                self.tools.insert(draft.name.clone(), Arc::new(tool));
            }
        }
        for entry in narrowed {
            self.narrow(entry);
        }
        self.probe_circles(&drafts);
    }

    fn tool(&mut self, draft: &Draft<'a>) -> Option<Tool> {
        let fields = &draft.fields;
        let description = self.required(fields, "description", "What it does, in one sentence.");
        let description = description.and_then(|node| self.prose(node, "`description`"));
        let (probes, parts) = self.probes(draft);
        let places = self.places(&parts);
        let via = self.request(draft, &places.at(place::REQUEST));
        let sends = self.sends(draft, &places.at(place::SENDS));
        let effects = self.required(fields, "effects", "[ reads: order/* ]");
        let effects = effects.map(|node| self.effects(node, &places.at(place::EFFECT)));
        let idempotency = self.idempotency_of(draft, via.as_ref(), sends.as_ref(), effects.as_deref());
        let clauses = self.tool_clauses(draft, &places);
        let output = draft.head.output.as_ref();
        let failures = fields.get("failures");
        let failures = failures.map(|node| self.failures(node, &parts.args, output)).unwrap_or_default();
        let establishes = fields.get("establishes");
        let establishes = establishes.map(|node| self.establishes(node, &places.at(place::ESTABLISHES)));
        let (relies, once_per) = self.relies(draft, &places);
        let reconcile = fields.get("reconcile").and_then(|node| self.reconcile(node, draft, &places));
        let compensate = fields.get("compensate").and_then(|node| self.compensate(node, draft, &places));
        let approval =
            fields.get("approval").and_then(|node| self.approval(node, &places.at(place::APPROVAL)));
        let fallback = fields.get("fallback").and_then(|node| self.fallback(node, draft, &places));
        let (groups, shared) = self.shared(fields, &parts, output);
        let tool = Tool {
            name: draft.name.clone(),
            owner: fields.get("owner").and_then(|node| self.prose(node, "`owner`")),
            groups,
            not_for: fields.get("not_for").map(|node| self.texts(node, "`not_for`")).unwrap_or_default(),
            sends,
            output: draft.head.output.clone(),
            labels: fields.get("label").map(|node| self.labels(node)).unwrap_or_default(),
            from: fields.get("from").map(|node| self.origins(node, draft)).unwrap_or_default(),
            volatile: self.volatile(fields, effects.as_deref()),
            costs: fields.get("costs").and_then(|node| self.money(node, "`costs`")),
            relies,
            once_per,
            probes,
            requires: clauses.requires,
            ensures: clauses.ensures,
            shows: clauses.shows,
            establishes: establishes.unwrap_or_default(),
            failures,
            reconcile,
            compensate,
            approval,
            fallback,
            limits: self.limits(fields, &grammar::TOOL_LIMITS),
            at_least: fields.get("at_least").and_then(|node| self.level(node)),
            // What couldn't be read comes last, so that all of the rest is looked at.
            via: via?,
            description: self.decided(description)?,
            input: draft.head.input.clone()?,
            effects: effects?,
            idempotency: idempotency?,
        };
        self.compare_locked(&tool, fields);
        Some(self.with_shared(tool, shared))
    }

    /// The same tool with what its groups and its server say, behind what it says itself.
    fn with_shared(&self, mut tool: Tool, shared: Shared) -> Tool {
        tool.requires.extend(shared.requires);
        tool.ensures.extend(shared.ensures);
        tool.not_for.extend(shared.not_for);
        tool.failures.extend(shared.failures);
        tool.approval = tool.approval.or(shared.approval);
        tool.limits = tool.limits.lowest(&shared.limits);
        if let Some(server) = self.servers.get(&tool.via.server) {
            tool.failures.extend(server.failures.iter().cloned());
        }
        tool
    }

    fn tool_clauses(&mut self, draft: &Draft<'a>, places: &places::Places) -> Clauses {
        let mut read = |key: &str, place| match draft.fields.get(key) {
            Some(node) => self.clauses(node, &format!("tools.{}.{key}", draft.name), &places.at(place)),
            None => Vec::new(),
        };
        Clauses {
            requires: read("requires", place::REQUIRES),
            ensures: read("ensures", place::ENSURES),
            shows: read("shows", place::SHOWS),
        }
    }

    /// What the server gets, where that isn't the input as it is.
    fn sends(&mut self, draft: &Draft<'a>, reads: &Reads) -> Option<BTreeMap<String, Expr>> {
        let entry = draft.fields.entry("sends")?;
        if draft.fields.get("via").is_some_and(|via| via.said().is_none()) {
            let found = self.error(code::CLASH, &entry.at, "an HTTP request says in `via` what is sent");
            found.help("give it there, as `query`, `headers` or `body`");
        }
        Some(self.values(&entry.value, "`sends`", reads))
    }

    /// The facts that a result sets, each with a value of its type.
    fn establishes(&mut self, node: &'a Node, reads: &Reads) -> BTreeMap<Name, Expr> {
        let mut establishes = BTreeMap::new();
        let Some(entries) = self.map(node, "`establishes`") else { return establishes };
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            let fact = self.fact(&entry.key, &entry.at);
            let what = format!("the fact `{}`", entry.key);
            let wanted = fact.as_ref().map_or_else(Schema::any, |fact| fact.schema.clone());
            let value = self.handed_whole(&entry.value, &what, wanted.json(), reads);
            establishes.extend(fact.map(|fact| fact.name).zip(value));
        }
        establishes
    }

    /// The memory that its effects rely on, and what makes two calls the same action.
    fn relies(&mut self, draft: &Draft<'a>, places: &places::Places) -> (Vec<Name>, Option<Expr>) {
        let mut relies = Vec::new();
        if let Some(node) = draft.fields.get("relies") {
            for item in self.list(node, "`relies`").unwrap_or_default() {
                let Some(name) = self.text(item, "a memory's name") else { continue };
                relies.extend(self.resolve(&item.span, "memory", "memory", &name));
            }
        }
        let once_per = draft.fields.get("once_per");
        (relies, once_per.and_then(|node| self.expression(node, &places.at(place::ONCE_PER))))
    }

    /// Names and their values in CEL.
    pub(crate) fn values(&mut self, node: &'a Node, what: &str, reads: &Reads) -> BTreeMap<String, Expr> {
        let Some(entries) = self.map(node, what) else { return BTreeMap::new() };
        let mut values = BTreeMap::new();
        for entry in meant(entries).filter(|entry| !entry.key.is_empty()) {
            if let Some(expr) = self.expression(&entry.value, reads) {
                values.insert(entry.key.clone(), expr);
            }
        }
        values
    }
}
