//! One append: what a worker wants to have happened, with the conditions under which it may.

use handfast_events::{
    AppendId, Body, ClaimBefore, ClaimChanged, ClaimSeen, CommandId, Digest, Epoch, Event, Head, RunId, Salt,
    Status, Timestamp,
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
    /// What becomes of it.
    pub set: ClaimSet,
}

/// What an append makes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimSet {
    /// It stays as it is: only the condition counts.
    Keep,
    /// Nobody holds it any more.
    Free,
    /// The append's run holds it, with this value.
    To(String),
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
    /// Whoever holds it, this is the digest of its value.
    Digest(Digest),
}

impl Append {
    /// Every change of what runs share: those beside the events, then those that the events say. What one append changes
    /// twice is one change.
    pub(crate) fn all_claims(&self) -> Vec<ClaimChange> {
        let mut all = self.claims.clone();
        for event in &self.events {
            let (name, expected, set) = match &event.body {
                Body::ClaimChanged(ClaimChanged { name, before, value }) => {
                    let expected = match before {
                        ClaimBefore::Absent => Expected::Absent,
                        ClaimBefore::Own => Expected::HeldBy(self.run),
                        ClaimBefore::Is(value) => Expected::Is(value.clone()),
                        ClaimBefore::Digest(digest) => Expected::Digest(*digest),
                    };
                    (name, expected, value.clone().map_or(ClaimSet::Free, ClaimSet::To))
                }
                Body::ClaimSeen(ClaimSeen { name, digest }) => {
                    (name, digest.map_or(Expected::Absent, Expected::Digest), ClaimSet::Keep)
                }
                _ => continue,
            };
            let before = all.iter_mut().find(|other| other.name == *name && other.set != ClaimSet::Keep);
            match before {
                // What is seen behind a change of the same append is that change.
                Some(_) if set == ClaimSet::Keep => {}
                Some(change) => change.set = set,
                // Each that was seen is a condition of its own, and none is lost in another.
                None => all.push(ClaimChange { name: name.clone(), expected, set }),
            }
        }
        all
    }
}
