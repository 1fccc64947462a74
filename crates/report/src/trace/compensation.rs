//! What became of what a call did, once its scope failed or was cancelled.

use handfast_events::{Body, CallId, Event, Failure, Party, Purpose, Standing};
use serde::Serialize;

use super::{Call, Step, Trace};
use crate::journal::standing as why_it_stands;

/// What became of what a call did.
#[derive(Clone, Debug, Serialize)]
pub struct Compensation {
    /// How that stands.
    pub state: CompensationState,
    /// The persons who had it tried again, with their reasons.
    pub retried: Vec<(String, String)>,
}

/// How it stands with taking a call back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CompensationState {
    /// It is to be taken back, or is.
    Due,
    /// It was taken back.
    Compensated {
        /// What stays all the same.
        leaves: Vec<String>,
    },
    /// A person must say what is to become of it.
    Stuck {
        /// Why.
        failure: Failure,
        /// The clause that broke, where one did.
        clause: Option<String>,
        /// Who is at fault.
        party: Party,
    },
    /// It stands.
    Standing {
        /// What stays.
        what: Vec<String>,
        /// Why.
        why: Standing,
        /// Who said that it may, with the reason; none where nobody has yet, or needs to.
        accepted: Option<(String, String)>,
    },
}

impl Compensation {
    const fn new(state: CompensationState) -> Self {
        Self { state, retried: Vec::new() }
    }

    /// Whether it is still to be taken back, by itself or with a person's help.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, CompensationState::Due | CompensationState::Stuck { .. })
    }

    /// Whether it can't be taken back without a person.
    pub(crate) const fn is_stuck(&self) -> bool {
        matches!(self.state, CompensationState::Stuck { .. })
    }

    /// Whether something stands that somebody has yet to accept.
    pub(crate) const fn waits(&self) -> bool {
        match &self.state {
            CompensationState::Standing { why, accepted, .. } => why.waits() && accepted.is_none(),
            _ => false,
        }
    }

    /// What stands, why, and who accepted it, in words; none where nothing does.
    pub(crate) fn what_stands(&self) -> Option<String> {
        let CompensationState::Standing { what, why, accepted } = &self.state else { return None };
        let what = if what.is_empty() { "what it did".to_owned() } else { what.join(", ") };
        let by = accepted.as_ref().filter(|_| why.waits());
        let by = by.map(|(who, why)| format!("; accepted by {who}: {why}")).unwrap_or_default();
        Some(format!("{what}; {}{by}", why_it_stands(why)))
    }
}

impl Trace {
    /// What is about taking back; false where the event is about something else.
    pub(super) fn follow_compensation(&mut self, event: &Event) -> bool {
        if let Body::CompensationBegan(began) = &event.body {
            self.is_ending |= event.step.is_none();
            for id in &began.calls {
                if let Some(call) = self.call_mut(id) {
                    call.compensation = Some(Compensation::new(CompensationState::Due));
                }
            }
            return true;
        }
        let Some(id) = &event.call else { return false };
        let of = id.takes_back();
        let is_about_it = matches!(
            event.body,
            Body::CallCompensated(_)
                | Body::CompensationStuck(_)
                | Body::CompensationRetried(_)
                | Body::CallLeftStanding(_)
                | Body::StandingAccepted(_)
        );
        if of.is_none() && !is_about_it {
            return false;
        }
        match (self.call_mut(of.as_ref().unwrap_or(id)), of) {
            (Some(call), Some(_)) => call.follow_any(id, event.time, &event.body),
            (Some(call), None) => call.follow_compensation(event),
            (None, _) => {}
        }
        true
    }

    /// A call of any step and turn.
    pub(super) fn call_mut(&mut self, id: &CallId) -> Option<&mut Call> {
        let step = id.step();
        let step: &mut Step = self.steps.iter_mut().rev().find(|one| one.id == step)?;
        let calls = step.turns.iter_mut().rev().flat_map(|turn| &mut turn.calls).chain(&mut step.calls);
        calls.into_iter().find(|call| call.id == *id)
    }

    /// What of the run is or was taken back, with the calls that it is about.
    pub fn compensations(&self) -> impl Iterator<Item = (&Call, &Compensation)> {
        self.calls().filter_map(|call| Some((call, call.compensation.as_ref()?)))
    }
}

impl Call {
    /// The call that takes it back, once there is one.
    pub fn taken_back_by(&self) -> Option<&Self> {
        self.side.iter().find(|side| side.purpose == Some(Purpose::Compensate))
    }

    fn follow_compensation(&mut self, event: &Event) {
        let one = self.compensation.get_or_insert_with(|| Compensation::new(CompensationState::Due));
        match &event.body {
            Body::CallCompensated(done) => {
                one.state = CompensationState::Compensated { leaves: done.leaves.clone() };
            }
            Body::CompensationStuck(stuck) => {
                one.state = CompensationState::Stuck {
                    failure: stuck.failure.clone(),
                    clause: stuck.clause.clone(),
                    party: stuck.party,
                };
            }
            Body::CompensationRetried(retried) => {
                one.retried.push((retried.who.clone(), retried.why.clone()));
                one.state = CompensationState::Due;
            }
            Body::CallLeftStanding(left) => {
                let (what, why) = (left.what.clone(), left.why.clone());
                let accepted = match &why {
                    Standing::Accepted { who, why } => Some((who.clone(), why.clone())),
                    _ => None,
                };
                one.state = CompensationState::Standing { what, why, accepted };
            }
            Body::StandingAccepted(said) => {
                if let CompensationState::Standing { accepted, .. } = &mut one.state {
                    *accepted = Some((said.who.clone(), said.why.clone()));
                }
            }
            _ => {}
        }
    }
}
