//! Where a reply breaks off, to the byte, as a client of HTTP has it.

use std::time::Duration;

use handfast_double::{Cue, Double, Fault, Pieces, Said, Wire};
use tokio::io::AsyncReadExt as _;

use crate::setup::{ask, heard, request, send};

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

/// All bytes that a plain client gets, and whether it was content.
async fn got(double: &Double, wire: Wire, is_streamed: bool) -> reqwest::Result<(Vec<u8>, bool)> {
    let url = format!("{}{}", double.url(), wire.path());
    let mut response = client().post(url).json(&request(wire, is_streamed)).send().await?;
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok((bytes, true)),
            Err(_) => return Ok((bytes, false)),
        }
    }
}

#[tokio::test]
async fn a_cut_at_a_byte_gives_a_client_exactly_that_many() {
    let said = || Cue::said(Said::text("Grüße 🚚").and_calls([("find_order", r#"{"id":"A-1"}"#)]));
    for wire in Wire::ALL {
        for is_streamed in [true, false] {
            let double = Double::giving([said()]).await.unwrap();
            let (whole, is_content) = got(&double, wire, is_streamed).await.unwrap();
            assert!(is_content);
            for at in [0, 1, 2, 50, 163, whole.len() - 1] {
                let cut = said().cut_at(at);
                let cues = [cut.clone(), cut.in_pieces(Pieces::Bytes(3)), said().closed_at(at)];
                for (cue, is_closed) in cues.into_iter().zip([false, false, true]) {
                    let double = Double::giving([cue]).await.unwrap();
                    let (bytes, is_content) = got(&double, wire, is_streamed).await.unwrap();
                    assert_eq!((bytes.as_slice(), is_content), (&whole[..at], is_closed), "{wire} {at}");
                }
            }
        }
    }
}

#[tokio::test]
async fn before_its_head_a_cut_is_no_response_at_all() {
    let double = Double::giving([Fault::CutBeforeHead]).await.unwrap();
    assert!(got(&double, Wire::Chat, true).await.unwrap_err().is_request());
    assert_eq!(double.asked().len(), 1);
}

#[tokio::test]
async fn silence_holds_the_connection_and_says_no_more() {
    let cues = [
        Cue::fault(Fault::SilentBeforeHead),
        Cue::said("Hello.").silent_at(0),
        Cue::said("Hello.").silent_at(9),
    ];
    let double = Double::giving(cues).await.unwrap();
    for expected in [None, Some(0), Some(9)] {
        let mut socket = send(&double, Wire::Messages, &request(Wire::Messages, false)).await;
        let mut raw = vec![0; 4096];
        let mut bytes = 0;
        let heard_so_far = |raw: &[u8]| {
            let heard = heard(raw);
            (heard.status == 200).then_some(heard.body.len())
        };
        while heard_so_far(&raw[..bytes]) != expected {
            let read = socket.read(&mut raw[bytes..]).await.unwrap();
            assert_ne!(read, 0, "it has left");
            bytes += read;
        }
        let more = tokio::time::timeout(Duration::from_millis(30), socket.read(&mut raw)).await;
        assert!(more.is_err(), "{more:?}");
    }
}

#[tokio::test]
async fn a_connection_that_was_not_broken_takes_the_next_request() {
    let double = Double::giving(["One.", "Two.", "Three."]).await.unwrap();
    let client = client();
    for (wire, is_streamed) in [(Wire::Chat, true), (Wire::Responses, false), (Wire::Messages, true)] {
        let url = format!("{}{}", double.url(), wire.path());
        let response = client.post(url).json(&request(wire, is_streamed)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap();
    }
    let ordinals: Vec<u64> = double.asked().iter().map(|asked| asked.ordinal).collect();
    assert_eq!(ordinals, [1, 2, 3]);
}

#[tokio::test]
async fn a_body_in_chunks_is_read_and_a_wait_is_waited() {
    let double =
        Double::giving([Cue::said("Hi.").after(Duration::from_millis(20)).pause(Duration::from_millis(1))]);
    let double = double.await.unwrap();
    let body = request(Wire::Chat, true).to_string();
    let began = tokio::time::Instant::now();
    let response = client()
        .post(format!("{}/chat/completions?api-version=1", double.url()))
        .body(reqwest::Body::from(body.clone()))
        .header("transfer-encoding", "chunked")
        .send()
        .await
        .unwrap();
    assert!(response.bytes().await.unwrap().ends_with(b"[DONE]\n\n"));
    // Each wait is at least as long as was asked for, however slow the machine.
    assert!(began.elapsed() >= Duration::from_millis(25));
    assert_eq!(double.asked()[0].text(), body);
    assert_eq!(double.asked()[0].path, "/v1/chat/completions?api-version=1");
}

#[tokio::test]
async fn bytes_of_your_own_are_sent_as_they_are_and_a_stream_of_them_in_its_events() {
    let events = "data: {\"a\":1}\r\n\r\ndata: 2\n\n: no end";
    let kind = [("Content-Type", "text/event-stream")];
    let cues =
        [Cue::raw(200, &kind, events), Cue::raw(200, &kind, events).cut_at(7), Cue::raw(299, &[], "odd")];
    let double = Double::giving(cues).await.unwrap();
    for expected in [(200, events, true), (200, "data: {", false), (299, "odd", true)] {
        let heard = ask(&double, Wire::Chat, &request(Wire::Chat, true)).await;
        assert_eq!((heard.status, heard.text().as_str(), heard.is_whole), expected);
        assert_eq!(heard.head.contains("chunked"), heard.status == 200);
    }
}

#[tokio::test]
async fn headers_are_replaced_and_taken_away() {
    let cues = [
        Cue::fault(Fault::RateLimitedSeconds).header("Retry-After", "1"),
        Cue::fault(Fault::RateLimitedSeconds).without_header("retry-after"),
    ];
    let double = Double::giving(cues).await.unwrap();
    let first = ask(&double, Wire::Chat, &request(Wire::Chat, true)).await;
    assert!(first.head.contains("\r\nRetry-After: 1\r\n") && !first.head.contains("retry-after: 7"));
    let second = ask(&double, Wire::Chat, &request(Wire::Chat, true)).await;
    assert!(!second.head.to_lowercase().contains("retry-after"));
}
