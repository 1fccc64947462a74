//! What a step does and what follows its failure, in a few words.

use crate::show::{repeats, span};
use crate::{ApprovalStep, ModelChoice, Otherwise, Step, StepWork, Wait};

/// Who does the work.
pub(super) fn work(step: &Step) -> String {
    match &step.work {
        StepWork::Agent(agent) => match &step.models {
            Some(models) => format!("agent {} on {}", agent.name, ModelChoice::told(models)),
            None => format!("agent {}", agent.name),
        },
        StepWork::Tool(tool) => format!("tool {} ({})", tool.name, repeats(tool)),
        StepWork::Workflow(name) => format!("workflow {name}"),
        StepWork::Approval(approval) => approval_words(approval),
        StepWork::Wait(Wait::Signal { name, within, .. }) => {
            let within = within.map(|within| format!(", at most {}", span(within))).unwrap_or_default();
            format!("wait for the signal {name}{within}")
        }
        StepWork::Wait(Wait::For(time)) => format!("wait {}", span(*time)),
        StepWork::Wait(Wait::Until(until)) => format!("wait until {until}"),
        StepWork::Choose(_) => "choose".to_owned(),
        StepWork::Repeat { times, until, .. } => format!("repeat at most {times} times, until {until}"),
        StepWork::Each { over, item, at_once, enough, .. } => {
            let mut text = format!("each {item} of {over}");
            if let Some(at_once) = at_once {
                text.push_str(&format!(", {at_once} at once"));
            }
            if let Some(enough) = enough {
                text.push_str(&format!(", {enough} are enough"));
            }
            text
        }
    }
}

fn approval_words(approval: &ApprovalStep) -> String {
    let by: Vec<String> = approval
        .by
        .iter()
        .map(|by| match &by.when {
            Some(when) => format!("{} (when {when})", by.role),
            None => by.role.clone(),
        })
        .collect();
    let mut text = format!("approval by {}: {}", by.join(" and "), approval.asks.join(" or "));
    if let Some(presents) = &approval.presents {
        text.push_str(&format!(", shown {presents}"));
    }
    match (&approval.within, &approval.unanswered) {
        (Some(within), Some(unanswered)) => text.push_str(&format!(", {unanswered} after {}", span(*within))),
        (Some(within), None) => text.push_str(&format!(", within {}", span(*within))),
        (None, _) => {}
    }
    text
}

/// What follows its failure, but for another step.
pub(super) fn follows(step: &Step) -> Option<String> {
    match step.otherwise.as_ref()? {
        Otherwise::Skip => Some("else skipped".to_owned()),
        Otherwise::Collect => Some("lanes that fail are left out".to_owned()),
        Otherwise::Value(value) => Some(format!("else {value}")),
        Otherwise::Step(_) => None,
    }
}
