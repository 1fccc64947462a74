//! A scripted model: chosen by place, failing on cue, the same in every process.

use std::path::Path;
use std::time::Duration;

use handfast_model::{Models, Script, Source, UNSCRIPTED};

use crate::setup::{PATIENCE, in_words, open, options, place, scripted};

/// A folder with this script in it.
fn folder(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.json"), script).unwrap();
    folder
}

fn models(folder: &Path) -> Models {
    Models::of([&scripted("s.json")], &options(folder, Source::Contract), |_| None).unwrap()
}

#[tokio::test]
async fn the_decision_that_names_most_of_the_place_speaks() {
    let folder = folder(
        r#"{ "handfast_script": 1, "about": "places", "decisions": [
            { "turn": 1, "text": "any step" },
            { "step": "resolve", "text": "resolve" },
            { "step": "resolve", "turn": 1, "text": "resolve 1" },
            { "step": "resolve", "turn": 1, "attempt": 2, "text": "resolve 1 again" },
            { "step": "resolve", "turn": 1, "when_prompt_contains": "\"id\": 1042", "text": "resolve 1 of 1042" },
            { "step": "study/found", "turn": "*", "text": "a lane" },
            { "step": "study/found", "lane": "rust", "text": "the lane of rust" },
            { "step": "study[go]/found", "text": "the lane of go" },
            { "model": "other", "step": "resolve", "turn": 1, "attempt": 1, "text": "not this model" }
          ], "otherwise": { "text": "otherwise" } }"#,
    );
    let models = models(folder.path());
    let plain = "{\"messages\":[]}";
    let order = r#"{"content":"order {\"id\": 1042}"}"#;
    for (step, turn, attempt, request, text) in [
        ("triage", 1, 1, plain, "any step"),
        ("triage", 2, 1, plain, "otherwise"),
        ("resolve", 1, 1, plain, "resolve 1"),
        ("resolve", 1, 2, plain, "resolve 1 again"),
        ("resolve", 1, 1, order, "resolve 1 of 1042"),
        ("resolve", 3, 9, order, "resolve"),
        ("study[rust]/found", 2, 1, plain, "the lane of rust"),
        ("study[go]/found", 2, 1, plain, "the lane of go"),
        ("study[c]/found", 2, 1, plain, "a lane"),
    ] {
        // Twice, because a counter in the process would show.
        for _ in 0..2 {
            let reply = models.ask("main", request, &place(step, turn, attempt), PATIENCE).await;
            assert_eq!(reply.outcome.unwrap().answer.text, text, "{step} {turn} {attempt}");
        }
    }
}

