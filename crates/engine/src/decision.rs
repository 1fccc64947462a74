//! Steps that people decide: whoever is asked is shown what the contract says, and what they answer is the step's value.

use handfast_contract::{ApprovalStep, Expr, StepWork, Template};
use handfast_events::{
    ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Decision, Digest, Failure, FailureClass, Party,
    canonical,
};
use serde_json::{Map, Value, json};

use crate::Refusal;
use crate::decide::Draft;
use crate::people::clipped;
use crate::state::{Deciding, DecidingState, StepRun};

/// Who answered, where silence or the contract did.
const NOBODY: &str = "nobody";

impl Draft {
    pub(crate) fn move_deciding(&mut self, step: &StepRun, deciding: &Deciding) -> Result<(), Refusal> {
        let StepWork::Approval(approval) = &step.step.work else { return Ok(()) };
        match &deciding.state {
            DecidingState::Due => self.ask_people(step, deciding, approval),
            DecidingState::Asked(question) => {
                let is_over = question.asked.limit_at.is_some_and(|limit| limit <= self.now);
                if !is_over || self.pause_by_time(&step.id)? {
                    return Ok(());
                }
                let (id, why) = (question.id().clone(), "a limit on time was raised".to_owned());
                self.tell_step(&step.id, ApprovalWithdrawn { id, why })
            }
            DecidingState::Decided { decision, answered } => {
                let answered: Vec<&ApprovalAnswered> = answered.iter().map(|answer| &**answer).collect();
                self.give(&step.id, Some(decided(decision, &answered)))
            }
            DecidingState::Lapsed => {
                let failure = Failure::new(FailureClass::NotReached, "nobody answered in time");
                let clause = Some(format!("{}.approval.within", step.address()));
                self.fail(&step.id, failure, clause, Party::Person)
            }
        }
    }

    /// Where nobody is to be asked it is the first of the answers: as a call that nobody is asked about may be made.
    fn ask_people(
        &mut self,
        step: &StepRun,
        deciding: &Deciding,
        approval: &ApprovalStep,
    ) -> Result<(), Refusal> {
        if self.pause_by_time(&step.id)? {
            return Ok(());
        }
        match self.question_of(step, deciding, approval) {
            Ok(asked) if asked.roles.iter().any(|role| role.is_asked) => self.tell_step(&step.id, asked),
            Ok(asked) => {
                let answer = asked.answers.into_iter().next().unwrap_or_default();
                let decision = Decision { answer, valid_until: None };
                self.give(&step.id, Some(decided(&decision, &[])))
            }
            Err(fault) => self.cannot_evaluate(step, "approval", "its question can't be made", &fault),
        }
    }

    fn question_of(
        &self,
        step: &StepRun,
        deciding: &Deciding,
        approval: &ApprovalStep,
    ) -> Result<ApprovalAsked, String> {
        let exprs = approval.by.iter().filter_map(|by| by.when.as_ref());
        let exprs: Vec<&Expr> =
            exprs.chain(approval.saying.iter().flat_map(Template::exprs)).chain(&approval.presents).collect();
        let sight = self.run.sight(&step.frame, exprs);
        let scope = sight.scope();
        let roles = self.roles(&approval.by, &scope)?;
        let question = match &approval.saying {
            Some(saying) => saying.fill(&scope).map_err(|fault| format!("`saying`: {fault}"))?,
            None => format!("{}: {}?", step.id, approval.asks.join(" or ")),
        };
        let presents = match &approval.presents {
            Some(shown) => shown.eval(&scope).map_err(|fault| format!("`presents`: {fault}"))?,
            None => None,
        };
        let until = approval.within.and_then(|within| self.now.checked_add(within).ok());
        Ok(ApprovalAsked {
            id: self.fresh_id(step.id.as_str(), deciding.asked + 1),
            clause: format!("{}.approval", step.address()),
            roles,
            question: clipped(question),
            answers: approval.asks.clone(),
            subject: Digest::of(&canonical(presents.as_ref().unwrap_or(&Value::Null))),
            presents,
            tool: None,
            effects: Vec::new(),
            until,
            limit_at: self.time_ends(&step.id),
            unanswered: approval.unanswered.clone().filter(|_| until.is_some()),
            valid_ms: None,
        })
    }
}

/// What was decided, with those who said so and what they had to say about it.
fn decided(decision: &Decision, answered: &[&ApprovalAnswered]) -> Value {
    let mut by: Vec<&str> = Vec::new();
    let mut notes: Vec<&str> = Vec::new();
    for answer in answered.iter().filter(|answer| answer.answer == decision.answer) {
        if !by.contains(&answer.who.as_str()) {
            by.push(&answer.who);
        }
        notes.extend(Some(answer.note.as_str()).filter(|note| !note.is_empty()));
    }
    let by = if by.is_empty() { NOBODY.to_owned() } else { by.join(", ") };
    let mut value = Map::from_iter([("decision".into(), json!(decision.answer)), ("by".into(), json!(by))]);
    if !notes.is_empty() {
        value.insert("note".into(), json!(notes.join("\n")));
    }
    Value::Object(value)
}
