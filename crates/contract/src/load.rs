//! From sources to a checked contract: the sections in the order in which they name each other.

use std::collections::BTreeMap;

use handfast_events::Sources;
use serde_json::Value;

use crate::diagnostic::{Findings, Paint, Severity};
use crate::loader::{Keys, Loader};
use crate::yaml::Node;
use crate::{Contract, Diagnostic, code, yaml};

/// What came of loading: the contract where no diagnostic is an error, and always all diagnostics and all that was read.
#[derive(Debug)]
pub struct Loaded {
    /// The checked contract; none where there is an error.
    pub contract: Option<Contract>,
    /// Errors and warnings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Every byte that was read.
    pub sources: Sources,
}

impl Loaded {
    /// All diagnostics as a person reads them, with their sum; empty where there are none.
    pub fn report(&self, paint: Paint) -> String {
        if self.diagnostics.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        for diagnostic in &self.diagnostics {
            text.push_str(&diagnostic.render(&self.sources, paint));
            text.push_str("\n\n");
        }
        let errors = self.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
        let count = |number: usize, word: &str| match number {
            1 => format!("1 {word}"),
            number => format!("{number} {word}s"),
        };
        let warnings = self.diagnostics.len() - errors;
        let sum: Vec<String> = [(errors, "error"), (warnings, "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| count(number, word))
            .collect();
        text + &format!("{}: {}\n", self.sources.main, sum.join(", "))
    }
}

/// Loads the contract in the file `main`; that and the other files that it names are asked of `read`, by their path
/// relative to the contract's folder `root`. `settings` are the values given for this environment, over its defaults.
///
/// ```
/// use std::collections::BTreeMap;
/// let text = "handfast: 1\nname: hello\nversion: \"1\"\n";
/// let loaded = handfast_contract::load("hello.yaml", ".", &BTreeMap::new(), &mut |_| Ok(text.to_owned()));
/// assert_eq!(loaded.contract.unwrap().name, "hello");
/// ```
pub fn load(
    main: &str,
    root: &str,
    settings: &BTreeMap<String, Value>,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Loaded {
    let mut findings = Findings::new(main);
    let mut sources = Sources { main: main.to_owned(), files: BTreeMap::new(), root: root.to_owned() };
    let text = match read(main) {
        Ok(text) => text,
        Err(reason) => {
            let found = findings.error_outside(code::BAD_FILE, format!("`{main}` can't be read: {reason}"));
            found.help("name a contract's file, or a folder with a `handfast.yaml`");
            return Loaded { contract: None, diagnostics: findings.finish(""), sources };
        }
    };
    sources.files.insert(main.to_owned(), text.clone());
    let (mut contract, diagnostics) = match yaml::parse(&text, &mut findings) {
        None => (None, findings.finish(&text)),
        Some(tree) => {
            let mut loader = Loader::new(&text, findings, read);
            loader.files = sources.files;
            let contract = loader.contract(&tree, settings);
            sources.files = loader.files;
            (contract, loader.findings.finish(&text))
        }
    };
    if diagnostics.iter().any(|found| found.severity == Severity::Error) {
        contract = None;
    }
    if let Some(contract) = &mut contract {
        contract.digest = sources.digest();
    }
    Loaded { contract, diagnostics, sources }
}

/// Loads a contract again from what was read for it, so that a run goes on with the one that it began with.
pub fn load_again(sources: &Sources, settings: &BTreeMap<String, Value>) -> Loaded {
    let mut read =
        |path: &str| sources.files.get(path).cloned().ok_or_else(|| "it wasn't kept with the run".to_owned());
    load(&sources.main, &sources.root, settings, &mut read)
}

impl<'a> Loader<'a> {
    fn contract(&mut self, tree: &'a Node, given: &BTreeMap<String, Value>) -> Option<Contract> {
        const KEYS: Keys = Keys {
            known: &[
                "handfast",
                "name",
                "version",
                "owner",
                "settings",
                "models",
                "types",
                "servers",
                "tools",
                "agents",
                "workflows",
            ],
            planned: &["roles", "facts", "groups", "memory", "invariants", "include", "at_least"],
        };
        let fields = self.fields(tree, "a contract", &KEYS)?;
        let language = self.required(&fields, "handfast", "1")?;
        if language.said().is_none_or(|(text, _)| text != "1") {
            let found =
                self.error(code::BAD_VERSION, &language.span, "this release reads version 1 of the language");
            found.help("write `handfast: 1`");
            return None;
        }
        let name = self.required(&fields, "name", "support").and_then(|node| self.contract_name(node));
        let version =
            self.required(&fields, "version", "\"2026-11-21\"").and_then(|node| self.text(node, "`version`"));
        let owner = fields.get("owner").map(|node| self.text(node, "`owner`"));
        self.read_settings(fields.get("settings"), given);
        if let Some(node) = fields.get("types") {
            self.read_types(node);
        }
        if let Some(node) = fields.get("models") {
            self.read_models(node);
        }
        if let Some(node) = fields.get("servers") {
            self.read_servers(node);
        }
        if let Some(node) = fields.get("tools") {
            self.read_tools(node);
        }
        if let Some(node) = fields.get("agents") {
            self.read_agents(node);
        }
        let workflows = fields.get("workflows").map(|node| self.read_workflows(node)).unwrap_or_default();
        Some(Contract {
            name: name?,
            version: version?,
            owner: owner.flatten(),
            digest: handfast_events::Digest::default(),
            settings: std::mem::take(&mut self.settings),
            models: std::mem::take(&mut self.models),
            servers: std::mem::take(&mut self.servers),
            tools: std::mem::take(&mut self.tools),
            agents: std::mem::take(&mut self.agents),
            workflows,
        })
    }

    fn contract_name(&mut self, node: &'a Node) -> Option<String> {
        let text = self.text(node, "`name`")?;
        let letters = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '-' | '.')
        };
        if text.len() > crate::limits::NAME_BYTES_MAX || !text.chars().all(letters) {
            let found =
                self.error(code::BAD_NAME, &node.span, format!("`{text}` can't be a contract's name"));
            found.help("small letters, digits, `-`, `_` and `.`, at most 64: `support`");
            return None;
        }
        Some(text)
    }
}
