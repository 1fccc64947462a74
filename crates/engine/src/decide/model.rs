//! A model returned: an answer is taken apart, a failure gets its remedy.

use std::sync::Arc;

use handfast_contract::Scope;
use handfast_events::{
    Answer, CallProposed, ContextAdjusted, Failure, FailureClass, Finish, ModelAnswered, ModelFailed, Output,
    Party, PauseReason, Reserved, RunPaused, Said, StepId, StepSucceeded, Usage,
};
use serde_json::Value;

use super::Draft;
use crate::breaker::Heard;
use crate::limits::{CALLS_PER_TURN_MAX, MALFORMED_MAX, UNKNOWN_TRIES};
use crate::remedy::{Remedy, remedy};
use crate::state::{AgentStep, Asked, Phase, StepState, Turn};
use crate::{ModelReply, ModelSaid, ModelTrouble, Refusal, is_too_deep, problems_told};

impl Draft {
    pub(super) fn model_returned(
        &mut self,
        step: &StepId,
        turn: u32,
        attempt: u32,
        reply: ModelReply,
    ) -> Result<(), Refusal> {
        let agent = self.agent_step(step).ok_or(Refusal::Stale)?;
        let Turn::Asked(asked) = &agent.turn else { return Err(Refusal::Stale) };
        if (asked.due.turn, asked.due.attempt) != (turn, attempt) {
            return Err(Refusal::Stale);
        }
        let asked = asked.clone();
        match reply.outcome {
            Ok(said) => {
                let heard = (reply.latency_ms, reply.body, reply.request_id);
                self.model_answered(step, &asked, said, heard)
            }
            Err(trouble) => self.model_failed(step, &asked, trouble, (reply.latency_ms, reply.body)),
        }
    }

    fn model_answered(
        &mut self,
        step: &StepId,
        asked: &Asked,
        said: ModelSaid,
        (latency_ms, body, request_id): (u64, Option<Arc<str>>, Option<String>),
    ) -> Result<(), Refusal> {
        let ModelSaid { answer, usage } = said;
        let Some(agent) = self.agent_step(step) else { return Err(Refusal::Stale) };
        // A provider that doesn't count is booked at what was reserved: never less than it can have been.
        let briefed =
            self.run.plan.briefing(&agent.agent).and_then(|briefing| briefing.models.get(&*asked.model));
        let rates = briefed.and_then(|briefed| briefed.sheet.rates);
        let cost = usage.zip(rates).map_or(asked.reserved.cost, |(usage, rates)| rates.cost(usage));
        let was_cut = usage.is_some_and(|usage| agent.was_cut(usage.input));
        let usage = usage.unwrap_or(Usage { input: asked.reserved.tokens, ..Usage::default() });
        let is_over = usage.total() > asked.reserved.tokens || cost > asked.reserved.cost;
        let over = is_over.then(|| {
            format!(
                "the provider of `{}` counted {} tokens for {cost}, and the request could come to {} for {} at most: \
                 see what it bills, or give the model a `price:`",
                asked.model,
                usage.total(),
                asked.reserved.tokens,
                asked.reserved.cost
            )
        });
        let (turn, attempt) = (asked.due.turn, asked.due.attempt);
        let event = ModelAnswered {
            turn,
            attempt,
            answer: answer.clone(),
            usage,
            cost,
            latency_ms,
            body,
            request_id,
        };
        let identity = self.run.asked_identity(step);
        self.tell_step(step, event)?;
        self.tried(identity, Some(Heard::Up))?;
        if let Some(why) = over {
            self.pause_for_operator(&why)?;
        }
        if let Some(oldest) = asked.summarises {
            return self.summed_up(step, turn, oldest, &answer);
        }
        if was_cut {
            let why = format!(
                "context overflow: the provider counted {} tokens, fewer than the request has: it cuts what doesn't fit, so \
                 the answer doesn't count",
                usage.input
            );
            return self.tell_step(step, ContextAdjusted { turn, why, ..ContextAdjusted::default() });
        }
        self.answered(step, answer)
    }

    fn model_failed(
        &mut self,
        step: &StepId,
        asked: &Asked,
        trouble: ModelTrouble,
        (latency_ms, body): (u64, Option<Arc<str>>),
    ) -> Result<(), Refusal> {
        let ModelTrouble { failure, may_have_cost } = trouble;
        let follows = self.follows(step, asked, &failure);
        let retry = matches!(follows, Follows::Again)
            .then(|| self.backoff(step.as_str(), asked.due.attempt, asked.due.tries, &failure));
        let failed = ModelFailed {
            turn: asked.due.turn,
            attempt: asked.due.attempt,
            failure: failure.clone(),
            forfeited: if may_have_cost { asked.reserved } else { Reserved::default() },
            latency_ms,
            body,
            retry,
        };
        let identity = self.run.asked_identity(step);
        self.tell_step(step, failed)?;
        self.tried(identity, Heard::of(&failure))?;
        match follows {
            Follows::Again | Follows::Shorter => Ok(()),
            Follows::Next => self.switch(step, failure.detail).map(|_| ()),
            Follows::Pause => self.pause_for_operator(&failure.detail),
            Follows::End => {
                let party = party(&failure);
                self.fail(step, failure, None, party)
            }
        }
    }

