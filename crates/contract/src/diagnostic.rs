//! What is wrong with a contract, where, and what to do: for a terminal in the manner of rustc, and as JSON.
//!
//! It knows no rule of the language; those stand where they are checked.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use handfast_events::Sources;
use serde::Serialize;

use crate::Code;
use crate::limits::{DIAGNOSTICS_MAX, FINDINGS_MAX, LINE_BYTES_MAX, SENTENCE_CHARS_MAX};
use crate::masks::masked;
use crate::texts::Texts;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What kind of finding it is: `HF0001`.
    pub code: Code,
    /// Whether the contract can be used all the same.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where; the first is the place itself, the others explain it. Empty where no place in a file is at fault.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Vec<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The contract can't be used.
    Error,
    /// It checks, and can't be run as it is: by this release, or with these settings.
    #[serde(rename = "not_run")]
    NotRun,
    /// It can, but look at this.
    Warning,
    /// Nothing is wrong; it is worth knowing.
    Remark,
}

/// A place in a file, and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The file, as [`Sources`] names it.
    pub file: String,
    /// Its bytes.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What to say about it; may be empty.
    pub text: String,
}

/// Whether a rendering carries the escape sequences of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// With colours.
    Coloured,
}

impl Diagnostic {
    /// Says what it labels, too.
    pub(crate) fn label(&mut self, text: impl Into<String>) -> &mut Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Adds what to do about it.
    pub(crate) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help.push(text.into());
        self
    }

    /// Adds the name that may have been meant, if there is one.
    pub(crate) fn meant(&mut self, meant: Option<&str>) -> &mut Self {
        if let Some(meant) = meant {
            self.help(format!("did you mean `{meant}`?"));
        }
        self
    }

    /// Adds a second place that explains the first.
    pub(crate) fn also(&mut self, span: Range<usize>, text: impl Into<String>) -> &mut Self {
        self.labels.push(Label::at(span, text));
        self
    }

    /// Shows it as a compiler would: file, line, caret, remedy.
    pub fn render(&self, sources: &Sources, paint: Paint) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::NotRun => Level::NOTE,
            Severity::Warning => Level::WARNING,
            Severity::Remark => Level::INFO.with_name("remark"),
        };
        let title = level.primary_title(normalize_untrusted_str(&self.message)).id(self.code.id());
        let mut groups =
            vec![self.files().into_iter().fold(Group::with_title(title), |group, file| {
                match (self.wide(file, sources), self.snippet(file, sources)) {
                    (Some(place), _) => group.element(place),
                    (None, Some(snippet)) => group.element(snippet),
                    (None, None) => group,
                }
            })];
        let hidden = self.labels.first().filter(|_| self.code == crate::code::LINT_SECRET);
        let place = hidden.map(|label| format!("{}:{}:{}", label.file, label.line, label.column));
        groups.extend(place.as_deref().map(|place| Group::with_title(Level::NOTE.secondary_title(place))));
        for help in &self.help {
            groups.push(Group::with_title(Level::HELP.secondary_title(normalize_untrusted_str(help))));
        }
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Coloured => Renderer::styled(),
        };
        // The renderer makes C0 visible; terminals take some of C1 for the beginning of a command, too.
        renderer.render(&groups).replace(|letter| ('\u{80}'..='\u{9f}').contains(&letter), "\u{fffd}")
    }

    /// The files that it is about; the first is the one that is at fault.
    fn files(&self) -> Vec<&str> {
        if self.code == crate::code::LINT_SECRET {
            // Its line holds the secret, and what is printed is kept by many.
            return Vec::new();
        }
        let mut files: Vec<&str> = Vec::new();
        for label in &self.labels {
            if !files.contains(&&*label.file) {
                files.push(&label.file);
            }
        }
        files
    }

    /// The place alone, where its line is longer than anybody reads: shown, a megabyte would be looked through each time.
    fn wide<'a>(&'a self, file: &'a str, sources: &Sources) -> Option<Origin<'a>> {
        let label = self.labels.iter().find(|label| label.file == file)?;
        let text = sources.files.get(file)?;
        let (before, behind) = text.split_at_checked(label.span.start)?;
        let line = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        let line = line + behind.find('\n').unwrap_or(behind.len());
        (line > LINE_BYTES_MAX).then(|| Origin::path(file).line(label.line).char_column(label.column))
    }

    fn snippet<'a>(&'a self, file: &'a str, sources: &'a Sources) -> Option<Snippet<'a, Annotation<'a>>> {
        let text = sources.files.get(file)?;
        let annotation = |(index, label): (usize, &'a Label)| {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(within(text, &label.span));
            if label.text.is_empty() {
                annotation
            } else {
                annotation.label(normalize_untrusted_str(&label.text))
            }
        };
        let labels = self.labels.iter().enumerate().filter(|(_, label)| label.file == file);
        Some(Snippet::source(masked(text)).path(file).annotations(labels.map(annotation)))
    }
}

