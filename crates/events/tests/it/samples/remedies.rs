//! What remedies and limits say: the later forms of what happens around a model's call.

use handfast_events::*;

type Sample = (Option<&'static str>, Option<&'static str>, Body);

/// What a model said that must get it back as it was, and what it wrote to its provider's cache.
pub(super) fn all() -> Vec<Sample> {
    let answer = Answer { verbatim: Some("[{\"type\":\"thinking\"}]".into()), ..Answer::default() };
    let said = ModelAnswered {
        turn: 1,
        attempt: 1,
        answer,
        usage: Usage { input: 900, input_cached: 512, input_written: 128, output: 80 },
        cost: super::money("0.000385 USD"),
        latency_ms: 812,
        body: None,
        request_id: None,
    };
    vec![(Some("resolve"), None, said.into())]
}
