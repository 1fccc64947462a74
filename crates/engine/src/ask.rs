//! A model is asked: the request is composed, held against every limit, and intended with its worst case reserved.

use std::time::Duration;

use handfast_contract::{Limits, Name, Tool};
use handfast_events::{
    Ceiling, Failure, FailureClass, LimitKind, ModelHeld, ModelIntended, Money, Party, PauseReason, Reserved,
    RunPaused, StepId, Timestamp, Usage,
};

use crate::Refusal;
use crate::breaker::Way;
use crate::compose::Question;
use crate::decide::Draft;
use crate::dialect::Rates;
use crate::limits::{
    ATTEMPTS, ATTEMPTS_PATIENT, BYTES_PER_TOKEN_LEAST, MESSAGE_TOKENS, OUTPUT_TOKENS, OUTPUT_TOKENS_MIN,
    RETRY_BUDGET, SUMMARY_TOKENS, TURNS,
};
use crate::pace::{Pace, Paced};
use crate::plan::{Briefed, Briefing};
use crate::shorten::Shorter;
use crate::state::{AgentStep, Phase, Run, Spend, StepState, TurnDue};

/// A limit that the next call would pass.
struct Hit {
    clause: String,
    limit: LimitKind,
    ceiling: Ceiling,
    used: Ceiling,
    needs: Ceiling,
}

/// A model that is to be asked.
#[derive(Clone, Copy)]
struct Asking<'a> {
    model: &'a Name,
    way: &'a Way,
    rates: Rates,
    window: Window,
    timeout: Duration,
}

/// How much room a model has for a request and its answer, as far as that is known.
#[derive(Clone, Copy)]
struct Window {
    size: Option<u64>,
    /// What the request probably needs; none where nobody can say.
    needs: Option<u64>,
}

impl Window {
    /// What the provider counted for the request before, and what is new by its bytes.
    fn of(agent: &AgentStep, (model, briefed): (&str, &Briefed), question: &Question) -> Self {
        let known = if question.is_anew { 0 } else { agent.probable_tokens() };
        let needs = known + question.added.len() as u64 / BYTES_PER_TOKEN_LEAST;
        let sizes = [briefed.sheet.window, agent.cut_by(model)];
        Self { size: sizes.into_iter().flatten().min(), needs: Some(needs) }
    }

    /// Whether too little room is left for an answer.
    fn is_passed(self) -> bool {
        self.size.is_some() && self.room() < OUTPUT_TOKENS_MIN
    }

    /// How long an answer may be.
    fn room(self) -> u64 {
        match (self.size, self.needs) {
            (Some(size), Some(needs)) => size.saturating_sub(needs),
            _ => u64::MAX,
        }
    }
}

/// One ceiling on tokens and money, and what counts against it.
struct Account<'a> {
    owner: String,
    limits: &'a Limits,
    spend: Spend,
    /// When its time began.
    since: Timestamp,
}

impl Draft {
    /// Asks the agent's model, if time and limits allow.
    pub(crate) fn ask(&mut self, id: &StepId) -> Result<(), Refusal> {
        let Some(agent) = self.agent_step(id) else { return Ok(()) };
        let plan = self.run.plan.clone();
        let (Some(step), Some(briefing)) = (self.run.step(id), plan.briefing(&agent.agent)) else {
            return Ok(());
        };
        let step = step.clone();
        let choices = match self.choices(&step, agent, briefing) {
            Ok(choices) => choices,
            Err((clause, fault)) => {
                let failure =
                    Failure::new(FailureClass::Author, format!("which model to ask can't be told: {fault}"));
                return self.fail(id, failure, Some(clause), Party::Author);
            }
        };
        let Some((model, briefed)) = Self::chosen(agent, briefing, &choices) else {
            let why = format!("nothing is known of the model of agent `{}`", agent.agent);
            return self.pause_for_operator(&why);
        };
        let Some(rates) = briefed.sheet.rates else {
            let why = format!("nobody knows what model `{model}` costs: give it a `price:`");
            return self.pause_for_operator(&why);
        };
        let Some(question) = self.question(agent, briefing, (model, briefed)) else { return Ok(()) };
        if question.due.not_before.is_some_and(|at| at > self.now) {
            return Ok(());
        }
        let before = self.events.len();
        self.break_circles(id)?;
        let Some(agent) = self.agent_step(id).filter(|_| self.events.len() == before) else { return Ok(()) };
        if let Some(hit) = self.count_limits(id, agent, briefing, &question.due) {
            return self.pause(id, hit);
        }
        if self.is_ask_halted(id)? {
            return Ok(());
        }
        let Some(agent) = self.agent_step(id) else { return Ok(()) };
        let window = Window::of(agent, (model, briefed), &question);
        let way = self.way(&briefed.sheet.identity);
        if !matches!(way, Way::Free | Way::Trial { .. }) {
            return self.hold_ask(id, question.due.turn, model, way);
        }
        let asking = Asking { model, rates, window, timeout: briefed.timeout, way: &way };
        if !question.due.length.is_too_long && !window.is_passed() {
            return self.intend(id, &asking, &question, None);
        }
        match self.shorten(id, briefing, (model, briefed), &question.due)? {
            Shorter::SumUp(oldest, summary) => {
                let window = Window { needs: None, ..window };
                self.intend(id, &Asking { window, ..asking }, &summary, Some(oldest))
            }
            Shorter::Nothing => self.intend(id, &asking, &question, None),
            Shorter::Done => Ok(()),
        }
    }

