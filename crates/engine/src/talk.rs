//! A conversation: its agent hears one message after the other, and says something to each; people are asked in it.
//!
//! What is said to a question counts as its answer only where whoever said it had seen the question: the message names it.

use handfast_contract::{ASK, Chat, Reached};
use handfast_events::{
    ApprovalAsked, ApprovalId, CallId, CallRefused, CommandId, Digest, MessageAwaited, MessageHeard, Reach,
    RoleAsked, StepId, TalkEnd, TalkEnded, Timestamp, canonical,
};
use serde_json::Value;

use crate::Refusal;
use crate::decide::Draft;
use crate::limits::{MESSAGE_BYTES_MAX, MESSAGES_KEPT_MAX, QUESTION_CHARS};
use crate::people::Answering;
use crate::state::{Call, Listening, Message, Phase, Run};

/// Whoever says one of these to a question says yes, or no. All else is neither: a yes must not be read into anything.
const YES: [&str; 6] = ["yes", "y", "yes please", "approved", "confirm", "confirmed"];
const NO: [&str; 8] = ["no", "n", "no thanks", "no thank you", "denied", "deny", "cancel", "stop"];

/// What a message says to a question that wants a yes or a no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    Yes,
    No,
    Neither,
}

/// What the words mean, without their case, their punctuation and the room around them.
fn meant(text: &str) -> Meant {
    let text = text.to_lowercase().replace([',', '.', '!'], " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.as_str() {
        text if YES.contains(&text) => Meant::Yes,
        text if NO.contains(&text) => Meant::No,
        _ => Meant::Neither,
    }
}

impl Run {
    /// The conversation that it is, if it is one.
    pub(crate) fn chat(&self) -> Option<&Chat> {
        self.workflow.as_ref()?.chat.as_ref()
    }

    /// Whether whoever talks speaks for this role.
    fn is_spoken_for(&self, role: &str) -> bool {
        let is_reached = |chat: &Chat| chat.agent.talks_to.iter().any(|talks| talks == role);
        let known = self.plan.contract().roles.get(role);
        known.is_some_and(|role| role.reached == Reached::Conversation) && self.chat().is_some_and(is_reached)
    }

    /// Whether one of these is asked in the conversation.
    pub(crate) fn is_in_talk<'r>(&self, mut roles: impl Iterator<Item = &'r RoleAsked>) -> bool {
        roles.any(|role| role.is_asked && self.is_spoken_for(&role.role))
    }
}

impl Draft {
    /// Hears the next message, waits for it, or ends the conversation.
    pub(crate) fn listen(&mut self, step: &StepId, listening: &Listening) -> Result<(), Refusal> {
        let Some(idle) = self.run.chat().map(|chat| chat.idle) else { return Ok(()) };
        if let Some(message) = self.run.messages.first().cloned() {
            let Message { id, who, text, .. } = &*message;
            return match text {
                Some(_) => self.tell_step(step, MessageHeard { id: id.clone() }),
                None => self.tell_step(step, TalkEnded { why: TalkEnd::Left { who: who.to_string() } }),
            };
        }
        match listening.awaited {
            None => {
                let until = idle.and_then(|idle| self.now.checked_add(idle).ok());
                self.tell_step(step, MessageAwaited { until })
            }
            Some(_) => Ok(()),
        }
    }

    /// Nobody has said anything for as long as a conversation waits. What was said in time is read before time passes.
    pub(crate) fn fall_silent(&mut self) -> Result<(), Refusal> {
        let is_silent = |listening: &Listening| {
            let until = listening.awaited.and_then(|awaited| awaited.until);
            until.is_some_and(|until| until <= self.now)
        };
        let may_end = self.run.phase == Phase::Running && self.run.messages.is_empty();
        let mut steps = self.run.steps.iter().filter(|step| may_end && !self.run.is_failing(&step.id));
        match steps.find(|step| step.listening().is_some_and(is_silent)).map(|step| step.id.clone()) {
            Some(step) => self.tell_step(&step, TalkEnded { why: TalkEnd::Idle }),
            None => Ok(()),
        }
    }

