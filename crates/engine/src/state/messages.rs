//! What is said in a conversation, until somebody hears it.

use std::sync::Arc;
use std::time::Duration;

use handfast_events::{ApprovalId, CommandId, Mail, MailOutcome, MailTaken, Timestamp};
use serde_json::Value;

use super::{Listening, Run, StepState, Turn};

/// Something that was said in a conversation, and nobody heard yet.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: CommandId,
    pub(crate) who: Arc<str>,
    /// What; nothing where they left.
    pub(crate) text: Option<Arc<str>>,
    /// The question that it was said to.
    pub(crate) to: Option<ApprovalId>,
}

/// The time from one to the other.
pub(super) fn since(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

impl Run {
    pub(super) fn keep_message(&mut self, taken: &MailTaken) {
        let (text, to) = match (&taken.mail, &taken.outcome) {
            (Mail::Say { text, to }, MailOutcome::Done) => (Some(text.as_str().into()), to.clone()),
            (Mail::Leave, MailOutcome::Done) => (None, None),
            _ => return,
        };
        let (id, who) = (taken.id.clone(), taken.who.as_str().into());
        self.messages.push(Arc::new(Message { id, who, text, to }));
    }

    pub(super) fn take_message(&mut self, id: &CommandId) -> Option<Arc<Value>> {
        let index = self.messages.iter().position(|message| message.id == *id)?;
        let message = self.messages.remove(index);
        Some(Arc::new(Value::String(message.text.as_deref()?.to_owned())))
    }

    /// While a run was held nobody could say anything: the time to do so begins anew.
    pub(super) fn listen_anew(&mut self, time: Timestamp) {
        for step in self.steps.iter_mut().filter(|step| step.listening().is_some()) {
            if let StepState::Agent(agent) = &mut Arc::make_mut(step).state
                && let Turn::Listening(Listening { awaited, .. }) = &mut agent.turn
                && let Some(awaited) = awaited.take()
            {
                agent.waited = agent.waited.saturating_add(since(awaited.since, time));
            }
        }
    }

    /// Whether whoever talks has left.
    pub(crate) fn has_left(&self) -> bool {
        self.messages.iter().any(|message| message.text.is_none())
    }

    /// What waits for a message, if nothing else is under way in its step.
    pub(crate) fn listening(&self) -> Option<&Listening> {
        self.steps.iter().filter(|step| !self.is_failing(&step.id)).find_map(|step| step.listening())
    }
}
