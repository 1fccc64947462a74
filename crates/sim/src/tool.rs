//! The simulated tools and their ledger: the truth about effects, which no journal can tell.

use std::collections::BTreeMap;

use handfast_engine::{CallTool, ToolError, ToolOutcome};
use handfast_events::{CallId, FailureClass};
use serde_json::{Value, json};

use crate::random::Random;

/// What becomes of a request that reached its tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It takes effect and answers.
    Works,
    /// It takes effect, long after everybody has given up waiting.
    Slow,
    /// It takes effect, and the answer is lost.
    AnswerLost,
    /// It takes effect, and says that it failed in a way that nobody named.
    EffectThenFails,
    /// It takes effect and answers something that it never promised.
    Breach,
    /// It dies before it takes effect.
    Dies,
    /// It hangs, and nothing happens.
    Hangs,
    /// It says that it is busy.
    Busy,
    /// It says that what was asked for is gone.
    Gone,
    /// A gateway says that it doesn't know; nothing took effect.
    Gateway,
    /// The protocol turns it away.
    TurnedAway,
    /// Nothing took effect, and it fails in a way that nobody named.
    Fails,
}

const TROUBLES: [Fate; 11] = [
    Fate::Slow,
    Fate::AnswerLost,
    Fate::EffectThenFails,
    Fate::Breach,
    Fate::Dies,
    Fate::Hangs,
    Fate::Busy,
    Fate::Gone,
    Fate::Gateway,
    Fate::TurnedAway,
    Fate::Fails,
];

impl Fate {
    /// Draws one. Trouble that ends a run for good is drawn more rarely than trouble that it should get over.
    pub(crate) fn draw(random: &mut Random, is_troubled: bool) -> Self {
        if !is_troubled || !random.chance(35) {
            return Self::Works;
        }
        let drawn = usize::try_from(random.between(0, TROUBLES.len() as u64)).unwrap_or(0);
        let fate = TROUBLES.get(drawn).copied().unwrap_or(Self::Works);
        if matches!(fate, Self::Breach | Self::Gone | Self::TurnedAway) && random.chance(70) {
            return if random.chance(50) { Self::AnswerLost } else { Self::Slow };
        }
        fate
    }
}

/// The tools' own record of what they did.
#[derive(Default)]
pub(crate) struct Ledger {
    /// What each call came to, each time it took effect.
    effects: BTreeMap<CallId, Vec<Value>>,
    /// What each key came to.
    keys: BTreeMap<String, Value>,
}

impl Ledger {
    /// The call takes effect, unless its key says that it did already. Tells what it gives.
    pub(crate) fn take_effect(&mut self, call: &CallTool) -> Value {
        let gives = gives(&call.tool.name, &call.sends);
        if call.tool.only_reads() {
            return gives;
        }
        if let Some(key) = &call.key {
            if let Some(before) = self.keys.get(key) {
                return before.clone();
            }
            self.keys.insert(key.clone(), gives.clone());
        }
        self.effects.entry(call.call.clone()).or_default().push(gives.clone());
        gives
    }

    /// What this call came to, each time it took effect.
    pub(crate) fn of(&self, call: &CallId) -> &[Value] {
        self.effects.get(call).map_or(&[], Vec::as_slice)
    }
}

/// What a tool gives for these arguments.
fn gives(tool: &str, sends: &Value) -> Value {
    match tool {
        "read" => json!({ "status": "open" }),
        "refund" => json!({ "order": sends.get("order"), "amount": sends.get("amount") }),
        "note" => json!({ "noted": true }),
        _ => json!({ "sent": true }),
    }
}

/// What the caller hears of this fate; nothing where it waits in vain.
pub(crate) fn heard(fate: Fate, gave: Value) -> Option<ToolOutcome> {
    let error = |text: &str, code: Option<&str>| ToolError {
        text: text.into(),
        code: code.map(str::to_owned),
        ..ToolError::default()
    };
    Some(match fate {
        Fate::Works => ToolOutcome::Returned(gave),
        Fate::Slow | Fate::AnswerLost | Fate::Hangs => return None,
        Fate::EffectThenFails | Fate::Fails => ToolOutcome::Failed(error("segmentation fault", None)),
        Fate::Breach => ToolOutcome::Returned(json!({ "what": "ever" })),
        Fate::Dies => ToolOutcome::Lost(error("the process died", None)),
        Fate::Busy => ToolOutcome::Failed(error("try later", Some("busy"))),
        Fate::Gone => ToolOutcome::Failed(error("no such order", Some("gone"))),
        Fate::Gateway => ToolOutcome::Failed(error("bad gateway", Some("gateway"))),
        Fate::TurnedAway => ToolOutcome::TurnedAway(error("no such argument", None)),
    })
}

/// No connection could be made, or it was too late to send.
pub(crate) fn not_sent(text: &str) -> ToolOutcome {
    ToolOutcome::NotSent(ToolError {
        text: text.into(),
        class: Some(FailureClass::Unavailable),
        ..ToolError::default()
    })
}

/// Nobody answered in time.
pub(crate) fn timed_out() -> ToolOutcome {
    ToolOutcome::Lost(ToolError {
        text: "no answer in time".into(),
        class: Some(FailureClass::Timeout),
        ..ToolError::default()
    })
}
