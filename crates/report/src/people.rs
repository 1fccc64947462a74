//! What people are asked, as they are to read it: never a model's words alone, and nothing hidden.

use handfast_events::{ApprovalId, CallId, StepId, canonical};
use serde_json::Value;

use crate::explain::{Explanation, NextStep, step as next_step};
use crate::text::shell_word;
use crate::trace::{Call, Question, QuestionEnd, Step, Trace};

/// A question of a run, and where it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The question.
    pub question: &'a Question,
    /// By which step.
    pub step: &'a Step,
    /// About which call, where it is about one.
    pub call: Option<&'a Call>,
}

impl Trace {
    /// Everything that people were asked.
    pub fn questions(&self) -> impl Iterator<Item = Asked<'_>> {
        self.steps.iter().flat_map(|step| {
            let own = step.questions.iter().map(move |question| Asked { question, step, call: None });
            let of_calls = step.all_calls().flat_map(move |call| {
                call.questions.iter().map(move |question| Asked { question, step, call: Some(call) })
            });
            own.chain(of_calls)
        })
    }

    /// The question of this id.
    pub fn question(&self, id: &ApprovalId) -> Option<Asked<'_>> {
        self.questions().find(|asked| asked.question.asked.id == *id)
    }
}

impl Asked<'_> {
    /// Where it is asked: the call, or the step.
    pub fn place(&self) -> &str {
        self.call.map_or(self.step.id.as_str(), |call| call.id.as_str())
    }

    /// What is known of it, one fact a line: what it is about, by which clause, of whom, until when.
    pub fn facts(&self) -> Vec<String> {
        let asked = &self.question.asked;
        let mut facts = Vec::new();
        if let Some(call) = self.call {
            let args = String::from_utf8_lossy(&canonical(&call.args)).into_owned();
            facts.push(format!("{} is a call of `{}` with {args}", call.id, call.tool));
            facts.push(match asked.effects.as_slice() {
                [] => "it changes nothing".to_owned(),
                effects => format!("it {}", effects.join("; it ")),
            });
        }
        facts.extend(asked.presents.iter().flat_map(presented));
        facts.push(format!("asked by {}", asked.clause));
        for role in &asked.roles {
            let when = role.when.as_ref().map(|when| format!(", since `{when}`")).unwrap_or_default();
            let answer = self.question.answers.iter().find(|answer| answer.role == role.role);
            facts.push(match (answer, role.is_asked) {
                (Some(answer), _) => {
                    let note =
                        if answer.note.is_empty() { String::new() } else { format!(": {}", answer.note) };
                    format!("{} answered {}, by {}{note}", role.role, answer.answer, answer.who)
                }
                (None, true) => format!("{} is asked{when}", role.role),
                (None, false) => {
                    format!("{} is not asked{}", role.role, when.replacen("since", "only where", 1))
                }
            });
        }
        facts.extend(asked.until.map(|until| match &asked.unanswered {
            Some(answer) => format!("until {until}; then silence is {answer}"),
            None => format!("until {until}; then its step fails"),
        }));
        facts
    }

    /// The commands that answer it.
    pub fn verbs(&self) -> Vec<NextStep> {
        let asked = &self.question.asked;
        let roles: Vec<&str> = self.question.open_roles().map(|role| role.role.as_str()).collect();
        let several = roles.len() > 1;
        let mut verbs = Vec::new();
        for role in roles {
            let (whose, flag) = if several {
                (format!(" for {role}"), format!(" --as {}", shell_word(role)))
            } else {
                (String::new(), String::new())
            };
            if asked.is_free() {
                let command = format!("handfast answer {} TEXT{flag}", asked.id);
                verbs.push(next_step(format!("to answer it{whose}"), command));
            }
            for answer in &asked.answers {
                let id = &asked.id;
                let (when, command) = match answer.as_str() {
                    "approved" => (format!("to say yes{whose}"), format!("handfast approve {id}{flag}")),
                    "denied" => {
                        (format!("to say no{whose}"), format!("handfast deny {id}{flag} --note TEXT"))
                    }
                    other => {
                        let word = shell_word(other);
                        (format!("to answer `{other}`{whose}"), format!("handfast answer {id} {word}{flag}"))
                    }
                };
                verbs.push(next_step(when, command));
            }
        }
        verbs
    }

    /// How it ended, in a sentence; none while it is open.
    pub fn told(&self) -> Option<String> {
        let last = || self.question.answers.last();
        Some(match self.question.ended.as_ref()? {
            QuestionEnd::Answered(decision) => match last() {
                Some(answer) => {
                    let note =
                        if answer.note.is_empty() { String::new() } else { format!(": {}", answer.note) };
                    format!(
                        "{} by {} for {} at {}{note}",
                        decision.answer, answer.who, answer.role, answer.at
                    )
                }
                None => decision.answer.clone(),
            },
            QuestionEnd::Lapsed(Some(decision)) => {
                format!("{}, since nobody answered in time", decision.answer)
            }
            QuestionEnd::Lapsed(None) => "nobody answered in time".to_owned(),
            QuestionEnd::Withdrawn { why } => format!("withdrawn: {why}"),
        })
    }
}

/// What a step shows, whole: a text of several lines on lines of its own, which begin with a bar so that none of them can be
/// taken for another fact.
fn presented(shown: &Value) -> Vec<String> {
    let one = |name: &str, value: &Value| match value {
        Value::String(text) if text.contains('\n') => {
            let head = format!("it presents{name}:");
            std::iter::once(head).chain(text.lines().map(|line| format!("| {line}"))).collect()
        }
        Value::String(text) => vec![format!("it presents{name}: {text}")],
        value => vec![format!("it presents{name}: {value}")],
    };
    match shown {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().flat_map(|(name, value)| one(&format!(" {name}"), value)).collect()
        }
        shown => one("", shown),
    }
}

/// A run that waits for people: everything that is asked, with its verbs.
pub(crate) fn waits(trace: &Trace) -> Explanation {
    asked(trace, &trace.questions().filter(|asked| asked.question.is_open()).collect::<Vec<_>>())
}

/// These questions are open.
pub(crate) fn asked(trace: &Trace, open: &[Asked<'_>]) -> Explanation {
    let headline = match open {
        [one] => format!("it waits for an answer: {}", one.question.asked.question),
        several => format!("it waits for the answers to {} questions", several.len()),
    };
    let is_one = open.len() == 1;
    let talk = trace.asked_in_talk().filter(|id| open.iter().any(|one| one.question.asked.id == **id));
    let talk = talk
        .map(|_| next_step("to answer in the conversation", format!("handfast chat --run {}", trace.run)));
    let evidence = open.iter().flat_map(|asked| {
        let head = format!("{}: {}", asked.question.asked.id, asked.question.asked.question);
        (!is_one).then_some(head).into_iter().chain(asked.facts())
    });
    Explanation {
        headline,
        clause: open.first().filter(|_| is_one).map(|one| one.question.asked.clause.clone()),
        evidence: evidence.collect(),
        next: talk.into_iter().chain(open.iter().flat_map(Asked::verbs)).collect(),
        ..Explanation::bare(trace)
    }
}

/// What people decided, for whoever asks why a run ended as it did.
pub(crate) fn decided(trace: &Trace) -> impl Iterator<Item = String> {
    trace.questions().filter_map(|asked| {
        let told = asked.told()?;
        Some(format!("{} ({}): {told}", asked.question.asked.question, asked.place()))
    })
}

/// A place of a run, for somebody who types it.
pub(crate) fn place_of(step: &StepId, call: Option<&CallId>) -> String {
    call.map_or_else(|| step.to_string(), ToString::to_string)
}
