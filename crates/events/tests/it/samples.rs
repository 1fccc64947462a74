//! One event of every kind, and of every form that a part of it can take: what the golden journal's lines mean.

mod flow;
mod knowing;
mod people;
mod remedies;
mod talk;
mod working;

use std::collections::BTreeMap;

use handfast_events::*;
use serde_json::json;

use FailureClass as Class;

/// Every class, in the order of the closed list.
const CLASSES: [Class; 21] = [
    Class::RateLimited,
    Class::Overloaded,
    Class::Timeout,
    Class::ConnectionLost,
    Class::Unavailable,
    Class::ContextOverflow,
    Class::Malformed,
    Class::Refused,
    Class::ContentFiltered,
    Class::Billing,
    Class::Authentication,
    Class::BadRequest,
    Class::ToolTransient,
    Class::ToolPermanent,
    Class::ToolBreach,
    Class::RefusedByClause,
    Class::HandOff,
    Class::Author,
    Class::Cancelled,
    Class::WorkerGone,
    Class::Unknown,
];

const PARTIES: [Party; 9] = [
    Party::Model,
    Party::Step,
    Party::Tool,
    Party::Server,
    Party::Environment,
    Party::Person,
    Party::Author,
    Party::Runtime,
    Party::Unknown,
];

/// The run of the golden journal.
pub(crate) fn run() -> RunId {
    "018f5e6c-7a00-7000-8000-000000000001".parse().unwrap()
}

/// Its events. They show forms, not a story: no run could have had them in this order.
pub(crate) fn all() -> Vec<Event> {
    let mut told: Vec<(Option<&str>, Option<&str>, Body)> = Vec::new();
    told.extend(of_the_run().into_iter().map(|body| (None, None, body)));
    told.extend(of_a_step().into_iter().map(|body| (Some("resolve"), None, body)));
    told.extend(of_a_turn().into_iter().map(|body| (Some("resolve"), None, body)));
    told.extend(of_a_call().into_iter().map(|body| (Some("resolve"), Some("resolve@1.0"), body)));
    told.push((Some("tell"), None, StepSucceeded { output: Output::AsGiven }.into()));
    let keyed = CallIntended {
        attempt: 2,
        sends: json!({}),
        idempotency: Idempotency::Key("hf_0".into()),
        reads: Vec::new(),
        writes: Vec::new(),
        timeout_ms: 1,
        valid_until: Some(time("2026-11-22T06:00:00Z")),
        costs: Money::ZERO,
    };
    told.push((Some("tell"), Some("tell@0.0"), keyed.into()));
    told.extend(aside());
    told.extend(people::all());
    let call = CallId::new("tell@0.0");
    let action = |done| Action { call: call.clone(), args: Digest::of(b"{}"), done };
    let gave = |value| serde_json::to_string(&action(value)).unwrap();
    for (before, value) in [
        (ClaimBefore::Absent, Some(gave(Done::Open))),
        (ClaimBefore::Own, Some(gave(Done::Gave(Kept::Whole(json!({ "sent": true })))))),
        (ClaimBefore::Is(gave(Done::Broke)), None),
    ] {
        let name = "action/shop/mail/0f".to_owned();
        told.push((None, None, ClaimChanged { name, before, value }.into()));
    }
    let waits =
        CallWaits { claim: "action/shop/mail/0f".into(), by: run(), until: time("2026-11-21T06:01:00Z") };
    told.push((Some("tell"), Some("tell@0.0"), waits.into()));
    let result = Kept::Whole(json!({ "sent": true }));
    told.push((Some("tell"), Some("tell@0.0"), CallGiven { run: run(), call: call.clone(), result }.into()));
    told.extend(flow::all());
    told.extend(of_compensation());
    told.extend(people::deciding());
    told.extend(knowing::all());
    told.extend(working::all());
    told.extend(knowing::memory());
    told.extend(talk::all());
    told.extend(working::late());
    told.extend(knowing::blamed());
    told.extend(remedies::all());
    let began = time("2026-11-21T06:00:00.000001Z");
    let event = |(place, (step, call, body)): (usize, (Option<&str>, Option<&str>, Body))| Event {
        seq: Seq(place as u64 + 1),
        time: began + jiff::SignedDuration::from_millis(place as i64 * 250),
        step: step.map(StepId::new),
        call: call.map(CallId::new),
        body,
    };
    told.into_iter().enumerate().map(event).collect()
}

