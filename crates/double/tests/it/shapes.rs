//! What is streamed adds up to what is whole, on every wire and in every piece.

use handfast_double::{Call, Cue, Double, Fault, Finish, Pieces, Said, Speech, Usage, Wire, faults};
use serde_json::{Value, json};

use crate::setup::{Heard, ask, request};

fn said() -> Said {
    let mut said = Said::text("Grüße 🚚 from here.")
        .thinking("First the order, then the parcel.", "c2VhbGVk")
        .and_calls([("find_order", r#"{"id":"A-1"}"#), ("find_parcel", "{}")]);
    said.calls.push(Call {
        id: Some("own-id".into()),
        tool: "note".into(),
        args: r#"{"text":"naïve"}"#.into(),
    });
    said
}

async fn both(said: &Said, wire: Wire) -> (Heard, Heard) {
    // Counted, the two would differ by the word `true` in one's request and `false` in the other's.
    let said =
        said.clone().usage(Usage { input: 120, cached: 64, cache_written: 16, output: 48, thought: 12 });
    let double = Double::giving([Cue::said(said.clone()), Cue::said(said.clone())]).await.unwrap();
    let whole = ask(&double, wire, &request(wire, false)).await;
    // The same ids: the ordinal is part of them.
    let double = Double::giving([Cue::said(said.clone())]).await.unwrap();
    let stream = ask(&double, wire, &request(wire, true)).await;
    assert!(whole.is_whole && stream.is_whole && whole.status == 200 && stream.status == 200);
    (whole, stream)
}

#[tokio::test]
async fn a_chat_stream_adds_up_to_its_document() {
    for said in [said(), Said::text("Hi."), Said::refusal("I can't."), Said::calls([("a", "{}")])] {
        let (whole, stream) = both(&said, Wire::Chat).await;
        let (whole, events) = (whole.json(), stream.events());
        assert!(stream.text().ends_with("data: [DONE]\n\n"));
        let message = &whole["choices"][0]["message"];
        let deltas: Vec<&Value> = events.iter().map(|event| &event["choices"][0]["delta"]).collect();
        let joined = |key: &str| deltas.iter().filter_map(|delta| delta[key].as_str()).collect::<String>();
        for key in ["content", "refusal", "reasoning_content"] {
            assert_eq!(joined(key), message[key].as_str().unwrap_or_default(), "{key}");
        }
        let mut calls: Vec<Value> = Vec::new();
        for call in deltas.iter().filter_map(|delta| delta["tool_calls"][0].as_object()) {
            let index = call["index"].as_u64().unwrap() as usize;
            let args = call["function"]["arguments"].as_str().unwrap();
            if index == calls.len() {
                calls.push(json!({"id": call["id"], "type": call["type"], "function": call["function"]}));
            }
            let so_far = calls[index]["function"]["arguments"].as_str().unwrap().to_owned();
            calls[index]["function"]["arguments"] = json!(so_far + args);
        }
        assert_eq!(json!(calls), message.get("tool_calls").cloned().unwrap_or(json!([])));
        let reasons: Vec<&Value> = events
            .iter()
            .map(|event| &event["choices"][0]["finish_reason"])
            .filter(|why| !why.is_null())
            .collect();
        assert_eq!(reasons, [&whole["choices"][0]["finish_reason"]]);
        let last = events.last().unwrap();
        assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &whole["usage"]));
    }
}

#[tokio::test]
async fn a_responses_stream_adds_up_to_its_response() {
    for said in [said(), Said::text("Hi."), Said::refusal("I can't."), Said::calls([("a", "{}")])] {
        let (whole, stream) = both(&said, Wire::Responses).await;
        let (whole, events) = (whole.json(), stream.events());
        for (number, event) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number);
        }
        assert_eq!(events.last().unwrap()["type"], "response.completed");
        assert_eq!(events.last().unwrap()["response"], whole);
        let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
        let items: Vec<Value> =
            of("response.output_item.done").iter().map(|event| event["item"].clone()).collect();
        assert_eq!(json!(items), whole["output"]);
        for (kind, key) in [
            ("response.output_text", "text"),
            ("response.refusal", "refusal"),
            ("response.function_call_arguments", "arguments"),
            ("response.reasoning_summary_text", "text"),
        ] {
            for done in of(&format!("{kind}.done")) {
                let deltas = of(&format!("{kind}.delta"));
                let deltas = deltas.iter().filter(|delta| delta["item_id"] == done["item_id"]);
                let joined: String = deltas.map(|delta| delta["delta"].as_str().unwrap()).collect();
                assert_eq!(joined, done[key], "{kind}");
            }
        }
    }
}

