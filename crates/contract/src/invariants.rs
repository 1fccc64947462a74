//! Invariants: rules over a whole run, and what they speak of. They are read last, since they name tools, groups and
//! steps wherever these stand.

mod events;

use std::ops::Range;

use crate::grammar;
use crate::loader::{Fields, Loader, listed};
use crate::yaml::{Entry, Node};
use crate::{Happening, Invariant, Name, Rule, code};

/// What an invariant speaks of, as it is written and where.
struct Said {
    event: Happening,
    text: String,
}

/// The three rules: the keys of each, and the whole of it.
const RULES: [([&str; 2], &str); 3] = [
    (["never", "before"], "`never: tools.A, before: tools.B`"),
    (["after", "must"], "`after: tools.A, must: tools.B`"),
    (["at_most", "of"], "`at_most: 3, of: tools.A`"),
];

impl<'a> Loader<'a> {
    /// Reads the section `invariants`.
    pub(crate) fn read_invariants(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "invariants") {
            let Some(fields) = self.entry_fields(entry, "the invariant", &grammar::INVARIANT) else {
                continue;
            };
            if let Some(invariant) = self.invariant(&name, &fields) {
                self.invariants.push(invariant);
            }
        }
    }

    fn invariant(&mut self, name: &Name, fields: &Fields<'a>) -> Option<Invariant> {
        let read = self.rule(fields);
        if let (Some(within), None) = (fields.entry("within"), fields.entry("after")) {
            let found = self.error(code::BAD_INVARIANT, &within.at, "`within` goes with `after` and `must`");
            found.help("it says in what time the second must follow the first");
        }
        let (rule, said) = read?;
        let alone = matches!(rule, Rule::Never { before: None, .. });
        if let (Some(same), true) = (fields.entry("same"), alone) {
            let found = self.error(
                code::BAD_INVARIANT,
                &same.at,
                "`same` compares two events, and this rule has one",
            );
            found.help("say `before` what it must not happen, or take `same` out");
            return None;
        }
        let same = fields.get("same").map(|node| self.of_events(node, &said, &said, false));
        // Of the event that the rule is about; a step that is the other one is read by its path: where it is, that one is
        // meant (`before: steps.review, when: steps.review.decision == 'approved'`).
        let first = said.get(..1).unwrap_or_default();
        let when = fields.get("when").map(|node| self.of_events(node, first, &said, true));
        Some(Invariant {
            name: name.clone(),
            address: format!("invariants.{name}"),
            rule,
            same: match same {
                Some(same) => Some(same?),
                None => None,
            },
            when: match when {
                Some(when) => Some(when?),
                None => None,
            },
        })
    }

    /// The one rule that the keys make, and what it speaks of.
    fn rule(&mut self, fields: &Fields<'a>) -> Option<(Rule, Vec<Said>)> {
        let began: Vec<(&[&str; 2], &'a Entry)> = RULES
            .iter()
            .filter_map(|(keys, _)| Some((keys, keys.iter().find_map(|key| fields.entry(key))?)))
            .collect();
        let ([first, second], _) = match began.as_slice() {
            [one] => *one,
            [] => {
                let message = format!("{} says no rule", fields.what);
                let found = self.error(code::BAD_INVARIANT, &fields.span, message);
                let [(_, never), (_, after), (_, at_most)] = RULES;
                found.help(format!("say one: {never}, {after}, or {at_most}"));
                return None;
            }
            [(_, one), (_, other), ..] => {
                let message = format!("{} mixes two rules: `{}` and `{}`", fields.what, one.key, other.key);
                let found = self.error(code::BAD_INVARIANT, &other.at, message);
                found.label("this begins another rule").also(one.at.clone(), "one rule begins here");
                found.help("make two invariants of it");
                return None;
            }
        };
        let (one, two) = (fields.get(first), fields.get(second));
        let never_alone = *first == "never" && one.is_some();
        for (missing, there) in [(first, second), (second, first)] {
            if fields.get(missing).is_none() && !never_alone {
                self.half_missing(fields, missing, there);
                return None;
            }
        }
        let (one, two) = (one?, two);
        match *first {
            "never" => {
                let what = self.event(one)?;
                let before = match two {
                    Some(node) => Some(self.event(node)?),
                    None => None,
                };
                let rule = Rule::Never {
                    what: what.event.clone(),
                    before: before.as_ref().map(|said| said.event.clone()),
                };
                Some((rule, std::iter::once(what).chain(before).collect()))
            }
            "after" => {
                let (what, must) = (self.event(one), self.event(two?));
                let within = fields.get("within").map(|node| self.duration(node, "`within`"));
                let (what, must) = (what?, must?);
                let within = within.map_or(Some(None), |within| within.map(Some))?;
                Some((
                    Rule::After { what: what.event.clone(), must: must.event.clone(), within },
                    vec![what, must],
                ))
            }
            _ => {
                let (count, of) = (self.count(one, "`at_most`"), self.event(two?));
                let of = of?;
                Some((Rule::AtMost { count: count?, of: of.event.clone() }, vec![of]))
            }
        }
    }

    fn half_missing(&mut self, fields: &Fields<'a>, missing: &str, there: &str) {
        let span = fields.entry(there).map_or(fields.span.clone(), |entry| entry.at.clone());
        let found = self.error(code::BAD_INVARIANT, &span, format!("`{there}` stands without `{missing}`"));
        let whole = RULES.iter().find(|(keys, _)| keys.contains(&missing)).map_or("", |(_, whole)| whole);
        found.help(format!("the whole rule is {whole}"));
    }

    /// What an invariant speaks of: `tools.NAME`, `groups.NAME` or `steps.PATH`.
    fn event(&mut self, node: &'a Node) -> Option<Said> {
        let text = self.text(node, "what an invariant speaks of")?;
        let span = node.span.clone();
        let event = match text.split_once('.') {
            Some(("tools", name)) => self.resolve(&span, "tools", "tool", name).map(Happening::Tool),
            Some(("groups", name)) => self.resolve(&span, "groups", "group", name).map(Happening::Group),
            Some(("steps", path)) => self.step_event(&span, path),
            _ => {
                self.no_event(&span, &text);
                None
            }
        };
        Some(Said { event: event?, text })
    }

    fn no_event(&mut self, span: &Range<usize>, text: &str) {
        let full = self.full(text);
        let declares = |section: &&str| {
            self.declared.get(section).is_some_and(|names| names.iter().any(|name| **name == *full))
        };
        let section = ["tools", "groups"].iter().find(|section| declares(section)).copied();
        let found = self.error(code::BAD_EVENT, span, format!("an invariant can't speak of `{text}`"));
        match section {
            Some(section) => found.help(format!("write `{section}.{text}`")),
            None => {
                found.help(format!("it speaks of {}", listed(["tools.NAME", "groups.NAME", "steps.NAME"])))
            }
        };
    }
}
