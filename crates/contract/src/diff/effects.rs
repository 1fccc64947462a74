//! Effects: what is done to the world. One that no effect of the old contract covers is new.

use super::rules::{EFFECT_ADDED, EFFECT_REMOVED};
use super::{Found, words};
use crate::expr::{Compared, Piece};
use crate::{Effect, Tool};

pub(super) fn effects(found: &mut Found, old: &Tool, new: &Tool) {
    let lacking = |some: &[Effect], all: &[Effect]| -> Vec<String> {
        let lacking = some.iter().filter(|one| !all.iter().any(|other| covers(other, one)));
        lacking.map(said).collect()
    };
    let (added, gone) = (lacking(&new.effects, &old.effects), lacking(&old.effects, &new.effects));
    if !added.is_empty() {
        found.add(
            &EFFECT_ADDED,
            new.address("effects"),
            format!("it has one more: {}", words::listed(added)),
        );
    }
    if !gone.is_empty() {
        found.add(
            &EFFECT_REMOVED,
            new.address("effects"),
            format!("it has no longer: {}", words::listed(gone)),
        );
    }
}

fn said(effect: &Effect) -> String {
    let when = effect.when.as_ref().map_or(String::new(), |when| format!(", when {when}"));
    format!("{} {}{when}", effect.kind.verb(), effect.target.source())
}

/// Whether whoever was told of `wide` was told of `narrow`. Kinds are told apart even where one might include another.
fn covers(wide: &Effect, narrow: &Effect) -> bool {
    let cases = Compared::between(wide.when.as_ref(), narrow.when.as_ref());
    wide.kind == narrow.kind
        && matches!(cases, Compared::Same | Compared::Stronger)
        && path_covers(&segments(wide.target.pieces()), &segments(narrow.target.pieces()))
}

type Segment = Vec<Piece>;

/// The parts between `/`; what fills a hole is never more than one of them.
fn segments(pieces: Vec<Piece>) -> Vec<Segment> {
    let mut all = vec![Segment::new()];
    for piece in pieces {
        match piece {
            Piece::Hole(_) => all.last_mut().into_iter().for_each(|last| last.push(piece.clone())),
            Piece::Text(text) => {
                for (place, part) in text.split('/').enumerate() {
                    if place > 0 {
                        all.push(Segment::new());
                    }
                    if let (false, Some(last)) = (part.is_empty(), all.last_mut()) {
                        last.push(Piece::Text(part.to_owned()));
                    }
                }
            }
        }
    }
    all.retain(|segment| !segment.is_empty());
    all
}

/// As for [`crate::overlap`]: `*` is any one segment, `**` the rest.
fn path_covers(wide: &[Segment], narrow: &[Segment]) -> bool {
    let is = |segment: &Segment, text: &str| matches!(segment.as_slice(), [Piece::Text(own)] if own == text);
    match (wide.split_first(), narrow.split_first()) {
        (Some((first, _)), _) if is(first, "**") => true,
        (None, None) => true,
        (Some((first, wide)), Some((other, narrow))) => {
            (first == other || (is(first, "*") && !is(other, "**"))) && path_covers(wide, narrow)
        }
        _ => false,
    }
}