#[tokio::test]
async fn a_messages_stream_adds_up_to_its_message() {
    for said in [said(), Said::text("Hi."), Said::refusal("I can't."), Said::calls([("a", "{}")])] {
        let (whole, stream) = both(&said, Wire::Messages).await;
        let (whole, events) = (whole.json(), stream.events());
        let mut blocks: Vec<Value> = Vec::new();
        let mut args = String::new();
        for event in &events {
            let delta = &event["delta"];
            match (event["type"].as_str().unwrap(), delta["type"].as_str().unwrap_or_default()) {
                ("content_block_start", _) => {
                    assert_eq!(event["index"], blocks.len());
                    blocks.push(event["content_block"].clone());
                    args.clear();
                }
                ("content_block_delta", "input_json_delta") => {
                    args.push_str(delta["partial_json"].as_str().unwrap());
                }
                ("content_block_delta", kind) => {
                    let key = kind.trim_end_matches("_delta");
                    let block = blocks.last_mut().unwrap();
                    block[key] =
                        json!(format!("{}{}", block[key].as_str().unwrap(), delta[key].as_str().unwrap()));
                }
                ("content_block_stop", _) if !args.is_empty() => {
                    blocks.last_mut().unwrap()["input"] = serde_json::from_str(&args).unwrap();
                }
                _ => {}
            }
        }
        assert_eq!(json!(blocks), whole["content"]);
        let end = &events[events.len() - 2];
        assert_eq!(end["delta"]["stop_reason"], whole["stop_reason"]);
        assert_eq!(end["usage"], whole["usage"]);
        assert_eq!(events.last().unwrap(), &json!({"type": "message_stop"}));
    }
}

#[tokio::test]
async fn tokens_of_a_cache_are_counted_as_each_provider_counts_them() {
    let usage = |whole: &Heard| whole.json()["usage"].clone();
    let chat = usage(&both(&said(), Wire::Chat).await.0);
    assert_eq!(
        (&chat["prompt_tokens"], &chat["prompt_tokens_details"]["cached_tokens"]),
        (&json!(120), &json!(64))
    );
    let responses = usage(&both(&said(), Wire::Responses).await.0);
    assert_eq!(responses["input_tokens"], 120);
    assert_eq!(responses["input_tokens_details"], json!({"cached_tokens": 64, "cache_write_tokens": 16}));
    let messages = usage(&both(&said(), Wire::Messages).await.0);
    assert_eq!(messages["input_tokens"], 40);
    assert_eq!(
        (&messages["cache_read_input_tokens"], &messages["cache_creation_input_tokens"]),
        (&json!(64), &json!(16))
    );
}

#[tokio::test]
async fn pieces_change_nothing_of_what_is_said() {
    for wire in Wire::ALL {
        for is_streamed in [true, false] {
            let cue = || Cue::said(said().finish(Finish::Length));
            let double = Double::giving([cue()]).await.unwrap();
            let plain = ask(&double, wire, &request(wire, is_streamed)).await;
            for pieces in [Pieces::Bytes(1), Pieces::Bytes(7), Pieces::Whole] {
                let double = Double::giving([cue().in_pieces(pieces)]).await.unwrap();
                let other = ask(&double, wire, &request(wire, is_streamed)).await;
                assert_eq!(other.text(), plain.text());
                assert!(other.is_whole);
            }
        }
    }
}

#[tokio::test]
async fn every_failure_is_what_it_claims_to_be() {
    let torn =
        [Fault::JsonTorn, Fault::EventTorn, Fault::CutBeforeHead, Fault::CutWithin, Fault::ClosedEarly];
    let silent = [Fault::SilentBeforeHead, Fault::SilentWithin];
    for wire in Wire::ALL {
        for filed in faults(wire).into_iter().filter(|filed| !silent.contains(&filed.fault)) {
            for is_streamed in [true, false] {
                if filed.speech != Speech::Any && (filed.speech == Speech::Streamed) != is_streamed {
                    continue;
                }
                let double = Double::giving([filed.fault]).await.unwrap();
                let heard = ask(&double, wire, &request(wire, is_streamed)).await;
                assert_ne!(heard.status, 599, "{wire} {}: {}", filed.fault, heard.text());
                if torn.contains(&filed.fault) {
                    assert_eq!(
                        heard.is_whole,
                        !matches!(filed.fault, Fault::CutBeforeHead | Fault::CutWithin)
                    );
                } else if heard.head.contains("text/event-stream") {
                    assert!(heard.events().len() > 2);
                } else if heard.head.contains("application/json") {
                    assert!(!heard.json().is_null());
                }
                if filed.comes_within {
                    let within = Double::giving([Cue::fault(filed.fault).within(2)]).await.unwrap();
                    let heard = ask(&within, wire, &request(wire, is_streamed)).await;
                    if is_streamed {
                        let events = heard.events();
                        assert!(heard.status == 200 && events.len() >= 3);
                        assert!(events[2].get("choices").is_none());
                        assert!(events[2].get("error").is_some() || wire == Wire::Chat);
                    } else if wire == Wire::Responses {
                        assert_eq!((heard.status, &heard.json()["status"]), (200, &json!("failed")));
                    } else {
                        assert!(
                            heard.json().get("choices").is_none() && heard.json().get("content").is_none()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_failure_stands_once_for_a_kind_of_request_and_on_some_wire() {
    for fault in Fault::ALL {
        assert!(
            Wire::ALL.iter().any(|wire| faults(*wire).iter().any(|filed| filed.fault == *fault)),
            "no wire knows `{fault}`"
        );
    }
    for wire in Wire::ALL {
        let filed = faults(wire);
        for is_streamed in [true, false] {
            let other = if is_streamed { Speech::Whole } else { Speech::Streamed };
            let mut known: Vec<Fault> =
                filed.iter().filter(|filed| filed.speech != other).map(|filed| filed.fault).collect();
            let all = known.len();
            known.dedup();
            known.sort_by_key(|fault| fault.name());
            known.dedup();
            assert_eq!(known.len(), all, "{wire}");
        }
    }
}
