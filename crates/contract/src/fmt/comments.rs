//! The comments of a document, and what each of them is about.
//!
//! A comment behind something on its line belongs to that; one on a line of its own to what follows it, or to the end of
//! the list or map that its column says. Which of them it is decides where it goes when keys change their order.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::piece::{Body, Line, Part, Piece};
use crate::code;
use crate::diagnostic::Findings;

/// One comment.
#[derive(Debug)]
pub(super) struct Comment {
    at: usize,
    /// From its `#` on.
    pub(super) text: String,
}

/// What the tree doesn't hold.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub(super) comments: Vec<Comment>,
    /// Where block scalars begin, and whether they are folded.
    pub(super) blocks: HashMap<usize, bool>,
    pub(super) lines: Lines<'t>,
}

/// Where lines begin.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line that this byte is on, from 0.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// What stands before this byte on its line.
    fn before(&self, at: usize) -> &'t str {
        let start = self.starts.get(self.line(at)).copied().unwrap_or(0);
        self.text.get(start..at).unwrap_or("").trim_start_matches('\u{feff}')
    }

    /// Where the last line above this byte begins that holds something.
    pub(super) fn header(&self, at: usize) -> usize {
        let above = self.before(at).len();
        let before = self.text.get(..at.saturating_sub(above)).unwrap_or("").trim_end();
        self.starts.get(self.line(before.len())).copied().unwrap_or(0)
    }

    fn column(&self, at: usize) -> usize {
        self.before(at).chars().count()
    }

    /// Whether this begins its line, but for the dashes of a list, and the line above is empty.
    pub(super) fn blank_before(&self, at: usize, dashed: bool) -> bool {
        let first = |letter: char| letter == ' ' || letter == '\t' || dashed && letter == '-';
        let line = self.line(at);
        let above = line.checked_sub(1).and_then(|above| {
            let (start, end) = (self.starts.get(above)?, self.starts.get(line)?);
            self.text.get(*start..*end)
        });
        self.before(at).chars().all(first) && above.is_some_and(|above| above.trim().is_empty())
    }
}

/// Finds the comments of a text that was read as YAML before.
pub(super) fn read<'t>(text: &'t str, findings: &mut Findings) -> Option<Found<'t>> {
    let options = granit_parser::options! {
        emit_comments: true,
        // The file's own size bounds them.
        max_buffered_comment_events: text.len(),
    };
    let mut found = Found { comments: Vec::new(), blocks: HashMap::new(), lines: Lines::of(text) };
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((Event::Comment(..), span)) => {
                let bytes = span.byte_range().unwrap_or(0..0);
                let said = text.get(bytes.clone()).unwrap_or("").trim_end();
                found.comments.push(Comment { at: bytes.start, text: said.to_owned() });
            }
            Ok((Event::Scalar(_, style @ (ScalarStyle::Literal | ScalarStyle::Folded), ..), span)) => {
                let start = span.byte_range().unwrap_or(0..0).start;
                found.blocks.insert(start, style == ScalarStyle::Folded);
            }
            Ok(_) => {}
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                let message = format!("this can't be read as YAML: {}", error.info());
                findings.error(code::SYNTAX, at..at, message);
                return None;
            }
        }
    }
    found.comments.sort_by_key(|comment| comment.at);
    Some(found)
}

/// Gives every comment to the part that it is about.
pub(super) fn attach(root: &mut Piece, comments: &[Comment], lines: &Lines<'_>) {
    for comment in comments {
        let own = lines.before(comment.at).trim().is_empty();
        let line = Line { blank: lines.blank_before(comment.at, false), text: comment.text.clone() };
        if !root.holds_parts() {
            let before = comment.at < root.span.start;
            if before { root.head.push(line) } else { root.end.push(line) }
        } else if own {
            above(root, comment.at, line, lines, None);
        } else {
            behind(root, comment.at, line, lines);
        }
    }
}

/// The last part that begins before this byte.
fn last_before(piece: &Piece, at: usize) -> Option<usize> {
    piece.parts().partition_point(|part| part.at.start <= at).checked_sub(1)
}

