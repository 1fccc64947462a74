//! From sources to a checked contract: the files that include each other, then in each the sections in the order in
//! which they name each other.

use std::collections::BTreeMap;

use handfast_events::Sources;
use serde_json::Value;

use crate::diagnostic::{Findings, Severity};
use crate::files::{File, Gather};
use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::locked::Held;
use crate::places::Places;
use crate::reads::Shape;
use crate::texts::Texts;
use crate::unrun;
use crate::yaml::{Entry, Kind, Node};
use crate::{Contract, Diagnostic, Included, Lock, allow, code, lints};

/// What came of loading: the contract where it checks, and always all diagnostics and all that was read.
#[derive(Debug)]
pub struct Loaded {
    /// The contract, where it can be run; none where a diagnostic is an error or says what can't be run.
    pub contract: Option<Contract>,
    /// The contract, where it checks and can't be run: for those who only look at it.
    pub unrun: Option<Contract>,
    /// Errors and warnings, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// What lints found and the contract allows, each with its reason as the help.
    pub allowed: Vec<Diagnostic>,
    /// Every byte that was read.
    pub sources: Sources,
}

impl Loaded {
    /// What could not be read as what it should be.
    pub(crate) fn broken(diagnostics: Vec<Diagnostic>, sources: Sources) -> Self {
        Self { contract: None, unrun: None, diagnostics, allowed: Vec::new(), sources }
    }

    /// The contract, where it checks, whether or not it can be run.
    pub fn checked(&self) -> Option<&Contract> {
        self.contract.as_ref().or(self.unrun.as_ref())
    }
}

