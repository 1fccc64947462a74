//! What is to come of a test: outcomes, addresses of clauses, counts.

use serde_json::Value;

use super::Expectation;
use super::read::Reader;
use crate::grammar;
use crate::limits::ADDRESSES_SHOWN;
use crate::loader::{Fields, listed};
use crate::yaml::{Kind, Node};
use crate::{ClauseKind, Name, code, suggest};

impl<'a> Reader<'a> {
    pub(super) fn expectations(&mut self, node: &'a Node, is_call: bool) -> Vec<Expectation> {
        let Some(fields) = self.loader.fields(node, "`expect`", &grammar::EXPECT) else { return Vec::new() };
        let mut expected = Vec::new();
        if let Some(node) = fields.get("done") {
            match is_true(node) {
                true => expected.push(Expectation::Done),
                false => {
                    let message = "`done` can only be `true`".to_owned();
                    let help = "for a run that fails, write `failed: true` or the clause that it fails on";
                    self.error(code::TEST_EXPECTS, &node.span, message).help(help);
                }
            }
        }
        for key in ["refused", "violated", "held", "paused"] {
            let Some(node) = fields.get(key) else { continue };
            for address in self.addresses(node, key) {
                expected.push(match key {
                    "refused" => Expectation::Refused(address),
                    "violated" => Expectation::Violated(address),
                    "held" => Expectation::Held(address),
                    _ => Expectation::Paused(address),
                });
            }
        }
        if let Some(node) = fields.get("said") {
            expected.extend(self.words(node).into_iter().map(Expectation::Said));
        }
        if let Some(node) = fields.get("failed") {
            expected.extend(self.failed(node).map(Expectation::Failed));
        }
        if let Some(node) = fields.get("in_doubt") {
            let name = self.loader.text(node, "`in_doubt`");
            let tool = name.and_then(|name| self.tool(&node.span, &name));
            expected.extend(tool.map(|tool| Expectation::InDoubt(tool.name.clone())));
        }
        if let Some(node) = fields.get("output") {
            expected.extend(self.loader.json(node).map(Expectation::Output));
        }
        expected
            .extend(self.counts(&fields, "calls").into_iter().map(|(tool, n)| Expectation::Calls(tool, n)));
        expected.extend(
            self.counts(&fields, "effects").into_iter().map(|(tool, n)| Expectation::Effects(tool, n)),
        );
        self.contradiction(&fields, is_call);
        expected
    }

    /// One text, or several.
    fn words(&mut self, node: &'a Node) -> Vec<String> {
        match &node.kind {
            Kind::List(_) => self.loader.texts(node, "`said`"),
            _ => self.loader.prose(node, "`said`").into_iter().collect(),
        }
    }

    /// What can't be together: ways to end are one.
    fn contradiction(&mut self, fields: &Fields<'a>, is_call: bool) {
        let ends: &[&str] = if is_call {
            &["done", "refused", "violated", "failed", "in_doubt", "paused"]
        } else {
            &["done", "failed", "in_doubt", "paused"]
        };
        let named: Vec<&str> = ends.iter().copied().filter(|end| fields.get(end).is_some()).collect();
        if let [first, second, ..] = named.as_slice() {
            let at = fields.entry(second).map_or_else(|| fields.span.clone(), |entry| entry.at.clone());
            let message = format!("`{first}` and `{second}` can't both come true");
            self.error(code::TEST_EXPECTS, &at, message).help("keep one of them, or make two tests");
        }
        let is_empty = ["held", "output", "calls", "effects", "refused", "violated"]
            .iter()
            .all(|key| fields.get(key).is_none());
        if named.is_empty() && is_empty {
            let message = "nothing is expected".to_owned();
            self.error(code::TEST_EXPECTS, &fields.span, message)
                .help("expect `done: true`, or a clause that refuses");
        }
    }

    /// `true`, or a clause or failure by its address.
    fn failed(&mut self, node: &'a Node) -> Option<Option<String>> {
        if is_true(node) {
            return Some(None);
        }
        self.addresses(node, "failed").pop().map(Some)
    }

    /// One address or several, of clauses of which this can come.
    fn addresses(&mut self, node: &'a Node, key: &str) -> Vec<String> {
        let items: Vec<&'a Node> = match &node.kind {
            Kind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        items.into_iter().filter_map(|item| self.address(item, key)).collect()
    }

