//! Runs as their journals tell them, written by hand: each is one that people will ask about.

#![expect(clippy::unwrap_used, reason = "a story that can't be told must stop the test")]

mod remedies;
mod working;

use handfast_events::*;
use serde_json::{Value, json};

pub(crate) use remedies::{does_not_fit, held, held_call, in_circles, mended, models_run_out};
pub(crate) use working::{contradicted, working};

pub(crate) const RUN: RunId =
    RunId::from_bytes([0x01, 0x90, 0xaa, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 7]);
/// Half past six in the morning.
const BEGAN: i64 = 1_795_242_600_000;

/// A journal in the making.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) events: Vec<Event>,
    ms: i64,
    prompt: Prompt,
}

impl Story {
    pub(crate) fn new() -> Self {
        let mut story = Self::default();
        story.run(RunStarted {
            contract: "support".into(),
            version: "2026-11-21".into(),
            digest: Digest::of(b"the contract"),
            workflow: "ticket".into(),
            input: json!({ "text": "Where is my parcel?", "from": "ada@example.com" }),
            key: None,
            folder: "/contracts".into(),
            model: Some("script:examples/support/scripts/late-parcel.json".into()),
            settings: Default::default(),
        });
        story.run(EpochBegan { epoch: Epoch(1), worker: "laptop/4711".into(), prices: None }).start(
            "resolve",
            StepKind::Agent("clerk".into()),
            json!({ "text": "Where is my parcel?" }),
        );
        story
    }

    /// Lets time pass.
    pub(crate) fn after(&mut self, ms: i64) -> &mut Self {
        self.ms += ms;
        self
    }

    fn push(&mut self, step: Option<&str>, call: Option<&str>, body: impl Into<Body>) -> &mut Self {
        self.events.push(Event {
            seq: Seq(self.events.len() as u64 + 1),
            time: Timestamp::from_millisecond(BEGAN + self.ms).unwrap(),
            step: step.map(StepId::new),
            call: call.map(CallId::new),
            body: body.into(),
        });
        self
    }

    pub(crate) fn run(&mut self, body: impl Into<Body>) -> &mut Self {
        self.push(None, None, body)
    }

    pub(crate) fn step(&mut self, step: &str, body: impl Into<Body>) -> &mut Self {
        self.push(Some(step), None, body)
    }

    pub(crate) fn call(&mut self, call: &str, body: impl Into<Body>) -> &mut Self {
        self.push(Some(CallId::new(call).step().as_str()), Some(call), body)
    }

    pub(crate) fn start(&mut self, step: &str, kind: StepKind, input: Value) -> &mut Self {
        self.step(step, StepStarted { kind, input })
    }

    pub(crate) fn ask(&mut self, turn: u32, attempt: u32, added: &str) -> &mut Self {
        let (prompt, delta) = self.prompt.then(added, "],\"max\":900}");
        self.prompt = prompt;
        let reserved = Reserved { tokens: 2_000, cost: "0.03 USD".parse().unwrap() };
        let intent = ModelIntended {
            turn,
            attempt,
            model: "main".into(),
            prompt: delta,
            output_tokens_max: 900,
            reserved,
            timeout_ms: 60_000,
            summarises: None,
        };
        self.step("resolve", intent)
    }

    pub(crate) fn answer(&mut self, turn: u32, attempt: u32, answer: Answer) -> &mut Self {
        let usage =
            Usage { input: 1_200 + u64::from(turn) * 300, input_cached: 1_024, input_written: 0, output: 80 };
        let said = ModelAnswered {
            turn,
            attempt,
            answer,
            usage,
            cost: Money::from_nano_usd(4_512_345),
            latency_ms: 840,
            body: None,
            request_id: None,
        };
        self.after(840).step("resolve", said)
    }

    pub(crate) fn fail(&mut self, turn: u32, attempt: u32, class: FailureClass, detail: &str) -> &mut Self {
        let at = Timestamp::from_millisecond(BEGAN + self.ms + 3_120).unwrap();
        let failed = ModelFailed {
            turn,
            attempt,
            failure: Failure { status: Some(429), ..Failure::new(class, detail) },
            forfeited: Reserved::default(),
            latency_ms: 120,
            body: None,
            retry: Some(Retry { at, why: "the provider asks for 3 s".into() }),
        };
        self.after(120).step("resolve", failed)
    }

    /// A call from proposal to intent.
    pub(crate) fn intend(
        &mut self,
        call: &str,
        tool: &str,
        args: Value,
        idempotency: Idempotency,
    ) -> &mut Self {
        self.call(call, CallProposed { tool: tool.into(), args: args.clone() });
        self.again(call, 1, args, idempotency)
    }