/// Loads the contract in the file `main`; that and the other files that it names are asked of `read`, by their path
/// relative to the contract's folder `root`. `settings` are the values given for this environment, over its defaults.
///
/// ```
/// use std::collections::BTreeMap;
/// let text = "handfast: 1\nname: hello\nversion: \"1\"\n";
/// let mut read = handfast_contract::alone("hello.yaml", text);
/// let loaded = handfast_contract::load("hello.yaml", ".", &BTreeMap::new(), &mut read);
/// assert_eq!(loaded.contract.unwrap().name, "hello");
/// ```
pub fn load(
    main: &str,
    root: &str,
    settings: &BTreeMap<String, Value>,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Loaded {
    load_held(main, root, settings, read, Held::default(), Look::Language)
}

/// Loads a contract and looks for [lints](crate::Code::is_lint) too: what its author wants to know before it is first run. One of
/// severity error leaves no contract. A run that goes on is [loaded](load_again) without: what was good enough to begin
/// with isn't refused in the middle by a release that knows one lint more.
///
/// ```
/// use std::collections::BTreeMap;
/// let text = "handfast: 1\nname: hello\nversion: \"1\"\n";
/// let mut read = handfast_contract::alone("hello.yaml", text);
/// let checked = handfast_contract::check("hello.yaml", ".", &BTreeMap::new(), &mut read);
/// assert_eq!(checked.diagnostics[0].message, "nobody owns this contract");
/// ```
pub fn check(
    main: &str,
    root: &str,
    settings: &BTreeMap<String, Value>,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Loaded {
    load_held(main, root, settings, read, Held::default(), Look::Lints)
}

/// [Checks](check) a contract, also against what its servers list now (`live`): a difference is an error at the tool's `via`.
pub fn load_live(sources: &Sources, settings: &BTreeMap<String, Value>, live: Lock) -> Loaded {
    let held = Held::live(live);
    load_held(&sources.main, &sources.root, settings, &mut |path| kept(sources, path), held, Look::Lints)
}

/// Loads what is needed to ask a contract's servers and to write its lock: no lock is needed, and what is still to be decided
/// (`todo:`) may stay so. The contract is not one to run.
pub fn load_to_lock(
    main: &str,
    root: &str,
    settings: &BTreeMap<String, Value>,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Loaded {
    load_held(main, root, settings, read, Held::to_lock(), Look::Language)
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What the language demands.
    Language,
    /// That, and what had better not be said.
    Lints,
}

fn load_held(
    main: &str,
    root: &str,
    settings: &BTreeMap<String, Value>,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
    held: Held,
    look: Look,
) -> Loaded {
    let to_lock = held.is_to_lock();
    let mut sources = Sources { main: main.to_owned(), files: BTreeMap::new(), root: root.to_owned() };
    let mut gather = Gather { read, texts: Texts::default(), findings: Findings::default(), files: 0 };
    let file = gather.main(main);
    let Gather { read, texts, findings, .. } = gather;
    let (contract, allowed, diagnostics) = match &file {
        None => {
            sources.files.extend(texts.files().map(|(path, text)| (path.to_owned(), text.to_owned())));
            (None, Vec::new(), findings.finish(&texts))
        }
        Some(file) => {
            let mut loader = Loader::new(texts.all(), findings, read);
            loader.files = texts.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
            loader.held = held.beside(main);
            let contract = loader.contract(file, settings);
            sources.files = std::mem::take(&mut loader.files);
            let (mut findings, allowances) = (loader.findings, loader.allowances);
            if let Some(contract) = contract.as_ref().filter(|_| look == Look::Lints && !findings.any_error())
            {
                lints::look(contract, &Places::new(file), &mut findings);
                allow::settle(&allowances, &mut findings);
            }
            (contract, findings.allowed(&texts), findings.finish(&texts))
        }
    };
    let unrun = file.as_ref().map(|file| unrun::parts(file, &diagnostics)).unwrap_or_default();
    let contract = contract.map(|contract| Contract { digest: sources.digest(), unrun, ..contract });
    let worst = diagnostics.iter().filter(|found| !(to_lock && found.code == code::TODO));
    let worst = worst.map(|found| found.severity).min();
    let (contract, unrun) = match worst {
        Some(Severity::Error) => (None, None),
        Some(Severity::NotRun) => (None, contract),
        _ => (contract, None),
    };
    Loaded { contract, unrun, diagnostics, allowed, sources }
}

/// Loads a contract again from what was read for it, so that a run goes on with the one that it began with.
pub fn load_again(sources: &Sources, settings: &BTreeMap<String, Value>) -> Loaded {
    load(&sources.main, &sources.root, settings, &mut |path| kept(sources, path))
}

/// Reads the one file of a contract that needs no other: what [`load`] takes as `read`.
///
/// ```
/// let text = "handfast: 1\nname: hello\nversion: \"1\"\n";
/// let mut read = handfast_contract::alone("hello.yaml", text);
/// assert!(read("hello.yaml").is_ok() && read("hello.lock").is_err());
/// ```
pub fn alone<'t>(main: &'t str, text: &'t str) -> impl FnMut(&str) -> Result<String, String> + 't {
    move |path| if path == main { Ok(text.to_owned()) } else { Err("no such file".to_owned()) }
}

fn kept(sources: &Sources, path: &str) -> Result<String, String> {
    sources.files.get(path).cloned().ok_or_else(|| "it wasn't kept with the run".to_owned())
}

/// A file of which what can be done was read, and not who does it.
pub(crate) struct Half<'a> {
    file: &'a File,
    fields: Fields<'a>,
    settings: Value,
    schema: Shape,
    whole: bool,
}

/// What the head of a file says.
struct Head {
    name: String,
    version: String,
    owner: Option<String>,
    at_least: Option<crate::Level>,
}

impl<'a> Loader<'a> {
    fn contract(&mut self, file: &'a File, given: &BTreeMap<String, Value>) -> Option<Contract> {
        let fields = self.fields(&file.tree, "a contract", &grammar::CONTRACT)?;
        if !self.speaks(&fields) {
            return None;
        }
        let head = self.file_first(file, &fields, given);
        self.read_halves();
        self.sections(&fields, grammar::WHO_DOES_IT);
        self.check_origins();
        let groups = self.finish_groups();
        let head = head?;
        Some(Contract {
            name: head.name,
            version: head.version,
            owner: head.owner,
            digest: handfast_events::Digest::default(),
            settings: std::mem::take(&mut self.settings),
            includes: std::mem::take(&mut self.includes),
            roles: std::mem::take(&mut self.roles),
            types: self.types.taken(),
            models: std::mem::take(&mut self.models),
            servers: std::mem::take(&mut self.servers),
            facts: std::mem::take(&mut self.facts),
            groups,
            tools: std::mem::take(&mut self.tools),
            memory: std::mem::take(&mut self.memory),
            agents: std::mem::take(&mut self.agents),
            workflows: std::mem::take(&mut self.workflows),
            invariants: std::mem::take(&mut self.invariants),
            at_least: head.at_least,
            unrun: Vec::new(),
            lock: std::mem::take(&mut self.held).read(),
        })
    }

    /// Whether this release reads the language of the file; of another one nothing is read.
    fn speaks(&mut self, fields: &Fields<'a>) -> bool {
        let Some(language) = self.required(fields, "handfast", "1") else { return false };
        let known = language.said().is_some_and(|(text, _)| text == "1");
        if !known {
            let found =
                self.error(code::BAD_VERSION, &language.span, "this release reads version 1 of the language");
            found.help("write `handfast: 1`");
        }
        known
    }

    /// What can be done, of one file and all that it includes: all sections but those that say who does it. These are read once
    /// the tools of all files are, since who includes a tool may narrow it for everybody.
    fn file_first(
        &mut self,
        file: &'a File,
        fields: &Fields<'a>,
        given: &BTreeMap<String, Value>,
    ) -> Option<Head> {
        for (section, _) in grammar::SECTIONS {
            if let Some(Kind::Map(entries)) = fields.get(section).map(|node| &node.kind) {
                self.declare(section, entries);
            }
        }
        let name = self.required(fields, "name", "support").and_then(|node| self.contract_name(node));
        let version =
            self.required(fields, "version", "\"2026-11-21\"").and_then(|node| self.text(node, "`version`"));
        let owner = fields.get("owner").map(|node| self.text(node, "`owner`"));
        let at_least = fields.get("at_least").and_then(|node| self.level(node));
        self.read_settings(fields.get("settings"), given);
        if let Some(node) = fields.get("include") {
            self.read_includes(node, file, given);
        }
        self.sections(fields, grammar::WHAT_CAN_BE_DONE);
        Some(Head { name: name?, version: version?, owner: owner.flatten(), at_least })
    }

    /// Reads the files that this one includes, each with its own settings and its name before all that it gives.
    fn read_includes(&mut self, node: &'a Node, file: &'a File, given: &BTreeMap<String, Value>) {
        let settings = self.settings_schema.clone();
        for (name, entry) in self.section(node, "include") {
            let mut inner = self.include_settings(entry, &settings);
            self.given_to_include(entry, given, &mut inner);
            self.names_a_file(entry);
            let Some(child) = file.includes.iter().find(|child| child.name == entry.key) else {
                self.lost.push(format!("{name}."));
                continue;
            };
            if self.settings.get(&entry.key).is_some() {
                let message = format!("`{}` is the name of a setting and of an include", entry.key);
                self.error(code::BAD_INCLUDE, &entry.at, message).help("rename one of them");
                self.lost.push(format!("{name}."));
                continue;
            }
            let outer = self.enter(child);
            let fields = self.fields(&child.tree, "a contract", &grammar::CONTRACT);
            let fields = fields.filter(|fields| self.speaks(fields));
            let head = fields.as_ref().and_then(|fields| self.file_first(child, fields, &inner));
            let (schema, whole) = (self.settings_schema.clone(), self.settings_whole);
            let inner = self.leave(outer);
            self.halves.extend(fields.map(|fields| Half {
                file: child,
                fields,
                settings: inner.clone(),
                schema,
                whole,
            }));
            if let Some(settings) = self.settings.as_object_mut() {
                settings.insert(entry.key.clone(), inner);
            }
            let Some(head) = head else {
                self.lost.push(format!("{name}."));
                continue;
            };
            let file = child.path.clone();
            let included = Included { name: head.name, version: head.version, file, at_least: head.at_least };
            self.includes.insert(name, included);
        }
    }

    /// Adds what the environment gives to an include's settings: `cms: { url: … }` or `cms.url`. What the contract fixes
    /// stays: who runs a contract may fill in what it leaves open, not what it says.
    fn given_to_include(
        &mut self,
        entry: &Entry,
        given: &BTreeMap<String, Value>,
        inner: &mut BTreeMap<String, Value>,
    ) {
        let as_map = given.get(&entry.key).and_then(Value::as_object);
        let prefix = format!("{}.", entry.key);
        let dotted = given.iter().filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?, value)));
        let named = as_map.into_iter().flatten().map(|(name, value)| (name.as_str(), value));
        let fixed = inner.clone();
        for (name, value) in named.chain(dotted) {
            // A command line gives text for everything, so the same text is the same value.
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if fixed.get(name).is_some_and(|fixed| text(fixed) != text(value)) {
                let full = self.full(&format!("{prefix}{name}"));
                let message =
                    format!("a value is given for `{full}`, and the contract says another one itself");
                let found = self.error(code::BAD_SETTING, &entry.at, message);
                found.help("give none, or let the contract take it from a setting of its own");
                continue;
            }
            inner.insert(name.to_owned(), value.clone());
        }
        if given.get(&entry.key).is_some_and(|value| !value.is_object()) {
            let message =
                format!("`{}` is an include: its settings are given one by one", self.full(&entry.key));
            let found = self.error(code::BAD_SETTING, &entry.at, message);
            found.help(format!("`--set {prefix}NAME=VALUE`, or `{}: {{ NAME: VALUE }}`", entry.key));
        }
    }

    /// Says where an include names no file; what can't be read of one that it names was reported as it was tried.
    fn names_a_file(&mut self, entry: &'a Entry) {
        if entry.value.said().is_some() {
            self.text(&entry.value, "an include's file");
        } else if let Kind::Map(entries) = &entry.value.kind {
            match entries.iter().find(|inner| inner.key == "file") {
                Some(file) => drop(self.text(&file.value, "an include's file")),
                None => {
                    let message = format!("the include `{}` has no `file`", entry.key);
                    self.error(code::MISSING_KEY, &entry.at, message).help("add it: `file: ./cms.yaml`");
                }
            }
        } else {
            let found = self.wrong_kind(&entry.value, "an include", "a file's path, or a map with `file`");
            if let Some(found) = found {
                found.help(format!("write `{}: ./{}.yaml`", entry.key, entry.key));
            }
        }
    }

    /// Reads who does what in the included files.
    fn read_halves(&mut self) {
        for half in std::mem::take(&mut self.halves) {
            let outer = self.enter(half.file);
            (self.settings, self.settings_schema, self.settings_whole) =
                (half.settings, half.schema, half.whole);
            self.sections(&half.fields, grammar::WHO_DOES_IT);
            self.leave(outer);
        }
    }

    /// The values that an include is given for its settings.
    fn include_settings(
        &mut self,
        entry: &'a Entry,
        settings: &crate::reads::Shape,
    ) -> BTreeMap<String, Value> {
        if !matches!(entry.value.kind, Kind::Map(_)) {
            return BTreeMap::new();
        }
        let fields = self.entry_fields(entry, "the include", &grammar::INCLUDE);
        let Some(node) = fields.as_ref().and_then(|fields| fields.get("settings")) else {
            return BTreeMap::new();
        };
        let reads = crate::reads::Reads::new(crate::reads::place::SETTINGS, settings);
        let values = self.values(node, "`settings`", &reads);
        let outer = self.settings_scope();
        let scope = crate::Scope::default().with("settings", &outer);
        let mut given = BTreeMap::new();
        let mut failed = Vec::new();
        for (name, value) in &values {
            match value.eval(&scope) {
                Ok(Some(value)) => drop(given.insert(name.clone(), value)),
                Ok(None) => {}
                Err(error) => failed.push(format!("`{name}` has no value: {error}")),
            }
        }
        if self.settings_whole {
            for message in failed {
                self.error(code::BAD_SETTING, &node.span, message).help("give it another value");
            }
        }
        given
    }

    /// Some sections of one file. They may name what stands in a later one.
    fn sections(&mut self, fields: &Fields<'a>, sections: &[&'static str]) {
        for section in sections {
            let Some(node) = fields.get(section) else { continue };
            match *section {
                "roles" => self.read_roles(node),
                "facts" => self.read_facts(node),
                "types" => self.read_types(node),
                "models" => self.read_models(node),
                "servers" => self.read_servers(node),
                "groups" => self.read_groups(node),
                "tools" => self.read_tools(node),
                "memory" => self.read_memory(node),
                "agents" => self.read_agents(node, fields.get("owner").is_some()),
                "workflows" => self.read_workflows(node),
                "invariants" => self.read_invariants(node),
                _ => {}
            }
        }
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