    fn address(&mut self, node: &'a Node, key: &str) -> Option<String> {
        let address = self.loader.text(node, &format!("`{key}`"))?;
        let Some(kind) = self.kind_of(&address).or_else(|| self.unwritten_limit(&address)) else {
            let (meant, help) = self.nearest(&address);
            let message = format!("the contract has no clause `{address}`");
            let found = self.error(code::TEST_ADDRESS, &node.span, message);
            match meant {
                Some(_) => found.meant(meant.as_deref()),
                None => found.help(help),
            };
            return None;
        };
        let (fits, instead) = match key {
            "refused" => (kind.refuses(), "violated"),
            "violated" => (kind.judges(), "refused"),
            "paused" => (kind == ClauseKind::Limit, "failed"),
            "held" => (!matches!(kind, ClauseKind::Failure | ClauseKind::Step), "failed"),
            _ => (true, ""),
        };
        if !fits {
            let instead = match kind {
                ClauseKind::Failure => "failed",
                ClauseKind::Limit => "paused",
                ClauseKind::Step => "failed",
                _ => instead,
            };
            let message = format!("`{address}` can't be `{key}`: its kind is {}", kind.name());
            self.error(code::TEST_EXPECTS, &node.span, message).help(format!("write `{instead}: {address}`"));
            return None;
        }
        Some(address)
    }

    /// Limits that hold though nobody wrote them down.
    fn unwritten_limit(&self, address: &str) -> Option<ClauseKind> {
        let is_of =
            |name: &Name, section: &str, limit: &str| address == format!("{section}.{name}.limits.{limit}");
        let agents = self.contract.agents.keys();
        let mut agents = agents.flat_map(|name| [(name, "turns"), (name, "attempts")]);
        let is_known = address == "run.limits.attempts"
            || agents.any(|(name, limit)| is_of(name, "agents", limit))
            || self.contract.tools.keys().any(|name| is_of(name, "tools", "attempts"));
        is_known.then_some(ClauseKind::Limit)
    }

    /// The address that was meant: corrected where it first leaves the ones that there are. Else what could stand there.
    fn nearest(&self, address: &str) -> (Option<String>, String) {
        let known: Vec<Vec<&str>> =
            self.clauses.iter().map(|clause| clause.address.split('.').collect()).collect();
        let mut path: Vec<&str> = Vec::new();
        for part in address.split('.') {
            let below: Vec<&str> = known
                .iter()
                .filter(|parts| parts.starts_with(&path))
                .filter_map(|parts| parts.get(path.len()).copied())
                .collect();
            let fits = below.iter().copied().find(|candidate| *candidate == part);
            match fits.or_else(|| suggest(part, below.iter().copied())) {
                Some(part) => path.push(part),
                None => return (None, self.below(&path.join("."))),
            }
        }
        let meant = path.join(".");
        if self.clauses.iter().any(|clause| clause.address == meant) {
            return (Some(meant), String::new());
        }
        let help = self.below(&meant);
        (None, help)
    }

    /// What there is under this address.
    fn below(&self, path: &str) -> String {
        let addresses = self.clauses.iter().map(|clause| clause.address.as_str());
        if path.is_empty() {
            let mut sections: Vec<&str> = addresses.filter_map(|address| address.split('.').next()).collect();
            sections.dedup();
            return format!("an address begins with {}", listed(sections));
        }
        let under = format!("{path}.");
        let below = addresses.filter(|address| address.starts_with(&under));
        format!("under `{path}` there is {}", listed(below.take(ADDRESSES_SHOWN)))
    }

    /// Tools and how often.
    fn counts(&mut self, fields: &Fields<'a>, key: &str) -> Vec<(Name, u64)> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        let Some(entries) = self.loader.map(node, &format!("`{key}`")) else { return Vec::new() };
        let mut counts = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let tool = self.tool(&entry.at, &entry.key);
            let number = self.loader.json(&entry.value);
            match number.as_ref().map(Value::as_u64) {
                Some(Some(number)) => counts.extend(tool.map(|tool| (tool.name.clone(), number))),
                Some(None) => {
                    let message = format!("how often `{}` is called must be a number", entry.key);
                    self.error(code::BAD_LITERAL, &entry.value.span, message).help("write `0`, `1`, …");
                }
                None => {}
            }
        }
        counts
    }
}

fn is_true(node: &Node) -> bool {
    node.said().is_some_and(|(text, _)| text == "true")
}
