//! A call that its server works on, and one whose result came late.

use handfast_events::*;
use serde_json::json;

use super::{BEGAN, Story, asks};

/// A server has taken a call on; it was asked twice, the second time in vain.
pub(crate) fn working() -> Story {
    let mut story = Story::new();
    let case = json!({ "summary": "Parcel 1042 is lost", "order_id": "1042" });
    let at = |ms: i64| Timestamp::from_millisecond(BEGAN + ms).unwrap();
    let polled = |poll, says: Option<&str>, failure| CallPolled {
        attempt: 1,
        poll,
        handle: None,
        says: says.map(str::to_owned),
        failure,
        ask_at: at(i64::from(poll) * 60_000),
    };
    story
        .ask(1, 1, "[{\"role\":\"user\",\"content\":\"Where is my parcel?\"}")
        .answer(1, 1, asks(&[("open_case", case.clone())]))
        .intend("resolve@1.0", "open_case", case, Idempotency::None)
        .after(40)
        .call(
            "resolve@1.0",
            CallWorking {
                attempt: 1,
                server: "shop".into(),
                handle: Handle::Path("/jobs/7".into()),
                says: Some("202 Accepted".into()),
                ask_at: at(5_000),
                latency_ms: 40,
            },
        )
        .after(5_000)
        .call("resolve@1.0", polled(1, Some("running"), None))
        .after(60_000)
        .call(
            "resolve@1.0",
            polled(2, None, Some(Failure::new(FailureClass::Unavailable, "no connection to `servers.shop`"))),
        );
    story
}

/// Somebody said that it did not take effect, the run was cancelled, and then its result came.
pub(crate) fn contradicted() -> Story {
    let mut story = super::in_doubt();
    let who = || "asserted: ada".to_owned();
    story
        .after(60_000)
        .run(RunCancelRequested { who: who(), why: "the parcel was found".into() })
        .call(
            "resolve@1.0",
            CallSettled { settled: Settled::NotApplied, who: who(), evidence: "no case is there".into() },
        )
        .run(RunCancelled::default())
        .after(5_000)
        .call(
            "resolve@1.0",
            ResultCameLate {
                attempt: 1,
                came: Came::Applied(Kept::Whole(json!({ "case_id": "c-9" }))),
                contradicts: Some(SaidBefore { settled: Settled::NotApplied, by: who() }),
            },
        );
    story
}
