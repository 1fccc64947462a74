//! The store of a storm: the journals of its runs, the rows that they share, and what these say of the breaker.

use std::collections::BTreeMap;

use handfast_engine::BREAKERS;
use handfast_events::{Body, ClaimBefore, ClaimChanged, Digest, Event, Outage, RunId};

use super::report::{Shift, Shifted};

/// A row: who holds it, and its value.
pub(super) type Row = (RunId, String);

/// All that is kept.
#[derive(Default)]
pub(super) struct Rows {
    rows: BTreeMap<String, Row>,
    journals: BTreeMap<RunId, Vec<Event>>,
    pub(super) trials: Trials,
}

/// What the rows say of the breaker, and of who asked while it was open.
#[derive(Clone, Debug, Default)]
pub(super) struct Trials {
    pub(super) shifts: Vec<Shifted>,
    opened: u64,
    /// Runs whose call tries whether the provider is back, and how many of them.
    trying: BTreeMap<RunId, u64>,
    /// The run whose trial was answered; that isn't remembered yet.
    answered: Option<RunId>,
    pub(super) at_once_max: u64,
    /// Calls that were intended while it was open, by workers that hadn't heard of it yet.
    pub(super) strays: u64,
    /// How long after it opened the last of them was.
    pub(super) stray_latest: u64,
}

impl Rows {
    /// One commit: all of it, or nothing, and then the row that was in the way.
    pub(super) fn land(&mut self, now: u64, run: RunId, events: &[Event]) -> Result<(), String> {
        let mut rows = self.rows.clone();
        for changed in events.iter().filter_map(change) {
            if !stands(rows.get(&changed.name), run, &changed.before) {
                return Err(changed.name.clone());
            }
            match &changed.value {
                Some(value) => _ = rows.insert(changed.name.clone(), (run, value.clone())),
                None => _ = rows.remove(&changed.name),
            }
        }
        self.rows = rows;
        for event in events {
            self.trials.follow(now, run, event, &self.rows);
        }
        self.journals.entry(run).or_default().extend(events.iter().cloned());
        Ok(())
    }

    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.get(name)
    }

    /// All rows whose names begin so.
    pub(super) fn all<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (String, RunId, String)> + 'a {
        let rows = self.rows.iter().filter(move |(name, _)| name.starts_with(prefix));
        rows.map(|(name, (run, value))| (name.clone(), *run, value.clone()))
    }

    pub(super) fn journal(&self, run: RunId) -> &[Event] {
        self.journals.get(&run).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Trials {
    /// The provider answered a call of this run: whoever drives it lets others ask a moment before the row says so.
    pub(super) fn heard(&mut self, run: RunId) {
        if self.trying.get(&run).is_some_and(|calls| *calls > 0) {
            self.answered = Some(run);
        }
    }

    fn follow(&mut self, now: u64, run: RunId, event: &Event, rows: &BTreeMap<String, Row>) {
        if let Some(changed) = change(event).filter(|changed| changed.name.starts_with(BREAKERS)) {
            let outage = changed.value.as_deref().and_then(outage);
            let shift = match (&outage, &changed.before) {
                (None, _) => Shift::Closes,
                (Some(outage), _) if outage.trial => Shift::Tries,
                (Some(_), ClaimBefore::Absent) => Shift::Opens,
                (Some(_), _) => Shift::Stays,
            };
            match shift {
                Shift::Opens => self.opened = now,
                Shift::Closes => self.answered = None,
                Shift::Tries | Shift::Stays => {}
            }
            self.shifts.push(Shifted { at: now, shift, trips: outage.map_or(0, |outage| outage.trips) });
        }
        match &event.body {
            Body::ModelIntended(_) => self.intended(now, run, rows),
            Body::ModelAnswered(_) | Body::ModelFailed(_) => {
                if let Some(open) = self.trying.get_mut(&run) {
                    *open = open.saturating_sub(1);
                }
            }
            _ => {}
        }
    }

    fn intended(&mut self, now: u64, run: RunId, rows: &BTreeMap<String, Row>) {
        let Some((by, value)) = rows.iter().find(|(name, _)| name.starts_with(BREAKERS)).map(|(_, row)| row)
        else {
            return;
        };
        if *by == run && outage(value).is_some_and(|outage| outage.trial) {
            *self.trying.entry(run).or_default() += 1;
            self.at_once_max = self.at_once_max.max(self.trying.values().sum());
        } else if self.answered != Some(*by) {
            self.strays += 1;
            self.stray_latest = self.stray_latest.max(now - self.opened);
        }
    }
}

fn change(event: &Event) -> Option<&ClaimChanged> {
    if let Body::ClaimChanged(changed) = &event.body { Some(changed) } else { None }
}

fn outage(value: &str) -> Option<Outage> {
    serde_json::from_str(value).ok()
}

fn stands(row: Option<&Row>, run: RunId, before: &ClaimBefore) -> bool {
    match (before, row) {
        (ClaimBefore::Absent, row) => row.is_none(),
        (ClaimBefore::Own, Some((by, _))) => *by == run,
        (ClaimBefore::Is(value), Some((_, is))) => is == value,
        (ClaimBefore::Digest(digest), Some((_, is))) => Digest::of(is.as_bytes()) == *digest,
        (_, None) => false,
    }
}
