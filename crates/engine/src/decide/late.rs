//! What came of an attempt is heard late: by a worker that had lost the run, or once a doubt about it was ended.
//!
//! Where the doubt is open still, it is the answer that everybody waits for. Where it was ended by a look or a person, what is
//! done is done: it is kept as evidence, and where it contradicts a person is told.

use handfast_events::{CallApplied, CallId, Came as Heard, Kept, ResultCameLate, SaidBefore, Settled};
use serde_json::Value;

use super::Draft;
use super::tool::Came;
use crate::state::{Call, CallState, Due, Sent, Settles, Word};
use crate::{Refusal, ToolOutcome};

impl Draft {
    pub(super) fn came_late(
        &mut self,
        id: &CallId,
        attempt: u32,
        outcome: ToolOutcome,
        latency_ms: u64,
    ) -> Result<(), Refusal> {
        if let Some(call) = self.run.call(id).cloned() {
            if call.doubted_attempt() == Some(attempt) {
                return self.ends_doubt(&call, outcome, latency_ms);
            }
            if let Some(value) = self.took_effect(&call, attempt, &outcome) {
                self.tell_call(id, CallApplied { attempt, result: super::tool::keep(value), latency_ms })?;
                return self.judge(id);
            }
        }
        let Some(word) = self.run.words.get(id).filter(|word| !word.is_heard).cloned() else {
            return Err(Refusal::Stale);
        };
        let sent = word.of.newest_sent().ok_or(Refusal::Stale)?;
        if attempt > sent.intent.attempt || word.applied == Some(attempt) {
            return Err(Refusal::Stale);
        }
        let (came, settles_call) = match self.tell_apart(&word.of, &sent, outcome) {
            Came::Applied(value) => (Heard::Applied(super::tool::keep(value)), true),
            Came::NotApplied { failure, settles_call } => (Heard::NotApplied(failure), settles_call),
            Came::NotSent(failure) => (Heard::NotApplied(failure), false),
            // It says nothing that isn't known.
            Came::Doubt(_) | Came::TakenOn(_) => return Err(Refusal::Stale),
        };
        let is_whole = settles_call || sent.intent.attempt == 1;
        let contradicts = Self::contradicted(&word, &came, is_whole);
        self.tell_call(id, ResultCameLate { attempt, came, contradicts })
    }

    /// What an earlier attempt gave, where that is all that is needed: one in doubt since bears the same key, or the next one
    /// has not been sent.
    fn took_effect(&self, call: &Call, attempt: u32, outcome: &ToolOutcome) -> Option<Value> {
        let is_enough = match (call.doubted_attempt(), &call.state) {
            (Some(doubted), _) => attempt < doubted && call.is_repeatable(),
            (None, CallState::Due(due)) => {
                attempt < due.attempt && self.run.is_live() && self.run.words.contains_key(&call.id)
            }
            _ => false,
        };
        let sent = call.newest_sent().filter(|_| is_enough)?;
        match self.tell_apart(call, &sent, outcome.clone()) {
            Came::Applied(value) => Some(value),
            _ => None,
        }
    }

    /// The doubt is open still: its attempt has an answer after all. One that says nothing of the attempts before it, or nothing
    /// at all, leaves the doubt.
    fn ends_doubt(&mut self, call: &Call, outcome: ToolOutcome, latency_ms: u64) -> Result<(), Refusal> {
        let sent = call.newest_sent().ok_or(Refusal::Stale)?;
        let is_repeated = matches!(call.state, CallState::Due(_));
        match self.tell_apart(call, &sent, outcome.clone()) {
            Came::Applied(_) => {}
            Came::NotApplied { settles_call, .. } if !is_repeated && (settles_call || !sent.doubt) => {}
            Came::NotSent(_) if !is_repeated && !sent.doubt => {}
            _ => return Err(Refusal::Stale),
        }
        self.came(call, &sent, outcome, latency_ms)
    }

    /// What was said, where what came late says otherwise.
    fn contradicted(word: &Word, came: &Heard, is_whole: bool) -> Option<SaidBefore> {
        let is_other = match (&word.said.settled, came) {
            (Settled::Applied(said), Heard::Applied(gave)) => {
                word.by_person && !matches!(gave, Kept::Whole(gave) if gave == said)
            }
            // Repeated with its key, it took effect once all the same.
            (Settled::NotApplied, Heard::Applied(_)) => !(word.of.is_repeatable() && word.applied.is_some()),
            (Settled::Applied(_), Heard::NotApplied(_)) => is_whole,
            (Settled::NotApplied, Heard::NotApplied(_)) => false,
        };
        is_other.then(|| word.said.clone())
    }
}

impl Call {
    /// Whether its attempts take effect once together.
    fn is_repeatable(&self) -> bool {
        self.newest.as_ref().is_some_and(|intent| intent.idempotency.is_repeatable())
    }

    /// The attempt that it is in doubt about.
    fn doubted_attempt(&self) -> Option<u32> {
        match &self.state {
            CallState::Doubted(sent) => Some(sent.intent.attempt),
            CallState::Due(Due { doubt: Some(intent), .. }) => Some(intent.attempt),
            _ => None,
        }
    }

    /// Its newest attempt, as if it were under way; an earlier one is in doubt where it isn't the first.
    fn newest_sent(&self) -> Option<Sent> {
        if let CallState::Doubted(sent) = &self.state {
            return Some(Sent { doubt: sent.intent.attempt > 1, ..sent.clone() });
        }
        let intent = self.newest.clone()?;
        let (tries, doubt) = (u64::from(intent.attempt), intent.attempt > 1);
        Some(Sent { intent, tries, doubt, settles: Settles::Looks })
    }
}
