//! An agent that does the same again and again, and nothing comes of it: it is told so, then refused, then stopped.
//!
//! What counts is what it was told, not what it meant: the same call is no loop while its result changes. A tool whose
//! contract says that its result changes by itself (`volatile`) is spaced instead.

use handfast_contract::Tool;
use handfast_events::{
    CallId, CallRefused, ContextAdjusted, Failure, FailureClass, Party, StepId, Timestamp,
};

use crate::decide::Draft;
use crate::limits::{LOOKED_BACK, NO_PROGRESS, REFUSED_MAX, REPEATS};
use crate::state::{AgentStep, Call, CallState, Closed, Passage, Turn};
use crate::{Refusal, evidence};

impl AgentStep {
    /// The calls of which it was told last, the newest first: those of this turn, then those before it.
    fn told(&self) -> impl Iterator<Item = &Call> {
        let own = match &self.turn {
            Turn::Calling { calls, .. } => calls.as_slice(),
            _ => &[],
        };
        let before = self.past.newest_first().filter_map(|passage| match passage {
            Passage::Answered { calls, .. } => Some(calls.iter().rev()),
            _ => None,
        });
        let all = own.iter().rev().chain(before.flatten());
        all.filter(|call| matches!(call.state, CallState::Closed(_))).take(LOOKED_BACK)
    }

    /// What the same call as this one was told before, the newest first.
    fn before<'a>(&'a self, call: &'a Call) -> impl Iterator<Item = &'a Call> {
        self.told().filter(|told| told.id != call.id && told.is_same(call) && !told.is_stopped())
    }

    /// How often the same call as this one, which tells nothing yet, was made already, and told the same each time.
    fn repeats(&self, call: &Call) -> usize {
        let Some(last) = self.before(call).next() else { return 0 };
        self.before(call).take_while(|told| told.tells_same(last)).count()
    }

    /// How often this call, which is closed, told the same, itself counted.
    fn repeats_with(&self, call: &Call) -> usize {
        1 + self.before(call).take_while(|told| told.tells_same(call)).count()
    }

    /// How many calls in a row told it nothing that it had not been told before.
    fn without_news(&self) -> usize {
        let told: Vec<&Call> = self.told().filter(|call| !call.is_stopped()).collect();
        let is_news = |(at, call): &(usize, &&Call)| {
            let mut before = told.iter().skip(at + 1);
            !before.any(|other| other.is_same(call) && other.tells_same(call))
        };
        told.iter().enumerate().take_while(|told| !is_news(told)).count()
    }

    /// When what this call would tell was told last; none where it never was.
    pub(crate) fn told_last(&self, call: &Call) -> Option<Timestamp> {
        let mut same = self.told().filter(|told| told.id != call.id && told.is_same(call));
        same.find(|told| matches!(told.state, CallState::Closed(Closed::Judged(_)))).map(|told| told.told_at)
    }
}

impl Call {
    fn is_same(&self, other: &Self) -> bool {
        self.tool == other.tool && self.args == other.args
    }

    /// Whether both told the same.
    fn tells_same(&self, other: &Self) -> bool {
        let (CallState::Closed(one), CallState::Closed(two)) = (&self.state, &other.state) else {
            return false;
        };
        match (one, two) {
            (Closed::Judged(one), Closed::Judged(two)) => one == two,
            (Closed::Given(one), Closed::Given(two)) => one.result == two.result,
            (Closed::Refused(one), Closed::Refused(two)) | (Closed::Denied(one), Closed::Denied(two)) => {
                one.clause == two.clause
            }
            (Closed::Withheld(one, _), Closed::Withheld(two, _)) => one.clause == two.clause,
            (Closed::Failed(one), Closed::Failed(two)) => (one.class, &one.code) == (two.class, &two.code),
            _ => false,
        }
    }

