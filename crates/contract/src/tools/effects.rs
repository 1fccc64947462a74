//! Effects: everything that a tool does to the world.

use std::time::Duration;

use crate::loader::{Fields, Loader, listed};
use crate::reads::Reads;
use crate::yaml::{Entry, Kind, Node};
use crate::{Effect, EffectKind, code, suggest};

const KINDS: [(&str, EffectKind); 6] = [
    ("reads", EffectKind::Reads),
    ("writes", EffectKind::Writes),
    ("creates", EffectKind::Creates),
    ("deletes", EffectKind::Deletes),
    ("notifies", EffectKind::Notifies),
    ("enqueues", EffectKind::Enqueues),
];

impl<'a> Loader<'a> {
    /// How far apart a tool is looked at whose result changes by itself. One that has effects must not be called again only
    /// to see whether something has changed.
    pub(super) fn volatile(&mut self, fields: &Fields<'a>, effects: Option<&[Effect]>) -> Option<Duration> {
        let entry = fields.entry("volatile")?;
        let every = self.every(&entry.value, "`volatile`");
        let other = effects?.iter().find(|effect| effect.kind != EffectKind::Reads);
        if let Some(Effect { kind, target, .. }) = other {
            let message = format!(
                "{} {} {}, and `volatile` lets it be called again and again",
                fields.what,
                kind.verb(),
                target.source()
            );
            let found = self.error(code::BAD_VOLATILE, &entry.at, message);
            found.help("take it out, and let a tool that only reads look at what changes");
            return None;
        }
        every
    }

    pub(super) fn effects(&mut self, node: &'a Node, reads: &Reads) -> Vec<Effect> {
        let Some(items) = self.list(node, "`effects`") else { return Vec::new() };
        let mut effects = Vec::new();
        for item in items {
            let Kind::Map(entries) = &item.kind else {
                if let Some(found) = self.wrong_kind(item, "an effect", "a word with its target") {
                    found.help("write it like `reads: order/*` or `notifies: the customer, by email`");
                }
                continue;
            };
            let when = entries.iter().find(|entry| entry.key == "when");
            if let Some(when) = when.filter(|_| entries.len() == 1) {
                let found = self.error(code::MISSING_KEY, &when.at, "this says when, and not what");
                found.help("put both into one map: `{ writes: order/*, when: … }`");
            }
            let when = when.and_then(|when| self.condition(&when.value, reads));
            let words = entries.iter().filter(|entry| entry.key != "when");
            let read = words.filter_map(|entry| self.effect(entry, reads));
            effects.extend(read.map(|effect| Effect { when: when.clone(), ..effect }));
        }
        effects
    }

    fn effect(&mut self, entry: &'a Entry, reads: &Reads) -> Option<Effect> {
        let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == entry.key) else {
            let words = || KINDS.iter().map(|(word, _)| *word);
            let meant = suggest(&entry.key, words());
            let found = self.error(code::NO_CHOICE, &entry.at, format!("`{}` is no effect", entry.key));
            found.meant(meant).help(format!("an effect is one of {}", listed(words())));
            return None;
        };
        let target = self.template(&entry.value, "an effect's target", reads)?;
        let names_resource = !matches!(kind, EffectKind::Notifies | EffectKind::Enqueues);
        if names_resource && target.source().split('/').any(str::is_empty) {
            let found =
                self.error(code::BAD_LITERAL, &entry.value.span, "a resource's path has an empty part");
            found.help("write it like `order/{args.order_id}` or `customer/*`, without a `/` at its ends");
            return None;
        }
        Some(Effect { kind: *kind, target, when: None })
    }
}
