//! What a worker knows of those whom its runs ask, from what came of it: who fails, and who is down.
//!
//! Counts stay with the worker. That somebody is down is a row that all workers share, changed by an event of the run that
//! found it; so is the one trial by which it is found out whether they are back. Nothing here is in a journal of its own:
//! it is looked at while a run decides, as the plan is, and what follows from it is an event.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use handfast_events::{Body, ClaimChanged, Event, FailureClass, Outage, RunId, Timestamp};

use crate::limits::{OUTCOMES_KEPT, OUTCOMES_WITHIN, TRIPS_AT};
use crate::state::Run;

/// What the names of the rows of those who are down begin with.
pub const BREAKERS: &str = "breaker/";

/// What a worker knows of those whom its runs ask.
#[derive(Clone, Debug, Default)]
pub struct Around {
    counts: BTreeMap<Arc<str>, VecDeque<Outcome>>,
    rows: BTreeMap<String, (RunId, String)>,
}

/// What came of asking once.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    at: Timestamp,
    /// Whether nothing came of it, and until when it asks to be left alone.
    failed: Option<Option<Timestamp>>,
}

impl Around {
    /// Takes in what a run remembered; `run` is what it was before.
    pub fn note(&mut self, run: &Run, events: &[Event]) {
        for event in events {
            if let Body::ClaimChanged(changed) = &event.body {
                self.note_row(run.id(), changed);
            }
            let Some((identity, outcome)) = run.outcome(event) else { continue };
            let counts = self.counts.entry(identity).or_default();
            counts.push_back(outcome);
            if counts.len() > OUTCOMES_KEPT {
                counts.pop_front();
            }
        }
    }

    fn note_row(&mut self, run: RunId, changed: &ClaimChanged) {
        if let Some(identity) = changed.name.strip_prefix(BREAKERS) {
            self.row_is(&changed.name, changed.value.clone().map(|value| (run, value)), identity);
        }
    }

    /// Takes in how a row was found, where another run changed it.
    pub fn found(&mut self, name: &str, row: Option<(RunId, String)>) {
        if let Some(identity) = name.strip_prefix(BREAKERS) {
            self.row_is(name, row, identity);
        }
    }

    /// Takes in all rows of those who are down, as the store has them.
    pub fn found_all(&mut self, rows: impl IntoIterator<Item = (String, RunId, String)>) {
        let found: BTreeMap<String, (RunId, String)> =
            rows.into_iter().map(|(name, run, value)| (name, (run, value))).collect();
        for name in self.rows.keys().filter(|name| !found.contains_key(*name)) {
            self.counts.remove(name.strip_prefix(BREAKERS).unwrap_or_default());
        }
        self.rows = found;
    }

    fn row_is(&mut self, name: &str, row: Option<(RunId, String)>, identity: &str) {
        match row {
            Some(row) => _ = self.rows.insert(name.to_owned(), row),
            // Whoever is back begins anew: what failed before says nothing of now.
            None => {
                self.rows.remove(name);
                self.counts.remove(identity);
            }
        }
    }

    pub(crate) fn row(&self, name: &str) -> Option<&(RunId, String)> {
        self.rows.get(name)
    }

    /// Whether so much of what was asked lately failed that asking on does harm; and until when they ask to be left alone.
    pub(crate) fn is_failing(&self, identity: &str, now: Timestamp) -> Option<Option<Timestamp>> {
        let since = now.checked_sub(OUTCOMES_WITHIN).unwrap_or(now);
        let lately = self.counts.get(identity)?.iter().filter(|outcome| outcome.at >= since);
        let lately: Vec<&Outcome> = lately.collect();
        let failed: Vec<Option<Timestamp>> = lately.iter().filter_map(|outcome| outcome.failed).collect();
        let is_failing = failed.len() >= TRIPS_AT && failed.len() * 2 >= lately.len();
        is_failing.then(|| failed.into_iter().flatten().max())
    }
}

impl Run {
    /// Whom an event of this run says something of, and what. The run is what it was before the event.
    fn outcome(&self, event: &Event) -> Option<(Arc<str>, Outcome)> {
        let at = event.time;
        let alone = |ms: Option<u64>| {
            let wait = std::time::Duration::from_millis(ms?);
            at.checked_add(wait).ok()
        };
        let failed = match &event.body {
            Body::ModelAnswered(_) | Body::CallApplied(_) | Body::CallWorking(_) => None,
            Body::ModelFailed(failed) => {
                is_down(failed.failure.class)?.then(|| alone(failed.failure.retry_after_ms))
            }
            Body::CallNotApplied(not) => {
                is_down(not.failure.class)?.then(|| alone(not.failure.retry_after_ms))
            }
            Body::CallNotSent(not) => is_down(not.failure.class)?.then(|| alone(not.failure.retry_after_ms)),
            Body::CallDoubted(doubted) => is_down(doubted.failure.class)?.then_some(None),
            _ => return None,
        };
        let identity = match &event.call {
            Some(call) => self.plan.server_of(&self.call(call)?.tool)?,
            None => self.asked_identity(event.step.as_ref()?)?,
        };
        Some((identity, Outcome { at, failed }))
    }

    /// Who is asked by the model's call that is under way in this step.
    pub(crate) fn asked_identity(&self, step: &handfast_events::StepId) -> Option<Arc<str>> {
        let step = self.step(step)?;
        let agent = self.agent_of(&step.id)?;
        let briefed = self.plan.briefing(agent)?.models.get(&*step.asked()?.model)?;
        Some(briefed.sheet.identity.clone())
    }
}

/// Whether a failure says that its other side is down; nothing where it says nothing of that.
pub(crate) const fn is_down(class: FailureClass) -> Option<bool> {
    match class {
        FailureClass::WorkerGone | FailureClass::Cancelled | FailureClass::Unknown => None,
        class => Some(class.is_transient()),
    }
}

/// What stands in the row of somebody who is down.
pub(crate) fn outage(value: &str) -> Option<Outage> {
    serde_json::from_str(value).ok()
}
