//! What people say in a test: what it gives, and nothing that it doesn't.

use handfast_contract::{Case, GivenAnswer};
use handfast_events::{Mail, Timestamp};
use handfast_report::Trace;
use handfast_store::MailRow;

/// The answers to all that is asked now.
///
/// # Errors
/// Somebody is asked of whom the test says nothing.
pub(super) fn answers(case: &Case, trace: &Trace, at: Timestamp) -> anyhow::Result<Vec<MailRow>> {
    let mut rows = Vec::new();
    for asked in trace.questions().filter(|asked| asked.question.is_open()) {
        let tool = asked.call.map(|call| call.tool.as_str()).unwrap_or_default();
        let Some(given) = case.approvals.get(tool) else {
            anyhow::bail!(
                "nobody answers whether `{tool}` may be called: add `given.approvals.{tool}: approved`, `denied` or \
                 `unanswered`"
            );
        };
        let answer = match given {
            GivenAnswer::Approved => "approved",
            GivenAnswer::Denied => "denied",
            GivenAnswer::Unanswered => continue,
        };
        // One no decides; a yes is one of each who is asked.
        let roles = asked.question.open_roles().take(if answer == "denied" { 1 } else { usize::MAX });
        rows.extend(roles.map(|role| MailRow {
            id: handfast_host::new_command_id(),
            run: trace.run,
            who: format!("the test, for {}", role.role),
            at,
            mail: Mail::Answer {
                id: asked.question.asked.id.clone(),
                answer: answer.to_owned(),
                role: Some(role.role.clone()),
                note: String::new(),
            },
        }));
    }
    Ok(rows)
}
