//! A conversation of ten windows: what was read long ago is summed up, on the record and at its price, and what the agent was
//! told to do is in every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use handfast_double::{Asked, Beyond, Cue, Double, Fault, Said, Window, Wire};
use handfast_events::{Body, ContextAdjusted, ModelIntended, Money, Prompt, Status};
use serde_json::{Value, json};

use crate::agent::{Kit, Small};

/// The model's window, in tokens of four bytes.
const WINDOW: u64 = 8_000;

/// What the agent reads, one after the other, each of some KB: more than ten windows in all.
const READS: u64 = 110;

/// How much text one of them is.
const TEXT_BYTES: usize = 3_000;

/// What must be in every request that the agent makes.
const PURPOSE: &str = "Find out which of the shelves is the oldest";
const GIVEN: &str = "begin with the shelf of walnut";

/// A conversation with a model that has this window, and what it was asked.
async fn converse(wire: Wire, beyond: Beyond, window: &str) -> (Small, Vec<Asked>) {
    let asked = Arc::new(AtomicU64::new(0));
    let reads = move |request: &Asked| {
        if is_summary(request) {
            return Cue::said(format!("So far: {}.", "nothing of note. ".repeat(20)));
        }
        match asked.fetch_add(1, Ordering::Relaxed) {
            READS => Cue::said("The shelf of walnut."),
            at => Cue::said(Said::calls([("read", json!({ "shelf": at }).to_string().as_str())])),
        }
    };
    let double = Double::start(Window::of(WINDOW, reads).beyond(beyond)).await.unwrap();
    let contract = format!(
        r#"
handfast: 1
name: long
version: "1"
models:
  main: {{ use: openai/long, url: "{}", speaks: {wire}, price: {{ input: 1 USD, output: 4 USD }}{window} }}
servers: {{ shelf: {{ rust: {{}} }} }}
tools:
  read:
    via: shelf.read
    description: Reads what stands on one shelf.
    input: {{ shelf: integer }}
    output: {{ fields: {{ text: string }} }}
    effects: [ {{ reads: "shelf/{{string(args.shelf)}}" }} ]
agents:
  reader:
    purpose: {PURPOSE}.
    input: {{ wish: string }}
    model: main
    may: [ read ]
    limits: {{ turns: 400 }}
workflows:
  long: {{ steps: {{ look: {{ agent: reader, with: {{ wish: "'{GIVEN}'" }} }} }} }}
"#,
        double.url()
    );
    let small = Small::begin(&Kit::new(&contract), "long", json!({}), text_of).drive().await;
    (small, double.asked())
}

/// What stands on a shelf: its own words, so that each can be told from the others.
fn text_of(args: &Value) -> Value {
    let word = format!("shelf-{} ", args["shelf"]);
    json!({ "text": word.repeat(TEXT_BYTES / word.len()) })
}

fn is_summary(request: &Asked) -> bool {
    request.text().contains("You sum up a conversation")
}

#[tokio::test]
async fn a_conversation_of_ten_windows_is_summed_up_where_the_provider_says_that_it_is_full() {
    for wire in Wire::ALL {
        let (small, asked) = converse(wire, Beyond::Fails(Fault::Overflow), "").await;
        let told = checked(&small, &asked);
        // Each overflow is one request that nobody answered.
        let beyond = asked.iter().filter(|asked| asked.tokens() > WINDOW).count();
        let failed = small.bodies().filter(|body| matches!(body, Body::ModelFailed(_))).count();
        assert_eq!(failed, beyond, "{wire}");
        insta::assert_snapshot!(format!("ten_windows_{wire}"), told);
    }
}

#[tokio::test]
async fn a_conversation_of_ten_windows_is_summed_up_beforehand_where_the_contract_says_the_window() {
    for wire in Wire::ALL {
        let (small, asked) =
            converse(wire, Beyond::Fails(Fault::Overflow), &format!(", window: {WINDOW}")).await;
        checked(&small, &asked);
        let failed = small.bodies().filter(|body| matches!(body, Body::ModelFailed(_))).count();
        assert_eq!((failed, asked.iter().filter(|asked| asked.tokens() > WINDOW).count()), (0, 0), "{wire}");
    }
}

