//! Many worlds on several threads, and what came of them. What is found doesn't hang on the threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use handfast_events::Status;

use crate::faults::{Boundary, Fault, Point};
use crate::subject::Subject;
use crate::sweep::{Sweep, sweep};
use crate::told::Told;
use crate::world::{Outcome, Spec, run};
use crate::{Counts, Law, Mutant};

/// Which worlds shall happen.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Worlds that chance rules, of all subjects together.
    pub worlds: u64,
    /// The first seed.
    pub seed: u64,
    /// What is wrong with them on purpose.
    pub mutant: Option<Mutant>,
    /// Whether every boundary of each subject's good run is broken, too.
    pub sweeps: bool,
    /// Threads.
    pub threads: usize,
}

/// How far a campaign is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Worlds that were begun.
    pub done: u64,
    /// Worlds in all.
    pub of: u64,
}

/// What came of one subject's worlds.
#[derive(Debug, Default)]
pub struct Tally {
    /// The subject.
    pub name: String,
    /// Worlds that chance ruled.
    pub worlds: u64,
    /// Worlds in which one boundary was broken.
    pub swept: u64,
    /// How many of those by boundary.
    pub boundaries: BTreeMap<Boundary, u64>,
    /// How they ended.
    pub ends: BTreeMap<&'static str, u64>,
    /// What is wrong with its good run, in which nothing breaks.
    pub objection: Option<String>,
    /// What happened how often.
    pub counts: Counts,
    /// What the contract's owner would want to hear of.
    pub told: Told,
    /// Worlds that broke a law.
    pub broken: u64,
    /// The first of these.
    pub first: Option<FirstBroken>,
}

/// The first world that broke a law.
#[derive(Debug)]
pub struct FirstBroken {
    /// Its place among the worlds of its subject.
    order: u64,
    /// Which world.
    pub spec: Spec,
    /// Which law.
    pub law: Law,
}

/// One world of a campaign.
enum Job<'a> {
    Drawn(u64),
    Pair(&'a Sweep, &'a (Point, Fault)),
}

/// Whoever looks is told so often.
const PROGRESS: u64 = 64;

/// Lets all of them happen. `progress` is told how many have, now and then.
///
/// # Errors
/// A subject's run can't begin.
pub fn campaign(
    subjects: &[Arc<Subject>],
    campaign: &Campaign,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Tally>, String> {
    let sweeps: Vec<Sweep> = match campaign.sweeps {
        true => subjects.iter().map(|subject| sweep(subject, campaign.seed)).collect::<Result<_, _>>()?,
        false => Vec::new(),
    };
    let mut jobs: Vec<(usize, Job<'_>)> = Vec::new();
    for (at, swept) in sweeps.iter().enumerate() {
        jobs.extend(swept.pairs.iter().map(|pair| (at, Job::Pair(swept, pair))));
    }
    let swept = jobs.len() as u64;
    let all = swept + if subjects.is_empty() { 0 } else { campaign.worlds };
    let (next, is_stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let (jobs, next, is_stopped) = (&jobs, &next, &is_stopped);
    let work = || -> Result<Vec<Tally>, String> {
        let mut tallies: Vec<Tally> = subjects.iter().map(|_| Tally::default()).collect();
        while !is_stopped.load(Ordering::Relaxed) {
            let order = next.fetch_add(1, Ordering::Relaxed);
            if order >= all {
                break;
            }
            if order.is_multiple_of(PROGRESS) {
                progress(Progress { done: order, of: all });
            }
            let drawn = order.saturating_sub(swept);
            let of = subjects.len() as u64;
            let job = usize::try_from(order).ok().and_then(|at| jobs.get(at));
            let (at, job) = match job {
                Some((at, Job::Pair(sweep, pair))) => (*at, Job::Pair(sweep, pair)),
                _ => (usize::try_from(drawn % of).unwrap_or(0), Job::Drawn(campaign.seed + drawn / of)),
            };
            let (Some(subject), Some(tally)) = (subjects.get(at), tallies.get_mut(at)) else { break };
            tally.one(subject, order, &job, campaign.mutant).inspect_err(|_| {
                is_stopped.store(true, Ordering::Relaxed);
            })?;
        }
        Ok(tallies)
    };
    let parts: Vec<Result<Vec<Tally>, String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..campaign.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("a world panicked: run it alone by its seed".into()))
        };
        threads.into_iter().map(join).collect()
    });
    let mut tallies: Vec<Tally> =
        subjects.iter().map(|subject| Tally { name: subject.name.clone(), ..Tally::default() }).collect();
    for (tally, sweep) in tallies.iter_mut().zip(&sweeps) {
        tally.objection = sweep.objection();
    }
    for part in parts {
        tallies.iter_mut().zip(part?).for_each(|(tally, part)| tally.add(part));
    }
    Ok(tallies)
}

impl Tally {
    fn one(
        &mut self,
        subject: &Arc<Subject>,
        order: u64,
        job: &Job<'_>,
        mutant: Option<Mutant>,
    ) -> Result<(), String> {
        let spec = match job {
            Job::Drawn(seed) => Spec { mutant, ..Spec::drawn(*seed) },
            Job::Pair(sweep, pair) => sweep.spec(pair, mutant),
        };
        let outcome = run(subject, spec.clone())?;
        match job {
            Job::Drawn(_) => self.worlds += 1,
            Job::Pair(_, (point, _)) => {
                self.swept += u64::from(outcome.counts.broke() > 0);
                *self.boundaries.entry(point.boundary).or_default() += u64::from(outcome.counts.broke() > 0);
            }
        }
        self.count(&outcome);
        if let Some(broken) = outcome.broken.first() {
            self.broken += 1;
            let first = FirstBroken { order, spec, law: broken.law };
            self.keep_first(first);
        }
        Ok(())
    }

    fn count(&mut self, outcome: &Outcome) {
        *self.ends.entry(Status::name(&outcome.status)).or_default() += 1;
        self.counts.add(&outcome.counts);
        self.told.merge(&outcome.told);
    }

    fn keep_first(&mut self, other: FirstBroken) {
        if self.first.as_ref().is_none_or(|first| other.order < first.order) {
            self.first = Some(other);
        }
    }

    fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.swept += other.swept;
        self.broken += other.broken;
        for (boundary, pairs) in other.boundaries {
            *self.boundaries.entry(boundary).or_default() += pairs;
        }
        for (end, worlds) in other.ends {
            *self.ends.entry(end).or_default() += worlds;
        }
        self.counts.add(&other.counts);
        self.told.merge(&other.told);
        if let Some(first) = other.first {
            self.keep_first(first);
        }
    }
}