    /// A call that takes another one back, from proposal to intent.
    pub(crate) fn aside(
        &mut self,
        call: &str,
        tool: &str,
        args: Value,
        idempotency: Idempotency,
    ) -> &mut Self {
        let purpose = Purpose::Compensate;
        let proposed = SideCallProposed { purpose, tool: tool.into(), args: args.clone(), not_before: None };
        self.call(call, proposed);
        self.again(call, 1, args, idempotency)
    }

    pub(crate) fn again(
        &mut self,
        call: &str,
        attempt: u32,
        args: Value,
        idempotency: Idempotency,
    ) -> &mut Self {
        let (reads, writes) = (Vec::new(), Vec::new());
        self.call(
            call,
            CallIntended {
                attempt,
                sends: args,
                idempotency,
                reads,
                writes,
                timeout_ms: 10_000,
                valid_until: None,
                costs: Money::ZERO,
            },
        )
    }

    pub(crate) fn applied(&mut self, call: &str, attempt: u32, result: Value) -> &mut Self {
        let clause = "tools.find_order.output".into();
        let held = Verdict { clause, held: Held::Held, evidence: String::new(), party: None };
        self.after(12)
            .call(call, CallApplied { attempt, result: Kept::Whole(result), latency_ms: 12 })
            .call(call, CallJudged { verdicts: vec![held] })
    }
}

pub(crate) fn says(text: &str) -> Answer {
    Answer { text: text.into(), ..Answer::default() }
}

pub(crate) fn asks(calls: &[(&str, Value)]) -> Answer {
    let ask =
        |(tool, args): &(&str, Value)| Ask { id: "c1".into(), tool: (*tool).into(), args: args.to_string() };
    Answer { calls: calls.iter().map(ask).collect(), finish: Finish::Calls, ..Answer::default() }
}