/// Calls that hang behind another one, one for each purpose.
fn aside() -> impl Iterator<Item = (Option<&'static str>, Option<&'static str>, Body)> {
    let of = |id, purpose, not_before| {
        let (tool, args) = ("find_order".into(), json!({ "order_id": "1042" }));
        let body = SideCallProposed { purpose, tool, args, not_before };
        (Some("resolve"), Some(id), body.into())
    };
    let order = || "order".to_owned();
    let look = || CallId::new("resolve@1.0~reconcile#1");
    let of_call = |body: Body| (Some("resolve"), Some("resolve@1.0"), body);
    let found =
        |settled| of_call(CallFound { look: look(), settled, evidence: "it gave null".into() }.into());
    let stayed = |look, next| of_call(DoubtStayed { look, why: "it says neither".into(), next }.into());
    [
        of("resolve@1.0~probe.order", Purpose::Before(order()), None),
        of("resolve@1.0~after.order", Purpose::After(order()), None),
        of("resolve@1.0~reconcile#1", Purpose::Look, Some(time("2026-11-21T06:00:30Z"))),
        of("resolve@1.0~compensate", Purpose::Compensate, None),
        found(Settled::Applied(json!({ "refund_id": "r1" }))),
        found(Settled::NotApplied),
        stayed(Some(look()), Stayed::Look),
        stayed(Some(look()), Stayed::Repeat(retry())),
        stayed(Some(look()), Stayed::Person { role: None }),
        stayed(None, Stayed::Person { role: Some("support-lead".into()) }),
    ]
    .into_iter()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn failure(class: Class) -> Failure {
    Failure::new(class, "what happened, in one sentence")
}

fn retry() -> Retry {
    Retry { at: time("2026-11-21T06:00:30Z"), why: "backoff 0.8 s".into() }
}

fn of_the_run() -> Vec<Body> {
    let mut bodies: Vec<Body> = vec![
        RunStarted {
            contract: "support".into(),
            version: "2026-11-21".into(),
            digest: Digest::of(b"every byte that was read"),
            workflow: "ticket".into(),
            input: json!({ "text": "Where is \"1042\"?\nGrüße", "amount": 12.5, "whole": 7, "none": null }),
            key: Some("ticket-7".into()),
            folder: "/srv/support".into(),
            model: Some("script:scripts/late.json".into()),
            settings: BTreeMap::from([("shop".to_owned(), json!("http://127.0.0.1:7400/mcp"))]),
        }
        .into(),
        RunStarted {
            contract: "support".into(),
            version: "1".into(),
            digest: Digest::default(),
            workflow: "ticket".into(),
            input: json!({}),
            key: None,
            folder: ".".into(),
            model: None,
            settings: BTreeMap::new(),
        }
        .into(),
        EpochBegan { epoch: Epoch(3), worker: "host-1/4242".into(), prices: None }.into(),
    ];
    bodies.extend(of_the_mailbox());
    bodies.extend(of_limits());
    bodies.extend(of_the_end());
    bodies
}

fn of_the_mailbox() -> Vec<Body> {
    let call = CallId::new("resolve@1.0");
    let (reason, evidence) = ("it was asked for".to_owned(), "the shop's ledger has it".to_owned());
    let applied = Settlement::Applied(json!({ "refund_id": "r1" }));
    let settle = |settlement| Mail::Settle { call: call.clone(), settlement, evidence: evidence.clone() };
    let (to, refused) = (Ceiling::Count(20), MailOutcome::Refused { why: "no limit holds it".into() });
    let taken = |(mail, outcome)| {
        let (id, who) = (CommandId::new("settle-1"), "asserted: ada".to_owned());
        MailTaken { id, who, at: time("2026-11-21T05:59:59Z"), mail, outcome }.into()
    };
    let rows = [
        (settle(applied), MailOutcome::Done),
        (settle(Settlement::NotApplied), MailOutcome::Done),
        (Mail::Raise { limit: LimitKind::Turns, to, reason: reason.clone() }, refused),
        (Mail::Cancel { reason: reason.clone() }, MailOutcome::Done),
        (Mail::Resume { reason }, MailOutcome::Done),
    ];
    rows.into_iter().map(taken).collect()
}

fn of_limits() -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    for (limit, to) in [
        (LimitKind::Turns, Ceiling::Count(20)),
        (LimitKind::Attempts, Ceiling::Count(5)),
        (LimitKind::Tokens, Ceiling::Count(400_000)),
        (LimitKind::Cost, Ceiling::Money(money("5 USD"))),
        (LimitKind::Time, Ceiling::Ms(600_000)),
    ] {
        let (clause, step) = ("agents.clerk.limits".to_owned(), StepId::new("resolve"));
        let (ceiling, used, needs) = (to, to, to);
        let reason = PauseReason::Limit { clause: clause.clone(), limit, ceiling, used, needs, step };
        bodies.push(RunPaused { reason }.into());
        bodies.push(LimitRaised { clause, limit, to }.into());
    }
    bodies
}

