//! Results that came late, and calls that their servers work on.

use handfast_events::{Body, Came, Event, Handle, SaidBefore, Timestamp};
use serde::Serialize;

use super::{Call, Trace};

/// What came of an attempt was heard once the doubt about it had been ended.
#[derive(Clone, Debug, Serialize)]
pub struct Late {
    /// When it was heard.
    pub at: Timestamp,
    /// Of which attempt.
    pub attempt: u32,
    /// What it came to.
    pub came: Came,
    /// What was said before, where that was something else.
    pub contradicts: Option<SaidBefore>,
    /// Who saw to the contradiction, with the reason; none where nobody has yet, or needs to.
    pub accepted: Option<(String, String)>,
}

/// How a call stands that its server works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Working {
    /// The server, by its name in the contract.
    pub server: String,
    /// By what the server is asked.
    pub handle: Handle,
    /// When it took the call on.
    pub since: Timestamp,
    /// How often it was asked.
    pub polls: u32,
    /// What it said last.
    pub says: Option<String>,
    /// When it is asked next.
    pub ask_at: Timestamp,
    /// Why it could not be asked, where that is so since it spoke last.
    pub trouble: Option<String>,
}

impl Late {
    /// Whether a person has yet to see to it.
    pub(crate) const fn waits(&self) -> bool {
        self.contradicts.is_some() && self.accepted.is_none()
    }
}

impl Trace {
    /// What came late and contradicts what was said, and that nobody has seen to yet.
    pub fn contradictions(&self) -> impl Iterator<Item = (&Call, &Late)> {
        self.calls()
            .flat_map(|call| call.late.iter().filter(|late| late.waits()).map(move |late| (call, late)))
    }

    /// What is about a result that came late; false where the event is about something else.
    pub(super) fn follow_late(&mut self, event: &Event) -> bool {
        let Some(id) = &event.call else { return false };
        let of = id.takes_back();
        let Some(call) = self.call_mut(of.as_ref().unwrap_or(id)).and_then(|call| call.member_mut(id)) else {
            return false;
        };
        match &event.body {
            Body::ResultCameLate(late) => {
                let (attempt, came, contradicts) =
                    (late.attempt, late.came.clone(), late.contradicts.clone());
                call.late.push(Late { at: event.time, attempt, came, contradicts, accepted: None });
                true
            }
            Body::StandingAccepted(said) if call.late.iter().any(Late::waits) => {
                for late in call.late.iter_mut().filter(|late| late.waits()) {
                    late.accepted = Some((said.who.clone(), said.why.clone()));
                }
                // What else of it stood is accepted with it.
                call.compensation.is_none()
            }
            _ => false,
        }
    }
}

impl Call {
    /// It, or the call behind it that has this id.
    fn member_mut(&mut self, id: &handfast_events::CallId) -> Option<&mut Self> {
        if self.id == *id {
            return Some(self);
        }
        self.side.iter_mut().find_map(|side| side.member_mut(id))
    }
}
