//! Words, literals and secrets, each read from one text.

use std::time::Duration;

use handfast_events::Money;

use super::{Loader, listed};
use crate::grammar;
use crate::yaml::Node;
use crate::{Rate, Secret, code, literal, suggest};

impl<'a> Loader<'a> {
    /// One of the words that fit.
    pub(crate) fn choice<T: Copy>(&mut self, node: &'a Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        // Whatever YAML makes of `no`: quoted it would be none of the words either.
        let text = match node.said() {
            Some((text, _)) => text.trim().to_owned(),
            None => self.text(node, what)?,
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names = || words.iter().map(|(word, _)| *word);
        let meant = suggest(&text, names());
        let found = self.error(code::NO_CHOICE, &node.span, format!("{what} can't be `{text}`"));
        found.meant(meant).help(format!("it is one of {}", listed(names())));
        None
    }

    /// A literal, which may be a plain number.
    fn literal<T>(
        &mut self,
        node: &'a Node,
        what: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some((text, _)) = node.said() else {
            self.wrong_kind(node, what, "a literal");
            return None;
        };
        match read(text.trim()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.error(code::BAD_LITERAL, &node.span, message);
                None
            }
        }
    }

    pub(crate) fn duration(&mut self, node: &'a Node, what: &str) -> Option<Duration> {
        self.literal(node, what, literal::duration)
    }

    /// How far apart: `every 30s`.
    pub(crate) fn every(&mut self, node: &'a Node, what: &str) -> Option<Duration> {
        self.literal(node, what, literal::every)
    }

    pub(crate) fn rate(&mut self, node: &'a Node, what: &str) -> Option<Rate> {
        self.literal(node, what, literal::rate)
    }

    pub(crate) fn count(&mut self, node: &'a Node, what: &str) -> Option<u64> {
        self.literal(node, what, literal::count)
    }

    pub(crate) fn money(&mut self, node: &'a Node, what: &str) -> Option<Money> {
        self.literal(node, what, |text| text.parse::<Money>().map_err(|error| error.to_string()))
    }

    /// `{ secret: NAME }`.
    pub(crate) fn secret(&mut self, node: &'a Node, what: &str) -> Option<Secret> {
        if self.findings.is_full() {
            return None;
        }
        if node.said().is_some() {
            // Told without its line: that would print the secret.
            let file = self.source.get(self.start..node.span.start).unwrap_or("");
            let message =
                format!("line {}: {what} must be `{{ secret: NAME }}`", file.matches('\n').count() + 1);
            let found = self.findings.error_outside(code::WRONG_KIND, message);
            found.help(
                "name the environment's variable that holds it; a contract never holds the secret itself",
            );
            return None;
        }
        let fields = self.fields(node, what, &grammar::SECRET)?;
        let name = self.required(&fields, "secret", "NAME_OF_A_VARIABLE")?;
        let text = self.text(name, "a secret's name")?;
        self.variable(name, &text).then_some(Secret(text))
    }

    /// Whether this can be the name of a variable of the environment.
    pub(crate) fn variable(&mut self, node: &Node, name: &str) -> bool {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let good = name.chars().all(fits)
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.len() <= 128;
        if !good {
            let found =
                self.error(code::BAD_NAME, &node.span, "this can't be the name of an environment's variable");
            found.help("letters, digits and `_`; it names the variable, it isn't the secret");
        }
        good
    }
}
