//! Ceilings: what counts against each, and what happens where the next call would pass one.
//!
//! The worst case is reserved before a call and the real use booked after it, in its own step, in all around it and in the
//! run; folding charges nothing twice. What may fit once something has come back waits; else the run pauses, and goes on once
//! somebody raises the limit.

use std::time::Duration;

use handfast_contract::{Limits, Tool};
use handfast_events::{Ceiling, LimitKind, Money, PauseReason, RunPaused, StepId, Timestamp, Usage};

use crate::Refusal;
use crate::decide::Draft;
use crate::dialect::Rates;
use crate::limits::{ATTEMPTS, OUTPUT_TOKENS_MIN, RETRY_BUDGET};
use crate::state::{Phase, Run, Spend, StepState};

/// A limit that the next call would pass.
pub(crate) struct Hit {
    pub(crate) clause: String,
    pub(crate) limit: LimitKind,
    pub(crate) ceiling: Ceiling,
    pub(crate) used: Ceiling,
    pub(crate) needs: Ceiling,
}

/// One ceiling on tokens and money, and what counts against it.
pub(crate) struct Account<'a> {
    owner: String,
    limits: &'a Limits,
    pub(crate) spend: Spend,
    /// When its time began.
    since: Timestamp,
}

impl Draft {
    /// Every ceiling that a call of this step counts against, the nearest first: its agent's, its own, those of the steps
    /// and workflows around it, the run's.
    pub(crate) fn accounts(&self, id: &StepId) -> Vec<Account<'_>> {
        let Some(step) = self.run.step(id) else { return Vec::new() };
        let mut all = Vec::new();
        if let StepState::Agent(agent) = &step.state
            && let Some(briefing) = self.run.plan.briefing(&agent.agent)
        {
            let owner = format!("agents.{}.limits", agent.agent);
            all.push(Account { owner, limits: &briefing.agent.limits, spend: step.spend, since: step.since });
        }
        let around = step.frame.holders().filter_map(|holder| self.run.step(holder));
        for holder in std::iter::once(step).chain(around) {
            let (spend, since) = (holder.spend, holder.since);
            all.extend(holder.limits().map(|(owner, limits)| Account { owner, limits, spend, since }));
        }
        all.extend(self.run.workflow.as_ref().map(|workflow| Account {
            owner: format!("workflows.{}.limits", workflow.name),
            limits: &workflow.limits,
            spend: self.run.spend,
            since: self.run.since,
        }));
        all
    }

    /// A ceiling on time around this step that is reached. But for what an agent waits for people, this release counts waiting as
    /// acting, so `time` and `deadline` end a run by the same clock.
    pub(crate) fn time_spent(&self, id: &StepId) -> Option<Hit> {
        self.times(id)
            .into_iter()
            .find_map(|(clause, since, limit)| self.run.time_spent(clause, Some(limit), since, self.now))
    }

    /// When the first of the ceilings on time around this step is reached.
    pub(crate) fn time_ends(&self, id: &StepId) -> Option<Timestamp> {
        let end = |(clause, since, limit): (String, Timestamp, Duration)| {
            let Ceiling::Ms(ms) = self.run.ceiling(&clause, Ceiling::Ms(ms(limit))) else { return None };
            since.checked_add(Duration::from_millis(ms)).ok()
        };
        self.times(id).into_iter().filter_map(end).min()
    }

    /// The ceilings on time around this step: their clauses, since when they count, and how long.
    fn times(&self, id: &StepId) -> Vec<(String, Timestamp, Duration)> {
        let waited = self.waited(id);
        let is_alone = self.run.chat().is_some();
        let times = |account: Account<'_>| {
            // Beside it others may act: only of its own time, and of a conversation, it is known that nobody did.
            let is_own = is_alone || account.owner.starts_with("agents.");
            let waited = if is_own { waited } else { Duration::ZERO };
            let acts_since = account.since.checked_add(waited).unwrap_or(account.since);
            let named = [
                ("time", account.limits.time, acts_since),
                ("deadline", account.limits.deadline, account.since),
            ];
            named.map(|(limit, ceiling, since)| Some((format!("{}.{limit}", account.owner), since, ceiling?)))
        };
        self.accounts(id).into_iter().flat_map(times).flatten().collect()
    }

    /// Since when the clause's time counts.
    pub(crate) fn since_of(&self, id: &StepId, clause: &str) -> Timestamp {
        let times = self.times(id).into_iter();
        let mut own = times.filter(|(own, ..)| own == clause).map(|(_, since, _)| since);
        own.next().unwrap_or(self.run.since)
    }

    /// How long the agent of this step waited for people: in that time it could not act.
    fn waited(&self, id: &StepId) -> Duration {
        self.agent_step(id).map_or(Duration::ZERO, |agent| agent.waited)
    }

    /// Pauses the run where a ceiling on time around this step is reached, and tells whether it did.
    pub(crate) fn pause_by_time(&mut self, id: &StepId) -> Result<bool, Refusal> {
        match self.time_spent(id) {
            Some(hit) => self.pause(id, hit).map(|()| true),
            None => Ok(false),
        }
    }

    /// The most tokens that the answer may hold, so that the call fits every ceiling at its worst.
    pub(crate) fn fit(
        &self,
        accounts: &[Account<'_>],
        input: u64,
        rates: Rates,
        most: u64,
    ) -> Result<u64, Hit> {
        let mut cap = most;
        for account in accounts {
            if let Some(limit) = account.limits.tokens {
                let clause = format!("{}.tokens", account.owner);
                let used = account.spend.tokens();
                let ceiling = self.run.ceiling(&clause, Ceiling::Count(limit));
                let Ceiling::Count(most) = ceiling else { continue };
                cap = cap.min(most.saturating_sub(used).saturating_sub(input));
                if cap < OUTPUT_TOKENS_MIN {
                    let needs = Ceiling::Count(input + OUTPUT_TOKENS_MIN);
                    return Err(Hit {
                        clause,
                        limit: LimitKind::Tokens,
                        ceiling,
                        used: Ceiling::Count(used),
                        needs,
                    });
                }
            }
            if let Some(limit) = account.limits.cost {
                let clause = format!("{}.cost", account.owner);
                let used = account.spend.cost();
                let ceiling = self.run.ceiling(&clause, Ceiling::Money(limit));
                let Ceiling::Money(most) = ceiling else { continue };
                cap = cap.min(rates.output_that_fits(most.minus(used), input));
                let needs = Ceiling::Money(rates.worst(input, OUTPUT_TOKENS_MIN));
                if cap < OUTPUT_TOKENS_MIN {
                    return Err(Hit {
                        clause,
                        limit: LimitKind::Cost,
                        ceiling,
                        used: Ceiling::Money(used),
                        needs,
                    });
                }
            }
        }
        Ok(cap)
    }

    pub(crate) fn pause(&mut self, id: &StepId, hit: Hit) -> Result<(), Refusal> {
        if self.run.phase != Phase::Running {
            return Ok(());
        }
        let Hit { clause, limit, ceiling, used, needs } = hit;
        self.tell(RunPaused {
            reason: PauseReason::Limit { clause, limit, ceiling, used, needs, step: id.clone() },
        })
    }

    /// Pauses the run where its contract allows no more calls of this tool, and tells whether it did.
    pub(crate) fn pause_by_count(&mut self, id: &StepId, tool: &Tool) -> Result<bool, Refusal> {
        let Some(limit) = tool.limits.per_run else { return Ok(false) };
        let clause = tool.address("limits.per_run");
        let ceiling = self.run.ceiling(&clause, Ceiling::Count(limit));
        let used = Ceiling::Count(self.run.known.sent(&tool.name));
        if used < ceiling {
            return Ok(false);
        }
        let needs = Ceiling::Count(1);
        self.pause(id, Hit { clause, limit: LimitKind::Calls, ceiling, used, needs }).map(|()| true)
    }

    /// How often a call of this tool may be tried.
    pub(crate) fn attempts_max(&self, tool: &str, contract: u64) -> u64 {
        match self.run.ceiling(&format!("tools.{tool}.limits.attempts"), Ceiling::Count(contract)) {
            Ceiling::Count(most) => most,
            Ceiling::Money(_) | Ceiling::Ms(_) => contract,
        }
    }

    /// Whether a call that costs so much fits every ceiling around its step; where it never will, the run pauses.
    pub(crate) fn affords(&mut self, id: &StepId, costs: Money) -> Result<bool, Refusal> {
        if costs == Money::ZERO {
            return Ok(true);
        }
        let accounts = self.accounts(id);
        let hit = accounts.iter().find_map(|account| {
            let clause = format!("{}.cost", account.owner);
            let ceiling = self.run.ceiling(&clause, Ceiling::Money(account.limits.cost?));
            let Ceiling::Money(most) = ceiling else { return None };
            let used = account.spend.cost();
            let (limit, used_up, needs) = (LimitKind::Cost, Ceiling::Money(used), Ceiling::Money(costs));
            (used.plus(costs) > most).then_some(Hit { clause, limit, ceiling, used: used_up, needs })
        });
        match hit {
            None => Ok(true),
            // Less may be held once what is under way has come back: then it is looked at again.
            Some(_) if accounts.iter().any(|account| account.spend.has_reserved()) => Ok(false),
            Some(hit) => self.pause(id, hit).map(|()| false),
        }
    }

    /// Attempts, retries and time of a tool's call.
    pub(crate) fn pause_call(
        &mut self,
        id: &StepId,
        tool: &str,
        limit: Option<u64>,
        tries: u64,
    ) -> Result<bool, Refusal> {
        let clause = format!("tools.{tool}.limits.attempts");
        let ceiling = self.run.ceiling(&clause, Ceiling::Count(limit.unwrap_or(ATTEMPTS)));
        let (used, needs) = (Ceiling::Count(tries), Ceiling::Count(1));
        let attempts = Hit { clause, limit: LimitKind::Attempts, ceiling, used, needs };
        let hit = (used >= ceiling).then_some(attempts).or_else(|| self.run.retries_spent(tries));
        match hit.or_else(|| self.time_spent(id)) {
            None => Ok(false),
            Some(hit) => self.pause(id, hit).map(|()| true),
        }
    }
}

