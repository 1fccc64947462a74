//! What became of a run, told at the end of a command that waited for it.

use handfast_events::{RunId, Status};
use handfast_report::{End, Explanation, NextStep, Progress, Style, Trace, explain, render_explanation};
use handfast_store::{LoadError, SqliteStore, Store as _};
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::{log, out};

/// How a run stands, for people and programs.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    run: RunId,
    status: &'static str,
    /// The code that a command which followed it exits with.
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    #[serde(skip)]
    code: Exit,
    #[serde(skip)]
    line: String,
}

impl Outcome {
    /// Reads how a run stands; its journal is verified.
    ///
    /// # Errors
    /// The journal is damaged, or can't be read.
    pub(crate) async fn of(store: &SqliteStore, run: RunId) -> Result<Self, LoadError> {
        let journal = store.load(run).await?;
        let trace = Trace::fold(run, &journal.events);
        let status = if journal.row.aside { Status::Quarantined } else { journal.row.status };
        let output = match &trace.end {
            Some(End::Succeeded { output }) => Some(output.clone()),
            _ => None,
        };
        let explanation = if journal.row.aside { Some(aside(store, run)) } else { explain(&trace) };
        let code = Exit::of(&status);
        let line = Progress::at(&trace, handfast_host::now());
        let line = Progress { status: status.clone(), doing: Vec::new(), ..line }.line(out::columns());
        Ok(Self { run, status: status.name(), exit: code as u8, output, explanation, code, line })
    }

    /// Its code.
    pub(crate) const fn code(&self) -> Exit {
        self.code
    }

    /// Which run.
    pub(crate) const fn run(&self) -> RunId {
        self.run
    }

    /// How the run stands, in a word or two.
    pub(crate) const fn status(&self) -> &'static str {
        self.status
    }

    /// Tells it: the output as data, the rest to whoever looks.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub(crate) fn tell(&self, json: bool) -> anyhow::Result<()> {
        self.explain();
        if json {
            return out::json(self);
        }
        self.output.as_ref().map_or(Ok(()), out::json)
    }

    /// Tells what is no data.
    pub(crate) fn explain(&self) {
        out::note(format!("run {}: {}", self.run, self.line));
        if let Some(explanation) = &self.explanation {
            out::note(render_explanation(explanation, out::columns(), Style::Colour).trim_end());
        }
    }
}

/// Why a run was set aside, and what to do.
pub(crate) fn aside(store: &SqliteStore, run: RunId) -> Explanation {
    let why = log::why_aside(store.path(), run);
    let why = why.unwrap_or_else(|| "the log does not say why any more".to_owned());
    let command = format!("handfast go {run}");
    Explanation {
        status: Status::Quarantined,
        headline: format!("it is set aside, because it can't be driven here: {why}"),
        clause: None,
        party: None,
        from: Vec::new(),
        evidence: vec![format!("the worker's log is {}", log::path(store.path()).display())],
        next: vec![NextStep { when: "once that is mended".to_owned(), command }],
    }
}
