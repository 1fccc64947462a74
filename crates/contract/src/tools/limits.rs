//! Ceilings: of tools, agents and workflows alike; each knows which belong to it.

use crate::loader::{Fields, Loader, listed};
use crate::yaml::Entry;
use crate::{Limits, code, suggest};

/// The ceilings that a tool may have.
pub(crate) const OF_A_TOOL: &[&str] = &["timeout", "attempts", "per_run"];

impl<'a> Loader<'a> {
    /// Ceilings; those that don't belong here are reported.
    pub(crate) fn limits(&mut self, fields: &Fields<'a>, known: &'static [&'static str]) -> Limits {
        const ALL: &[&str] =
            &["turns", "attempts", "tokens", "cost", "time", "deadline", "timeout", "per_run"];
        let mut limits = Limits::default();
        let Some(node) = fields.get("limits") else { return limits };
        let Some(entries) = self.map(node, "`limits`") else { return limits };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let (key, value) = (entry.key.as_str(), &entry.value);
            if !known.contains(&key) {
                self.unknown_limit(entry, &fields.what, known, ALL);
                continue;
            }
            match key {
                "turns" => limits.turns = self.count(value, "`turns`"),
                "attempts" => limits.attempts = self.count(value, "`attempts`"),
                "tokens" => limits.tokens = self.count(value, "`tokens`"),
                "cost" => limits.cost = self.money(value, "`cost`"),
                "timeout" => limits.timeout = self.duration(value, "`timeout`"),
                "per_run" => limits.per_run = self.count(value, "`per_run`"),
                "deadline" => limits.deadline = self.duration(value, "`deadline`"),
                _ => limits.time = self.duration(value, "`time`"),
            }
        }
        limits
    }

    fn unknown_limit(&mut self, entry: &Entry, what: &str, known: &[&str], all: &[&str]) {
        let key = entry.key.as_str();
        let elsewhere = all.contains(&key);
        let meant = suggest(key, known.iter().copied()).filter(|_| !elsewhere);
        let message = if elsewhere {
            format!("`{key}` doesn't limit {what}")
        } else {
            format!("there is no limit `{key}`")
        };
        let found = self.error(code::UNKNOWN_KEY, &entry.at, message);
        if meant.is_some() {
            found.meant(meant);
        } else {
            found.help(format!("here it is one of {}", listed(known.iter().copied())));
        }
    }
}
