//! Paths: fields and items, one after the other, with what may be missing on the way.

use std::borrow::Cow;

use super::super::limits::NARROWED_PARTS_MAX;
use super::super::node::{Field, Kind, Node};
use super::super::tokens::Span;
use super::Problem;
use super::infer::{Missing, Type, Walk, shown};
use super::known::{Fact, key};
use super::view::{self, Kinds, Presence};
use crate::code;
use crate::reads::BadRead;

impl<'s> Walk<'s> {
    pub(super) fn path(&mut self, node: &Node, root: &str, fields: &[Field]) -> Type<'s> {
        self.path_on(node, root, fields, None)
    }

    /// A path of which perhaps only a field is asked for.
    pub(super) fn path_on(
        &mut self,
        node: &Node,
        root: &str,
        fields: &[Field],
        asked: Option<&Field>,
    ) -> Type<'s> {
        let local = self.locals.iter().rev().find(|local| local.name == root);
        let mut found = match local {
            Some(local) => local.item.clone(),
            None => match self.reads.read(root, fields.iter().chain(asked).map(|field| &*field.name)) {
                Ok(schema) => Type::of(Cow::Borrowed(schema)),
                Err((depth, bad)) => {
                    let end = match depth.checked_sub(1) {
                        None => node.at.start + u32::try_from(root.len()).unwrap_or(0),
                        Some(last) => fields.get(last).map_or(node.at.end, |field| field.end),
                    };
                    self.report(Problem::read(bad, node.at.to(end.min(node.at.end)).range()));
                    return Type::unknown();
                }
            },
        };
        if self.is_known(root, true) {
            found.schema = found.part_without_null();
        }
        let mut way = root.to_owned();
        for field in fields {
            found = self.step(found, &way, field, node.at);
            way = format!("{way}.{}", field.name);
            if self.is_known(&way, true) {
                found.schema = found.part_without_null();
            }
        }
        // What may be missing is missing at the end of the path: one `has` asks for all of it.
        if let Some(missing) = found.missing.as_mut().filter(|missing| missing.guarded) {
            missing.help = format!("ask first: `has({way}) && …`");
        }
        found
    }

    /// A part that leads on to another; what is missing on it is missing further on.
    pub(super) fn way(&mut self, node: &Node) -> Type<'s> {
        if key(node).is_some() { self.infer(node) } else { self.value(node) }
    }

    /// One field further.
    pub(super) fn step(&mut self, from: Type<'s>, way: &str, field: &Field, at: Span) -> Type<'s> {
        let kinds = from.kinds();
        let here = at.to(field.end);
        if from.special.is_some() || kinds.known() && !kinds.meets(Kinds::MAP) && kinds != Kinds::NULL {
            let message = format!("`{way}` is {}, and has no field `{}`", from.words(), field.name);
            let bad = BadRead { message, help: vec![format!("read `{way}` itself")] };
            self.report(Problem::read(bad, here.range()));
            return Type::unknown();
        }
        let full = format!("{way}.{}", field.name);
        let mut missing = from.missing.clone();
        let told = |missing: &Option<Missing>| missing.as_ref().is_some_and(|missing| missing.guarded);
        if !told(&missing) && kinds.known() && kinds.meets(Kinds::NULL) && !self.is_known(way, true) {
            missing = Some(Missing {
                message: format!("`{way}` may be null, and then it has no field `{}`", field.name),
                help: format!("ask first: `has({full}) && …`"),
                at: here,
                guarded: true,
            });
        }
        let presence = view::field(&from.schema, &field.name).presence;
        if presence == Presence::Never && !self.is_known(&full, false) {
            let bad = BadRead::unknown(way, &field.name, view::names(&from.schema).into_iter());
            self.report(Problem::read(bad, here.range()));
            return Type::unknown();
        }
        if !told(&missing) && presence == Presence::Maybe && !self.is_known(&full, false) {
            missing = Some(Missing {
                message: format!("`{full}` may be absent"),
                help: format!("ask first: `has({full}) && …`"),
                at: here,
                guarded: true,
            });
        }
        Type { schema: from.part(|schema| view::field(schema, &field.name).schema), special: None, missing }
    }

    pub(super) fn index(&mut self, node: &Node, of: &Node, at: &Node) -> Type<'s> {
        let list = self.way(of);
        let missing = list.missing.clone();
        let place = self.value(at);
        let known = list.kinds();
        if known.known() && known.meets(Kinds::NULL) && missing.is_none() {
            self.nullable(of, "`[…]` looks into a list or an object");
        }
        if list.special.is_some() || known.known() && !known.meets(Kinds::LIST.or(Kinds::MAP)) {
            self.fits(of, &list, Kinds::LIST.or(Kinds::MAP), "`[…]` looks into a list or an object");
            return Type::unknown();
        }
        let by_text = known.known() && !known.meets(Kinds::LIST);
        let by_number = known.known() && !known.meets(Kinds::MAP);
        if by_text {
            self.fits(at, &place, Kinds::TEXT, "an object's field is named by a text");
            return Type::unknown();
        }
        if by_number && self.fits(at, &place, Kinds::NUMBER, "a list's place is a whole number") {
            let number = place.kinds();
            if number == Kinds::NUMBER && !view::whole(&place.schema) {
                let message =
                    format!("a list's place is a whole number, and {} may have a fraction", shown(at));
                let problem = Problem::new(code::MIXED, at.at.range(), message);
                self.report(problem.help("cut the fraction off with `int(…)`"));
            }
        }
        if !by_number {
            return Type { missing, ..Type::unknown() };
        }
        let number = match &at.kind {
            Kind::Literal(value) => value.as_u64(),
            _ => None,
        };
        let there = number.is_some_and(|number| number < view::least_items(&list.schema));
        // Behind a bare path absence is an answer. Inside an expression an item that isn't there is an error when it
        // happens, and nothing is asked before: nobody would write a guard for each `[0]`.
        let absent = (node.is_path() && !there).then(|| Missing {
            message: format!("{} may be absent", shown(node)),
            help: String::new(),
            at: node.at,
            guarded: false,
        });
        let place = number.and_then(|number| usize::try_from(number).ok());
        let schema = list.part(|schema| view::item(schema, place));
        Type { schema, special: None, missing: missing.or(absent) }
    }

    /// What was asked of an item goes on to hold for it, wherever the list is handed to.
    pub(super) fn narrow_item(&mut self, name: &str, facts: &[Fact]) {
        let Some(local) = self.locals.last_mut() else { return };
        for fact in facts {
            let mut parts = fact.path.split('.');
            if parts.next() != Some(name) || fact.path.contains('[') {
                continue;
            }
            let path: Vec<&str> = parts.collect();
            // Each narrowing holds the schema twice, once as it was: past some size the rest stays as it is.
            let small = view::parts(&local.item.schema, NARROWED_PARTS_MAX) < NARROWED_PARTS_MAX;
            if small && view::kinds(&local.item.schema).known() {
                let schema = view::narrowed(&local.item.schema, &path, fact.not_null);
                local.item.schema = Cow::Owned(schema);
            }
        }
    }
}
