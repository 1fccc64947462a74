//! One attempt over HTTP: what is sent, what is read, and every way in which it can break.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use handfast_contract::Speaks;
use handfast_double::{Cue, Double, Fault, Pieces};
use handfast_events::FailureClass;
use handfast_model::{Models, Source};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::setup::{KEY, PATIENCE, document, in_words, model, open, options, place, provider, stream};

const EVENTS: [&str; 5] = [
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"Grüße\"}}]}\r\n\r\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\" 🚚\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"find\",\"arguments\":\"{\\\"n\\\":1}\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":4,\"total_tokens\":14,\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\ndata: [DONE]\n\n",
];
const SAID: &str = r#"Calls "Grüße 🚚" find({"n":1}); 10 (8 cached) in, 4 out"#;

/// The answer that these events are.
fn whole() -> Cue {
    stream(&EVENTS.concat())
}

/// How long the first of them are.
fn bytes(events: usize) -> usize {
    EVENTS.iter().take(events).map(|event| event.len()).sum()
}

async fn ask(double: &Double, timeout: Duration) -> handfast_engine::ModelReply {
    let models = open(&model(double.url()), Source::Contract).unwrap();
    models.ask("main", "{\"messages\":[]}", &place("resolve", 2, 1), timeout).await
}

/// Asks once a provider that gives one reply, and checks that it was asked once.
async fn asked_once(reply: Cue) -> handfast_engine::ModelReply {
    let double = provider([reply]).await;
    let said = ask(&double, PATIENCE).await;
    assert_eq!(double.asked().len(), 1, "{}", in_words(&said));
    said
}

#[tokio::test]
async fn a_request_goes_out_as_it_is_with_the_key_in_its_header() {
    let double = provider([whole()]).await;
    let reply = ask(&double, PATIENCE).await;
    assert_eq!(in_words(&reply), SAID);
    assert_eq!(reply.request_id.as_deref(), Some("req-1"));
    assert_eq!(reply.body.as_deref(), Some(EVENTS.concat().as_str()));
    let asked = double.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].path.as_str(), asked[0].text().as_str()),
        ("/v1/chat/completions", "{\"messages\":[]}")
    );
    let header = |name| asked[0].headers.get(name).unwrap();
    assert_eq!(header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("handfast/"));
}

#[tokio::test]
async fn chunks_split_characters_and_events_and_nothing_is_lost() {
    assert_eq!(in_words(&asked_once(whole().in_pieces(Pieces::Bytes(1))).await), SAID);
    assert_eq!(in_words(&asked_once(whole().in_pieces(Pieces::Whole)).await), SAID);
    assert_eq!(in_words(&asked_once(whole().without_header("content-type")).await), SAID);
}

#[tokio::test]
async fn a_server_that_keeps_the_connection_open_after_the_end_does_not_hold_us() {
    assert_eq!(in_words(&asked_once(whole().silent_at(bytes(EVENTS.len()))).await), SAID);
}

/// A machine that is too busy may miss the moment now and then: most connections are kept.
#[tokio::test]
async fn a_connection_is_kept_where_the_end_comes_a_moment_after_the_last_event() {
    const TURNS: u32 = 20;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = async {
        let (mut connections, mut served) = (0, 0);
        while served < TURNS {
            let (mut socket, _) = listener.accept().await.unwrap();
            connections += 1;
            served += answer_until_it_leaves(&mut socket).await;
        }
        connections
    };
    let models = open(&model(&url), Source::Contract).unwrap();
    let client = async {
        for turn in 1..=TURNS {
            let reply = models.ask("main", "{}", &place("s", turn, 1), PATIENCE).await;
            assert_eq!(in_words(&reply), SAID);
            moment().await;
        }
        drop(models);
    };
    let (connections, ()) = tokio::join!(server, client);
    assert!(connections < TURNS / 2, "{connections} connections for {TURNS} turns");
}

/// Answers each request that comes over this connection, and says last, and apart, that the answer has ended.
async fn answer_until_it_leaves(socket: &mut tokio::net::TcpStream) -> u32 {
    socket.set_nodelay(true).unwrap();
    let mut served = 0;
    let mut asked = Vec::new();
    while socket.read_buf(&mut asked).await.is_ok_and(|bytes| bytes > 0) {
        if !asked.ends_with(b"\r\n\r\n{}") {
            continue;
        }
        asked.clear();
        served += 1;
        let body = EVENTS.concat();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = format!("{head}{:x}\r\n{body}\r\n", body.len());
        socket.write_all(chunk.as_bytes()).await.unwrap();
        moment().await;
        if socket.write_all(b"0\r\n\r\n").await.is_err() {
            break;
        }
    }
    served
}

