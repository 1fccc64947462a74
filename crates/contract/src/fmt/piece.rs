//! The document as it is written: the values with their comments, blank lines and block scalars. It decides nothing.

use std::collections::HashMap;
use std::ops::Range;

use super::comments::Lines;
use super::scalar::Block;
use crate::yaml::{Kind, Node, Style};

/// A value, and the comments that stand in it and beside none of its parts.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) body: Body,
    /// Its bytes in the source.
    pub(super) span: Range<usize>,
    /// Whether it stands within `{…}` or `[…]` in the source.
    pub(super) in_flow: bool,
    /// Whether it stands open: in block style, however short it is.
    pub(super) open: bool,
    /// Comments before its first part that are not about that part alone.
    pub(super) head: Vec<Line>,
    /// Whether a blank line parts these from the first part.
    pub(super) gap: bool,
    /// Comments behind its last part.
    pub(super) end: Vec<Line>,
}

#[derive(Debug)]
pub(super) enum Body {
    Text(Text),
    List(Vec<Part>),
    Map(Vec<Part>),
}

/// A text as it is meant, and the lines of a block scalar as they were written.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) plain: bool,
    pub(super) block: Option<Block>,
}

/// An item of a list, or a key with its value.
#[derive(Debug)]
pub(super) struct Part {
    /// Empty for an item.
    pub(super) key: String,
    /// Where the key or the item begins, and where the key ends.
    pub(super) at: Range<usize>,
    /// Whether a blank line stands before it.
    pub(super) blank: bool,
    /// The comments on lines above it.
    pub(super) above: Vec<Line>,
    /// The comment behind it, on its first line.
    pub(super) behind: Option<String>,
    pub(super) value: Piece,
}

/// A comment on a line of its own.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Whether a blank line stands before it.
    pub(super) blank: bool,
    pub(super) text: String,
}

impl Piece {
    /// Its parts; none for a text.
    pub(super) fn parts(&self) -> &[Part] {
        match &self.body {
            Body::Text(_) => &[],
            Body::List(parts) | Body::Map(parts) => parts,
        }
    }

    pub(super) fn parts_mut(&mut self) -> &mut [Part] {
        match &mut self.body {
            Body::Text(_) => &mut [],
            Body::List(parts) | Body::Map(parts) => parts,
        }
    }

    /// Whether it is a list or map that holds something.
    pub(super) fn holds_parts(&self) -> bool {
        !self.parts().is_empty()
    }

    /// Whether nothing stands there at all.
    pub(super) fn is_absent(&self) -> bool {
        matches!(&self.body, Body::Text(text) if text.plain && text.text.is_empty())
    }

    /// Whether it is written without brackets in the source.
    pub(super) fn is_block(&self) -> bool {
        self.parts().first().is_some_and(|part| !part.value.in_flow)
    }
}

/// Makes the pieces of a tree; comments are attached afterwards.
pub(super) fn build(node: &Node, lines: &Lines<'_>, blocks: &HashMap<usize, bool>) -> Piece {
    let body = match &node.kind {
        Kind::Text { text, style } => {
            let folded = blocks.get(&node.span.start).copied().filter(|_| *style == Style::Block);
            let block = folded.and_then(|folded| Block::read(lines.text, &node.span, text, folded));
            Body::Text(Text { text: text.clone(), plain: *style == Style::Plain, block })
        }
        Kind::List(items) => Body::List(
            items
                .iter()
                .map(|item| {
                    let value = build(item, lines, blocks);
                    let start = first_byte(&value);
                    let blank = lines.blank_before(first_line(&value, lines), true);
                    part(String::new(), start..start, blank, value)
                })
                .collect(),
        ),
        Kind::Map(entries) => Body::Map(
            entries
                .iter()
                .map(|entry| {
                    let value = build(&entry.value, lines, blocks);
                    let blank = lines.blank_before(entry.at.start, false);
                    part(entry.key.clone(), entry.at.clone(), blank, value)
                })
                .collect(),
        ),
        // What was refused was reported, and nothing is written then.
        Kind::Refused => Body::Text(Text { text: String::new(), plain: true, block: None }),
    };
    let span = node.span.clone();
    Piece { body, span, in_flow: node.in_flow, open: false, head: Vec::new(), gap: false, end: Vec::new() }
}

fn part(key: String, at: Range<usize>, blank: bool, value: Piece) -> Part {
    Part { key, at, blank, above: Vec::new(), behind: None, value }
}

/// Some byte of the line that an item begins on: a block scalar's text begins below its dash.
fn first_line(item: &Piece, lines: &Lines<'_>) -> usize {
    match &item.body {
        Body::Text(text) if text.block.is_some() => lines.header(item.span.start),
        Body::List(parts) if item.is_block() => {
            parts.first().map_or(item.span.start, |first| first_line(&first.value, lines))
        }
        _ => first_byte(item),
    }
}

/// Where the first of its parts begins; the parser has a list begin behind its dash.
fn first_byte(piece: &Piece) -> usize {
    if !piece.is_block() {
        return piece.span.start;
    }
    piece.parts().first().map_or(piece.span.start, |part| part.at.start)
}
