//! A call that its server finishes later.

use handfast_events::*;
use serde_json::json;

use super::{failure, time};

pub(super) fn all() -> impl Iterator<Item = (Option<&'static str>, Option<&'static str>, Body)> {
    let working = |handle, says: Option<&str>| CallWorking {
        attempt: 1,
        server: "shop".into(),
        handle,
        says: says.map(str::to_owned),
        ask_at: time("2026-11-21T06:01:00Z"),
        latency_ms: 40,
    };
    let polled = |handle, says: Option<&str>, failure| CallPolled {
        attempt: 1,
        poll: 2,
        handle,
        says: says.map(str::to_owned),
        failure,
        ask_at: time("2026-11-21T06:02:00Z"),
    };
    let path = || Handle::Path("/jobs/7?key=[secret SHOP_KEY]".into());
    let bodies: [Body; 5] = [
        working(path(), Some("202 Accepted")).into(),
        working(Handle::Task("t-7".into()), None).into(),
        polled(None, Some("running"), None).into(),
        polled(Some(path()), None, None).into(),
        polled(None, None, Some(failure(FailureClass::Unavailable))).into(),
    ];
    bodies.into_iter().map(|body| (Some("resolve"), Some("resolve@1.0"), body))
}

/// What is heard late.
pub(super) fn late() -> impl Iterator<Item = (Option<&'static str>, Option<&'static str>, Body)> {
    let late = |came, contradicts| ResultCameLate { attempt: 1, came, contradicts };
    let gave = || Came::Applied(Kept::Whole(json!({ "refund_id": "r1" })));
    let said = |settled| Some(SaidBefore { settled, by: "asserted:ada@desk".into() });
    let bodies: [Body; 3] = [
        late(gave(), None).into(),
        late(gave(), said(Settled::NotApplied)).into(),
        late(Came::NotApplied(failure(FailureClass::ToolPermanent)), said(Settled::Applied(json!(7)))).into(),
    ];
    let of_the_call = bodies.into_iter().map(|body| (Some("resolve"), Some("resolve@1.0"), body));
    of_the_call.chain(mail().map(|body| (None, None, body)))
}

/// What a worker heard that had lost the run.
fn mail() -> impl Iterator<Item = Body> {
    let fault = |code: Option<&str>, status, class| Fault {
        text: "what it said".into(),
        code: code.map(str::to_owned),
        status,
        class,
    };
    let all = [
        Heard::Gave(json!({ "refund_id": "r1" })),
        Heard::Failed(fault(Some("sold_out"), Some(409), None)),
        Heard::TurnedAway(fault(None, None, Some(FailureClass::BadRequest))),
        Heard::NotSent(fault(None, None, None)),
    ];
    all.into_iter().map(|heard| {
        let mail = Mail::Late { call: CallId::new("resolve@1.0"), attempt: 1, heard };
        let (id, at) = (CommandId::new("late/1"), time("2026-11-21T06:03:00Z"));
        MailTaken { id, who: "laptop/4711".into(), at, mail, outcome: MailOutcome::Done }.into()
    })
}
