//! What remedies and limits say: the later forms of what happens around a call, and the kinds that came with them.

use handfast_events::*;
use serde_json::json;

use super::{failure, money, time};

type Sample = (Option<&'static str>, Option<&'static str>, Body);

/// Remedies that change what a model sees, and what stands in the way of a call.
pub(super) fn all() -> Vec<Sample> {
    let of_step = |body: Body| (Some("resolve"), None, body);
    let until = time("2026-11-21T06:02:00Z");
    let why = || "it has been down since 06:00".to_owned();
    let adjusted = ContextAdjusted { turn: 2, why: "context overflow".into(), ..ContextAdjusted::default() };
    let began = EpochBegan {
        epoch: Epoch(4),
        worker: "host-1/4243".into(),
        prices: Some("genai-prices 0.2.1".into()),
    };
    let mut told = vec![of_step(said().into()), (None, None, began.into())];
    told.extend(intents().into_iter().map(|intent| of_step(intent.into())));
    told.extend([
        of_step(ContextAdjusted { what: "Summed up.".into(), replaces: Some(3), ..adjusted.clone() }.into()),
        of_step(ContextAdjusted { output_tokens_max: Some(1024), ..adjusted }.into()),
        of_step(ModelSwitched { turn: 2, from: "main".into(), to: "local".into(), why: why() }.into()),
        of_step(ModelHeld { turn: 2, until: Some(until), has_slot: true, why: why() }.into()),
        of_step(ModelHeld { turn: 2, until: None, has_slot: false, why: why() }.into()),
    ]);
    for until in [None, Some(until)] {
        let (tool, what) = ("refund".to_owned(), "`refund` is out of reach.".to_owned());
        told.push(of_step(ToolTakenAway { tool, until, why: why(), what }.into()));
    }
    let priced = CallIntended {
        attempt: 1,
        sends: json!({}),
        idempotency: Idempotency::Reads,
        reads: Vec::new(),
        writes: Vec::new(),
        timeout_ms: 60_000,
        valid_until: None,
        costs: money("0.01 USD"),
    };
    let of_call = |body: Body| (Some("resolve"), Some("resolve@1.0"), body);
    told.extend([
        of_call(priced.into()),
        of_call(CallHeld { until: Some(until), has_slot: false, why: why() }.into()),
        of_call(CallHeld { until: None, has_slot: true, why: why() }.into()),
    ]);
    let stalled = failure(FailureClass::Stalled);
    let failed =
        StepFailed { failure: stalled, clause: None, party: Party::Model, from: Vec::new(), caught_by: None };
    told.push(of_step(failed.into()));
    told
}

/// What its model must get back as it was, and what was written to its provider's cache.
fn said() -> ModelAnswered {
    let answer = Answer { verbatim: Some("[{\"type\":\"thinking\"}]".into()), ..Answer::default() };
    ModelAnswered {
        turn: 1,
        attempt: 1,
        answer,
        usage: Usage { input: 900, input_cached: 512, input_written: 128, output: 80 },
        cost: money("0.000385 USD"),
        latency_ms: 812,
        body: None,
        request_id: None,
    }
}

/// A request that sums up, and one that goes on from nothing.
fn intents() -> [ModelIntended; 2] {
    let intent = |summarises| ModelIntended {
        turn: 2,
        attempt: 2,
        model: "main".into(),
        prompt: Prompt::anew("{\"messages\":[", "]}"),
        output_tokens_max: 1024,
        reserved: Reserved { tokens: 4500, cost: money("0.0123 USD") },
        timeout_ms: 300_000,
        summarises,
    };
    [intent(Some(3)), intent(None)]
}
