//! What a worker knows of those whom its runs ask, from what came of it: who fails, and who is down.
//!
//! Counts stay with the worker. That somebody is down is a row that all workers share, changed by an event of the run that
//! found it; so is the one trial by which it is found out whether they are back. Nothing here is in a journal of its own:
//! it is looked at while a run decides, as the plan is, and what follows from it is an event.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::Tool;
use handfast_events::{Body, CallId, Event, Outage, RunId, StepId, Timestamp};

use crate::breaker::Heard;
use crate::limits::{OUTCOMES_KEPT, OUTCOMES_WITHIN, TRIPS_AT};
use crate::pace::Paced;
use crate::state::{CallState, Run};

/// What the names of the rows of those who are down begin with.
pub const BREAKERS: &str = "breaker/";

/// What the names of the rows begin with that hold slots under a rate.
pub(crate) const PACES: &str = "pace/";

/// The rows that a worker keeps in mind.
pub const SHARED: [&str; 2] = [BREAKERS, PACES];

/// What a worker knows of those whom its runs ask.
#[derive(Clone, Debug, Default)]
pub struct Around {
    counts: BTreeMap<Arc<str>, VecDeque<Outcome>>,
    rows: BTreeMap<String, (RunId, String)>,
    /// What is under way of those of whom so many may be at once.
    open: BTreeMap<Arc<str>, BTreeSet<Place>>,
    /// Who waits for a place there, in the order in which they came, and how many there are.
    waiting: BTreeMap<Arc<str>, (usize, VecDeque<Place>)>,
}

/// A model's call of a step, or a call, of a run.
type Place = (RunId, String);

/// What a decision says of those who were asked. It counts once it is remembered.
#[derive(Clone, Debug)]
pub struct Noted(Said);

impl Noted {
    /// Whether it takes something that others would take too: a slot, a place, a trial.
    pub const fn is_taken(&self) -> bool {
        matches!(self.0, Said::Row(..) | Said::Began(..))
    }

    /// The row that it changes.
    pub const fn row(&self) -> Option<&str> {
        if let Said::Row(name, _) = &self.0 { Some(name.as_str()) } else { None }
    }
}

#[derive(Clone, Debug)]
enum Said {
    /// Somebody was asked, and this came of it.
    Came(Arc<str>, Outcome),
    /// A row is so now.
    Row(String, Option<(RunId, String)>),
    /// Something of these has begun.
    Began(Place, Vec<Arc<str>>),
    /// It has come back.
    Ended(Place),
    /// All of this run has.
    Gone(RunId),
}

/// What came of asking once.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    at: Timestamp,
    /// Whether nothing came of it, and until when it asks to be left alone.
    failed: Option<Option<Timestamp>>,
}

impl Around {
    /// Takes in what was remembered.
    pub fn note(&mut self, noted: Vec<Noted>) {
        for Noted(said) in noted {
            match said {
                Said::Row(name, row) => self.found(&name, row),
                Said::Began(place, keys) => {
                    // What was under way there before has come back, or this wouldn't begin.
                    self.open.values_mut().for_each(|open| _ = open.remove(&place));
                    for key in keys {
                        if let Some((_, waiting)) = self.waiting.get_mut(&key) {
                            waiting.retain(|other| *other != place);
                        }
                        self.open.entry(key).or_default().insert(place.clone());
                    }
                }
                Said::Ended(place) => self.open.values_mut().for_each(|open| _ = open.remove(&place)),
                Said::Gone(run) => self.forget(run),
                Said::Came(identity, outcome) => {
                    let counts = self.counts.entry(identity).or_default();
                    counts.push_back(outcome);
                    if counts.len() > OUTCOMES_KEPT {
                        counts.pop_front();
                    }
                }
            }
        }
    }

    /// What was taken so was not remembered: what was about to begin hasn't, and is the next to begin. How its rows stand is
    /// to be found out.
    pub fn take_back(&mut self, taken: &[Noted]) {
        for Noted(said) in taken.iter().rev() {
            let Said::Began(place, keys) = said else { continue };
            for key in keys {
                self.open.get_mut(key).map(|open| open.remove(place));
                if let Some((_, waiting)) = self.waiting.get_mut(key) {
                    waiting.push_front(place.clone());
                }
            }
        }
    }

