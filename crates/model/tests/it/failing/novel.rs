//! What nobody has seen before: it is unknown, its evidence is kept to the letter, and what follows does no harm.

use handfast_double::{Cue, Wire};
use handfast_events::{Body, FailureClass};

use super::stage::{Case, Stage};
use super::told::Told;

/// A body that is no provider's: neither text nor JSON all the way.
const BODY: &[u8] = b"{\"verdict\":[\"later\",{\"moon\":0.3}]} \xff\x00\n<end of verdict>";

#[tokio::test]
async fn what_nobody_has_seen_is_unknown_and_its_evidence_is_in_the_journal() {
    for wire in Wire::ALL {
        let stage = Stage::new(wire).await;
        for status in [218, 299, 418, 444, 499, 599, 777] {
            let headers = [("x-verdict", "later"), ("content-type", "application/x-verdict; moon=waning")];
            let cue = Cue::raw(status, &headers, BODY);
            let case = |times, is_alone| Case { cue: cue.clone(), times, is_alone, is_silent: false };
            let once = stage.meets(case(1, false)).await;
            let failed = once.bodies().find_map(|body| match body {
                Body::ModelFailed(failed) => Some(failed),
                _ => None,
            });
            let failed = failed.unwrap();
            assert_eq!(failed.body.as_deref().unwrap(), String::from_utf8_lossy(BODY), "{wire} {status}");
            assert_eq!((failed.failure.class, failed.failure.status), (FailureClass::Unknown, Some(status)));
            // Nobody knows whether it was worked on: what it may have cost is booked.
            assert!(failed.forfeited.tokens > 0 && failed.forfeited.cost.nano_usd() > 0);
            assert_eq!(Told::of(&once).story, "backed off, done by main");
            let spared = stage.meets(case(usize::MAX, false)).await;
            assert_eq!(Told::of(&spared).story, "backed off, next model, done by spare");
            let alone = stage.meets(case(usize::MAX, true)).await;
            assert_eq!(Told::of(&alone).story, "backed off, failed, blames nobody");
        }
    }
}

#[tokio::test]
async fn a_body_nobody_has_seen_is_kept_where_the_status_says_that_all_is_well() {
    for wire in Wire::ALL {
        let stage = Stage::new(wire).await;
        for kind in ["text/event-stream", "application/json", "application/x-verdict"] {
            let cue = Cue::raw(200, &[("content-type", kind)], BODY);
            let small = stage.meets(Case { cue, times: 1, is_alone: true, is_silent: false }).await;
            let failed = small.bodies().find_map(|body| match body {
                Body::ModelFailed(failed) => Some(failed),
                _ => None,
            });
            let failed = failed.unwrap();
            assert_eq!(failed.body.as_deref().unwrap(), String::from_utf8_lossy(BODY), "{wire} {kind}");
            // It is no answer of its wire, and that much is known.
            assert_eq!(failed.failure.class, FailureClass::Malformed);
            assert_eq!(Told::of(&small).story, "backed off, done by main");
        }
    }
}
