//! Who is down isn't asked: the breaker. After a while one call tries whether they are back, for all.
//!
//! Whoever is held meanwhile waits in its journal, spread in time, so that what comes back isn't asked by all at once.

use std::sync::Arc;
use std::time::Duration;

use handfast_events::{Body, ClaimBefore, ClaimChanged, Failure, FailureClass, Outage, RunId, Timestamp};

use crate::Refusal;
use crate::around::{BREAKERS, outage};
use crate::decide::Draft;
use crate::limits::{HOLD_SPREAD, OUTAGE_FIRST, OUTAGE_MAX};
use crate::remedy::jitter;
use crate::state::{CallState, Run};

/// Whether somebody may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Yes.
    Free,
    /// By this call alone: it tries whether they are back. The row must be so before.
    Trial { name: String, before: ClaimBefore, trips: u32 },
    /// No: they are down, and nobody tries before this time.
    Down { until: Timestamp },
    /// No, and nobody has said so yet.
    Trips { name: String, until: Timestamp },
}

/// What came of asking, as far as it says whether the other side is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is.
    Up,
    /// It isn't, and asks to be left alone so long.
    Down(Option<u64>),
}

impl Heard {
    /// What a failure says of its other side; nothing where it says nothing of that.
    pub(crate) const fn of(failure: &Failure) -> Option<Self> {
        match failure.class {
            FailureClass::WorkerGone | FailureClass::Cancelled | FailureClass::Unknown => None,
            class if class.is_transient() => Some(Self::Down(failure.retry_after_ms)),
            _ => Some(Self::Up),
        }
    }
}

impl Draft {
    /// Whether whoever has this identity may be asked now.
    pub(crate) fn way(&self, identity: &str) -> Way {
        let name = format!("{BREAKERS}{identity}");
        let (by, value) = match self.told_of(&name) {
            // They are back, by this very decision: what failed before says nothing any more.
            Some(None) => return Way::Free,
            Some(Some(value)) => (self.run.id, value.clone()),
            None => match self.shared_row(&name) {
                Some(row) => row,
                None => {
                    let Some(alone) = self.around.is_failing(identity, self.now) else { return Way::Free };
                    let alone = alone.unwrap_or(self.now).min(self.after(OUTAGE_MAX));
                    let until = self.after(OUTAGE_FIRST).max(alone);
                    return Way::Trips { name, until };
                }
            },
        };
        let Some(known) = outage(&value) else { return Way::Free };
        // A trial of its own that it has lost may be made again; another of its calls waits for that one, as those of all do.
        let is_own = by == self.run.id && known.trial && !self.run.asks_of(identity);
        if known.until > self.now && !is_own {
            // A trial is given as long as the slowest answer takes; most come sooner, and whoever waits looks again.
            let looks = if known.trial { self.after(pause(known.trips)) } else { known.until };
            return Way::Down { until: looks.min(known.until) };
        }
        let before = if by == self.run.id { ClaimBefore::Own } else { ClaimBefore::Is(value) };
        Way::Trial { name, before, trips: known.trips }
    }

    /// A row as an append found it, or as the worker knows it; as this decision makes it, where it does.
    pub(crate) fn shared_row(&self, name: &str) -> Option<(RunId, String)> {
        match self.told_of(name) {
            Some(value) => value.map(|value| (self.run.id, value.clone())),
            None => self.seen.get(name).or_else(|| self.around.row(name)).cloned(),
        }
    }

    /// What this decision makes of a row.
    fn told_of(&self, name: &str) -> Option<Option<&String>> {
        self.events.iter().rev().find_map(|event| match &event.body {
            Body::ClaimChanged(changed) if changed.name == name => Some(changed.value.as_ref()),
            _ => None,
        })
    }

    /// Says that somebody is down, for all who would ask.
    fn trip(&mut self, name: String, until: Timestamp) -> Result<(), Refusal> {
        let value = value(&Outage { until, trips: 1, trial: false });
        self.tell(ClaimChanged { name, before: ClaimBefore::Absent, value })
    }

    /// Until when nobody asks, which is said where nobody has said so yet; nothing where it may be asked.
    pub(crate) fn down_until(&mut self, way: &Way) -> Result<Option<Timestamp>, Refusal> {
        match way {
            Way::Free | Way::Trial { .. } => Ok(None),
            Way::Down { until } => Ok(Some(*until)),
            Way::Trips { name, until } => self.trip(name.clone(), *until).map(|()| Some(*until)),
        }
    }

    /// Takes the one trial: until this time nobody else tries.
    pub(crate) fn take_trial(&mut self, way: Way, timeout: Duration) -> Result<(), Refusal> {
        let Way::Trial { name, before, trips } = way else { return Ok(()) };
        let value = value(&Outage { until: self.after(timeout), trips, trial: true });
        self.tell(ClaimChanged { name, before, value })
    }

    /// Says what a trial came to, where this run holds one.
    pub(crate) fn tried(&mut self, identity: Option<Arc<str>>, heard: Option<Heard>) -> Result<(), Refusal> {
        let (Some(identity), Some(heard)) = (identity, heard) else { return Ok(()) };
        let name = format!("{BREAKERS}{identity}");
        let is_others = self.seen.get(&name).is_some_and(|(by, _)| *by != self.run.id);
        let Some(trips) = self.run.trials.get(&name).copied().filter(|_| !is_others) else { return Ok(()) };
        let value = match heard {
            Heard::Up => None,
            Heard::Down(alone) => {
                let trips = trips.saturating_add(1);
                let pause = pause(trips).max(Duration::from_millis(alone.unwrap_or(0)).min(OUTAGE_MAX));
                value(&Outage { until: self.after(pause), trips, trial: false })
            }
        };
        self.tell(ClaimChanged { name, before: ClaimBefore::Own, value })
    }

    /// When somebody who is held looks again: not all at once.
    pub(crate) fn looks_again(&self, until: Timestamp, place: &str) -> Timestamp {
        let share = jitter(&format!("{}/{place}/{}", self.run.id, self.run.seq.0));
        until.checked_add(HOLD_SPREAD.mul_f64(share)).unwrap_or(until)
    }

    pub(crate) fn after(&self, wait: Duration) -> Timestamp {
        self.now.checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}

impl Run {
    /// Whether something is under way that it asks of whoever has this identity.
    fn asks_of(&self, identity: &str) -> bool {
        let is_theirs = |other: Option<Arc<str>>| other.as_deref() == Some(identity);
        let mut sent = self.calls().filter(|call| matches!(call.state, CallState::Intended(_)));
        self.steps.iter().any(|step| is_theirs(self.asked_identity(&step.id)))
            || sent.any(|call| is_theirs(self.plan.server_of(&call.tool)))
    }

    /// Which trials the run holds.
    pub(crate) fn evolve_breaker(&mut self, changed: &ClaimChanged) {
        if !changed.name.starts_with(BREAKERS) {
            return;
        }
        let trial = changed.value.as_deref().and_then(outage).filter(|outage| outage.trial);
        match trial {
            Some(outage) => _ = self.trials.insert(changed.name.clone(), outage.trips),
            None => _ = self.trials.remove(&changed.name),
        }
    }
}

/// For how long nobody asks whoever was found to be down so often in a row.
fn pause(trips: u32) -> Duration {
    OUTAGE_FIRST.saturating_mul(1 << trips.saturating_sub(1).min(16)).min(OUTAGE_MAX)
}

/// A row is JSON; it can only fail for maps whose keys aren't text, and it has none.
fn value(outage: &Outage) -> Option<String> {
    serde_json::to_string(outage).ok()
}
