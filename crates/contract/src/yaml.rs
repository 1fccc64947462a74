//! YAML as a tree whose every node knows its bytes: what a contract is read from.
//!
//! Read from parser events, so that each value keeps its place and its style. It types nothing: what a text means is
//! said by who reads it. What lets one thing stand for another (tags, anchors, aliases) is refused here.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::code;
use crate::diagnostic::Findings;
use crate::limits::{DEPTH_MAX, FILE_BYTES_MAX, NODES_MAX};

/// One value of the document.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its bytes.
    pub(crate) span: Range<usize>,
    /// Whether it stands within `{…}` or `[…]`, where commas and brackets end a plain text.
    pub(crate) in_flow: bool,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Text {
        text: String,
        style: Style,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Was reported already: whoever reads it says nothing more.
    Refused,
}

/// How a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

/// A key and its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Range<usize>,
    pub(crate) value: Node,
}

impl Node {
    /// The value of this key, where it is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Its text, if it is one that says something: a plain text of nothing, `~` or `null` is none.
    pub(crate) fn said(&self) -> Option<(&str, Style)> {
        match &self.kind {
            Kind::Text { text, style: Style::Plain } if is_nothing(text) => None,
            Kind::Text { text, style } => Some((text, *style)),
            _ => None,
        }
    }

    /// What it is, for a message.
    pub(crate) fn is_what(&self) -> &'static str {
        match &self.kind {
            Kind::Text { text, style: Style::Plain } if is_nothing(text) => "nothing",
            Kind::Text { .. } => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Refused => "refused",
        }
    }

    /// Whether a ` #` ended this plain text: what stands behind it in `source` was read as a comment.
    pub(crate) fn comment_behind<'s>(&self, source: &'s str) -> Option<&'s str> {
        let Kind::Text { style: Style::Plain, .. } = self.kind else { return None };
        let rest = source.get(self.span.end..)?.lines().next()?;
        let comment = rest.trim_start_matches([' ', '\t']);
        (comment.len() < rest.len() && comment.starts_with('#')).then_some(comment)
    }

    /// Where the bytes `within` of its text stand in `source`; its whole span where quoting or folding hides that.
    pub(crate) fn place(&self, source: &str, within: Range<usize>) -> Range<usize> {
        self.try_place(source, within).unwrap_or_else(|| self.span.clone())
    }

    fn try_place(&self, source: &str, within: Range<usize>) -> Option<Range<usize>> {
        let Kind::Text { text, style } = &self.kind else { return None };
        let written = source.get(self.span.clone())?;
        let mut at = match style {
            Style::Plain => 0,
            Style::Quoted => 1,
            // The span begins behind the indicator, or with it where the text is empty.
            Style::Block if written.starts_with(['|', '>']) => written.find('\n')? + 1,
            Style::Block => 0,
        };
        // Walks both side by side: a blank of the text stands for any run of blanks and breaks in the file.
        let (mut start, mut end) = (None, None);
        for (offset, letter) in text.char_indices().chain([(text.len(), ' ')]) {
            let rest = written.get(at..)?;
            let skipped = if letter.is_whitespace() { 0 } else { rest.len() - rest.trim_start().len() };
            let here = at + skipped;
            if start.is_none() && offset >= within.start {
                start = Some(here);
            }
            if offset >= within.end {
                end = Some(here);
                break;
            }
            match written.get(here..)?.chars().next() {
                Some(found) if found == letter => {
                    at = here + found.len_utf8();
                    // `''` in a single-quoted text is one quote.
                    if *style == Style::Quoted && letter == '\'' && written.starts_with('\'') {
                        at += usize::from(written.get(at..)?.starts_with('\''));
                    }
                }
                Some(found) if letter.is_whitespace() && found.is_whitespace() => {
                    at = here + found.len_utf8()
                }
                // An empty line in the text may be no byte of the file.
                _ if letter.is_whitespace() => at = here,
                _ => return None,
            }
        }
        let base = self.span.start;
        let (start, end) = (start?, end?.max(start?));
        Some(base + start..base + end.min(written.len()))
    }
}

/// Whether a plain text means nothing.
pub(crate) fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A list or map that is being read.
struct Open {
    start: usize,
    flow: bool,
    what: What,
}

enum What {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Range<usize>)>, seen: HashMap<String, Range<usize>> },
}

struct Reader<'f> {
    findings: &'f mut Findings,
    /// Where the file begins among all texts.
    base: usize,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

/// Reads the document that stands at `file` in `source`. None where there is nothing to go on with; the findings say why.
pub(crate) fn parse(source: &str, file: Range<usize>, findings: &mut Findings) -> Option<Node> {
    let base = file.start;
    let text = source.get(file).unwrap_or("");
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes; a contract may have {FILE_BYTES_MAX}", text.len());
        findings
            .error(code::TOO_LARGE, base..base, message)
            .help("split it, or move long texts into files of their own");
        return None;
    }
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
    };
    let mut reader = Reader { findings, base, open: Vec::new(), root: None, nodes: 0, documents: 0 };
    for next in Parser::new_from_str_with_options(text, options) {
        if reader.findings.is_full() {
            return None;
        }
        match next {
            Ok((event, span)) => reader.take(event, &span, source)?,
            Err(error) => {
                let at = base + error.marker().byte_offset().unwrap_or(text.len());
                let open = reader.open.iter().rev().find(|open| open.flow).map(|open| open.start);
                crate::traps::explain_syntax(source, at, open, &error.info(), reader.findings);
                return None;
            }
        }
    }
    if reader.root.is_none() {
        let found = reader.findings.error(code::SYNTAX, base..base, "the file is empty");
        found.help("a contract begins with `handfast: 1`; `handfast init` writes one that runs");
    }
    reader.root
}

