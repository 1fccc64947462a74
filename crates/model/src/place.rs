//! Where in a run a model is asked, and how far an answer has come.

use handfast_events::{RunId, StepId};

/// The place of one attempt. With the request's bytes it is all that an answer may depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The run.
    pub run: RunId,
    /// The step whose agent asks, by its path.
    pub step: StepId,
    /// Its turn, from 1.
    pub turn: u32,
    /// The attempt within the turn, from 1.
    pub attempt: u32,
}

impl Place {
    /// The step's path without lanes and repeats: `study/found` of `study[rust]/found`.
    pub(crate) fn step_bare(&self) -> String {
        let mut bare = String::new();
        let mut inside = false;
        for letter in self.step.as_str().chars() {
            match letter {
                '[' => inside = true,
                ']' => inside = false,
                _ if inside => {}
                letter => bare.push(letter),
            }
        }
        let segments: Vec<&str> =
            bare.split('/').map(|part| part.split('#').next().unwrap_or(part)).collect();
        segments.join("/")
    }

    /// The innermost lane: `rust` of `study[rust]/found`.
    pub(crate) fn lane(&self) -> Option<&str> {
        let (before, _) = self.step.as_str().rsplit_once(']')?;
        before.rsplit_once('[').map(|(_, lane)| lane)
    }

    /// The place in words, for errors.
    pub(crate) fn words(&self) -> String {
        format!("step `{}`, turn {}, attempt {}", self.step, self.turn, self.attempt)
    }
}

/// How far one attempt's answer has come. Provisional: nothing of it is journaled, a new attempt starts from nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whose answer.
    pub place: Place,
    /// Bytes of text and arguments so far; a token is about four of them.
    pub answer_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_without_lanes_and_repeats() {
        for (path, bare, lane) in [
            ("order", "order", None),
            ("study[rust]/found", "study/found", Some("rust")),
            ("write#2/draft", "write/draft", None),
            ("a[x]/b[y]/c#3", "a/b/c", Some("y")),
        ] {
            let run = RunId::from_bytes([0; 16]);
            let place = Place { run, step: StepId::new(path), turn: 1, attempt: 1 };
            assert_eq!((place.step_bare().as_str(), place.lane()), (bare, lane));
        }
    }
}
