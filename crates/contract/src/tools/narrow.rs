//! Narrowing: what the contract that includes another one adds to a tool of it. It may ask for more, never for less.

use std::sync::Arc;

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::{Place, place};
use crate::yaml::Entry;
use crate::{Clause, Limits, Name, Tool, code, suggest};

/// What may be said again of an included tool.
const NARROWS: &[&str] =
    &["requires", "ensures", "shows", "not_for", "approval", "limits", "at_least", "allow"];

impl<'a> Loader<'a> {
    /// Reads an entry of `tools` that speaks of an included tool.
    pub(super) fn narrow(&mut self, entry: &'a Entry) {
        let name = self.full(&entry.key);
        let known = self.declared.get("tools").is_some_and(|names| names.iter().any(|it| **it == *name));
        if !known || !self.tool_heads.contains_key(&name) && !self.tools.contains_key(&name) {
            self.not_included(entry);
            return;
        }
        let Some(fields) = self.entry_fields(entry, "the included tool", &grammar::TOOL) else { return };
        self.refuse_loosening(entry);
        // One in error was reported where it stands.
        let Some(tool) = self.tools.get(&name).cloned() else { return };
        let narrowed = self.narrowed(&fields, &tool);
        self.tools.insert(name, Arc::new(narrowed));
    }

    fn not_included(&mut self, entry: &Entry) {
        let names = self.tool_heads.keys().filter_map(|name| name.strip_prefix(&self.prefix));
        let names: Vec<String> = names.filter(|name| name.contains('.')).map(str::to_owned).collect();
        let meant = suggest(&entry.key, names.iter().map(String::as_str));
        let message = format!("no contract that is included has a tool `{}`", entry.key);
        let found = self.findings.error(code::UNKNOWN_NAME, entry.at.clone(), message);
        if meant.is_some() {
            found.meant(meant);
        } else {
            found.help(
                "a tool of your own has a name without a dot; `NAME.TOOL` narrows the tool of an include",
            );
        }
    }

    fn refuse_loosening(&mut self, entry: &'a Entry) {
        let crate::yaml::Kind::Map(entries) = &entry.value.kind else { return };
        for said in entries.iter().filter(|said| grammar::TOOL.key(&said.key).is_some()) {
            if NARROWS.contains(&said.key.as_str()) {
                continue;
            }
            let message = format!("`{}` of the included tool `{}` can't be said again", said.key, entry.key);
            let why = match said.key.as_str() {
                "via" => "it would be another tool: define one of your own, under a name without a dot",
                "failures" | "reconcile" => {
                    "it says what is taken for done: who includes may narrow, never loosen"
                }
                _ => "the contract that it comes from promises it: who includes may narrow, never loosen",
            };
            let found = self.error(code::LOOSENED, &said.at, message);
            found.help(why).help("what may be added is `requires`, `ensures`, `shows`, `not_for`, `approval` where there is none, smaller `limits` and a higher `at_least`");
        }
    }

    fn narrowed(&mut self, fields: &Fields<'a>, tool: &Tool) -> Tool {
        let places = self.places(&self.parts_of(tool));
        let mut narrowed = tool.clone();
        let mut add = |key: &str, place: Place, own: &mut Vec<Clause>| {
            let Some(entry) = fields.entry(key) else { return };
            let added = self.clauses(&entry.value, &format!("tools.{}.{key}", tool.name), &places.at(place));
            for clause in added {
                if own.iter().any(|other| other.address == clause.address) {
                    let message = format!("`{}` has the clause `{}` already", tool.name, clause.sentence);
                    let found = self.error(code::LOOSENED, &entry.at, message);
                    found.help("reword it: both will hold");
                    continue;
                }
                own.push(clause);
            }
        };
        add("requires", place::REQUIRES, &mut narrowed.requires);
        add("ensures", place::ENSURES, &mut narrowed.ensures);
        add("shows", place::SHOWS, &mut narrowed.shows);
        if let Some(node) = fields.get("not_for") {
            narrowed.not_for.extend(self.texts(node, "`not_for`"));
        }
        if let Some(entry) = fields.entry("approval") {
            let approval = self.approval(&entry.value, &places.at(place::APPROVAL));
            if tool.approval.is_some() {
                let message = format!("`{}` needs an approval already, and this would replace it", tool.name);
                self.error(code::LOOSENED, &entry.at, message).help("who includes may narrow, never loosen");
            }
            narrowed.approval = narrowed.approval.or(approval);
        }
        self.narrow_limits(fields, &tool.name, &mut narrowed.limits);
        if let Some(entry) = fields.entry("at_least") {
            let level = self.level(&entry.value);
            if level.is_some() && level < tool.at_least {
                let message = format!("`{}` demands a higher level already", tool.name);
                self.error(code::LOOSENED, &entry.at, message).help("who includes may narrow, never loosen");
            }
            narrowed.at_least = level.max(tool.at_least);
        }
        narrowed
    }

    /// Ceilings may only sink.
    fn narrow_limits(&mut self, fields: &Fields<'a>, tool: &Name, own: &mut Limits) {
        let Some(entry) = fields.entry("limits") else { return };
        let asked = self.limits(fields, &grammar::TOOL_LIMITS);
        fn lower<T: Ord + Copy>(own: &mut Option<T>, asked: Option<T>) -> bool {
            match (*own, asked) {
                (Some(old), Some(new)) if new > old => return false,
                (_, Some(new)) => *own = Some(new),
                (_, None) => {}
            }
            true
        }
        let lowered = [
            ("attempts", lower(&mut own.attempts, asked.attempts)),
            ("per_run", lower(&mut own.per_run, asked.per_run)),
            ("timeout", lower(&mut own.timeout, asked.timeout)),
            ("rate", lower(&mut own.rate, asked.rate)),
            ("at_once", lower(&mut own.at_once, asked.at_once)),
        ];
        for (key, _) in lowered.into_iter().filter(|(_, is_lower)| !is_lower) {
            let at = entry.value.get(key).map_or(entry.at.clone(), |node| node.span.clone());
            let message = format!("`{key}` of the included tool `{tool}` is smaller already");
            self.error(code::LOOSENED, &at, message).help("who includes may narrow, never loosen");
        }
    }
}
