//! What a follower shows on standard error: a live line on a terminal, a line for each step's begin and end anywhere.

use std::time::Duration;

use handfast_events::{Body, Event, RunId, StepKind, Timestamp};
use handfast_report::{Held, Progress, Trace, visible};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::limits::PIPE_LINES_MAX;
use crate::out;

/// What is shown of runs while they are followed.
pub(crate) struct View {
    bar: Option<ProgressBar>,
    /// Whether each line must say whose it is.
    is_many: bool,
    /// Whether steps are told.
    tells_steps: bool,
    lines: usize,
}

impl View {
    /// Begins to show so many runs.
    pub(crate) fn new(runs: usize) -> Self {
        let bar = out::is_watched().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, is_many: runs > 1, tells_steps: true, lines: 0 }
    }

    /// Begins to show a conversation, but for what is said in it.
    pub(crate) fn of_talk() -> Self {
        Self { tells_steps: false, ..Self::new(1) }
    }

    /// Something happened.
    pub(crate) fn event(&mut self, trace: &Trace, event: &Event) {
        let Some(step) = event.step.as_ref().filter(|_| self.tells_steps) else { return };
        let what = match &event.body {
            Body::StepStarted(started) => match &started.kind {
                StepKind::Agent(name) => format!("begun by agent {name}"),
                StepKind::Tool(name) => format!("begun by tool {name}"),
                StepKind::Workflow(name) => format!("begun by workflow {name}"),
                StepKind::Wait => "waits".to_owned(),
                StepKind::Choose => "chooses".to_owned(),
                StepKind::Repeat => "begun, to be repeated".to_owned(),
                StepKind::Each => "begun, a lane for each item".to_owned(),
                StepKind::Talk(name) => format!("{name} listens"),
                StepKind::Approval => "people are to decide".to_owned(),
            },
            Body::StepSkipped(_) => "skipped".to_owned(),
            Body::StepSucceeded(_) => format!("done{}", took(trace, step)),
            Body::StepFailed(failed) => {
                format!(
                    "failed{}: {}: {}",
                    took(trace, step),
                    failed.failure.class.name(),
                    failed.failure.detail
                )
            }
            body => match waits_or_changes(event, body) {
                Some(what) => what,
                None => return,
            },
        };
        let whose = if self.is_many { format!("{} ", short(trace.run)) } else { String::new() };
        self.line(&format!("  {whose}{step}: {what}"));
    }

    /// Shows where the runs stand now.
    pub(crate) fn show(&self, open: &[&Trace], all: usize, now: Timestamp) {
        let Some(bar) = &self.bar else { return };
        let width = out::columns().saturating_sub(3);
        let line = match open {
            [] => String::new(),
            [one] if !self.is_many => Progress::at(one, now).line(width),
            several => {
                let rest = all.saturating_sub(several.len());
                let first =
                    several.first().map(|trace| Progress::at(trace, now).line(width.saturating_sub(30)));
                format!("{rest} of {all} runs rest · {}", first.unwrap_or_default())
            }
        };
        bar.set_message(line);
    }

    /// A line that stays. A pipe gets a limited number of them.
    fn line(&mut self, line: &str) {
        let line = visible(line);
        if let Some(bar) = &self.bar {
            bar.println(line);
            return;
        }
        self.lines += 1;
        match self.lines.cmp(&PIPE_LINES_MAX) {
            std::cmp::Ordering::Less => out::note(line),
            std::cmp::Ordering::Equal => out::note("  … more steps follow: `handfast trace` shows them all"),
            std::cmp::Ordering::Greater => {}
        }
    }

    /// Takes the live line away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What keeps a step from going on, or makes it go on otherwise.
fn waits_or_changes(event: &Event, body: &Body) -> Option<String> {
    Some(match body {
        Body::ModelSwitched(switched) => {
            format!("{} goes on instead of {}: {}", switched.to, switched.from, switched.why)
        }
        Body::ToolTakenAway(away) => format!("{} is out of reach: {}", away.tool, away.why),
        _ => {
            let held = Held::of(event)?;
            let what = held.call.as_ref().map(|call| format!("{call} ")).unwrap_or_default();
            format!("{what}{}", held.told(event.time))
        }
    })
}

/// How long a step took: ` in 12 ms`, ` in 3.4 s`.
fn took(trace: &Trace, step: &handfast_events::StepId) -> String {
    let took = trace.steps.iter().find(|known| known.id == *step).and_then(handfast_report::Step::elapsed_ms);
    match took {
        None => String::new(),
        Some(ms @ ..1000) => format!(" in {ms} ms"),
        Some(ms) => format!(" in {}.{} s", ms / 1000, ms % 1000 / 100),
    }
}

/// A run's id as far as people tell runs apart by: its end.
pub(crate) fn short(run: RunId) -> String {
    let id = run.to_string();
    id.get(id.len().saturating_sub(8)..).unwrap_or(&id).to_owned()
}
