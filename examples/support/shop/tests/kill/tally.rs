//! Where the kills fell.

use std::collections::BTreeMap;
use std::fmt;

use handfast_events::{Body, Event, Idempotency};

use crate::cases::{CASES, Case};

/// What a run was about when it was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Before anything was intended.
    Early,
    /// A model was asked, and no answer is there.
    Asking,
    /// A call may have left, and no result is there.
    InFlight,
    /// The same, of a call that takes no key.
    Bare,
    /// The same, of a call that takes another one back.
    Undoing,
    /// None of these: the last thing was decided.
    Between,
    /// The run had ended.
    Over,
}

/// What was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whom {
    /// The process that drives the run.
    Worker,
    /// The tools' server, under a worker that lives.
    Server,
    /// First the one, then the other, as a machine would that loses its power.
    Both,
}

impl Phase {
    const ALL: [Self; 7] =
        [Self::Early, Self::Asking, Self::InFlight, Self::Bare, Self::Undoing, Self::Between, Self::Over];

    const fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Asking => "asking",
            Self::InFlight => "in flight",
            Self::Bare => "no key",
            Self::Undoing => "undoing",
            Self::Between => "between",
            Self::Over => "(over)",
        }
    }

    /// What a journal that ends like this was about.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut open = BTreeMap::new();
        let (mut asks, mut is_early) = (0_u32, true);
        for event in events {
            match &event.body {
                Body::CallIntended(intent) => {
                    open.insert(&event.call, Self::of_call(event, &intent.idempotency));
                    is_early = false;
                }
                Body::CallApplied(_)
                | Body::CallNotApplied(_)
                | Body::CallDoubted(_)
                | Body::CallNotSent(_) => _ = open.remove(&event.call),
                Body::ModelIntended(_) => (asks, is_early) = (asks + 1, false),
                Body::ModelAnswered(_) | Body::ModelFailed(_) => asks = asks.saturating_sub(1),
                Body::RunSucceeded(_) | Body::RunFailed(_) | Body::RunCancelled(_) => return Self::Over,
                _ => {}
            }
        }
        match (open.into_values().max(), asks) {
            (Some(phase), _) => phase,
            (None, 1..) => Self::Asking,
            (None, 0) if is_early => Self::Early,
            (None, 0) => Self::Between,
        }
    }

    /// What a run is about behind this event.
    pub(crate) fn behind(event: &Event) -> Option<Self> {
        match &event.body {
            Body::CallIntended(intent) => Some(Self::of_call(event, &intent.idempotency)),
            Body::ModelIntended(_) => Some(Self::Asking),
            Body::CallApplied(_) => Some(Self::Between),
            _ => None,
        }
    }

    fn of_call(event: &Event, idempotency: &Idempotency) -> Self {
        let is_undoing = event.call.as_ref().is_some_and(|call| call.as_str().contains("~compensate"));
        match idempotency {
            _ if is_undoing => Self::Undoing,
            Idempotency::None => Self::Bare,
            _ => Self::InFlight,
        }
    }
}

/// How many kills fell where, and what came of them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    kills: BTreeMap<(Case, Phase), usize>,
    whom: BTreeMap<Whom, usize>,
    pub(crate) runs: usize,
    /// Doubts that a person settled, and how many of those were of calls that take no key.
    pub(crate) settled: usize,
    pub(crate) bare_settled: usize,
    pub(crate) approved: usize,
    pub(crate) effects: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, case: Case, whom: Whom, phase: Phase) {
        *self.kills.entry((case, phase)).or_default() += 1;
        if phase != Phase::Over {
            *self.whom.entry(whom).or_default() += 1;
        }
    }

    pub(crate) fn of(&self, phase: Phase) -> usize {
        self.kills.iter().filter(|((_, other), _)| *other == phase).map(|(_, kills)| kills).sum()
    }

    pub(crate) fn of_case(&self, case: Case) -> usize {
        let of_it = |(one, phase): &(Case, Phase)| *one == case && *phase != Phase::Over;
        self.kills.iter().filter(|(key, _)| of_it(key)).map(|(_, kills)| kills).sum()
    }

    pub(crate) fn of_whom(&self, whom: Whom) -> usize {
        self.whom.get(&whom).copied().unwrap_or_default()
    }

    /// Kills of runs that had not ended.
    pub(crate) fn kills(&self) -> usize {
        self.whom.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18}", "kills")?;
        Phase::ALL.iter().try_for_each(|phase| write!(f, "{:>10}", phase.name()))?;
        for case in CASES {
            write!(f, "\n{:<18}", case.name)?;
            for phase in Phase::ALL {
                write!(f, "{:>10}", self.kills.get(&(case, phase)).copied().unwrap_or_default())?;
            }
        }
        write!(f, "\n{:<18}", "all")?;
        Phase::ALL.iter().try_for_each(|phase| write!(f, "{:>10}", self.of(*phase)))?;
        write!(
            f,
            "\n{} kills of {} runs: {} workers, {} servers, {} of both at once\n{} effects, none lost, none twice; {} \
             approved, {} doubts settled, {} of them of calls without a key",
            self.kills(),
            self.runs,
            self.of_whom(Whom::Worker),
            self.of_whom(Whom::Server),
            self.of_whom(Whom::Both),
            self.effects,
            self.approved,
            self.settled,
            self.bare_settled
        )
    }
}
