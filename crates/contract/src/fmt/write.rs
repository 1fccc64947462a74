//! The layout: what fits on one line of 100 columns stands on one, as `{ a: b }`; the rest is indented by two blanks.
//!
//! Nothing is aligned: an entry that changes must not change the lines beside it. A comment counts for no columns, and
//! stands two blanks behind what it is about. A list of several things of which one is a map has a line for each, and
//! a map in a list on one line has its braces: `[ notifies: a, b ]` would be two items. A text too long for its line is
//! folded (`>-`). One blank line is kept where there were some, none at a beginning.

use super::piece::{Body, Line, Part, Piece, Text};
use super::scalar::{self, Block, Place};

/// The columns of a line.
pub(super) const WIDTH: usize = 100;

/// The text of a document.
pub(super) fn document(root: &Piece) -> String {
    let mut writer = Writer { out: String::new(), after_kept: true };
    if root.holds_parts() {
        writer.block(root, 0, false);
        return writer.out;
    }
    for line in &root.head {
        writer.line(line, 0);
    }
    writer.value(root, 0, 0, None);
    for line in &root.end {
        writer.line(line, 0);
    }
    writer.out
}

struct Writer {
    out: String,
    /// Whether no blank line may come now: at a beginning, or where it would belong to a block scalar.
    after_kept: bool,
}

impl Writer {
    /// The parts of a list or map, each from this column on. `inline`: the first one goes on in a line with a dash, and
    /// the comments above it were written already.
    fn block(&mut self, piece: &Piece, indent: usize, inline: bool) {
        for (index, part) in piece.parts().iter().enumerate() {
            if !(inline && index == 0) {
                let mut lines = if index == 0 { piece.head.clone() } else { Vec::new() };
                let heads = lines.len();
                let mut blank = above(part, indent, &mut lines);
                if heads > 0 {
                    *lines.get_mut(heads).map_or(&mut blank, |line| &mut line.blank) = piece.gap;
                }
                for line in &lines {
                    self.line(line, indent);
                }
                self.blank(blank);
                self.indent(indent);
            }
            self.after_kept = false;
            match &piece.body {
                Body::Map(_) => self.entry(part, indent),
                _ => self.item(part, indent),
            }
        }
        for line in &piece.end {
            self.line(line, indent);
        }
    }

    fn entry(&mut self, part: &Part, indent: usize) {
        let key = scalar::key(&part.key, Place::Block);
        let column = indent + key.chars().count() + 1;
        self.out.push_str(&key);
        self.out.push(':');
        if stands_open(&part.value, column + 1) {
            self.end_line(part.behind.as_deref());
            // The first part's own blank line would part it from its name.
            self.after_kept = true;
            self.block(&part.value, indent + 2, false);
        } else {
            self.value(&part.value, column, indent, part.behind.as_deref());
        }
    }

    fn item(&mut self, part: &Part, indent: usize) {
        self.out.push('-');
        if is_dashed(part, indent) {
            self.out.push(' ');
            self.block(&part.value, indent + 2, true);
        } else {
            self.value(&part.value, indent + 1, indent, part.behind.as_deref());
        }
    }

    /// A value that begins on this line, at this column; its own lines are indented deeper than `indent`.
    fn value(&mut self, piece: &Piece, column: usize, indent: usize, behind: Option<&str>) {
        let blank = if column == 0 { "" } else { " " };
        let Body::Text(text) = &piece.body else {
            let flow = flow(piece, usize::MAX).unwrap_or_default();
            self.out.push_str(&format!("{blank}{flow}"));
            return self.end_line(behind);
        };
        match written(text, column + blank.len(), indent + 2) {
            Written::Inline(said) if said.is_empty() => self.end_line(behind),
            Written::Inline(said) => {
                self.out.push_str(&format!("{blank}{said}"));
                self.end_line(behind);
            }
            Written::Lines(block) => {
                self.out.push_str(&format!("{blank}{}", block.header()));
                self.end_line(behind);
                for line in block.lines() {
                    if !line.is_empty() {
                        self.indent(indent + 2);
                    }
                    self.out.push_str(line);
                    self.out.push('\n');
                }
                self.after_kept = block.keeps_blanks();
            }
        }
        if piece.is_absent() && column > 0 {
            for line in &piece.end {
                self.line(line, indent + 2);
            }
        }
    }

