//! Whose yes a call needs: people are asked once all else is well, and their answers are held against what was asked.
//!
//! Nothing is reserved or held while they decide, so a call is looked at once more when it is sent.

use std::time::Duration;

use handfast_contract::{Approval, Approver, Effect, EffectKind, Reached, Scope, Tool, Unanswered};
use handfast_events::{
    ApprovalAnswered, ApprovalAsked, ApprovalId, ApprovalLapsed, ApprovalWithdrawn, Body, CallId,
    CallRefused, CommandId, Decision, Digest, Hasher, Mail, Reach, RoleAsked, StepId, Timestamp, canonical,
};

use serde_json::json;

use crate::decide::Draft;
use crate::limits::{QUESTION_CHARS, YES_VALID};
use crate::state::{Call, Phase, Question};
use crate::{Refusal, UNEVALUABLE, first_of};

/// What people say to a call.
const APPROVED: &str = "approved";
const DENIED: &str = "denied";

/// An answer that is taken in.
pub(crate) struct Answering {
    pub(crate) id: ApprovalId,
    pub(crate) role: String,
    pub(crate) answer: String,
    pub(crate) who: String,
    pub(crate) at: Timestamp,
    pub(crate) note: String,
    /// The message that says so.
    pub(crate) message: Option<CommandId>,
    /// Why a call is refused by it, where that is not what the answer says.
    pub(crate) reason: Option<String>,
}

impl Draft {
    /// Whether the call has the yes that it needs. Where it has not, people are asked, or it is refused.
    pub(crate) fn has_yes(&mut self, call: &Call, tool: &Tool) -> Result<bool, Refusal> {
        // What hangs behind another call is the contract's own, and nobody's to allow.
        let is_needed = call.purpose.is_none() && call.yes().is_none();
        let Some(approval) = tool.approval.as_ref().filter(|_| is_needed) else { return Ok(true) };
        if self.pause_call(&call.id.step(), &call.tool, tool.limits.attempts, 0)? {
            return Ok(false);
        }
        match self.question_about(call, tool, approval) {
            Ok(asked) if self.run.has_left() && self.run.is_in_talk(asked.roles.iter()) => {
                self.refuse(call, tool, "who would have to say yes has left the conversation")
            }
            Ok(asked) if asked.roles.iter().any(|role| role.is_asked) => {
                self.tell_call(&call.id, asked)?;
                Ok(false)
            }
            // Nobody is asked about such a call. Were people asked before, as for another state of the world, only their
            // yes lets it go.
            Ok(_) if call.asked == 0 => Ok(true),
            Ok(_) => self.refuse(call, tool, "people were asked about it before, and now nobody is"),
            Err(fault) => self.refuse(call, tool, &format!("{UNEVALUABLE}: {fault}")),
        }
    }

    /// Whether a yes still counts when the call is about to leave: not for too long, and the world may have changed while
    /// people decided.
    pub(crate) fn yes_counts(&mut self, call: &Call, tool: &Tool) -> Result<bool, Refusal> {
        let Some(yes) = call.yes() else { return Ok(true) };
        let now = tool.approval.as_ref().map(|approval| self.question_about(call, tool, approval));
        let is_same = matches!(&now, Some(Ok(asked)) if asked.subject == yes.subject);
        let why = match () {
            () if yes.until.is_some_and(|until| self.now > until) => {
                "it was not used in time; it is asked anew"
            }
            () if !is_same => "what it would do is not what was decided on any more; it is asked anew",
            () => "",
        };
        if !why.is_empty() {
            let withdrawn = ApprovalWithdrawn { id: yes.id.clone(), why: why.to_owned() };
            return self.tell_call(&call.id, withdrawn).map(|()| false);
        }
        match self.objection_to_call(&call.id) {
            Some(refused) => self.tell_call(&call.id, refused).map(|()| false),
            None => Ok(true),
        }
    }

    fn refuse(&mut self, call: &Call, tool: &Tool, reason: &str) -> Result<bool, Refusal> {
        let refused = CallRefused {
            clause: tool.address("approval"),
            sentence: "it needs a person's yes".into(),
            reason: reason.to_owned(),
            mend: "Do without: the contract's author must mend this clause.".into(),
        };
        self.tell_call(&call.id, refused).map(|()| false)
    }

