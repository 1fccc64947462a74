//! What people were asked and said, as the watch sees it.

use std::collections::BTreeSet;

use handfast_events::{ApprovalAsked, Body, CallId, Digest, Event, Output, StepId, canonical};
use jiff::Timestamp;
use serde_json::json;

use super::Watch;
use crate::Law;

/// What the journal says of one question to people.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) asked: ApprovalAsked,
    step: Option<StepId>,
    call: Option<CallId>,
    pub(crate) answered: BTreeSet<String>,
    pub(crate) is_open: bool,
    /// A yes that is not used yet, and until when it may be.
    yes: Option<Option<Timestamp>>,
    /// What was decided.
    said: Option<String>,
}

impl Watch {
    pub(super) fn question(&mut self, event: &Event) {
        match &event.body {
            Body::ApprovalAsked(asked) => {
                let question = Question {
                    asked: asked.clone(),
                    step: event.step.clone(),
                    call: event.call.clone(),
                    answered: BTreeSet::new(),
                    is_open: true,
                    yes: None,
                    said: None,
                };
                self.questions.insert(asked.id.clone(), question);
            }
            Body::ApprovalAnswered(answered) => {
                let Some(question) = self.questions.get_mut(&answered.id) else { return };
                question.answered.insert(answered.role.clone());
                if let Some(decision) = &answered.decides {
                    (question.is_open, question.said) = (false, Some(decision.answer.clone()));
                    let is_yes = question.asked.is_yes(&decision.answer);
                    // Silence of another role can't make a yes of one: each that is asked must have said it.
                    let asked = question.asked.roles.iter().filter(|role| role.is_asked);
                    let is_whole = asked.clone().all(|role| question.answered.contains(&role.role));
                    question.yes = (is_yes && is_whole).then_some(decision.valid_until);
                }
            }
            Body::ApprovalLapsed(lapsed) => {
                let Some(question) = self.questions.get_mut(&lapsed.id) else { return };
                question.is_open = false;
                question.said = lapsed.decides.as_ref().map(|decision| decision.answer.clone());
                let yes = lapsed.decides.as_ref().filter(|decision| question.asked.is_yes(&decision.answer));
                question.yes = yes.map(|decision| decision.valid_until);
            }
            Body::ApprovalWithdrawn(withdrawn) => {
                let Some(question) = self.questions.get_mut(&withdrawn.id) else { return };
                (question.is_open, question.yes) = (false, None);
            }
            _ => {}
        }
    }

    /// Never unasked: the first intent of a call uses up a yes to its exact arguments, where its contract asks for one.
    pub(super) fn used(&mut self, at: u64, event: &Event) {
        let Some(id) = event.call.as_ref().filter(|id| id.behind().is_none()) else { return };
        let Some(story) = self.calls.get(id) else { return };
        if !self.subject.rules.asks(&story.tool, &story.args) {
            return;
        }
        let Body::CallIntended(intent) = &event.body else { return };
        // What leaves is what was decided on: to the byte, and by all whom that asks.
        let is_decided_on = |asked: &ApprovalAsked| {
            let roles = asked.roles.iter().filter(|role| role.is_asked).map(|role| role.role.as_str());
            let (sends, effects) = (&intent.sends, &asked.effects);
            let roles: Vec<&str> = roles.collect();
            let bound = json!({ "args": story.args, "sends": sends, "effects": effects, "asked": roles });
            asked.subject == Digest::of(&canonical(&bound))
        };
        let yes = self.questions.values_mut().find(|question| {
            question.call.as_ref() == Some(id)
                && is_decided_on(&question.asked)
                && question.yes.is_some_and(|until| until.is_none_or(|until| event.time <= until))
        });
        match yes {
            Some(question) => question.yes = None,
            None => self.broke(Law::NeverUnasked, at, format!("call {id} was intended without its yes")),
        }
    }

    /// Never unsaid: what a step that people decide gives is what they decided, or silence did.
    pub(super) fn gave(&mut self, at: u64, step: Option<&StepId>, output: &Output) {
        let own = |question: &&Question| question.call.is_none() && question.step.as_ref() == step;
        let mut own = self.questions.values().filter(own).peekable();
        let (Some(step), Output::Value(value)) = (step, output) else { return };
        // What stands for a step that failed is its contract's.
        if own.peek().is_none() || self.failed.contains(step) {
            return;
        }
        let gave = value.get("decision").and_then(|decision| decision.as_str());
        let is_said = |question: &Question| {
            let is_whole = question.yes.is_some() || gave.is_none_or(|gave| !question.asked.is_yes(gave));
            question.said.as_deref() == gave && is_whole
        };
        if !own.any(is_said) {
            self.broke(Law::NeverUnsaid, at, format!("step {step} gave {value}, and nobody said that"));
        }
    }
}