    fn line(&mut self, line: &Line, indent: usize) {
        self.blank(line.blank);
        self.indent(indent);
        self.out.push_str(&line.text);
        self.out.push('\n');
        self.after_kept = false;
    }

    fn blank(&mut self, wanted: bool) {
        if wanted && !self.after_kept {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn end_line(&mut self, behind: Option<&str>) {
        if let Some(comment) = behind {
            self.out.push_str("  ");
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }
}

/// Gathers the comments above a part, with one that would stand behind its dash alone; says whether a blank line stands
/// before the part itself.
fn above(part: &Part, indent: usize, lines: &mut Vec<Line>) -> bool {
    let own = lines.len();
    lines.extend(part.above.iter().cloned());
    let mut blank = part.blank;
    let mut dashed = Some((part, indent));
    while let Some((item, column)) =
        dashed.filter(|(item, column)| item.key.is_empty() && is_dashed(item, *column))
    {
        let free = lines.len() == own;
        lines.extend(
            item.behind
                .iter()
                .map(|text| Line { blank: free && std::mem::take(&mut blank), text: text.clone() }),
        );
        dashed = item.value.parts().first().map(|first| (first, column + 2));
    }
    blank
}

enum Written {
    Inline(String),
    Lines(Block),
}

fn written(text: &Text, column: usize, indent: usize) -> Written {
    if let Some(block) = &text.block {
        return Written::Lines(block.clone());
    }
    let inline = scalar::inline(text, Place::Block).unwrap_or_default();
    let fits = column.saturating_add(inline.chars().count()) <= WIDTH;
    match scalar::in_lines(text, indent).filter(|_| !fits) {
        Some(block) => Written::Lines(block),
        None => Written::Inline(inline),
    }
}

/// Whether a list or map has a line for each of its parts, if it begins at this column.
fn stands_open(piece: &Piece, column: usize) -> bool {
    piece.holds_parts() && flow(piece, WIDTH.saturating_sub(column)).is_none()
}

/// Whether the first part of an item goes on behind its dash. A map of one key needs no braces there.
fn is_dashed(part: &Part, indent: usize) -> bool {
    let single = matches!(&part.value.body, Body::Map(parts) if parts.len() == 1);
    single || stands_open(&part.value, indent + 2)
}

/// A value on one line; none where it must not be on one, or is longer than that.
fn flow(piece: &Piece, room: usize) -> Option<String> {
    let (parts, (opens, closes)) = match &piece.body {
        Body::Text(text) if text.block.is_some() || !piece.end.is_empty() => return None,
        Body::Text(text) => {
            return scalar::inline(text, Place::Flow).filter(|said| said.chars().count() <= room);
        }
        Body::List(parts) => (parts, ("[", "]")),
        Body::Map(parts) => (parts, ("{", "}")),
    };
    if parts.is_empty() {
        // Comments of an empty one stand before and after it: only a whole document has any.
        return (room >= 2).then(|| format!("{opens}{closes}"));
    }
    if piece.open || !piece.head.is_empty() || !piece.end.is_empty() {
        return None;
    }
    let is_map = |part: &Part| matches!(part.value.body, Body::Map(_)) && part.value.holds_parts();
    if matches!(piece.body, Body::List(_)) && parts.len() > 1 && parts.iter().any(is_map) {
        return None;
    }
    let mut out = String::from(opens);
    // The brackets and their blanks.
    let mut room = room.checked_sub(4)?;
    for (index, part) in parts.iter().enumerate() {
        if !part.above.is_empty() || part.behind.is_some() {
            return None;
        }
        let comma = if index == 0 { "" } else { "," };
        let key = match &piece.body {
            Body::Map(_) => format!("{comma} {}: ", scalar::key(&part.key, Place::Flow)),
            _ => format!("{comma} "),
        };
        // The first blank was counted with its bracket.
        room = (room + usize::from(index == 0)).checked_sub(key.chars().count())?;
        let value = flow(&part.value, room)?;
        room -= value.chars().count();
        out.push_str(&key);
        out.push_str(&value);
    }
    Some(format!("{out} {closes}"))
}
