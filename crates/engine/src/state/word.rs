//! What was said of calls in doubt: a result that comes late is held against it.

use std::sync::Arc;

use handfast_events::{
    Body, CallFound, CallSettled, Came, EndedAs, Event, ResultCameLate, SaidBefore, Settled, Status,
};

use super::{Call, Illegal, Phase, Run};

/// What was said of one call.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// The call as it was in doubt, with the attempt that this was about.
    pub(crate) of: Arc<Call>,
    pub(crate) said: SaidBefore,
    /// Whether a person said it.
    pub(crate) by_person: bool,
    /// Whether its result came all the same.
    pub(crate) is_heard: bool,
    /// The attempt that is known to have taken effect since.
    pub(crate) applied: Option<u32>,
}

impl Run {
    /// A doubt is ended by this event, or the call took effect behind that.
    pub(super) fn note_word(&mut self, event: &Event) {
        let (settled, by, by_person) = match &event.body {
            Body::CallSettled(CallSettled { settled, who, .. }) => (settled, who.clone(), true),
            Body::CallFound(CallFound { settled, look, .. }) => (settled, look.to_string(), false),
            Body::CallApplied(applied) => {
                if let Some(word) = event.call.as_ref().and_then(|id| self.words.get_mut(id)) {
                    word.applied = Some(applied.attempt);
                }
                return;
            }
            _ => return,
        };
        let Some(call) = event.call.as_ref().and_then(|id| self.call(id)) else { return };
        let said = SaidBefore { settled: settled.clone(), by };
        let of = Arc::new(Call { side: Vec::new(), ..call.clone() });
        self.words.insert(call.id.clone(), Word { of, said, by_person, is_heard: false, applied: None });
    }

    /// A result came late: it changes nothing of the call; where it contradicts, a person is to know.
    pub(super) fn evolve_late(&mut self, event: &Event, late: &ResultCameLate) -> Result<(), Illegal> {
        let illegal = |state| Illegal { place: "the run".into(), state, event: event.name() };
        let id = event.call.as_ref().ok_or_else(|| illegal("not told of which call"))?;
        let word = self.words.get_mut(id).filter(|word| !word.is_heard);
        word.ok_or_else(|| illegal("without a word on that call"))?.is_heard = true;
        let Some(said) = &late.contradicts else { return Ok(()) };
        if !self.unaccepted.contains(id) {
            self.unaccepted.push(id.clone());
        }
        let stands = matches!((&said.settled, &late.came), (Settled::NotApplied, Came::Applied(_)));
        if stands && !self.standing.contains(id) {
            self.standing.push(id.clone());
        }
        Ok(())
    }

    /// How an ended run stands once it is known that something was otherwise than said.
    pub(super) fn ended_otherwise(&self, status: &Status) -> Phase {
        match status.ended() {
            Some(ended @ (EndedAs::Done | EndedAs::Failed | EndedAs::Cancelled)) => self.ended(ended),
            None => Phase::Ended(status.clone()),
        }
    }
}