#[tokio::test]
async fn a_decision_speaks_calls_refuses_and_counts_tokens() {
    let folder = folder(
        r#"{ "handfast_script": 1, "decisions": [
            { "turn": 1, "text": "Looking.", "calls": [ { "tool": "find_order", "args": { "order_id": "1042" } }, { "tool": "now" } ], "usage": { "input": 900, "input_cached": 100, "output": 80 } },
            { "turn": 2, "json": { "text": "It is late.", "days": 3 } },
            { "turn": 3, "calls": [ { "tool": "refund", "args_text": "{\"amount\": " } ] },
            { "turn": 4, "refusal": "I won't.", "finish": "stop" },
            { "turn": 5, "text": "cut of", "finish": "length" } ] }"#,
    );
    let models = models(folder.path());
    let mut told = String::new();
    for turn in 1..=5 {
        let reply = models.ask("main", "0123456789", &place("resolve", turn, 1), PATIENCE).await;
        assert_eq!((reply.latency_ms, &reply.body), (0, &None));
        let ids: Vec<String> =
            reply.outcome.as_ref().unwrap().answer.calls.iter().map(|call| call.id.clone()).collect();
        told.push_str(&format!("{} {ids:?}\n", in_words(&reply)));
    }
    insta::assert_snapshot!(told, @r#"
    Calls "Looking." find_order({"order_id":"1042"}) now({}); 900 (100 cached) in, 80 out ["script-1-0", "script-1-1"]
    Stop "{\"days\":3,\"text\":\"It is late.\"}" ; 3 (0 cached) in, 8 out []
    Calls "" refund({"amount": ); 3 (0 cached) in, 5 out ["script-3-0"]
    Stop ""  refusal "I won't."; 3 (0 cached) in, 2 out []
    Length "cut of" ; 3 (0 cached) in, 2 out []
    "#);
}

#[tokio::test]
async fn it_fails_in_every_class_of_a_models_failures() {
    let classes = [
        "rate_limited",
        "overloaded",
        "timeout",
        "connection_lost",
        "unavailable",
        "context_overflow",
        "malformed",
        "refused",
        "content_filtered",
        "billing",
        "authentication",
        "bad_request",
        "unknown",
    ];
    let mut decisions: Vec<String> = classes
        .iter()
        .enumerate()
        .map(|(at, class)| format!("{{\"turn\": {}, \"fail\": \"{class}\"}}", at + 1))
        .collect();
    decisions.push(
        r#"{ "turn": 14, "fail": "rate_limited", "retry_after_ms": 200, "detail": "one a second", "code": "slow_down", "status": 429, "may_have_cost": true }"#.into(),
    );
    decisions.push(r#"{ "turn": 15, "drop": true }"#.into());
    decisions.push(r#"{ "turn": 16, "hang": true }"#.into());
    decisions.push(r#"{ "turn": 17, "text": "late", "latency_ms": 60000 }"#.into());
    let folder = folder(&format!("{{ \"handfast_script\": 1, \"decisions\": [{}] }}", decisions.join(",")));
    let models = models(folder.path());
    let mut told = String::new();
    for turn in 1..=18 {
        let timeout = if turn == 16 || turn == 17 { Duration::from_millis(20) } else { PATIENCE };
        let reply = models.ask("main", "{}", &place("resolve", turn, 1), timeout).await;
        let line = in_words(&reply).replace(&folder.path().display().to_string(), "…");
        told.push_str(&format!("{turn} {line}\n"));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn one_script_may_stand_for_every_model_of_a_contract_and_keeps_their_prices() {
    let folder = folder(r#"{ "handfast_script": 1, "decisions": [], "otherwise": { "text": "hi" } }"#);
    let priced =
        handfast_contract::ModelUse { provider: "openai".into(), model: "gpt-5-mini".into(), ..scripted("") };
    let models = open(&priced, Source::Script(folder.path().join("s.json"))).unwrap();
    assert_eq!(
        models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await.outcome.unwrap().answer.text,
        "hi"
    );
    assert_eq!(models.sheets()["main"].rates.unwrap().output.to_string(), "0.002 USD");
    let unknown = handfast_contract::ModelUse { model: "gpt-none".into(), ..priced.clone() };
    let rates = |source: Source| open(&unknown, source).unwrap().sheets()["main"].rates;
    assert_eq!(rates(Source::Script(folder.path().join("s.json"))), Some(handfast_engine::Rates::default()));
    assert_eq!(rates(Source::Contract), None);
}

#[tokio::test]
async fn a_rehearsal_waits_for_nothing_asks_nobody_and_names_what_nobody_foresaw() {
    let folder = folder(
        r#"{ "handfast_script": 1, "decisions": [
            { "turn": 1, "latency_ms": 3600000, "text": "late" },
            { "turn": 2, "hang": true } ] }"#,
    );
    let text = "handfast: 1\nname: c\nversion: \"1\"\nmodels:\n  own: { use: script/s.json }\n  \
                real: { use: openai/gpt-5-mini, api_key: { secret: K } }\n";
    let loaded = handfast_contract::load("c.yaml", ".", &std::collections::BTreeMap::new(), &mut |_| {
        Ok(text.to_owned())
    });
    let contract = loaded.contract.unwrap();
    let at = "2026-11-01T00:00:00Z".parse().unwrap();
    let hour = Duration::from_secs(3600);
    let rehearsal = |script| Models::rehearsal(&contract, folder.path(), at, script).unwrap();

    let own = rehearsal(None);
    let late = own.ask("own", "{}", &place("s", 1, 1), hour).await;
    assert_eq!(late.outcome.unwrap().answer.text, "late");
    let hung = own.ask("own", "{}", &place("s", 2, 1), hour).await.outcome.unwrap_err();
    assert_eq!(hung.failure.class, handfast_events::FailureClass::Timeout);
    for (model, turn) in [("own", 3), ("real", 1)] {
        let open = own.ask(model, "{}", &place("s", turn, 1), hour).await.outcome.unwrap_err();
        assert_eq!(open.failure.code.as_deref(), Some(UNSCRIPTED), "{model}");
    }

    let given = r#"{ "handfast_script": 1, "otherwise": { "text": "given" } }"#;
    let given = rehearsal(Some(Script::parse(Path::new("given"), given).unwrap()));
    for model in ["own", "real"] {
        let said = given.ask(model, "{}", &place("s", 1, 1), hour).await.outcome.unwrap();
        assert_eq!(said.answer.text, "given");
    }
}

#[test]
fn a_script_that_contradicts_itself_is_refused_with_its_place() {
    let mut told = String::new();
    for decisions in [
        r#"{ "text": "a" }, { "text": "a", "json": 1 }"#,
        r#"{ "text": "a", "fail": "timeout" }"#,
        r#"{ "step": "x" }"#,
        r#"{ "turn": 0, "text": "a" }"#,
        r#"{ "turn": "one", "text": "a" }"#,
        r#"{ "fail": "tool_transient" }"#,
        r#"{ "text": "a", "detail": "b" }"#,
        r#"{ "fail": "timeout", "usage": { "input": 1, "output": 1 } }"#,
        r#"{ "calls": [ { "tool": "t", "args": {}, "args_text": "" } ] }"#,
        r#"{ "when_prompt_contains": "", "text": "a" }"#,
        r#"{ "txt": "a" }"#,
    ] {
        let folder = folder(&format!("{{ \"handfast_script\": 1, \"decisions\": [{decisions}] }}"));
        told.push_str(&failure(folder.path()));
    }
    for script in [
        r#"{ "handfast_script": 2 }"#,
        r#"{ "handfast_script": 1, "otherwise": { "turn": 1, "text": "" } }"#,
        "no",
    ] {
        told.push_str(&failure(folder(script).path()));
    }
    told.push_str(&failure(tempfile::tempdir().unwrap().path()));
    insta::assert_snapshot!(told);
}

fn failure(folder: &Path) -> String {
    let error = Models::of([&scripted("s.json")], &options(folder, Source::Contract), |_| None).unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text.replace(&folder.display().to_string(), "…") + "\n"
}
