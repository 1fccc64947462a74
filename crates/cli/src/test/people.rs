//! What people say in a test: what it gives, and nothing that it doesn't.

use handfast_contract::{Action, Case, GivenAnswer};
use handfast_events::{Mail, StepId, Timestamp};
use handfast_report::{Speaker, Trace};
use handfast_store::MailRow;

/// The answers to all that is asked now.
///
/// # Errors
/// Somebody is asked of whom the test says nothing.
pub(super) fn answers(case: &Case, trace: &Trace, at: Timestamp) -> anyhow::Result<Vec<MailRow>> {
    let mut rows = Vec::new();
    if let Some(row) = says(case, trace, at) {
        return Ok(vec![row]);
    }
    for asked in trace.questions().filter(|asked| asked.question.is_open()) {
        let what = match asked.call {
            Some(call) => call.tool.clone(),
            None => format!("steps.{}", name_of(&asked.step.id)),
        };
        let answers = &asked.question.asked.answers;
        let Some(given) = case.approvals.get(what.as_str()) else {
            let question = match asked.call {
                Some(call) => format!("whether `{}` may be called", call.tool),
                None => format!("what step `{}` asks", asked.step.id),
            };
            let words = answers.join("`, `");
            anyhow::bail!("nobody answers {question}: add `given.approvals.{what}: {words}` or `unanswered`");
        };
        let GivenAnswer::Said(answer) = given else { continue };
        // Another answer than the yes decides alone; a yes is one of each who is asked.
        let is_yes = asked.question.asked.is_yes(answer);
        let roles = asked.question.open_roles().take(if is_yes { usize::MAX } else { 1 });
        rows.extend(roles.map(|role| MailRow {
            id: handfast_host::new_command_id(),
            run: trace.run,
            who: format!("the test, for {}", role.role),
            at,
            mail: Mail::Answer {
                id: asked.question.asked.id.clone(),
                answer: answer.clone(),
                role: Some(role.role.clone()),
                note: String::new(),
            },
        }));
    }
    Ok(rows)
}

/// A step's own name, without what holds it, its round or its lane.
fn name_of(step: &StepId) -> &str {
    let last = step.as_str().rsplit('/').next().unwrap_or_default();
    last.split(['~', '#', '[']).next().unwrap_or_default()
}

/// What is said next in a conversation: where it listens, and to an agent's own question. After the last thing they leave.
fn says(case: &Case, trace: &Trace, at: Timestamp) -> Option<MailRow> {
    let Action::Run { says, .. } = &case.action else { return None };
    let to = trace.asked_in_talk();
    let asked = to.and_then(|id| trace.question(id));
    let is_words = asked.as_ref().is_some_and(|asked| asked.question.asked.is_free());
    let is_given = asked
        .and_then(|asked| asked.call)
        .is_some_and(|call| case.approvals.contains_key(call.tool.as_str()));
    let is_ours = to.map_or(trace.listening().is_some(), |_| is_words || !is_given);
    let said = trace.talk.iter().filter(|line| matches!(line.by, Speaker::Person { .. })).count();
    let mail = match says.get(said) {
        Some(text) => Mail::Say { text: text.clone(), to: to.cloned() },
        None if to.is_none() => Mail::Leave,
        None => return None,
    };
    let id = handfast_host::new_command_id();
    is_ours.then(|| MailRow { id, run: trace.run, who: "the test".to_owned(), at, mail })
}
