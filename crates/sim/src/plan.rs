//! The contract of the world, its ceilings as its laws know them, and the plainest dialect.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use handfast_engine::{Dialect, Message, ModelSheet, Opening, Plan, Rates};
use handfast_events::Money;

/// What every world runs.
const CONTRACT: &str = include_str!("contract.yaml");

/// The contract, made ready once for all worlds.
///
/// # Errors
/// It doesn't load: mend `contract.yaml`.
pub(crate) fn plan() -> Result<Arc<Plan>, String> {
    static PLAN: LazyLock<Result<Arc<Plan>, String>> = LazyLock::new(ready);
    PLAN.clone()
}

fn ready() -> Result<Arc<Plan>, String> {
    let mut read = handfast_contract::alone("contract.yaml", CONTRACT);
    let loaded = handfast_contract::load("contract.yaml", "/sim", &BTreeMap::new(), &mut read);
    let found = loaded.diagnostics.iter().map(|found| format!("{found:?}\n")).collect();
    let contract = loaded.contract.ok_or::<String>(found)?;
    let sheet = ModelSheet { dialect: Arc::new(Plain), rates: Some(RATES) };
    let sheets = contract.models.keys().map(|name| (name.clone(), sheet.clone())).collect();
    Ok(Arc::new(Plan::new(Arc::new(contract), &sheets, None)))
}

/// 1 USD for a million tokens in, 10 USD for a million out.
pub(crate) const RATES: Rates = Rates {
    input: Money::from_nano_usd(1_000_000),
    input_cached: Money::from_nano_usd(1_000_000),
    output: Money::from_nano_usd(10_000_000),
    input_max: Money::from_nano_usd(1_000_000),
    output_max: Money::from_nano_usd(10_000_000),
};

/// The ceilings on tokens and money that the contract gives; the laws read them here, not in the engine.
pub(crate) const CEILINGS: [Ceilings; 2] = [
    Ceilings {
        owner: "agents.clerk.limits",
        step: Some("resolve"),
        tokens: 30_000,
        cost: Money::from_nano_usd(200_000_000),
    },
    Ceilings {
        owner: "workflows.ticket.limits",
        step: None,
        tokens: 60_000,
        cost: Money::from_nano_usd(300_000_000),
    },
];

/// What one owner of limits allows.
pub(crate) struct Ceilings {
    pub(crate) owner: &'static str,
    /// The step whose spend counts; the whole run where there is none.
    pub(crate) step: Option<&'static str>,
    pub(crate) tokens: u64,
    pub(crate) cost: Money,
}

/// What the contract grants, said once more in Rust: the laws don't ask the engine what it was allowed.
pub(crate) fn is_granted(step: &str, tool: &str, args: &serde_json::Value) -> bool {
    let amount = args.get("amount").and_then(serde_json::Value::as_f64).unwrap_or(1.0);
    let by_tool = tool != "refund" || amount > 0.0;
    by_tool
        && match step {
            "order" => tool == "read",
            "resolve" => matches!(tool, "read" | "note" | "mail") || tool == "refund" && amount <= 50.0,
            "note" => matches!(tool, "read" | "note"),
            "pay" => tool == "refund",
            "tell" => tool == "mail",
            _ => false,
        }
}

/// The cap is all that the world reads of a request.
#[derive(Debug)]
struct Plain;

/// What stands before the cap.
const CAP: &str = "at most ";

impl Dialect for Plain {
    fn open(&self, opening: &Opening<'_>) -> String {
        format!("{}\n", opening.system)
    }

    fn message(&self, message: &Message<'_>) -> String {
        match message {
            Message::User(text) => format!("user: {text}\n"),
            Message::Assistant { text, calls } => {
                let calls: Vec<String> =
                    calls.iter().map(|ask| format!("{} {}", ask.tool, ask.args)).collect();
                format!("assistant: {text}{}\n", calls.join(" and "))
            }
            Message::Result { id, text } => format!("result {id}: {text}\n"),
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