    /// Intends the request, with its worst case reserved, if it fits every ceiling.
    fn intend(
        &mut self,
        id: &StepId,
        asking: &Asking<'_>,
        question: &Question,
        summarises: Option<u32>,
    ) -> Result<(), Refusal> {
        let Some(agent) = self.agent_step(id) else { return Ok(()) };
        let accounts = self.accounts(id);
        let input = worst_input(agent, question);
        let usual = if summarises.is_some() { SUMMARY_TOKENS } else { OUTPUT_TOKENS };
        let most =
            usual.min(question.due.cap.unwrap_or(usual)).min(asking.window.room().max(OUTPUT_TOKENS_MIN));
        let cap = match self.fit(&accounts, input, asking.rates, most) {
            Ok(cap) => cap,
            // Less may be held once what is under way has come back: then it is looked at again.
            Err(_) if accounts.iter().any(|account| account.spend.has_reserved()) => return Ok(()),
            Err(hit) => return self.pause(id, hit),
        };
        let Some(briefed) =
            self.run.plan.briefing(&agent.agent).and_then(|found| found.models.get(asking.model))
        else {
            return Ok(());
        };
        let intent = ModelIntended {
            turn: question.due.turn,
            attempt: question.due.attempt,
            model: asking.model.to_string(),
            prompt: question.prompt(&agent.prompt, &briefed.sheet.dialect.close(cap)),
            output_tokens_max: cap,
            reserved: Reserved { tokens: input + cap, cost: asking.rates.worst(input, cap) },
            timeout_ms: ms(asking.timeout),
            summarises,
        };
        let paced = briefed.paced.clone();
        if !self.keeps_pace(id, &question.due, paced.as_ref())? {
            return Ok(());
        }
        self.take_trial(asking.way.clone(), asking.timeout)?;
        self.tell_step(id, intent)
    }

    /// The model is down: the next one goes on, or it is waited until somebody tries.
    fn hold_ask(&mut self, id: &StepId, turn: u32, model: &str, way: Way) -> Result<(), Refusal> {
        let until = match way {
            Way::Trips { name, until } => {
                self.trip(name, until)?;
                until
            }
            Way::Down { until } => until,
            Way::Free | Way::Trial { .. } => return Ok(()),
        };
        let why = format!("`{model}` is down: nobody asks before {until}");
        if self.switch(id, why.clone())? {
            return Ok(());
        }
        let until = Some(self.looks_again(until, id.as_str()));
        self.tell_step(id, ModelHeld { turn, until, has_turn: false, why })
    }

    /// Whether the model may be asked now for all the pace that is kept with it; if not, until when it waits is told.
    fn keeps_pace(&mut self, id: &StepId, due: &TurnDue, paced: Option<&Paced>) -> Result<bool, Refusal> {
        let Some(paced) = paced else { return Ok(true) };
        let turn = due.turn;
        match self.pace(id.as_str(), std::slice::from_ref(paced), due.has_turn)? {
            Pace::Now => Ok(true),
            Pace::Held { until: None, .. } if due.waits_for_place => Ok(false),
            Pace::Held { until, why } => {
                let has_turn = until.is_some();
                self.tell_step(id, ModelHeld { turn, until, has_turn, why }).map(|()| false)
            }
        }
    }

    /// Turns, attempts, retries and time.
    fn count_limits(
        &self,
        id: &StepId,
        agent: &AgentStep,
        briefing: &Briefing,
        due: &TurnDue,
    ) -> Option<Hit> {
        let own = &briefing.agent.limits;
        let name = format!("agents.{}.limits", agent.agent);
        let count = |clause: String, limit, default, used: u64| {
            let ceiling = self.run.ceiling(&clause, Ceiling::Count(default));
            let hit = Hit { clause, limit, ceiling, used: Ceiling::Count(used), needs: Ceiling::Count(1) };
            (Ceiling::Count(used) >= ceiling).then_some(hit)
        };
        let turns = own.turns.unwrap_or(TURNS);
        count(format!("{name}.turns"), LimitKind::Turns, turns, u64::from(due.turn) - 1)
            .or_else(|| {
                count(
                    format!("{name}.attempts"),
                    LimitKind::Attempts,
                    own.attempts.unwrap_or(if due.is_patient { ATTEMPTS_PATIENT } else { ATTEMPTS }),
                    due.tries,
                )
            })
            .or_else(|| self.run.retries_spent(due.tries))
            .or_else(|| self.time_spent(id))
    }

    /// Every ceiling that a call of this step counts against, the nearest first: its agent's, its own, those of the steps
    /// and workflows around it, the run's.
    fn accounts(&self, id: &StepId) -> Vec<Account<'_>> {
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
    fn time_spent(&self, id: &StepId) -> Option<Hit> {
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
    fn fit(&self, accounts: &[Account<'_>], input: u64, rates: Rates, most: u64) -> Result<u64, Hit> {
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

    fn pause(&mut self, id: &StepId, hit: Hit) -> Result<(), Refusal> {
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
    fn retries_spent(&self, tries: u64) -> Option<Hit> {
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

/// The most tokens that the request can come to: what the provider counted for the one before it, or could have, a token
/// for each new byte, and an allowance for each message.
fn worst_input(agent: &AgentStep, question: &Question) -> u64 {
    let counted = agent.counted.filter(|_| !question.is_anew);
    let (known, from) = counted.map_or((0, 0), |counted| (counted.tokens, counted.head_len));
    let kept = if question.is_anew { 0 } else { agent.prompt.head_len() };
    let new_bytes = (kept - from + question.added.len()) as u64;
    // The close is not part of the head; the allowance for two more messages covers it.
    let close = if counted.is_some_and(|counted| !counted.is_measured) { 0 } else { 2 };
    known + new_bytes + MESSAGE_TOKENS * (question.messages + close)
}

fn ms(duration: Duration) -> u64 {
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
