//! A row of the mailbox is taken in: it is done, or refused with what could be.

use handfast_events::{
    CallId, CallSettled, Ceiling, CommandId, Failure, FailureClass, LimitKind, LimitRaised, Mail,
    MailOutcome, MailTaken, ModelFailed, PauseReason, RunCancelRequested, RunResumed, Settled, Settlement,
    StepId, Timestamp,
};

use super::Draft;
use crate::state::Phase;
use crate::{Refusal, problems_told};

impl Draft {
    pub(super) fn mail(
        &mut self,
        id: CommandId,
        who: String,
        at: Timestamp,
        mail: Mail,
    ) -> Result<(), Refusal> {
        let outcome = match self.objection(&mail, at) {
            None => MailOutcome::Done,
            Some(why) => MailOutcome::Refused { why },
        };
        let is_done = outcome == MailOutcome::Done;
        self.tell(MailTaken { id, who: who.clone(), at, mail: mail.clone(), outcome })?;
        if !is_done {
            return Ok(());
        }
        match mail {
            Mail::Settle { call, settlement, evidence } => self.settle(&call, settlement, who, evidence),
            Mail::Raise { to, .. } => self.raise(to, who),
            Mail::Cancel { reason } => self.cancel(who, reason),
            Mail::Resume { .. } => self.tell(RunResumed { who }),
            Mail::Answer { .. } => self.answer(who, at, mail),
            Mail::Pause { reason } => self.rest(who, reason),
            Mail::Kill { reason } => self.kill(who, reason),
        }
    }

    /// Why it can't be done; none where it can.
    fn objection(&self, mail: &Mail, at: Timestamp) -> Option<String> {
        match mail {
            Mail::Settle { call, settlement, .. } => self.objection_to_settling(call, settlement),
            Mail::Raise { limit, to, .. } => self.objection_to_raising(*limit, *to),
            Mail::Cancel { .. } => match &self.run.phase {
                Phase::Running | Phase::Paused(_) => None,
                phase => Some(format!("the run is {} already", phase.name())),
            },
            Mail::Resume { .. } => match &self.run.phase {
                Phase::Paused(PauseReason::Operator { .. } | PauseReason::Person { .. }) => None,
                Phase::Paused(PauseReason::Halt { scope, .. }) => self.objection_to_going_on(scope),
                Phase::Paused(PauseReason::Limit { limit, .. }) => Some(format!(
                    "the run is paused by a limit: raise it with `handfast raise --{}`",
                    limit.name()
                )),
                phase => Some(format!("the run is {}: nothing is to be resumed", phase.name())),
            },
            Mail::Answer { id, answer, role, .. } => {
                self.objection_to_answer(id, answer, role.as_deref(), at)
            }
            Mail::Pause { .. } => self.objection_to_resting(),
            Mail::Kill { .. } => None,
        }
    }

    fn objection_to_settling(&self, id: &CallId, settlement: &Settlement) -> Option<String> {
        let in_doubt: Vec<&str> =
            self.run.calls().filter(|call| call.is_in_doubt()).map(|call| call.id.as_str()).collect();
        let Some(call) = self.run.call(id).filter(|call| call.is_in_doubt()) else {
            let known = if in_doubt.is_empty() { "no call is".to_owned() } else { in_doubt.join(", ") };
            return Some(format!("call `{id}` is not in doubt; {known}"));
        };
        let Settlement::Applied(result) = settlement else {
            // What has left may be at work though its worker is gone: nobody can see yet that it takes no effect.
            let told =
                || format!("its attempt may be at work until {}: look again then, and say it", call.over_by);
            return (self.now < call.over_by).then(told);
        };
        let output = self.run.plan.tool(&call.tool).and_then(|tool| tool.output.as_ref())?;
        let problems = output.check(result);
        let told = || format!("what `{}` gave must fit its output: {}", call.tool, problems_told(&problems));
        (!problems.is_empty()).then(told)
    }

    fn objection_to_raising(&self, limit: LimitKind, to: Ceiling) -> Option<String> {
        let Phase::Paused(PauseReason::Limit { limit: paused, ceiling, .. }) = &self.run.phase else {
            return Some(format!("the run is {}: no limit holds it", self.run.phase.name()));
        };
        if *paused != limit {
            return Some(format!(
                "it is the limit on {} that holds the run: `handfast raise --{0}`",
                paused.name()
            ));
        }
        let is_higher = match (ceiling, to) {
            (Ceiling::Ms(_), Ceiling::Ms(more)) => more > 0,
            _ => std::mem::discriminant(ceiling) == std::mem::discriminant(&to) && *ceiling < to,
        };
        (!is_higher).then(|| format!("the limit is {ceiling} already: say a higher one"))
    }

    fn settle(
        &mut self,
        id: &CallId,
        settlement: Settlement,
        who: String,
        evidence: String,
    ) -> Result<(), Refusal> {
        let settled = match settlement {
            Settlement::Applied(result) => Settled::Applied(result),
            Settlement::NotApplied => Settled::NotApplied,
        };
        let is_applied = matches!(settled, Settled::Applied(_));
        self.tell_call(id, CallSettled { settled, who: who.clone(), evidence })?;
        if is_applied {
            self.judge(id)?;
        }
        // Where its attempts had run out, nothing holds the run any more.
        match &self.run.phase {
            Phase::Paused(PauseReason::Limit { limit: LimitKind::Attempts, step, .. })
                if *step == id.step() =>
            {
                self.tell(RunResumed { who })
            }
            _ => Ok(()),
        }
    }

    fn raise(&mut self, to: Ceiling, who: String) -> Result<(), Refusal> {
        let Phase::Paused(PauseReason::Limit { clause, limit, step, .. }) = self.run.phase.clone() else {
            return Ok(());
        };
        let to = match to {
            // Time is said from now on: while the run was paused, the clock went on.
            Ceiling::Ms(more) => {
                let own = self.agent_step(&step).filter(|_| clause.starts_with("agents."));
                let since = own.map_or(self.run.since, |agent| agent.since);
                let gone = u64::try_from(self.now.duration_since(since).as_millis()).unwrap_or(0);
                Ceiling::Ms(gone.saturating_add(more))
            }
            to => to,
        };
        self.tell(LimitRaised { clause, limit, to })?;
        self.tell(RunResumed { who })
    }

    /// Answers under way are not waited for; calls that have left are.
    fn cancel(&mut self, who: String, why: String) -> Result<(), Refusal> {
        self.tell(RunCancelRequested { who, why })?;
        self.drop_asks()
    }

    /// Ends every attempt to ask a model that is under way: its spend is assumed.
    pub(crate) fn drop_asks(&mut self) -> Result<(), Refusal> {
        let asked = self.run.steps.iter().filter_map(|step| Some((step.id.clone(), step.asked()?.clone())));
        for (step, asked) in asked.collect::<Vec<(StepId, _)>>() {
            let dropped = ModelFailed {
                turn: asked.turn,
                attempt: asked.attempt,
                failure: Failure::new(
                    FailureClass::Cancelled,
                    "the run is ending: the answer is not waited for",
                ),
                forfeited: asked.reserved,
                latency_ms: 0,
                body: None,
                retry: None,
            };
            self.tell_step(&step, dropped)?;
        }
        Ok(())
    }
}
