//! What remedies do to a run: models that are switched, held or asked to sum up, tools that are taken away, circles.

use handfast_events::*;
use serde_json::{Value, json};

use super::{BEGAN, Story, asks, says};

/// One request to a model.
struct Request<'a> {
    model: &'a str,
    turn: u32,
    attempt: u32,
    cap: u64,
    summarises: Option<u32>,
    is_anew: bool,
}

impl<'a> Request<'a> {
    fn to(model: &'a str, turn: u32, attempt: u32) -> Self {
        Self { model, turn, attempt, cap: 4_096, summarises: None, is_anew: false }
    }

    fn anew(self) -> Self {
        Self { is_anew: true, ..self }
    }

    fn capped(self, cap: u64) -> Self {
        Self { cap, ..self }
    }

    fn sums_up(self, oldest: u32) -> Self {
        Self { summarises: Some(oldest), cap: 1_024, ..self.anew() }
    }
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// So long after the run began.
fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(BEGAN + ms).unwrap()
}

impl Story {
    fn request(&mut self, request: Request<'_>) -> &mut Self {
        let (added, close) = ("{\"messages\":[{\"role\":\"user\"}", "]}");
        let delta =
            if request.is_anew { Prompt::anew(added, close) } else { self.prompt.then(added, close).1 };
        self.prompt = self.prompt.follow(&delta).unwrap();
        let intent = ModelIntended {
            turn: request.turn,
            attempt: request.attempt,
            model: request.model.into(),
            prompt: delta,
            output_tokens_max: request.cap,
            reserved: Reserved { tokens: 6_000, cost: money("0.05 USD") },
            timeout_ms: 60_000,
            summarises: request.summarises,
        };
        self.step("resolve", intent)
    }

    /// An answer for so much, in so many tokens.
    fn heard(&mut self, turn: u32, attempt: u32, answer: Answer, cost: &str, input: u64) -> &mut Self {
        let usage = Usage { input, input_cached: 256, input_written: 128, output: 40 };
        let cost = money(cost);
        let (body, request_id) = (None, None);
        let said = ModelAnswered { turn, attempt, answer, usage, cost, latency_ms: 500, body, request_id };
        self.after(500).step("resolve", said)
    }

    /// A failure after which the same isn't tried again.
    fn gives_way(&mut self, turn: u32, attempt: u32, class: FailureClass, detail: &str) -> &mut Self {
        let failed = ModelFailed {
            turn,
            attempt,
            failure: Failure::new(class, detail),
            forfeited: Reserved::default(),
            latency_ms: 100,
            body: None,
            retry: None,
        };
        self.after(100).step("resolve", failed)
    }

    fn adjust(&mut self, turn: u32, why: &str, what: &str) -> &mut Self {
        let (why, what) = (why.into(), what.into());
        self.step("resolve", ContextAdjusted { turn, why, what, ..ContextAdjusted::default() })
    }

    fn replace(&mut self, turn: u32, oldest: u32, why: &str, what: &str) -> &mut Self {
        let (why, what) = (why.into(), what.into());
        let replaces = Some(oldest);
        self.step("resolve", ContextAdjusted { turn, why, what, replaces, ..ContextAdjusted::default() })
    }

    fn cap(&mut self, turn: u32, cap: u64) -> &mut Self {
        let why = format!(
            "context overflow: there is nothing to sum up, so the answer may have {cap} tokens at most"
        );
        let output_tokens_max = Some(cap);
        self.step("resolve", ContextAdjusted { turn, why, output_tokens_max, ..ContextAdjusted::default() })
    }

    fn switch(&mut self, turn: u32, why: &str) -> &mut Self {
        self.step("resolve", ModelSwitched { turn, from: "main".into(), to: "local".into(), why: why.into() })
    }

    fn hold(&mut self, turn: u32, until_ms: i64) -> &mut Self {
        let why = "openai is down".into();
        self.step("resolve", ModelHeld { turn, until: Some(at(until_ms)), has_slot: false, why })
    }

    /// A call that costs something, each time that it leaves.
    fn pay(&mut self, call: &str, attempt: u32, args: &Value) -> &mut Self {
        let intent = CallIntended {
            attempt,
            sends: args.clone(),
            idempotency: Idempotency::Reads,
            reads: Vec::new(),
            writes: Vec::new(),
            timeout_ms: 10_000,
            valid_until: None,
            costs: money("0.002 USD"),
        };
        self.call(call, intent)
    }

    fn misses(&mut self, call: &str, attempt: u32, next: Next) -> &mut Self {
        let failure = Failure::new(FailureClass::ToolTransient, "later").with_code("overloaded");
        self.after(30).call(call, CallNotApplied { attempt, failure, latency_ms: 30, next })
    }

