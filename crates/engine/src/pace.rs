//! How much is asked of somebody at a time, over all runs of a store: so many in a time (`rate`), so many at once
//! (`at_once`). What doesn't fit waits, in the order in which it came.
//!
//! A turn under a rate is taken in a row that all workers share, in the commit that says until when is waited for it, so
//! that no crash loses or doubles it. Who is under way is known to the worker alone: one process drives a store, and what
//! it had under way dies with it.

use std::sync::Arc;
use std::time::Duration;

use handfast_contract::{Limits, Rate, Server, Tool};
use handfast_events::{ClaimBefore, ClaimChanged, Digest, Timestamp, Turns};

use crate::Refusal;
use crate::around::PACES;
use crate::decide::Draft;
use crate::plan::Plan;

/// Parts of a rate's time that are counted one by one: whoever began in a part began at its end, so a turn comes a
/// sixteenth late at worst, and never too soon.
const PARTS: i64 = 16;

/// Parts ahead in which somebody has a turn: whoever waits six hundred times as long as the rate's time waits in vain.
const PARTS_MAX: i64 = 10_000;

/// Somebody of whom no more than so much is asked at a time.
#[derive(Clone, Debug)]
pub(crate) struct Paced {
    /// `model/…`, `server/…`, `tool/…`: whoever is asked by all runs of the store.
    pub(crate) key: Arc<str>,
    pub(crate) rate: Option<Rate>,
    pub(crate) at_once: Option<u64>,
}

/// Whether something may begin.
pub(crate) enum Pace {
    /// It begins now.
    Now,
    /// It has its turn then; without a time when one of those under way has come back.
    Held { until: Option<Timestamp>, why: String },
}

impl Paced {
    pub(crate) fn of(limits: &Limits, key: impl FnOnce() -> String) -> Option<Self> {
        let is_limited = limits.rate.is_some() || limits.at_once.is_some();
        is_limited.then(|| Self { key: key().into(), rate: limits.rate, at_once: limits.at_once })
    }
}

impl Plan {
    /// The pace that is kept with a model, whichever agent asks it.
    pub(crate) fn pace_of_model(&self, model: &str) -> Option<&Paced> {
        let mut briefed = self.briefings().filter_map(|briefing| briefing.models.get(model));
        briefed.find_map(|briefed| briefed.paced.as_ref())
    }

    /// Those whose pace a call of this tool keeps.
    pub(crate) fn paces_of_tool(&self, tool: &Tool) -> Vec<Paced> {
        let own = || format!("tool/{}/{}", self.contract().name, tool.name);
        let server = self.contract().servers.get(&tool.via.server);
        let of_server = |server: &Server| {
            let identity = self.server_of(&tool.name)?;
            Paced::of(&server.limits, || format!("server/{identity}"))
        };
        Paced::of(&tool.limits, own).into_iter().chain(server.and_then(of_server)).collect()
    }
}

impl Draft {
    /// Whether something may begin now that keeps the pace of these; its turn is taken where it needs one. `turn_at`: it
    /// waited for its turn, which was then. One that is missed by as long as a rate counts is nobody's: after a night in which
    /// nobody drove, all whose turns it held would begin at once.
    pub(crate) fn pace(
        &mut self,
        place: &str,
        paces: &[Paced],
        turn_at: Option<Timestamp>,
    ) -> Result<Pace, Refusal> {
        let rated: Vec<(&Paced, Rate)> =
            paces.iter().filter_map(|paced| Some((paced, paced.rate?))).collect();
        let good_for = rated.iter().map(|(_, rate)| rate.per).min().unwrap_or_default();
        let has_turn =
            turn_at.is_some_and(|at| self.now < at.checked_add(good_for).unwrap_or(Timestamp::MAX));
        let (at, changes) =
            if has_turn || rated.is_empty() { (self.now, Vec::new()) } else { self.next_turn(&rated) };
        let is_later = at > self.now;
        let full = if is_later { None } else { self.no_place(place, paces) };
        if let Some(key) = full {
            // Its turn is taken once there is a place: it is nobody else's either way.
            return Ok(Pace::Held {
                until: None,
                why: format!("as many are under way as may be at once of `{key}`"),
            });
        }
        changes.into_iter().try_for_each(|change| self.tell(change))?;
        if is_later {
            let keys =
                rated.iter().map(|(paced, _)| format!("`{}`", paced.key)).collect::<Vec<_>>().join(", ");
            return Ok(Pace::Held {
                until: Some(at),
                why: format!("its turn under the rate of {keys} comes then"),
            });
        }
        let limited = paces.iter().filter(|paced| paced.at_once.is_some());
        self.begun.extend(limited.map(|paced| paced.key.clone()));
        Ok(Pace::Now)
    }

