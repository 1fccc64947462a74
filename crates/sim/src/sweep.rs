//! Every boundary of one good run with everything that can break there, one after the other: a count, not a hope.

use std::collections::BTreeMap;
use std::sync::Arc;

use handfast_events::Status;

use crate::faults::{Boundary, Fault, Faults, Point};
use crate::subject::Subject;
use crate::told::Telling;
use crate::world::{Outcome, Spec, run};
use crate::{Counts, Mutant};

/// A good run, and what can break at each of its boundaries.
#[derive(Debug)]
pub struct Sweep {
    /// The run in which nothing breaks.
    pub good: Outcome,
    /// Every boundary of it with a fault that can happen there.
    pub pairs: Vec<(Point, Fault)>,
}

/// Walks through the good run and lists every pair.
///
/// # Errors
/// As for [`run`].
pub fn sweep(subject: &Arc<Subject>, seed: u64) -> Result<Sweep, String> {
    let spec = Spec { faults: Faults::given([]), is_good: true, keeps_points: true, ..Spec::drawn(seed) };
    let mut good = run(subject, spec)?;
    let points = std::mem::take(&mut good.points);
    let pairs = points
        .into_iter()
        .filter(|(point, _)| point.boundary != Boundary::Moment)
        .flat_map(|(point, could)| could.into_iter().map(move |fault| (point.clone(), fault)))
        .collect();
    Ok(Sweep { good, pairs })
}

impl Sweep {
    /// How many pairs each boundary has.
    pub fn by_boundary(&self) -> BTreeMap<Boundary, usize> {
        let mut all = BTreeMap::new();
        for (point, _) in &self.pairs {
            *all.entry(point.boundary).or_default() += 1;
        }
        all
    }

    /// The world in which this pair, and nothing else, breaks.
    pub fn spec(&self, (point, fault): &(Point, Fault), mutant: Option<Mutant>) -> Spec {
        let faults = Faults::given([(point.clone(), *fault)]);
        Spec { faults, is_good: true, mutant, ..Spec::drawn(self.good.seed) }
    }

    /// What is wrong with the good run itself; nothing where it did all that it should.
    pub fn objection(&self) -> Option<String> {
        let broken: Vec<String> = self.good.broken.iter().map(ToString::to_string).collect();
        match &self.good.status {
            _ if !broken.is_empty() => Some(broken.join("; ")),
            Status::Done => None,
            status => {
                let whom = self.good.told.worlds.keys().find(|(telling, _)| *telling == Telling::Failed);
                let by = whom.map_or_else(String::new, |(_, whom)| format!(" by {whom}"));
                Some(format!("the run ends {}{by}", status.name()))
            }
        }
    }

    /// Whether what was to break did.
    pub fn has_happened(counts: &Counts) -> bool {
        counts.broke() == 1
    }
}

/// A mutant that was caught.
#[derive(Debug)]
pub struct Caught {
    /// How many worlds it lived through.
    pub tried: u64,
    /// Whose world caught it.
    pub subject: String,
    /// What its law saw.
    pub told: String,
}

/// Looks for a world in which a mutant breaks its law: among those that chance rules, and among the swept boundaries of
/// good runs, turn by turn.
///
/// # Errors
/// As for [`run`].
pub fn hunt(
    subjects: &[Arc<Subject>],
    mutant: Mutant,
    seed: u64,
    worlds: u64,
) -> Result<Option<Caught>, String> {
    let mut sweeps = Vec::new();
    for subject in subjects {
        let mut sweep = sweep(subject, seed)?;
        sweep.pairs.sort_by_key(|(_, fault)| Some(*fault) != mutant.shows_at());
        sweeps.push(sweep);
    }
    let mut tried = 0;
    for round in 0..worlds {
        for (subject, sweep) in subjects.iter().zip(&sweeps) {
            let pair = usize::try_from(round).ok().and_then(|at| sweep.pairs.get(at));
            let swept = pair.map(|pair| sweep.spec(pair, Some(mutant)));
            let drawn = Spec { mutant: Some(mutant), ..Spec::drawn(seed + round) };
            for spec in swept.into_iter().chain([drawn]) {
                tried += 1;
                let outcome = run(subject, spec)?;
                if let Some(broken) = outcome.broken.iter().find(|broken| broken.law == mutant.breaks()) {
                    return Ok(Some(Caught {
                        tried,
                        subject: subject.name.clone(),
                        told: broken.to_string(),
                    }));
                }
            }
            if tried >= worlds {
                return Ok(None);
            }
        }
    }
    Ok(None)
}
