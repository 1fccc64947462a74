//! A model is asked: the request is composed, held against every limit, and intended with its worst case reserved.

use std::time::Duration;

use handfast_contract::Name;
use handfast_events::{
    Ceiling, Failure, FailureClass, LimitKind, ModelHeld, ModelIntended, Party, Reserved, StepId, Timestamp,
};

use crate::Refusal;
use crate::breaker::Way;
use crate::ceilings::{Hit, ms};
use crate::compose::Question;
use crate::decide::Draft;
use crate::dialect::Rates;
use crate::limits::{
    ATTEMPTS, ATTEMPTS_PATIENT, BYTES_PER_TOKEN_LEAST, MESSAGE_TOKENS, OUTPUT_TOKENS, OUTPUT_TOKENS_MIN,
    SUMMARY_TOKENS, TURNS,
};
use crate::pace::{Pace, Paced};
use crate::plan::{Briefed, Briefing};
use crate::shorten::Shorter;
use crate::state::{AgentStep, Run, TurnDue};

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

impl Draft {
    /// Asks the agent's model, if time and limits allow.
    pub(crate) fn ask(&mut self, id: &StepId) -> Result<(), Refusal> {
        let Some(agent) = self.agent_step(id) else { return Ok(()) };
        let plan = self.run.plan.clone();
        let (Some(step), Some(briefing)) = (self.run.step(id), plan.briefing(&agent.agent)) else {
            return Ok(());
        };
        let step = step.clone();
        let choices = match self.run.choices(&step, agent, briefing) {
            Ok(choices) => choices,
            Err((clause, fault)) => {
                let failure =
                    Failure::new(FailureClass::Author, format!("which model to ask can't be told: {fault}"));
                return self.fail(id, failure, Some(clause), Party::Author);
            }
        };
        let Some((model, briefed)) = Run::chosen(agent, briefing, &choices) else {
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
        if let Some(until) = self.down_until(&way)? {
            return self.hold_ask(id, question.due.turn, model, until);
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
    fn hold_ask(&mut self, id: &StepId, turn: u32, model: &str, until: Timestamp) -> Result<(), Refusal> {
        let why = format!("`{model}` is down: nobody asks before {until}");
        if self.switch(id, why.clone())? {
            return Ok(());
        }
        let until = Some(self.looks_again(until, id.as_str()));
        self.tell_step(id, ModelHeld { turn, until, has_slot: false, why })
    }

    /// Whether the model may be asked now for all the pace that is kept with it; if not, until when it waits is told.
    fn keeps_pace(&mut self, id: &StepId, due: &TurnDue, paced: Option<&Paced>) -> Result<bool, Refusal> {
        let Some(paced) = paced else { return Ok(true) };
        let turn = due.turn;
        match self.pace(id.as_str(), std::slice::from_ref(paced), due.slot_at)? {
            Pace::Now => Ok(true),
            Pace::Held { until: None, .. } if due.waits_for_place => Ok(false),
            Pace::Held { until, why } => {
                let has_slot = until.is_some();
                self.tell_step(id, ModelHeld { turn, until, has_slot, why }).map(|()| false)
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