impl Run {
    /// The ceiling in force: as somebody raised it, else as the contract says.
    pub(crate) fn ceiling(&self, clause: &str, contract: Ceiling) -> Ceiling {
        self.raised.get(clause).copied().unwrap_or(contract)
    }

    /// The retry budget of the whole run; a first try is no retry.
    pub(crate) fn retries_spent(&self, tries: u64) -> Option<Hit> {
        let clause = "run.limits.attempts".to_owned();
        let ceiling = self.ceiling(&clause, Ceiling::Count(RETRY_BUDGET));
        let (used, needs) = (Ceiling::Count(self.retries), Ceiling::Count(1));
        let hit = Hit { clause, limit: LimitKind::Attempts, ceiling, used, needs };
        (tries > 0 && used > ceiling).then_some(hit)
    }

    fn time_spent(
        &self,
        clause: String,
        limit: Option<Duration>,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Hit> {
        let ceiling = self.ceiling(&clause, Ceiling::Ms(ms(limit?)));
        let used = Ceiling::Ms(u64::try_from(now.duration_since(since).as_millis()).unwrap_or(0));
        let hit = Hit { clause, limit: LimitKind::Time, ceiling, used, needs: Ceiling::Ms(0) };
        (used >= ceiling).then_some(hit)
    }
}

/// A time as it is recorded.
pub(crate) fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Rates {
    /// What this use costs, rounded half up once.
    pub fn cost(&self, usage: Usage) -> Money {
        let cached = usage.input_cached.min(usage.input);
        let written = usage.input_written.min(usage.input - cached);
        let parts = [
            (usage.input - cached - written, self.input),
            (cached, self.input_cached),
            (written, self.input_written),
            (usage.output, self.output),
        ];
        let milli: i128 =
            parts.iter().map(|(tokens, rate)| i128::from(*tokens) * i128::from(rate.nano_usd())).sum();
        money((milli + 500) / 1000)
    }

    /// What it costs at the dearest rates, rounded up.
    pub fn worst(&self, input: u64, output: u64) -> Money {
        let milli = i128::from(input) * i128::from(self.input_max.nano_usd())
            + i128::from(output) * i128::from(self.output_max.nano_usd());
        money((milli + 999) / 1000)
    }

    /// The most tokens out that this much money pays for, beside so many in.
    fn output_that_fits(&self, left: Money, input: u64) -> u64 {
        let milli =
            i128::from(left.nano_usd()) * 1000 - i128::from(input) * i128::from(self.input_max.nano_usd());
        match i128::from(self.output_max.nano_usd()) {
            _ if milli < 0 => 0,
            0 => u64::MAX,
            rate => u64::try_from(milli / rate).unwrap_or(u64::MAX),
        }
    }
}

/// An amount past what fits stays at the largest.
fn money(nano: i128) -> Money {
    Money::from_nano_usd(i64::try_from(nano).unwrap_or(i64::MAX))
}
