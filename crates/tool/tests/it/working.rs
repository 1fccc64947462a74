//! Calls that a server takes on and finishes later: what it is asked, where, and what its answers mean.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use handfast_engine::ToolOutcome;
use handfast_events::{FailureClass, Handle};
use handfast_tool::Functions;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::api::read_request;
use crate::kit::{Kit, SECRET, at_work, failed, finished, forgotten, lost, returned, taken_on, unasked};

/// A server that gives these answers, one after the other, and keeps what it was asked.
struct Double {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<String>>>,
    _serving: JoinSet<()>,
}

impl Double {
    async fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heard, answers) = <(Arc<Mutex<Vec<String>>>, Arc<Mutex<VecDeque<String>>>)>::default();
        let (hears, gives) = (heard.clone(), answers.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Ok(request) = read_request(&mut stream).await else { continue };
                hears.lock().unwrap().push(request);
                let answer =
                    gives.lock().unwrap().pop_front().unwrap_or_else(|| "HTTP/1.1 500 Empty\r\n\r\n".into());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { url, heard, answers, _serving: serving }
    }

    /// Its next answer.
    fn says(&self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        self.answers.lock().unwrap().push_back(answer);
    }

    /// The first lines of what it was asked since this was asked last.
    fn asked(&self) -> Vec<String> {
        let heard: Vec<String> = self.heard.lock().unwrap().drain(..).collect();
        heard.iter().map(|request| request.lines().next().unwrap().to_owned()).collect()
    }

    fn kit(&self) -> Kit {
        self.kit_with(SECRET)
    }

    fn kit_with(&self, secret: &str) -> Kit {
        let contract = format!(
            r#"
servers:
  api: {{ http: {{ url: "{}/v1", bearer: {{ secret: SHOP_SECRET }} }} }}
tools:
  export:
    via: {{ server: api, post: /exports, body: args }}
    description: Makes one export.
    input: {{ schema: {{ type: object }} }}
    effects: [ creates: export/* ]
"#,
            self.url
        );
        Kit::knowing(&contract, Functions::default(), secret)
    }
}

fn exporting() -> Value {
    json!({ "method": "POST", "path": "/exports", "body": {} })
}

fn path(path: &str) -> Handle {
    Handle::Path(path.into())
}

#[tokio::test]
async fn an_api_that_accepts_is_asked_at_the_place_that_it_names_until_it_gives_the_result() {
    let api = Double::begin().await;
    let kit = api.kit();
    api.says("202 Accepted", "Location: /jobs/7?of=a%20b\r\nRetry-After: 7\r\n", "");
    let taken = taken_on(kit.call("export", exporting()).await);
    assert_eq!((taken.handle.clone(), taken.ask_after_ms), (path("/jobs/7?of=a%20b"), Some(7_000)));
    assert_eq!(api.asked(), ["POST /v1/exports HTTP/1.1"]);
    // The place is the host's, not one behind the path of the contract's address.
    api.says("202 Accepted", "", r#"{"status":"queued"}"#);
    let still = at_work(kit.poll("export", taken.handle.clone()).await);
    assert_eq!((still.handle, still.says.as_deref()), (taken.handle.clone(), Some("queued")));
    let heard = api.heard.lock().unwrap().last().cloned().unwrap().to_ascii_lowercase();
    assert!(heard.contains(&format!("authorization: bearer {SECRET}")), "{heard}");
    assert_eq!(api.asked(), ["GET /jobs/7?of=a%20b HTTP/1.1"]);
    api.says("202 Accepted", "Location: /jobs/8\r\nRetry-After: 2\r\n", "");
    let moved = at_work(kit.poll("export", taken.handle.clone()).await);
    assert_eq!((moved.handle, moved.ask_after_ms), (path("/jobs/8"), Some(2_000)));
    api.says("200 OK", "", r#"{"rows":3}"#);
    assert_eq!(returned(finished(kit.poll("export", taken.handle).await)), json!({ "rows": 3 }));
}

#[tokio::test]
async fn an_operation_is_followed_from_its_document_to_its_result_on_the_same_host_only() {
    let api = Double::begin().await;
    let kit = api.kit();
    api.says("201 Created", "Operation-Location: jobs/7\r\n", r#"{"id":"e1"}"#);
    let taken = taken_on(kit.call("export", exporting()).await);
    assert_eq!(taken.handle, path("/v1/jobs/7"));
    api.says("200 OK", "", r#"{"status":"InProgress"}"#);
    assert_eq!(at_work(kit.poll("export", taken.handle.clone()).await).says.as_deref(), Some("InProgress"));
    api.asked();
    api.says("200 OK", "", r#"{"status":"Succeeded","resourceLocation":"/v1/exports/e1"}"#);
    // What the result says of itself is no word on the operation.
    api.says("200 OK", "", r#"{"id":"e1","status":"pending"}"#);
    let gave = returned(finished(kit.poll("export", taken.handle.clone()).await));
    assert_eq!(gave, json!({ "id": "e1", "status": "pending" }));
    assert_eq!(api.asked(), ["GET /v1/jobs/7 HTTP/1.1", "GET /v1/exports/e1 HTTP/1.1"]);
    api.says("303 See Other", "Location: /v1/exports/e1\r\n", "");
    api.says("200 OK", "", r#"{"id":"e1"}"#);
    assert_eq!(returned(finished(kit.poll("export", taken.handle.clone()).await)), json!({ "id": "e1" }));
    api.asked();
    for elsewhere in
        ["http://127.0.0.1:9/result", "//169.254.169.254/latest/meta-data", "https://evil.example.com/"]
    {
        api.says("303 See Other", &format!("Location: {elsewhere}\r\n"), "");
        let error = forgotten(kit.poll("export", taken.handle.clone()).await);
        assert!(error.text.contains(elsewhere), "{}", error.text);
    }
    assert_eq!(api.asked().len(), 3, "it was led on");
    for _ in 0..4 {
        api.says("302 Found", "Location: /v1/jobs/7\r\n", "");
    }
    forgotten(kit.poll("export", taken.handle).await);
}

#[tokio::test]
async fn each_answer_to_a_poll_says_how_the_call_stands() {
    let api = Double::begin().await;
    let kit = api.kit();
    let poll = async |status: &str, headers: &str, body: &str| {
        api.says(status, headers, body);
        kit.poll("export", path("/jobs/7")).await
    };
    for status in ["404 Not Found", "410 Gone"] {
        assert_eq!(
            forgotten(poll(status, "", "").await).status,
            status.get(..3).and_then(|it| it.parse().ok())
        );
    }
    for status in [
        "400 Bad",
        "401 Unauthorized",
        "403 No",
        "405 Not So",
        "408 Slow",
        "409 Conflict",
        "415 What",
        "422 Unprocessable",
        "429 Too Many",
        "500 Oh No",
        "503 Busy",
    ] {
        assert_eq!(
            unasked(poll(status, "Retry-After: 9\r\n", "").await).retry_after_ms,
            Some(9_000),
            "{status}"
        );
    }
    let body = r#"{"status":"Failed","error":{"code":"disk_full","message":"no room"}}"#;
    let error = failed(finished(poll("200 OK", "", body).await));
    assert_eq!((error.code.as_deref(), error.status, error.class), (Some("disk_full"), None, None));
    assert!(error.text.contains("no room"), "{}", error.text);
    assert_eq!(returned(finished(poll("204 No Content", "", "").await)), Value::Null);
    assert_eq!(
        returned(finished(poll("200 OK", "", r#"{"status":"published"}"#).await)),
        json!({ "status": "published" })
    );
    // An answer that breaks off, and nobody at all.
    api.answers.lock().unwrap().push_back("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".into());
    assert_eq!(unasked(kit.poll("export", path("/jobs/7")).await).class, Some(FailureClass::ConnectionLost));
    let nobody = Double { url: "http://127.0.0.1:1".into(), ..Double::begin().await }.kit();
    assert_eq!(unasked(nobody.poll("export", path("/jobs/7")).await).class, Some(FailureClass::Unavailable));
}

#[tokio::test]
async fn what_is_accepted_without_a_place_is_answered_and_with_one_elsewhere_is_lost() {
    let api = Double::begin().await;
    let kit = api.kit();
    api.says("202 Accepted", "", r#"{"queued":true}"#);
    assert_eq!(returned(kit.call("export", exporting()).await), json!({ "queued": true }));
    api.says("201 Created", "Location: /exports/e1\r\n", r#"{"id":"e1"}"#);
    assert_eq!(returned(kit.call("export", exporting()).await), json!({ "id": "e1" }));
    api.says("202 Accepted", "Location: https://elsewhere.example.com/jobs/7\r\n", "");
    let error = lost(kit.call("export", exporting()).await);
    assert!(error.text.contains("https://elsewhere.example.com/jobs/7"), "{}", error.text);
}

#[tokio::test]
async fn a_secret_in_a_handle_is_kept_by_its_name_and_sent_to_its_own_server_only() {
    let api = Double::begin().await;
    let kit = api.kit();
    api.says("202 Accepted", &format!("Location: /jobs/7?token={SECRET}\r\n"), "");
    let taken = taken_on(kit.call("export", exporting()).await);
    assert_eq!(taken.handle, path("/jobs/7?token=[secret SHOP_SECRET]"));
    api.asked();
    api.says("200 OK", "", "{}");
    returned(finished(kit.poll("export", taken.handle).await));
    assert_eq!(api.asked(), [format!("GET /jobs/7?token={SECRET} HTTP/1.1")]);
    // A server that asks for a secret that is not its own gets the words back.
    api.says("200 OK", "", "{}");
    kit.poll("export", path("/jobs/7?token=[secret MODEL_KEY]")).await;
    let asked = api.asked();
    assert!(!asked[0].contains(crate::kit::MODEL_KEY) && asked[0].contains("MODEL_KEY"), "{asked:?}");
}

#[tokio::test]
async fn a_percent_encoded_secret_in_a_handle_is_kept_by_its_name_and_sent_as_its_server_gave_it() {
    let api = Double::begin().await;
    let kit = api.kit_with("a/secret+of many%bytes");
    for (given, kept, sent) in [
        ("/jobs/a%2Fsecret%2Bof%20many%25bytes?x=1", "/jobs/[secret SHOP_SECRET encoded]?x=1", None),
        (
            "/jobs/7?of=a%2fsecret%2bof+many%25bytes",
            "/jobs/7?of=[secret SHOP_SECRET encoded]",
            Some("/jobs/7?of=a%2Fsecret%2Bof%20many%25bytes"),
        ),
        (
            "/jobs/%61%2Fsecret%2Bof%20many%25bytes",
            "/jobs/[secret SHOP_SECRET encoded]",
            Some("/jobs/a%2Fsecret%2Bof%20many%25bytes"),
        ),
        ("/jobs/a/secret+of%20many%bytes", "/jobs/[secret SHOP_SECRET]", None),
    ] {
        api.says("202 Accepted", &format!("Location: {given}\r\n"), "");
        let taken = taken_on(kit.call("export", exporting()).await);
        assert_eq!(taken.handle, path(kept), "{given}");
        api.asked();
        api.says("200 OK", "", "{}");
        returned(finished(kit.poll("export", taken.handle).await));
        assert_eq!(api.asked(), [format!("GET {} HTTP/1.1", sent.unwrap_or(given))]);
    }
}

const SHOP: &str = r#"
servers:
  shop: { mcp: { command: ["{double}", --starts, starts], env: { TOKEN: { secret: SHOP_SECRET } } } }
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
tools:
  later: { via: shop.later, description: Does it later., input: { schema: { type: object } }, effects: [ { writes: "echo" } ] }
"#;

#[tokio::test]
async fn a_server_that_makes_a_task_of_a_call_is_asked_until_the_task_has_ended() {
    let kit = Kit::new(SHOP);
    let task = async |args: Value| taken_on(kit.call("later", args).await);
    let taken = task(json!({ "of": [1], "token": SECRET })).await;
    assert_eq!(taken.handle, Handle::Task("t1-[secret SHOP_SECRET]".into()));
    assert_eq!((taken.says.as_deref(), taken.ask_after_ms), (Some("working"), Some(1_500)));
    let still = at_work(kit.poll("later", taken.handle.clone()).await);
    assert_eq!((still.handle, still.says.as_deref()), (taken.handle.clone(), Some("half of it")));
    let gave = returned(finished(kit.poll("later", taken.handle).await));
    assert_eq!(gave, json!({ "asked": 2, "of": [1] }));
    for (args, code) in [
        (json!({ "end": "failed" }), "-32603"),
        (json!({ "end": "cancelled" }), "cancelled"),
        (json!({ "end": "input_required" }), "input_required"),
        (
            json!({ "result": { "isError": true, "content": [], "structuredContent": { "code": "sold_out" } } }),
            "sold_out",
        ),
    ] {
        let handle = task(args).await.handle;
        at_work(kit.poll("later", handle.clone()).await);
        assert_eq!(failed(finished(kit.poll("later", handle).await)).code.as_deref(), Some(code));
    }
    let outcome = finished({
        let handle = task(json!({ "result": { "content": "none" } })).await.handle;
        at_work(kit.poll("later", handle.clone()).await);
        kit.poll("later", handle).await
    });
    assert!(matches!(outcome, ToolOutcome::Lost(_)), "{outcome:?}");
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_server_that_was_started_again_knows_its_tasks_no_more() {
    let kit = Kit::new(SHOP);
    let handle = taken_on(kit.call("later", json!({})).await).handle;
    kit.tools.shutdown().await;
    let error = forgotten(kit.poll("later", handle).await);
    assert!(error.text.contains("no task t1-"), "{}", error.text);
    forgotten(kit.poll("later", Handle::Path("/jobs/7".into())).await);
    kit.tools.shutdown().await;
}
