//! A world that broke a law, made as small as it can be: the fewest faults that break it still, told as a story.

use std::fmt::Write as _;
use std::sync::Arc;

use handfast_events::Event;

use crate::faults::{Faults, Happened};
use crate::limits::{SHRINK_TRIES, STORY_CHARS};
use crate::subject::Subject;
use crate::world::{Outcome, Spec, run, time};
use crate::{Broken, Law};

/// The smallest world that was found.
#[derive(Debug)]
pub struct Shrunk {
    /// Which world it is.
    pub spec: Spec,
    /// How many worlds were tried for it.
    pub tried: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// Leaves out fault after fault, as long as the law is broken still.
///
/// # Errors
/// As for [`run`].
pub fn shrink(subject: &Arc<Subject>, spec: Spec, law: Law) -> Result<Shrunk, String> {
    let mut tried = 0;
    let mut best = Shrunk { outcome: run(subject, spec.clone())?, spec, tried: 0 };
    let mut kept = best.outcome.happened.clone();
    let mut attempt = |faults: &[Happened], is_rough: bool, is_good: bool, best: &mut Shrunk| {
        if tried >= SHRINK_TRIES {
            return Ok::<bool, String>(false);
        }
        tried += 1;
        let faults = faults.iter().map(|happened| (happened.point.clone(), happened.fault)).collect();
        let spec = Spec { faults: Faults::Given { faults, is_rough }, is_good, ..best.spec.clone() };
        let outcome = run(subject, spec.clone())?;
        let is_broken = outcome.broken.iter().any(|broken| broken.law == law);
        if is_broken {
            *best = Shrunk { spec, tried, outcome };
        }
        Ok(is_broken)
    };
    let (mut is_rough, mut is_good) = (true, best.spec.is_good);
    attempt(&kept, is_rough, is_good, &mut best)?;
    if attempt(&kept, false, is_good, &mut best)? {
        is_rough = false;
    }
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < kept.len() {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + size).min(kept.len()));
            if attempt(&fewer, is_rough, is_good, &mut best)? {
                kept = fewer;
            } else {
                at += size;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    if !is_good && attempt(&kept, is_rough, true, &mut best)? {
        is_good = true;
    }
    if is_rough {
        attempt(&kept, false, is_good, &mut best)?;
    }
    best.tried = tried;
    Ok(best)
}

/// What happened in a world, faults and events in one line of time, as a person reads it.
pub fn story(outcome: &Outcome) -> String {
    let mut told = String::new();
    let mut faults = outcome.happened.iter().peekable();
    for event in &outcome.journal {
        let at = since(event);
        while let Some(happened) = faults.next_if(|happened| happened.at_ms <= at) {
            fault_line(&mut told, happened);
        }
        let place = event.call.as_ref().map(ToString::to_string);
        let place = place.or_else(|| event.step.as_ref().map(ToString::to_string)).unwrap_or_default();
        let detail = event.body.encode().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let detail: String = detail.unwrap_or_default().chars().take(STORY_CHARS).collect();
        _ = writeln!(told, "{} {:>4} {} {place} {detail}", clock(at), event.seq.0, event.name());
    }
    faults.for_each(|happened| fault_line(&mut told, happened));
    for Broken { law, at_ms, told: seen } in &outcome.broken {
        _ = writeln!(told, "{} BROKEN {law:?}: {seen}", clock(*at_ms));
    }
    told
}

fn fault_line(told: &mut String, happened: &Happened) {
    _ = writeln!(told, "{}   ** {happened}", clock(happened.at_ms));
}

fn clock(ms: u64) -> String {
    format!("{:>4}.{:03} s", ms / 1000, ms % 1000)
}

/// The milliseconds from the world's birth to this event.
fn since(event: &Event) -> u64 {
    u64::try_from(event.time.duration_since(time(0)).as_millis()).unwrap_or(0)
}