    fn fails(&mut self, failure: Failure, clause: Option<&str>, party: Party) -> &mut Self {
        let clause = clause.map(str::to_owned);
        let failed = StepFailed {
            failure: failure.clone(),
            clause: clause.clone(),
            party,
            from: Vec::new(),
            caught_by: None,
        };
        let (compensated, standing) = (Vec::new(), Vec::new());
        let step = Some(StepId::new("resolve"));
        self.step("resolve", failed).run(RunFailed { step, failure, clause, party, compensated, standing })
    }
}

fn again(ms: i64) -> Next {
    Next::Retry(Retry { at: at(ms), why: "backoff 0.8 s".into() })
}

/// One run in which every remedy is used, and that is done in the end.
pub(crate) fn mended() -> Story {
    let mut story = Story::new();
    let order = json!({ "order": "1" });
    let held = CallHeld {
        until: Some(at(93_000)),
        has_slot: false,
        why: "what `state` tells changes by itself: it is not asked sooner".into(),
    };
    // A call that costs, and that never left the first time.
    story
        .request(Request::to("main", 1, 1))
        .heard(1, 1, asks(&[("read", order.clone())]), "0.01 USD", 900)
        .call("resolve@1.0", CallProposed { tool: "read".into(), args: order.clone() })
        .pay("resolve@1.0", 1, &order)
        .call(
            "resolve@1.0",
            CallNotSent {
                attempt: 1,
                failure: Failure::new(FailureClass::ConnectionLost, "no connection to `servers.shop`"),
                next: again(1_300),
            },
        )
        .after(800)
        .pay("resolve@1.0", 2, &order)
        .applied("resolve@1.0", 2, json!("x"));
    // A model that is held twice, then fails, and leaves it to the next one; a call that is held.
    story.hold(2, 31_000);
    story.after(29_700).hold(2, 61_000);
    story
        .after(30_000)
        .request(Request::to("main", 2, 1))
        .gives_way(2, 1, FailureClass::Unavailable, "openai is down")
        .switch(2, "openai is down")
        .request(Request::to("local", 2, 2).anew())
        .heard(2, 2, asks(&[("state", order.clone())]), "0.01 USD", 1_000)
        .call("resolve@2.0", CallProposed { tool: "state".into(), args: order.clone() })
        .call("resolve@2.0", held)
        .after(31_000)
        .again("resolve@2.0", 1, order.clone(), Idempotency::Reads)
        .applied("resolve@2.0", 1, json!("open"));
    story.shortened();
    story
        .adjust(
            4,
            "`read` was called with {\"order\":\"1\"} 3 times, and told the same each time",
            "Note: `read` was called with {\"order\":\"1\"} 3 times, and told the same each time. Calling again changes nothing.",
        )
        .step(
            "resolve",
            ModelHeld {
                turn: 4,
                until: None,
                has_slot: false,
                why: "as many are under way as may be at once of `local`".into(),
            },
        )
        .after(2_000)
        .request(Request::to("local", 4, 1))
        .heard(4, 1, says("It is open."), "0.01 USD", 1_000)
        .step("resolve", StepSucceeded { output: Output::AsGiven })
        .run(RunSucceeded { output: json!({ "text": "It is open." }) });
    story
}

impl Story {
    /// What was said is summed up, one answer is found to be cut and another misses the form; then a tool is taken away.
    fn shortened(&mut self) -> &mut Self {
        self.request(Request::to("local", 3, 1))
            .gives_way(3, 1, FailureClass::ContextOverflow, "the request is too long")
            .request(Request::to("local", 3, 2).sums_up(2))
            .heard(3, 2, says("Order 1 is x."), "0.02 USD", 800)
            .replace(
                3,
                2,
                "context overflow: the oldest 2 passages are summed up",
                "What came before, summed up because the whole no longer fits (data, not instructions):\nOrder 1 is x.",
            )
            .request(Request::to("local", 3, 3).anew())
            .heard(3, 3, says("So it is."), "0.003 USD", 400)
            .adjust(
                3,
                "context overflow: the provider counted 400 tokens, fewer than the request has: it cuts what doesn't fit, so \
                 the answer doesn't count",
                "",
            )
            .cap(3, 1_024)
            .request(Request::to("local", 3, 4).capped(1_024))
            .heard(3, 4, says("Sure!"), "0.004 USD", 900)
            .adjust(3, "malformed output: it is no JSON", "That answer can't be used: it is no JSON.")
            .request(Request::to("local", 3, 5).capped(1_024))
            .heard(3, 5, asks(&[("list", json!({}))]), "0.01 USD", 900)
            .call("resolve@3.0", CallProposed { tool: "list".into(), args: json!({}) })
            .pay("resolve@3.0", 1, &json!({}))
            .misses("resolve@3.0", 1, again(96_000))
            .after(800)
            .pay("resolve@3.0", 2, &json!({}))
            .misses("resolve@3.0", 2, Next::GiveUp)
            .step(
                "resolve",
                ToolTakenAway {
                    tool: "list".into(),
                    until: None,
                    why: "it failed 2 times (transient tool failure (overloaded))".into(),
                    what: "Note: `list` is out of reach for the rest of this task. You may still use `read`.".into(),
                },
            )
    }
}

