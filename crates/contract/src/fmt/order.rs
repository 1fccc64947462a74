//! What the grammar says of how things stand: keys in the order of its table, and what is always written open.
//!
//! Promises are read line by line and compared line by line: so sections, tools, agents, steps, clauses and whatever else
//! has several names get a line for each. Everything else may be short.

use super::piece::{Body, Part, Piece};
use crate::grammar::{self, Form, Holds};

/// The forms that a file as a whole may have. An environment first: its one key is a contract's too.
const FILES: &[Holds] =
    &[Holds::Form(&grammar::ENVIRONMENT), Holds::Form(&grammar::CONTRACT), Holds::Form(&grammar::TESTS)];

/// Forms that stand open even where they would fit on a line.
const OPEN: &[&Form] = &[&grammar::TOOL, &grammar::AGENT, &grammar::TEST];

/// How the parts of a map are known.
enum Parts {
    /// By the keys of a form.
    Form(&'static Form),
    /// As the names of things like this.
    Each(&'static Holds),
    /// As the sentences or names of conditions or texts.
    Said(Option<&'static Holds>),
    /// Not at all.
    Unknown,
}

/// Puts all keys in order and notes what stands open. Every condition and value is shown to `look`.
pub(super) fn settle(root: &mut Piece, look: &mut dyn FnMut(&Piece)) {
    root.open = true;
    walk(root, &FILES.iter().collect::<Vec<_>>(), 0, look);
}

fn walk(piece: &mut Piece, holds: &[&'static Holds], depth: usize, look: &mut dyn FnMut(&Piece)) {
    let parts = match &piece.body {
        Body::Text(_) => {
            if holds.iter().any(|holds| matches!(holds, Holds::Condition | Holds::Value)) {
                look(piece);
            }
            return;
        }
        Body::List(_) => {
            let inner = holds.iter().find_map(|holds| match holds {
                Holds::List(inner) => Some(*inner),
                _ => None,
            });
            for part in piece.parts_mut() {
                walk(&mut part.value, &options(inner), depth + 1, look);
                // `- reads: a  # why` and `- { reads: a }  # why` are one.
                if let Body::Map(parts) = &mut part.value.body
                    && let [only] = parts.as_mut_slice()
                    && only.behind.is_none()
                {
                    only.behind = part.behind.take();
                }
                hoist(part);
            }
            return;
        }
        Body::Map(parts) => known(parts, holds),
    };
    let several = piece.parts().len() > 1;
    match parts {
        Parts::Form(form) => {
            piece.open |= OPEN.iter().any(|open| std::ptr::eq(*open, form));
            sort(piece, form, depth);
            for part in piece.parts_mut() {
                let holds = form.key(&part.key).map(|key| &key.holds);
                let section = depth == 0 && matches!(part.value.body, Body::Map(_));
                part.value.open |= section;
                walk(&mut part.value, &options(holds), depth + 1, look);
            }
        }
        Parts::Each(inner) => {
            let all = options(Some(inner));
            let steps = |form: &Form| std::ptr::eq(form, &grammar::STEP);
            let forms: Vec<&Form> = all.iter().filter_map(|holds| form_of(holds)).collect();
            let prose = all.iter().any(|holds| matches!(holds, Holds::Prose));
            piece.open |= prose || several && !forms.is_empty() || forms.iter().any(|form| steps(form));
            for part in piece.parts_mut() {
                walk(&mut part.value, &all, depth + 1, look);
            }
        }
        Parts::Said(inner) => {
            piece.open = true;
            for part in piece.parts_mut() {
                walk(&mut part.value, &options(inner), depth + 1, look);
            }
        }
        Parts::Unknown => {
            for part in piece.parts_mut() {
                walk(&mut part.value, &[], depth + 1, look);
            }
        }
    }
}

/// Takes the comments above the first part of an item's value above the item: they can't stand behind its dash.
fn hoist(item: &mut Part) {
    let mut lines = std::mem::take(&mut item.value.head);
    if let Some(first) = item.value.parts_mut().first_mut() {
        lines.append(&mut first.above);
    }
    if let (Some(first), true) = (lines.first_mut(), item.above.is_empty()) {
        first.blank = std::mem::take(&mut item.blank);
    }
    item.above.append(&mut lines);
}

fn form_of(holds: &Holds) -> Option<&'static Form> {
    if let Holds::Form(form) = holds { Some(form) } else { None }
}

/// What a value may be, alternatives one by one.
fn options(holds: Option<&'static Holds>) -> Vec<&'static Holds> {
    match holds {
        None => Vec::new(),
        Some(Holds::Either(options)) => options.iter().flat_map(|holds| self::options(Some(holds))).collect(),
        Some(holds) => vec![holds],
    }
}

/// What a map is, of all that may stand here: the form that has most of its keys, else names.
fn known(parts: &[Part], holds: &[&'static Holds]) -> Parts {
    let mut best: (usize, Parts) = (0, Parts::Unknown);
    for holds in holds {
        let (form, or) = match holds {
            Holds::Form(form) => (Some(*form), Parts::Unknown),
            Holds::Type => (Some(&grammar::DEFAULTED), Parts::Unknown),
            // Fields named like the keys of a type are fields, unless there is one alone.
            Holds::Fields if parts.len() == 1 => (Some(&grammar::DEFAULTED), Parts::Each(&Holds::Type)),
            Holds::Fields => (None, Parts::Each(&Holds::Type)),
            Holds::Map(inner) => (None, Parts::Each(inner)),
            Holds::Clauses => (None, Parts::Said(Some(&Holds::Condition))),
            Holds::Reasons => (None, Parts::Said(Some(&Holds::Prose))),
            _ => continue,
        };
        let fits = form.map_or(0, |form| parts.iter().filter(|part| form.key(&part.key).is_some()).count());
        match form.filter(|_| fits > best.0) {
            Some(form) => best = (fits, Parts::Form(form)),
            None if best.0 == 0 && matches!(best.1, Parts::Unknown) => best.1 = or,
            None => {}
        }
    }
    best.1
}

/// Keys in the order of their form; unknown ones behind them. Comments above the first that are about more than it stay.
fn sort(piece: &mut Piece, form: &Form, depth: usize) {
    let Body::Map(parts) = &mut piece.body else { return };
    if let Some(first) = parts.first_mut() {
        // What ends in a blank line is about the whole; at the top of a file, everything is.
        let blank_behind = |index: usize| first.above.get(index + 1).map_or(first.blank, |line| line.blank);
        let count = match depth {
            0 => first.above.len(),
            _ => (0..first.above.len()).rev().find(|index| blank_behind(*index)).map_or(0, |index| index + 1),
        };
        piece.gap = depth > 0 || first.blank;
        piece.head = first.above.drain(..count).collect();
    }
    let place = |part: &Part| form.keys.iter().position(|key| key.name == part.key).unwrap_or(usize::MAX);
    parts.sort_by_key(place);
}
