//! The texts of a contract's files as one, so that a place is one range, whichever file it lies in.

use std::ops::Range;

/// All files that were read, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    text: String,
    /// Where each file begins, and its path; in the order in which they were read.
    files: Vec<(usize, String)>,
}

impl Texts {
    /// Takes in a file; gives where it stands.
    pub(crate) fn add(&mut self, path: &str, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.files.push((start, path.to_owned()));
        self.text.push_str(text);
        // Ends the file for whoever reads on from a place in it.
        self.text.push('\n');
        start..start + text.len()
    }

    /// Every file with its text; one that was read twice counts once.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(start, _)| self.file(*start)).map(|(path, text, _)| (path, text))
    }

    /// All of it; places are ranges of this.
    pub(crate) fn all(&self) -> &str {
        &self.text
    }

    /// The file that holds this place, its text, and where it begins. None where nothing was read.
    pub(crate) fn file(&self, at: usize) -> Option<(&str, &str, usize)> {
        let next = self.files.partition_point(|(start, _)| *start <= at);
        let (start, path) = self.files.get(next.checked_sub(1)?)?;
        let end = self.files.get(next).map_or(self.text.len(), |(start, _)| *start);
        Some((path, self.text.get(*start..end.saturating_sub(1)).unwrap_or(""), *start))
    }
}