fn of_the_end() -> Vec<Body> {
    let end = failure(Class::HandOff);
    vec![
        RunPaused { reason: PauseReason::Operator { why: "set OPENAI_API_KEY".into() } }.into(),
        RunResumed { who: "asserted: ada".into() }.into(),
        RunCancelRequested { who: "asserted: ada".into(), why: "no longer needed".into() }.into(),
        RunSucceeded { output: json!({ "text": "On its way." }) }.into(),
        RunFailed {
            step: Some(StepId::new("resolve")),
            failure: end.clone(),
            clause: Some("workflows.ticket.steps.resolve.with".into()),
            party: Party::Step,
            compensated: Vec::new(),
            standing: Vec::new(),
        }
        .into(),
        RunFailed {
            step: None,
            failure: end,
            clause: None,
            party: Party::Author,
            compensated: Vec::new(),
            standing: Vec::new(),
        }
        .into(),
        RunCancelled::default().into(),
    ]
}

fn of_a_step() -> Vec<Body> {
    let mut bodies: Vec<Body> = vec![
        StepStarted { kind: StepKind::Agent("clerk".into()), input: json!({ "text": "…" }) }.into(),
        StepStarted { kind: StepKind::Tool("find_order".into()), input: json!({ "order_id": "1042" }) }
            .into(),
        StepSkipped { why: "`steps.who.id != ''` does not hold".into() }.into(),
        StepSucceeded { output: Output::Value(json!(["a", 1, 2.5, true, null])) }.into(),
    ];
    let full = Failure {
        status: Some(429),
        code: Some("overloaded (529)".into()),
        retry_after_ms: Some(1500),
        ..failure(Class::RateLimited)
    };
    let clause = Some("tools.refund.output".to_owned());
    bodies.push(
        StepFailed { failure: full, clause, party: Party::Server, from: Vec::new(), caught_by: None }.into(),
    );
    for party in PARTIES {
        bodies.push(
            StepFailed {
                failure: failure(Class::Unknown),
                clause: None,
                party,
                from: Vec::new(),
                caught_by: None,
            }
            .into(),
        );
    }
    bodies
}

