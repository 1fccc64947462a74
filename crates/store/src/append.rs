//! One append: what a worker wants to have happened, with the conditions under which it may.

use handfast_events::{
    AppendId, Body, ClaimBefore, ClaimChanged, CommandId, Epoch, Event, Head, RunId, Salt, Status, Timestamp,
};

/// Events to be put behind a run's journal in one commit, all or nothing.
///
/// Nothing of it happens unless the run stands at `follows`, the lease is still `epoch`'s, every row of `taken` waits
/// in the mailbox, and every claim is as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The append's own name: it is found again by it when nobody knows whether it landed.
    pub id: AppendId,
    /// The run.
    pub run: RunId,
    /// Where the run stands without these events; [`Head::default`] for a run that begins.
    pub follows: Head,
    /// The right to write: [`crate::Lease::epoch`], or 0 with `start`.
    pub epoch: Epoch,
    /// The run's salt; drawn anew for a run that begins.
    pub salt: Salt,
    /// At least one event, numbered on from `follows`.
    pub events: Vec<Event>,
    /// What the run is doing behind these events.
    pub status: Status,
    /// When it moves by itself, where it waits for a time.
    pub wake_at: Option<Timestamp>,
    /// Whether the worker keeps the run.
    pub hold: Hold,
    /// The rows of the mailbox whose fate these events tell.
    pub taken: Vec<CommandId>,
    /// What the run changes of what runs share, beside what its events say ([`handfast_events::ClaimChanged`]).
    pub claims: Vec<ClaimChange>,
    /// For a run that begins: what it is. Nobody holds it until it is taken.
    pub start: Option<RunBirth>,
}

/// Whether a worker keeps a run behind an append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// It goes on.
    #[default]
    Keep,
    /// It lets go in the same commit: a run that rests holds nobody.
    Release,
}

/// What is known of a run when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunBirth {
    /// The contract's name.
    pub contract: String,
    /// The workflow's name.
    pub workflow: String,
    /// When it began.
    pub started: Timestamp,
}

/// One change of a claim, with its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimChange {
    /// The claim's name: `start/KEY`, `action/…`.
    pub name: String,
    /// How it must be before.
    pub expected: Expected,
    /// Its value behind the append, held by the append's run; none frees it.
    pub set: Option<String>,
}

/// How a claim must be before it is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nobody holds it.
    Absent,
    /// This run holds it.
    HeldBy(RunId),
    /// Whoever holds it, this is its value.
    Is(String),
}

impl Append {
    /// Every change of what runs share: those beside the events, then those that the events say. What one append changes
    /// twice is one change.
    pub(crate) fn all_claims(&self) -> Vec<ClaimChange> {
        let mut all = self.claims.clone();
        for event in &self.events {
            let Body::ClaimChanged(ClaimChanged { name, before, value }) = &event.body else { continue };
            match all.iter_mut().find(|change| change.name == *name) {
                Some(change) => change.set.clone_from(value),
                None => all.push(ClaimChange {
                    name: name.clone(),
                    expected: match before {
                        ClaimBefore::Absent => Expected::Absent,
                        ClaimBefore::Own => Expected::HeldBy(self.run),
                        ClaimBefore::Is(value) => Expected::Is(value.clone()),
                    },
                    set: value.clone(),
                }),
            }
        }
        all
    }
}
