//! A row of the mailbox is taken in: it is done, or refused with what could be.

use handfast_events::{
    CallId, CallSettled, Ceiling, CommandId, Failure, FailureClass, Heard, LimitKind, LimitRaised, Mail,
    MailOutcome, MailTaken, ModelFailed, PauseReason, RunCancelRequested, RunResumed, Settled, Settlement,
    Status, StepId, Timestamp,
};

use serde_json::Value;

use super::Draft;
use crate::limits::SIGNALS_KEPT_MAX;
use crate::state::{Call, CallState, Phase};
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
        self.tell(MailTaken { id: id.clone(), who: who.clone(), at, mail: mail.clone(), outcome })?;
        if !is_done {
            return Ok(());
        }
        match mail {
            Mail::Settle { call, settlement, evidence } => self.settle(&call, settlement, who, evidence),
            Mail::Raise { to, .. } => self.raise(to, who),
            Mail::Cancel { reason } => self.cancel(who, reason),
            // It is kept by having been taken in; a step that waits for it receives it when it moves.
            Mail::Signal { .. } => Ok(()),
            Mail::Resume { .. } => self.tell(RunResumed { who }),
            Mail::Answer { .. } => self.answer(who, at, mail),
            Mail::Pause { reason } => self.rest(who, reason),
            Mail::Kill { reason } => self.kill(who, reason),
            Mail::Retry { call, reason } => self.retry_stuck(&call, who, reason),
            Mail::Accept { call, reason } => self.accept(&call, who, reason),
            Mail::Say { text, .. } => self.said(id, &who, at, &text),
            Mail::Leave => self.left(),
            Mail::Late { call, attempt, heard } => self.hear(&call, attempt, heard),
        }
    }

    /// A worker that had lost the run heard this of an attempt. It is no news where the call has its answer.
    fn hear(&mut self, call: &CallId, attempt: u32, heard: Heard) -> Result<(), Refusal> {
        match self.came_late(call, attempt, heard.into(), 0) {
            Err(Refusal::Stale) => Ok(()),
            other => other,
        }
    }

    /// Why it can't be done; none where it can.
    fn objection(&self, mail: &Mail, at: Timestamp) -> Option<String> {
        match mail {
            Mail::Retry { call, .. } => self.objection_to_retrying(call),
            Mail::Accept { call, .. } => self.objection_to_accepting(call),
            Mail::Late { .. } => match &self.run.phase {
                Phase::Ended(Status::Killed) => Some("the run was killed: nothing follows any more".into()),
                _ => None,
            },
            _ if !self.run.is_live() => Some("the run has ended".into()),
            Mail::Settle { call, settlement, .. } => self.objection_to_settling(call, settlement),
            Mail::Raise { limit, to, .. } => self.objection_to_raising(*limit, *to),
            Mail::Signal { name, key, value } => self.objection_to_signal(name, key.as_deref(), value),
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
            Mail::Say { text, .. } => self.objection_to_saying(text),
            Mail::Leave => self.objection_to_leaving(),
            Mail::Kill { .. } => None,
        }
    }

    fn objection_to_settling(&self, id: &CallId, settlement: &Settlement) -> Option<String> {
        let in_doubt: Vec<&str> =
            self.run.calls().filter(|call| call.is_in_doubt()).map(|call| call.id.as_str()).collect();
        let is_worked_on = |call: &Call| matches!(call.state, CallState::Working(_));
        let Some(call) = self.run.call(id).filter(|call| call.is_in_doubt() || is_worked_on(call)) else {
            let known = if in_doubt.is_empty() { "no call is".to_owned() } else { in_doubt.join(", ") };
            return Some(format!("call `{id}` is not in doubt; {known}"));
        };
        let Settlement::Applied(result) = settlement else {
            if is_worked_on(call) {
                return Some(
                    "its server is at work on it: that it takes no effect can't be known yet".into(),
                );
            }
            // What has left may be at work though its worker is gone: nobody can see yet that it takes no effect.
            let told = || {
                format!("its attempt may be at work until {}: look again then, and say it", call.is_over_at())
            };
            return (self.now < call.is_over_at()).then(told);
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

    /// A signal is for a step of the run's workflow, or of one that this starts, and carries what that takes.
    fn objection_to_signal(&self, name: &str, key: Option<&str>, value: &Value) -> Option<String> {
        if let Phase::Ending(_) = self.run.phase {
            return Some("the run is ending already".into());
        }
        let waits = self.run.plan.waits_for_signals(self.run.workflow.as_ref()?);
        let named: Vec<_> = waits.iter().filter(|wait| *wait.signal == *name).collect();
        if named.is_empty() {
            let mut known: Vec<&str> = waits.iter().map(|wait| wait.signal).collect();
            known.sort_unstable();
            known.dedup();
            return Some(match known.as_slice() {
                [] => "no step of its workflow waits for a signal".into(),
                known => {
                    format!("no step of its workflow waits for `{name}`; they wait for: {}", known.join(", "))
                }
            });
        }
        let is_last = |key: &str, step: &str| key.rsplit('/').next() == Some(step);
        if let Some(key) = key.filter(|key| !named.iter().any(|wait| is_last(key, wait.step))) {
            return Some(format!("no step `{key}` waits for `{name}`"));
        }
        let problems: Vec<_> = named
            .iter()
            .map(|wait| wait.gives.as_ref().map(|gives| gives.check(value)).unwrap_or_default())
            .collect();
        if !problems.iter().any(Vec::is_empty) {
            let first = problems.first().map(|problems| problems_told(problems)).unwrap_or_default();
            return Some(format!("what `{name}` carries does not fit its type: {first}"));
        }
        (self.run.signals.len() >= SIGNALS_KEPT_MAX)
            .then(|| format!("{SIGNALS_KEPT_MAX} signals are kept already that no step has received"))
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
                let since = self.since_of(&step, &clause);
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
        self.drop_asks(None)
    }

    /// Ends every attempt to ask a model that is under way in a scope that fails: its spend is assumed.
    pub(crate) fn drop_asks(&mut self, scope: Option<&StepId>) -> Result<(), Refusal> {
        let why = match scope {
            None => "the run is ending: the answer is not waited for",
            Some(_) => "a step around it failed: the answer is not waited for",
        };
        let asked =
            self.run.steps_of(scope).filter_map(|step| Some((step.id.clone(), step.asked()?.clone())));
        for (step, asked) in asked.collect::<Vec<(StepId, _)>>() {
            let dropped = ModelFailed {
                turn: asked.due.turn,
                attempt: asked.due.attempt,
                failure: Failure::new(FailureClass::Cancelled, why),
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