    fn question_about(&self, call: &Call, tool: &Tool, approval: &Approval) -> Result<ApprovalAsked, String> {
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground);
        let (asked, effects) = (self.roles(&approval.by, &scope)?, would_do(tool, &scope));
        let question = match &approval.saying {
            Some(saying) => saying.fill(&scope).map_err(|fault| format!("`saying`: {fault}"))?,
            None => {
                format!("Call `{}` with {}?", tool.name, String::from_utf8_lossy(&canonical(&call.args)))
            }
        };
        let until = approval.within.and_then(|within| self.now.checked_add(within).ok());
        let silence = match approval.unanswered {
            Unanswered::Deny => DENIED,
            Unanswered::Approve => APPROVED,
        };
        let subject = self.subject(call, tool, &asked, &effects)?;
        Ok(ApprovalAsked {
            id: self.fresh_id(call.id.as_str(), call.asked + 1),
            clause: tool.address("approval"),
            roles: asked,
            question: clipped(question),
            answers: vec![APPROVED.to_owned(), DENIED.to_owned()],
            subject,
            presents: None,
            tool: Some(self.tool_digest(tool)),
            effects,
            until,
            limit_at: None,
            unanswered: until.map(|_| silence.to_owned()),
            valid_ms: Some(
                u64::try_from(approval.valid.unwrap_or(YES_VALID).as_millis()).unwrap_or(u64::MAX),
            ),
        })
    }

    /// What a yes is bound to: the arguments, what would be sent and done, and whom that asks.
    fn subject(
        &self,
        call: &Call,
        tool: &Tool,
        roles: &[RoleAsked],
        effects: &[String],
    ) -> Result<Digest, String> {
        let sends = self.sends(call, tool).map_err(|(part, fault)| format!("`{part}`: {fault}"))?;
        let asked: Vec<&str> = roles.iter().filter(|role| role.is_asked).map(|role| &*role.role).collect();
        let bound = json!({ "args": *call.args, "sends": sends, "effects": effects, "asked": asked });
        Ok(Digest::of(&canonical(&bound)))
    }

    /// Every role that a clause names, and whether it is asked.
    pub(crate) fn roles(&self, by: &[Approver], scope: &Scope<'_>) -> Result<Vec<RoleAsked>, String> {
        let known = &self.run.plan.contract().roles;
        let one = |approver: &Approver| {
            let is_asked = match &approver.when {
                None => true,
                Some(when) => when.holds(scope).map_err(|fault| format!("`when`: {fault}"))?,
            };
            let reached = match known.get(&approver.role).map(|role| role.reached) {
                Some(Reached::Conversation) => Reach::Conversation,
                Some(Reached::Inbox) | None => Reach::Inbox,
            };
            let when = approver.when.as_ref().map(|when| when.source().to_owned());
            Ok(RoleAsked { role: approver.role.clone(), reached, when, is_asked })
        };
        by.iter().map(one).collect()
    }

    /// An id that no open question of the run has.
    pub(crate) fn fresh_id(&self, place: &str, ordinal: u32) -> ApprovalId {
        let ids = (ordinal..).map(|ordinal| ApprovalId::of(self.run.id, place, ordinal));
        let is_free = |id: &ApprovalId| self.open_question(id).is_none() && self.run.over.of(id).is_none();
        let mut free = ids.filter(is_free);
        free.next().unwrap_or_else(|| ApprovalId::of(self.run.id, place, ordinal))
    }

    /// A run stays with its contract, so the contract and the tool's name say which promise it is.
    fn tool_digest(&self, tool: &Tool) -> Digest {
        let mut hasher = Hasher::default();
        hasher.update(self.run.plan.contract().digest.as_bytes());
        hasher.update(tool.name.as_bytes());
        hasher.finish()
    }

    /// An open question, and where it was asked.
    pub(crate) fn open_question(&self, id: &ApprovalId) -> Option<(StepId, Option<CallId>, &Question)> {
        let of_calls = self
            .run
            .calls()
            .filter_map(|call| Some((call.id.step(), Some(call.id.clone()), call.question()?)));
        let of_steps =
            self.run.steps.iter().filter_map(|step| Some((step.id.clone(), None, step.question()?)));
        of_calls.chain(of_steps).find(|(.., question)| question.id() == id)
    }

    /// Why an answer doesn't count; none where it does.
    pub(crate) fn objection_to_answer(
        &self,
        id: &ApprovalId,
        answer: &str,
        role: Option<&str>,
        at: Timestamp,
    ) -> Option<String> {
        let Some((_, _, question)) = self.open_question(id) else { return Some(self.is_over(id)) };
        let asked = &question.asked;
        if asked.is_free() && answer.trim().is_empty() {
            return Some("it asks for words, and there are none".into());
        }
        if !asked.is_free() && !asked.answers.iter().any(|one| one == answer) {
            let answers = asked.answers.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>();
            return Some(format!("`{answer}` is no answer to it: say one of {}", answers.join(", ")));
        }
        if let Some(until) = asked.until.filter(|until| at > *until) {
            return Some(format!("it could be answered until {until}"));
        }
        let Err(why) = answering(question, role) else { return None };
        Some(why)
    }

    /// What became of a question that is not open.
    fn is_over(&self, id: &ApprovalId) -> String {
        let Some((body, time)) = self.run.over.of(id) else {
            return format!("nothing waits for an answer by the id `{id}`: see `handfast inbox`");
        };
        match body {
            Body::ApprovalAnswered(answer) => {
                let ApprovalAnswered { answer, who, role, at, .. } = answer;
                format!("it was answered already: {answer}, by {who} for {role} at {at}")
            }
            Body::ApprovalLapsed(_) => format!("nobody answered in time: it lapsed at {time}"),
            Body::ApprovalWithdrawn(withdrawn) => format!("it was withdrawn at {time}: {}", withdrawn.why),
            _ => "it is over".to_owned(),
        }
    }

    /// Takes an answer in that nothing is to be said against.
    pub(crate) fn answer(&mut self, who: String, at: Timestamp, mail: Mail) -> Result<(), Refusal> {
        let Mail::Answer { id, answer, role, note } = mail else { return Ok(()) };
        let Some((_, _, question)) = self.open_question(&id) else { return Ok(()) };
        let Ok(role) = answering(question, role.as_deref()) else { return Ok(()) };
        self.take_answer(Answering { id, role, answer, who, at, note, message: None, reason: None })
    }

    pub(crate) fn take_answer(&mut self, said: Answering) -> Result<(), Refusal> {
        let Answering { id, role, answer, who, at, note, message, reason } = said;
        let Some((step, call, question)) = self.open_question(&id) else { return Ok(()) };
        let is_last = question.open_roles().count() == 1;
        let is_yes = question.asked.is_free() || question.asked.is_yes(&answer);
        let decides = (is_last || !is_yes).then(|| self.decision(&question.asked, &answer, at.min(self.now)));
        let (is_no, clause) = (decides.is_some() && !is_yes, question.asked.clause.clone());
        let told = if note.is_empty() { String::new() } else { format!(": {note}") };
        let reason = reason.unwrap_or_else(|| format!("{role} ({who}) said no{told}"));
        let answered = ApprovalAnswered { id, role, answer, who, at, note, message, decides };
        match call {
            Some(call) => {
                self.tell_call(&call, answered)?;
                if is_no { self.deny(&call, clause, reason) } else { Ok(()) }
            }
            None => self.tell_step(&step, answered),
        }
    }

    fn decision(&self, asked: &ApprovalAsked, answer: &str, at: Timestamp) -> Decision {
        let valid = asked.valid_ms.filter(|_| asked.is_yes(answer)).map(Duration::from_millis);
        let valid_until = valid.and_then(|valid| at.checked_add(valid).ok());
        Decision { answer: answer.to_owned(), valid_until }
    }

    fn deny(&mut self, call: &CallId, clause: String, reason: String) -> Result<(), Refusal> {
        let mend = "Don't make the same call again: mend it by what was said, or do without.".to_owned();
        self.tell_call(call, CallRefused { clause, sentence: "it needs a person's yes".into(), reason, mend })
    }

    /// Questions whose time is over: silence decides, as their clauses say.
    pub(crate) fn lapse(&mut self) -> Result<(), Refusal> {
        let is_over = |question: &&Question| question.asked.until.is_some_and(|until| until <= self.now);
        let over: Vec<ApprovalId> =
            self.run.questions().filter(is_over).map(|question| question.id().clone()).collect();
        for id in over.iter().filter(|_| self.run.phase == Phase::Running).collect::<Vec<_>>() {
            let Some((step, call, question)) = self.open_question(id) else { continue };
            let asked = question.asked.clone();
            let decides = asked.unanswered.as_ref().map(|answer| self.decision(&asked, answer, self.now));
            let is_yes = decides.as_ref().is_some_and(|decision| asked.is_yes(&decision.answer));
            let lapsed = ApprovalLapsed { id: id.clone(), decides };
            match call {
                Some(call) => {
                    self.tell_call(&call, lapsed)?;
                    if !is_yes {
                        let reason = "nobody answered in time, and silence is a no".to_owned();
                        self.deny(&call, asked.clause.clone(), reason)?;
                    }
                }
                None => self.tell_step(&step, lapsed)?,
            }
        }
        Ok(())
    }

    /// No question stays open, and no yes unused, where nothing may leave.
    pub(crate) fn withdraw_all(&mut self, why: &str) -> Result<(), Refusal> {
        self.withdraw(|_| true, why)
    }

    /// The same for these steps.
    pub(crate) fn withdraw(&mut self, of: impl Fn(&StepId) -> bool, why: &str) -> Result<(), Refusal> {
        let calls = self.run.calls().filter(|call| of(&call.id.step()));
        let open = calls.filter_map(|call| {
            let id = call.question().map(Question::id).or_else(|| call.yes().map(|yes| &yes.id))?;
            Some((call.id.clone(), id.clone()))
        });
        for (call, id) in open.collect::<Vec<_>>() {
            self.tell_call(&call, ApprovalWithdrawn { id, why: why.to_owned() })?;
        }
        let asking = self.run.steps.iter().filter(|step| of(&step.id));
        let asking = asking.filter_map(|step| Some((step.id.clone(), step.question()?.id().clone())));
        for (step, id) in asking.collect::<Vec<_>>() {
            self.tell_step(&step, ApprovalWithdrawn { id, why: why.to_owned() })?;
        }
        Ok(())
    }
}

