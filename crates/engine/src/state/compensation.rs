//! The table of one call that is taken back.

use std::sync::Arc;

use handfast_events::{Body, CallId, Timestamp};

use super::{Call, CallState, Due, Illegal};

/// A call that took effect, and that its scope takes back.
#[derive(Clone, Debug)]
pub(crate) struct Compensation {
    /// The call as it took effect: what is evaluated for taking it back reads it.
    pub(crate) of: Arc<Call>,
    pub(crate) state: CompensationState,
}

#[derive(Clone, Debug)]
pub(crate) enum CompensationState {
    /// Its turn hasn't come, or a person has it tried again from the start.
    Due,
    /// A call takes it back.
    Calling(Call),
    /// Only a person moves it on. The call that was to take it back is there, if it got as far as one.
    Stuck(Option<Call>),
}

impl Compensation {
    pub(crate) const fn new(of: Arc<Call>) -> Self {
        Self { of, state: CompensationState::Due }
    }

    /// Becomes what the event says; nothing once the call is taken back or left standing.
    pub(crate) fn evolve(
        self,
        time: Timestamp,
        call: Option<&CallId>,
        body: &Body,
    ) -> Result<Option<Self>, Illegal> {
        use CompensationState::{Calling, Due, Stuck};
        let Self { of, state } = self;
        let state = match (state, body) {
            (Due, Body::SideCallProposed(proposed)) if call == Some(&of.id.compensation()) => {
                Calling(Call::aside(of.id.compensation(), proposed))
            }
            (Calling(own), Body::CallCompensated(_)) if own.is_closed() => return Ok(None),
            (Due, Body::CompensationStuck(_)) => Stuck(None),
            (Calling(own), Body::CompensationStuck(_)) if !own.may_have_left() => Stuck(Some(own)),
            (Stuck(own), Body::CompensationRetried(_)) => own.map_or(Due, |own| Calling(own.again())),
            (Stuck(_), Body::CallLeftStanding(_)) => return Ok(None),
            (Calling(mut own), body) if let Some(id) = call.filter(|id| id.is_of(&own.id)) => {
                own.follow(id, time, body)?;
                Calling(own)
            }
            (state, body) => {
                let place = format!("the compensation of call `{}`", of.id);
                return Err(Illegal { place, state: state.name(), event: body.name() });
            }
        };
        Ok(Some(Self { of, state }))
    }

    /// The call that takes it back, while it is at work.
    pub(crate) const fn calling(&self) -> Option<&Call> {
        match &self.state {
            CompensationState::Calling(call) => Some(call),
            CompensationState::Due | CompensationState::Stuck(_) => None,
        }
    }

    pub(crate) const fn is_stuck(&self) -> bool {
        matches!(self.state, CompensationState::Stuck(_))
    }

    /// Whether it is stuck though the call that takes it back took effect: its contract's promise was broken.
    pub(crate) const fn has_broken_promise(&self) -> bool {
        match &self.state {
            CompensationState::Stuck(Some(call)) => call.is_broken(),
            _ => false,
        }
    }
}

impl CompensationState {
    const fn name(&self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Calling(_) => "under way",
            Self::Stuck(_) => "stuck",
        }
    }
}

impl Call {
    /// The same call as it may be made once more, though it was closed: with its key, and its tries counted anew.
    pub(crate) fn again(self) -> Self {
        let attempt = self.newest.as_ref().map_or(1, |intent| intent.attempt + 1);
        Self { state: CallState::Due(Due { attempt, ..Due::default() }), ..self }
    }
}
