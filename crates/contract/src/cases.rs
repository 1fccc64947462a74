//! Tests beside a contract: `x.test.yaml` says what is given, what is tried, and what is to come of it.
//!
//! Read and checked with the diagnostics of a contract; every name and address must be one of the contract's. Nothing is
//! run here: that is the command's, on the real engine. Start with [`load_cases`].

mod action;
mod expect;
mod read;
mod stage;

use std::collections::BTreeMap;

use handfast_events::Sources;
use serde_json::Value;

use crate::diagnostic::{Findings, Severity};
use crate::texts::Texts;
use crate::yaml::Kind;
pub use stage::STAGED;

use crate::{Contract, Expr, Loaded, Name, code, yaml};

/// What must be known of a file of tests before its contract can be loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CasesHead {
    /// The contract's file, relative to the tests' own folder; none means the one beside it.
    pub contract: Option<String>,
    /// The settings that all its tests are given.
    pub settings: BTreeMap<String, Value>,
}

/// What came of reading a file of tests.
#[derive(Debug)]
pub struct LoadedCases {
    /// The tests in their order; none where there is an error.
    pub cases: Option<Vec<Case>>,
    /// What was found and read; it holds no contract.
    pub found: Loaded,
}

/// One test.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its sentence.
    pub name: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What the settings are to be, over the environment's and the contract's own.
    pub settings: BTreeMap<String, Value>,
    /// The facts that the run begins with, by their names.
    pub facts: BTreeMap<String, Value>,
    /// What each fake tool answers.
    pub tools: BTreeMap<Name, Vec<FakeAnswer>>,
    /// What people say to the calls of each tool, and to each step that asks them: `steps.NAME`.
    pub approvals: BTreeMap<Name, GivenAnswer>,
    /// What the models say; none leaves it to the scripts that the contract names.
    pub model: Option<GivenModel>,
    /// What is tried.
    pub action: Action,
    /// What is to come of it: all of these.
    pub expect: Vec<Expectation>,
}

/// What is tried.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// One call is proposed, and judged.
    Call {
        /// The tool.
        tool: Name,
        /// The agent whose model proposes it; none is a step of a workflow.
        agent: Option<Name>,
        /// The arguments.
        with: Value,
        /// What the agent was given, for grants that read it.
        input: Value,
    },
    /// A workflow runs to its end.
    Run {
        /// Which.
        workflow: Name,
        /// Its input.
        input: Value,
        /// What is said in a conversation, one thing after the other; then they leave.
        says: Vec<String>,
    },
}

/// What people say in a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenAnswer {
    /// This: the yes by all who are asked, another answer by the first of them.
    Said(String),
    /// Nobody answers; the time to answer passes.
    Unanswered,
}

/// A script for the models of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenModel {
    /// Where it stands, for messages.
    pub place: String,
    /// The script, in the form of script files.
    pub script: String,
}

/// One answer of a fake tool.
#[derive(Clone, Debug)]
pub struct FakeAnswer {
    /// To which calls; none is all.
    pub when: Option<Expr>,
    /// How often; none is as often as it is asked for.
    pub times: Option<u64>,
    /// The answer.
    pub kind: FakeKind,
}

/// What a fake tool does.
#[derive(Clone, Debug)]
pub enum FakeKind {
    /// It takes effect and gives this value.
    Returns(Value),
    /// It takes effect and gives what this comes to.
    Gives(Expr),
    /// It says that it failed.
    Fails {
        /// What it says.
        text: String,
        /// Its code.
        code: Option<String>,
        /// The HTTP status.
        status: Option<u16>,
    },
    /// Nobody hears of it again.
    TimesOut {
        /// Whether it took effect before that.
        is_applied: bool,
    },
}

/// One thing that is to come of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// It ends as promised.
    Done,
    /// This clause refuses a call.
    Refused(String),
    /// This clause is violated.
    Violated(String),
    /// This clause was looked at and held, each time.
    Held(String),
    /// It fails; on this clause or in this way, where one is named.
    Failed(Option<String>),
    /// A call of this tool rests in doubt.
    InDoubt(Name),
    /// The run rests on this limit.
    Paused(String),
    /// The output, or the call's result, has at least this.
    Output(Value),
    /// The agent of a conversation says something with these words in it.
    Said(String),
    /// So many calls of this tool were sent.
    Calls(Name, u64),
    /// So often did this fake tool take effect.
    Effects(Name, u64),
}

/// Reads what a file of tests says of its contract; what is wrong with it is said once the contract is there.
///
/// ```
/// let head = handfast_contract::cases_head("contract: shop.yaml\ngiven: { settings: { port: 7400 } }\n");
/// assert_eq!((head.contract.as_deref(), &head.settings["port"]), (Some("shop.yaml"), &7400.into()));
/// ```
pub fn cases_head(text: &str) -> CasesHead {
    let mut texts = Texts::default();
    let place = texts.add("", text);
    let Some(tree) = yaml::parse(texts.all(), place, &mut Findings::default()) else {
        return CasesHead::default();
    };
    let contract = get(&tree, "contract").and_then(yaml::Node::said).map(|(text, _)| text.trim().to_owned());
    let settings = get(&tree, "given").and_then(|given| get(given, "settings"));
    CasesHead { contract, settings: settings.map(|node| read::settings(&texts, node)).unwrap_or_default() }
}

fn get<'n>(node: &'n yaml::Node, key: &str) -> Option<&'n yaml::Node> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

/// Reads the tests in `file`, whose text this is, against their contract. `read` gives the files that they name, by their
/// path relative to the tests' folder.
///
/// ```
/// # use std::collections::BTreeMap;
/// # let text = "handfast: 1\nname: words\nversion: \"1\"\nservers: { words: { process: { command: [wc, -w] } } }\ntools:\n  count:\n    via: words.count\n    description: Counts words.\n    input: { text: string }\n    effects: []\n";
/// # let loaded = handfast_contract::load("words.yaml", ".", &BTreeMap::new(), &mut |_| Ok(text.to_owned()));
/// # let contract = loaded.contract.unwrap();
/// let tests = "
/// handfast_test: 1
/// tests:
///   a number is no text:
///     call: { tool: count, with: { text: 12 } }
///     expect: { refused: tools.count.input }
/// ";
/// let loaded = handfast_contract::load_cases("words.test.yaml", tests, &contract, &mut |_| Err("none".into()));
/// assert_eq!(loaded.cases.unwrap()[0].name, "a number is no text");
/// ```
pub fn load_cases(
    file: &str,
    text: &str,
    contract: &Contract,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> LoadedCases {
    let mut texts = Texts::default();
    let place = texts.add(file, text);
    let mut findings = Findings::default();
    let tree = if text.trim().is_empty() {
        let found = findings.error(code::SYNTAX, 0..0, "the file is empty");
        found.help("a file of tests begins with `handfast_test: 1`; `handfast init` writes one that passes");
        None
    } else {
        yaml::parse(texts.all(), place, &mut findings)
    };
    let (cases, diagnostics) = match tree {
        None => (Vec::new(), findings.finish(&texts)),
        Some(tree) => read::cases(&texts, &tree, findings, contract, read),
    };
    let is_good = diagnostics.iter().all(|found| found.severity == Severity::Warning);
    let files = BTreeMap::from([(file.to_owned(), text.to_owned())]);
    let sources = Sources { main: file.to_owned(), files, root: String::new() };
    LoadedCases { cases: is_good.then_some(cases), found: Loaded::broken(diagnostics, sources) }
}
