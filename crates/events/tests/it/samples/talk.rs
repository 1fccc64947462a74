//! A conversation, what is asked in it, and what ends it.

use handfast_events::*;
use serde_json::json;

use super::{run, time};

type Sample = (Option<&'static str>, Option<&'static str>, Body);

/// What is put to it, heard, said and asked.
pub(super) fn all() -> Vec<Sample> {
    let who = || "asserted:ada@desk".to_owned();
    let question = || ApprovalId::of(run(), "talk@2.0", 1);
    let mail = |id: &str, mail| {
        let (id, at, outcome) = (CommandId::new(id), time("2026-11-21T06:01:00Z"), MailOutcome::Done);
        (None, None, MailTaken { id, who: who(), at, mail, outcome }.into())
    };
    let of_step = |body: Body| (Some("talk"), None, body);
    let of_call = |body: Body| (Some("talk"), Some("talk@2.0"), body);
    let asked = ApprovalAsked {
        id: question(),
        clause: "agents.clerk.talks_to".into(),
        roles: vec![RoleAsked {
            role: "customer".into(),
            reached: Reach::Conversation,
            when: None,
            is_asked: true,
        }],
        question: "Which order is it?".into(),
        answers: Vec::new(),
        subject: Digest::of(b"the question"),
        presents: None,
        tool: None,
        effects: Vec::new(),
        until: None,
        limit_at: None,
        unanswered: None,
        valid_ms: None,
    };
    let answered = ApprovalAnswered {
        id: question(),
        role: "customer".into(),
        answer: "1042".into(),
        who: who(),
        at: time("2026-11-21T06:01:00Z"),
        note: String::new(),
        message: Some(CommandId::new("c-11")),
        decides: Some(Decision { answer: "1042".into(), valid_until: None }),
    };
    vec![
        of_step(StepStarted { kind: StepKind::Talk("clerk".into()), input: json!({}) }.into()),
        of_step(MessageAwaited { until: None }.into()),
        of_step(MessageAwaited { until: Some(time("2026-11-21T06:30:00Z")) }.into()),
        mail("c-10", Mail::Say { text: "Where is it?".into(), to: None }),
        of_step(MessageHeard { id: CommandId::new("c-10") }.into()),
        of_call(asked.into()),
        mail("c-11", Mail::Say { text: "1042".into(), to: Some(question()) }),
        of_call(answered.into()),
        of_step(Said { output: Output::AsGiven }.into()),
        of_step(Said { output: Output::Value(json!({ "text": "It is sent." })) }.into()),
        mail("c-12", Mail::Leave),
        of_step(TalkEnded { why: TalkEnd::Left { who: who() } }.into()),
        of_step(TalkEnded { why: TalkEnd::Idle }.into()),
    ]
}