    /// Why nobody can say this; none where they can.
    pub(crate) fn objection_to_saying(&self, text: &str) -> Option<String> {
        if text.trim().is_empty() {
            return Some("it is empty".into());
        }
        if text.len() > MESSAGE_BYTES_MAX {
            let told = format!("it has {} bytes, and a message has at most {MESSAGE_BYTES_MAX}", text.len());
            return Some(told);
        }
        if self.run.messages.len() >= MESSAGES_KEPT_MAX {
            return Some(format!("{MESSAGES_KEPT_MAX} messages wait already that nobody has heard"));
        }
        self.objection_to_leaving()
    }

    /// Why nobody can leave; none where they can.
    pub(crate) fn objection_to_leaving(&self) -> Option<String> {
        if self.run.chat().is_none() {
            return Some("the run is no conversation: nobody listens".into());
        }
        if let Phase::Ending(_) = self.run.phase {
            return Some("the run is ending already".into());
        }
        self.run.has_left().then(|| "they have left the conversation already".into())
    }

    /// What was said is the answer to the question that it names, where that is still open. Anything else is no yes: it is
    /// heard as what they say next.
    pub(crate) fn said(
        &mut self,
        id: CommandId,
        who: &str,
        at: Timestamp,
        text: &str,
    ) -> Result<(), Refusal> {
        let to = self.run.messages.iter().find(|message| message.id == id).and_then(|said| said.to.clone());
        let Some(to) = to else { return Ok(()) };
        while let Some((role, asked)) = self.asked_in_talk(&to, at) {
            let meant = if asked.is_free() { Meant::Yes } else { meant(text) };
            let answer = match meant {
                Meant::Yes if asked.is_free() => text.to_owned(),
                Meant::Yes => asked.answers.first().cloned().unwrap_or_default(),
                Meant::No | Meant::Neither => asked.answers.last().cloned().unwrap_or_default(),
            };
            let is_heard = meant == Meant::Neither;
            let reason = is_heard.then(|| format!("{role} said neither yes nor no; what they said follows"));
            let step = self.step_asking(&to);
            self.take_answer(Answering {
                id: to.clone(),
                role,
                answer,
                who: who.to_owned(),
                at,
                note: String::new(),
                message: (!is_heard).then(|| id.clone()),
                reason,
            })?;
            if let Some(step) = step.filter(|_| is_heard) {
                return self.tell_step(&step, MessageHeard { id });
            }
        }
        Ok(())
    }

    /// Whoever left is asked nothing any more.
    pub(crate) fn left(&mut self) -> Result<(), Refusal> {
        let open = |call: &Call| {
            let question = call.question()?;
            self.run.is_in_talk(question.open_roles()).then(|| (call.id.clone(), question.id().clone()))
        };
        let open: Vec<(CallId, ApprovalId)> = self.run.calls().filter_map(open).collect();
        for (call, id) in open {
            let why = "they have left the conversation".to_owned();
            self.tell_call(&call, handfast_events::ApprovalWithdrawn { id, why })?;
        }
        Ok(())
    }

    /// The next role that this question asks in the conversation, where it may still be answered.
    fn asked_in_talk(&self, id: &ApprovalId, at: Timestamp) -> Option<(String, ApprovalAsked)> {
        let (_, _, question) = self.open_question(id)?;
        let asked = &question.asked;
        let role = question.open_roles().find(|role| self.run.is_spoken_for(&role.role))?;
        asked.until.is_none_or(|until| at <= until).then(|| (role.role.clone(), (**asked).clone()))
    }

    fn step_asking(&self, id: &ApprovalId) -> Option<StepId> {
        self.open_question(id).map(|(step, ..)| step)
    }

