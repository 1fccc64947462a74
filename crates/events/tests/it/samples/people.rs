//! Questions to people, and runs that people stop.

use handfast_events::*;
use serde_json::json;

use super::{run, time};

type Sample = (Option<&'static str>, Option<&'static str>, Body);

/// What people are asked and answer, of a call and of a step, and what they put to a run.
pub(super) fn all() -> Vec<Sample> {
    let of_call = |body| (Some("resolve"), Some("resolve@1.0"), body);
    let of_step = |body| (Some("review"), None, body);
    let mut all: Vec<Sample> = of_a_question("resolve@1.0").into_iter().map(of_call).collect();
    all.push(of_step(of_a_step()));
    all.push(of_step(ApprovalLapsed { id: id("review"), decides: None }.into()));
    all.extend(stops().into_iter().map(|body| (None, None, body)));
    all
}

/// A step that people decide, within a limit on time.
pub(super) fn deciding() -> Vec<Sample> {
    let Body::ApprovalAsked(asked) = of_a_step() else { unreachable!("a step asks") };
    let limit_at = Some(time("2026-11-21T12:00:00Z"));
    let started = StepStarted { kind: StepKind::Approval, input: json!(null) };
    let bodies = [started.into(), ApprovalAsked { limit_at, ..asked }.into()];
    bodies.into_iter().map(|body| (Some("review"), None, body)).collect()
}

fn id(place: &str) -> ApprovalId {
    ApprovalId::of(run(), place, 1)
}

fn of_a_question(place: &str) -> Vec<Body> {
    let until = time("2026-11-21T10:00:00Z");
    let role = |role: &str, when: Option<&str>, is_asked, reached| RoleAsked {
        role: role.into(),
        reached,
        when: when.map(str::to_owned),
        is_asked,
    };
    let asked = ApprovalAsked {
        id: id(place),
        clause: "tools.refund.approval".into(),
        roles: vec![
            role("customer", None, true, Reach::Conversation),
            role("support-lead", Some("args.amount > 100.0"), false, Reach::Inbox),
        ],
        question: "Refund 20.5 for order 1042?".into(),
        answers: vec!["approved".into(), "denied".into()],
        subject: Digest::of(b"its arguments"),
        presents: None,
        tool: Some(Digest::of(b"its contract")),
        effects: vec!["writes order/1042".into(), "notifies the customer, by email".into()],
        until: Some(until),
        limit_at: None,
        unanswered: Some("denied".into()),
        valid_ms: Some(900_000),
    };
    let answered = |answer: &str, note: &str, decides| ApprovalAnswered {
        id: id(place),
        role: "customer".into(),
        answer: answer.into(),
        who: "asserted:ada@desk".into(),
        at: time("2026-11-21T06:01:00Z"),
        note: note.into(),
        message: None,
        decides,
    };
    let decision = |answer: &str, valid_until| Some(Decision { answer: answer.into(), valid_until });
    let valid = Some(time("2026-11-21T06:16:00Z"));
    vec![
        asked.into(),
        answered("approved", "", None).into(),
        answered("approved", "", decision("approved", valid)).into(),
        answered("denied", "half of it", decision("denied", None)).into(),
        ApprovalLapsed { id: id(place), decides: decision("denied", None) }.into(),
        ApprovalLapsed { id: id(place), decides: decision("approved", valid) }.into(),
        ApprovalWithdrawn { id: id(place), why: "the run is paused".into() }.into(),
    ]
}

fn of_a_step() -> Body {
    let asked = ApprovalAsked {
        id: id("review"),
        clause: "workflows.publish.steps.review.approval".into(),
        roles: vec![RoleAsked { role: "editor".into(), reached: Reach::Inbox, when: None, is_asked: true }],
        question: "Publish it?".into(),
        answers: vec!["publish".into(), "revise".into()],
        subject: Digest::of(b"a draft"),
        presents: Some(json!({ "text": "a draft" })),
        tool: None,
        effects: Vec::new(),
        until: None,
        limit_at: None,
        unanswered: None,
        valid_ms: None,
    };
    asked.into()
}

fn stops() -> Vec<Body> {
    let (who, reason) = (|| "asserted:ada@desk".to_owned(), || "wrong customer".to_owned());
    let mail = |mail, outcome| {
        let (id, at) = (CommandId::new("c-9"), time("2026-11-21T06:02:00Z"));
        MailTaken { id, who: who(), at, mail, outcome }
    };
    let answer = |role: Option<&str>, note: &str| Mail::Answer {
        id: id("resolve@1.0"),
        answer: "approved".into(),
        role: role.map(str::to_owned),
        note: note.into(),
    };
    let open = StillOpen {
        step: StepId::new("resolve"),
        call: Some(CallId::new("resolve@1.0")),
        what: "`refund` may have left".into(),
    };
    let asked = StillOpen { step: StepId::new("tell"), call: None, what: "its model was asked".into() };
    vec![
        mail(answer(None, ""), MailOutcome::Done).into(),
        mail(answer(Some("customer"), "as agreed"), MailOutcome::Done).into(),
        mail(Mail::Pause { reason: reason() }, MailOutcome::Done).into(),
        mail(Mail::Kill { reason: reason() }, MailOutcome::Refused { why: "it is ended".into() }).into(),
        RunPaused { reason: PauseReason::Person { who: who(), why: reason() } }.into(),
        RunPaused { reason: PauseReason::Halt { scope: "tool:refund".into(), who: who(), why: reason() } }
            .into(),
        RunKilled { who: who(), why: reason(), open: vec![open, asked] }.into(),
        RunKilled { who: who(), why: reason(), open: Vec::new() }.into(),
    ]
}
