//! One step: of which kind it is, what it is given, and what follows if it fails.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::json;

use super::sight::Sight;
use crate::expr::types::union;
use crate::grammar;
use crate::handoff::{Giver, Taker};
use crate::loader::{Fields, Loader, listed};
use crate::reads::{Reads, Shape, portable};
use crate::yaml::{Entry, Kind, Node};
use crate::{Given, Gives, ModelChoice, Name, Otherwise, Step, StepWork, code, suggest};

/// The kinds of step, each with the keys that belong to it beside those of every step.
const KINDS: &[(&str, &[&str])] = &[
    ("agent", &["with", "model"]),
    ("tool", &["with"]),
    ("workflow", &["with"]),
    ("approval", &[]),
    ("wait", &[]),
    ("choose", &[]),
    ("repeat", &["until", "steps", "output"]),
    ("each", &["as", "at_once", "enough", "steps", "output"]),
];

/// Who does a step's work, as it was read.
struct Work {
    work: Option<StepWork>,
    with: Option<Given>,
    gives: Gives,
}

impl Gives {
    /// What gives either this or that.
    pub(super) fn or(self, other: Self) -> Self {
        let schema = match (self.is_nothing(), other.is_nothing()) {
            (true, _) => other.schema,
            (_, true) => self.schema,
            _ => {
                let both = union(Cow::Borrowed(&self.schema), Cow::Borrowed(&other.schema));
                Arc::new(portable(&both))
            }
        };
        Self { schema, absent: self.absent || other.absent }
    }

    /// The same, where there may be no value.
    pub(super) fn or_absent(self) -> Self {
        Self { absent: true, ..self }
    }
}

impl<'a> Loader<'a> {
    /// One step of a block, but for the order; and what it gives, as far as that could be read.
    pub(super) fn step(&mut self, name: &Name, entry: &'a Entry, around: &Sight) -> (Option<Step>, Gives) {
        match self.entry_fields(entry, "the step", &grammar::STEP) {
            Some(fields) => self.step_of(name, &fields, around, format!("{}.steps.{name}", around.address)),
            None => (None, Gives::unknown()),
        }
    }

    fn step_of(
        &mut self,
        name: &Name,
        fields: &Fields<'a>,
        around: &Sight,
        address: String,
    ) -> (Option<Step>, Gives) {
        let kind = self.step_kind(fields);
        let when = fields.get("when").map(|node| self.condition(node, &around.reads));
        let knowing = when.as_ref().and_then(Option::as_ref).map(|when| {
            let reads = around.reads.clone().given(when);
            Sight { reads, ..around.clone() }
        });
        let sight = &knowing.as_ref().unwrap_or(around).within(address);
        let collects = is_word(fields.get("otherwise"), "collect");
        let work = self.work(kind, fields, sight, collects);
        let models = self.step_models(kind, fields, &work, sight);
        let needs = fields.get("needs").map(|node| self.needs(node, &around.steps)).unwrap_or_default();
        let otherwise = fields.get("otherwise").map(|node| self.otherwise(name, node, fields, kind, sight));
        let limits = self.limits(fields, &grammar::STEP_LIMITS);
        let accepts_irreversible = self.accepts_irreversible(fields);
        let mut gives = work.gives;
        if let Some((_, instead)) = &otherwise {
            gives = match instead {
                Some(instead) => gives.or(instead.clone()),
                None => gives,
            };
        }
        if when.is_some() {
            gives = gives.or_absent();
        }
        let step = (|| {
            Some(Step {
                name: name.clone(),
                work: work.work?,
                with: work.with?,
                models,
                when: match when {
                    Some(when) => Some(when?),
                    None => None,
                },
                needs,
                after: Vec::new(),
                gives: gives.clone(),
                otherwise: match otherwise {
                    Some((otherwise, _)) => Some(otherwise?),
                    None => None,
                },
                limits,
                accepts_irreversible,
            })
        })();
        (step, gives)
    }