/// The span, cut to the text and to whole characters.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.floor_char_boundary(span.end.min(text.len()));
    start..end.max(start)
}

impl Label {
    /// A place among all texts; [`Findings::finish`] says which file that is in.
    fn at(span: Range<usize>, text: impl Into<String>) -> Self {
        Self { file: String::new(), span, line: 0, column: 0, text: text.into() }
    }
}

/// Cuts a sentence to what anybody reads: a name in it may be a megabyte.
fn cut(sentence: &mut String) {
    if let Some((end, _)) = sentence.char_indices().nth(SENTENCE_CHARS_MAX) {
        sentence.truncate(end);
        sentence.push('…');
    }
}

/// The findings of one load, as they come in.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    /// What lints found and somebody allowed, each with the reason.
    allowed: Vec<Diagnostic>,
    /// How many were not kept, and the last of them.
    left_out: usize,
    last: Option<Diagnostic>,
    errors: usize,
}

impl Findings {
    /// Takes in an error at this place.
    pub(crate) fn error(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Error, code, Some(span), message.into())
    }

    /// Takes in an error that lies in no file.
    pub(crate) fn error_outside(&mut self, code: Code, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, code, None, message.into())
    }

    /// Takes in what checks and can't be run.
    pub(crate) fn not_run(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::NotRun, code, Some(span), message.into())
    }

    /// Takes in a warning at this place.
    pub(crate) fn warning(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, code, Some(span), message.into())
    }

    /// Takes in what a lint found.
    pub(crate) fn lint(
        &mut self,
        code: Code,
        span: Range<usize>,
        severity: Severity,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(severity, code, Some(span), message.into())
    }

    /// Takes out what is found of this lint within a part, since somebody said why it is no fault. Says whether there was
    /// anything.
    pub(crate) fn allow(&mut self, code: Code, within: &Range<usize>, reason: &str) -> bool {
        let is_there = |found: &Diagnostic| {
            let at = found.labels.first().map(|label| label.span.start);
            found.code == code && at.is_some_and(|at| within.start <= at && at <= within.end)
        };
        let (mut allowed, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.list).into_iter().partition(is_there);
        self.list = left;
        for found in &mut allowed {
            found.help = vec![format!("allowed: {reason}")];
        }
        let any = !allowed.is_empty();
        self.allowed.extend(allowed);
        any
    }

    /// Whether one of them is an error.
    pub(crate) fn any_error(&self) -> bool {
        self.list.iter().any(|found| found.severity == Severity::Error)
    }

    /// How many there are by now.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Adds what to do to the last finding, if that is about this place: some who report a value know no form of it.
    pub(crate) fn explain(&mut self, span: &Range<usize>, help: impl Into<String>) {
        if let Some(last) = self.list.last_mut()
            && last.labels.first().is_some_and(|label| label.span == *span)
        {
            last.help(help);
        }
    }

    /// How many of them are errors.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Takes out what came in after the first `count`, to say more of it and [put it back](Self::put).
    pub(crate) fn since(&mut self, count: usize) -> Vec<Diagnostic> {
        let taken = if count < self.list.len() { self.list.split_off(count) } else { Vec::new() };
        self.errors -= taken.iter().filter(|found| found.severity == Severity::Error).count();
        taken
    }

    /// Takes in a finding as it is.
    pub(crate) fn put(&mut self, found: Diagnostic) {
        self.errors += usize::from(found.severity == Severity::Error);
        self.list.push(found);
    }

    /// Those found since there were so many, to add to them.
    pub(crate) fn each_since(&mut self, before: usize) -> impl Iterator<Item = &mut Diagnostic> {
        self.list.iter_mut().skip(before)
    }

    /// Whether no more are kept: whoever reads on reads for nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.left_out > 0
    }

    #[expect(clippy::expect_used, reason = "the element was pushed in the line before")]
    fn add(
        &mut self,
        severity: Severity,
        code: Code,
        span: Option<Range<usize>>,
        message: String,
    ) -> &mut Diagnostic {
        let labels = span.map(|span| Label::at(span, "")).into_iter().collect();
        let found = Diagnostic { code, severity, message, labels, help: Vec::new() };
        self.errors += usize::from(severity == Severity::Error);
        if self.list.len() >= FINDINGS_MAX {
            self.left_out += 1;
            return self.last.insert(found);
        }
        self.list.push(found);
        self.list.last_mut().expect("just pushed")
    }

    /// What lints found and somebody allowed, each with the reason as its help.
    pub(crate) fn allowed(&mut self, texts: &Texts) -> Vec<Diagnostic> {
        let mut allowed = std::mem::take(&mut self.allowed);
        allowed.truncate(DIAGNOSTICS_MAX);
        locate(&mut allowed, texts);
        allowed
    }

    /// All of them in the order of the files, with their lines counted.
    pub(crate) fn finish(mut self, texts: &Texts) -> Vec<Diagnostic> {
        if self.left_out > 0 {
            // An error even where only warnings were left out: what wasn't looked at can't be trusted.
            self.list.pop();
            self.error(crate::code::TOO_LARGE, 0..0, format!("more than {FINDINGS_MAX} findings"));
        }
        if self.any_error() {
            // What is wrong elsewhere is mostly why nothing could be proved.
            self.list.retain(|found| found.code != crate::code::HAND_OFF_UNKNOWN);
        }
        // Stable: two findings at one place stay in the order in which they were found.
        self.list.sort_by_key(|found| found.labels.first().map(|label| label.span.start));
        self.list.dedup();
        let left_out = self.list.len().saturating_sub(DIAGNOSTICS_MAX) + self.left_out;
        // What refuses a contract, or keeps it from being run, may not hide behind a hundred warnings.
        if self.list.len() > DIAGNOSTICS_MAX {
            self.list.sort_by_key(|found| found.severity);
        }
        self.list.truncate(DIAGNOSTICS_MAX);
        for found in &mut self.list {
            found.labels.iter_mut().map(|label| &mut label.text).for_each(cut);
            std::iter::once(&mut found.message).chain(&mut found.help).for_each(cut);
        }
        locate(&mut self.list, texts);
        if let (true, Some(last)) = (left_out > 0, self.list.last_mut()) {
            last.help(format!("{left_out} more findings are not shown: mend these first"));
        }
        self.list
    }
}

/// Says of every label which file it is in, and where there. What is said quotes no secret.
fn locate(list: &mut [Diagnostic], texts: &Texts) {
    for found in list.iter_mut() {
        let labels = found.labels.iter_mut().map(|label| &mut label.text);
        for said in labels.chain(&mut found.help).chain([&mut found.message]) {
            if let Cow::Owned(shown) = masked(said) {
                *said = shown;
            }
        }
    }
    for label in list.iter_mut().flat_map(|found| &mut found.labels) {
        let Some((file, text, start)) = texts.file(label.span.start) else { continue };
        file.clone_into(&mut label.file);
        let local = label.span.start - start..label.span.end.saturating_sub(start);
        label.span = within(text, &local);
        let before = text.get(..label.span.start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |line| line + 1);
        label.line = before.matches('\n').count() + 1;
        label.column = before.get(line_start..).map_or(0, |before| before.chars().count()) + 1;
    }
}
