//! All that the double can say, to be read by people: an answer streamed on each wire, and each failure.

use std::fmt::Write as _;

use handfast_double::{Cue, Double, Fault, Said, Speech, Usage, Wire, faults};

use crate::setup::{ask, request};

#[tokio::test]
async fn an_answer_as_each_wire_streams_it() {
    for wire in Wire::ALL {
        let said = Said::text("Grüße 🚚!")
            .thinking("Look it up.", "c2VhbGVk")
            .and_calls([("find_order", r#"{"id":"A-1"}"#), ("find_parcel", "{}")])
            .usage(Usage { input: 120, cached: 64, cache_written: 16, output: 48, thought: 12 });
        let double = Double::giving([said]).await.unwrap();
        let heard = ask(&double, wire, &request(wire, true)).await;
        insta::assert_snapshot!(format!("streamed_{wire}"), format!("{}\n\n{}", heard.head, heard.text()));
    }
}

#[tokio::test]
async fn each_failure_as_each_wire_words_it() {
    for wire in Wire::ALL {
        let mut told = String::new();
        for filed in faults(wire) {
            let is_streamed = filed.speech == Speech::Streamed;
            writeln!(told, "# {} ({:?})", filed.fault, filed.speech).unwrap();
            writeln!(told, "means {}, says {}", filed.meaning, filed.source).unwrap();
            if ![Fault::SilentBeforeHead, Fault::SilentWithin].contains(&filed.fault) {
                let double = Double::giving([filed.fault]).await.unwrap();
                let heard = ask(&double, wire, &request(wire, is_streamed)).await;
                let end = if heard.is_whole { "" } else { "✂" };
                writeln!(told, "{}\n\n{}{end}", heard.head, heard.text().trim_end()).unwrap();
            }
            told.push('\n');
        }
        insta::assert_snapshot!(format!("failures_{wire}"), told.replace("\r\n", "\n"));
    }
}

#[tokio::test]
async fn failures_within_an_answer_as_each_wire_words_them() {
    let mut told = String::new();
    for wire in Wire::ALL {
        for fault in [Fault::Overloaded, Fault::RateLimitedSeconds, Fault::Overflow, Fault::BadGateway] {
            let double = Double::giving([Cue::said("Well, ").but(fault).within(3)]).await.unwrap();
            let heard = ask(&double, wire, &request(wire, true)).await;
            let end = if heard.is_whole { "" } else { "✂" };
            writeln!(told, "# {wire}: {fault}\n{}{end}\n", heard.text().trim_end()).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}
