//! Steps that hold steps, and steps that wait.

use handfast_events::*;
use serde_json::json;

use FailureClass as Class;

use super::{failure, time};

type Sample = (Option<&'static str>, Option<&'static str>, Body);

/// One of each, and of each form.
pub(super) fn all() -> Vec<Sample> {
    let kinds = [
        (StepKind::Workflow("notify".into()), json!({ "text": "…" })),
        (StepKind::Wait, json!(null)),
        (StepKind::Choose, json!(null)),
        (StepKind::Repeat, json!(null)),
        (StepKind::Each, json!(["rust", "go"])),
    ];
    let mut bodies: Vec<Body> =
        kinds.into_iter().map(|(kind, input)| StepStarted { kind, input }.into()).collect();
    bodies.push(StepSucceeded { output: Output::Absent }.into());
    let (failed, not_reached) = (StepId::new("study[1]/found"), failure(Class::NotReached));
    let caught_by = Some(StepId::new("study[1]"));
    bodies.extend([
        StepFailed {
            failure: failure(Class::Author),
            clause: None,
            party: Party::Author,
            from: Vec::new(),
            caught_by,
        }
        .into(),
        StepFailed {
            failure: not_reached.clone(),
            clause: None,
            party: Party::Step,
            from: Vec::new(),
            caught_by: None,
        }
        .into(),
        BranchChosen { branch: "urgent".into() }.into(),
        RoundStarted { round: 2 }.into(),
        LaneStarted { lane: 1 }.into(),
        LaneFinished { lane: 0, output: Output::Value(json!("found")) }.into(),
        LaneFinished { lane: 2, output: Output::Absent }.into(),
        LaneFailed { lane: 1, failed: failed.clone() }.into(),
        OtherwiseTaken { failed }.into(),
        WaitBegan {
            signal: Some("paid".into()),
            until: Some(time("2027-01-01T00:00:00Z")),
            limit_at: Some(time("2026-12-01T00:00:00Z")),
        }
        .into(),
        WaitBegan { signal: None, until: None, limit_at: None }.into(),
        SignalReceived { id: CommandId::new("signal-1") }.into(),
    ]);
    let mut told: Vec<_> = bodies.into_iter().map(|body| (Some("study"), None, body)).collect();
    let step = Some(StepId::new("study"));
    let failed = RunFailed {
        step,
        failure: not_reached,
        clause: None,
        party: Party::Step,
        compensated: Vec::new(),
        standing: Vec::new(),
    };
    told.push((None, None, failed.into()));
    for key in [None, Some("study[1]/paid".to_owned())] {
        let mail = Mail::Signal { name: "paid".into(), key, value: json!({ "amount": 7 }) };
        let (id, who) = (CommandId::new("signal-1"), "asserted: ada".to_owned());
        let at = time("2026-11-21T05:59:59Z");
        told.push((None, None, MailTaken { id, who, at, mail, outcome: MailOutcome::Done }.into()));
    }
    told
}