    /// What follows a failed attempt.
    fn follows(&self, step: &StepId, asked: &Asked, failure: &Failure) -> Follows {
        match remedy(failure) {
            Remedy::Retry if failure.class == FailureClass::WorkerGone => Follows::Again,
            Remedy::Retry if self.is_given_up(step, asked, None, failure) => Follows::Next,
            Remedy::Retry => Follows::Again,
            Remedy::Shorten => Follows::Shorter,
            Remedy::Pause => Follows::Pause,
            // An extract stands for what can't be summed up.
            Remedy::TryOnceMore | Remedy::Fail if asked.summarises.is_some() => Follows::Shorter,
            Remedy::TryOnceMore if asked.due.tries < UNKNOWN_TRIES => Follows::Again,
            Remedy::TryOnceMore if self.is_given_up(step, asked, Some(UNKNOWN_TRIES), failure) => {
                Follows::Next
            }
            Remedy::TryOnceMore | Remedy::Fail => Follows::End,
        }
    }

    pub(crate) fn pause_for_operator(&mut self, why: &str) -> Result<(), Refusal> {
        if self.run.phase == Phase::Running {
            self.tell(RunPaused { reason: PauseReason::Operator { why: why.into() } })?;
        }
        Ok(())
    }

    /// What an answer leads to: calls, a value, a reminder, or the end of the step.
    fn answered(&mut self, step: &StepId, answer: Answer) -> Result<(), Refusal> {
        if let Some(refusal) = answer.refusal {
            let failure = Failure::new(FailureClass::Refused, format!("the model declined: {refusal}"));
            return self.fail(step, failure, None, Party::Model);
        }
        if answer.finish == Finish::Filtered {
            let failure =
                Failure::new(FailureClass::ContentFiltered, "the provider's filter cut the answer off");
            return self.fail(step, failure, None, Party::Model);
        }
        if answer.calls.len() > CALLS_PER_TURN_MAX {
            let count = answer.calls.len();
            let problem =
                format!("it asks for {count} calls at once; at most {CALLS_PER_TURN_MAX} can be made");
            return self.malformed(step, "output", &problem);
        }
        if answer.calls.is_empty() {
            return match self.read_output(step, &answer) {
                Ok(output) => self.promised(step, &answer, output),
                Err(problem) => self.malformed(step, "output", &problem),
            };
        }
        for ask in &answer.calls {
            let args = match serde_json::from_str::<Value>(if ask.args.trim().is_empty() {
                "{}"
            } else {
                &ask.args
            }) {
                Ok(args) if !is_too_deep(&args) => args,
                _ => Value::String(ask.args.clone()),
            };
            let tool = self.meant(step, &ask.tool);
            self.propose(step, &tool, args)?;
        }
        Ok(())
    }

    /// The step has its value, if that keeps what the agent ensures.
    fn promised(&mut self, step: &StepId, answer: &Answer, output: Output) -> Result<(), Refusal> {
        let Some(own) = self.agent_step(step) else { return Err(Refusal::Stale) };
        let briefing = self.run.plan.briefing(&own.agent);
        let said = Value::String(answer.text.clone());
        let value = if let Output::Value(value) = &output { value } else { &said };
        let scope = Scope::default()
            .with("input", &own.input)
            .with("output", value)
            .with("settings", self.run.plan.settings());
        let broken = briefing.into_iter().flat_map(|briefing| &briefing.agent.ensures).find_map(|clause| {
            let held = clause.condition.holds(&scope);
            (held != Ok(true)).then(|| (clause.clone(), held))
        });
        match broken {
            None if self.run.chat().is_some() => self.tell_step(step, Said { output }),
            None => self.tell_step(step, StepSucceeded { output }),
            Some((clause, Ok(_))) => {
                let problem = format!(
                    "“{}” is to hold of it, and `{}` does not",
                    clause.sentence,
                    clause.condition.source()
                );
                let part =
                    clause.address.split_once(&format!("{}.", own.agent)).map(|(_, part)| part.to_owned());
                self.malformed(step, part.as_deref().unwrap_or("ensures"), &problem)
            }
            Some((clause, Err(fault))) => {
                let failure = Failure::new(FailureClass::Author, format!("{}: {fault}", clause.sentence));
                self.fail(step, failure, Some(clause.address), Party::Author)
            }
        }
    }

