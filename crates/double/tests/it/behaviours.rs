//! What the double knows of what it was asked, and how it decides.

use std::time::Duration;

use handfast_double::{Beyond, Cue, Double, Fault, Said, Storm, Struck, Window, Wire};
use serde_json::json;

use crate::setup::{ask, request};

#[tokio::test]
async fn what_was_asked_is_told_in_the_same_words_on_every_wire() {
    for wire in Wire::ALL {
        let double = Double::by(|asked| {
            assert!(asked.is_streamed());
            Cue::said(format!("{}: {} {:?}", asked.model(), asked.newest(), asked.tools()))
        });
        let double = double.await.unwrap();
        let body = request(wire, true);
        let heard = ask(&double, wire, &body).await;
        assert_eq!(heard.status, 200);
        let asked = double.asked().remove(0);
        assert_eq!((asked.ordinal, asked.wire, asked.json.clone()), (1, wire, body.clone()));
        assert_eq!((asked.newest().as_str(), asked.tools()), ("Where is order A-1?", vec!["find_order"]));
        assert_eq!(asked.prompt_bytes(), body.to_string().len() as u64);
        assert_eq!(asked.tokens(), asked.prompt_bytes().div_ceil(4));
        assert_eq!(asked.headers.get("Content-Type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_plain_input_and_a_result_of_a_tool_are_not_mistaken_for_a_user() {
    let double = Double::giving(["", "", ""]).await.unwrap();
    ask(&double, Wire::Responses, &json!({"input": "Hello?"})).await;
    let results = json!([{"type": "tool_result", "tool_use_id": "t", "content": "42"}]);
    let messages = json!([{"role": "user", "content": "First."}, {"role": "user", "content": results}]);
    ask(&double, Wire::Messages, &json!({"messages": messages})).await;
    ask(&double, Wire::Chat, &json!("not even an object")).await;
    let newest: Vec<String> = double.asked().iter().map(|asked| asked.newest()).collect();
    assert_eq!(newest, ["Hello?", "First.", ""]);
}

#[tokio::test]
async fn beyond_its_cues_and_off_its_wires_it_says_that_the_test_is_wrong() {
    let double = Double::giving([Cue::fault(Fault::OverflowVllm)]).await.unwrap();
    let wrong = ask(&double, Wire::Messages, &request(Wire::Messages, true)).await;
    assert_eq!(
        (wrong.status, wrong.text().as_str()),
        (599, "the double has no `context overflow, vLLM` for this kind of request on messages")
    );
    assert_eq!(ask(&double, Wire::Chat, &json!({})).await.status, 599);
    let url = format!("{}/models", double.url());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    assert_eq!(client.get(url).send().await.unwrap().status(), 404);
    assert_eq!((double.asked().len(), double.strays()), (2, vec!["GET /v1/models".to_owned()]));
}

#[tokio::test]
async fn a_window_turns_away_what_is_larger_with_the_numbers_of_it() {
    let small = |wire| json!({"model": "m", "wire": format!("{wire}")});
    let large = json!({"model": "m", "padding": "x".repeat(4000)});
    let tokens = large.to_string().len().div_ceil(4);
    for wire in Wire::ALL {
        let double = Double::start(Window::of(1000, |_: &_| Cue::said("It fits."))).await.unwrap();
        assert_eq!(ask(&double, wire, &small(wire)).await.status, 200);
        let turned_away = ask(&double, wire, &large).await;
        assert_eq!(turned_away.status, 400);
        if wire != Wire::Responses {
            assert!(turned_away.text().contains(&tokens.to_string()), "{}", turned_away.text());
            assert!(turned_away.text().contains("1000"), "{}", turned_away.text());
        }
    }
    let local =
        Window::of(1000, |_: &_| Cue::said("It fits.")).beyond(Beyond::Fails(Fault::OverflowLlamaCpp));
    let error = ask(&Double::start(local).await.unwrap(), Wire::Chat, &large).await.json();
    assert_eq!(
        (&error["error"]["n_prompt_tokens"], &error["error"]["n_ctx"]),
        (&json!(tokens), &json!(1000))
    );
}

#[tokio::test]
async fn a_window_that_truncates_says_so_by_its_count_alone() {
    let large = json!({"model": "m", "padding": "x".repeat(4000)});
    for (wire, key) in
        [(Wire::Chat, "prompt_tokens"), (Wire::Responses, "input_tokens"), (Wire::Messages, "input_tokens")]
    {
        let window = Window::of(512, |_: &_| Cue::said("Whatever you say.")).beyond(Beyond::IsTruncated);
        let double = Double::start(window).await.unwrap();
        let heard = ask(&double, wire, &large).await;
        assert_eq!((heard.status, &heard.json()["usage"][key]), (200, &json!(512)));
        assert!(heard.text().contains("Whatever you say."));
    }
}

#[tokio::test]
async fn a_storm_turns_half_away_and_the_same_half_again() {
    let hour = Duration::from_secs(3600);
    let storm = |struck| Storm::of(Fault::RateLimitedSeconds, hour).strikes(struck).retry_after("2");
    for struck in [Struck::EachSecond, Struck::Half(7), Struck::All] {
        let mut runs = Vec::new();
        for _ in 0..2 {
            let double =
                Double::start(storm(struck).over(|_: &_| Cue::said(Said::text("Through.")))).await.unwrap();
            let mut statuses = Vec::new();
            for _ in 0..40 {
                let heard = ask(&double, Wire::Messages, &json!({})).await;
                assert_eq!(heard.head.contains("retry-after: 2"), heard.status == 429);
                statuses.push(heard.status);
            }
            let arrivals: Vec<Duration> = double.asked().iter().map(|asked| asked.at).collect();
            assert!(arrivals.is_sorted() && arrivals.len() == 40);
            runs.push(statuses);
        }
        assert_eq!(runs[0], runs[1]);
        let struck_down = runs[0].iter().filter(|status| **status == 429).count();
        match struck {
            Struck::EachSecond => assert_eq!(struck_down, 20),
            Struck::Half(_) => assert!((12..=28).contains(&struck_down), "{struck_down}"),
            Struck::All => assert_eq!(struck_down, 40),
        }
    }
    let over = Storm::of(Fault::Overloaded, Duration::ZERO).strikes(Struck::All);
    let double = Double::start(over).await.unwrap();
    assert_eq!(ask(&double, Wire::Messages, &json!({})).await.status, 200);
}

#[tokio::test]
async fn whoever_waits_for_requests_is_told_when_they_are_there() {
    let double = Double::giving(["One.", "Two."]).await.unwrap();
    let body = json!({});
    let (_, first, second) = tokio::join!(
        double.asked_times(2),
        ask(&double, Wire::Chat, &body),
        ask(&double, Wire::Responses, &body)
    );
    assert_eq!((first.status, second.status, double.asked().len()), (200, 200, 2));
}

#[tokio::test]
async fn dropped_it_is_gone() {
    let double = Double::giving(["One."]).await.unwrap();
    let address = double.url().trim_start_matches("http://").split_once('/').unwrap().0.to_owned();
    drop(double);
    // Its tasks end at their next turn.
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_streams_nothing_answers_and_fails_as_a_document() {
    for wire in Wire::ALL {
        let cues = [
            Cue::said("Hi.").whole(),
            Cue::fault(Fault::JsonTorn).whole(),
            Cue::fault(Fault::Overloaded).within(2).whole(),
        ];
        let double = Double::giving(cues).await.unwrap();
        let [said, torn, failed] = [
            ask(&double, wire, &request(wire, true)).await,
            ask(&double, wire, &request(wire, true)).await,
            ask(&double, wire, &request(wire, true)).await,
        ];
        assert!(said.is_whole && said.json().is_object(), "{}", said.text());
        assert!(torn.is_whole && !torn.text().ends_with('}'), "{}", torn.text());
        let expected = if wire == Wire::Messages { 529 } else { 200 };
        assert_eq!((failed.status, failed.json()["error"].is_object()), (expected, true));
    }
}