/// Lets all others go on.
async fn moment() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_document_in_place_of_a_stream_is_read() {
    let body = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    assert_eq!(in_words(&asked_once(document(200, body)).await), r#"Stop "Hi" ; tokens unknown"#);
}

#[tokio::test]
async fn a_stream_that_breaks_is_no_answer_unless_it_had_ended() {
    let cut = |upto: usize| whole().cut_at(bytes(upto));
    let broken = asked_once(cut(2)).await;
    let trouble = broken.outcome.clone().unwrap_err();
    assert_eq!((trouble.failure.class, trouble.may_have_cost), (FailureClass::ConnectionLost, true));
    assert_eq!(broken.body.as_deref(), Some(EVENTS[..2].concat().as_str()));
    let ended = asked_once(cut(4)).await;
    assert_eq!(in_words(&ended), r#"Calls "Grüße 🚚" find({"n":1}); tokens unknown"#);
    let short = asked_once(stream(EVENTS[0])).await;
    assert_eq!(short.outcome.unwrap_err().failure.class, FailureClass::ConnectionLost);
}

#[tokio::test]
async fn an_error_after_the_status_was_200_is_classified_and_may_have_cost() {
    let error =
        "data: {\"error\":{\"message\":\"Please try again in 1.5s\",\"code\":\"rate_limit_exceeded\"}}\n\n";
    let reply = asked_once(stream(&format!("{}{error}", EVENTS[0]))).await;
    assert_eq!(
        in_words(&reply),
        "rate limited [rate_limit_exceeded], may have cost; wait 1500 ms: model `main` (openai/gpt-test) broke off \
         with Please try again in 1.5s"
    );
}

#[tokio::test]
async fn silence_ends_with_the_timeout_before_and_within_an_answer() {
    for reply in [Cue::fault(Fault::SilentBeforeHead), whole().silent_at(bytes(1))] {
        let double = provider([reply]).await;
        let trouble = ask(&double, Duration::from_millis(300)).await.outcome.unwrap_err();
        assert_eq!((trouble.failure.class, trouble.may_have_cost), (FailureClass::Timeout, true));
        assert_eq!(double.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_nothing() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let models = open(&model(&url), Source::Contract).unwrap();
    let trouble = models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await.outcome.unwrap_err();
    assert_eq!((trouble.failure.class, trouble.may_have_cost), (FailureClass::ConnectionLost, false));
    assert!(trouble.failure.detail.contains("is `url` right"), "{}", trouble.failure.detail);
}

#[tokio::test]
async fn an_encrypted_connection_that_cannot_be_made_costs_nothing_and_sends_no_key() {
    let double = provider([]).await;
    let models = open(&model(&double.url().replace("http:", "https:")), Source::Contract).unwrap();
    let reply = models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await;
    let trouble = reply.outcome.unwrap_err();
    // A machine without certificates says so before it connects.
    let class = if handfast_model::http_client(true).is_ok() {
        FailureClass::ConnectionLost
    } else {
        FailureClass::Unavailable
    };
    assert_eq!((trouble.failure.class, trouble.may_have_cost), (class, false), "{}", trouble.failure.detail);
    assert!(double.asked().is_empty());
}

#[tokio::test]
async fn a_connection_that_is_dropped_is_not_opened_again() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let models = open(&model(&url), Source::Contract).unwrap();
    let place = place("s", 1, 1);
    let accepted = Arc::new(Mutex::new(0));
    let server = async {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            *accepted.lock().unwrap() += 1;
            let mut some = [0; 64];
            let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut some).await;
        }
    };
    let reply = tokio::select! {
        reply = models.ask("main", "{}", &place, PATIENCE) => reply,
        () = server => unreachable!(),
    };
    let trouble = reply.outcome.unwrap_err();
    assert_eq!((trouble.failure.class, trouble.may_have_cost), (FailureClass::ConnectionLost, true));
    assert_eq!(*accepted.lock().unwrap(), 1);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let reply = asked_once(document(307, "").header("location", "/elsewhere")).await;
    assert_eq!(
        in_words(&reply),
        "bad request, cost nothing: model `main` (openai/gpt-test) answered 307: nothing more; it points to \
         /elsewhere, and redirects aren't followed: give the final `url`"
    );
}

#[tokio::test]
async fn a_key_is_never_told_whatever_a_provider_echoes() {
    let echo = format!("Incorrect API key provided: {KEY}.");
    let error = format!("{{\"error\":{{\"message\":\"{echo}\",\"code\":\"{KEY}\"}}}}");
    let (_, second) = KEY.split_at(7);
    let event = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{KEY}\"}},\"finish_reason\":\"stop\"}}]}}\n\n"
    );
    for reply in [
        document(401, &error).header("x-request-id", KEY),
        document(400, &echo),
        document(302, "").header("location", format!("http://x/?key={KEY}")),
        // Its second piece begins within the key.
        stream(&event).in_pieces(Pieces::Bytes(event.find(second).unwrap())),
        stream(&format!("data: {{\"error\":\"{echo}\"}}\n\n")),
    ] {
        let told = format!("{:?}", asked_once(reply).await);
        assert!(!told.contains(KEY), "{told}");
        assert!(told.contains("[masked TEST_API_KEY]"), "{told}");
    }
}