    /// Whether it was refused for being made again and again.
    fn is_stopped(&self) -> bool {
        matches!(&self.state, CallState::Closed(Closed::Refused(refused)) if refused.clause.ends_with(CLAUSE))
    }
}

/// How the address ends by which a call is refused that goes round in circles.
const CLAUSE: &str = ".limits.repeats";

impl Draft {
    /// Refuses a call that was made before, again and again, and told the same each time.
    pub(crate) fn objection_to_circles(&self, call: &Call, tool: Option<&Tool>) -> Option<CallRefused> {
        let agent = self.agent_step(&call.id.step()).filter(|_| call.purpose.is_none())?;
        if is_volatile(tool) {
            return None;
        }
        let repeats = agent.repeats(call);
        let idle = agent.without_news();
        let reason = if repeats >= REPEATS {
            format!("it was made {repeats} times with these arguments, and told the same each time")
        } else if repeats > 0 && idle > NO_PROGRESS {
            format!(
                "the last {idle} calls told nothing that had not been told before, and this one is among them"
            )
        } else {
            return None;
        };
        Some(CallRefused {
            clause: format!("agents.{}{CLAUSE}", agent.agent),
            sentence: "a call is not made again and again where nothing comes of it".into(),
            reason,
            mend: "Use what you were told, do something else, or answer with what you have.".into(),
        })
    }

    /// Tells an agent that it goes round in circles, or ends its step where it was told and goes on.
    pub(crate) fn break_circles(&mut self, id: &StepId) -> Result<(), Refusal> {
        let Some(agent) = self.agent_step(id) else { return Ok(()) };
        let Turn::Calling { turn, calls, .. } = &agent.turn else { return Ok(()) };
        let stopped = agent.told().filter(|call| call.is_stopped()).count();
        if stopped >= REFUSED_MAX && calls.iter().any(Call::is_stopped) {
            let (clause, detail) = (format!("agents.{}{CLAUSE}", agent.agent), self.in_circles(agent));
            return self.fail(id, Failure::new(FailureClass::Stalled, detail), Some(clause), Party::Model);
        }
        if !agent.notices.is_empty() {
            return Ok(());
        }
        // A call that was refused for this has told it so already.
        let counts = |call: &&Call| {
            !call.is_stopped() && !is_volatile(self.run.plan.tool(&call.tool).map(|tool| &**tool))
        };
        let own = calls.iter().filter(counts);
        let idle = agent.without_news();
        let again = own.map(|call| (call, agent.repeats_with(call))).find(|(_, count)| *count >= REPEATS);
        let why = match again {
            Some((call, count)) => {
                let args = evidence(&call.args.to_string());
                format!("`{}` was called with {args} {count} times, and told the same each time", call.tool)
            }
            None if idle >= NO_PROGRESS && calls.iter().all(|call| counts(&call)) => {
                format!("the last {idle} calls told nothing that had not been told before")
            }
            None => return Ok(()),
        };
        let what = format!(
            "Note: {why}. Calling again changes nothing: use what you were told, do something else, or answer with what you \
             have. Further calls of this kind are refused."
        );
        let turn = turn + 1;
        self.tell_step(id, ContextAdjusted { turn, why, what, ..ContextAdjusted::default() })
    }

    /// The last calls of an agent that is stopped, as evidence.
    fn in_circles(&self, agent: &AgentStep) -> String {
        let mut last: Vec<&CallId> = agent.told().take(8).map(|call| &call.id).collect();
        last.reverse();
        let last = last.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let call = agent.told().find(|call| call.is_stopped());
        let what = call.map_or_else(String::new, |call| {
            format!("`{}` with {}, ", call.tool, evidence(&call.args.to_string()))
        });
        format!(
            "it goes round in circles: {what}refused {REFUSED_MAX} times after it was told so; its last calls: {last}"
        )
    }
}

/// Whether what a tool tells changes by itself.
fn is_volatile(tool: Option<&Tool>) -> bool {
    tool.is_some_and(|tool| tool.volatile.is_some())
}
