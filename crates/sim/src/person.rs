//! The person: looks at the tools' own ledger and settles what is in doubt, raises a limit once, resumes, and gives up.

use handfast_events::{CallId, Ceiling, LimitKind, Mail, Money, PauseReason, Settlement, Status, Waits};

use crate::limits::QUIET;
use crate::tool::Ledger;
use crate::watch::Watch;

/// What the person has done so far.
#[derive(Default)]
pub(crate) struct Person {
    raised: Vec<String>,
    resumed: u32,
}

impl Person {
    /// What the person puts to a run that rests like this.
    pub(crate) fn act(
        &mut self,
        status: &Status,
        watch: &Watch,
        ledger: &Ledger,
        (now, is_hasty): (jiff::Timestamp, bool),
    ) -> Vec<Mail> {
        match status {
            Status::Waiting(Waits::Settlement) => {
                let quiet = i64::try_from(if is_hasty { 0 } else { QUIET }).unwrap_or(i64::MAX);
                let is_quiet =
                    |since: jiff::Timestamp| now.duration_since(since).as_millis() >= i128::from(quiet);
                let doubts = watch.calls.iter().filter(|(_, story)| story.waits_since.is_some_and(is_quiet));
                doubts.map(|(call, _)| settle(call, ledger)).collect()
            }
            Status::PausedByLimit => vec![self.raise(watch.paused.as_ref())],
            Status::PausedForOperator => {
                self.resumed += 1;
                vec![if self.resumed > 4 { cancel() } else { Mail::Resume { reason: "mended".into() } }]
            }
            _ => Vec::new(),
        }
    }

    /// Raises each limit once, and then has had enough.
    fn raise(&mut self, paused: Option<&PauseReason>) -> Mail {
        let Some(PauseReason::Limit { clause, limit, ceiling, .. }) = paused else { return cancel() };
        if self.raised.contains(clause) || *limit == LimitKind::Turns {
            return cancel();
        }
        self.raised.push(clause.clone());
        let to = match *ceiling {
            Ceiling::Count(count) if *limit == LimitKind::Attempts => Ceiling::Count(count + 2),
            Ceiling::Count(count) => Ceiling::Count(count * 2),
            Ceiling::Money(money) => Ceiling::Money(Money::plus(money, money)),
            Ceiling::Ms(ms) => Ceiling::Ms(ms * 2),
        };
        Mail::Raise { limit: *limit, to, reason: "it is worth it".into() }
    }
}

pub(crate) fn cancel() -> Mail {
    Mail::Cancel { reason: "enough".into() }
}

fn settle(call: &CallId, ledger: &Ledger) -> Mail {
    let settlement = match ledger.of(call).first() {
        Some(gave) => Settlement::Applied(gave.clone()),
        None => Settlement::NotApplied,
    };
    Mail::Settle { call: call.clone(), settlement, evidence: "looked at the ledger".into() }
}
