//! What a run is doing, or what it rests on, as far as its events say.

use handfast_events::{EndedAs, Status, Timestamp, Waits};

use super::{AttemptState, Call, CallState, CompensationState, End, Step, Trace};

impl Trace {
    pub(super) fn derive_status(&self) -> Status {
        if let Some(end) = &self.end {
            return self.ended(end);
        }
        let is_live = !self.is_ending;
        let attempts = || self.steps.iter().filter_map(Step::newest_attempt).filter(|_| is_live);
        let is_asked = attempts().any(|attempt| attempt.state == AttemptState::Asked);
        let mut under_way = self.calls().filter(|call| call.state == CallState::Intended).peekable();
        let is_compensating =
            under_way.peek().is_some() && under_way.all(|call| call.id.takes_back().is_some());
        if is_asked || self.calls().any(|call| call.state == CallState::Intended) {
            return if is_compensating && !is_asked { Status::Compensating } else { Status::Running };
        }
        let polls = self.calls().filter_map(|call| match &call.state {
            CallState::Working(working) => Some(working.ask_at),
            _ => None,
        });
        let (poll, retry) = (polls.min(), self.next_retry());
        if let Some(until) = poll.filter(|poll| retry.is_none_or(|retry| *poll <= retry)) {
            return Status::Waiting(Waits::Call { until });
        }
        match &self.paused {
            Some(handfast_events::PauseReason::Limit { .. }) => return Status::PausedByLimit,
            Some(handfast_events::PauseReason::Operator { .. }) => return Status::PausedForOperator,
            Some(handfast_events::PauseReason::Person { .. }) => return Status::PausedByPerson,
            Some(handfast_events::PauseReason::Halt { scope, .. }) => {
                return Status::PausedByHalt { scope: scope.clone() };
            }
            None => {}
        }
        if let Some(until) = retry {
            return Status::Waiting(Waits::Retry { until });
        }
        let held = self.calls().filter(|call| call.state == CallState::Proposed);
        if let Some(held) = held.filter_map(|call| call.held.as_ref()).min_by_key(|held| held.until) {
            return Status::Waiting(Waits::Claim { by: held.by, until: held.until });
        }
        if self.compensations().any(|(_, one)| matches!(one.state, CompensationState::Stuck { .. })) {
            return Status::Stuck;
        }
        if self.calls().any(|call| call.state == CallState::InDoubt) {
            return Status::Waiting(Waits::Settlement);
        }
        if self.questions().any(|asked| asked.question.is_open()) {
            return Status::Waiting(Waits::Approval);
        }
        if let Some(listening) = self.listening() {
            return Status::Waiting(Waits::Message { until: listening.until });
        }
        if let Some(name) = self.waits().find_map(|wait| wait.signal.clone()) {
            return Status::Waiting(Waits::Signal { name });
        }
        match self.waits().filter_map(|wait| wait.until).min() {
            Some(until) => Status::Waiting(Waits::Time { until }),
            None if self.compensations().any(|(_, one)| one.is_open()) => Status::Compensating,
            None => Status::Running,
        }
    }

    /// The earliest time at which something is tried again; nothing is in a run that is held.
    fn next_retry(&self) -> Option<Timestamp> {
        if self.paused.is_some() {
            return None;
        }
        let live = || self.steps.iter().filter(|step| !self.is_failing(&step.id));
        let asks_due = live().filter_map(Step::asked_again_at);
        let own = live().flat_map(Step::all_calls);
        let taking_back = self.calls().filter(|call| call.id.takes_back().is_some());
        asks_due.chain(own.chain(taking_back).filter_map(Call::due)).min()
    }

    fn ended(&self, end: &End) -> Status {
        let stands =
            self.compensations().any(|(_, one)| one.waits()) || self.contradictions().next().is_some();
        match end {
            End::Succeeded { .. } if stands => Status::Standing(EndedAs::Done),
            End::Failed { .. } if stands => Status::Standing(EndedAs::Failed),
            End::Cancelled if stands => Status::Standing(EndedAs::Cancelled),
            End::Succeeded { .. } => Status::Done,
            End::Failed { .. } => Status::Failed,
            End::Cancelled => Status::Cancelled,
            End::Killed { .. } => Status::Killed,
        }
    }
}
