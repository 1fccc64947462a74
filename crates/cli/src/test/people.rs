//! What people say in a test: what it gives, and nothing that it doesn't.

use handfast_contract::{Case, GivenAnswer};
use handfast_events::{Mail, StepId, Timestamp};
use handfast_report::Trace;
use handfast_store::MailRow;

/// The answers to all that is asked now.
///
/// # Errors
/// Somebody is asked of whom the test says nothing.
pub(super) fn answers(case: &Case, trace: &Trace, at: Timestamp) -> anyhow::Result<Vec<MailRow>> {
    let mut rows = Vec::new();
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
