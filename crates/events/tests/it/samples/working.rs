//! A call that its server finishes later.

use handfast_events::*;

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
