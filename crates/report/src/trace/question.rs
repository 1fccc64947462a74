//! What people were asked, and how each question ended.

use handfast_events::{ApprovalAnswered, ApprovalAsked, Body, Decision, RoleAsked, Timestamp};
use serde::Serialize;

/// Something that people were asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// What was asked.
    pub asked: ApprovalAsked,
    /// When.
    pub at: Timestamp,
    /// Who answered what.
    pub answers: Vec<ApprovalAnswered>,
    /// How it ended; none while it is open.
    pub ended: Option<QuestionEnd>,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionEnd {
    /// By an answer.
    Answered(Decision),
    /// By silence, which is this answer; none where it only failed its step.
    Lapsed(Option<Decision>),
    /// It doesn't count any more.
    Withdrawn {
        /// Why.
        why: String,
    },
}

impl Question {
    /// Whether somebody may answer it.
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it was decided by a yes.
    pub fn is_yes(&self) -> bool {
        match &self.ended {
            Some(QuestionEnd::Answered(decision) | QuestionEnd::Lapsed(Some(decision))) => {
                self.asked.is_yes(&decision.answer)
            }
            _ => false,
        }
    }

    /// What somebody answered in their own words, where that was asked.
    pub(crate) fn words(&self) -> Option<String> {
        match &self.ended {
            Some(QuestionEnd::Answered(decision)) if self.asked.is_free() => Some(decision.answer.clone()),
            _ => None,
        }
    }

    /// The roles that are asked and have not answered.
    pub fn open_roles(&self) -> impl Iterator<Item = &RoleAsked> {
        self.asked.roles.iter().filter(|role| {
            role.is_asked && self.is_open() && self.answers.iter().all(|answer| answer.role != role.role)
        })
    }
}

/// Takes an event of people into the questions of its call or step; tells whether it was one.
pub(super) fn follow(questions: &mut Vec<Question>, time: Timestamp, body: &Body) -> bool {
    let id = match body {
        Body::ApprovalAsked(asked) => {
            questions.push(Question { asked: asked.clone(), at: time, answers: Vec::new(), ended: None });
            return true;
        }
        Body::ApprovalAnswered(answered) => &answered.id,
        Body::ApprovalLapsed(lapsed) => &lapsed.id,
        Body::ApprovalWithdrawn(withdrawn) => &withdrawn.id,
        _ => return false,
    };
    let Some(question) = questions.iter_mut().rev().find(|question| question.asked.id == *id) else {
        return true;
    };
    match body {
        Body::ApprovalAnswered(answered) => {
            question.answers.push(answered.clone());
            question.ended = answered.decides.clone().map(QuestionEnd::Answered);
        }
        Body::ApprovalLapsed(lapsed) => question.ended = Some(QuestionEnd::Lapsed(lapsed.decides.clone())),
        Body::ApprovalWithdrawn(withdrawn) => {
            question.ended = Some(QuestionEnd::Withdrawn { why: withdrawn.why.clone() });
        }
        _ => {}
    }
    true
}
