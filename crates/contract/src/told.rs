//! What was found of a contract, as people read it.

use handfast_events::Sources;

use crate::diagnostic::{Diagnostic, Paint, Severity};
use crate::{Loaded, code};

/// Parts that this release doesn't run, each told by itself; of more, one finding shows them all.
const UNRUN_TOLD_MAX: usize = 3;

impl Loaded {
    /// All diagnostics as a person reads them, with their sum; empty where there are none.
    pub fn report(&self, paint: Paint) -> String {
        self.report_from("", paint)
    }

    /// The same, with every file named from where the reader stands: `folder` leads to the contract's, and is empty or ends
    /// in `/`.
    pub fn report_from(&self, folder: &str, paint: Paint) -> String {
        if self.diagnostics.is_empty() {
            return String::new();
        }
        let named = |file: &String| format!("{folder}{file}");
        let files = self.sources.files.iter().map(|(file, text)| (named(file), text.clone())).collect();
        let sources = Sources { files, ..self.sources.clone() };
        let mut text = String::new();
        for mut diagnostic in folded(&self.diagnostics) {
            diagnostic.labels.iter_mut().for_each(|label| label.file = named(&label.file));
            text.push_str(&diagnostic.render(&sources, paint));
            text.push_str("\n\n");
        }
        let sum = [
            (Severity::Error, "error"),
            (Severity::NotRun, "note"),
            (Severity::Warning, "warning"),
            (Severity::Remark, "remark"),
        ];
        let sum: Vec<String> = sum
            .into_iter()
            .map(|(severity, word)| (self.count(severity), word))
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}{}", if number == 1 { "" } else { "s" }))
            .collect();
        text + &format!("{folder}{}: {}\n", self.sources.main, sum.join(", "))
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|found| found.severity == severity).count()
    }
}

/// The same findings, with many parts that this release doesn't run as one, at the place of the first.
fn folded(all: &[Diagnostic]) -> Vec<Diagnostic> {
    let is_unrun = |found: &&Diagnostic| found.code == code::NOT_RUN;
    let unrun: Vec<&Diagnostic> = all.iter().filter(is_unrun).collect();
    let Some(first) = unrun.first().filter(|_| unrun.len() > UNRUN_TOLD_MAX) else { return all.to_vec() };
    let one = Diagnostic {
        message: format!("{} parts are checked, and this release doesn't run them yet", unrun.len()),
        labels: unrun.iter().flat_map(|found| found.labels.clone()).collect(),
        ..(*first).clone()
    };
    let mut one = Some(one);
    all.iter().filter_map(|found| if is_unrun(&found) { one.take() } else { Some(found.clone()) }).collect()
}
