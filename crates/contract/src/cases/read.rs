//! A file of tests, key by key.
//!
//! The one place of the tests that leans on the loader of contracts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Case, Expectation, FakeAnswer, FakeKind, GivenAnswer, GivenModel};
use crate::diagnostic::{Diagnostic, Findings};
use crate::grammar;
use crate::loader::{Loader, listed, meant};
use crate::reads::{Reads, Shape, place};
use crate::texts::Texts;
use crate::yaml::{Entry, Kind, Node};
use crate::{ClauseKind, Code, Contract, ListedClause, Name, StepWork, Tool, code, suggest};

/// Reads one file.
pub(super) struct Reader<'a> {
    pub(super) loader: Loader<'a>,
    pub(super) contract: &'a Contract,
    pub(super) clauses: Vec<ListedClause>,
}

/// What is given, to one test or to all.
#[derive(Clone, Default)]
struct Given {
    settings: BTreeMap<String, Value>,
    facts: BTreeMap<String, Value>,
    tools: BTreeMap<Name, Vec<FakeAnswer>>,
    approvals: BTreeMap<Name, GivenAnswer>,
    model: Option<GivenModel>,
    /// Answers that do not fit, to be told of unless that is what a test is about.
    misfits: Vec<Misfit>,
}

#[derive(Clone)]
struct Misfit {
    clause: String,
    span: Range<usize>,
    message: String,
}

/// The settings of all tests, as far as they can be read.
pub(super) fn settings(texts: &Texts, node: &Node) -> BTreeMap<String, Value> {
    let mut nothing = |_: &str| Err(String::new());
    let mut loader = Loader::new(texts.all(), Findings::default(), &mut nothing);
    let Kind::Map(entries) = &node.kind else { return BTreeMap::new() };
    entries.iter().filter_map(|entry| Some((entry.key.clone(), loader.json(&entry.value)?))).collect()
}

/// All tests, and what is wrong with them.
pub(super) fn cases<'a>(
    texts: &'a Texts,
    tree: &'a Node,
    findings: Findings,
    contract: &'a Contract,
    read: &'a mut dyn FnMut(&str) -> Result<String, String>,
) -> (Vec<Case>, Vec<Diagnostic>) {
    let loader = Loader::new(texts.all(), findings, read);
    let mut reader = Reader { loader, contract, clauses: contract.clauses() };
    let cases = reader.file(tree).unwrap_or_default();
    (cases, reader.loader.findings.finish(texts))
}

impl<'a> Reader<'a> {
    fn file(&mut self, tree: &'a Node) -> Option<Vec<Case>> {
        let fields = self.loader.fields(tree, "a file of tests", &grammar::TESTS)?;
        let version = self.loader.required(&fields, "handfast_test", "1")?;
        if version.said().is_none_or(|(text, _)| text != "1") {
            let message = "this release reads version 1 of tests";
            self.loader.error(code::BAD_VERSION, &version.span, message).help("write `handfast_test: 1`");
            return None;
        }
        if let Some(contract) = fields.get("contract") {
            self.loader.text(contract, "`contract`");
        }
        let shared = fields.get("given").map(|node| self.given(node)).unwrap_or_default();
        let tests = self.loader.required(&fields, "tests", "{ a sentence: { call: …, expect: … } }")?;
        let entries = self.loader.map(tests, "`tests`")?;
        let cases: Vec<Case> = meant(entries)
            .filter(|entry| !entry.key.is_empty())
            .filter_map(|entry| self.case(entry, &shared))
            .collect();
        self.tell_misfits(shared.misfits, &cases);
        Some(cases)
    }

    fn case(&mut self, entry: &'a Entry, shared: &Given) -> Option<Case> {
        let fields = self.loader.entry_fields(entry, "the test", &grammar::TEST)?;
        let own = fields.get("given").map(|node| self.given(node)).unwrap_or_default();
        let action = self.action(&fields);
        let expect = self.loader.required(&fields, "expect", "{ done: true }");
        let is_call = fields.get("call").is_some();
        let expect = expect.map(|node| self.expectations(node, is_call));
        let before = self.loader.source.get(..entry.at.start).unwrap_or("");
        let mut settings = shared.settings.clone();
        settings.extend(own.settings);
        let mut facts = shared.facts.clone();
        facts.extend(own.facts);
        let mut tools = shared.tools.clone();
        tools.extend(own.tools);
        let mut approvals = shared.approvals.clone();
        approvals.extend(own.approvals);
        let case = Case {
            name: entry.key.trim().to_owned(),
            line: before.matches('\n').count() + 1,
            settings,
            facts,
            tools,
            approvals,
            model: own.model.or_else(|| shared.model.clone()),
            action: action?,
            expect: expect.unwrap_or_default(),
        };
        self.tell_misfits(own.misfits, std::slice::from_ref(&case));
        Some(case)
    }