    /// Whether the call is an agent's question to people.
    pub(crate) fn is_ask(&self, call: &Call) -> bool {
        &*call.tool == ASK && call.purpose.is_none() && !self.asked_roles(&call.id.step()).is_empty()
    }

    /// Whom the agent of this step talks to.
    fn asked_roles(&self, step: &StepId) -> &[String] {
        let agent = self.agent_step(step).and_then(|agent| self.run.plan.briefing(&agent.agent));
        agent.map(|briefing| briefing.agent.talks_to.as_slice()).unwrap_or_default()
    }

    /// Why an agent's question can't be put; none where it can.
    pub(crate) fn objection_to_asking(&self, call: &Call) -> Option<CallRefused> {
        let roles = self.asked_roles(&call.id.step());
        let question = call.args.get("question").and_then(Value::as_str).unwrap_or_default();
        let of = call.args.get("of").and_then(Value::as_str);
        let reason = if question.trim().is_empty() {
            "it asks nothing".to_owned()
        } else if question.chars().count() > QUESTION_CHARS {
            format!("a question has at most {QUESTION_CHARS} characters")
        } else if of.map_or(roles.len() > 1, |of| !roles.iter().any(|role| role == of)) {
            format!("`of` is one of: {}", roles.join(", "))
        } else {
            return None;
        };
        Some(self.unasked(call, reason, "Ask again with `question`, in few words."))
    }

    fn unasked(&self, call: &Call, reason: String, mend: &str) -> CallRefused {
        let agent = self.agent_step(&call.id.step()).map_or("", |agent| &agent.agent);
        CallRefused {
            clause: format!("agents.{agent}.talks_to"),
            sentence: "somebody can be asked".into(),
            reason,
            mend: mend.into(),
        }
    }

    /// Puts an agent's question to whom it is for.
    pub(crate) fn put_question(&mut self, id: &CallId) -> Result<(), Refusal> {
        let Some(call) = self.run.call(id).cloned() else { return Ok(()) };
        let roles = self.asked_roles(&id.step());
        let of = call.args.get("of").and_then(Value::as_str);
        let Some(role) = roles.iter().find(|role| of.is_none_or(|of| of == *role)).cloned() else {
            return Ok(());
        };
        let agent = self.agent_step(&id.step()).map_or("", |agent| &agent.agent);
        let reached = match self.run.is_spoken_for(&role) {
            true => Reach::Conversation,
            false => Reach::Inbox,
        };
        if reached == Reach::Conversation && self.run.has_left() {
            let refused = self.unasked(&call, "they have left the conversation".into(), "Finish without.");
            return self.tell_call(id, refused);
        }
        let question = call.args.get("question").and_then(Value::as_str).unwrap_or_default();
        let asked = ApprovalAsked {
            id: self.fresh_id(id.as_str(), call.asked + 1),
            clause: format!("agents.{agent}.talks_to"),
            roles: vec![RoleAsked { role, reached, when: None, is_asked: true }],
            question: question.to_owned(),
            answers: Vec::new(),
            subject: Digest::of(&canonical(&call.args)),
            presents: None,
            tool: None,
            effects: Vec::new(),
            until: None,
            limit_at: None,
            unanswered: None,
            valid_ms: None,
        };
        self.tell_call(id, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::{Meant, meant};

    #[test]
    fn only_a_few_words_are_a_yes() {
        for yes in ["yes", " Yes! ", "YES, please.", "y", "confirm"] {
            assert_eq!(meant(yes), Meant::Yes, "{yes}");
        }
        for no in ["no", "No.", "no, thanks", "stop!", "cancel"] {
            assert_eq!(meant(no), Meant::No, "{no}");
        }
        for neither in ["", "yes but only half of it", "yesterday", "why?", "not yes", "ok", "yes no"] {
            assert_eq!(meant(neither), Meant::Neither, "{neither}");
        }
    }
}
