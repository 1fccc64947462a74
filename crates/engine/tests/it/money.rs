//! The money law, whatever happens in whatever order: no ceiling is passed by one unit, no attempt is charged twice, and
//! nothing is held for what isn't under way. Held against an account that knows nothing of the engine's own (`account.rs`).

use std::time::Duration;

use handfast_engine::{ModelSaid, ModelTrouble, PollOutcome, TakenOn, ToolError, ToolOutcome};
use handfast_events::{
    Answer, Ask, Body, CallId, Ceiling, Failure, FailureClass, Finish, Handle, LimitKind, Mail, Money,
    PauseReason, Settlement, Usage,
};
use proptest::prelude::*;
use serde_json::json;

use crate::account::{Account, Amount, Came, Most, Sum, attempt};
use crate::world::World;

const CONTRACT: &str = r#"
handfast: 1
name: money
version: "1"
models:
  cheap: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free }
  dear:  { use: openai/tiny, url: "http://127.0.0.1:2/v1", price: free }
servers: { shop: { rust: {} } }
tools:
  look:
    via: shop.look
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
    costs: 0.0011 USD
  pay:
    via: shop.pay
    description: Pays one order.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: { key: { arg: key }, valid: 30d }
    compensate: { tool: give_back, with: { order: args.order } }
    costs: 0.007 USD
  give_back:
    via: shop.give_back
    description: Gives the money of one order back.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: { key: { arg: key }, valid: 30d }
    costs: 0.003 USD
agents:
  clerk:
    purpose: Resolve one problem.
    model: [ cheap, dear ]
    may: [ look, pay ]
    input: { order: string }
    limits: { turns: 30, tokens: 16k, cost: 0.10 USD }
  boss:
    purpose: Decide on one problem.
    model: [ dear, cheap ]
    may: [ look ]
    limits: { turns: 30, cost: 0.17 USD }
workflows:
  part:
    input: { order: string }
    limits: { cost: 0.13 USD, tokens: 20k }
    steps:
      one: { agent: clerk, with: { order: input.order } }
      two: { agent: boss }
  money:
    limits: { cost: 0.37 USD, tokens: 41k }
    steps:
      alone:  { agent: clerk, with: { order: "'a'" }, limits: { tokens: 9k } }
      beside: { agent: boss, otherwise: skip }
      sub:    { workflow: part, with: { order: "'b'" }, limits: { cost: 0.11 USD }, otherwise: skip }
      lanes:
        each: "['x', 'y', 'z']"
        as: order
        at_once: 2
        limits: { tokens: 17k }
        steps:
          buy: { tool: pay, with: { order: order } }
          ask: { agent: clerk, with: { order: order } }
        otherwise: collect
"#;

/// The contract's ceilings once more, in billionths of a dollar; the run's are those of `""`.
fn mosts(holder: &str) -> Vec<Most> {
    let usd = |milli: i64| Some(milli * 1_000_000);
    let clerk: Most = ("agents.clerk.limits", Some(16_000), usd(100));
    let boss: Most = ("agents.boss.limits", None, usd(170));
    match holder.rsplit('/').next().unwrap_or_default() {
        "" => vec![("workflows.money.limits", Some(41_000), usd(370))],
        "alone" => vec![clerk, ("workflows.money.steps.alone.limits", Some(9_000), None)],
        "one" | "ask" => vec![clerk],
        "beside" | "two" => vec![boss],
        "sub" => vec![
            ("workflows.part.limits", Some(20_000), usd(130)),
            ("workflows.money.steps.sub.limits", None, usd(110)),
        ],
        "lanes" => vec![("workflows.money.steps.lanes.limits", Some(17_000), None)],
        _ => Vec::new(),
    }
}

const FAILURES: [FailureClass; 10] = [
    FailureClass::RateLimited,
    FailureClass::Overloaded,
    FailureClass::Timeout,
    FailureClass::ConnectionLost,
    FailureClass::Unavailable,
    FailureClass::ContextOverflow,
    FailureClass::ContextOverflow,
    FailureClass::Unknown,
    FailureClass::Billing,
    FailureClass::Malformed,
];

struct Told {
    world: World,
    account: Account,
    counted: usize,
    /// The newest attempt that was answered.
    answered: Option<(String, u32, u32)>,
}