    fn no_place(&self, place: &str, paces: &[Paced]) -> Option<Arc<str>> {
        let is_full = |paced: &&Paced| {
            let Some(most) = paced.at_once else { return false };
            let begun = self.begun.iter().filter(|key| **key == paced.key).count();
            !self.around.has_place(
                &paced.key,
                (self.run.id, place),
                usize::try_from(most).unwrap_or(usize::MAX),
                begun,
            )
        };
        paces.iter().find(is_full).map(|paced| paced.key.clone())
    }

    /// The next turn of all of these together, and what their rows become by it.
    fn next_turn(&self, rated: &[(&Paced, Rate)]) -> (Timestamp, Vec<ClaimChanged>) {
        let rows: Vec<(String, Option<String>, Turns, u64)> = rated
            .iter()
            .map(|(paced, rate)| {
                let name = format!("{PACES}{}", paced.key);
                let row = self.shared_row(&name).map(|(_, value)| value);
                let known = row.as_deref().and_then(|value| serde_json::from_str(value).ok());
                let part_ms = part_of(rate.per);
                let turns = known.filter(|turns: &Turns| turns.part_ms == part_ms);
                (name, row, turns.unwrap_or(Turns { part_ms, ..Turns::default() }), rate.count)
            })
            .collect();
        // One that must wait for another of them may have another turn of its own there: a few rounds settle it.
        let mut at = self.now;
        for _ in 0..rows.len() {
            at = rows.iter().map(|(_, _, turns, count)| next(turns, at, *count)).max().unwrap_or(at);
        }
        let changes = rows.into_iter().filter_map(|(name, row, turns, _)| {
            let before =
                row.map_or(ClaimBefore::Absent, |row| ClaimBefore::Digest(Digest::of(row.as_bytes())));
            let value = serde_json::to_string(&with(&turns, at, self.now)).ok()?;
            Some(ClaimChanged { name, before, value: Some(value) })
        });
        (at, changes.collect())
    }
}

fn part(turns: &Turns, at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(turns.part_ms.max(1))
}

fn begun_in(turns: &Turns, part: i64) -> u64 {
    let index = usize::try_from(part - turns.from).ok();
    index.and_then(|index| turns.begun.get(index)).copied().unwrap_or(0)
}

/// The earliest time from this one on at which one more may begin, behind all that have their turn.
fn next(turns: &Turns, at: Timestamp, count: u64) -> Timestamp {
    let last = turns.from + i64::try_from(turns.begun.len()).unwrap_or(0) - 1;
    let first = part(turns, at).max(if turns.begun.is_empty() { i64::MIN } else { last });
    let mut at_part = first;
    // Behind the last of them a whole time later nobody is in the way any more.
    while at_part <= first + PARTS {
        let lately: u64 = (at_part - PARTS..=at_part).map(|part| begun_in(turns, part)).sum();
        if lately < count {
            break;
        }
        at_part += 1;
    }
    let begins = Timestamp::from_millisecond(at_part.saturating_mul(turns.part_ms)).unwrap_or(Timestamp::MAX);
    begins.max(at)
}

/// The same with one more that begins then; what is over is left out.
fn with(turns: &Turns, at: Timestamp, now: Timestamp) -> Turns {
    let from = part(turns, now) - PARTS;
    let to = part(turns, at).max(turns.from + i64::try_from(turns.begun.len()).unwrap_or(0) - 1);
    // A row from a clock that was far ahead must not grow with how far.
    let to = to.min(from.saturating_add(PARTS_MAX));
    let begun = (from..=to).map(|one| begun_in(turns, one) + u64::from(one == part(turns, at)));
    Turns { part_ms: turns.part_ms, from, begun: begun.collect() }
}
fn part_of(per: Duration) -> i64 {
    i64::try_from(per.as_millis()).unwrap_or(i64::MAX).div_euclid(PARTS).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    proptest! {
        #[test]
        fn no_more_begin_in_any_such_time_than_may_and_each_in_its_order(
            asks in proptest::collection::vec(0_i64..3_000, 1..80),
            count in 1_u64..6,
        ) {
            let per = Duration::from_millis(1_600);
            let mut turns = Turns { part_ms: part_of(per), ..Turns::default() };
            let (mut now, mut begun) = (1_000_000, Vec::new());
            for wait in asks {
                now += wait;
                let turn = next(&turns, at(now), count);
                prop_assert!(begun.last().is_none_or(|last| *last <= turn), "somebody who came later goes first");
                turns = with(&turns, turn, at(now));
                begun.push(turn);
            }
            for first in &begun {
                let within = begun.iter().filter(|other| {
                    let after = other.as_millisecond() - first.as_millisecond();
                    (0..1_600).contains(&after)
                });
                prop_assert!(within.count() as u64 <= count);
            }
            // And it is no slower than it must be: a sixteenth, and the part that was begun.
            let last = begun.last().unwrap().as_millisecond();
            let most = (begun.len() as i64 / count as i64 + 1) * 1_700;
            prop_assert!(last - now <= most, "{} behind", last - now);
        }
    }
}