    /// Takes in how a row was found, where another run changed it.
    pub fn found(&mut self, name: &str, row: Option<(RunId, String)>) {
        match row {
            Some(row) => _ = self.rows.insert(name.to_owned(), row),
            // Whoever is back begins anew: what failed before says nothing of now.
            None => {
                self.rows.remove(name);
                self.counts.remove(name.strip_prefix(BREAKERS).unwrap_or_default());
            }
        }
    }

    /// Takes in all rows of those who are down, as the store has them.
    pub fn found_all(&mut self, rows: impl IntoIterator<Item = (String, RunId, String)>) {
        let found: BTreeMap<String, (RunId, String)> =
            rows.into_iter().map(|(name, run, value)| (name, (run, value))).collect();
        let gone: Vec<String> = self.rows.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
        gone.iter().for_each(|name| self.found(name, None));
        self.rows.extend(found);
    }

    /// Whoever drives has nothing of this run under way any more.
    pub fn forget(&mut self, run: RunId) {
        self.open.values_mut().for_each(|open| open.retain(|(other, _)| *other != run));
        self.waiting.values_mut().for_each(|(_, waiting)| waiting.retain(|(other, _)| *other != run));
    }

    /// Keeps the queues true to what this run waits for: what it waited for before has its place in them, and what it waits for
    /// no more is in nobody's way. Tells whether it left a queue, so that others may go on.
    pub fn waits(&mut self, run: &Run) -> bool {
        let mut has_left = false;
        let now = run.waits_for_places();
        for (key, (_, waiting)) in &mut self.waiting {
            let is_waiting = |place: &Place| now.iter().any(|(own, of, _)| own == place && of == key);
            let before = waiting.len();
            waiting.retain(|place| place.0 != run.id() || is_waiting(place));
            has_left |= waiting.len() < before;
        }
        for (place, key, most) in now {
            let (known, waiting) = self.waiting.entry(key).or_default();
            *known = most;
            if !waiting.contains(&place) {
                waiting.push_back(place);
            }
        }
        has_left
    }

    /// The runs that may go on, because there is a place for them now.
    pub fn next_up(&self) -> BTreeSet<RunId> {
        let next = self.waiting.iter().flat_map(|(key, (most, waiting))| {
            let open = self.open.get(key).map_or(0, BTreeSet::len);
            waiting.iter().take(most.saturating_sub(open))
        });
        next.map(|(run, _)| *run).collect()
    }