impl Told {
    fn new() -> Self {
        let mut told =
            Self { world: World::new(CONTRACT), account: Account::new(mosts), counted: 0, answered: None };
        told.world.start("money", json!({})).expect("it can begin");
        told.world.take().expect("it can be taken");
        told.count();
        told
    }

    /// Follows what was remembered, and holds the engine's own sums against the account.
    fn count(&mut self) {
        for event in &self.world.journal[self.counted..] {
            self.account.follow(event);
        }
        self.counted = self.world.journal.len();
        let own = self.world.run.spend();
        let amount = |of: handfast_events::Reserved| Amount { tokens: of.tokens, nano: of.cost.nano_usd() };
        let own = Sum {
            spent: amount(own.spent),
            forfeited: amount(own.forfeited),
            reserved: amount(own.reserved),
        };
        assert_eq!(own, self.account.run(), "the run counts otherwise:\n{}", self.world.in_words(0));
        if self.world.run.status().is_ended() {
            return;
        }
        let asks = self.world.asks().into_iter().map(|ask| attempt(ask.step.as_str(), ask.turn, ask.attempt));
        let calls = self.world.calls().into_iter().map(|call| attempt(call.call.as_str(), 0, call.attempt));
        let polls = self.world.polls().into_iter().map(|poll| attempt(poll.call.as_str(), 0, poll.attempt));
        let mut owed: Vec<String> = asks.chain(calls).chain(polls).collect();
        owed.sort();
        assert_eq!(
            self.account.open(),
            owed,
            "something is held that isn't under way:\n{}",
            self.world.in_words(0)
        );
    }

    /// The model that is asked answers, and its provider counts up to all that was reserved for it.
    fn answer(&mut self, which: usize, parts: [u64; 3]) {
        let asks = self.world.asks();
        let Some(ask) = asks.get(which % asks.len().max(1)) else { return };
        let key = attempt(ask.step.as_str(), ask.turn, ask.attempt);
        let intent = self.world.journal.iter().rev().find_map(|event| match &event.body {
            Body::ModelIntended(intent) if event.step.as_ref() == Some(&ask.step) => Some(intent),
            _ => None,
        });
        let intent = intent.expect("what is asked was intended");
        let cap = intent.output_tokens_max;
        let input = (intent.reserved.tokens - cap) * parts[0] / 100;
        let input_cached = input * parts[2] / 100;
        let usage = Usage { input, input_cached, input_written: 0, output: cap * parts[1] / 100 };
        let usage = (!which.is_multiple_of(11)).then_some(usage);
        let call = |tool: &str, order: usize| {
            let args = json!({ "order": order.to_string() }).to_string();
            Ask { id: format!("c{order}"), tool: tool.into(), args }
        };
        let calls = match which % 7 {
            0 => Vec::new(),
            1 => vec![call("pay", which), call("look", which + 1)],
            2 => vec![call("look", which), call("look", which + 1), call("look", which + 2)],
            _ => vec![call("look", which)],
        };
        let finish = if calls.is_empty() { Finish::Stop } else { Finish::Calls };
        let text = if which.is_multiple_of(5) { "" } else { "so it is" };
        let answer = Answer { text: text.into(), calls, finish, ..Answer::default() };
        self.answered = Some((ask.step.to_string(), ask.turn, ask.attempt));
        self.account.came.insert(key, Came::Answered(usage));
        let _ = self.world.model((ask.step.as_str(), ask.turn, ask.attempt), Ok(ModelSaid { answer, usage }));
    }

    fn fail(&mut self, which: usize, may_have_cost: bool) {
        let asks = self.world.asks();
        let Some(ask) = asks.get(which % asks.len().max(1)) else { return };
        let key = attempt(ask.step.as_str(), ask.turn, ask.attempt);
        let failure = Failure::new(FAILURES[which / 3 % FAILURES.len()], "the provider said so");
        self.account.came.insert(key, Came::Failed { may_have_cost });
        let at = (ask.step.as_str(), ask.turn, ask.attempt);
        let _ = self.world.model(at, Err(ModelTrouble { failure, may_have_cost }));
    }