/// Steps that hold steps or wait, and what the kinds before them say of those.
fn of_a_turn() -> Vec<Body> {
    let reserved = Reserved { tokens: 4500, cost: money("0.0123 USD") };
    let prompt = PromptDelta {
        delta: "{\"model\":\"gpt-5-mini\",\"messages\":[…]}".into(),
        close_bytes: 2,
        digest: Digest::of(b"the whole request"),
        anew: false,
    };
    let model = "main".to_owned();
    let mut bodies: Vec<Body> = vec![
        ModelIntended {
            turn: 1,
            attempt: 2,
            model,
            prompt,
            output_tokens_max: 4096,
            reserved,
            timeout_ms: 300_000,
            summarises: None,
        }
        .into(),
    ];
    let ask = Ask { id: "call_1".into(), tool: "find_order".into(), args: "{\"order_id\":\"1042\"}".into() };
    let said = |answer, body: Option<&str>| ModelAnswered {
        turn: 1,
        attempt: 2,
        answer,
        usage: Usage { input: 900, input_cached: 512, input_written: 0, output: 80 },
        cost: money("0.000385 USD"),
        latency_ms: 812,
        body: body.map(Into::into),
        request_id: body.map(|_| "req_1".to_owned()),
    };
    let answer = Answer::default();
    let calls = Answer { calls: vec![ask], finish: Finish::Calls, ..answer.clone() };
    bodies.push(said(calls, Some("{\"choices\":[]}")).into());
    bodies.push(said(Answer { text: "On its way.".into(), ..answer.clone() }, None).into());
    bodies
        .push(said(Answer { text: "On its".into(), finish: Finish::Length, ..answer.clone() }, None).into());
    let refusal = Some("I can't do that.".to_owned());
    bodies.push(said(Answer { refusal, finish: Finish::Filtered, ..answer }, None).into());
    for class in CLASSES {
        let is_transient = class.is_transient();
        let failed = ModelFailed {
            turn: 1,
            attempt: 1,
            failure: failure(class),
            forfeited: if is_transient { reserved } else { Reserved::default() },
            latency_ms: 20,
            body: is_transient.then(|| "{\"error\":{}}".into()),
            retry: is_transient.then(retry),
        };
        bodies.push(failed.into());
    }
    let (why, what) = ("malformed output: it is no JSON", "That answer can't be used.");
    bodies.push(
        ContextAdjusted { turn: 1, why: why.into(), what: what.into(), ..ContextAdjusted::default() }.into(),
    );
    bodies
}

fn of_a_call() -> Vec<Body> {
    let mut bodies: Vec<Body> = vec![
        CallProposed { tool: "refund".into(), args: json!({ "order_id": "1042", "amount": 20.5 }) }.into(),
        CallProposed { tool: "refund".into(), args: json!("{not JSON") }.into(),
        CallRefused {
            clause: "tools.refund.requires.it-is-at-most-200".into(),
            sentence: "it is at most 200".into(),
            reason: "`args.amount <= 200.0` does not hold".into(),
            mend: "Call again so that it holds.".into(),
        }
        .into(),
        CallQueued { resource: "order/1042".into(), behind: CallId::new("resolve@1.1") }.into(),
    ];
    let words = || vec!["order/1042".to_owned()];
    for (idempotency, reads, writes) in [
        (Idempotency::Reads, words(), Vec::new()),
        (Idempotency::Natural, Vec::new(), words()),
        (Idempotency::Key("hf_0123456789abcdefghjkmnpqrs".into()), words(), vec!["refund/*".to_owned()]),
        (Idempotency::None, Vec::new(), Vec::new()),
    ] {
        let sends = json!({ "order": "1042", "amount": 20.5 });
        bodies.push(
            CallIntended {
                attempt: 1,
                sends,
                idempotency,
                reads,
                writes,
                timeout_ms: 60_000,
                valid_until: None,
                costs: Money::ZERO,
            }
            .into(),
        );
    }
    let (attempt, latency_ms) = (1, 35);
    for next in [Next::Retry(retry()), Next::Settlement, Next::GiveUp] {
        let failure = failure(Class::ToolTransient);
        bodies.push(CallNotSent { attempt, failure: failure.clone(), next: next.clone() }.into());
        bodies.push(
            CallNotApplied { attempt, failure: failure.clone(), latency_ms, next: next.clone() }.into(),
        );
        bodies.push(CallDoubted { attempt, failure, latency_ms, next }.into());
    }
    let cut = Kept::Cut { head: "[1,2".into(), digest: Digest::of(b"all of it"), bytes: 300_000 };
    for result in [Kept::Whole(json!({ "refund_id": "r1" })), cut] {
        bodies.push(CallApplied { attempt, result, latency_ms }.into());
    }
    for settled in [Settled::Applied(json!({ "refund_id": "r1" })), Settled::NotApplied] {
        let (who, evidence) = ("asserted: ada".to_owned(), "the shop's ledger".to_owned());
        bodies.push(CallSettled { settled, who, evidence }.into());
    }
    let verdict = |held, evidence: &str, party| Verdict {
        clause: "tools.refund.ensures.the-amount".into(),
        held,
        evidence: evidence.into(),
        party,
    };
    let verdicts = vec![
        verdict(Held::Held, "", None),
        verdict(Held::Violated, "it gave 7", Some(Party::Tool)),
        verdict(Held::Unverified, "it was cut", Some(Party::Author)),
    ];
    bodies.push(CallJudged { verdicts }.into());
    bodies.push(CallJudged { verdicts: Vec::new() }.into());
    bodies
}