/// Attaches a comment that has its line for itself. `outer` is the column of the list or map around this one.
fn above(piece: &mut Piece, at: usize, line: Line, lines: &Lines<'_>, outer: Option<usize>) {
    let here = column(piece, lines);
    let Some(index) = last_before(piece, at) else {
        return put_before(piece, 0, line);
    };
    let is_last = index + 1 == piece.parts().len();
    let Some(part) = piece.parts_mut().get_mut(index) else { return };
    let value = &mut part.value;
    let inside = at >= value.span.start && at < value.span.end;
    if value.holds_parts() {
        let deeper = column(value, lines);
        let within = inside || at < value.span.start && value.is_block();
        // Behind all of it: the column says whether it still belongs to it.
        let closes = value.is_block() && lines.column(at) >= deeper && here < deeper;
        if within || closes {
            return above(value, at, line, lines, Some(here));
        }
    } else if value.is_absent() && !value.in_flow && lines.column(at) > here && at >= value.span.end {
        value.end.push(line);
        return;
    }
    if at < value.span.start || inside {
        part.above.push(line);
    } else if is_last {
        debug_assert!(outer.is_none_or(|outer| outer <= here || !piece.is_block()));
        piece.end.push(line);
    } else {
        put_before(piece, index + 1, line);
    }
}

/// Attaches a comment that stands behind something on its line.
fn behind(piece: &mut Piece, at: usize, line: Line, lines: &Lines<'_>) {
    let Some(index) = last_before(piece, at) else {
        return put_beside(piece, 0, line);
    };
    let Some(part) = piece.parts_mut().get_mut(index) else { return };
    let value = &mut part.value;
    let end = value.span.end.max(part.at.end);
    let after = at >= end;
    let begins = value.parts().first().is_some_and(|first| at < first.at.start);
    if value.is_block() && begins && lines.line(part.at.end) != lines.line(at) {
        // Behind the dash of its first item.
        return put_beside(value, 0, line);
    }
    if after && lines.line(end.saturating_sub(1)) != lines.line(at) {
        // Behind a dash alone, or behind a bracket or comma on a later line.
        return put_beside(piece, index + 1, line);
    }
    if value.holds_parts() && at >= value.span.start && (!after || value.is_block()) {
        if !begins {
            return behind(value, at, line, lines);
        }
        // Behind an opening bracket: about the whole.
        return put_behind(part, line);
    }
    put_behind(part, line);
}

fn put_behind(part: &mut Part, line: Line) {
    if part.behind.is_none() {
        part.behind = Some(line.text);
    } else {
        part.above.push(line);
    }
}

/// Attaches what stands behind a dash: to a block scalar's first line, else above the item.
fn put_beside(piece: &mut Piece, index: usize, line: Line) {
    match piece.parts_mut().get_mut(index).and_then(block_scalar) {
        Some(part) => put_behind(part, line),
        None => put_before(piece, index, line),
    }
}

/// The item that is a block scalar and begins behind the same dashes as this one.
fn block_scalar(part: &mut Part) -> Option<&mut Part> {
    match &part.value.body {
        Body::Text(text) if text.block.is_some() => Some(part),
        Body::List(_) if part.value.is_block() => block_scalar(part.value.parts_mut().first_mut()?),
        _ => None,
    }
}

fn put_before(piece: &mut Piece, index: usize, line: Line) {
    match piece.parts_mut().get_mut(index) {
        Some(part) => part.above.push(line),
        None => piece.end.push(line),
    }
}

/// The column that the parts of a block begin at: that of the keys, or of the dashes.
fn column(piece: &Piece, lines: &Lines<'_>) -> usize {
    let Some(first) = piece.parts().first() else { return lines.column(piece.span.start) };
    match &piece.body {
        Body::List(_) if first.value.is_block() => column(&first.value, lines).saturating_sub(2),
        Body::List(_) if first.value.is_absent() => lines.column(first.at.start).saturating_sub(1),
        Body::List(_) => lines.column(first.at.start).saturating_sub(2),
        _ => lines.column(first.at.start),
    }
}