    /// The one kind that a step is of; keys of other kinds are reported.
    fn step_kind(&mut self, fields: &Fields<'a>) -> Option<&'static str> {
        let said = KINDS.iter().filter(|(kind, _)| fields.get(kind).is_some());
        let mut said: Vec<(&'static str, &[&str])> = said.copied().collect();
        let place = |kind: &str| fields.entry(kind).map_or(0, |entry| entry.at.start);
        said.sort_by_key(|(kind, _)| place(kind));
        let Some((kind, keys)) = said.first().copied() else {
            let found = self.error(code::MISSING_KEY, &fields.span, format!("{} says no work", fields.what));
            found.help(format!("say who does it: one of {}", listed(KINDS.iter().map(|(kind, _)| *kind))));
            return None;
        };
        if let Some((second, _)) = said.get(1) {
            let at = fields.entry(second).map_or(fields.span.clone(), |entry| entry.at.clone());
            let found =
                self.error(code::STEP_KIND, &at, format!("{} says `{kind}` and `{second}`", fields.what));
            found.help("make two steps of it");
            return None;
        }
        // A key may belong to two kinds, and is told once.
        let others: BTreeSet<&str> = KINDS.iter().flat_map(|(_, keys)| *keys).copied().collect();
        for key in others.into_iter().filter(|key| !keys.contains(key)) {
            self.other_kind(fields, kind, key);
        }
        Some(kind)
    }

    fn other_kind(&mut self, fields: &Fields<'a>, kind: &str, key: &str) {
        let Some(entry) = fields.entry(key) else { return };
        let owners = KINDS.iter().filter(|(_, keys)| keys.contains(&key)).map(|(kind, _)| *kind);
        let owners: Vec<&str> = owners.collect();
        let message = format!("`{key}` belongs to {}, and {} is `{kind}`", listed(owners), fields.what);
        let at = entry.at.clone();
        self.error(code::STEP_KIND, &at, message).help(match (key, kind) {
            ("with", "approval") => "what people are shown is `presents:` of the approval",
            ("with", _) => "take it out: the steps within read what they need themselves",
            ("steps" | "output", "choose") => "each branch of a `choose` has its own",
            _ => "take it out",
        });
    }

    fn work(
        &mut self,
        kind: Option<&'static str>,
        fields: &Fields<'a>,
        sight: &Sight,
        collects: bool,
    ) -> Work {
        let Some((kind, node)) = kind.and_then(|kind| Some((kind, fields.get(kind)?))) else {
            // Who does it isn't known; what it is given can be wrong all the same.
            let with = self.with(fields, None, &sight.reads);
            return Work { work: None, with, gives: Gives::unknown() };
        };
        let (work, gives) = match kind {
            "agent" | "tool" | "workflow" => return self.done_by(kind, node, fields, &sight.reads),
            "approval" => self.approval_step(node, &sight.reads),
            "wait" => self.wait(node, fields, &sight.reads),
            "choose" => self.choose(node, fields, sight),
            "repeat" => self.repeat(node, fields, sight),
            _ => self.each(node, fields, sight, collects),
        };
        Work { work, with: Some(Given::Fields(BTreeMap::new())), gives }
    }

    /// The kinds whose work is done elsewhere in the contract.
    fn done_by(&mut self, kind: &'static str, node: &'a Node, fields: &Fields<'a>, reads: &Reads) -> Work {
        let named = self.text(node, &format!("the name of the {kind}"));
        let (section, kind) = match kind {
            "agent" => ("agents", kind),
            "tool" => ("tools", kind),
            _ => ("workflows", kind),
        };
        let name = named.and_then(|name| self.resolve(&node.span, section, kind, &name));
        let found = name.and_then(|name| match kind {
            "agent" => {
                let agent = self.agents.get(&name)?.clone();
                let output = agent.output.as_ref().map(|output| output.json().clone());
                let gives = output.unwrap_or_else(|| json!({ "type": "string" }));
                Some((Taker::from(&*agent), StepWork::Agent(agent), portable(&gives), false))
            }
            "tool" => {
                let tool = self.tools.get(&name)?.clone();
                let gives = tool.output.as_ref().map_or(json!({}), |output| portable(output.json()));
                Some((Taker::from(&*tool), StepWork::Tool(tool), gives, false))
            }
            _ => {
                let workflow = self.workflows.get(&name)?.clone();
                if workflow.chat.is_some() {
                    let message = format!("the workflow `{name}` is a conversation, and no step");
                    let found = self.error(code::STEP_KIND, &node.span, message);
                    found.help("name its agent: `agent:`");
                    return None;
                }
                let taker = Taker { who: format!("the workflow `{name}`"), input: workflow.input.clone() };
                let Gives { schema, absent } = &workflow.gives;
                Some((taker, StepWork::Workflow(name), (**schema).clone(), *absent))
            }
        });
        let Some((taker, work, schema, absent)) = found else {
            let with = self.with(fields, None, reads);
            return Work { work: None, with, gives: Gives::unknown() };
        };
        let with = self.with(fields, Some(&taker), reads);
        Work { work: Some(work), with, gives: Gives { schema: schema.into(), absent } }
    }

    /// The models that the step's agent uses here.
    fn step_models(
        &mut self,
        kind: Option<&str>,
        fields: &Fields<'a>,
        work: &Work,
        sight: &Sight,
    ) -> Option<Vec<ModelChoice>> {
        let node = fields.get("model").filter(|_| kind == Some("agent"))?;
        let given = match &work.work {
            Some(StepWork::Agent(agent)) => Shape::Schema(agent.input.clone()),
            _ => Shape::unknown(),
        };
        let reads = self.model_reads(&given);
        Some(self.model_choices(node, &format!("{}.model", sight.address), &reads))
    }

    /// What the step is given, and that it fits who does the work.
    fn with(&mut self, fields: &Fields<'a>, taker: Option<&Taker>, reads: &Reads) -> Option<Given> {
        let node = fields.get("with");
        if let Some(node) = node.filter(|node| node.said().is_some()) {
            let Some(taker) = taker else { return self.expression(node, reads).map(Given::Whole) };
            let what = format!("what {} takes", taker.who);
            return self.handed_whole(node, &what, taker.input.json(), reads).map(Given::Whole);
        }
        let giver = Giver { what: &fields.what, key: "with", span: &fields.span };
        self.handed(node, giver, taker, reads).map(Given::Fields)
    }

    fn needs(&mut self, node: &'a Node, steps: &[(Name, Range<usize>)]) -> Vec<Name> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut needs = Vec::new();
        for item in items {
            let Some(text) = self.text(item, "a step's name") else { continue };
            match steps.iter().find(|(name, _)| **name == *text) {
                Some((name, _)) => needs.push(name.clone()),
                None => {
                    let known = || steps.iter().map(|(name, _)| &**name);
                    let meant = suggest(&text, known());
                    let found =
                        self.error(code::UNKNOWN_NAME, &item.span, format!("there is no step `{text}`"));
                    if meant.is_some() {
                        found.meant(meant)
                    } else {
                        found.help(format!("the steps are {}", listed(known())))
                    };
                }
            }
        }
        needs
    }

    /// What follows the step's failure, and what that gives; the latter is none where the step's own value stays.
    fn otherwise(
        &mut self,
        name: &Name,
        node: &'a Node,
        fields: &Fields<'a>,
        kind: Option<&str>,
        sight: &Sight,
    ) -> (Option<Otherwise>, Option<Gives>) {
        if let Kind::Map(_) = &node.kind {
            let what = format!("what follows {}", fields.what);
            let Some(inner) = self.fields(node, what, &grammar::STEP) else { return (None, None) };
            let (step, gives) = self.step_of(name, &inner, sight, format!("{}.otherwise", sight.address));
            return (step.map(|step| Otherwise::Step(Arc::new(step))), Some(gives));
        }
        if is_word(Some(node), "skip") {
            return (Some(Otherwise::Skip), Some(Gives::nothing()));
        }
        if is_word(Some(node), "collect") {
            if kind.is_some_and(|kind| kind != "each") {
                let message =
                    format!("`collect` goes on with the lanes that succeeded, and {} has none", fields.what);
                let found = self.error(code::BAD_OTHERWISE, &node.span, message);
                found.help("write `skip`, a value, or another step");
                return (None, None);
            }
            return (Some(Otherwise::Collect), None);
        }
        let word = node.said().map_or("", |(text, _)| text.trim());
        if let Some(meant) = suggest(word, ["skip", "collect"]).filter(|_| !word.contains('.')) {
            let found = self.error(code::BAD_OTHERWISE, &node.span, format!("`otherwise` can't be `{word}`"));
            found.meant(Some(meant)).help("it is `skip`, `collect`, a value in CEL, or another step");
            return (None, None);
        }
        let Some(typed) = self.value(node, &sight.reads) else { return (None, None) };
        let gives = Gives { schema: portable(&typed.schema).into(), absent: typed.absent };
        (Some(Otherwise::Value(typed.expr)), Some(gives))
    }
}

/// Whether this word stands there, quoted or not.
fn is_word(node: Option<&Node>, word: &str) -> bool {
    node.and_then(Node::said).is_some_and(|(text, _)| text.trim() == word)
}