/// A malformed first answer, a reminder and a good second one; a rate limit; a call that fails once.
pub(crate) fn malformed_then_good() -> Story {
    let mut story = Story::new();
    let order = json!({ "order_id": "1042" });
    story
        .ask(1, 1, "[{\"role\":\"user\",\"content\":\"Where is my parcel?\"}")
        .answer(1, 1, asks(&[("track_parcel", order.clone())]))
        .intend("resolve@1.0", "track_parcel", order.clone(), Idempotency::Reads)
        .after(30)
        .call("resolve@1.0", CallNotApplied {
            attempt: 1,
            failure: Failure::new(FailureClass::ToolTransient, "the carrier is busy").with_code("overloaded"),
            latency_ms: 30,
            next: Next::Retry(Retry { at: Timestamp::UNIX_EPOCH, why: "backoff 0.8 s".into() }),
        })
        .after(800)
        .again("resolve@1.0", 2, order, Idempotency::Reads)
        .applied("resolve@1.0", 2, json!({ "place": "Leipzig", "days_late": 3 }))
        .ask(2, 1, ",{\"role\":\"tool\",\"content\":\"Leipzig\"}")
        .fail(2, 1, FailureClass::RateLimited, "too many requests")
        .after(3_000)
        .ask(2, 2, "")
        .answer(2, 2, says("Sure! Here is the answer: your parcel is in Leipzig."))
        .step("resolve", ContextAdjusted {
            turn: 2,
            why: "malformed output: it is no JSON: expected value at line 1 column 1".into(),
            what: "That answer can't be used: it is no JSON: expected value at line 1 column 1. Answer again with one \
                   JSON value of the agreed schema and nothing else: no prose, no code fence."
                .into(), ..ContextAdjusted::default()
        })
        .ask(2, 3, ",{\"role\":\"user\",\"content\":\"That answer can't be used\"}")
        .answer(2, 3, says(r#"{"text":"Your parcel is in Leipzig and three days late."}"#))
        .step("resolve", StepSucceeded { output: Output::Value(json!({ "text": "Your parcel is in Leipzig and three days late." })) })
        .start("tell", StepKind::Tool("send_mail".into()), json!({ "to": "ada@example.com" }))
        .intend(
            "tell@0.0",
            "send_mail",
            json!({ "to": "ada@example.com", "body": "Your parcel is in Leipzig and three days late." }),
            Idempotency::Key("hf_0123456789abcdefghjkmnpqrs".into()),
        )
        .applied("tell@0.0", 1, json!({ "message_id": "m-17" }))
        .step("tell", StepSucceeded { output: Output::Value(json!({ "message_id": "m-17" })) })
        .step("voucher", StepSkipped { why: "its condition did not hold".into() })
        .run(RunSucceeded { output: json!({ "text": "Your parcel is in Leipzig and three days late." }) });
    story
}

/// A call that a clause refuses, mended by the model; the second call then breaks its tool's promise.
pub(crate) fn refused_then_broken() -> Story {
    let mut story = Story::new();
    let (much, less) =
        (json!({ "order_id": "1042", "amount": 350.0 }), json!({ "order_id": "1042", "amount": 50.0 }));
    let failure =
        Failure::new(FailureClass::ToolBreach, "tool `refund` broke `the amount is the one asked for`");
    let clause = "tools.refund.ensures.the-amount-is-the-one-asked-for";
    let (from, caught_by) = (Vec::new(), None);
    let failed = StepFailed {
        failure: failure.clone(),
        clause: Some(clause.into()),
        party: Party::Tool,
        from,
        caught_by,
    };
    story
        .ask(1, 1, "[{\"role\":\"user\",\"content\":\"Refund, please.\"}")
        .answer(1, 1, asks(&[("refund", much.clone())]))
        .step("resolve", CallProposed { tool: "refund".into(), args: much })
        .call(
            "resolve@1.0",
            CallRefused {
                clause: "agents.clerk.may.refund".into(),
                sentence: "refund only where args.amount <= 200.0".into(),
                reason: "args.amount is 350".into(),
                mend: "ask for at most 200, or open a case for a person".into(),
            },
        )
        .ask(2, 1, ",{\"role\":\"tool\",\"content\":\"refused\"}")
        .answer(2, 1, asks(&[("refund", less.clone())]))
        .intend("resolve@2.0", "refund", less, Idempotency::Key("hf_zyxwvtsrqpnmkjhgfedcba9876".into()))
        .after(45)
        .call(
            "resolve@2.0",
            CallApplied {
                attempt: 1,
                result: Kept::Whole(json!({ "refund_id": "r-1", "amount": 500.0 })),
                latency_ms: 45,
            },
        )
        .call(
            "resolve@2.0",
            CallJudged {
                verdicts: vec![
                    Verdict {
                        clause: "tools.refund.output".into(),
                        held: Held::Held,
                        evidence: String::new(),
                        party: None,
                    },
                    Verdict {
                        clause: clause.into(),
                        held: Held::Violated,
                        evidence: "result.amount is 500, args.amount is 50".into(),
                        party: Some(Party::Tool),
                    },
                ],
            },
        )
        .step("resolve", failed)
        .run(RunFailed {
            step: Some(StepId::new("resolve")),
            failure,
            clause: Some(clause.into()),
            party: Party::Tool,
            compensated: Vec::new(),
            standing: Vec::new(),
        });
    story
}

/// A worker dies behind the intent of a call that must not be repeated.
pub(crate) fn in_doubt() -> Story {
    let mut story = Story::new();
    let case = json!({ "summary": "Parcel 1042 is lost", "order_id": "1042" });
    story
        .ask(1, 1, "[{\"role\":\"user\",\"content\":\"Where is my parcel?\"}")
        .answer(1, 1, asks(&[("open_case", case.clone())]))
        .intend("resolve@1.0", "open_case", case, Idempotency::None)
        .after(9_000)
        .run(EpochBegan { epoch: Epoch(2), worker: "laptop/4720".into(), prices: None })
        .call(
            "resolve@1.0",
            CallDoubted {
                attempt: 1,
                failure: Failure::new(FailureClass::WorkerGone, "the worker that made this attempt is gone"),
                latency_ms: 0,
                next: Next::Settlement,
            },
        );
    story
}

/// The next call could pass the agent's limit on cost.
pub(crate) fn paused_by_limit() -> Story {
    let mut story = Story::new();
    let money = |text: &str| Ceiling::Money(text.parse().unwrap());
    story
        .ask(1, 1, "[{\"role\":\"user\",\"content\":\"Where is my parcel?\"}")
        .after(60_000)
        .step(
            "resolve",
            ModelFailed {
                turn: 1,
                attempt: 1,
                failure: Failure::new(FailureClass::Timeout, "no answer within 60 s"),
                forfeited: Reserved { tokens: 2_000, cost: "0.03 USD".parse().unwrap() },
                latency_ms: 60_000,
                body: None,
                retry: None,
            },
        )
        .run(RunPaused {
            reason: PauseReason::Limit {
                clause: "agents.clerk.limits.cost".into(),
                limit: LimitKind::Cost,
                ceiling: money("0.05 USD"),
                used: money("0.03 USD"),
                needs: money("0.03 USD"),
                step: StepId::new("resolve"),
            },
        });
    story
}

/// The second turn breaks a promise; of what the first did one call is taken back, one is stuck, one stands.
pub(crate) fn stuck() -> Story {
    let mut story = Story::new();
    let (order, mail) = (json!({ "order_id": "1042" }), json!({ "to": "ada@example.com" }));
    let receipt = json!({ "refund_id": "r1", "amount": 20.0 });
    let key = |key: &str| Idempotency::Key(key.into());
    let failure = Failure::new(FailureClass::ToolBreach, "it gave 7 for 20");
    let calls = ["resolve@1.2", "resolve@1.0"].map(CallId::new).to_vec();
    story
        .ask(1, 1, "[")
        .answer(
            1,
            1,
            asks(&[("refund", order.clone()), ("send_mail", mail.clone()), ("label", order.clone())]),
        )
        .intend("resolve@1.0", "refund", order.clone(), key("hf_1"))
        .intend("resolve@1.1", "send_mail", mail, Idempotency::None)
        .intend("resolve@1.2", "label", order.clone(), Idempotency::Natural)
        .applied("resolve@1.0", 1, receipt)
        .applied("resolve@1.1", 1, json!({ "sent": true }))
        .applied("resolve@1.2", 1, json!({ "label_id": "l1" }))
        .step(
            "resolve",
            StepFailed {
                failure,
                clause: Some("tools.label.ensures.it-fits".into()),
                party: Party::Tool,
                from: Vec::new(),
                caught_by: None,
            },
        )
        .call(
            "resolve@1.1",
            CallLeftStanding { what: vec!["notifies ada@example.com".into()], why: Standing::Unsaid },
        )
        .run(CompensationBegan { contract: Digest::of(b"the contract"), calls })
        .aside("resolve@1.2~compensate", "void_label", json!({ "label_id": "l1" }), Idempotency::Natural)
        .applied("resolve@1.2~compensate", 1, json!({ "void": true }))
        .call("resolve@1.2", CallCompensated { leaves: vec!["the printed label".into()] })
        .aside("resolve@1.0~compensate", "cancel_refund", json!({ "refund_id": "r1" }), key("hf_2"))
        .after(300)
        .call(
            "resolve@1.0~compensate",
            CallNotApplied {
                attempt: 1,
                failure: Failure::new(FailureClass::ToolPermanent, "the money is paid out already")
                    .with_code("paid_out"),
                latency_ms: 300,
                next: Next::GiveUp,
            },
        )
        .call(
            "resolve@1.0",
            CompensationStuck {
                failure: Failure::new(FailureClass::ToolPermanent, "the money is paid out already")
                    .with_code("paid_out"),
                clause: None,
                party: Party::Tool,
            },
        );
    story
}

/// A person lets stand what was stuck, and the run ends; later somebody accepts what nothing takes back.
pub(crate) fn standing() -> Story {
    let mut story = stuck();
    let why = Standing::Accepted { who: "asserted: ada".into(), why: "the customer keeps it".into() };
    story
        .after(60_000)
        .call("resolve@1.0", CallLeftStanding { what: vec!["writes order/1042".into()], why })
        .run(RunFailed {
            step: Some(StepId::new("resolve")),
            failure: Failure::new(FailureClass::ToolBreach, "it gave 7 for 20"),
            clause: Some("tools.label.ensures.it-fits".into()),
            party: Party::Tool,
            compensated: vec![CallId::new("resolve@1.2")],
            standing: ["resolve@1.1", "resolve@1.0"].map(CallId::new).to_vec(),
        });
    story
}

/// What a model and a tool wrote tries to take the terminal over.
pub(crate) fn hostile() -> Story {
    let mut story = Story::new();
    let args = json!({ "order_id": "1042\u{202e}0001", "note": "\u{1b}[2J\u{7}\u{200b}paid" });
    story
        .ask(1, 1, "[")
        .answer(1, 1, asks(&[("find_order\u{1b}[31m", args.clone())]))
        .intend("resolve@1.0", "find_order\u{1b}[31m", args, Idempotency::Reads)
        .applied("resolve@1.0", 1, json!("\r\u{9b}2K done\n\u{e0041}\u{feff}"));
    story
}

pub(crate) fn all() -> Vec<Story> {
    vec![
        malformed_then_good(),
        refused_then_broken(),
        in_doubt(),
        working(),
        contradicted(),
        paused_by_limit(),
        stuck(),
        standing(),
        hostile(),
        mended(),
        held(),
        held_call(),
        in_circles(),
        does_not_fit(),
        models_run_out(),
    ]
}
