//! The simulated tools and their ledger: the truth about effects, which no journal can tell.

use std::collections::BTreeMap;

use handfast_contract::{Scope, Tool};
use handfast_engine::{CallTool, ToolError, ToolOutcome};
use handfast_events::{CallId, FailureClass};
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::make::Maker;
use crate::random::Random;
use crate::rules::Class;
use crate::subject::Subject;

/// What can break at this tool.
pub(crate) fn could_break(subject: &Subject, tool: &Tool) -> Vec<Fault> {
    let mut all = vec![Fault::AnswerLost, Fault::StreamBroken, Fault::Fails, Fault::ToolDies, Fault::Hangs];
    all.extend([Fault::TurnedAway, Fault::TakenOn, Fault::TakenOnAndFails]);
    if tool.output.is_some() {
        all.push(Fault::Breach);
    }
    if !tool.only_reads() {
        all.extend([Fault::Slow, Fault::FailsAfterEffect]);
    }
    let failings = subject.failings.get(&*tool.name).map(Vec::as_slice).unwrap_or_default();
    for (at, failing) in failings.iter().enumerate() {
        let at = u8::try_from(at).unwrap_or(u8::MAX);
        all.push(Fault::Named(at));
        if failing.is_doubtful && !tool.only_reads() {
            all.push(Fault::NamedAfterEffect(at));
        }
    }
    all
}

/// The tools' own record of what they did.
#[derive(Default)]
pub(crate) struct Ledger {
    /// What each call came to, each time it took effect.
    effects: BTreeMap<CallId, Vec<Value>>,
    /// What each key came to, and when.
    keys: BTreeMap<String, (Value, u64)>,
    /// The calls in the order in which they took effect.
    pub(crate) order: Vec<(CallId, String)>,
}

impl Ledger {
    /// The call takes effect, unless its key says that it did already. Tells what it gives.
    pub(crate) fn take_effect(&mut self, subject: &Subject, seed: u64, now: u64, call: &CallTool) -> Value {
        let class = subject.rules.class(&call.tool.name);
        let gives = || gives(subject, seed, call);
        match (class, &call.key) {
            (Class::Reads, _) => return gives(),
            (Class::Keyed { valid_ms }, Some(key)) => {
                let known = self
                    .keys
                    .get(key)
                    .filter(|(_, since)| valid_ms.is_none_or(|valid| now <= since.saturating_add(valid)));
                if let Some((before, _)) = known {
                    return before.clone();
                }
                self.keys.insert(key.clone(), (gives(), now));
            }
            _ => {}
        }
        let gave = gives();
        self.effects.entry(call.call.clone()).or_default().push(gave.clone());
        self.order.push((call.call.clone(), call.tool.name.to_string()));
        gave
    }

    /// What this call came to, each time it took effect.
    pub(crate) fn of(&self, call: &CallId) -> &[Value] {
        self.effects.get(call).map_or(&[], Vec::as_slice)
    }
}

/// What a tool gives for these arguments: of its type, and as it promises, as far as that can be found by trying. The
/// same call gives the same, and so do two looks at the same thing.
fn gives(subject: &Subject, seed: u64, call: &CallTool) -> Value {
    let tool = &call.tool;
    let Some(output) = &tool.output else { return json!({ "done": true }) };
    let place = if tool.only_reads() { format!("{}{}", tool.name, call.args) } else { call.call.to_string() };
    let mut random = Random::at(seed, &place);
    let is_kept = |value: &Value| {
        let facts =
            json!({ "key": call.key, "id": call.call.as_str(), "run": call.run.to_string(), "attempt": 1 });
        let scope = Scope::default()
            .with("args", &call.args)
            .with("result", value)
            .with("call", &facts)
            .with("settings", subject.rules.settings());
        let told = tool.ensures.iter().all(|clause| clause.condition.holds(&scope) != Ok(false));
        // An answer that its own contract takes for a failure is none.
        let reads_result =
            |rule: &&std::sync::Arc<handfast_contract::FailureRule>| rule.when.roots().contains("result");
        told && !tool.failures.iter().filter(reads_result).any(|rule| rule.when.holds(&scope) == Ok(true))
    };
    let mut made = Value::Null;
    for _ in 0..crate::limits::MAKE_TRIES {
        made = Maker { random: &mut random, literals: &subject.literals }.fitting(output);
        if is_kept(&made) {
            return made;
        }
        // Most answers repeat what was asked.
        let echoed = echo(&made, &call.args);
        if output.fits(&echoed) && is_kept(&echoed) {
            return echoed;
        }
    }
    made
}

/// The value, with the arguments of the same names in it.
fn echo(value: &Value, args: &Value) -> Value {
    let (Value::Object(fields), Value::Object(args)) = (value, args) else { return value.clone() };
    let field = |(name, own): (&String, &Value)| (name.clone(), args.get(name).unwrap_or(own).clone());
    Value::Object(fields.iter().map(field).collect())
}

/// Whether the tool takes effect, whatever is heard of it.
pub(crate) fn takes_effect(subject: &Subject, tool: &str, fault: Option<Fault>) -> bool {
    match fault {
        None => true,
        Some(Fault::Named(at)) => failing(subject, tool, at).is_some_and(|failing| failing.is_answer),
        Some(
            Fault::AnswerLost
            | Fault::StreamBroken
            | Fault::FailsAfterEffect
            | Fault::Breach
            | Fault::NamedAfterEffect(_),
        ) => true,
        Some(_) => false,
    }
}

fn failing<'s>(subject: &'s Subject, tool: &str, at: u8) -> Option<&'s crate::failing::Failing> {
    subject.failings.get(tool)?.get(usize::from(at))
}

/// What the caller hears; nothing where it waits in vain.
pub(crate) fn heard(subject: &Subject, tool: &str, fault: Option<Fault>, gave: Value) -> Option<ToolOutcome> {
    let error = |text: &str| ToolError { text: text.into(), ..ToolError::default() };
    Some(match fault {
        None => ToolOutcome::Returned(gave),
        Some(Fault::Slow | Fault::AnswerLost | Fault::Hangs) => return None,
        Some(Fault::Breach) => ToolOutcome::Returned(json!([{ "what": "ever" }])),
        Some(Fault::ToolDies) => ToolOutcome::Lost(error("the process died")),
        Some(Fault::StreamBroken) => ToolOutcome::Lost(ToolError {
            class: Some(FailureClass::ConnectionLost),
            ..error("the stream broke")
        }),
        Some(Fault::TurnedAway) => ToolOutcome::TurnedAway(error("no such argument")),
        Some(Fault::Named(at) | Fault::NamedAfterEffect(at)) => {
            let failing = failing(subject, tool, at)?;
            ToolOutcome::Failed(ToolError {
                code: failing.code.clone(),
                status: failing.status,
                ..error(&failing.text)
            })
        }
        Some(_) => ToolOutcome::Failed(error("segmentation fault")),
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
