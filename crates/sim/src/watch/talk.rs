//! A conversation, as the watch sees it: every message is heard once, and nothing is said to no message.

use std::collections::BTreeMap;

use handfast_events::{ApprovalAnswered, Body, CommandId, Event, Mail, MailOutcome};

use super::Watch;
use crate::Law;

/// What was said and heard.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// How often each message was heard, or taken for an answer.
    heard: BTreeMap<CommandId, u32>,
    /// How often the agent heard something, and said something.
    to_agent: u32,
    by_agent: u32,
}

impl Watch {
    pub(super) fn talk(&mut self, at: u64, event: &Event) {
        let id = match &event.body {
            Body::MailTaken(taken) => {
                if matches!((&taken.mail, &taken.outcome), (Mail::Say { .. }, MailOutcome::Done)) {
                    self.talk.heard.entry(taken.id.clone()).or_default();
                }
                return;
            }
            Body::Said(_) => {
                self.talk.by_agent += 1;
                if self.talk.by_agent > self.talk.to_agent {
                    self.broke(Law::NeverTwice, at, "a message was answered twice, or none was".into());
                }
                return;
            }
            Body::MessageHeard(heard) => {
                self.talk.to_agent += 1;
                &heard.id
            }
            Body::ApprovalAnswered(ApprovalAnswered { message: Some(id), .. }) => id,
            _ => return,
        };
        let told = match self.talk.heard.get_mut(id) {
            None => Some((Law::NeverUnasked, "was heard, and nobody said it")),
            Some(times) => {
                *times += 1;
                (*times > 1).then_some((Law::NeverTwice, "was heard twice"))
            }
        };
        if let Some((law, told)) = told {
            self.broke(law, at, format!("message `{id}` {told}"));
        }
    }

    /// A conversation that ended as it should has heard all that was said in it.
    pub(super) fn talk_ended(&mut self, at: u64, journal: &[Event]) {
        let is_done = journal.iter().any(|event| matches!(event.body, Body::TalkEnded(_)));
        let unheard = self.talk.heard.iter().filter(|(_, times)| **times == 0).map(|(id, _)| id.clone());
        for id in unheard.filter(|_| is_done).collect::<Vec<_>>() {
            self.broke(Law::NeverLost, at, format!("message `{id}` was taken in, and nobody heard it"));
        }
    }
}