    fn tool(&mut self, which: usize) {
        let error = |class| ToolError { text: "no".into(), class, ..ToolError::default() };
        let (calls, polls) = (self.world.calls(), self.world.polls());
        if let Some(poll) = polls.get(which % (polls.len() + calls.len()).max(1)) {
            let outcome = match which % 3 {
                0 => PollOutcome::Forgotten(error(None)),
                1 => PollOutcome::Unasked(error(None)),
                _ => PollOutcome::Finished(ToolOutcome::Returned(json!({ "paid": true }))),
            };
            let _ = self.world.polled(poll, outcome);
            return;
        }
        let Some(call) = calls.get(which % calls.len().max(1)) else { return };
        let taken = TakenOn { handle: Handle::Task("1".into()), says: None, ask_after_ms: None };
        let outcome = match which / 5 % 9 {
            0 => ToolOutcome::Lost(error(None)),
            1 => ToolOutcome::NotSent(error(None)),
            2 => ToolOutcome::TurnedAway(error(None)),
            3 => ToolOutcome::Failed(error(Some(FailureClass::Overloaded))),
            4 => ToolOutcome::TakenOn(taken),
            _ => ToolOutcome::Returned(json!({ "of": which })),
        };
        let _ = self.world.tool(call.call.as_str(), call.attempt, outcome);
    }

    /// Somebody mends what holds the run, or a call in doubt.
    fn mend(&mut self, which: usize) {
        let doubts: Vec<String> = self.world.run.doubts().map(|doubt| doubt.call.to_string()).collect();
        if let Some(call) = doubts.get(which % (doubts.len() + 1)) {
            let settlement =
                if which.is_multiple_of(2) { Settlement::NotApplied } else { Settlement::Applied(json!({})) };
            let mail = Mail::Settle { call: CallId::new(call.as_str()), settlement, evidence: "seen".into() };
            return drop(self.world.mail("ada", mail));
        }
        let paused = self.world.journal.iter().rev().find_map(|event| match &event.body {
            Body::RunPaused(paused) => Some(paused.reason.clone()),
            _ => None,
        });
        let reason = "it is worth it".to_owned();
        let mail = match paused {
            Some(PauseReason::Limit { limit, ceiling, .. }) => {
                let more = which as u64 % 7;
                let to = match ceiling {
                    Ceiling::Money(most) => {
                        Ceiling::Money(most.plus(Money::from_nano_usd(1 + 13_333_333 * more as i64)))
                    }
                    Ceiling::Count(most) if limit == LimitKind::Tokens => {
                        Ceiling::Count(most + 1 + 150 * more)
                    }
                    Ceiling::Count(most) => Ceiling::Count(most + 10),
                    Ceiling::Ms(most) => Ceiling::Ms(most * 2),
                };
                Mail::Raise { limit, to, reason }
            }
            _ => Mail::Resume { reason },
        };
        let _ = self.world.mail("ada", mail);
    }

    fn happen(&mut self, (choice, which, parts): (u32, usize, [u64; 3])) {
        match choice {
            0..=8 => self.answer(which, parts),
            9..=11 => self.fail(which, which.is_multiple_of(2)),
            12..=17 => self.tool(which),
            18..=20 if self.world.due().is_some() => {
                let left = self.world.due().unwrap_or(self.world.now).duration_since(self.world.now);
                let _ = self.world.pass(Duration::try_from(left).unwrap_or_default());
            }
            21 => drop(self.world.pass(Duration::from_secs(which as u64 % 100))),
            22 => drop(self.world.take()),
            23..=26 => self.mend(which),
            27 if which.is_multiple_of(9) => {
                drop(self.world.mail("ada", Mail::Cancel { reason: "enough".into() }));
            }
            // What came is told once more: it is stale, and nothing follows.
            28 => {
                let Some((step, turn, attempt)) = self.answered.clone() else { return };
                let said = ModelSaid { answer: Answer::default(), usage: None };
                assert!(self.world.model((&step, turn, attempt), Ok(said)).is_err(), "it is answered twice");
            }
            _ => {}
        }
        self.count();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_ceiling_is_passed_by_one_unit_and_no_attempt_is_charged_twice(
        happenings in prop::collection::vec((0_u32..29, 0_usize..10_000, [0_u64..=100, 0_u64..=100, 0_u64..=100]), 20..160),
    ) {
        let mut told = Told::new();
        for happening in happenings {
            told.happen(happening);
        }
    }
}
