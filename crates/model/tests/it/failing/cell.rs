//! One cell: a failure of one wire at one moment, and the runs that meet it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use handfast_double::{Cue, Double, Fault, Filed, Meaning, Speech, Wire, faults};
use serde_json::{Value, json};

use super::told::Told;
use crate::agent::Small;

/// The window of the model that fails, in tokens; far above what its requests have.
pub(super) const WINDOW: u64 = 100_000;

/// What the model says where it doesn't fail outright.
pub(super) const SAID: &str = "All of it is well, and there is no more to be said.";

/// How long the model that fails may be silent. Only where it is does this cost time.
const SILENCE: &str = "500ms";

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

    /// A run that meets it so often, with or without a second model behind the first, and how that went.
    pub(super) async fn meets(&self, times: usize, is_alone: bool) -> Small {
        let is_silent = matches!(self.fault, Some(Fault::SilentBeforeHead | Fault::SilentWithin));
        meets(self.wire, self.cue(), times, is_alone, is_silent).await
    }

    /// The three runs of a cell: it passes; it lasts, and somebody else can answer; it lasts, and nobody can.
    pub(super) async fn three(&self) -> [Told; 3] {
        let (passes, lasts, alone) =
            tokio::join!(self.meets(1, false), self.meets(LASTS, false), self.meets(LASTS, true));
        [passes, lasts, alone].map(|small| Told::of(&small))
    }
}

/// More often than anybody asks.
const LASTS: usize = usize::MAX;

/// A run whose model reads twice, and then does this so many times before it answers.
pub(super) async fn meets(wire: Wire, cue: Cue, times: usize, is_alone: bool, is_silent: bool) -> Small {
    let asked = AtomicUsize::new(0);
    let main = Double::by(move |request| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Cue::said(reads("A-1")),
        1 => Cue::said(reads("A-2")),
        nth if nth - 2 < times => cue.clone(),
        _ if request.text().contains("You sum up") => Cue::said("It read A-1 and A-2."),
        _ => Cue::said("All is well."),
    });
    let main = main.await.unwrap();
    let spare = Double::by(|request| match request.text().contains("You sum up") {
        true => Cue::said("It read A-1 and A-2."),
        false => Cue::said("All is well, says the other."),
    });
    let spare = spare.await.unwrap();
    let timeout = if is_silent { SILENCE } else { "60s" };
    let contract = contract(wire, main.url(), spare.url(), timeout);
    Small::begin(&contract, if is_alone { "alone" } else { "spared" }, given).drive().await
}

fn reads(id: &str) -> handfast_double::Said {
    handfast_double::Said::calls([("read", json!({ "id": id }).to_string().as_str())])
}

fn given(args: &Value) -> Value {
    json!({ "text": format!("Of {} there is nothing to be said.", args["id"]) })
}

fn contract(wire: Wire, main: &str, spare: &str, timeout: &str) -> String {
    let price = "{ input: 1 USD, output: 4 USD }";
    format!(
        r#"
handfast: 1
name: matrix
version: "1"
models:
  main:  {{ use: openai/first, url: "{main}", speaks: {wire}, price: {price}, window: {WINDOW}, timeout: {timeout} }}
  spare: {{ use: openai/second, url: "{spare}", speaks: {wire}, price: {price}, window: {WINDOW}, timeout: 60s }}
servers: {{ shelf: {{ rust: {{}} }} }}
tools:
  read:
    via: shelf.read
    description: Reads one thing.
    input: {{ id: string, note?: string }}
    output: {{ fields: {{ text: string }} }}
    effects: [ {{ reads: "thing/{{args.id}}" }} ]
agents:
  spared: {{ purpose: Look after two things., model: [ main, spare ], may: [ read ], limits: {{ turns: 12 }} }}
  alone:  {{ purpose: Look after two things., model: main, may: [ read ], limits: {{ turns: 12 }} }}
workflows:
  spared: {{ steps: {{ look: {{ agent: spared }} }} }}
  alone:  {{ steps: {{ look: {{ agent: alone }} }} }}
"#
    )
}
