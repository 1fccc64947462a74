//! One cell: a failure of one wire at one moment, and the runs that meet it.

use std::fmt;

use handfast_double::{Cue, Fault, Filed, Meaning, Speech, Wire, faults};

use super::stage::{Case, Stage, WINDOW};
use super::told::Told;

/// What the model says where it doesn't fail outright.
pub(super) const SAID: &str = "All of it is well, and there is no more to be said.";

/// When within an answer it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// In the answer's place, or it is the answer, streamed.
    Streamed,
    /// The same, though as one document.
    Whole,
    /// After so many events.
    Within(usize),
    /// In a document that says that all is well.
    WithinWhole,
    /// The connection ends after so many bytes.
    Broken { at: usize, is_streamed: bool, is_closed: bool },
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streamed => f.write_str("streamed"),
            Self::Whole => f.write_str("whole"),
            Self::Within(events) => write!(f, "after {events}"),
            Self::WithinWhole => f.write_str("under 200"),
            Self::Broken { at, .. } => write!(f, "{at}"),
        }
    }
}

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) wire: Wire,
    /// The failure; none where only the connection breaks.
    pub(super) fault: Option<Fault>,
    pub(super) meaning: Meaning,
    pub(super) moment: Moment,
}

impl Cell {
    /// All cells of this wire that are about what its provider says.
    pub(super) fn all(wire: Wire) -> Vec<Self> {
        faults(wire).into_iter().flat_map(|filed| Self::of(wire, filed)).collect()
    }

    fn of(wire: Wire, filed: Filed) -> Vec<Self> {
        let mut moments = Vec::new();
        if filed.speech != Speech::Whole {
            moments.push(Moment::Streamed);
        }
        if filed.speech != Speech::Streamed {
            moments.push(Moment::Whole);
        }
        if filed.comes_within {
            moments.extend([Moment::Within(0), Moment::Within(1), Moment::Within(4), Moment::WithinWhole]);
        }
        let Filed { fault, meaning, .. } = filed;
        moments.into_iter().map(|moment| Self { wire, fault: Some(fault), meaning, moment }).collect()
    }

    /// What comes, in words.
    pub(super) fn name(&self) -> &'static str {
        match (self.fault, self.moment) {
            (Some(fault), _) => fault.name(),
            (None, Moment::Broken { is_streamed: true, is_closed: false, .. }) => "a stream, cut",
            (None, Moment::Broken { is_streamed: true, is_closed: true, .. }) => "a stream, closed",
            (None, Moment::Broken { is_closed: false, .. }) => "a document, cut",
            (None, _) => "a document, closed",
        }
    }

    /// What the double does.
    pub(super) fn cue(&self) -> Cue {
        let cue = Cue::said(SAID).window(WINDOW);
        let cue = match self.fault {
            Some(fault) => cue.but(fault),
            None => cue,
        };
        match self.moment {
            Moment::Streamed => cue,
            Moment::Whole => cue.whole(),
            Moment::Within(events) => cue.within(events),
            Moment::WithinWhole => cue.whole().within(0),
            Moment::Broken { at, is_streamed, is_closed } => {
                let cue = if is_streamed { cue } else { cue.whole() };
                if is_closed { cue.closed_at(at) } else { cue.cut_at(at) }
            }
        }
    }

    /// The three runs of a cell, each on a stage: it passes; it lasts, and somebody else can answer; it lasts, and nobody can.
    pub(super) async fn three(&self, [first, second, third]: [&Stage; 3]) -> [Told; 3] {
        let is_silent = matches!(self.fault, Some(Fault::SilentBeforeHead | Fault::SilentWithin));
        let case = |times, is_alone| Case { cue: self.cue(), times, is_alone, is_silent };
        let (passes, lasts, alone) = tokio::join!(
            first.meets(case(1, false)),
            second.meets(case(usize::MAX, false)),
            third.meets(case(usize::MAX, true)),
        );
        [passes, lasts, alone].map(|small| Told::of(&small))
    }
}