#[tokio::test]
async fn a_provider_that_reads_a_part_and_answers_is_found_out_by_what_it_counts_and_then_kept_below_that() {
    for wire in Wire::ALL {
        let (small, asked) = converse(wire, Beyond::IsTruncated, "").await;
        checked(&small, &asked);
        let cut: Vec<u64> =
            asked.iter().filter(|asked| asked.tokens() > WINDOW).map(|asked| asked.ordinal).collect();
        // Two answers pass before it is certain: a token can be as long as their results. The third doesn't count.
        assert_eq!(cut.len(), 3, "{wire}: {cut:?}");
        let uncounted = small.bodies().filter(|body| {
            matches!(body, Body::ContextAdjusted(adjusted) if adjusted.what.is_empty() && adjusted.replaces.is_none())
        });
        assert_eq!(uncounted.count(), 1, "{wire}");
    }
}

/// What must hold of the conversation; how it went, in words.
fn checked(small: &Small, asked: &[Asked]) -> String {
    assert_eq!(small.run.status(), Status::Done);
    let intents: Vec<&ModelIntended> = small
        .bodies()
        .filter_map(|body| match body {
            Body::ModelIntended(intent) => Some(intent),
            _ => None,
        })
        .collect();
    assert_eq!(intents.len(), asked.len());
    assert!(small.bodies().map(read).sum::<u64>() > 10 * WINDOW * 4);
    was_sent_as_it_was_recorded(&intents, asked);
    has_all_that_matters(small, asked);
    is_summed_up_and_priced(small, &intents)
}

/// How many bytes a result has.
fn read(body: &Body) -> u64 {
    match body {
        Body::CallApplied(applied) => serde_json::to_string(applied).unwrap().len() as u64,
        _ => 0,
    }
}

/// The journal rebuilds each request to the byte; each begins with the head of the one before, unless it goes on anew.
fn was_sent_as_it_was_recorded(intents: &[&ModelIntended], asked: &[Asked]) {
    let mut before = Prompt::default();
    let mut sent: Option<&Asked> = None;
    for (intent, asked) in intents.iter().zip(asked) {
        let head = before.head_len();
        let prompt = before.follow(&intent.prompt).unwrap();
        assert_eq!(prompt.text().as_bytes(), asked.body);
        if let Some(sent) = sent.filter(|_| !intent.prompt.anew) {
            assert!(head > 0 && asked.body.starts_with(&sent.body[..head]));
        }
        (before, sent) = (prompt, Some(asked));
    }
}

/// Its purpose and what it was given are in every request, and the newest result is there whole.
fn has_all_that_matters(small: &Small, asked: &[Asked]) {
    let mut newest: Option<String> = None;
    let mut asked = asked.iter();
    for body in small.bodies() {
        match body {
            Body::CallProposed(proposed) => {
                newest = Some(text_of(&proposed.args)["text"].as_str().unwrap().into())
            }
            Body::ModelIntended(intent) => {
                let text = asked.next().unwrap().text();
                assert!(text.contains(GIVEN));
                if intent.summarises.is_none() {
                    assert!(text.contains(PURPOSE));
                    assert!(newest.as_ref().is_none_or(|newest| text.contains(newest)));
                }
            }
            _ => {}
        }
    }
}

/// Every summary is on the record, stands for something, breaks the prefix once, and is paid for.
fn is_summed_up_and_priced(small: &Small, intents: &[&ModelIntended]) -> String {
    let summaries: Vec<&ContextAdjusted> = small
        .bodies()
        .filter_map(|body| match body {
            Body::ContextAdjusted(adjusted) if adjusted.replaces.is_some() => Some(adjusted),
            _ => None,
        })
        .collect();
    assert!(
        summaries
            .iter()
            .all(|adjusted| adjusted.replaces > Some(1) && adjusted.what.contains("nothing of note"))
    );
    let (mut anew, mut asks_for_summary) = (0, 0);
    for intent in intents {
        asks_for_summary += usize::from(intent.summarises.is_some());
        anew += usize::from(intent.summarises.is_none() && intent.prompt.anew);
    }
    assert_eq!((anew, asks_for_summary), (summaries.len(), summaries.len()));
    let (mut is_summary, mut all, mut for_summaries) = (false, Money::default(), Money::default());
    for body in small.bodies() {
        match body {
            Body::ModelIntended(intent) => is_summary = intent.summarises.is_some(),
            Body::ModelAnswered(answered) => {
                assert!(answered.cost > Money::default());
                all = all.plus(answered.cost);
                for_summaries = if is_summary { for_summaries.plus(answered.cost) } else { for_summaries };
            }
            _ => {}
        }
    }
    assert_eq!(small.run.spend().spent.cost, all);
    let replaced: Vec<u32> = summaries.iter().filter_map(|adjusted| adjusted.replaces).collect();
    format!(
        "{} requests, {} summaries of {replaced:?} passages, {all} in all, {for_summaries} for the summaries",
        intents.len(),
        summaries.len()
    )
}