    /// The contract's name of what a model calls; what it was never shown stays as it says.
    fn meant(&self, step: &StepId, called: &str) -> String {
        let agent = self.agent_step(step).and_then(|agent| self.run.plan.briefing(&agent.agent));
        let grant = agent.and_then(|briefing| briefing.agent.called(called));
        grant.map_or_else(|| called.to_owned(), |grant| grant.tool.name.to_string())
    }

    /// The agent's final value, or what keeps the answer from being it.
    fn read_output(&self, step: &StepId, answer: &Answer) -> Result<Output, String> {
        if answer.finish == Finish::Length {
            return Err("it was cut off at the cap on its length; say it in fewer words".into());
        }
        let output = self.agent_step(step).and_then(|agent| self.run.plan.briefing(&agent.agent));
        let Some(schema) = output.and_then(|briefing| briefing.agent.output.as_ref()) else {
            return if answer.text.trim().is_empty() {
                Err("it is empty".into())
            } else {
                Ok(Output::AsGiven)
            };
        };
        let value: Value =
            serde_json::from_str(answer.text.trim()).map_err(|error| format!("it is no JSON: {error}"))?;
        if is_too_deep(&value) {
            return Err("it is nested deeper than anything here may be".into());
        }
        let problems = schema.check(&value);
        if problems.is_empty() { Ok(Output::Value(value)) } else { Err(problems_told(&problems)) }
    }

    /// The model is shown what was wrong and asked again; after the last time the step fails.
    fn malformed(&mut self, step: &StepId, part: &str, problem: &str) -> Result<(), Refusal> {
        let Some(AgentStep { turn: Turn::Answered(asked, _), agent, .. }) = self.agent_step(step) else {
            return Err(Refusal::Stale);
        };
        let (turn, times, agent) = (asked.due.turn, asked.due.malformed + 1, agent.clone());
        if times >= MALFORMED_MAX {
            if self.switch(step, format!("it missed the form {times} times; last: {problem}"))? {
                return Ok(());
            }
            let failure = Failure::new(
                FailureClass::Malformed,
                format!("the model missed the form {times} times; last: {problem}"),
            );
            return self.fail(step, failure, Some(format!("agents.{agent}.{part}")), Party::Model);
        }
        let has_schema =
            self.run.plan.briefing(&agent).is_some_and(|briefing| briefing.agent.output.is_some());
        let form = if has_schema {
            "Answer again with one JSON value of the agreed schema and nothing else: no prose, no code fence."
        } else {
            "Answer again, in plain text."
        };
        let what = format!("That answer can't be used: {problem}. {form}");
        let why = format!("malformed output: {problem}");
        self.tell_step(step, ContextAdjusted { turn, why, what, ..ContextAdjusted::default() })
    }

    /// Records a call and holds it against the contract.
    pub(crate) fn propose(&mut self, step: &StepId, tool: &str, mut args: Value) -> Result<(), Refusal> {
        if let Some(tool) = self.run.plan.tool(tool) {
            tool.input.fill_defaults(&mut args);
        }
        let Some(call) = self.run.step(step).and_then(|step| step.next_call()) else { return Ok(()) };
        self.tell_call(&call, CallProposed { tool: tool.into(), args })?;
        self.check(&call)
    }

    pub(crate) fn agent_step(&self, step: &StepId) -> Option<&AgentStep> {
        match &self.run.step(step)?.state {
            StepState::Agent(agent) => Some(agent),
            _ => None,
        }
    }
}

/// What follows a failed attempt to ask a model.
enum Follows {
    /// The same again, later.
    Again,
    /// The next model is asked.
    Next,
    /// The request is made shorter.
    Shorter,
    /// Nothing, until the operator has mended it.
    Pause,
    /// The step ends.
    End,
}

/// Who is at fault for a failure of a model's call.
const fn party(failure: &Failure) -> Party {
    match (failure.class, failure.status) {
        (FailureClass::Refused | FailureClass::ContentFiltered, _) => Party::Model,
        // There is no such model or path, or it is elsewhere: the contract says where whom to ask.
        (FailureClass::BadRequest, Some(300..=399 | 404 | 405 | 410)) => Party::Author,
        (FailureClass::BadRequest | FailureClass::ContextOverflow, _) => Party::Runtime,
        (FailureClass::Unknown, _) => Party::Unknown,
        // What is no answer of its wire, too: a value that misses its form is found elsewhere, and is the model's.
        _ => Party::Server,
    }
}
