//! One line on its way to a terminal: escaped, cut to the width, then coloured.

use super::COLUMNS;
use crate::text::{Style, shorten, visible, width};

/// What a piece of text is, by its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Bold,
    Dim,
    Good,
    Bad,
    Doubt,
    Key,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Bad => "\u{1b}[31m",
            Self::Doubt => "\u{1b}[33m",
            Self::Key => "\u{1b}[36m",
        }
    }
}

/// Pieces of text that know their colour.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(Paint, String)>,
}

impl Line {
    /// Adds text; what can't be seen is spelled out.
    pub(crate) fn push(&mut self, paint: Paint, text: &str) {
        if !text.is_empty() {
            self.pieces.push((paint, visible(text).into_owned()));
        }
    }

    fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| width(text)).sum()
    }

    /// Cuts the line to this many columns.
    fn cut(&mut self, columns: usize) {
        let mut left = columns;
        let mut kept = Vec::with_capacity(self.pieces.len());
        for (paint, text) in std::mem::take(&mut self.pieces) {
            let taken = width(&text);
            if taken <= left {
                left -= taken;
                kept.push((paint, text));
                continue;
            }
            kept.push((paint, shorten(&text, left).into_owned()));
            break;
        }
        self.pieces = kept;
    }

    /// Puts these at the right end, each in its column; a line without any keeps the whole width.
    pub(crate) fn columns(&mut self, columns: &[String; 4], width_max: usize) {
        if columns.iter().all(String::is_empty) {
            return;
        }
        let room = width_max.saturating_sub(COLUMNS.iter().sum());
        self.cut(room.saturating_sub(1));
        let pad = room.saturating_sub(self.width());
        let cells = columns.iter().zip(COLUMNS).map(|(text, wide)| {
            let pad = wide.saturating_sub(width(text));
            format!("{}{text}", " ".repeat(pad))
        });
        let cells = cells.collect::<String>();
        self.pieces.push((Paint::Dim, format!("{}{}", " ".repeat(pad), cells.trim_end())));
    }

    /// The line within this many columns.
    pub(crate) fn finish(mut self, columns: usize, style: Style) -> String {
        if self.width() > columns {
            self.cut(columns);
        }
        let mut out = String::new();
        for (paint, text) in &self.pieces {
            match style {
                Style::Colour if *paint != Paint::Plain => {
                    out.push_str(paint.code());
                    out.push_str(text);
                    out.push_str("\u{1b}[0m");
                }
                _ => out.push_str(text),
            }
        }
        if style == Style::Plain {
            out.truncate(out.trim_end().len());
        }
        out
    }
}
