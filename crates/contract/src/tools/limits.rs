//! Ceilings: of tools, agents and workflows alike; each knows which belong to it.

use crate::grammar::{self, Form};
use crate::loader::{Fields, Loader, listed};
use crate::yaml::Entry;
use crate::{Limits, code, suggest};

/// The forms of ceilings: what stands in none of them is no ceiling.
const ALL: &[&Form] =
    &[&grammar::TOOL_LIMITS, &grammar::CHAT_LIMITS, &grammar::STEP_LIMITS, &grammar::PACE_LIMITS];

impl<'a> Loader<'a> {
    /// Ceilings; those that don't belong here are reported.
    pub(crate) fn limits(&mut self, fields: &Fields<'a>, form: &'static Form) -> Limits {
        let mut limits = Limits::default();
        let Some(node) = fields.get("limits") else { return limits };
        let Some(entries) = self.map(node, "`limits`") else { return limits };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let (key, value) = (entry.key.as_str(), &entry.value);
            match form.key(key) {
                Some(known) if known.runs => {}
                Some(_) => self.not_run(&entry.at, &format!("`{key}`")),
                None => {
                    self.unknown_limit(entry, &fields.what, form);
                    continue;
                }
            }
            match key {
                "turns" => limits.turns = self.count(value, "`turns`"),
                "attempts" => limits.attempts = self.count(value, "`attempts`"),
                "tokens" => limits.tokens = self.count(value, "`tokens`"),
                "cost" => limits.cost = self.money(value, "`cost`"),
                "timeout" => limits.timeout = self.duration(value, "`timeout`"),
                "per_run" => limits.per_run = self.count(value, "`per_run`"),
                "rate" => limits.rate = self.rate(value, "`rate`"),
                "at_once" => limits.at_once = self.count(value, "`at_once`"),
                "deadline" => limits.deadline = self.duration(value, "`deadline`"),
                _ => limits.time = self.duration(value, "`time`"),
            }
        }
        limits
    }

    fn unknown_limit(&mut self, entry: &Entry, what: &str, form: &'static Form) {
        let key = entry.key.as_str();
        let known = || form.keys.iter().map(|key| key.name);
        let elsewhere = ALL.iter().any(|form| form.key(key).is_some());
        let meant = suggest(key, known()).filter(|_| !elsewhere);
        let message = if elsewhere {
            format!("`{key}` doesn't limit {what}")
        } else {
            format!("there is no limit `{key}`")
        };
        let found = self.error(code::UNKNOWN_KEY, &entry.at, message);
        if meant.is_some() {
            found.meant(meant);
        } else {
            found.help(format!("here it is one of {}", listed(known())));
        }
    }
}