    /// A fake answer that breaks its tool's promise is what a test wants, or a slip.
    fn tell_misfits(&mut self, misfits: Vec<Misfit>, cases: &[Case]) {
        for Misfit { clause, span, message } in misfits {
            let wanted = Expectation::Violated(clause.clone());
            if !cases.iter().any(|case| case.expect.contains(&wanted)) {
                let found = self.loader.findings.warning(code::TEST_VALUE, span, message);
                found.help(format!("mend it, or expect `violated: {clause}`"));
            }
        }
    }

    fn given(&mut self, node: &'a Node) -> Given {
        let mut given = Given::default();
        let Some(fields) = self.loader.fields(node, "what is given", &grammar::GIVEN) else { return given };
        if let Some(node) = fields.get("settings") {
            self.settings(node, &mut given);
        }
        if let Some(node) = fields.get("facts") {
            self.facts(node, &mut given);
        }
        if let Some(node) = fields.get("tools") {
            self.tools(node, &mut given);
        }
        if let Some(node) = fields.get("approvals") {
            self.approvals(node, &mut given);
        }
        given.model = fields.get("model").and_then(|node| self.model(node));
        given
    }

    fn settings(&mut self, node: &'a Node, given: &mut Given) {
        let Some(entries) = self.loader.map(node, "`settings`") else { return };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let known = self.contract.settings.as_object();
            let names: Vec<&str> = known.into_iter().flat_map(Map::keys).map(String::as_str).collect();
            if self.known(&entry.at, "setting", &entry.key, &names) {
                given.settings.extend(self.loader.json(&entry.value).map(|value| (entry.key.clone(), value)));
            }
        }
    }

    fn facts(&mut self, node: &'a Node, given: &mut Given) {
        let Some(entries) = self.loader.map(node, "`facts`") else { return };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let names: Vec<&str> = self.contract.facts.keys().map(|name| &**name).collect();
            if !self.known(&entry.at, "fact", &entry.key, &names) {
                continue;
            }
            let Some(value) = self.loader.json(&entry.value) else { continue };
            let problems = self.contract.facts.get(entry.key.as_str()).map(|fact| fact.schema.check(&value));
            if let Some(problem) = problems.iter().flatten().next() {
                let message = format!("that is no `{}`: {problem}", entry.key);
                self.loader.findings.error(code::TEST_VALUE, entry.value.span.clone(), message);
                continue;
            }
            given.facts.insert(entry.key.clone(), value);
        }
    }

    fn tools(&mut self, node: &'a Node, given: &mut Given) {
        let Some(entries) = self.loader.map(node, "`tools`") else { return };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let Some(tool) = self.tool(&entry.at, &entry.key) else { continue };
            let answers = match &entry.value.kind {
                Kind::List(items) => {
                    items.iter().filter_map(|item| self.answer(item, &tool, true, given)).collect()
                }
                _ => self.answer(&entry.value, &tool, false, given).into_iter().collect(),
            };
            given.tools.insert(tool.name.clone(), answers);
        }
    }

    fn approvals(&mut self, node: &'a Node, given: &mut Given) {
        let Some(entries) = self.loader.map(node, "`approvals`") else { return };
        let asked = self.answers_of();
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if !self.known(&entry.at, "question to people", &entry.key, &names) {
                continue;
            }
            let Some(answers) = asked.get(&entry.key) else { continue };
            let words = answers.iter().map(|answer| (answer.as_str(), Some(answer)));
            let words: Vec<_> = words.chain([("unanswered", None)]).collect();
            let answer = self.loader.choice(&entry.value, "an answer of people", &words);
            let answer = answer.map(|said| said.cloned().map_or(GivenAnswer::Unanswered, GivenAnswer::Said));
            given.approvals.extend(answer.map(|answer| (entry.key.as_str().into(), answer)));
        }
    }

    /// Whatever asks people, with what they may answer: the tools that need a yes, and the steps, as `steps.NAME`.
    fn answers_of(&self) -> BTreeMap<String, Vec<String>> {
        let tools = self.contract.tools.values().filter(|tool| tool.approval.is_some());
        let yes_or_no = || ["approved", "denied"].map(str::to_owned).to_vec();
        let mut asked: BTreeMap<String, Vec<String>> =
            tools.map(|tool| (tool.name.to_string(), yes_or_no())).collect();
        for (_, step) in self.contract.workflows.values().flat_map(|workflow| workflow.all_steps()) {
            let StepWork::Approval(approval) = &step.work else { continue };
            let answers = asked.entry(format!("steps.{}", step.name)).or_default();
            answers.extend(
                approval.asks.iter().filter(|ask| !answers.contains(ask)).cloned().collect::<Vec<_>>(),
            );
        }
        asked
    }

    fn answer(
        &mut self,
        node: &'a Node,
        tool: &Tool,
        is_listed: bool,
        given: &mut Given,
    ) -> Option<FakeAnswer> {
        const ACTS: [&str; 4] = ["returns", "gives", "fails", "times_out"];
        let fields =
            self.loader.fields(node, format!("an answer of the fake `{}`", tool.name), &grammar::ANSWER)?;
        let reads =
            Reads::new(place::FAKE, &Shape::unknown()).with("args", &Shape::Schema(tool.input.clone()));
        let when = fields.get("when").map(|node| self.loader.expression(node, &reads));
        let times = fields.get("times").map(|node| self.times(node));
        let acts: Vec<&str> = ACTS.into_iter().filter(|act| fields.get(act).is_some()).collect();
        let &[act] = acts.as_slice() else {
            let message = match acts.as_slice() {
                [] => format!("{} says nothing", fields.what),
                _ => format!("{} does two things at once", fields.what),
            };
            let found = self.loader.error(code::TEST_ANSWER, &fields.span, message);
            found.help(format!("it has one of {}; several answers stand in a list", listed(ACTS)));
            return None;
        };
        let node = fields.get(act)?;
        let kind = match act {
            "returns" => self.returns(node, tool, given),
            "gives" => self.loader.expression(node, &reads).map(FakeKind::Gives),
            "fails" => self.fails(node),
            _ => {
                let words = [("before_applying", false), ("after_applying", true)];
                let is_applied = self.loader.choice(node, "`times_out`", &words);
                is_applied.map(|is_applied| FakeKind::TimesOut { is_applied })
            }
        };
        let when = match when {
            Some(when) => Some(when?),
            None => None,
        };
        let times = match times {
            Some(times) => times?,
            None => is_listed.then_some(1),
        };
        Some(FakeAnswer { when, times, kind: kind? })
    }

    /// How often an answer is given: a count, or `any` number of times.
    fn times(&mut self, node: &'a Node) -> Option<Option<u64>> {
        if node.said().is_some_and(|(text, _)| text.trim() == "any") {
            return Some(None);
        }
        self.loader.count(node, "`times`").map(Some)
    }

    fn returns(&mut self, node: &'a Node, tool: &Tool, given: &mut Given) -> Option<FakeKind> {
        let value = self.loader.json(node)?;
        let looked_at = tool.failures.iter().any(|rule| rule.when.roots().contains("result"));
        let problems = tool.output.as_ref().map(|output| output.check(&value)).unwrap_or_default();
        if let Some(problem) = problems.first().filter(|_| !looked_at) {
            let message =
                format!("the fake answer does not fit the output of `{}`: {}", tool.name, problem.message);
            given.misfits.push(Misfit { clause: tool.address("output"), span: node.span.clone(), message });
        }
        Some(FakeKind::Returns(value))
    }

    fn fails(&mut self, node: &'a Node) -> Option<FakeKind> {
        if node.said().is_some() {
            let text = self.loader.text(node, "`fails`")?;
            return Some(FakeKind::Fails { text, code: None, status: None });
        }
        let fields = self.loader.fields(node, "a failure", &grammar::FAILS)?;
        let mut text = |key: &str| fields.get(key).map(|node| self.loader.text(node, &format!("`{key}`")));
        let (text, code) = (text("text"), text("code"));
        let status = fields.get("status").map(|node| {
            let status = self.loader.count(node, "`status`")?;
            let fits = u16::try_from(status).ok().filter(|status| (100..600).contains(status));
            if fits.is_none() {
                let message = format!("`{status}` is no HTTP status");
                self.loader.error(code::BAD_LITERAL, &node.span, message).help("it lies between 100 and 599");
            }
            fits
        });
        if fields.get("text").or_else(|| fields.get("code")).or_else(|| fields.get("status")).is_none() {
            let found = self.loader.error(code::TEST_ANSWER, &node.span, "a failure that says nothing");
            found.help("give it a `text`, a `code` or a `status`, as the contract's `failures` look for");
            return None;
        }
        Some(FakeKind::Fails {
            text: text.flatten().unwrap_or_default(),
            code: code.flatten(),
            status: status.flatten(),
        })
    }

    /// `script:FILE`, or what is said in each step, turn by turn.
    fn model(&mut self, node: &'a Node) -> Option<GivenModel> {
        if node.said().is_some() {
            let text = self.loader.text(node, "`model`")?;
            let Some(file) = text.strip_prefix("script:") else {
                let found = self.loader.error(
                    code::NO_CHOICE,
                    &node.span,
                    format!("a model can't be `{text}` in a test"),
                );
                found
                    .help("write `script:FILE`, or the answers of each step: `{ resolve: [ { text: … } ] }`");
                return None;
            };
            let script = self.loader.file_at(node, file.trim())?;
            return Some(GivenModel { place: file.trim().to_owned(), script });
        }
        let entries = self.loader.map(node, "`model`")?;
        let steps: Vec<&str> = self
            .contract
            .workflows
            .values()
            .flat_map(|workflow| workflow.own_steps())
            .filter(|step| matches!(step.work, StepWork::Agent(_)))
            .map(|step| &*step.name)
            .collect();
        let mut decisions = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if !self.known(&entry.at, "step of an agent", &entry.key, &steps) {
                continue;
            }
            let turns = self.loader.list(&entry.value, "what a step's model says").unwrap_or_default();
            for (index, turn) in turns.iter().enumerate() {
                let Some(mut said) = self.turn(turn) else { continue };
                said.insert("step".into(), entry.key.as_str().into());
                said.insert("turn".into(), (index + 1).into());
                decisions.push(Value::Object(said));
            }
        }
        let script = json!({ "handfast_script": 1, "decisions": decisions }).to_string();
        Some(GivenModel { place: "`model` of the test".into(), script })
    }

    /// One answer of a model, with the words of script files.
    fn turn(&mut self, node: &'a Node) -> Option<Map<String, Value>> {
        let fields = self.loader.fields(node, "an answer of the model", &grammar::TURN)?;
        let mut said = Map::new();
        for key in ["text", "json", "refusal", "fail", "detail"] {
            let value = fields.get(key).map(|node| match key {
                "json" => self.loader.json(node),
                _ => self.loader.text(node, &format!("`{key}`")).map(Value::String),
            });
            if let Some(value) = value {
                said.insert(key.to_owned(), value?);
            }
        }
        let calls =
            fields.get("calls").and_then(|node| self.loader.list(node, "`calls`")).unwrap_or_default();
        let mut asked = Vec::new();
        for call in calls {
            let fields = self.loader.fields(call, "a call of the model", &grammar::ASK)?;
            let tool = self.loader.required(&fields, "tool", "find_order")?;
            let tool = self.loader.text(tool, "`tool`")?;
            let with = fields.get("with").map_or_else(|| Some(json!({})), |node| self.loader.json(node))?;
            asked.push(json!({ "tool": tool, "args": with }));
        }
        if !asked.is_empty() {
            said.insert("calls".into(), asked.into());
        }
        if said.keys().all(|key| key == "detail") {
            let found = self.loader.error(
                code::TEST_ANSWER,
                &fields.span,
                "an answer of the model that says nothing",
            );
            found.help(format!("it has one of {}", listed(["calls", "text", "json", "refusal", "fail"])));
            return None;
        }
        Some(said)
    }

    /// The tool by this name, or the nearest.
    pub(super) fn tool(&mut self, span: &Range<usize>, name: &str) -> Option<Arc<Tool>> {
        let contract = self.contract;
        let names: Vec<&str> = contract.tools.keys().map(|name| &**name).collect();
        self.known(span, "tool", name, &names).then(|| contract.tools.get(name).cloned()).flatten()
    }

    pub(super) fn known(&mut self, span: &Range<usize>, kind: &str, name: &str, names: &[&str]) -> bool {
        if names.contains(&name) {
            return true;
        }
        let message = format!("the contract has no {kind} `{name}`");
        let meant = suggest(name, names.iter().copied());
        let found = self.loader.error(code::UNKNOWN_NAME, span, message);
        match meant {
            Some(_) => found.meant(meant),
            None => found.help(format!("it has {}", listed(names.iter().copied()))),
        };
        false
    }

    pub(super) fn error(&mut self, code: Code, span: &Range<usize>, message: String) -> &mut Diagnostic {
        self.loader.error(code, span, message)
    }

    pub(super) fn kind_of(&self, address: &str) -> Option<ClauseKind> {
        self.clauses.iter().find(|clause| clause.address == address).map(|clause| clause.kind)
    }
}
