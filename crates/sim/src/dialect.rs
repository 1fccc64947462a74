//! The plainest dialect, and the price that every simulated model has.

use handfast_engine::{Dialect, Message, Opening, Rates};
use handfast_events::Money;

/// 1 USD for a million tokens in, 10 USD for a million out.
pub(crate) const RATES: Rates = Rates {
    input: Money::from_nano_usd(1_000_000),
    input_cached: Money::from_nano_usd(1_000_000),
    input_written: Money::from_nano_usd(1_000_000),
    output: Money::from_nano_usd(10_000_000),
    input_max: Money::from_nano_usd(1_000_000),
    output_max: Money::from_nano_usd(10_000_000),
};

/// The cap is all that the world reads of a request.
#[derive(Debug)]
pub(crate) struct Plain;

/// What stands before the cap.
const CAP: &str = "at most ";

impl Dialect for Plain {
    fn open(&self, opening: &Opening<'_>) -> String {
        format!("{}\n", opening.system)
    }

    fn message(&self, message: &Message<'_>) -> String {
        match message {
            Message::User(text) => format!("user: {text}\n"),
            Message::Assistant { text, calls, .. } => {
                let calls: Vec<String> =
                    calls.iter().map(|ask| format!("{} {}", ask.tool, ask.args)).collect();
                format!("assistant: {text}{}\n", calls.join(" and "))
            }
            Message::Results(results) => {
                results.iter().map(|result| format!("result {}: {}\n", result.id, result.text)).collect()
            }
        }
    }

    fn close(&self, output_tokens_max: u64) -> String {
        format!("{CAP}{output_tokens_max}")
    }
}

/// The cap on the answer that a request names.
pub(crate) fn cap(prompt: &str) -> u64 {
    prompt.rsplit_once(CAP).and_then(|(_, cap)| cap.parse().ok()).unwrap_or(0)
}