    /// Whether there is a place for this one, behind those who came before it; so many have begun in its own decision.
    pub(crate) fn has_place(
        &self,
        key: &str,
        (run, place): (RunId, &str),
        most: usize,
        begun: usize,
    ) -> bool {
        // A place that is its own already, since it was about to begin before, is in nobody's way.
        let others =
            |open: &BTreeSet<Place>| open.iter().filter(|(by, at)| (*by, &**at) != (run, place)).count();
        let open = self.open.get(key).map_or(0, others) + begun;
        let before = self.waiting.get(key).map_or(0, |(_, waiting)| {
            waiting.iter().position(|(other, at)| *other == run && at == place).unwrap_or(waiting.len())
        });
        open + before < most
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
    /// What these events, which follow this run, say of those who were asked.
    pub fn noted(&self, events: &[Event]) -> Vec<Noted> {
        let mut said = Vec::new();
        for event in events {
            if let Body::ClaimChanged(changed) = &event.body
                && SHARED.iter().any(|prefix| changed.name.starts_with(prefix))
            {
                let row = changed.value.clone().map(|value| (self.id(), value));
                said.push(Said::Row(changed.name.clone(), row));
            }
            said.extend(self.outcome(event).map(|(identity, outcome)| Said::Came(identity, outcome)));
            said.extend(self.moved(event, events));
        }
        // What begins is noted before it is remembered, and what ended there before must not end it then.
        let begun: Vec<Place> = said
            .iter()
            .filter_map(|said| if let Said::Began(place, _) = said { Some(place.clone()) } else { None })
            .collect();
        said.retain(|said| !matches!(said, Said::Ended(place) if begun.contains(place)));
        said.into_iter().map(Noted).collect()
    }

    /// The places that it waits for: where, of whom, and how many there are.
    fn waits_for_places(&self) -> Vec<(Place, Arc<str>, usize)> {
        let of = |place: &str, paced: &Paced| {
            let most = usize::try_from(paced.at_once?).unwrap_or(usize::MAX);
            Some(((self.id(), place.to_owned()), paced.key.clone(), most))
        };
        let asking = self.steps.iter().filter_map(|step| {
            let (agent, _) = step.due_agent().filter(|(_, due)| due.waits_for_place)?;
            let briefing = self.plan.briefing(&agent.agent)?;
            let choices = self.choices(step, agent, briefing).ok()?;
            let (_, briefed) = Self::chosen(agent, briefing, &choices)?;
            of(step.id.as_str(), briefed.paced.as_ref()?)
        });
        let due =
            self.calls().filter(|call| matches!(&call.state, CallState::Due(due) if due.waits_for_place));
        let sending = due.flat_map(|call| {
            let tool = self.plan.tool(&call.tool);
            let paces = tool.map(|tool| self.plan.paces_of_tool(tool)).unwrap_or_default();
            paces.iter().filter_map(|paced| of(call.id.as_str(), paced)).collect::<Vec<_>>()
        });
        asking.chain(sending).collect()
    }

    /// The tool of a call, which may have been proposed by one of these events.
    fn tool_of(&self, call: &CallId, events: &[Event]) -> Option<&Arc<Tool>> {
        let proposed = || {
            let mut own = events.iter().filter(|event| event.call.as_ref() == Some(call));
            own.find_map(|event| match &event.body {
                Body::CallProposed(proposed) => Some(proposed.tool.as_str()),
                Body::SideCallProposed(proposed) => Some(proposed.tool.as_str()),
                _ => None,
            })
        };
        self.plan.tool(self.call(call).map(|call| &*call.tool).or_else(proposed)?)
    }

    /// What an event of this run says of what is under way.
    fn moved(&self, event: &Event, events: &[Event]) -> Option<Said> {
        let place = || Some((self.id(), place_of(event)?));
        match &event.body {
            Body::ModelIntended(intent) => {
                Some(Said::Began(place()?, keys(self.plan.pace_of_model(&intent.model).into_iter())))
            }
            Body::CallIntended(_) => {
                let tool = self.tool_of(event.call.as_ref()?, events)?;
                Some(Said::Began(place()?, keys(self.plan.paces_of_tool(tool).iter())))
            }
            Body::ModelAnswered(_)
            | Body::ModelFailed(_)
            | Body::CallApplied(_)
            | Body::CallNotApplied(_)
            | Body::CallNotSent(_)
            | Body::CallDoubted(_)
            | Body::CallSettled(_) => Some(Said::Ended(place()?)),
            Body::RunKilled(_) => Some(Said::Gone(self.id())),
            _ => None,
        }
    }

    /// Whom an event of this run says something of, and what. The run is what it was before the event.
    fn outcome(&self, event: &Event) -> Option<(Arc<str>, Outcome)> {
        let heard = match &event.body {
            Body::ModelAnswered(_) | Body::CallApplied(_) | Body::CallWorking(_) => Heard::Up,
            Body::ModelFailed(failed) => Heard::of(&failed.failure)?,
            Body::CallNotApplied(not) => Heard::of(&not.failure)?,
            Body::CallNotSent(not) => Heard::of(&not.failure)?,
            Body::CallDoubted(doubted) => Heard::of(&doubted.failure)?,
            _ => return None,
        };
        let at = event.time;
        let alone = |ms: u64| at.checked_add(Duration::from_millis(ms)).ok();
        let failed = match heard {
            Heard::Up => None,
            Heard::Down(ms) => Some(ms.and_then(alone)),
        };
        let identity = match &event.call {
            Some(call) => self.plan.server_of(&self.call(call)?.tool)?,
            None => self.asked_identity(event.step.as_ref()?)?,
        };
        Some((identity, Outcome { at, failed }))
    }

    /// Who is asked by the model's call that is under way in this step.
    pub(crate) fn asked_identity(&self, step: &StepId) -> Option<Arc<str>> {
        let step = self.step(step)?;
        let agent = self.agent_of(&step.id)?;
        let briefed = self.plan.briefing(agent)?.models.get(&*step.asked()?.model)?;
        Some(briefed.sheet.identity.clone())
    }
}

/// Where in its run an event belongs: the call, or the step whose model is asked.
fn place_of(event: &Event) -> Option<String> {
    let call = event.call.as_ref().map(ToString::to_string);
    call.or_else(|| event.step.as_ref().map(ToString::to_string))
}

fn keys<'p>(paces: impl Iterator<Item = &'p Paced>) -> Vec<Arc<str>> {
    paces.filter(|paced| paced.at_once.is_some()).map(|paced| paced.key.clone()).collect()
}

/// What stands in the row of somebody who is down.
pub(crate) fn outage(value: &str) -> Option<Outage> {
    serde_json::from_str(value).ok()
}
