//! What was said in a conversation, in the order in which it was.

use handfast_events::{
    ApprovalAsked, ApprovalId, Body, Event, Mail, MailOutcome, MailTaken, Output, Reach, StepKind, Timestamp,
};
use serde::Serialize;
use serde_json::Value;

use super::{AttemptState, Question, Step, StepState, Trace};

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Speaker,
    /// What.
    pub text: String,
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// Somebody who talks to the agent.
    Person {
        /// Who.
        who: String,
    },
    /// The agent.
    Agent,
    /// The run itself, which asks.
    Question {
        /// What the question goes by.
        id: ApprovalId,
        /// Whether it wants a yes or a no.
        is_yes_or_no: bool,
    },
}

/// That an agent listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listening {
    /// Until when.
    pub until: Option<Timestamp>,
}

impl Trace {
    /// Whether it is a conversation.
    pub fn is_talk(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.kind, Some(StepKind::Talk(_))))
    }

    /// What the conversation waits for, if it waits for a message.
    pub fn listening(&self) -> Option<Listening> {
        let at_work = |step: &&Step| step.state == StepState::Running && !self.is_failing(&step.id);
        self.steps.iter().filter(at_work).find_map(|step| step.listening)
    }

    /// The question that is open in the conversation.
    pub fn asked_in_talk(&self) -> Option<&ApprovalId> {
        let is_in_talk =
            |question: &&Question| question.open_roles().any(|role| role.reached == Reach::Conversation);
        let open = self.questions().map(|asked| asked.question).find(is_in_talk);
        open.filter(|_| self.is_talk()).map(|question| &question.asked.id)
    }

    pub(super) fn follow_mail(&mut self, at: Timestamp, taken: &MailTaken) {
        match (&taken.mail, &taken.outcome) {
            (Mail::Signal { value, .. }, MailOutcome::Done) => {
                self.signals.push((taken.id.clone(), value.clone()));
            }
            (Mail::Say { text, .. }, MailOutcome::Done) => {
                let by = Speaker::Person { who: taken.who.clone() };
                self.talk.push(Line { at, by, text: text.clone() });
            }
            _ => {}
        }
    }

    /// What a step says or asks in the conversation.
    pub(super) fn follow_talk(&mut self, event: &Event) {
        let (by, text) = match &event.body {
            Body::Said(said) => {
                let step = event.step.as_ref().and_then(|id| self.steps.iter().rfind(|step| step.id == *id));
                (Speaker::Agent, told(&said.output, step))
            }
            Body::ApprovalAsked(asked) if self.is_talk() && is_in_talk(asked) => {
                let by = Speaker::Question { id: asked.id.clone(), is_yes_or_no: !asked.is_free() };
                (by, asked.question.clone())
            }
            _ => return,
        };
        self.talk.push(Line { at: event.time, by, text });
    }
}

fn is_in_talk(asked: &ApprovalAsked) -> bool {
    asked.roles.iter().any(|role| role.is_asked && role.reached == Reach::Conversation)
}

/// What the agent says, as people read it: the field `text`, where its output has one.
fn told(output: &Output, step: Option<&Step>) -> String {
    match output {
        Output::Value(value) => match value.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        },
        Output::AsGiven | Output::Absent => {
            let attempt = step.and_then(|step| step.turns.last()).and_then(|turn| turn.attempts.last());
            match attempt.map(|attempt| &attempt.state) {
                Some(AttemptState::Answered { text, .. }) => text.clone(),
                _ => String::new(),
            }
        }
    }
}

impl Step {
    pub(super) fn follow_listening(&mut self, body: &Body) {
        match body {
            Body::StepStarted(started) if matches!(started.kind, StepKind::Talk(_)) => {
                self.listening = Some(Listening::default());
            }
            Body::Said(_) => self.listening = Some(Listening::default()),
            Body::MessageAwaited(awaited) => self.listening = Some(Listening { until: awaited.until }),
            Body::ModelIntended(_) | Body::ModelHeld(_) | Body::ModelSwitched(_) | Body::TalkEnded(_) => {
                self.listening = None
            }
            _ => {}
        }
    }
}