/// For which role an answer is, or what must be said.
fn answering(question: &Question, role: Option<&str>) -> Result<String, String> {
    let open: Vec<&str> = question.open_roles().map(|role| role.role.as_str()).collect();
    let as_one = || open.iter().map(|role| format!("`--as {role}`")).collect::<Vec<_>>().join(" or ");
    let Some(role) = role else {
        return match open.as_slice() {
            [one] => Ok((*one).to_owned()),
            _ => Err(format!("several are asked: say for whom, {}", as_one())),
        };
    };
    if open.contains(&role) {
        return Ok(role.to_owned());
    }
    if let Some(before) = question.answered.iter().find(|answer| answer.role == role) {
        return Err(format!("{role} has answered already: {}, by {}", before.answer, before.who));
    }
    let named = question.asked.roles.iter().find(|named| named.role == role);
    let why = match named.and_then(|named| named.when.as_deref()) {
        Some(when) => format!("{role} is not asked about this one, since `{when}` does not hold"),
        None => format!("{role} is not asked"),
    };
    Err(format!("{why}: answer {}", as_one()))
}

/// What a call would do, as its contract says.
fn would_do(tool: &Tool, scope: &Scope<'_>) -> Vec<String> {
    let happens = |effect: &Effect| effect.when.as_ref().is_none_or(|when| when.holds(scope).unwrap_or(true));
    let told = tool.effects.iter().filter(|effect| effect.kind != EffectKind::Reads && happens(effect)).map(
        |effect| {
            let words = matches!(effect.kind, EffectKind::Notifies | EffectKind::Enqueues);
            let filled = if words { effect.target.fill(scope) } else { effect.target.fill_resource(scope) };
            format!("{} {}", effect.kind.verb(), filled.unwrap_or_else(|_| effect.target.source().to_owned()))
        },
    );
    told.collect()
}

pub(crate) fn clipped(question: String) -> String {
    match first_of(&question, QUESTION_CHARS) {
        None => question,
        Some(first) => format!("{first}…"),
    }
}