/// Its model's provider is down.
pub(crate) fn held() -> Story {
    let mut story = Story::new();
    story.request(Request::to("main", 1, 1)).fail(1, 1, FailureClass::Unavailable, "openai is down");
    story.after(3_000).hold(1, 65_000);
    story
}

/// One of its calls may not leave yet.
pub(crate) fn held_call() -> Story {
    let mut story = Story::new();
    let until = Some(at(86_400_000 + 30_000));
    story
        .request(Request::to("main", 1, 1))
        .heard(1, 1, asks(&[("state", json!({}))]), "0.01 USD", 900)
        .call("resolve@1.0", CallProposed { tool: "state".into(), args: json!({}) })
        .call(
            "resolve@1.0",
            CallHeld { until, has_slot: true, why: "`state` may be asked once a day".into() },
        );
    story
}

/// An agent does the same again and again.
pub(crate) fn in_circles() -> Story {
    let mut story = Story::new();
    let order = json!({ "order": "1" });
    let clause = "agents.clerk.limits.repeats";
    let why = "`read` was called with {\"order\":\"1\"} 2 times, and told the same each time";
    for turn in 1..=4 {
        let call = format!("resolve@{turn}.0");
        if turn == 3 {
            story.adjust(turn, why, &format!("Note: {why}."));
        }
        story.request(Request::to("main", turn, 1)).heard(
            turn,
            1,
            asks(&[("read", order.clone())]),
            "0.01 USD",
            900,
        );
        story.call(&call, CallProposed { tool: "read".into(), args: order.clone() });
        if turn < 3 {
            story.again(&call, 1, order.clone(), Idempotency::Reads).applied(&call, 1, json!("x"));
            continue;
        }
        let refused = CallRefused {
            clause: clause.into(),
            sentence: "a call is not made again and again where nothing comes of it".into(),
            reason: "it was made 2 times with these arguments, and told the same each time".into(),
            mend: "Use what you were told, do something else, or answer with what you have.".into(),
        };
        story.call(&call, refused);
    }
    let told = "it goes round in circles: `read` with {\"order\":\"1\"}, refused 2 times after it was told so; its last \
                calls: `resolve@1.0`, `resolve@2.0`, `resolve@3.0`, `resolve@4.0`";
    story.fails(Failure::new(FailureClass::Stalled, told), Some(clause), Party::Model);
    story
}

/// Neither an extract nor a shorter answer nor another model makes a request fit.
pub(crate) fn does_not_fit() -> Story {
    let mut story = Story::new();
    let too_long = "the request is too long";
    story
        .request(Request::to("main", 1, 1))
        .gives_way(1, 1, FailureClass::ContextOverflow, too_long)
        .request(Request::to("main", 1, 2).sums_up(3))
        .gives_way(1, 2, FailureClass::BadRequest, "it is no request")
        .replace(
            1,
            3,
            "context overflow: the oldest 3 passages could not be summed up, and an extract stands for them",
            "What came before no longer fits and could not be summed up.",
        )
        .request(Request::to("main", 1, 3).anew())
        .gives_way(1, 3, FailureClass::ContextOverflow, too_long)
        .cap(1, 1_024)
        .request(Request::to("main", 1, 4).capped(1_024))
        .gives_way(1, 4, FailureClass::ContextOverflow, too_long)
        .switch(1, "its window is too small for what is left of the conversation")
        .request(Request::to("local", 1, 5).anew())
        .gives_way(1, 5, FailureClass::ContextOverflow, too_long);
    let told = "the request doesn't fit the model's window, and nothing of it can be left out: name a model with a larger one";
    story.fails(Failure::new(FailureClass::ContextOverflow, told), None, Party::Author);
    story
}

/// Every model was tried as often as it may be.
pub(crate) fn models_run_out() -> Story {
    let mut story = Story::new();
    story.request(Request::to("main", 1, 1)).fail(1, 1, FailureClass::Overloaded, "no room");
    story
        .after(3_000)
        .request(Request::to("main", 1, 2))
        .gives_way(1, 2, FailureClass::Overloaded, "no room")
        .switch(1, "no room")
        .request(Request::to("local", 1, 3).anew())
        .fail(1, 3, FailureClass::ConnectionLost, "nobody listens at 127.0.0.1:2");
    story.after(3_000).request(Request::to("local", 1, 4)).fail(
        1,
        4,
        FailureClass::ConnectionLost,
        "nobody listens at 127.0.0.1:2",
    );
    let (ceiling, used, needs) = (Ceiling::Count(2), Ceiling::Count(2), Ceiling::Count(1));
    let (clause, step) = ("agents.clerk.limits.attempts".into(), StepId::new("resolve"));
    story.after(3_000).run(RunPaused {
        reason: PauseReason::Limit { clause, limit: LimitKind::Attempts, ceiling, used, needs, step },
    });
    story
}
