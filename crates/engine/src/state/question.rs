//! What people are asked, and what is known of the questions that are over.

use std::sync::Arc;

use handfast_events::{
    ApprovalAnswered, ApprovalAsked, ApprovalId, Body, Decision, Digest, RoleAsked, Timestamp,
};

use crate::limits::QUESTIONS_KEPT;

/// A question that waits for people.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) asked: Arc<ApprovalAsked>,
    /// Those who said yes, while others are still asked.
    pub(crate) answered: Vec<Arc<ApprovalAnswered>>,
}

/// A yes that nobody used yet.
#[derive(Clone, Debug)]
pub(crate) struct Yes {
    pub(crate) id: ApprovalId,
    /// What it is bound to.
    pub(crate) subject: Digest,
    /// From then on it doesn't count any more.
    pub(crate) until: Option<Timestamp>,
}

/// What an event does to an open question.
pub(crate) enum Moved {
    /// Others are still asked.
    Open(Question),
    /// It is decided.
    Decided(Decision),
    /// Silence decides nothing: whoever asked has failed.
    Lapsed,
    /// It doesn't count any more.
    Withdrawn,
}

impl Question {
    pub(crate) fn new(asked: &ApprovalAsked) -> Self {
        Self { asked: Arc::new(asked.clone()), answered: Vec::new() }
    }

    pub(crate) fn id(&self) -> &ApprovalId {
        &self.asked.id
    }

    /// Whether the event is about this question.
    pub(crate) fn hears(&self, body: &Body) -> bool {
        let id = match body {
            Body::ApprovalAnswered(answer) => &answer.id,
            Body::ApprovalLapsed(lapsed) => &lapsed.id,
            Body::ApprovalWithdrawn(withdrawn) => &withdrawn.id,
            _ => return false,
        };
        *id == self.asked.id
    }

    /// What such an event makes of it.
    pub(crate) fn evolve(mut self, body: &Body) -> Moved {
        match body {
            Body::ApprovalAnswered(answer) => match &answer.decides {
                Some(decision) => Moved::Decided(decision.clone()),
                None => {
                    self.answered.push(Arc::new(answer.clone()));
                    Moved::Open(self)
                }
            },
            Body::ApprovalLapsed(lapsed) => lapsed.decides.clone().map_or(Moved::Lapsed, Moved::Decided),
            _ => Moved::Withdrawn,
        }
    }

    /// When it is looked at again: silence decides then, or a limit around it is reached.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.asked.until.into_iter().chain(self.asked.limit_at).min()
    }

    /// Those who are asked and have not answered.
    pub(crate) fn open_roles(&self) -> impl Iterator<Item = &RoleAsked> {
        let is_open =
            |role: &&RoleAsked| role.is_asked && self.answered.iter().all(|answer| answer.role != role.role);
        self.asked.roles.iter().filter(is_open)
    }
}

/// How the newest questions ended, so that whoever answers too late is told what happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Over(Arc<Vec<(ApprovalId, Body, Timestamp)>>);

impl Over {
    /// Keeps how a question ended.
    pub(crate) fn follow(&mut self, body: &Body, time: Timestamp) {
        let id = match body {
            Body::ApprovalAnswered(answer) if answer.decides.is_some() => &answer.id,
            Body::ApprovalLapsed(lapsed) => &lapsed.id,
            Body::ApprovalWithdrawn(withdrawn) => &withdrawn.id,
            _ => return,
        };
        let over = Arc::make_mut(&mut self.0);
        over.retain(|(other, ..)| other != id);
        if over.len() >= QUESTIONS_KEPT {
            over.remove(0);
        }
        over.push((id.clone(), body.clone(), time));
    }

    /// How this one ended, where it is known.
    pub(crate) fn of(&self, id: &ApprovalId) -> Option<(&Body, Timestamp)> {
        self.0.iter().find(|(other, ..)| other == id).map(|(_, body, time)| (body, *time))
    }
}