/// What is taken back, and what stands; and the later forms of the events that say so.
fn of_compensation() -> Vec<(Option<&'static str>, Option<&'static str>, Body)> {
    let (who, why) = ("asserted: ada".to_owned(), "seen to by hand".to_owned());
    let (call, other) = (CallId::new("resolve@1.0"), CallId::new("tell@0.0"));
    let clause = Some("tools.cancel_refund.limits.attempts".to_owned());
    let contract = Digest::of(b"every byte that was read");
    let began = CompensationBegan { contract, calls: vec![other.clone(), call.clone()] };
    let stuck = |clause, party| CompensationStuck { failure: failure(Class::ToolTransient), clause, party };
    let of_the_call: Vec<Body> = vec![
        CallCompensated { leaves: Vec::new() }.into(),
        CallCompensated { leaves: vec!["the email".into()] }.into(),
        stuck(clause, Party::Tool).into(),
        stuck(None, Party::Author).into(),
        CompensationRetried { who: who.clone(), why: why.clone() }.into(),
        CallLeftStanding { what: vec!["the email".into()], why: Standing::Leaves }.into(),
        CallLeftStanding { what: vec!["deletes order/1042".into()], why: Standing::Impossible }.into(),
        CallLeftStanding { what: Vec::new(), why: Standing::Unsaid }.into(),
        CallLeftStanding {
            what: vec!["writes order/1042".into()],
            why: Standing::Accepted { who: who.clone(), why: why.clone() },
        }
        .into(),
        StandingAccepted { who: who.clone(), why: why.clone() }.into(),
    ];
    let taken = |mail| {
        let (id, at) = (CommandId::new("retry-1"), time("2026-11-21T05:59:59Z"));
        MailTaken { id, who: who.clone(), at, mail, outcome: MailOutcome::Done }
    };
    let (compensated, standing) = (vec![call.clone()], vec![other]);
    let failed = RunFailed {
        step: None,
        failure: failure(Class::Author),
        clause: Some("workflows.ticket.output".into()),
        party: Party::Author,
        compensated: compensated.clone(),
        standing: standing.clone(),
    };
    let failing =
        RunFailing { failure: failure(Class::Author), clause: failed.clause.clone(), party: Party::Author };
    let (resolve, its_call) = (Some("resolve"), Some("resolve@1.0"));
    let mut told: Vec<(Option<&str>, Option<&str>, Body)> = vec![
        (None, None, failing.into()),
        (
            None,
            None,
            RunFailing { failure: failure(Class::Author), clause: None, party: Party::Author }.into(),
        ),
        (None, None, began.clone().into()),
        (resolve, None, began.into()),
    ];
    told.extend(of_the_call.into_iter().map(|body| (resolve, its_call, body)));
    told.extend([
        (None, None, taken(Mail::Retry { call: call.clone(), reason: why.clone() }).into()),
        (None, None, taken(Mail::Accept { call, reason: why }).into()),
        (None, None, failed.into()),
        (None, None, RunCancelled { compensated, standing }.into()),
    ]);
    told
}