#[tokio::test]
async fn a_servers_secrets_are_masked_in_what_a_model_says() {
    let text = "handfast: 1\nname: kit\nversion: \"1\"\nmodels:\n  main: { use: openai/gpt-test, url: \"URL\" }\nservers:\n  \
                web: { mcp: { url: \"http://127.0.0.1:9/mcp\", bearer: { secret: WEB_TOKEN } } }\n  desk: { process: { command: \
                [./tool.sh], env: { TOKEN: { secret: DESK_TOKEN } } } }\n";
    let said = r#"{"choices":[{"message":{"content":"web-token-1 desk"},"finish_reason":"stop"}]}"#;
    let double = provider([document(200, said), document(400, "desk or web-token-1?")]).await;
    let text = text.replace("URL", double.url());
    let loaded = handfast_contract::load(
        "handfast.yaml",
        ".",
        &Default::default(),
        &mut handfast_contract::alone("handfast.yaml", &text),
    );
    let report = loaded.report(handfast_contract::Paint::Plain);
    let contract = loaded.contract.unwrap_or_else(|| unreachable!("{report}"));
    let secret = |name: &str| match name {
        "WEB_TOKEN" => Some("web-token-1".to_owned()),
        "DESK_TOKEN" => Some("desk".to_owned()),
        _ => None,
    };
    let models = Models::open(&contract, &options(".".as_ref(), Source::Contract), secret).unwrap();
    for _ in 0..2 {
        let told = format!("{:?}", models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await);
        assert!(told.contains("[masked WEB_TOKEN]") && told.contains("[masked DESK_TOKEN]"), "{told}");
        assert!(!told.contains("web-token-1") && !told.contains(" desk"), "{told}");
    }
}

#[tokio::test]
async fn a_key_that_is_missing_empty_short_or_torn_is_named_and_nothing_is_sent() {
    let double = provider([]).await;
    for (value, why) in [
        (None, "is not set; set it to the key and go on"),
        (Some(""), "is empty; set it to the key and go on"),
        (Some("abc"), "has fewer than 4 bytes, too few to be masked in what comes back; give a longer key"),
        (Some("sk-a\nb"), "holds a line break or another character that no key has; set it to the key alone"),
    ] {
        let used = model(double.url());
        let secret = |_: &str| value.map(str::to_owned);
        let models = Models::of([&used], &options(".".as_ref(), Source::Contract), secret).unwrap();
        let reply = models.ask("main", "{}", &place("s", 1, 1), PATIENCE).await;
        let expected = format!(
            "authentication, cost nothing: model `main` (openai/gpt-test): the environment variable TEST_API_KEY {why}"
        );
        assert_eq!(in_words(&reply), expected);
    }
    assert!(double.asked().is_empty());
}

#[tokio::test]
async fn a_listener_hears_how_far_the_answer_has_come() {
    let double = provider([whole()]).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    let models = open(&model(double.url()), Source::Contract)
        .unwrap()
        .with_listener(move |progress| hears.lock().unwrap().push(progress.clone()));
    models.ask("main", "{}", &place("resolve", 2, 3), PATIENCE).await.outcome.unwrap();
    let heard = heard.lock().unwrap();
    assert_eq!(heard[0].place, place("resolve", 2, 3));
    assert!(heard[0].answer_bytes >= "Grüße".len() as u64);
}

#[test]
fn what_a_contract_says_wrong_about_a_model_is_named() {
    let wrong = |provider: &str, url: Option<&str>, speaks: Option<Speaks>| {
        let used = handfast_contract::ModelUse {
            provider: provider.into(),
            url: url.map(str::to_owned),
            speaks,
            ..model("")
        };
        open(&used, Source::Contract).unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        [
            wrong("opnai", None, None),
            wrong("x", Some("localhost:8080"), None),
            wrong("x", Some("not a url"), None),
            wrong("x", Some("https://me:secret@host/v1"), None),
            wrong("script", Some("http://h"), None),
            wrong("script", None, Some(Speaks::Chat)),
            wrong("anthropic", None, Some(Speaks::Responses)),
            wrong("mistral", None, Some(Speaks::Messages)),
        ]
        .join("\n")
    );
}