impl Reader<'_> {
    /// Takes in one event; None to stop.
    fn take(&mut self, event: Event<'_>, span: &Span, source: &str) -> Option<()> {
        let bytes = self.moved(span.byte_range());
        match event {
            Event::DocumentStart(_, version) => {
                self.documents += 1;
                if self.documents > 1 {
                    let found =
                        self.findings.error(code::YAML_FEATURE, bytes, "a second document begins here");
                    found
                        .help("a contract is one document: take the `---` out, or make it a file of its own");
                    return None;
                }
                if version.is_some() {
                    let found = self.findings.error(code::YAML_FEATURE, bytes, "a `%YAML` directive");
                    found.help("take it out: contracts are YAML 1.2 without directives");
                }
            }
            Event::Anchor(_, name) => {
                crate::traps::explain_sign(source, bytes, &format!("`&{name}` is an anchor"), self.findings);
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                crate::traps::explain_sign(source, bytes.clone(), "`*` begins an alias", self.findings);
                self.finish(bytes, Kind::Refused)?;
            }
            Event::Scalar(text, style, _, tag) => {
                let style = style_of(style);
                let kind = match tag {
                    Some(_) => self.refuse_tag(span, source),
                    // A value that isn't there: the parser gives it a text of its own.
                    None if style == Style::Plain && bytes.is_empty() => {
                        Kind::Text { text: String::new(), style }
                    }
                    None => Kind::Text { text: text.into_owned(), style },
                };
                let blank = source.get(bytes.clone()).map_or(0, |text| text.len() - text.trim_end().len());
                self.finish(bytes.start..bytes.end - blank, kind)?;
            }
            Event::SequenceStart(style, _, tag) => {
                self.begin(bytes.start, style, What::List(Vec::new()))?;
                tag.is_some().then(|| self.refuse_tag(span, source));
            }
            Event::MappingStart(style, _, tag) => {
                self.begin(
                    bytes.start,
                    style,
                    What::Map { entries: Vec::new(), key: None, seen: HashMap::new() },
                )?;
                tag.is_some().then(|| self.refuse_tag(span, source));
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(bytes.end)?,
            _ => {}
        }
        Some(())
    }

    fn refuse_tag(&mut self, span: &Span, source: &str) -> Kind {
        let bytes = self.moved(span.tag_span().and_then(|span| span.byte_range()).or(span.byte_range()));
        crate::traps::explain_sign(source, bytes, "`!` begins a tag", self.findings);
        Kind::Refused
    }

    fn begin(&mut self, start: usize, style: StructureStyle, what: What) -> Option<()> {
        if self.open.len() >= DEPTH_MAX {
            let found =
                self.findings.error(code::TOO_LARGE, start..start, format!("nested deeper than {DEPTH_MAX}"));
            found.help("give the inner parts names of their own, under `types` for example");
            return None;
        }
        let flow = style == StructureStyle::Flow || self.in_flow();
        self.open.push(Open { start, flow, what });
        Some(())
    }

    /// A place in the file as one among all texts.
    fn moved(&self, bytes: Option<Range<usize>>) -> Range<usize> {
        let bytes = bytes.unwrap_or(0..0);
        self.base + bytes.start..self.base + bytes.end
    }

    fn in_flow(&self) -> bool {
        self.open.last().is_some_and(|open| open.flow)
    }

    fn end(&mut self, end: usize) -> Option<()> {
        let Open { start, flow, what } = self.open.pop()?;
        let (kind, last) = match what {
            What::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Kind::List(items), last)
            }
            What::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.at.end));
                (Kind::Map(entries), last)
            }
        };
        // A block ends where its last part ends; the parser says where the next one begins.
        let end = if flow { end } else { last.unwrap_or(start) };
        self.finish(start..end.max(start), kind)
    }

    /// Gives a finished node to whoever holds it.
    fn finish(&mut self, span: Range<usize>, kind: Kind) -> Option<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values");
            self.findings.error(code::TOO_LARGE, span, message).help("split the contract");
            return None;
        }
        let node = Node { span, in_flow: self.in_flow(), kind };
        match self.open.last_mut().map(|open| &mut open.what) {
            None => self.root = Some(node),
            Some(What::List(items)) => items.push(node),
            Some(What::Map { entries, key, seen }) => match key.take() {
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
                None => *key = Some(key_of(node, seen, self.findings)),
            },
        }
        Some(())
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

/// The text of a key. One that can't be used is reported and becomes a name that nothing asks for.
fn key_of(
    node: Node,
    seen: &mut HashMap<String, Range<usize>>,
    findings: &mut Findings,
) -> (String, Range<usize>) {
    let at = node.span.clone();
    let text = match node.kind {
        Kind::Text { text, style: Style::Plain } if text == "<<" => {
            let found = findings.error(code::YAML_FEATURE, at.clone(), "`<<` would merge another map");
            found.help("write the keys out");
            return (String::new(), at);
        }
        Kind::Text { text, .. } if !text.is_empty() => text,
        Kind::Refused => return (String::new(), at),
        _ => {
            let found = findings.error(code::WRONG_KIND, at.clone(), "a key must be a text");
            found.help("quote it, if brackets belong to the text");
            return (String::new(), at);
        }
    };
    if let Some(first) = seen.get(&text) {
        let found = findings.error(code::DUPLICATE_KEY, at.clone(), format!("`{text}` stands here twice"));
        found.label("again here").also(first.clone(), "first here").help("keep one of them");
        return (String::new(), at);
    }
    seen.insert(text.clone(), at.clone());
    (text, at)
}
