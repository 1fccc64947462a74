//! Calls of plain HTTP APIs: what is sent, and what is known when it goes wrong at any moment.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use handfast_engine::ToolOutcome;
use handfast_events::FailureClass;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::kit::{Kit, SECRET, failed, lost, not_sent, returned, turned_away};

fn contract(url: &str) -> String {
    format!(
        r#"
servers:
  api:
    http: {{ url: "{url}", bearer: {{ secret: SHOP_SECRET }}, headers: {{ X-Team: press, X-Own: {{ secret: SHOP_SECRET }} }} }}
tools:
  add:
    via: {{ server: api, post: /articles, body: args }}
    description: Adds one article.
    input: {{ schema: {{ type: object }} }}
    effects: [ creates: article/* ]
    idempotency: {{ key: {{ header: Idempotency-Key }}, valid: 24h }}
  find:
    via: {{ server: api, get: "/articles/{{args.slug}}" }}
    description: Reads one article.
    input: {{ slug: string }}
    effects: [ reads: "article/{{args.slug}}" ]
  text:
    via: {{ server: api, get: "/text" }}
    description: Reads one text.
    input: {{}}
    output: string
    effects: [ reads: text ]
"#
    )
}

/// A request as the engine makes it.
fn adding(body: Value) -> Value {
    json!({ "method": "POST", "path": "/articles", "body": body })
}

fn finding(slug: &str) -> Value {
    json!({ "method": "GET", "path": format!("/articles/{slug}") })
}

/// What a double does with one connection.
#[derive(Clone, Copy)]
enum Act {
    /// Closes it before a byte came.
    CloseAtOnce,
    /// Closes it in the middle of the request.
    CloseMidRequest,
    /// Reads the request and closes.
    CloseAfterRequest,
    /// Reads the request and says nothing.
    Hang,
    /// Reads the request and says this, then closes.
    Say(&'static str),
    /// Begins an answer that doesn't end.
    SayForEver,
}

/// A server of one act: its address, and each request as it came.
async fn double(act: Act) -> (String, mpsc::UnboundedReceiver<String>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heard, requests) = mpsc::unbounded_channel();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let heard = heard.clone();
            connections.spawn(async move {
                let _ = serve(stream, act, heard).await;
            });
        }
    });
    (url, requests, serving)
}

async fn serve(mut stream: TcpStream, act: Act, heard: mpsc::UnboundedSender<String>) -> io::Result<()> {
    if matches!(act, Act::CloseAtOnce) {
        return Ok(());
    }
    if matches!(act, Act::CloseMidRequest) {
        let mut some = [0; 512];
        stream.read_exact(&mut some).await?;
        // With bytes unread, closing is a reset.
        return Ok(());
    }
    let request = read_request(&mut stream).await?;
    let _ = heard.send(request);
    match act {
        Act::Say(answer) => stream.write_all(answer.as_bytes()).await?,
        Act::Hang => std::future::pending().await,
        Act::SayForEver => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 65536]).await?;
            }
        }
        _ => {}
    }
    stream.shutdown().await
}

/// One request, head and body.
pub(crate) async fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let mut all = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(text);
            }
        }
        if stream.read_buf(&mut all).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

#[tokio::test]
async fn the_request_goes_out_as_it_was_made_with_key_and_secrets_that_nothing_tells() {
    let answer = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 45\r\n\r\n\
                  {\"id\":7,\"heard\":\"Bearer open-sesame-5511\"}   ";
    let (url, mut requests, _serving) = double(Act::Say(answer)).await;
    let kit = Kit::new(&contract(&format!("{url}/v1/")));
    let sends = json!({
        "method": "POST", "path": "/articles?b=%26&a=1", "headers": { "X-Run": "r-1" },
        "body": { "z": 1.0, "a": "é" },
    });
    let heard = returned(kit.call("add", sends.clone()).await);
    assert_eq!(heard, json!({ "id": 7, "heard": "Bearer [secret SHOP_SECRET]" }));
    let request = requests.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"a":"é","z":1}"#);
    assert!(head.starts_with("POST /v1/articles?b=%26&a=1 HTTP/1.1\r\n"), "{head}");
    let key = kit.attempt("add", json!({})).key.unwrap();
    for line in [
        format!("idempotency-key: {key}"),
        format!("authorization: Bearer {SECRET}"),
        format!("x-own: {SECRET}"),
        "x-team: press".to_owned(),
        "x-run: r-1".to_owned(),
        "content-type: application/json".to_owned(),
    ] {
        assert!(head.lines().any(|found| found == line), "{line}\n{head}");
    }
    returned(kit.call("add", sends).await);
    assert_eq!(requests.recv().await.unwrap(), request, "a second attempt sends other bytes");
}

#[tokio::test]
async fn a_body_is_json_where_the_server_says_so_and_else_as_a_text_is_read() {
    let answer = |kind: &str, body: &str| -> &'static str {
        let text = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Box::leak(text.into_boxed_str())
    };
    for (kind, body, tool, gives) in [
        ("application/json", r#""a text""#, "text", json!("a text")),
        ("application/problem+json; charset=utf-8", "[1]", "find", json!([1])),
        ("application/json", "no json", "find", json!("no json")),
        ("text/plain", "[1]", "text", json!("[1]")),
        ("text/plain", "[1]", "find", json!([1])),
        ("text/plain", "", "find", Value::Null),
    ] {
        let (url, _requests, _serving) = double(Act::Say(answer(kind, body))).await;
        let kit = Kit::new(&contract(&url));
        assert_eq!(returned(kit.call(tool, finding("a")).await), gives, "{kind} {body}");
    }
    let (url, _requests, _serving) = double(Act::Say("HTTP/1.1 204 No Content\r\n\r\n")).await;
    assert_eq!(returned(Kit::new(&contract(&url)).call("add", adding(json!({}))).await), Value::Null);
}

#[tokio::test]
async fn a_status_says_what_became_of_the_call() {
    let outcome = async |status: &str| {
        let body = r#"{"error":{"code":"full","message":"the shelf is full"}}"#;
        let answer = format!(
            "HTTP/1.1 {status}\r\nretry-after: 7\r\nlocation: /elsewhere\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let (url, mut requests, _serving) = double(Act::Say(Box::leak(answer.into_boxed_str()))).await;
        let outcome = Kit::new(&contract(&url)).call("add", adding(json!({}))).await;
        requests.recv().await.unwrap();
        assert!(requests.try_recv().is_err(), "{status}: something was sent again");
        outcome
    };
    use FailureClass::{Authentication, BadRequest, RateLimited, Timeout, Unavailable};
    for (status, class) in [
        ("400 Bad Request", BadRequest),
        ("401 Unauthorized", Authentication),
        ("403 Forbidden", Authentication),
        ("404 Not Found", BadRequest),
        ("422 Unprocessable", BadRequest),
        ("429 Too Many", RateLimited),
    ] {
        let error = turned_away(outcome(status).await);
        assert_eq!(error.status, status.get(..3).and_then(|status| status.parse().ok()));
        assert_eq!((error.class, error.code.as_deref()), (Some(class), Some("full")), "{status}");
        assert!(error.text.contains("the shelf is full"), "{}", error.text);
        assert_eq!(error.retry_after_ms, Some(7000));
    }
    for (status, class) in [
        ("303 See Other", BadRequest),
        ("307 Temporary", BadRequest),
        ("408 Timeout", Timeout),
        ("409 Conflict", BadRequest),
        ("425 Too Early", Timeout),
        ("500 Oh No", Unavailable),
        ("503 Busy", Unavailable),
    ] {
        let error = failed(outcome(status).await);
        assert_eq!((error.class, error.retry_after_ms), (Some(class), Some(7000)), "{status}");
    }
}

#[tokio::test]
async fn before_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Somebody who accepts and never greets: the connection is not made.
    let kit = Kit::new(&contract(&format!("https://{address}")));
    let mut call = kit.attempt("add", adding(json!({})));
    call.timeout = Duration::from_millis(300);
    let error = not_sent(kit.tools.call(&call).await.outcome);
    assert_eq!(error.class, Some(FailureClass::Timeout), "{}", error.text);
    // Somebody who speaks something else.
    let (url, _requests, _serving) = double(Act::Say("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let kit = Kit::new(&contract(&url.replace("http:", "https:")));
    let mut call = kit.attempt("add", adding(json!({})));
    call.timeout = Duration::from_secs(3);
    not_sent(kit.tools.call(&call).await.outcome);
    // Nobody.
    drop(listener);
    let kit = Kit::new(&contract(&format!("http://{address}")));
    let error = not_sent(kit.call("add", adding(json!({}))).await);
    assert_eq!(error.class, Some(FailureClass::Unavailable), "{}", error.text);
    // No such name.
    let kit = Kit::new(&contract("http://nobody.invalid"));
    not_sent(kit.call("add", adding(json!({}))).await);
}

#[tokio::test]
async fn what_is_too_late_makes_no_connection() {
    let (url, mut requests, _serving) = double(Act::CloseAfterRequest).await;
    let kit = Kit::new(&contract(&url));
    for (tool, sends) in [("add", adding(json!({}))), ("find", finding("a"))] {
        let mut call = kit.attempt(tool, sends);
        call.send_by = tokio::time::Instant::now().checked_sub(Duration::from_millis(1));
        let error = not_sent(kit.tools.call(&call).await.outcome);
        assert_eq!(error.class, Some(FailureClass::Unavailable), "{}", error.text);
    }
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn once_connected_what_brings_no_answer_is_lost() {
    let large = json!({ "text": "x".repeat(8 * 1024 * 1024) });
    for (act, body) in [
        (Act::CloseAtOnce, json!({})),
        (Act::CloseMidRequest, large),
        (Act::CloseAfterRequest, json!({})),
        (Act::Say("HTTP/1.1 200"), json!({})),
        (Act::Say("garbage\r\n\r\n"), json!({})),
        (Act::Say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"a\""), json!({})),
        (Act::Say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n"), json!({})),
    ] {
        let (url, _requests, _serving) = double(act).await;
        let error = lost(Kit::new(&contract(&url)).call("add", adding(body)).await);
        assert_eq!(error.class, Some(FailureClass::ConnectionLost), "{}", error.text);
    }
    let (url, _requests, _serving) = double(Act::Hang).await;
    let kit = Kit::new(&contract(&url));
    let mut call = kit.attempt("add", adding(json!({})));
    call.timeout = Duration::from_millis(300);
    assert_eq!(lost(kit.tools.call(&call).await.outcome).class, Some(FailureClass::Timeout));
}

#[tokio::test]
async fn what_was_turned_away_stays_so_though_its_words_broke_off() {
    let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\nno such";
    let (url, _requests, _serving) = double(Act::Say(answer)).await;
    let error = turned_away(Kit::new(&contract(&url)).call("add", adding(json!({}))).await);
    assert_eq!(error.text, "404 Not Found: no such");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_and_counts() {
    let (url, _requests, _serving) = double(Act::SayForEver).await;
    let text = returned(Kit::new(&contract(&url)).call("add", adding(json!({}))).await);
    assert_eq!(text.as_str().unwrap().len(), 16 * 1024 * 1024);
}

#[tokio::test]
async fn a_secret_that_is_not_there_sends_nothing() {
    let (url, mut requests, _serving) = double(Act::CloseAfterRequest).await;
    let kit =
        Kit::new(&contract(&url).replace("bearer: { secret: SHOP_SECRET }", "bearer: { secret: NOT_SET }"));
    let error = not_sent(kit.call("add", adding(json!({}))).await);
    assert_eq!(error.class, Some(FailureClass::Authentication));
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn reads_share_a_connection_and_each_call_that_writes_has_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let kit = Kit::new(&contract(&format!("http://{}", listener.local_addr().unwrap())));
    let (met, mut connections) = mpsc::unbounded_channel();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut open = JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            met.send(()).unwrap();
            open.spawn(async move {
                while read_request(&mut stream).await.is_ok() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
                }
            });
        }
    });
    let mut made = || std::iter::from_fn(|| connections.try_recv().ok()).count();
    for _ in 0..3 {
        returned(kit.call("find", finding("a")).await);
    }
    assert_eq!(made(), 1);
    for _ in 0..3 {
        returned(kit.call("add", adding(json!({}))).await);
    }
    assert_eq!(made(), 3);
}

/// A server that nobody here wrote.
#[tokio::test]
async fn the_server_of_python_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("articles")).unwrap();
    std::fs::write(folder.path().join("articles/a b.json"), r#"{"title":"Of shelves"}"#).unwrap();
    let started = tokio::process::Command::new("python3")
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut python) = started else { return crate::kit::skip("there is no python3") };
    let mut line = String::new();
    BufReader::new(python.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let port = line.split(" port ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let kit = Kit::new(&contract(&format!("http://127.0.0.1:{port}")));
    assert_eq!(returned(kit.call("find", finding("a%20b.json")).await), json!({ "title": "Of shelves" }));
    assert_eq!(turned_away(kit.call("find", finding("none")).await).status, Some(404));
    // It knows no POST, and says so with a status of its own trouble.
    let error = failed(kit.call("add", adding(json!({}))).await);
    assert_eq!((error.status, error.class), (Some(501), Some(FailureClass::Unavailable)));
    // A folder without its last `/` is a redirect, which is not followed.
    let outcome = kit.call("find", json!({ "method": "GET", "path": "/articles" })).await;
    assert!(matches!(&outcome, ToolOutcome::Failed(error) if error.status == Some(301)), "{outcome:?}");
}
