//! What a run is doing, what it rests on, and when it moves by itself.

use handfast_events::{PauseReason, Status, Timestamp, Waits};

use super::{Call, CallState, Compensation, Family, Phase, Question, Run, StepRun, StepState, Turn, Waiting};

impl Run {
    /// What it is doing, or what it rests on. No run rests without naming what it rests on.
    pub fn status(&self) -> Status {
        if let Phase::Ended(status) = &self.phase {
            return status.clone();
        }
        if self.is_busy() {
            return Status::Running;
        }
        if self.calls().any(|call| matches!(call.state, CallState::Intended(_))) {
            return Status::Compensating;
        }
        let (poll, retry) = (self.next_poll(), self.next_retry());
        if let Some(until) = poll.filter(|poll| retry.is_none_or(|retry| *poll <= retry)) {
            return Status::Waiting(Waits::Call { until });
        }
        match &self.phase {
            Phase::Paused(PauseReason::Limit { .. }) => return Status::PausedByLimit,
            Phase::Paused(PauseReason::Operator { .. }) => return Status::PausedForOperator,
            Phase::Paused(PauseReason::Person { .. }) => return Status::PausedByPerson,
            Phase::Paused(PauseReason::Halt { scope, .. }) => {
                return Status::PausedByHalt { scope: scope.clone() };
            }
            _ => {}
        }
        if let Some(until) = retry {
            return match self.calls().find_map(|call| call.held_by(until)) {
                Some(by) => Status::Waiting(Waits::Claim { by, until }),
                None => Status::Waiting(Waits::Retry { until }),
            };
        }
        if self.compensations.iter().any(Compensation::is_stuck) {
            return Status::Stuck;
        }
        if self.calls().any(|call| matches!(call.state, CallState::Doubted(_))) {
            return Status::Waiting(Waits::Settlement);
        }
        if self.questions().next().is_some() {
            return Status::Waiting(Waits::Approval);
        }
        if let Some(listening) = self.listening() {
            return Status::Waiting(Waits::Message {
                until: listening.awaited.and_then(|awaited| awaited.until),
            });
        }
        let mut waits = self.waits();
        match waits.next() {
            Some((_, first)) => Status::Waiting(rests_on(first, waits.map(|(_, waiting)| waiting))),
            None if self.compensations.is_empty() => Status::Running,
            None => Status::Compensating,
        }
    }

    /// Whether something is under way that will come back by itself, beside what takes back.
    fn is_busy(&self) -> bool {
        let asked = self.steps.iter().any(
            |step| matches!(&step.state, StepState::Agent(agent) if matches!(agent.turn, Turn::Asked(_))),
        );
        let mut own = self.steps.iter().flat_map(|step| Family::of(step.calls()));
        asked || own.any(|call| matches!(call.state, CallState::Intended(_)))
    }

    /// When it moves by itself, where it rests or waits for a time.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        self.next_time().into_iter().chain(self.next_poll()).min()
    }

    /// The earliest time whose passing changes something. A poll is a debt of its own.
    pub(crate) fn next_time(&self) -> Option<Timestamp> {
        let silence = self.questions().filter_map(Question::due).min();
        self.next_due().into_iter().chain(silence).min()
    }

    /// The earliest time at which something that waits for a time may move.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let is_running = self.phase == Phase::Running;
        let waits = self.waits().filter(|_| is_running).filter_map(|(_, waiting)| waiting.due());
        let idle = self.listening().filter(|_| is_running).and_then(|listening| listening.awaited?.until);
        self.next_retry().into_iter().chain(waits).chain(idle).min()
    }

    /// The earliest time at which something is tried again. Where nothing new begins, in a run that ends or a scope that
    /// fails, only what settles what has left still waits for its time.
    fn next_retry(&self) -> Option<Timestamp> {
        if !matches!(self.phase, Phase::Running | Phase::Ending(_)) {
            return None;
        }
        let is_live = |step: &StepRun| self.phase == Phase::Running && !self.is_failing(&step.id);
        let turns = self.steps.iter().filter(|step| is_live(step)).filter_map(|step| match &step.state {
            StepState::Agent(agent) => match &agent.turn {
                Turn::Due(due) => due.not_before,
                _ => None,
            },
            _ => None,
        });
        let calls = self.steps.iter().flat_map(|step| {
            let is_live = is_live(step);
            Family::of(step.calls()).filter_map(move |call| match &call.state {
                // One that waits for another call rests on that, whatever it waited for before.
                CallState::Due(due) if due.behind.is_none() && (is_live || call.is_aftermath()) => {
                    due.not_before
                }
                _ => None,
            })
        });
        let taking_back = self.compensations.iter().filter_map(Compensation::calling).flat_map(Call::family);
        let taking_back = taking_back.filter_map(|call| match &call.state {
            CallState::Due(due) if due.behind.is_none() => due.not_before,
            _ => None,
        });
        turns.chain(calls).chain(taking_back).min()
    }
}

/// What a run rests on of whose steps none does anything but wait: a signal before a time, since only somebody outside can
/// bring it.
fn rests_on<'w>(first: &'w Waiting, others: impl Iterator<Item = &'w Waiting>) -> Waits {
    let all: Vec<&Waiting> = std::iter::once(first).chain(others).collect();
    match all.iter().find_map(|waiting| waiting.signal.as_ref()) {
        Some(signal) => Waits::Signal { name: signal.to_string() },
        None => {
            let until = all.iter().filter_map(|waiting| waiting.until).min();
            Waits::Time { until: until.unwrap_or(Timestamp::MAX) }
        }
    }
}
